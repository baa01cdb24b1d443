//! DOCX: the paragraphs, headings and tables of `word/document.xml`.

use std::io::Read;

use docent_corpus::{BlockKind, Unreadable, UnreadableCode};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::build::Builder;

/// Inflated bytes of the text part: a 1,000-page act needs some 20 MiB, a bomb wants gigabytes.
const MAX_PART_BYTES: u64 = 64 << 20;

fn damaged(reason: &str) -> Unreadable {
    Unreadable {
        code: UnreadableCode::Damaged,
        reason: format!("{reason}; open it in Word or LibreOffice and save it again"),
    }
}

/// Reads a DOCX file.
pub(crate) fn read(bytes: &[u8], into: &mut Builder) -> Result<(), Unreadable> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes))
        .map_err(|_| damaged("the file is cut short or no real DOCX"))?;
    let part = archive
        .by_name("word/document.xml")
        .map_err(|_| damaged("the file holds no Word text"))?;
    let mut xml = String::new();
    part.take(MAX_PART_BYTES + 1)
        .read_to_string(&mut xml)
        .map_err(|_| damaged("the text of the file cannot be unpacked"))?;
    if xml.len() as u64 > MAX_PART_BYTES {
        let reason = format!(
            "the text unpacks to over {} MiB; part the document",
            MAX_PART_BYTES >> 20
        );
        return Err(Unreadable {
            code: UnreadableCode::TooBig,
            reason,
        });
    }
    parse(&xml, into)
}

#[derive(Default)]
struct State {
    line: String,
    heading: Option<u8>,
    item: Option<u8>,
    in_text: bool,
    raised: bool,
    cells: Option<Vec<String>>,
    cell: String,
    rows: usize,
    table: u32,
}

fn parse(xml: &str, into: &mut Builder) -> Result<(), Unreadable> {
    let mut reader = Reader::from_str(xml);
    let mut state = State::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|_| damaged("the text of the file is broken XML"))?;
        match event {
            Event::Eof => return Ok(()),
            Event::Start(tag) | Event::Empty(tag) => {
                let value = || {
                    tag.attributes()
                        .flatten()
                        .find(|attribute| attribute.key.local_name().as_ref() == "val")
                        .map(|attribute| attribute.value.to_string())
                };
                match tag.local_name().as_ref() {
                    "t" => state.in_text = true,
                    "tab" | "br" => state.line.push(' '),
                    "r" => state.raised = false,
                    "vertAlign" => state.raised = value().as_deref() == Some("superscript"),
                    "pStyle" => state.heading = value().and_then(|style| heading(&style)),
                    "ilvl" => state.item = value().and_then(|level| level.parse().ok()),
                    "tr" => state.cells = Some(Vec::new()),
                    "tc" => state.cell.clear(),
                    "tbl" => state.rows = 0,
                    _ => {}
                }
            }
            Event::Text(words) if state.in_text => {
                let words: &str = words.as_ref();
                if state.raised
                    && state.line.ends_with(|last: char| last.is_ascii_digit())
                    && words.chars().all(|letter| letter.is_ascii_digit())
                {
                    state.line.push('.');
                }
                state.line.push_str(words);
            }
            Event::GeneralRef(name) if state.in_text => {
                let named = match name.as_ref() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => name.resolve_char_ref().ok().flatten().unwrap_or(' '),
                };
                state.line.push(named);
            }
            Event::End(tag) => end(tag.local_name().as_ref(), &mut state, into),
            _ => {}
        }
    }
}

fn end(name: &str, state: &mut State, into: &mut Builder) {
    match name {
        "t" => state.in_text = false,
        "p" => {
            let line = std::mem::take(&mut state.line);
            let (heading, item) = (state.heading.take(), state.item.take());
            if state.cells.is_some() {
                state.cell.push(' ');
                state.cell.push_str(&line);
            } else if let Some(level) = heading {
                into.push(BlockKind::Heading { level }, &line);
            } else if let Some(depth) = item {
                into.push(BlockKind::ListItem { depth }, &line);
            } else {
                into.push(BlockKind::Paragraph, &line);
            }
        }
        "tc" => {
            if let Some(cells) = &mut state.cells {
                cells.push(state.cell.trim().to_owned());
            }
        }
        "tr" => {
            let table = state.table;
            let kind = if state.rows == 0 {
                BlockKind::TableHeader { table }
            } else {
                BlockKind::TableRow { table }
            };
            state.rows += 1;
            into.push(kind, &state.cells.take().unwrap_or_default().join(" | "));
        }
        "tbl" => state.table += 1,
        _ => {}
    }
}

fn heading(style: &str) -> Option<u8> {
    let lower = style.to_lowercase();
    if lower == "title" {
        return Some(1);
    }
    // LibreOffice and Word name the styles `Heading1`, Russian Word numbers them plainly.
    let level = lower
        .strip_prefix("heading")
        .unwrap_or(&lower)
        .trim()
        .parse()
        .ok()?;
    (1..=9).contains(&level).then_some(level)
}
