//! A draft → a [`Document`]: the steps that are the same for every format.
//!
//! Owns the order of the steps — clean, take remarks and contents out, find headings and lists, name the document, lay out the text —
//! and the invariants of the result. The title's own line stays where it stands, as a heading of level 1.

use docent_corpus::{
    Block, BlockKind, ByteRange, Document, Metadata, Notice, NoticeKind, Unreadable, UnreadableCode, Version,
};

use super::draft::{Draft, Para, Role};
use super::{contents, list, no_text, outline, refuse, remark, title};
use crate::tidy::{Repairs, clean};

/// Turns a draft into a document.
pub(super) fn finish(name: &str, version: Version, draft: Draft) -> Result<Document, Unreadable> {
    if draft.paras.is_over() {
        return Err(refuse(
            UnreadableCode::TooBig,
            "the document holds over 20 MiB of text or a million paragraphs and rows; split it into parts",
        ));
    }
    let mut repairs = Repairs::of(draft.paras.iter().map(|para| para.text.as_str()));
    let mut paras: Vec<Para> = Vec::new();
    // Remarks sit out the search for structure: nothing that surrounds them must see them. Each with the number of
    // paragraphs before it.
    let mut remarks: Vec<(usize, Para)> = Vec::new();
    for mut para in draft.paras {
        para.text = clean(&para.text, &mut repairs);
        part(para, &mut paras, &mut remarks);
    }
    contents::part(&mut paras, &mut remarks);
    if paras.is_empty() && remarks.is_empty() {
        return Err(no_text(draft.format));
    }
    let own = draft.title.as_deref().map(|own| clean(own, &mut repairs));
    let gone = title::join_lines(&mut paras);
    for (before, _) in &mut remarks {
        *before -= (*before).clamp(gone.start, gone.end) - gone.start;
    }
    let title = title::title(own.as_deref(), name, &paras);
    mark_title(&mut paras, title.as_deref());
    outline::mark_headings(&mut paras);
    list::mark_items(&mut paras);

    let mut text = String::new();
    let mut blocks = Vec::with_capacity(paras.len() + remarks.len());
    let mut lay = |para: &Para, kind: BlockKind| {
        let start = text.len();
        text.push_str(&para.text);
        blocks.push(Block {
            kind,
            range: ByteRange::new(start, text.len()),
            page: para.page,
        });
        text.push('\n');
    };
    let mut remarks = remarks.into_iter().peekable();
    for (at, para) in paras.into_iter().enumerate() {
        while let Some((_, remark)) = remarks.next_if(|(before, _)| *before <= at) {
            lay(&remark, BlockKind::Remark);
        }
        lay(&para, kind_of(&para));
    }
    for (_, remark) in remarks {
        lay(&remark, BlockKind::Remark);
    }
    let (hidden, unseen) = draft.hidden.done();
    let repaired = draft.repaired.into_iter().chain(repairs.sentences()).collect();
    let notices = [
        (NoticeKind::Lost, draft.lost),
        (NoticeKind::Hidden, unseen),
        (NoticeKind::Repaired, repaired),
    ];
    let notices = notices.into_iter().flat_map(|(kind, sentences)| {
        let told = sentences.into_iter();
        told.map(move |text| Notice { kind, text })
    });
    let tidy = |words: Option<String>| {
        words
            .map(|words| clean(&words, &mut Repairs::default()))
            .filter(|words| !words.is_empty())
    };
    Ok(Document {
        name: name.to_owned(),
        version,
        format: draft.format,
        metadata: Metadata {
            title,
            author: tidy(draft.author),
            date: tidy(draft.date),
        },
        text,
        blocks,
        pages: draft.pages,
        notices: notices.collect(),
        hidden,
    })
}

/// Parts a cleaned paragraph from the editorial remarks that stand in it.
fn part(mut para: Para, paras: &mut Vec<Para>, remarks: &mut Vec<(usize, Para)>) {
    if para.role == Role::Remark {
        if !para.text.trim().is_empty() {
            remarks.push((paras.len(), para));
        }
        return;
    }
    // A cell's remark cannot leave its row, and what is quoted word for word stays so.
    if !matches!(para.role, Role::Row(..) | Role::Verbatim) {
        let (rest, found) = remark::take_out(&para.text);
        let before = paras.len() + usize::from(!rest.trim().is_empty());
        remarks.extend(found.into_iter().map(|text| {
            let remark = Para {
                page: para.page,
                ..Para::new(Role::Plain, text)
            };
            (before, remark)
        }));
        para.text = rest;
    }
    if !para.text.trim().is_empty() {
        paras.push(para);
    }
}

/// Makes the line that gave the title a heading of level 1.
fn mark_title(paras: &mut [Para], title: Option<&str>) {
    let Some(title) = title else { return };
    let title = title.to_lowercase();
    let line = paras.iter_mut().take(title::FRONT_PARAS).find(|para| {
        matches!(para.role, Role::Plain | Role::Heading(_)) && para.text.to_lowercase() == title
    });
    if let Some(para) = line
        && para.role == Role::Plain
        && outline::structural_rank(&para.text, true).is_none()
    {
        para.role = Role::Heading(1);
        para.strong = false;
    }
}

fn kind_of(para: &Para) -> BlockKind {
    match para.role {
        Role::Plain if is_caption(&para.text) => BlockKind::Caption,
        Role::Plain | Role::Verbatim => BlockKind::Paragraph,
        Role::Heading(level) => BlockKind::Heading {
            level: level.clamp(1, 9),
        },
        Role::Item(depth) => BlockKind::ListItem { depth },
        Role::Row(table, true) => BlockKind::TableHeader { table },
        Role::Row(table, false) => BlockKind::TableRow { table },
        Role::Caption => BlockKind::Caption,
        Role::Footnote => BlockKind::Footnote,
        Role::Remark => BlockKind::Remark,
    }
}

/// «Таблица 2. Сроки», «Рисунок 1 — Схема»: a caption by its first word and number.
pub(super) fn is_caption(text: &str) -> bool {
    /// Longer ones are sentences about a table.
    const MAX_CHARS: usize = 160;
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or("").to_lowercase();
    let numbered = words
        .next()
        .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()) || word == "№");
    numbered
        && matches!(
            first.as_str(),
            "таблица" | "рисунок" | "рис." | "табл." | "кесте" | "сурет" | "table" | "figure"
        )
        && !text.ends_with('.')
        && text.chars().count() <= MAX_CHARS
}

/// Checks that the blocks of a document are the lines of its text, in order, none empty.
///
/// # Errors
///
/// The first breach, in words.
pub fn check_invariants(document: &Document) -> Result<(), String> {
    let mut end = 0;
    for (number, block) in document.blocks.iter().enumerate() {
        let range = block.range;
        if range.start != end {
            return Err(format!(
                "block {number} starts at {} where {end} was due",
                range.start
            ));
        }
        let text = range
            .of(&document.text)
            .ok_or_else(|| format!("block {number} is off character boundaries"))?;
        if text.trim().is_empty() {
            return Err(format!("block {number} is empty"));
        }
        if text.contains(['\n', '\r']) {
            return Err(format!("block {number} holds a line end"));
        }
        if document.text.as_bytes().get(range.end) != Some(&b'\n') {
            return Err(format!("block {number} is not followed by a line end"));
        }
        if let BlockKind::Heading { level } = block.kind
            && !(1..=9).contains(&level)
        {
            return Err(format!("block {number} is a heading of level {level}"));
        }
        end = range.end + 1;
    }
    if end == document.text.len() {
        Ok(())
    } else {
        Err(format!("text goes on behind its last block at {end}"))
    }
}
