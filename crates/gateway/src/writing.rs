//! Answers that take their time: somebody else writes them, and they are shown as they grow.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use docent_corpus::Answer;
use tokio::sync::watch;

use crate::EngineError;

/// Who asks, as far as it matters to what an answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asker {
    /// Number of the connection.
    pub connection: u64,
    /// The IPv4 address, or the first of the IPv6 /64; none for this machine.
    pub address: Option<IpAddr>,
}

/// What a model had to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// It was not asked.
    Unasked,
    /// The answer is its own, checked.
    Written,
    /// It found no answer in the passages.
    Refused,
    /// Nothing of what it said could be passed on, and what there is without it went out.
    Rejected,
    /// It failed or came too late, and what there is without it went out.
    Failed,
}

impl Part {
    /// Returns its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unasked => "unasked",
            Self::Written => "written",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

/// What becomes of an answer that is being written.
pub type WrittenAnswer = Pin<Box<dyn Future<Output = Result<(Answer, Part), EngineError>> + Send>>;

/// An answer that is being written.
pub struct Writing {
    /// What may be shown so far: it only grows, and is the beginning of the answer's text.
    pub shown: watch::Receiver<String>,
    /// The whole answer. Dropped, nobody waits any more, and what works for it is to stop.
    pub answer: WrittenAnswer,
}
