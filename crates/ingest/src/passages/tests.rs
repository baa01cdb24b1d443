//! Passages of small documents built by hand, and what holds for any document.

use std::fmt::Write as _;
use std::sync::Arc;

use docent_corpus::{Block, BlockKind, ByteRange, Document, Format, Line, Metadata, Passage, Version};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{HARD_CHARS, passages};

const P: BlockKind = BlockKind::Paragraph;
const R: BlockKind = BlockKind::Remark;

fn h(level: u8) -> BlockKind {
    BlockKind::Heading { level }
}

fn li(depth: u8) -> BlockKind {
    BlockKind::ListItem { depth }
}

fn document(title: Option<&str>, blocks: &[(BlockKind, &str)]) -> Document {
    let mut text = String::new();
    let mut found = Vec::new();
    for (nth, (kind, words)) in blocks.iter().enumerate() {
        let start = text.len();
        text.push_str(words);
        found.push(Block {
            kind: *kind,
            range: ByteRange::new(start, text.len()),
            page: Some(1 + nth as u32 / 3),
        });
        text.push('\n');
    }
    Document {
        name: "folder/Правила приёма.docx".to_owned(),
        version: Version([7; 16]),
        format: Format::Docx,
        metadata: Metadata {
            title: title.map(str::to_owned),
            ..Metadata::default()
        },
        text,
        blocks: found,
        pages: None,
        notices: Vec::new(),
        hidden: Vec::new(),
    }
}

/// Draws passages, long texts by their first word and length.
fn drawn(passages: &[Passage]) -> String {
    let brief = |line: &Line| {
        let count = line.text.chars().count();
        if count <= 40 {
            line.text.clone()
        } else {
            format!("{}… {count}", line.text.split(' ').next().unwrap_or(""))
        }
    };
    let mut drawn = String::new();
    for passage in passages {
        writeln!(drawn, "{} {}", passage.section, passage.headings.join(" › ")).unwrap();
        for line in &passage.lead {
            writeln!(drawn, "  ^ {}", brief(line)).unwrap();
        }
        for line in &passage.lines {
            writeln!(drawn, "  {}", brief(line)).unwrap();
        }
    }
    drawn
}

#[track_caller]
fn check(title: Option<&str>, blocks: &[(BlockKind, &str)], expected: &Expect) {
    let document = document(title, blocks);
    let found = passages(&document);
    if let Err(broken) = tiles(&document, &found) {
        panic!("{broken}");
    }
    expected.assert_eq(&drawn(&found));
}

fn long(first: &str, chars: usize) -> String {
    format!("{first} {}", "Слово и ещё одно слово. ".repeat(chars / 24))
        .trim_end()
        .to_owned()
}

#[test]
fn every_article_is_a_section_under_its_chapter() {
    check(
        Some("КОДЕКС о труде"),
        &[
            (h(1), "Кодекс о Труде"),
            (R, "(в ред. от 2020 г.)"),
            (h(2), "Глава 1"),
            (h(3), "Статья 1"),
            (P, "Один."),
            (h(3), "Статья 2. Утратила силу"),
            (h(3), "Статья 3"),
            (P, "Три."),
            (R, "(изм.)"),
            (h(2), "Глава 2"),
        ],
        &expect![[r"
            0 
              (в ред. от 2020 г.)
            1 Глава 1 › Статья 1
              Один.
            2 Глава 1 › Статья 2. Утратила силу
              Статья 2. Утратила силу
            3 Глава 1 › Статья 3
              Три.
              (изм.)
            4 Глава 2
              Глава 2
        "]],
    );
}

#[test]
fn a_heading_with_nothing_but_a_remark_below_it_can_be_quoted() {
    check(
        None,
        &[
            (h(1), "Статья 1."),
            (R, "(Утратила силу)"),
            (h(1), "Статья 2."),
            (P, "Два."),
        ],
        &expect![[r"
            0 Статья 1.
              Статья 1.
              (Утратила силу)
            1 Статья 2.
              Два.
        "]],
    );
}

#[test]
fn a_cut_list_repeats_its_lead_in_and_the_items_above() {
    let items: Vec<String> = ["а)", "б)", "в)", "г)"]
        .iter()
        .map(|mark| long(mark, 500))
        .collect();
    check(
        None,
        &[
            (P, "Нужны документы:"),
            (li(0), "1) паспорт;"),
            (li(0), "2) справки:"),
            (li(1), &items[0]),
            (li(1), &items[1]),
            (li(1), &items[2]),
            (li(1), &items[3]),
        ],
        &expect![[r"
            0 
              Нужны документы:
              1) паспорт;
              2) справки:
              а)… 482
              б)… 482
            0 
              ^ Нужны документы:
              ^ 2) справки:
              в)… 482
              г)… 482
        "]],
    );
}

#[test]
fn a_cut_table_repeats_its_caption_and_header() {
    let rows: Vec<String> = (0..4).map(|row| long(&format!("{row} |"), 700)).collect();
    let row = BlockKind::TableRow { table: 0 };
    check(
        None,
        &[
            (BlockKind::Caption, "Таблица 1. Тарифы"),
            (BlockKind::TableHeader { table: 0 }, "Услуга | Плата"),
            (row, &rows[0]),
            (row, &rows[1]),
            (row, &rows[2]),
            (row, &rows[3]),
        ],
        &expect![[r"
            0 
              Таблица 1. Тарифы
              Услуга | Плата
              0… 699
            0 
              ^ Таблица 1. Тарифы
              ^ Услуга | Плата
              1… 699
            0 
              ^ Таблица 1. Тарифы
              ^ Услуга | Плата
              2… 699
              3… 699
        "]],
    );
}

#[test]
fn a_lead_in_goes_with_its_list_and_a_remark_with_its_paragraph() {
    let (one, two, three) = (long("один", 1000), long("1)", 600), long("2)", 600));
    check(
        None,
        &[
            (P, &one),
            (R, "(ред.)"),
            (P, "Нужно:"),
            (li(0), &two),
            (li(0), &three),
        ],
        &expect![[r"
            0 
              один… 988
              (ред.)
            0 
              Нужно:
              1)… 602
              2)… 602
        "]],
    );
}

#[test]
fn a_long_paragraph_is_cut_between_sentences_only() {
    let text = long("начало", 4000);
    let found = passages(&document(None, &[(P, &text)]));
    assert!(found.len() > 2);
    assert!(
        found
            .iter()
            .flat_map(|passage| &passage.lines)
            .all(|line| line.text.ends_with('.'))
    );
}

/// Found by fuzzing: each of the lines announced the next, and a passage was made of each.
#[test]
fn lines_that_all_end_with_a_colon_are_cut_like_any_others() {
    let found = passages(&document(None, &vec![(P, ":"); 6_000]));
    assert!(found.len() < 12, "{} passages", found.len());
}

#[test]
fn without_a_title_the_file_name_is_the_title() {
    let found = passages(&document(None, &[(P, "Текст.")]));
    assert_eq!(&*found[0].title, "Правила приёма");
    assert_eq!(found[0].page(), Some(1));
}

#[test]
fn an_empty_document_has_no_passages() {
    assert_eq!(passages(&document(None, &[])), []);
}

/// Says what a passage breaks, if any does.
fn tiles(document: &Document, passages: &[Passage]) -> Result<(), String> {
    let mut at = 0;
    let mut section = 0;
    for passage in passages {
        if passage.range.start != at || passage.range.is_empty() {
            return Err(format!("gap or overlap at {at}: {:?}", passage.range));
        }
        at = passage.range.end;
        if passage.section < section || passage.section > section + 1 {
            return Err(format!("section {} after {section}", passage.section));
        }
        section = passage.section;
        for line in passage.lead.iter().chain(&passage.lines) {
            if line.range.of(&document.text) != Some(&line.text) {
                return Err(format!("not the text at {:?}: {}", line.range, line.text));
            }
        }
        if passage.lines.is_empty() {
            return Err("a passage without a line".to_owned());
        }
        if !passage
            .lines
            .iter()
            .all(|line| passage.range.contains(line.range))
        {
            return Err("a line outside its passage".to_owned());
        }
        if !passage
            .lead
            .iter()
            .all(|line| line.range.end <= passage.range.start)
        {
            return Err("a lead that is not from before".to_owned());
        }
        let own = passage.lines.iter().filter(|line| line.kind != BlockKind::Remark);
        let chars: usize = own.map(|line| line.text.chars().count()).sum();
        if chars > HARD_CHARS {
            return Err(format!("{chars} characters"));
        }
    }
    if at != document.text.len() {
        return Err(format!("ends at {at} of {}", document.text.len()));
    }
    let words = |text: &str| text.split_whitespace().collect::<String>();
    let own: String = passages
        .iter()
        .flat_map(|passage| &passage.lines)
        .filter(|line| !matches!(line.kind, BlockKind::Heading { .. }))
        .map(|line| words(&line.text))
        .collect();
    // Only remarks in front of the first heading have nothing beside them that could be quoted.
    let mute = passages.iter().skip(1).find(|passage| {
        let mut lines = passage.lines.iter();
        lines.all(|line| line.kind == BlockKind::Remark) && passage.lead.is_empty()
    });
    if let Some(mute) = mute {
        return Err(format!("nothing to quote at {:?}", mute.range));
    }
    let blocks: String = (document.blocks.iter())
        .filter(|block| !matches!(block.kind, BlockKind::Heading { .. }))
        .filter_map(|block| block.range.of(&document.text))
        .map(words)
        .collect();
    if own != blocks {
        return Err("own lines are not the words of the blocks".to_owned());
    }
    // A heading is told when some passage in which it begins carries it in its path.
    let title = passages.first().map(|passage| Arc::clone(&passage.title));
    for (nth, block) in document
        .blocks
        .iter()
        .filter(|block| matches!(block.kind, BlockKind::Heading { .. }))
        .enumerate()
    {
        let text = block.range.of(&document.text).unwrap_or("").trim();
        let own = passages
            .iter()
            .find(|passage| (passage.range.start..passage.range.end).contains(&block.range.start));
        let told = own.is_some_and(|passage| passage.headings.iter().any(|heading| **heading == *text));
        let is_title = nth == 0
            && title
                .as_deref()
                .is_some_and(|title| super::same_words(title, text));
        if !told && !is_title {
            return Err(format!("heading lost: {text}"));
        }
    }
    Ok(())
}

fn block() -> impl Strategy<Value = (BlockKind, String)> {
    let kind = prop_oneof![
        (1..4u8).prop_map(|level| BlockKind::Heading { level }),
        Just(P),
        Just(P),
        (0..3u8).prop_map(|depth| BlockKind::ListItem { depth }),
        (0..2u32).prop_map(|table| BlockKind::TableHeader { table }),
        (0..2u32).prop_map(|table| BlockKind::TableRow { table }),
        Just(BlockKind::Caption),
        Just(BlockKind::Footnote),
        Just(R),
    ];
    let text = prop_oneof![
        "[а-яё]{1,9}( [а-яё]{1,9}){0,12}[.:;]?",
        "([А-Я][а-яё]{1,9}( [а-яё]{1,9}){3,20}[.,] ?){1,40}[.:]",
        "[а-яё]{1,50}",
        (1..5_000usize).prop_map(|count| "ж".repeat(count)),
    ];
    (kind, text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn passages_tile_any_document_and_tell_every_word_once(
        blocks in prop::collection::vec(block(), 0..30),
        titled in any::<bool>(),
    ) {
        let blocks: Vec<(BlockKind, &str)> = blocks.iter().map(|(kind, text)| (*kind, &**text)).collect();
        let title = blocks.iter().find(|(kind, _)| matches!(kind, BlockKind::Heading { .. })).map(|(_, text)| *text);
        let document = document(title.filter(|_| titled), &blocks);
        let found = passages(&document);
        prop_assert_eq!(tiles(&document, &found), Ok(()));
        prop_assert_eq!(passages(&document), found);
    }
}

/// A way to break passages.
type Break = fn(&mut Vec<Passage>);

/// Breaks good passages in one way after another: the property that guards them has to notice each.
#[test]
fn broken_passages_are_noticed() {
    let rows: Vec<String> = (0..6).map(|row| long(&format!("{row} |"), 700)).collect();
    let text = long("начало", 4000);
    let mut blocks = vec![
        (h(1), "Раздел"),
        (P, &*text),
        (BlockKind::TableHeader { table: 0 }, "Услуга | Плата"),
    ];
    blocks.extend(rows.iter().map(|row| (BlockKind::TableRow { table: 0 }, &**row)));
    let document = document(Some("Правила"), &blocks);
    let good = passages(&document);
    assert_eq!(tiles(&document, &good), Ok(()));
    assert_eq!(keeps_together(&document, &good), Ok(()));
    let breaks: [(&str, Break); 11] = [
        ("lost at the end", |passages| drop(passages.pop())),
        ("lost at the start", |passages| drop(passages.remove(0))),
        ("told twice", |passages| passages.insert(1, passages[1].clone())),
        ("out of order", |passages| passages.swap(0, 1)),
        ("a line lost", |passages| drop(passages[1].lines.pop())),
        ("a line told by two", |passages| {
            let line = passages[0].lines[0].clone();
            passages[1].lines.insert(0, line);
        }),
        ("other words", |passages| passages[1].lines[0].text.insert(0, 'я')),
        ("a range too long", |passages| passages[0].range.end += 1),
        ("a heading lost", |passages| {
            for passage in passages {
                passage.headings.clear();
            }
        }),
        ("a header lost", |passages| {
            for passage in passages {
                passage.lead.clear();
            }
        }),
        ("cut inside a sentence", |passages| {
            let line = &mut passages[0].lines[0];
            let end = line.text.floor_char_boundary(line.text.len() - 6);
            line.range.end = line.range.start + end;
            line.text.truncate(end);
        }),
    ];
    for (what, broken) in breaks {
        let mut passages = good.clone();
        broken(&mut passages);
        let noticed = tiles(&document, &passages).is_err() || keeps_together(&document, &passages).is_err();
        assert!(noticed, "{what}");
    }
}

/// Says where rows stand without their header, items without what introduces them, or a sentence in two passages.
fn keeps_together(document: &Document, passages: &[Passage]) -> Result<(), String> {
    let number_of = |line: &Line| {
        let mut blocks = document.blocks.iter();
        blocks.position(|block| block.range.contains(line.range))
    };
    for passage in passages {
        let Some(first) = passage.lines.iter().find(|line| line.kind != BlockKind::Remark) else {
            continue;
        };
        let number = number_of(first).ok_or("a line of no block")?;
        let told = |kind: BlockKind| passage.lead.iter().any(|line| line.kind == kind);
        let before = document.blocks[..number]
            .iter()
            .rev()
            .filter(|block| block.kind != BlockKind::Remark);
        match first.kind {
            BlockKind::TableRow { table } => {
                let header = BlockKind::TableHeader { table };
                let mut above = before.skip_while(|block| block.kind == first.kind);
                if above.next().is_some_and(|block| block.kind == header) && !told(header) {
                    return Err(format!("a row without its header: {}", first.text));
                }
            }
            BlockKind::ListItem { depth: 0 } => {
                let mut above = before.skip_while(|block| matches!(block.kind, BlockKind::ListItem { .. }));
                let introduced = above.next().is_some_and(|block| {
                    block.kind == P
                        && block
                            .range
                            .of(&document.text)
                            .is_some_and(|text| text.ends_with(':'))
                });
                if introduced && !told(P) {
                    return Err(format!("an item without its lead-in: {}", first.text));
                }
            }
            _ => {}
        }
        for line in passage.lines.iter().filter(|line| line.kind == P) {
            let number = number_of(line).ok_or("a line of no block")?;
            let block = document.blocks[number].range;
            let whole = block.of(&document.text).unwrap_or("");
            let sentences = docent_language::sentences(whole);
            let starts_one = |at: usize| {
                let at = at - block.start;
                at == whole.trim_end().len()
                    || sentences.iter().any(|sentence| {
                        let own = &whole[sentence.start..sentence.end];
                        let inside = sentence.start < at && at < sentence.start + own.trim_end().len();
                        // A sentence longer than a passage has to be cut somewhere.
                        at == sentence.start || (inside && own.chars().count() > HARD_CHARS)
                    })
            };
            let next = line.range.end + document.text[line.range.end..].len()
                - document.text[line.range.end..]
                    .trim_start_matches([' ', '\u{a0}'])
                    .len();
            if !starts_one(line.range.start) || !starts_one(next.min(block.end)) {
                return Err(format!("cut inside a sentence: {}", line.text));
            }
        }
    }
    Ok(())
}

/// A list with what introduces it, a table with its header, or paragraphs of sentences.
fn structure() -> impl Strategy<Value = Vec<(BlockKind, String)>> {
    let words = "[А-Я][а-яё]{1,9}( [а-яё]{1,9}){3,60}";
    let list = (
        "[А-Я][а-яё]{1,9}( [а-яё]{1,9}){0,9}:",
        prop::collection::vec((0..3u8, words), 1..30),
    )
        .prop_map(|(lead, items)| {
            let items = items.into_iter().enumerate().map(|(nth, (depth, words))| {
                (
                    li(if nth == 0 { 0 } else { depth }),
                    format!("{}) {words};", nth + 1),
                )
            });
            std::iter::once((P, lead)).chain(items).collect()
        });
    let table = (
        0..2u32,
        "[А-Я][а-яё]{1,9}( \\| [а-яё]{1,9}){1,5}",
        prop::collection::vec(words, 1..40),
    )
        .prop_map(|(table, header, rows)| {
            let rows = rows
                .into_iter()
                .map(|words| (BlockKind::TableRow { table }, format!("{words} | 5")));
            std::iter::once((BlockKind::TableHeader { table }, header))
                .chain(rows)
                .collect()
        });
    let paragraphs = prop::collection::vec(
        prop::collection::vec(words.prop_map(|words| format!("{words}.")), 1..30)
            .prop_map(|all| (P, all.join(" "))),
        1..4,
    );
    let heading = "[А-Я][а-яё]{1,9}".prop_map(|text| vec![(h(2), text)]);
    prop_oneof![list, table, paragraphs, heading]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn rows_keep_their_header_items_their_lead_in_and_sentences_their_end(
        parts in prop::collection::vec(structure(), 1..6),
    ) {
        let parts = parts.concat();
        let blocks: Vec<(BlockKind, &str)> = parts.iter().map(|(kind, text)| (*kind, &**text)).collect();
        let document = document(None, &blocks);
        let found = passages(&document);
        prop_assert_eq!(tiles(&document, &found), Ok(()));
        prop_assert_eq!(keeps_together(&document, &found), Ok(()));
    }
}
