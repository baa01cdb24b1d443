//! Turns texts into directions of meaning by a model that the operator has.
//!
//! Owns the encoder: a directory as `sentence-transformers` writes it (`config.json`, `tokenizer.json`, `model.safetensors`,
//! `modules.json`, `1_Pooling/config.json`) with a model of the families BERT or XLM-RoBERTa, run on the processor in this
//! process. Leaves to others what texts there are and what is done with their vectors.
//!
//! Invariants: nothing is fetched; every file is untrusted; a vector depends on its text, the directory and the settings
//! alone, whatever is encoded with it and on which thread.
//!
//! Without the feature `encode` no model can be opened: [`EncoderError::Unfit`] says so.

#[cfg_attr(not(feature = "encode"), path = "absent.rs")]
mod encoder;
#[cfg(feature = "encode")]
mod folder;
#[cfg(feature = "encode")]
mod maths;
#[cfg(feature = "encode")]
mod matrix;
#[cfg(feature = "encode")]
mod model;
#[cfg(feature = "encode")]
mod weights;

use std::io;
use std::path::PathBuf;

pub use encoder::Encoder;

/// What a text is encoded for: many models want to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A question, which seeks.
    Question,
    /// A passage, which is found.
    Passage,
}

/// What the operator says in place of the model's own files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// What stands before a question, like `query: `.
    pub query_prefix: Option<String>,
    /// What stands before a passage, like `passage: `.
    pub passage_prefix: Option<String>,
    /// After how many tokens a text is cut.
    pub max_tokens: Option<usize>,
}

/// A model's directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// The system does not give a file.
    #[error("cannot read {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not the JSON it should be.
    #[error("{path} is not as it should be")]
    Json {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A file says what cannot be used.
    #[error("{path} does not fit: {what}")]
    Unfit {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The tokeniser cannot be made or does not take a text.
    #[error("{path} cannot be used")]
    Tokenizer {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
