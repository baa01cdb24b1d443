//! Russian, Kazakh and English text: detection, tokens, stems, sentences.
//!
//! Owns the one analysis that documents and questions share. Leaves documents, search and answers to others.
//!
//! Invariants: every function is pure; every range counts bytes of the text given, on character boundaries.

mod common;
mod detect;
mod keyboard;
mod sentences;
mod stem;
mod stop;
mod token;

pub use common::is_common;
pub use detect::detect;
pub use keyboard::{are_neighbours, from_latin, other_layouts};
pub use sentences::sentences;
pub use token::{Token, grams, tokens};

/// Changes whenever the same text would be analysed differently: an index made by another version has to be rebuilt.
pub const ANALYSIS_VERSION: u32 = 4;
