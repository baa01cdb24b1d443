//! The nouns of docent and the seam between finding and answering.
//!
//! Owns: assistant, document, passage, question, hit, answer, source, and the [`Retriever`] seam. Leaves reading files,
//! storing, searching, composing and talking to others: nothing here does I/O, knows JSON or waits.
//!
//! Invariant: every [`ByteRange`] counts bytes of the extracted text of one version of one document, on character
//! boundaries, so whatever is quoted can be checked against the document it names.

mod answer;
mod assistant;
mod document;
mod interest;
mod passage;
mod retrieve;

pub use answer::{Answer, Outcome, Quote, Source};
pub use assistant::{Assistant, AssistantId, Language, Strictness};
pub use document::{
    Block, BlockKind, ByteRange, Document, Format, HiddenText, Metadata, Notice, NoticeKind, Unreadable,
    UnreadableCode, Version,
};
pub use interest::Interest;
pub use passage::{Excerpt, Line, Passage, Place};
pub use retrieve::{
    Hit, Match, Question, QuestionTerm, Reading, Repair, Retrieval, RetrieveError, Retriever, Taught,
};
