//! The assistant chat protocol: its wire messages and the limits of their form.
//!
//! Owns: what a client may say ([`Request`], [`ClientMessage`]), what a server answers ([`Reply`], [`ServerMessage`]),
//! and what can be wrong with the form of a message ([`MessageError`]). Leaves sockets, sessions, limits of size and the
//! words a person reads to others: a server turns a [`MessageError`] into a sentence in the language of its user.
//!
//! Invariants: parsing never panics and never recurses, whatever the text; a server message carries exactly the
//! published keys, `type` first, unless the client's own message asked for more.
//!
//! A client sends [`Request::to_json`] and reads [`Reply::from_json`]; a server reads [`Incoming::parse`] and sends
//! [`Reply::to_json`].
//!
//! ```
//! use docent_protocol::{ClientMessage, Reply, Request, ServerMessage};
//!
//! let request = Request::from(ClientMessage::SelectAssistant { assistant_id: 1 });
//! assert_eq!(request.to_json(), r#"{"type":"select_assistant","assistant_id":1}"#);
//!
//! let reply = Reply::from_json(r#"{"type":"error","message":"Ассистент не найден"}"#)?;
//! assert_eq!(reply.message, ServerMessage::Error { message: "Ассистент не найден".to_owned() });
//! # Ok::<(), docent_protocol::ReplyError>(())
//! ```

mod client;
mod field;
mod server;

pub use client::{ClientMessage, FieldName, Incoming, MessageError, Request};
pub use field::{JsonKind, MessageId};
pub use server::{
    AssistantCard, AssistantCards, AssistantEntry, Reply, ReplyError, ServerMessage, SourceEntry,
};

/// The path of the endpoint; with a slash at its end it is the same endpoint.
pub const ENDPOINT: &str = "/ws/assistant";

/// The subprotocol that a client may offer; a server chooses it when it is offered, else none.
pub const SUBPROTOCOL: &str = "docent.v1";
