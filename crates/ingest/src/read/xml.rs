//! XML of other kinds: Word and Excel 2003, exports of programs. Only its text is known: leaf elements and paragraphs are
//! lines, rows are rows.

use docent_corpus::{Format, Unreadable};
use quick_xml::Reader;
use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::Event;

use super::docx::{self, attribute, resolved};
use super::draft::{Draft, Para, Repeats, Role, join_cells};
use super::odf;
use super::package::cut;
use super::sheet::iso;

/// Elements inside one another.
const MAX_DEPTH: usize = 1_000;

/// Columns of one row: a sheet for people has some dozen.
const MAX_COLUMNS: usize = 2_000;

/// Tells whether text is XML.
pub(super) fn is_xml(text: &str) -> bool {
    text.trim_start().starts_with("<?xml")
}

/// Reads an XML file.
pub(super) fn read(text: &str) -> Result<Draft, Unreadable> {
    const HEAD_CHARS: usize = 4_000;
    let head: String = text.chars().take(HEAD_CHARS).collect();
    if head.contains("office:document") {
        return odf::read_flat(text);
    }
    if head.contains("wordDocument") || head.contains("http://schemas.microsoft.com/office/2006/xmlPackage") {
        return docx::read_flat(text);
    }
    let mut draft = Draft::new(Format::Xml);
    let mut reader = Reader::from_str(text);
    // Feeds and exports are put together by hand: what is not closed is closed by what follows.
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut line = String::new();
    let mut row: Option<Vec<String>> = None;
    let (mut depth, mut unread) = (0_usize, 0_usize);
    let mut repeats = Repeats::default();
    let (mut table, mut cell, mut is_date) = (0, String::new(), false);
    loop {
        let Ok(event) = reader.read_event() else {
            return broken(draft, &line);
        };
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(cut());
                }
                let name = start.local_name().as_ref().to_owned();
                if unread > 0 || is_unread(&name) {
                    unread += 1;
                } else if name == "Row" || name == "tr" {
                    row = Some(Vec::new());
                } else if name == "Worksheet" {
                    let name = attribute(&start, "Name").unwrap_or_default();
                    draft.paras.push(Para::new(Role::Heading(1), name));
                    table += 1;
                } else if let (Some(cells), "Cell") = (&mut row, name.as_str()) {
                    let index = attribute(&start, "Index").and_then(|index| index.parse::<usize>().ok());
                    // Cells without words before this one.
                    let index = index.unwrap_or(1).min(MAX_COLUMNS);
                    let more = repeats.cells((index - 1).saturating_sub(cells.len()));
                    cells.extend(std::iter::repeat_n(String::new(), more));
                    cell = String::new();
                } else if name == "Data" {
                    is_date = attribute(&start, "Type").as_deref() == Some("DateTime");
                }
            }
            Event::Text(words) if unread == 0 => line.push_str(&words),
            Event::CData(words) if unread == 0 => line.push_str(&words),
            Event::GeneralRef(entity) if unread == 0 => {
                let letter = resolved(&entity);
                let named = resolve_html5_entity(&entity).filter(|_| letter.is_empty());
                line.push_str(named.unwrap_or(&letter));
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                if unread > 0 {
                    unread -= 1;
                    continue;
                }
                let name = end.local_name().as_ref().to_owned();
                // A run is a part of its paragraph.
                if matches!(name.as_str(), "t" | "r" | "b" | "i" | "Font" | "span") {
                    continue;
                }
                let words = std::mem::take(&mut line);
                let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
                match (&mut row, name.as_str()) {
                    (Some(cells), "Row" | "tr") => {
                        let cells = std::mem::take(cells);
                        row = None;
                        draft
                            .paras
                            .push(Para::new(Role::Row(table, false), join_cells(&cells)));
                    }
                    (Some(cells), "Cell") => cells.push(std::mem::take(&mut cell) + &words),
                    (Some(_), "Data") if std::mem::take(&mut is_date) => cell.push_str(&iso(&words)),
                    (Some(_), "Data") => cell.push_str(&words),
                    (Some(cells), _) if !words.is_empty() => cells.push(words),
                    (None, _) => draft.paras.push(Para::new(Role::Plain, words)),
                    _ => {}
                }
            }
            Event::Eof if depth > 0 => return broken(draft, &line),
            Event::Eof => return Ok(draft),
            _ => {}
        }
        if draft.paras.is_over() {
            return Ok(draft);
        }
    }
}

/// Returns what stood before a break, with a remark; a file that breaks before its first words is refused.
fn broken(mut draft: Draft, line: &str) -> Result<Draft, Unreadable> {
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    draft.paras.push(Para::new(Role::Plain, words));
    if draft.paras.last().is_none() {
        return Err(cut());
    }
    draft
        .lost
        .push("The file is cut short or broken; what followed is missing.".to_owned());
    Ok(draft)
}

/// What Office keeps for itself.
fn is_unread(name: &str) -> bool {
    matches!(
        name,
        "DocumentProperties"
            | "CustomDocumentProperties"
            | "styles"
            | "Styles"
            | "fonts"
            | "binData"
            | "WorksheetOptions"
            | "ExcelWorkbook"
            | "docPr"
            | "lists"
            | "instrText"
    )
}
