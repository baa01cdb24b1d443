//! Clients of the operator's models: chat, embeddings and reranking over any OpenAI-compatible HTTP server.
//!
//! Owns the connections (keys, certificates, time limits, retries, circuit breakers, places), the shapes these servers
//! speak, and what guards their use: budgets of tokens, calls shared by those who ask alike, a cache. Leaves to others
//! what is asked and what is believed of the answer; knows no documents, no assistants and no settings.
//!
//! Invariants: a call ends by its deadline, with an answer or a [`ModelError`]; no key and no word of a prompt or an
//! answer stands in an error, in a `Debug` text or in the log; dropping a call ends it at the server; nothing is sent
//! anywhere but to the addresses that were given, so redirects are not followed and no proxy is taken from the
//! environment; nothing is repeated once a word of the answer was handed out.
//!
//! Without the feature `http` no client can be made: [`ModelError::Misconfigured`] says so, and all else is as it is.

mod breaker;
mod budget;
mod cache;
mod call;
mod chat;
mod embeddings;
mod endpoint;
mod error;
mod key;
mod link;
mod probe;
mod refusal;
mod rerank;
mod retry;
mod shared;
mod sse;
#[cfg_attr(not(feature = "http"), path = "wire/absent.rs")]
mod wire;

pub use budget::{Budget, Taken, guess_tokens};
pub use cache::Cache;
pub use chat::{Chat, ChatReply, ChatRequest, Finish, Usage};
pub use embeddings::{Embeddings, Prefixes, Purpose};
pub use endpoint::Endpoint;
pub use error::{ModelError, Stage};
pub use key::{Key, Secret};
pub use probe::Probe;
pub use rerank::Rerank;
pub use retry::Dice;
pub use shared::Shared;
