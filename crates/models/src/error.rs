//! Why a model gave no answer, in terms that a person and a retry can use.
//!
//! Invariant: no variant carries text that a server, a prompt or a key has written.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where the time went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// While waiting for one of the endpoint's places.
    Place,
    /// While a command made the key.
    Key,
    /// While connecting.
    Connect,
    /// Before the first token.
    FirstToken,
    /// Between two tokens.
    Idle,
    /// The whole answer took longer than the endpoint may.
    Total,
    /// The deadline of the caller came.
    Deadline,
}

impl fmt::Display for Stage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Place => "while waiting for a place",
            Self::Key => "while the command made the key",
            Self::Connect => "while connecting",
            Self::FirstToken => "before the first token",
            Self::Idle => "between two tokens",
            Self::Total => "before the whole answer was there",
            Self::Deadline => "because the deadline came",
        })
    }
}

/// A call to a model failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// The settings cannot work: an address, a header, a file.
    #[error("the settings of {endpoint} cannot be used: {reason}")]
    Misconfigured {
        /// Host and port, or what was given in their place.
        endpoint: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The file or the command gave no key.
    #[error("there is no key: {reason}")]
    NoKey {
        /// What went wrong, without what was read.
        reason: String,
    },
    /// No connection, or it broke before an answer began.
    #[error("the server cannot be reached")]
    Unreachable {
        /// What the HTTP library says, without the address.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The connection broke, or the stream ended, in the middle of an answer.
    #[error("the answer ended early")]
    EndedEarly,
    /// A limit of time was reached.
    #[error("timed out {stage}")]
    TimedOut {
        /// Which one.
        stage: Stage,
    },
    /// The server says no; a repetition would not help.
    #[error("the server refuses with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The server is at its limits, or broken for the moment: 408, 409, 429 and 5xx.
    #[error("the server is overloaded or out of order (status {status})")]
    Overloaded {
        /// The HTTP status.
        status: u16,
        /// When to come back, if it told.
        retry_after: Option<Duration>,
    },
    /// The answer does not have the form that it must have.
    #[error("the answer makes no sense: {reason}")]
    Garbage {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A vector has another number of values than those before.
    #[error("a vector has {found} values where {expected} were expected")]
    Dimension {
        /// That of the vectors before.
        expected: usize,
        /// That of this one.
        found: usize,
    },
    /// The answer is longer than any that was asked for.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The prompt does not fit into the model's context.
    #[error("the prompt does not fit: {} tokens of {}", Known(.needed), Known(.limit))]
    ContextExceeded {
        /// Tokens of the prompt, if the server told.
        needed: Option<u64>,
        /// Tokens that fit, if the server told.
        limit: Option<u64>,
    },
    /// The tokens of the present window are used up.
    #[error("the budget of tokens is used up for {} s", .retry_after.as_secs())]
    OutOfBudget {
        /// When there are enough again.
        retry_after: Duration,
    },
    /// Every endpoint failed so often that it is left alone for a while.
    #[error("the server is left alone for {} s after its failures", .retry_after.as_secs())]
    CircuitOpen {
        /// When the first of them is tried again.
        retry_after: Duration,
    },
}

/// A number that a server may have kept to itself.
struct Known<'a>(&'a Option<u64>);

impl fmt::Display for Known<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(to),
            None => to.write_str("an unknown number of"),
        }
    }
}

impl ModelError {
    pub(crate) const fn timed_out(stage: Stage) -> Self {
        Self::TimedOut { stage }
    }

    pub(crate) const fn garbage(reason: &'static str) -> Self {
        Self::Garbage { reason }
    }

    /// Tells whether the endpoint, rather than the request or the caller, is to blame.
    pub(crate) fn blames_endpoint(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::EndedEarly
            | Self::Garbage { .. }
            | Self::Dimension { .. }
            | Self::TooLong { .. }
            | Self::NoKey { .. } => true,
            // An endpoint that is merely busy is not broken; its own word is honoured by the retries.
            Self::Overloaded { status, .. } => *status >= 500 && *status != 503,
            Self::TimedOut { stage } => match stage {
                Stage::Key | Stage::Connect | Stage::FirstToken | Stage::Idle | Stage::Total => true,
                Stage::Place | Stage::Deadline => false,
            },
            Self::Misconfigured { .. }
            | Self::Refused { .. }
            | Self::ContextExceeded { .. }
            | Self::OutOfBudget { .. }
            | Self::CircuitOpen { .. } => false,
        }
    }

    /// Tells whether only a person can mend it: a wrong key, a wrong address, another host.
    pub(crate) fn needs_a_person(&self) -> bool {
        matches!(self, Self::Refused { status } if matches!(status, 300..=399 | 401 | 403 | 404))
    }

    /// Tells whether the same endpoint may do better in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Overloaded { .. })
            || matches!(
                self,
                Self::TimedOut {
                    stage: Stage::Connect
                }
            )
    }
}
