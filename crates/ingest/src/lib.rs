//! From the operator's folder to assistants, structured documents and passages.
//!
//! Owns: which files are documents ([`scan`]), what stands in them ([`read_document`]), and how they are parted
//! ([`passages`]). Leaves storing, finding and answering to others.
//!
//! Invariant: one bad file costs that file, never the run.

mod decode;
mod garble;
mod kinds;
mod letters;
mod library;
mod ocr;
mod passages;
mod read;
mod tidy;

/// Changes whenever the same file would give other passages: an index made by another version has to be rebuilt.
pub const READER_VERSION: u32 = 9;

pub use kinds::{Fits, fits, is_known_ending};
pub use library::{AssistantFolder, FoundFile, Library, LibraryError, may_be_document, scan};
pub use ocr::{MAX_RECOGNISED_PAGES, Picture, Recognise, Recognised};
pub use passages::{HARD_CHARS, passages};
pub use read::{MAX_FILE_BYTES, check_invariants, read_document, read_document_with, version_of};
