//! On which page of an ODT its text stands: programs note where their last layout turned the page.
//!
//! Owns the count; without such notes no page is known, rather than the first.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::super::docx::attribute;

/// The pages turned so far.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    known: bool,
    turned: u32,
    /// The styles that begin a page, which nothing in the text notes.
    pub(super) breaks: HashMap<String, bool>,
}

impl Leaves {
    /// Looks whether a document has notes of its layout.
    pub(super) fn note(&mut self, content: &str) {
        self.known = content.contains("soft-page-break");
    }

    /// Takes what a style says of the page before it.
    pub(super) fn take(&mut self, style: &str, start: &BytesStart<'_>) {
        let page = attribute(start, "break-before").map(|what| what == "page");
        let master = attribute(start, "master-page-name").filter(|name| !name.is_empty());
        let breaks = page.or(master.map(|_| true));
        self.breaks
            .extend(breaks.map(|breaks| (style.to_owned(), breaks)));
    }

    /// Turns the page.
    pub(super) fn turn(&mut self) {
        self.turned = self.turned.saturating_add(1);
    }

    /// Returns the page at hand, if pages are known.
    pub(super) fn page(&self) -> Option<u32> {
        self.known.then(|| self.turned.saturating_add(1))
    }
}
