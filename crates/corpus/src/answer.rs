//! What a person gets back.

use std::sync::Arc;

use crate::{ByteRange, Version};

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The documents answered.
    Answered,
    /// The documents gave no exact answer, and the answer names places that may help.
    Offered,
    /// The documents gave no answer, and the answer says so.
    Fallback,
    /// Nothing was asked: a greeting or thanks.
    Courtesy,
}

/// Words of a document as they stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Where they stand in the extracted text.
    pub range: ByteRange,
    /// Exactly the text at `range`.
    pub text: String,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The number by which the answer's text names it, from 1.
    pub number: usize,
    /// Path of the document inside the assistant's folder, parted by `/`.
    pub document: Arc<str>,
    /// Title of the document.
    pub title: Arc<str>,
    /// Hash of the file that was read.
    pub version: Version,
    /// The date in the file's properties, ISO 8601.
    pub date: Option<Arc<str>>,
    /// The section, as a reader would cite it.
    pub section: Option<String>,
    /// The page, in formats that have them.
    pub page: Option<u32>,
    /// What the answer quotes from it, in reading order.
    pub quotes: Vec<Quote>,
}

impl Source {
    /// Returns the quotes as one text: a space between sentences, a line end between other neighbours, «…» where something
    /// is left out.
    pub fn quoted(&self) -> String {
        let mut text = String::new();
        let mut end = None;
        for quote in &self.quotes {
            text.push_str(match end.map(|end| quote.range.start.saturating_sub(end)) {
                None => "",
                Some(0..=1) if !text.ends_with(['.', '!', '?']) => "\n",
                Some(0..=1) => " ",
                Some(_) => "\n… ",
            });
            text.push_str(&quote.text);
            end = Some(quote.range.end);
        }
        text
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the person reads, sources named at the end.
    pub text: String,
    /// How the question ended.
    pub outcome: Outcome,
    /// The sources, numbered as in the text; empty for a fallback.
    pub sources: Vec<Source>,
}
