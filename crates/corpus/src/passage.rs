//! A passage: the unit that is found, judged and quoted.

use std::sync::Arc;

use crate::{BlockKind, ByteRange, Version};

/// One line of a passage: a block of the document, or whole sentences of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the block is.
    pub kind: BlockKind,
    /// Where it stands in the document's extracted text.
    pub range: ByteRange,
    /// The page it begins on, from 1.
    pub page: Option<u32>,
    /// The words themselves: exactly the text at `range`.
    pub text: String,
}

/// A stretch of one section of one document.
///
/// The passages of a document tile its extracted text: their `range`s, in order, join without gap or overlap. What a
/// reader needs besides — a list's lead-in, a table's header — is repeated in `lead` and belongs to an earlier passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Path of the document inside the assistant's folder, parted by `/`.
    pub document: Arc<str>,
    /// Title of the document.
    pub title: Arc<str>,
    /// Hash of the file that was read.
    pub version: Version,
    /// The date in the file's properties, ISO 8601: tells editions of one document apart.
    pub date: Option<Arc<str>>,
    /// Number of the section within the document, from 0: passages of one section share it.
    pub section: u32,
    /// Headings above the text, outermost first, the section's own last; without the document's title.
    pub headings: Vec<Arc<str>>,
    /// Lines repeated from before this passage because its own make no sense without them.
    pub lead: Vec<Line>,
    /// Its own lines, in reading order. Headings are in `headings`; the section's own stands here as well, and first, only
    /// when it is all there is to quote («Статья 56. Утратила силу»).
    pub lines: Vec<Line>,
    /// The stretch of the extracted text that it covers, headings and line ends included.
    pub range: ByteRange,
}

impl Passage {
    /// Returns the page on which its own text begins.
    pub fn page(&self) -> Option<u32> {
        self.lines.first().and_then(|line| line.page)
    }
}

/// Which part of a document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The part of this number, from 0; the last one when there are fewer.
    Part(usize),
    /// The part that holds this byte of the extracted text.
    Byte(usize),
}

/// A part of a document that can be shown at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Its passages, in reading order; at least one.
    pub passages: Vec<Passage>,
    /// Which part it is, from 0.
    pub part: usize,
    /// How many parts the document has.
    pub parts: usize,
}
