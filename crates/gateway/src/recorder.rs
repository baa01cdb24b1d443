//! Whoever keeps a record of the questions, seen from here.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_corpus::{Answer, AssistantId};

use crate::metrics::Ended;
use crate::writing::Part;

/// By which a person can name a question, and the operator find it in the log and in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId {
    /// The run of the server, which tells apart the connections of several; none when nobody keeps a record.
    pub(crate) run: Option<u32>,
    pub(crate) connection: u64,
    pub(crate) question: u32,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(run) = self.run {
            write!(f, "{run:08x}-")?;
        }
        write!(f, "{:x}-{}", self.connection, self.question)
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
#[derive(Debug, Clone)]
pub struct Record {
    /// By which it is known.
    pub request: RequestId,
    /// Who was asked.
    pub assistant: AssistantId,
    /// Its text; none when the recorder wants none.
    pub question: Option<String>,
    /// How it ended.
    pub outcome: Ended,
    /// What the answer quoted, in the order of its numbers.
    pub cited: Vec<Cited>,
    /// What a model had to do with it; none where models have no part.
    pub part: Option<Part>,
    /// From the question to its answer, the wait included.
    pub took: Duration,
}

/// Keeps a record of the questions. Its functions are called on the threads of sockets and must not wait.
pub trait Recorder: Send + Sync + 'static {
    /// Tells whether it wants the text of questions, which is copied for nobody else.
    fn wants_text(&self) -> bool;

    /// Takes a question that has ended, however it did.
    fn ended(&self, record: Record);

    /// Takes what a person said of the answer to a question recorded before.
    fn judged(&self, request: RequestId, helpful: bool);

    /// Returns how many records were kept and how many were lost, for the metrics.
    fn counts(&self) -> Counts;
}

/// What became of the records so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Kept.
    pub written: u64,
    /// Given up.
    pub lost: u64,
}

/// A recorder and the number of the server's run, which becomes part of each [`RequestId`].
pub(crate) struct Recording {
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) run: u32,
}

impl Recording {
    /// Begins the record of a question; its outcome is set when it ends.
    pub(crate) fn begin(&self, request: RequestId, assistant: AssistantId, question: &str) -> Record {
        Record {
            request,
            assistant,
            question: self.recorder.wants_text().then(|| question.to_owned()),
            outcome: Ended::Abandoned,
            cited: Vec::new(),
            part: None,
            took: Duration::ZERO,
        }
    }

    /// Hands a record over.
    pub(crate) fn end(&self, mut record: Record, outcome: Ended, begun: Instant) {
        record.outcome = outcome;
        record.took = begun.elapsed();
        self.recorder.ended(record);
    }
}

impl Record {
    /// Notes what an answer quotes.
    pub(crate) fn cite(&mut self, answer: &Answer) {
        let cited = answer.sources.iter().map(|source| Cited {
            document: source.document.clone(),
            section: source.section.clone(),
            page: source.page,
        });
        self.cited = cited.collect();
    }
}
