//! Stores passages on disk and finds those most likely to answer a question.
//!
//! Owns the index directory ([`Store`]: generations, the atomic switch, what was read from which file) and the scoring
//! ([`Index`]: BM25 over words and those that look like them, of the passage and of its whole section). Leaves
//! reading files to `docent-ingest` and judging to `docent-answer`.
//!
//! Invariants: a generation never changes once it is current; what a snapshot finds depends on its documents alone, not on
//! the order in which they came; no tantivy type leaves this crate.

mod disk;
mod entry;
mod lexicon;
mod manifest;
mod place;
mod repair;
mod search;
mod semantic;
mod shelf;
mod store;
mod vocabulary;

pub use entry::Entry;
pub use lexicon::{Fault, Lesson, Lexicon};
pub use manifest::{DocumentRecord, Manifest, Refusal, Stamp};
pub use search::{Index, Told};
pub use semantic::{Embedder, EmbedderError, Fusion, WordsError, WordsMade, WordsStamp};
pub use shelf::Shelf;
pub use store::{CURRENT, Draft, Generation, Store, StoreError};
