//! What was asked and how it ended: written beside the answers, read by reports.
//!
//! Owns the record of each question in SQLite or PostgreSQL, what of its text may be kept, how long, and the questions that
//! an operator puts to the record. Leaves the language of people (stems) to whoever groups questions, and knows neither
//! sockets nor search.
//!
//! Invariants: [`Journal::record`] never waits, whatever becomes of the database; memory for what is not yet written is
//! bounded, and what does not fit is counted; a text is masked before it is written; no text of a question and no password
//! appears in the log or in an error.

mod entry;
mod groups;
mod place;
pub mod privacy;
mod reader;
mod store;
mod writer;

pub use entry::{Cited, Entry, Outcome, UnknownOutcome};
pub use groups::{Group, Unanswered};
pub use place::{Place, UnusableUrl};
pub use privacy::Text;
pub use reader::{Asked, Day, Feedback, Latency, Reader, Scope, SourceUse};
pub use store::JournalError;
pub use writer::{Counts, Journal, Settings, Writing, begin};
