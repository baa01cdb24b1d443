//! From a document to its passages.
//!
//! Owns: where sections begin, where a long section is cut, and what is repeated in front of a cut. Leaves reading to
//! `read` and sentence ends to `docent-language`.
//!
//! Invariants: the passages tile the document's text; every block but a heading stands in the lines of exactly one
//! passage; a heading always begins a passage; no passage's own lines, remarks aside, exceed [`HARD_CHARS`]; the same
//! document always gives the same passages.

mod cut;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use docent_corpus::{Block, BlockKind, ByteRange, Document, Line, Passage};

use self::cut::{Piece, cut};

/// The most characters that the own lines of one passage have: some 250 Russian words, about what a reader takes in at
/// one look. Remarks and what is repeated in `lead` are not counted.
pub const HARD_CHARS: usize = 1_800;

/// Parts a document into passages that tile its text.
///
/// A section — the text under one path of headings — is one passage when it fits, else several, cut between blocks. A
/// heading with no text of its own but remarks and no headings below it («Статья 56. Утратила силу») says all there is:
/// it stands among the lines of its passage, so that it can be quoted.
pub fn passages(document: &Document) -> Vec<Passage> {
    let title: Arc<str> = title_of(document).into();
    let name: Arc<str> = document.name.as_str().into();
    let mut passages: Vec<Passage> = Vec::new();
    for (number, section) in sections(document, &title).into_iter().enumerate() {
        for (nth, portion) in cut(&document.text, section.blocks).into_iter().enumerate() {
            let start = match portion.own.first() {
                Some(piece) if nth > 0 => piece.range.start,
                _ => section.start,
            };
            passages.push(Passage {
                document: Arc::clone(&name),
                title: Arc::clone(&title),
                version: document.version,
                date: document.metadata.date.as_deref().map(Arc::from),
                section: number as u32,
                headings: section.headings.clone(),
                lead: portion
                    .lead
                    .iter()
                    .map(|piece| line(&document.text, piece))
                    .collect(),
                lines: portion
                    .own
                    .iter()
                    .map(|piece| line(&document.text, piece))
                    .collect(),
                // The end is known once the next passage begins.
                range: ByteRange::new(start, start),
            });
        }
    }
    let mut end = document.text.len();
    for passage in passages.iter_mut().rev() {
        passage.range = ByteRange::new(passage.range.start, end);
        end = passage.range.start;
    }
    passages
}

/// The blocks under one path of headings.
struct Section<'a> {
    headings: Vec<Arc<str>>,
    /// Where its headings begin, those above that have no text of their own included.
    start: usize,
    /// Its blocks; its own heading is among them only when nothing else of it can be quoted.
    blocks: &'a [Block],
}

fn sections<'a>(document: &'a Document, title: &str) -> Vec<Section<'a>> {
    let blocks = &document.blocks;
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut path: Vec<(u8, Arc<str>)> = Vec::new();
    // Where the headings begin that no text has followed yet, and whether one of them is in the path.
    let mut waiting: Option<usize> = None;
    let mut untold = false;
    let mut seen_heading = false;
    let mut at = 0;
    while at < blocks.len() {
        let block = &blocks[at];
        let Some(level) = heading_level(block) else {
            let length = blocks[at..]
                .iter()
                .take_while(|block| heading_level(block).is_none())
                .count();
            let own = &blocks[at..at + length];
            // The title is told by every passage and need not be quoted for its own sake.
            let bare = waiting.is_some()
                && !(path.is_empty() && sections.is_empty())
                && own.iter().all(|block| block.kind == BlockKind::Remark);
            let start = waiting.take().unwrap_or(block.range.start);
            sections.push(Section {
                headings: texts(&path),
                start,
                blocks: &blocks[at - usize::from(bare)..at + length],
            });
            untold = false;
            at += length;
            continue;
        };
        let text = document.text[block.range.start..block.range.end].trim();
        let is_title = !seen_heading && same_words(text, title);
        seen_heading = true;
        if !is_title {
            if untold && path.last().is_some_and(|(above, _)| *above >= level) {
                let start = waiting.take().unwrap_or(block.range.start);
                sections.push(Section {
                    headings: texts(&path),
                    start,
                    blocks: &blocks[at - 1..at],
                });
            }
            while path.last().is_some_and(|(above, _)| *above >= level) {
                path.pop();
            }
            path.push((level, text.into()));
            untold = true;
        }
        waiting.get_or_insert(block.range.start);
        at += 1;
    }
    if let Some(start) = waiting {
        sections.push(Section {
            headings: texts(&path),
            start,
            blocks: &blocks[at - 1..],
        });
    }
    if let Some(first) = sections.first_mut() {
        first.start = 0;
    }
    sections
}

fn heading_level(block: &Block) -> Option<u8> {
    match block.kind {
        BlockKind::Heading { level } => Some(level),
        _ => None,
    }
}

fn texts(path: &[(u8, Arc<str>)]) -> Vec<Arc<str>> {
    path.iter().map(|(_, text)| Arc::clone(text)).collect()
}

fn line(text: &str, piece: &Piece) -> Line {
    Line {
        kind: piece.kind,
        range: piece.range,
        page: piece.page,
        text: text[piece.range.start..piece.range.end].to_owned(),
    }
}

/// The title that the document gives itself, else the file's name without folders and extension.
fn title_of(document: &Document) -> &str {
    if let Some(title) = document
        .metadata
        .title
        .as_deref()
        .map(str::trim)
        .filter(|title| !title.is_empty())
    {
        return title;
    }
    let file = document.name.rsplit('/').next().unwrap_or(&document.name);
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

fn same_words(one: &str, other: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(one) == words(other)
}
