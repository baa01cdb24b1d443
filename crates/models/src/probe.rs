//! What one small call says about an endpoint.

use std::time::Duration;

use crate::error::ModelError;
use crate::link::Link;

/// What was found out about one endpoint.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Host and port.
    pub endpoint: String,
    /// The model that was asked for.
    pub model: String,
    /// The server answered, be it with a refusal.
    pub reachable: bool,
    /// Why the model cannot be used, if so.
    pub error: Option<ModelError>,
    /// How long the call took.
    pub latency: Duration,
    /// How long the first token took, of a chat.
    pub first_token: Option<Duration>,
    /// Tokens of the answer, of a chat whose server counts them.
    pub tokens: Option<u64>,
    /// Values of a vector, of embeddings.
    pub dimension: Option<usize>,
    /// What came: text of a chat, the order of two documents after reranking.
    pub example: Option<String>,
}

impl Probe {
    pub(crate) fn new(link: &Link, latency: Duration, error: Option<ModelError>) -> Self {
        let reachable = match &error {
            None
            | Some(
                ModelError::EndedEarly
                | ModelError::Refused { .. }
                | ModelError::Overloaded { .. }
                | ModelError::Garbage { .. }
                | ModelError::Dimension { .. }
                | ModelError::TooLong { .. }
                | ModelError::ContextExceeded { .. },
            ) => true,
            Some(
                ModelError::Misconfigured { .. }
                | ModelError::NoKey { .. }
                | ModelError::Unreachable { .. }
                | ModelError::TimedOut { .. }
                | ModelError::OutOfBudget { .. }
                | ModelError::CircuitOpen { .. },
            ) => false,
        };
        Self {
            endpoint: link.name.clone(),
            model: link.endpoint.model.clone(),
            reachable,
            error,
            latency,
            first_token: None,
            tokens: None,
            dimension: None,
            example: None,
        }
    }
}
