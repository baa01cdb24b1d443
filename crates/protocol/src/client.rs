//! What a client may say, and what can be wrong with the form of it.
//!
//! Owns: reading one text message and naming its fault exactly. Leaves the length of questions, the existence of
//! assistants and the words of errors to the server.

use std::error::Error;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::field::{Field, JsonKind, MessageId};

/// What a client may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// Asks for the assistants on offer.
    GetAssistants,
    /// Chooses who answers from here on; replaces an earlier choice.
    SelectAssistant {
        /// The assistant's `id` from the list.
        assistant_id: i64,
    },
    /// Asks the chosen assistant. Exactly one `answer` or `error` follows.
    Question {
        /// The question, as it was typed.
        question: String,
        /// Asks for the sources beside the text of the answer (an extension).
        sources: bool,
        /// Asks for the text in parts before the answer (an extension).
        stream: bool,
    },
    /// Says whether an answer helped (an extension); the message's own mark is that of the question.
    Feedback {
        /// Whether it did.
        helpful: bool,
    },
}

impl ClientMessage {
    /// The published types a client may send, in the order they are listed to people.
    pub const TYPES: [&'static str; 3] = ["get_assistants", "select_assistant", "question"];

    /// The types that only a client which knows of them sends.
    pub const EXTENSIONS: [&'static str; 1] = ["feedback"];

    /// Returns the value of `type` on the wire.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::GetAssistants => Self::TYPES[0],
            Self::SelectAssistant { .. } => Self::TYPES[1],
            Self::Question { .. } => Self::TYPES[2],
            Self::Feedback { .. } => Self::EXTENSIONS[0],
        }
    }
}

/// A client's message with the mark it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The mark that the reply has to repeat (an extension).
    pub id: Option<MessageId>,
    /// The message itself.
    pub message: ClientMessage,
}

impl From<ClientMessage> for Request {
    fn from(message: ClientMessage) -> Self {
        Self { id: None, message }
    }
}

impl Request {
    /// Returns the message as it goes over the wire.
    ///
    /// # Panics
    ///
    /// Never: strings, integers and booleans always have a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a message of scalars always has a JSON form")
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, message } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", message.type_name())?;
        match message {
            ClientMessage::GetAssistants => {}
            ClientMessage::SelectAssistant { assistant_id } => {
                map.serialize_entry("assistant_id", assistant_id)?;
            }
            ClientMessage::Question {
                question,
                sources,
                stream,
            } => {
                map.serialize_entry("question", question)?;
                for (key, wanted) in [("sources", sources), ("stream", stream)] {
                    if *wanted {
                        map.serialize_entry(key, &true)?;
                    }
                }
            }
            ClientMessage::Feedback { helpful } => map.serialize_entry("helpful", helpful)?,
        }
        if let Some(id) = id {
            map.serialize_entry("id", id)?;
        }
        map.end()
    }
}

/// A field of a client's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldName {
    /// `assistant_id`: an integer.
    AssistantId,
    /// `question`: a string.
    Question,
    /// `id`: a string or an integer.
    Id,
    /// `sources`: a boolean.
    Sources,
    /// `stream`: a boolean.
    Stream,
    /// `helpful`: a boolean.
    Helpful,
}

impl FieldName {
    /// Returns the key on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::AssistantId => "assistant_id",
            Self::Question => "question",
            Self::Id => "id",
            Self::Sources => "sources",
            Self::Stream => "stream",
            Self::Helpful => "helpful",
        }
    }
}

/// What is wrong with the form of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageError {
    /// Not JSON.
    NotJson {
        /// The line where parsing stopped, from 1.
        line: usize,
        /// The character of that line where parsing stopped, from 1 (0 at the start of a line).
        column: usize,
    },
    /// JSON, but not an object.
    NotAnObject {
        /// What it is instead.
        received: JsonKind,
    },
    /// No `type`.
    TypeMissing,
    /// `type` is not a string.
    TypeNotText {
        /// What it is instead.
        received: JsonKind,
    },
    /// `type` is none of [`ClientMessage::TYPES`] or [`ClientMessage::EXTENSIONS`].
    TypeUnknown {
        /// The value received, cut to [`MessageError::TYPE_SHOWN`] characters.
        received: String,
    },
    /// A field that the type needs is absent.
    FieldMissing {
        /// Which one.
        field: FieldName,
    },
    /// A field has a type that it cannot have.
    FieldType {
        /// Which one.
        field: FieldName,
        /// What it is instead.
        received: JsonKind,
    },
    /// `assistant_id` is an integer, but beyond any that an assistant can have.
    AssistantIdOutOfRange,
}

impl MessageError {
    /// How many characters of an unknown type are shown: enough to recognise a slip, too few to be a megaphone.
    pub const TYPE_SHOWN: usize = 64;
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => write!(f, "not JSON at line {line}, character {column}"),
            Self::NotAnObject { received } => write!(f, "not a JSON object but {received:?}"),
            Self::TypeMissing => f.write_str("`type` is missing"),
            Self::TypeNotText { received } => write!(f, "`type` is not a string but {received:?}"),
            Self::TypeUnknown { received } => write!(f, "unknown type `{received}`"),
            Self::FieldMissing { field } => write!(f, "`{}` is missing", field.key()),
            Self::FieldType { field, received } => write!(f, "`{}` cannot be {received:?}", field.key()),
            Self::AssistantIdOutOfRange => f.write_str("`assistant_id` is out of range"),
        }
    }
}

impl Error for MessageError {}

/// A client's message as a server reads it: the mark survives a fault, so that the error can carry it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The mark that the reply has to repeat, where one could be read.
    pub id: Option<MessageId>,
    /// The message, or what is wrong with it.
    pub message: Result<ClientMessage, MessageError>,
}

impl Incoming {
    /// Reads one text message.
    ///
    /// Unknown keys are ignored, of a repeated key the last one counts. `assistant_id` may be an integer, a number with
    /// a zero fraction or a string of digits; `id`, `sources` and `stream` may be null, which is as if they were absent.
    pub fn parse(text: &str) -> Self {
        let fields = match serde_json::from_str(text) {
            Ok(Top::Object(fields)) => fields,
            Ok(Top::Other(received)) => return Self::failed(MessageError::NotAnObject { received }),
            Err(error) => return Self::failed(stopped_at(text, error.line(), error.column())),
        };
        let Fields {
            r#type,
            assistant_id,
            question,
            id,
            sources,
            stream,
            helpful,
        } = *fields;
        let id = match id {
            None | Some(Field::Null) => Ok(None),
            Some(Field::Integer(value)) => Ok(Some(MessageId::Integer(value))),
            Some(Field::Text(value)) => Ok(Some(MessageId::Text(value))),
            Some(other) => Err(MessageError::FieldType {
                field: FieldName::Id,
                received: other.kind(),
            }),
        };
        match id {
            Ok(id) => Self {
                message: read_message(
                    r#type,
                    assistant_id,
                    Asking {
                        question,
                        sources,
                        stream,
                    },
                    Judging {
                        helpful,
                        marked: id.is_some(),
                    },
                ),
                id,
            },
            Err(error) => Self::failed(error),
        }
    }

    fn failed(error: MessageError) -> Self {
        Self {
            id: None,
            message: Err(error),
        }
    }
}

/// The fields of a question.
struct Asking {
    question: Option<Field>,
    sources: Option<Field>,
    stream: Option<Field>,
}

/// The fields of a judgement, and whether it says of what.
struct Judging {
    helpful: Option<Field>,
    marked: bool,
}

fn read_message(
    r#type: Option<Field>,
    assistant_id: Option<Field>,
    asking: Asking,
    judging: Judging,
) -> Result<ClientMessage, MessageError> {
    let name = match r#type {
        None => return Err(MessageError::TypeMissing),
        Some(Field::Text(name)) => name,
        Some(other) => {
            return Err(MessageError::TypeNotText {
                received: other.kind(),
            });
        }
    };
    match name.as_str() {
        "get_assistants" => Ok(ClientMessage::GetAssistants),
        "select_assistant" => Ok(ClientMessage::SelectAssistant {
            assistant_id: read_assistant_id(assistant_id)?,
        }),
        "question" => Ok(ClientMessage::Question {
            question: read_question(asking.question)?,
            sources: read_wish(FieldName::Sources, asking.sources)?.unwrap_or(false),
            stream: read_wish(FieldName::Stream, asking.stream)?.unwrap_or(false),
        }),
        "feedback" => {
            let field = FieldName::Helpful;
            let helpful = read_wish(field, judging.helpful)?.ok_or(MessageError::FieldMissing { field })?;
            if judging.marked {
                Ok(ClientMessage::Feedback { helpful })
            } else {
                Err(MessageError::FieldMissing { field: FieldName::Id })
            }
        }
        _ => {
            let received = name.chars().take(MessageError::TYPE_SHOWN).collect();
            Err(MessageError::TypeUnknown { received })
        }
    }
}

fn read_question(value: Option<Field>) -> Result<String, MessageError> {
    let field = FieldName::Question;
    match value {
        None => Err(MessageError::FieldMissing { field }),
        Some(Field::Text(question)) => Ok(question),
        Some(other) => Err(MessageError::FieldType {
            field,
            received: other.kind(),
        }),
    }
}

/// Reads a yes or no; null is as good as absent.
fn read_wish(field: FieldName, value: Option<Field>) -> Result<Option<bool>, MessageError> {
    match value {
        None | Some(Field::Null) => Ok(None),
        Some(Field::Boolean(wanted)) => Ok(Some(wanted)),
        Some(other) => Err(MessageError::FieldType {
            field,
            received: other.kind(),
        }),
    }
}

fn read_assistant_id(value: Option<Field>) -> Result<i64, MessageError> {
    // 2^63: the first float above every i64; -2^63 is itself an i64.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let field = FieldName::AssistantId;
    let value = value.ok_or(MessageError::FieldMissing { field })?;
    match value {
        Field::Integer(id) => Ok(id),
        Field::Unsigned(_) => Err(MessageError::AssistantIdOutOfRange),
        Field::Float(id) if id.fract() == 0.0 && (-BEYOND..BEYOND).contains(&id) => Ok(id as i64),
        Field::Float(id) if id.fract() == 0.0 => Err(MessageError::AssistantIdOutOfRange),
        Field::Text(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| MessageError::AssistantIdOutOfRange)
        }
        other => Err(MessageError::FieldType {
            field,
            received: other.kind(),
        }),
    }
}

/// Turns the parser's position, which counts bytes, into one that counts characters as an editor does.
fn stopped_at(text: &str, line: usize, column: usize) -> MessageError {
    let bytes = text
        .split('\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default()
        .as_bytes();
    let read = &bytes[..column.min(bytes.len())];
    // Every byte but a continuation byte begins a character.
    let column = read.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
    MessageError::NotJson { line, column }
}

/// The keys the protocol knows; the last of each.
#[derive(Debug, Default)]
struct Fields {
    r#type: Option<Field>,
    assistant_id: Option<Field>,
    question: Option<Field>,
    id: Option<Field>,
    sources: Option<Field>,
    stream: Option<Field>,
    helpful: Option<Field>,
}

/// A whole message: an object or something else.
enum Top {
    Object(Box<Fields>),
    Other(JsonKind),
}

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TopVisitor;

        impl<'de> Visitor<'de> for TopVisitor {
            type Value = Top;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Top, E> {
                Ok(Top::Other(JsonKind::Null))
            }

            fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Top, E> {
                Ok(Top::Other(JsonKind::Boolean))
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Top, E> {
                Ok(Top::Other(JsonKind::Number))
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Top, E> {
                Ok(Top::Other(JsonKind::Number))
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Top, E> {
                Ok(Top::Other(JsonKind::Number))
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Top, E> {
                Ok(Top::Other(JsonKind::String))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Top, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Top::Other(JsonKind::Array))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top, A::Error> {
                let mut fields = Box::<Fields>::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    let place = match key.as_ref() {
                        "type" => &mut fields.r#type,
                        "assistant_id" => &mut fields.assistant_id,
                        "question" => &mut fields.question,
                        "id" => &mut fields.id,
                        "sources" => &mut fields.sources,
                        "stream" => &mut fields.stream,
                        "helpful" => &mut fields.helpful,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *place = Some(map.next_value()?);
                }
                Ok(Top::Object(fields))
            }
        }

        deserializer.deserialize_any(TopVisitor)
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
