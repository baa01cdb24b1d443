//! Parts a document into passages along its structure.

use std::sync::Arc;

use docent_corpus::{Block, BlockKind, ByteRange, Document, Line, Passage};
use docent_language::sentences;

/// A passage is closed before it would pass this many characters: about 250 Russian words, one screen of a phone.
const TARGET_CHARS: usize = 1_200;

/// No passage is longer but for a single sentence that is.
pub const HARD_CHARS: usize = 1_800;

/// Parts a document into passages that tile its text.
///
/// A new heading begins a new passage; a long section is cut between blocks, a block too long by itself between
/// sentences. Items cut from their lead-in and rows cut from their header carry it in `lead`.
pub fn passages(document: &Document) -> Vec<Passage> {
    let title = document.metadata.title.clone().unwrap_or_else(|| {
        let file = document.name.rsplit('/').next().unwrap_or(&document.name);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
    });
    let mut maker = Maker {
        document,
        name: document.name.as_str().into(),
        title: title.as_str().into(),
        headings: Vec::new(),
        section: 0,
        lines: Vec::new(),
        lead: Vec::new(),
        pending: Vec::new(),
        opener: None,
        start: 0,
        done: Vec::new(),
    };
    for (at, block) in document.blocks.iter().enumerate() {
        maker.block(at, *block);
    }
    maker.close(document.text.len());
    maker.done
}

struct Maker<'a> {
    document: &'a Document,
    name: Arc<str>,
    title: Arc<str>,
    headings: Vec<(u8, Arc<str>)>,
    section: u32,
    lines: Vec<Line>,
    /// What the passage under way repeats.
    lead: Vec<Line>,
    /// What the next passage would have to repeat, were it to begin here.
    pending: Vec<Line>,
    /// The last paragraph that ends with a colon.
    opener: Option<Line>,
    start: usize,
    done: Vec<Passage>,
}

impl Maker<'_> {
    fn block(&mut self, at: usize, block: Block) {
        let text = &self.document.text[block.range.start..block.range.end];
        if let BlockKind::Heading { level } = block.kind {
            // A heading without text of its own goes with what follows it.
            if !self.lines.is_empty() {
                self.close(block.range.start);
            }
            self.headings.retain(|&(above, _)| above < level);
            let own_title = at == 0 && text.to_lowercase() == self.title.to_lowercase();
            if !own_title {
                self.headings.push((level, text.into()));
            }
            self.section += 1;
            (self.opener, self.pending) = (None, Vec::new());
            return;
        }
        let line = Line {
            kind: block.kind,
            range: block.range,
            page: block.page,
            text: text.to_owned(),
        };
        self.pending = match block.kind {
            BlockKind::ListItem { .. } => self.opener.iter().cloned().collect(),
            BlockKind::TableRow { .. } => std::mem::take(&mut self.pending),
            _ => Vec::new(),
        };
        for piece in self.pieces(line) {
            let length = |lines: &[Line]| {
                lines
                    .iter()
                    .filter(|line| line.kind != BlockKind::Remark)
                    .map(|line| line.text.chars().count())
                    .sum::<usize>()
            };
            let full = length(&self.lines) + piece.text.chars().count() > TARGET_CHARS;
            if full && !self.lines.is_empty() && piece.kind != BlockKind::Remark {
                self.close(piece.range.start);
                self.lead = self.pending.clone();
            }
            self.lines.push(piece);
        }
        match (block.kind, self.lines.last()) {
            (BlockKind::TableHeader { .. }, Some(header)) => self.pending = vec![header.clone()],
            (BlockKind::Paragraph, Some(last)) => {
                self.opener = Some(last.clone()).filter(|last| last.text.ends_with(':'))
            }
            _ => {}
        }
    }

    /// Cuts a block over the limit at sentence ends.
    fn pieces(&self, line: Line) -> Vec<Line> {
        if line.text.chars().count() <= HARD_CHARS {
            return vec![line];
        }
        let mut cuts: Vec<ByteRange> = Vec::new();
        for sentence in sentences(&line.text) {
            match cuts.last_mut() {
                Some(last) if line.text[last.start..sentence.end].chars().count() <= TARGET_CHARS => {
                    last.end = sentence.end
                }
                _ => cuts.push(sentence),
            }
        }
        cuts.into_iter()
            .map(|cut| Line {
                text: line.text[cut.start..cut.end].to_owned(),
                range: cut.shifted(line.range.start),
                ..line.clone()
            })
            .collect()
    }

    fn close(&mut self, end: usize) {
        let lines = std::mem::take(&mut self.lines);
        let lead = std::mem::take(&mut self.lead);
        if end == self.start {
            return;
        }
        self.done.push(Passage {
            document: self.name.clone(),
            title: self.title.clone(),
            version: self.document.version,
            section: self.section,
            headings: self.headings.iter().map(|(_, heading)| heading.clone()).collect(),
            lead,
            lines,
            range: ByteRange::new(self.start, end),
        });
        self.start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_document;

    fn check_tiling(name: &str, text: &str) -> Vec<Passage> {
        let document = read_document(name, text.as_bytes()).unwrap();
        let found = passages(&document);
        let mut at = 0;
        for passage in &found {
            assert_eq!(passage.range.start, at, "a gap or an overlap");
            at = passage.range.end;
            for line in &passage.lines {
                assert!(passage.range.contains(line.range));
            }
            for line in passage.lines.iter().chain(&passage.lead) {
                assert_eq!(line.range.of(&document.text), Some(line.text.as_str()));
            }
            assert!(
                passage
                    .lines
                    .iter()
                    .map(|line| line.text.chars().count())
                    .sum::<usize>()
                    <= HARD_CHARS
            );
        }
        assert_eq!(at, document.text.len());
        let own: usize = found
            .iter()
            .flat_map(|passage| &passage.lines)
            .map(|line| line.text.len())
            .sum();
        let blocks: usize = document
            .blocks
            .iter()
            .filter(|block| !matches!(block.kind, BlockKind::Heading { .. }))
            .map(|block| block.range.len())
            .sum();
        assert_eq!(own, blocks, "every word once");
        found
    }

    #[test]
    fn a_section_knows_the_headings_above_it() {
        let found = check_tiling(
            "a.md",
            "# Правила\n\n## Общее\n\nПервое.\n\n### Сроки\n\nВторое.\n\n## Прочее\n\nТретье.\n",
        );
        let paths: Vec<Vec<&str>> = found
            .iter()
            .map(|passage| passage.headings.iter().map(|heading| &**heading).collect())
            .collect();
        assert_eq!(paths, [vec!["Общее"], vec!["Общее", "Сроки"], vec!["Прочее"]]);
        assert_eq!(&*found[0].title, "Правила");
    }

    #[test]
    fn a_long_list_repeats_its_lead_in_and_a_long_table_its_header() {
        let items: String = (0..60)
            .map(|number| format!("- документ номер {number} с приложением и подписью\n"))
            .collect();
        let found = check_tiling("a.md", &format!("Нужны следующие документы:\n\n{items}"));
        assert!(found.len() > 1);
        assert!(
            found[1..]
                .iter()
                .all(|passage| passage.lead[0].text == "Нужны следующие документы:")
        );
        let rows: String = (0..60)
            .map(|number| format!("| услуга номер {number} | {number} тенге за единицу |\n"))
            .collect();
        let found = check_tiling("a.md", &format!("| Услуга | Цена |\n|---|---|\n{rows}"));
        assert!(found.len() > 1);
        assert!(
            found[1..]
                .iter()
                .all(|passage| passage.lead[0].text == "Услуга | Цена")
        );
    }

    #[test]
    fn a_long_paragraph_is_cut_between_sentences() {
        let found = check_tiling(
            "a.txt",
            &"Заявление рассматривают в течение десяти рабочих дней. ".repeat(80),
        );
        assert!(found.len() > 1);
        assert!(found.iter().all(|passage| {
            passage
                .lines
                .iter()
                .all(|line| line.text.trim_end().ends_with('.'))
        }));
    }
}
