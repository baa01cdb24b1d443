//! One JSON value as the protocol sees it: scalars kept, arrays and objects skipped.
//!
//! Owns: reading a value of any type without recursion, so that nesting costs nothing. Leaves the meaning of fields to
//! the messages.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A value: scalars as they are, the rest by type only.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field {
    Null,
    Boolean(bool),
    Integer(i64),
    /// An integer beyond `i64`.
    Unsigned(u64),
    Float(f64),
    Text(String),
    Array,
    Object,
}

impl Field {
    pub(crate) fn kind(&self) -> JsonKind {
        match self {
            Self::Null => JsonKind::Null,
            Self::Boolean(_) => JsonKind::Boolean,
            Self::Integer(_) | Self::Unsigned(_) | Self::Float(_) => JsonKind::Number,
            Self::Text(_) => JsonKind::String,
            Self::Array => JsonKind::Array,
            Self::Object => JsonKind::Object,
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E: Error>(self) -> Result<Field, E> {
                Ok(Field::Null)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Field, E> {
                Ok(Field::Boolean(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Field, E> {
                Ok(Field::Integer(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Field, E> {
                Ok(i64::try_from(value).map_or(Field::Unsigned(value), Field::Integer))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Field, E> {
                Ok(Field::Float(value))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Field, E> {
                Ok(Field::Text(value.to_owned()))
            }

            fn visit_string<E: Error>(self, value: String) -> Result<Field, E> {
                Ok(Field::Text(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field, A::Error> {
                // `IgnoredAny` skips without recursion: a message of nothing but brackets is read in a loop.
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Field::Array)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Object)
            }
        }

        deserializer.deserialize_any(FieldVisitor)
    }
}

/// The mark a client puts on a message to know the reply by: a string or an integer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MessageId {
    /// An integer of 64 bits.
    Integer(i64),
    /// Any string.
    Text(String),
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Field::deserialize(deserializer)? {
            Field::Integer(value) => Ok(Self::Integer(value)),
            Field::Text(value) => Ok(Self::Text(value)),
            _ => Err(Error::custom("expected a string or an integer")),
        }
    }
}
