//! One passage as it is stored: the words by which it is found, and itself.
//!
//! Owns which words those are and the bytes on disk. Invariant: what [`decode`] gives is what [`Entry::of`] was given.

use std::collections::BTreeSet;
use std::sync::Arc;

use docent_corpus::{BlockKind, ByteRange, Line, Passage, Version};
use docent_language::{detect, sentences, tokens};
use serde::{Deserialize, Serialize};

use crate::vocabulary::hash;

/// A passage made ready for the index: the costly part of indexing, to be done on any thread or in another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub(crate) words: Words,
    /// Which of them stand with a capital letter inside a sentence, each once.
    pub(crate) names: Words,
    /// What stands where: see [`Marks`].
    pub(crate) marks: Vec<u32>,
    pub(crate) section: u32,
    pub(crate) stored: Vec<u8>,
}

impl Entry {
    /// Analyses one passage.
    pub fn of(passage: &Passage) -> Self {
        let mut words = Words::default();
        let mut marks = Vec::new();
        let mut names = BTreeSet::new();
        let mut add = |text: &str, marks: &mut Vec<u32>| {
            let found = tokens(text, detect(text));
            for (at, token) in found.into_iter().enumerate().filter(|(_, token)| !token.stop) {
                words.add(&token.stem);
                marks.push(mark(&token.stem));
                if at > 0
                    && token
                        .range
                        .of(text)
                        .is_some_and(|word| word.starts_with(char::is_uppercase))
                {
                    names.insert(token.stem);
                }
            }
        };
        for text in std::iter::once(&passage.title).chain(&passage.headings) {
            add(text, &mut marks);
            marks.push(SENTENCE);
        }
        marks.push(TEXT);
        for line in passage.lead.iter().chain(&passage.lines) {
            if line.kind == BlockKind::Remark {
                continue;
            }
            let whole = !matches!(line.kind, BlockKind::Paragraph | BlockKind::Footnote);
            if whole {
                add(&line.text, &mut marks);
                marks.push(SENTENCE);
                continue;
            }
            for sentence in sentences(&line.text) {
                add(&line.text[sentence.start..sentence.end], &mut marks);
                marks.push(SENTENCE);
            }
        }
        let mut written = Words::default();
        for name in &names {
            written.add(name);
        }
        Self {
            words,
            names: written,
            marks,
            section: passage.section,
            stored: encode(passage),
        }
    }
}

/// The mark that ends a sentence, a heading, an item or a row.
pub(crate) const SENTENCE: u32 = 0;

/// The mark between headings and text.
pub(crate) const TEXT: u32 = 1;

/// Returns the mark of a normal form: its hash, so that a passage can be looked through without unpacking and analysing it.
pub(crate) fn mark(stem: &str) -> u32 {
    hash(stem).max(TEXT + 1)
}

/// A passage as a row of marks: the normal forms of title and headings, [`TEXT`], those of its sentences.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(pub(crate) Vec<u32>);

impl Marks {
    /// Returns where the text begins.
    pub(crate) fn text(&self) -> usize {
        self.0
            .iter()
            .position(|&mark| mark == TEXT)
            .map_or(0, |at| at + 1)
    }
}

/// Terms with repetitions, parted by spaces, as tantivy's whitespace tokenizer takes them: no term holds white space.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) count: u32,
}

impl Words {
    fn add(&mut self, term: &str) {
        debug_assert!(
            !term.contains(char::is_whitespace),
            "a term with a space in it: {term:?}"
        );
        if self.count > 0 {
            self.text.push(' ');
        }
        self.text.push_str(term);
        self.count += 1;
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    document: String,
    title: String,
    version: [u8; 16],
    date: Option<String>,
    section: u32,
    headings: Vec<String>,
    lead: Vec<StoredLine>,
    lines: Vec<StoredLine>,
    range: (u64, u64),
}

#[derive(Serialize, Deserialize)]
struct StoredLine {
    kind: (u8, u32),
    range: (u64, u64),
    page: Option<u32>,
    text: String,
}

fn kind_to_disk(kind: BlockKind) -> (u8, u32) {
    match kind {
        BlockKind::Heading { level } => (0, u32::from(level)),
        BlockKind::Paragraph => (1, 0),
        BlockKind::ListItem { depth } => (2, u32::from(depth)),
        BlockKind::TableHeader { table } => (3, table),
        BlockKind::TableRow { table } => (4, table),
        BlockKind::Caption => (5, 0),
        BlockKind::Footnote => (6, 0),
        BlockKind::Remark => (7, 0),
    }
}

fn kind_from_disk((kind, number): (u8, u32)) -> Option<BlockKind> {
    Some(match kind {
        0 => BlockKind::Heading {
            level: u8::try_from(number).ok()?,
        },
        1 => BlockKind::Paragraph,
        2 => BlockKind::ListItem {
            depth: u8::try_from(number).ok()?,
        },
        3 => BlockKind::TableHeader { table: number },
        4 => BlockKind::TableRow { table: number },
        5 => BlockKind::Caption,
        6 => BlockKind::Footnote,
        7 => BlockKind::Remark,
        _ => return None,
    })
}

fn range_to_disk(range: ByteRange) -> (u64, u64) {
    (range.start as u64, range.end as u64)
}

fn range_from_disk((start, end): (u64, u64)) -> Option<ByteRange> {
    (start <= end).then(|| ByteRange::new(start as usize, end as usize))
}

fn encode(passage: &Passage) -> Vec<u8> {
    let Passage {
        document,
        title,
        version,
        date,
        section,
        headings,
        lead,
        lines,
        range,
    } = passage;
    let line = |line: &Line| StoredLine {
        kind: kind_to_disk(line.kind),
        range: range_to_disk(line.range),
        page: line.page,
        text: line.text.clone(),
    };
    let stored = Stored {
        document: document.to_string(),
        title: title.to_string(),
        version: version.0,
        date: date.as_ref().map(ToString::to_string),
        section: *section,
        headings: headings.iter().map(ToString::to_string).collect(),
        lead: lead.iter().map(line).collect(),
        lines: lines.iter().map(line).collect(),
        range: range_to_disk(*range),
    };
    postcard::to_stdvec(&stored).expect("strings and numbers always have a form in memory")
}

/// Returns the passage that was stored, or nothing when the bytes are not one.
pub(crate) fn decode(bytes: &[u8]) -> Option<Passage> {
    let Stored {
        document,
        title,
        version,
        date,
        section,
        headings,
        lead,
        lines,
        range,
    } = postcard::from_bytes(bytes).ok()?;
    let line = |line: StoredLine| {
        Some(Line {
            kind: kind_from_disk(line.kind)?,
            range: range_from_disk(line.range)?,
            page: line.page,
            text: line.text,
        })
    };
    Some(Passage {
        document: document.into(),
        title: title.into(),
        version: Version(version),
        date: date.map(Arc::from),
        section,
        headings: headings.into_iter().map(Arc::from).collect(),
        lead: lead.into_iter().map(line).collect::<Option<_>>()?,
        lines: lines.into_iter().map(line).collect::<Option<_>>()?,
        range: range_from_disk(range)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_passage_comes_back_as_it_was() {
        let line = |kind, text: &str| Line {
            kind,
            range: ByteRange::new(3, 3 + text.len()),
            page: Some(7),
            text: text.to_owned(),
        };
        let passage = Passage {
            document: "папка/файл.md".into(),
            title: "Название".into(),
            version: Version([9; 16]),
            date: Some("2026-03-01".into()),
            section: 4,
            headings: vec!["Глава 1".into(), "Статья 2".into()],
            lead: vec![line(BlockKind::TableHeader { table: 3 }, "а | б")],
            lines: vec![
                line(BlockKind::Heading { level: 2 }, "з"),
                line(BlockKind::Paragraph, "п"),
                line(BlockKind::ListItem { depth: 1 }, "э"),
                line(BlockKind::TableRow { table: 3 }, "1 | 2"),
                line(BlockKind::Caption, "к"),
                line(BlockKind::Footnote, "с"),
                line(BlockKind::Remark, "р"),
            ],
            range: ByteRange::new(0, 100),
        };
        let entry = Entry::of(&passage);
        assert_eq!(decode(&entry.stored), Some(passage));
        assert_eq!(decode(&entry.stored[..entry.stored.len() - 2]), None);
        assert!(
            entry.words.text.split(' ').count() == entry.words.count as usize,
            "{entry:?}"
        );
    }
}
