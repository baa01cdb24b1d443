//! What the journal keeps of a question.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use docent_corpus::AssistantId;

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The documents answered.
    Answered,
    /// The documents gave no exact answer, and the answer named places that may help.
    Offered,
    /// The documents gave no answer.
    Fallback,
    /// Nothing was asked: a greeting or thanks.
    Courtesy,
    /// Its assistant had been removed.
    Refused,
    /// The queue of questions was full.
    Busy,
    /// The answer took too long.
    TimedOut,
    /// The index or a model failed.
    Failed,
    /// The engine panicked over it.
    Panicked,
    /// The client left first.
    Abandoned,
}

impl Outcome {
    /// Every outcome, the best first.
    pub const ALL: [Self; 10] = [
        Self::Answered,
        Self::Offered,
        Self::Fallback,
        Self::Courtesy,
        Self::Refused,
        Self::Busy,
        Self::TimedOut,
        Self::Failed,
        Self::Panicked,
        Self::Abandoned,
    ];

    /// Returns its name in the database and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Offered => "offered",
            Self::Fallback => "fallback",
            Self::Courtesy => "courtesy",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Abandoned => "abandoned",
        }
    }

    /// Tells whether the documents were asked and gave no exact answer.
    pub fn is_unanswered(self) -> bool {
        matches!(self, Self::Offered | Self::Fallback)
    }

    /// Tells whether somebody waited for an answer that could not be made.
    pub fn is_error(self) -> bool {
        matches!(
            self,
            Self::Refused | Self::Busy | Self::TimedOut | Self::Failed | Self::Panicked
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no outcome")]
pub struct UnknownOutcome(String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(name: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == name)
            .ok_or_else(|| UnknownOutcome(name.to_owned()))
    }
}

/// A place that an answer quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// Path of the document inside the assistant's folder.
    pub document: Arc<str>,
    /// The section, as a reader would cite it.
    pub section: Option<String>,
    /// The page, in formats that have them.
    pub page: Option<u32>,
}

/// A question that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// By which the log, the client and the journal know it; unique over all servers that write into one journal.
    pub request: String,
    /// When it was asked.
    pub at: SystemTime,
    /// Who was asked.
    pub assistant: AssistantId,
    /// The text as it came; the writer masks or drops it.
    pub question: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the answer quoted, in the order of its numbers.
    pub cited: Vec<Cited>,
    /// What a model had to do with the answer, in a word; none where models have no part.
    pub model: Option<&'static str>,
    /// From the question to its answer, the wait included.
    pub took: Duration,
}

impl Entry {
    /// Returns about how many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        let cited: usize = self
            .cited
            .iter()
            .map(|one| size_of::<Cited>() + one.section.as_ref().map_or(0, String::len))
            .sum();
        size_of::<Self>() + self.request.len() + self.question.as_ref().map_or(0, String::len) + cited
    }
}
