//! What a server answers.
//!
//! Owns: the shapes of replies and their exact form on the wire. Leaves what they say to the server.
//!
//! Invariant: the published keys only, `type` first, compact, Cyrillic unescaped; extensions only where they are set.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::field::MessageId;

/// One assistant of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantEntry {
    /// The number to select it by.
    pub id: i64,
    /// The name that people read.
    pub name: String,
    /// One sentence about what it answers.
    pub description: String,
}

/// One assistant of the list beside the socket, with what a page shows before the first question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantCard {
    /// The number to select it by.
    pub id: i64,
    /// The name that people read.
    pub name: String,
    /// One sentence about what it answers.
    pub description: String,
    /// The language of its labels, when it has one of its own: `ru`, `kk` or `en`.
    pub language: Option<String>,
    /// Questions to begin with, which it answers at present.
    pub suggestions: Vec<String>,
}

/// The list of assistants beside the socket, as `/assistants.json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantCards {
    /// The entries, ordered by `id`.
    pub assistants: Vec<AssistantCard>,
    /// The most characters that a question may have.
    pub question_chars: usize,
}

impl AssistantCards {
    /// Writes the list down.
    ///
    /// # Panics
    ///
    /// Never: strings, integers and lists of them always have a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always have a form in JSON")
    }
}

/// Where an answer comes from (an extension).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// The number by which the answer's text names it, from 1.
    pub n: u64,
    /// The document's title.
    pub document: String,
    /// The section, as a reader would cite it.
    pub section: Option<String>,
    /// The page, from 1, in formats that have them.
    pub page: Option<u32>,
    /// What the answer quotes from it; stretches that do not follow one another are parted by ` … `.
    pub quote: String,
    /// Where the document can be read at the quoted place, unless the operator switched that off: relative to the folder
    /// of the chat page, so that it holds behind a path prefix too.
    pub url: Option<String>,
}

/// What a server answers. One message in, one of these out, in the order of the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// The assistants on offer, ordered by `id`.
    AssistantList {
        /// The entries.
        assistants: Vec<AssistantEntry>,
    },
    /// The request was carried out.
    Success {
        /// One sentence for a person.
        message: String,
    },
    /// A part of the answer that follows (an extension); the parts joined are its text.
    AnswerDelta {
        /// The part.
        message: String,
    },
    /// The answer to a question, also when the documents give none.
    Answer {
        /// The text of the answer.
        message: String,
        /// The sources, when the question asked for them.
        sources: Option<Vec<SourceEntry>>,
    },
    /// Something went wrong; the connection stays usable.
    Error {
        /// One sentence for a person.
        message: String,
    },
}

impl ServerMessage {
    /// The published types a server may send.
    pub const TYPES: [&'static str; 4] = ["assistant_list", "success", "answer", "error"];

    /// The types sent only to a client that asked for them.
    pub const EXTENSIONS: [&'static str; 1] = ["answer_delta"];

    /// Returns the value of `type` on the wire.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::AssistantList { .. } => Self::TYPES[0],
            Self::Success { .. } => Self::TYPES[1],
            Self::Answer { .. } => Self::TYPES[2],
            Self::Error { .. } => Self::TYPES[3],
            Self::AnswerDelta { .. } => Self::EXTENSIONS[0],
        }
    }
}

/// A server's message with the mark of the request it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The mark of the request, when it had one (an extension).
    pub id: Option<MessageId>,
    /// The message itself.
    pub message: ServerMessage,
}

impl From<ServerMessage> for Reply {
    fn from(message: ServerMessage) -> Self {
        Self { id: None, message }
    }
}

/// A text is no reply of this protocol.
#[derive(Debug)]
pub struct ReplyError(Fault);

#[derive(Debug)]
enum Fault {
    Json(serde_json::Error),
    UnknownType(String),
    Missing(&'static str),
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Json(_) => f.write_str("not the JSON of a reply"),
            Fault::UnknownType(name) => write!(f, "unknown type of reply `{name}`"),
            Fault::Missing(key) => write!(f, "the reply lacks `{key}`"),
        }
    }
}

impl Error for ReplyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Fault::Json(error) => Some(error),
            Fault::UnknownType(_) | Fault::Missing(_) => None,
        }
    }
}

impl Reply {
    /// Returns the reply as it goes over the wire.
    ///
    /// # Panics
    ///
    /// Never: strings, integers and lists of them always have a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a reply of strings and integers always has a JSON form")
    }

    /// Reads a reply, for clients. Unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// When the text is no JSON object of a known type with the keys of that type.
    pub fn from_json(text: &str) -> Result<Self, ReplyError> {
        let wire: WireIn = serde_json::from_str(text).map_err(|error| ReplyError(Fault::Json(error)))?;
        let WireIn {
            r#type,
            assistants,
            message,
            sources,
            id,
        } = wire;
        let text = message.ok_or(ReplyError(Fault::Missing("message")));
        let message = match r#type.as_str() {
            "assistant_list" => {
                let assistants = assistants.ok_or(ReplyError(Fault::Missing("assistants")))?;
                ServerMessage::AssistantList { assistants }
            }
            "success" => ServerMessage::Success { message: text? },
            "answer" => ServerMessage::Answer {
                message: text?,
                sources,
            },
            "error" => ServerMessage::Error { message: text? },
            "answer_delta" => ServerMessage::AnswerDelta { message: text? },
            _ => return Err(ReplyError(Fault::UnknownType(r#type))),
        };
        Ok(Self { id, message })
    }
}

impl Serialize for Reply {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, message } = self;
        let mut wire = WireOut {
            r#type: message.type_name(),
            assistants: None,
            message: None,
            sources: None,
            id: id.as_ref(),
        };
        match message {
            ServerMessage::AssistantList { assistants } => wire.assistants = Some(assistants),
            ServerMessage::Success { message }
            | ServerMessage::Error { message }
            | ServerMessage::AnswerDelta { message } => {
                wire.message = Some(message);
            }
            ServerMessage::Answer { message, sources } => {
                wire.message = Some(message);
                wire.sources = sources.as_deref();
            }
        }
        wire.serialize(serializer)
    }
}

/// All keys a reply can have, in the order they are written.
#[derive(Serialize)]
struct WireOut<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    assistants: Option<&'a [AssistantEntry]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<&'a [SourceEntry]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a MessageId>,
}

/// All keys a reply can have, as they are read.
#[derive(Deserialize)]
struct WireIn {
    r#type: String,
    assistants: Option<Vec<AssistantEntry>>,
    message: Option<String>,
    sources: Option<Vec<SourceEntry>>,
    id: Option<MessageId>,
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
