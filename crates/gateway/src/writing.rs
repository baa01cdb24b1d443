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

/// An answer that is being written.
pub struct Writing {
    /// What may be shown so far: it only grows, and is the beginning of the answer's text.
    pub shown: watch::Receiver<String>,
    /// The whole answer. Dropped, nobody waits any more, and what works for it is to stop.
    pub answer: Pin<Box<dyn Future<Output = Result<Answer, EngineError>> + Send>>,
}
