//! Puts a document together line by line; what every format shares.
//!
//! Owns the invariants of `Document`: one block a line, ranges ascending, no empty block. Also owns what plain lines
//! tell about structure: headings of acts, list items, editorial remarks.

use docent_corpus::{Block, BlockKind, ByteRange, Document, Format, Metadata, Notice, Version};
use unicode_normalization::UnicodeNormalization;

/// Titles that programs write and nobody means.
const JUNK_TITLES: [&str; 7] = [
    "complex",
    "untitled",
    "документ microsoft word",
    "без названия",
    "безымянный",
    "document",
    "новый документ",
];

/// A heading longer than this is a paragraph: real ones of acts stay under it.
const HEADING_CHARS: usize = 400;

/// Collects blocks.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    text: String,
    blocks: Vec<Block>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) metadata: Metadata,
    lead_open: bool,
}

impl Builder {
    /// Adds a block; white space is folded, empty ones are dropped, editorial remarks get a block of their own.
    pub(crate) fn push(&mut self, kind: BlockKind, text: &str) {
        let folded = fold(text);
        let (line, remarks) = without_remarks(&folded);
        let kind = if kind == BlockKind::Paragraph {
            self.kind_of(&line)
        } else {
            kind
        };
        if kind == BlockKind::Paragraph {
            self.lead_open = line.ends_with(':');
        } else if !matches!(kind, BlockKind::ListItem { .. }) {
            self.lead_open = false;
        }
        self.line(kind, &line);
        for remark in remarks {
            self.line(BlockKind::Remark, &remark);
        }
    }

    fn line(&mut self, kind: BlockKind, line: &str) {
        if line.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(line);
        self.blocks.push(Block {
            kind,
            range: ByteRange::new(start, self.text.len()),
            page: None,
        });
        self.text.push('\n');
    }

    /// Reads the structure that a plain line tells by its words.
    fn kind_of(&self, line: &str) -> BlockKind {
        if let Some(level) = heading_level(line) {
            return BlockKind::Heading { level };
        }
        let enumerated = marker_len(line) > 0;
        let continued = self.lead_open
            && (line.ends_with(';') || line.chars().next().is_some_and(char::is_lowercase))
            && !line.ends_with(':');
        if (enumerated && self.lead_open) || continued || (enumerated && line.ends_with(';')) {
            return BlockKind::ListItem { depth: 0 };
        }
        BlockKind::Paragraph
    }

    /// Finishes the document.
    pub(crate) fn finish(mut self, name: &str, version: Version, format: Format) -> Document {
        let junk = |title: &str| {
            let lower = title.trim().to_lowercase();
            lower.is_empty() || JUNK_TITLES.contains(&lower.as_str()) || name.to_lowercase().ends_with(&lower)
        };
        // Acts open with the name of the state or ministry in capitals; their own name follows in mixed case.
        let opening: Vec<Block> = self
            .blocks
            .iter()
            .filter(|block| block.kind != BlockKind::Remark)
            .take(4)
            .take_while(|block| block.kind == BlockKind::Paragraph && block.range.len() <= 320)
            .copied()
            .collect();
        let mixed = |block: &&Block| {
            block
                .range
                .of(&self.text)
                .is_some_and(|line| line.chars().any(char::is_lowercase))
        };
        let first = opening.iter().find(mixed).or(opening.first()).copied();
        let top = self
            .blocks
            .iter()
            .find(|block| matches!(block.kind, BlockKind::Heading { level: 1 }))
            .copied();
        let title = self
            .metadata
            .title
            .take()
            .map(|title| fold(&title))
            .filter(|title| !junk(title));
        let named = top
            .or(first)
            .and_then(|block| block.range.of(&self.text))
            .map(str::to_owned);
        self.metadata.title = title.or_else(|| named.filter(|title| title.chars().count() <= 160));
        let Self {
            text,
            blocks,
            notices,
            metadata,
            ..
        } = self;
        Document {
            name: name.to_owned(),
            version,
            format,
            metadata,
            text,
            blocks,
            pages: None,
            notices,
        }
    }
}

/// Folds white space and drops what is invisible.
pub(crate) fn fold(text: &str) -> String {
    let clean: String = text
        .chars()
        .filter(|letter| !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'))
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .nfc()
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes parentheses that only tell of the text's own amendments out of a line.
fn without_remarks(line: &str) -> (String, Vec<String>) {
    let mut kept = String::new();
    let mut remarks = Vec::new();
    let mut rest = line;
    while let Some(open) = rest.find('(') {
        let mut depth = 0usize;
        let close = rest[open..].char_indices().find_map(|(at, letter)| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(open + at + 1)
        });
        let Some(close) = close else { break };
        let inside = &rest[open + 1..close - 1];
        let begin: String = inside.chars().take(60).collect::<String>().to_lowercase();
        let act = inside.contains('№') || inside.to_lowercase().contains("закон");
        let remark = act
            && ([
                "в редакции",
                "утратил",
                "дополнен",
                "с учетом постановлен",
                "в ред. ",
            ]
            .iter()
            .any(|mark| begin.contains(mark)));
        if remark {
            kept.push_str(rest[..open].trim_end());
            remarks.push(rest[open..close].to_owned());
        } else {
            kept.push_str(&rest[..close]);
        }
        rest = &rest[close..];
    }
    kept.push_str(rest);
    (kept.trim().to_owned(), remarks)
}

/// Levels of the parts of acts and regulations, by the word that begins the line.
const PARTS: [(&str, u8); 9] = [
    ("приложение", 1),
    ("часть", 2),
    ("раздел", 3),
    ("подраздел", 4),
    ("глава", 5),
    ("§", 6),
    ("статья", 7),
    ("chapter", 5),
    ("article", 7),
];

/// Returns the level of a plain line that is a heading by its words.
fn heading_level(line: &str) -> Option<u8> {
    if line.chars().count() > HEADING_CHARS || line.ends_with([';', ':', ',']) {
        return None;
    }
    let lower = line.to_lowercase();
    for (word, level) in PARTS {
        let Some(rest) = lower.strip_prefix(word) else {
            continue;
        };
        let rest = rest.trim_start();
        let number: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-'))
            .collect();
        let numbered = number.starts_with(|first: char| first.is_ascii_digit())
            || (!number.is_empty()
                && number
                    .trim_end_matches('.')
                    .chars()
                    .all(|letter| "ivxlcіх".contains(letter)));
        let after = &rest[number.len()..];
        let stands =
            number.ends_with('.') || after.is_empty() || after.trim_start().starts_with(['—', '–', '-', '(']);
        let ordinal = matches!(level, 2)
            && line
                .chars()
                .filter(|letter| letter.is_alphabetic())
                .all(char::is_uppercase);
        if (numbered && stands && !(level < 7 && line.ends_with('.') && line.chars().count() > 120))
            || ordinal
        {
            return Some(level);
        }
    }
    let kazakh = [("-бап", 7), ("-тарау", 5), ("-бөлім", 3)];
    let digits = lower.chars().take_while(char::is_ascii_digit).count();
    kazakh
        .iter()
        .find(|(word, _)| digits > 0 && lower[digits..].starts_with(word))
        .map(|&(_, level)| level)
}

/// Returns the bytes of a list marker or clause number that begins a line, 0 for none.
fn marker_len(line: &str) -> usize {
    if let Some(rest) = line.strip_prefix(['-', '–', '—', '•', '*']) {
        return if rest.starts_with(' ') {
            line.len() - rest.len()
        } else {
            0
        };
    }
    let word = line.split(' ').next().unwrap_or_default();
    let marker =
        word.len() < line.len() && word.ends_with(')') && word.chars().count() <= 4 && !word.starts_with('(');
    if marker { word.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(lines: &[&str]) -> Vec<(BlockKind, String)> {
        let mut builder = Builder::default();
        for line in lines {
            builder.push(BlockKind::Paragraph, line);
        }
        let document = builder.finish("a.txt", Version([0; 16]), Format::Text);
        document
            .blocks
            .iter()
            .map(|block| (block.kind, block.range.of(&document.text).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn parts_of_acts_are_headings_and_sentences_about_them_are_not() {
        for (line, level) in [
            ("Статья 229.2. Порядок расследования", Some(7)),
            ("Глава 1. ОСНОВНЫЕ НАЧАЛА", Some(5)),
            ("Раздел IV. ОТДЫХ", Some(3)),
            ("Приложение 2", Some(1)),
            ("12-бап. Демалыс", Some(7)),
            ("Статья эта применяется всегда.", None),
            ("Часть средств возвращается заявителю.", None),
        ] {
            assert_eq!(heading_level(line), level, "{line}");
        }
    }

    #[test]
    fn editorial_remarks_leave_the_sentence_and_are_kept_beside_it() {
        let found = kinds(&[
            "Отпуск даётся ежегодно. (В редакции Федерального закона от 30.06.2006 № 90-ФЗ)",
            "Доля (не более 10%) растёт.",
        ]);
        assert_eq!(found[0].1, "Отпуск даётся ежегодно.");
        assert_eq!(found[1].0, BlockKind::Remark);
        assert_eq!(found[2].1, "Доля (не более 10%) растёт.");
    }

    #[test]
    fn an_act_is_named_by_its_own_name_and_not_by_the_state() {
        let mut builder = Builder::default();
        for line in [
            "РОССИЙСКАЯ ФЕДЕРАЦИЯ",
            "Лесной устав области",
            "Статья 1. Цели",
            "Текст.",
        ] {
            builder.push(BlockKind::Paragraph, line);
        }
        let document = builder.finish("a.txt", Version([0; 16]), Format::Text);
        assert_eq!(document.metadata.title.as_deref(), Some("Лесной устав области"));
    }

    #[test]
    fn lines_after_a_colon_are_items() {
        let found = kinds(&["Нужны:", "1) паспорт;", "копия договора.", "Срок — день."]);
        let item = BlockKind::ListItem { depth: 0 };
        assert_eq!(
            found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            [BlockKind::Paragraph, item, item, BlockKind::Paragraph]
        );
    }
}
