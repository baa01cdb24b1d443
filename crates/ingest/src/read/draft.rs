//! What a format's reader hands over: paragraphs in reading order with what the format itself says about them.
//!
//! Owns the shape only. Headings, lists and remarks that a format does not mark are found later, in the same way for all.

use docent_corpus::Format;

/// What the format itself says a paragraph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing: it may still turn out to be a heading, a list item or a remark.
    Plain,
    /// A heading of this level, from 1.
    Heading(u8),
    /// A list item of this depth, from 0, its marker in the text.
    Item(u8),
    /// A row of the table with this number; the flag tells the header.
    Row(u32, bool),
    /// A caption.
    Caption,
    /// A footnote.
    Footnote,
    /// Preformatted or quoted text that is never a heading.
    Verbatim,
}

/// A paragraph as the format gave it.
#[derive(Debug, Clone)]
pub(crate) struct Para {
    /// What the format says.
    pub(crate) role: Role,
    /// The words; superscripts are Unicode superscript digits where they are digits.
    pub(crate) text: String,
    /// The page it begins on.
    pub(crate) page: Option<u32>,
    /// Whether all of it is bold or centred, as headings are that are not marked as such.
    pub(crate) strong: bool,
}

impl Para {
    /// Makes a paragraph of which the format says only what it is.
    pub(crate) fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            page: None,
            strong: false,
        }
    }
}

/// A document as its format gives it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// What kind of file it was.
    pub(crate) format: Format,
    /// The title in the file's properties, meant or not.
    pub(crate) title: Option<String>,
    /// The author in the file's properties.
    pub(crate) author: Option<String>,
    /// The date in the file's properties, ISO 8601.
    pub(crate) date: Option<String>,
    /// The paragraphs in reading order.
    pub(crate) paras: Vec<Para>,
    /// The number of pages.
    pub(crate) pages: Option<u32>,
    /// Sentences about what could not be read.
    pub(crate) lost: Vec<String>,
    /// Sentences about what was mended.
    pub(crate) repaired: Vec<String>,
}

impl Draft {
    /// Makes an empty draft.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            title: None,
            author: None,
            date: None,
            paras: Vec::new(),
            pages: None,
            lost: Vec::new(),
            repaired: Vec::new(),
        }
    }
}

/// Appends raised text to `out`: digits become Unicode superscript digits, anything else stays as it is.
pub(crate) fn push_raised(out: &mut String, raised: &str) {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let trimmed = raised.trim();
    if !trimmed.is_empty() && trimmed.chars().all(|c| c.is_ascii_digit() || c == '.') {
        out.extend(
            trimmed
                .chars()
                .map(|c| c.to_digit(10).map_or(c, |digit| DIGITS[digit as usize])),
        );
    } else {
        out.push_str(raised);
    }
}

/// Joins the cells of a row.
pub(crate) fn join_cells<S: AsRef<str>>(cells: &[S]) -> String {
    let last = cells
        .iter()
        .rposition(|cell| !cell.as_ref().trim().is_empty())
        .map_or(0, |at| at + 1);
    cells[..last]
        .iter()
        .map(|cell| cell.as_ref().trim())
        .collect::<Vec<_>>()
        .join(" | ")
}

/// Tells whether the first row of a table that does not mark its header looks like one.
pub(crate) fn looks_like_header(rows: &[Vec<String>]) -> bool {
    /// Column names are short.
    const MAX_NAME_CHARS: usize = 80;
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    !rest.is_empty()
        && first.len() > 1
        && first.iter().all(|cell| {
            let cell = cell.trim();
            !cell.is_empty()
                && cell.chars().count() <= MAX_NAME_CHARS
                && cell.chars().any(char::is_alphabetic)
                && !cell.ends_with(';')
        })
}
