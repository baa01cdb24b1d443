//! DOCX: the main text with styles, numbering, tables, footnotes and the page breaks that Word last drew.
//!
//! Owns the walk over `document.xml` and the notes; leaves style and numbering definitions to its submodules. Deleted
//! and hidden text, and what is white on paper or a point high, is left out; fallback copies of drawings are not read twice.

mod edges;
mod ground;
mod numbering;
mod parts;
mod styles;

use std::collections::HashMap;

use docent_corpus::{Format, Unreadable, UnreadableCode};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::draft::{Draft, Para, Paras, Repeats, Role, headers_of, join_cells, push_raised};
use super::hidden::Hidden;
use super::package::{Package, cut};
use super::{read_part, refuse};
use edges::Edges;
use ground::Grounds;
use numbering::Numbering;
pub(super) use numbering::{MARKER_CHARS, drawn};
pub(super) use parts::{Relations, chart, diagram};
use styles::{Ink, Style, Styles};

/// Elements inside one another: a table in a table in a text box needs some fifty; each open one costs memory.
const MAX_DEPTH: usize = 1_000;

/// Columns that one cell spans: Word has no more than this many.
const MAX_SPAN: usize = 63;

/// Reads a DOCX package.
pub(super) fn read(mut package: Package<'_>) -> Result<Draft, Unreadable> {
    let main = main_part(&mut package)?;
    let Some(main) = main.filter(|main| package.has(main)) else {
        return Err(refuse(
            UnreadableCode::Unsupported,
            "the file is an archive; put the documents themselves into the folder",
        ));
    };
    let relations = Relations::of(&mut package, &main)?;
    let part = |kind: &str| relations.first(kind, &format!("word/{kind}.xml"));
    let styles = Styles::parse(&package.xml(&part("styles"))?.unwrap_or_default());
    let numbering = Numbering::parse(&package.xml(&part("numbering"))?.unwrap_or_default());
    let mut walker = Walker::new(styles, numbering);
    for member in relations.all("header") {
        // Letterheads and coloured pages are drawn there.
        walker.grounds.note(&package.xml(&member)?.unwrap_or_default());
    }
    walker
        .walk(&package.xml(&main)?.unwrap_or_default())
        .map_err(|_| cut())?;
    let mut draft = walker.body();
    for id in std::mem::take(&mut walker.chunks) {
        let Some(chunk) = relations.by_id(&id) else {
            continue;
        };
        if let Some(bytes) = package.member(chunk)? {
            match read_part(chunk, &bytes) {
                Ok(read) => draft.append(read),
                Err(refusal) => draft.lost.push(format!("An inserted file: {}.", refusal.reason)),
            }
        }
    }
    for member in relations.all("diagramData") {
        draft
            .paras
            .extend(parts::diagram(&package.xml(&member)?.unwrap_or_default()));
    }
    for member in relations.all("chart") {
        let mut chart = Draft::new(Format::Docx);
        chart
            .paras
            .extend(parts::chart(&package.xml(&member)?.unwrap_or_default(), 0));
        draft.append(chart);
    }
    for (kind, named) in [
        ("footnotes", "footnotes"),
        ("endnotes", "end notes"),
        ("comments", "remarks"),
    ] {
        let Some(xml) = package.xml(&part(kind))? else {
            continue;
        };
        let mut notes = Walker::new(walker.styles.clone(), Numbering::default());
        notes.in_notes = true;
        notes.marks.clone_from(&walker.marks);
        notes.grounds.clone_from(&walker.grounds);
        if notes.walk(&xml).is_err() {
            draft.lost.push(format!(
                "The {named} are broken and were left out from the break on."
            ));
        }
        walker.hidden.append(notes.hidden);
        let role = if kind == "comments" {
            Role::Remark
        } else {
            Role::Footnote
        };
        draft.paras.extend(notes.paras.into_iter().map(|para| Para {
            role,
            page: None,
            ..para
        }));
    }
    // A form may have all its words at the margins.
    let empty = draft.paras.last().is_none();
    let app = aside(&mut package, "docProps/app.xml");
    for id in walker.edges.once(&app, empty) {
        let xml = relations
            .by_id(&id)
            .map(|member| package.xml(member))
            .transpose()?;
        let mut edge = Walker::new(walker.styles.clone(), Numbering::default());
        edge.grounds.clone_from(&walker.grounds);
        // A broken one costs what follows in it.
        let _ = edge.walk(&xml.flatten().unwrap_or_default());
        walker.hidden.append(edge.hidden);
        let told = edge.paras.into_iter();
        let told = told.filter(|para| para.text.contains(char::is_alphabetic));
        draft.paras.extend(told.map(|para| Para {
            role: Role::Footnote,
            page: None,
            ..para
        }));
    }
    draft.hidden = walker.hidden();
    properties(&aside(&mut package, "docProps/core.xml"), &mut draft);
    Ok(draft)
}

/// Returns a part that tells about the document; a broken one or one without end costs what it tells.
fn aside(package: &mut Package<'_>, part: &str) -> String {
    package.xml(part).ok().flatten().unwrap_or_default()
}

/// Reads a document of Word that is one XML file: that of 2003, or a whole package.
pub(super) fn read_flat(xml: &str) -> Result<Draft, Unreadable> {
    let mut walker = Walker::new(Styles::parse(xml), Numbering::parse(xml));
    walker.in_package = xml.contains("http://schemas.microsoft.com/office/2006/xmlPackage");
    walker.walk(xml).map_err(|_| cut())?;
    let mut draft = walker.body();
    draft.hidden = walker.hidden();
    Ok(draft)
}

/// Returns the name of the member with the main text: Word calls it `word/document.xml`, other programs as they like.
fn main_part(package: &mut Package<'_>) -> Result<Option<String>, Unreadable> {
    const USUAL: &str = "word/document.xml";
    if package.has(USUAL) {
        return Ok(Some(USUAL.to_owned()));
    }
    let relations = package.xml("_rels/.rels")?.unwrap_or_default();
    let mut reader = Reader::from_str(&relations);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let office = attribute(&start, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"));
                let target = attribute(&start, "Target").filter(|_| office);
                let target = target.map(|target| target.trim_start_matches('/').to_owned());
                if let Some(target) = target.filter(|target| target.to_lowercase().ends_with(".xml")) {
                    return Ok(Some(target));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(None)
}

/// Reads title, author and date of the package.
fn properties(xml: &str, draft: &mut Draft) {
    let mut reader = Reader::from_str(xml);
    let mut value = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(_) => value.clear(),
            Event::Text(text) => value.push_str(&text),
            Event::CData(data) => value.push_str(&data),
            Event::GeneralRef(entity) => value.push_str(&resolved(&entity)),
            Event::End(end) => {
                let value = Some(std::mem::take(&mut value)).filter(|value| !value.trim().is_empty());
                match end.local_name().as_ref() {
                    "title" => draft.title = value,
                    "creator" => draft.author = value,
                    "modified" => draft.date = value,
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
}

/// Returns the character that an entity stands for; one that XML does not define stands for nothing.
pub(super) fn resolved(entity: &BytesRef<'_>) -> String {
    match entity.resolve_char_ref() {
        Ok(Some(c)) => c.to_string(),
        _ => quick_xml::escape::resolve_xml_entity(entity)
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Returns the name of an element without its prefix.
fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

/// Returns an attribute by its name without prefix.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

/// The error of elements that are not closed, or not within reason.
fn unclosed() -> quick_xml::Error {
    quick_xml::Error::Syntax(quick_xml::errors::SyntaxError::UnclosedTag)
}

/// Tells whether a switch such as `<w:b/>` or `<w:b w:val="0"/>` is on.
fn is_on(start: &BytesStart<'_>) -> bool {
    !matches!(
        attribute(start, "val").as_deref(),
        Some("0" | "false" | "off" | "none")
    )
}

/// A paragraph while it is walked.
#[derive(Default)]
struct Open {
    text: String,
    style: Style,
    outline: Option<u8>,
    number: Option<(String, u8)>,
    centred: bool,
    thin: usize,
    page: u32,
}

/// A run while it is walked.
#[derive(Default, Clone, Copy)]
struct Run {
    bold: Option<bool>,
    raised: bool,
    hidden: bool,
    ink: Ink,
}

/// A table while it is walked.
#[derive(Default)]
struct Grid {
    rows: Vec<Vec<String>>,
    pages: Vec<u32>,
    /// Rows at its front that are marked as its header.
    headers: usize,
    /// Whether the cell now open goes on from the one above.
    continued: bool,
    /// Columns that the cell now open spans.
    span: usize,
}

struct Walker {
    styles: Styles,
    numbering: Numbering,
    paras: Paras,
    open: Vec<Open>,
    run: Run,
    tables: Vec<Grid>,
    count: u32,
    page: u32,
    broke: bool,
    in_notes: bool,
    /// The number a reader sees, by kind (end note or not) and id.
    marks: HashMap<(bool, String), usize>,
    note: Option<String>,
    hidden: Hidden,
    repeats: Repeats,
    /// Files of other formats that stand in for text.
    chunks: Vec<String>,
    /// Whether the file holds other parts beside the text.
    in_package: bool,
    grounds: Grounds,
    edges: Edges,
}

impl Walker {
    fn new(styles: Styles, numbering: Numbering) -> Self {
        Self {
            styles,
            numbering,
            paras: Paras::default(),
            open: Vec::new(),
            run: Run::default(),
            tables: Vec::new(),
            count: 0,
            page: 1,
            broke: false,
            in_notes: false,
            marks: HashMap::new(),
            note: None,
            hidden: Hidden::default(),
            repeats: Repeats::default(),
            chunks: Vec::new(),
            in_package: false,
            grounds: Grounds::default(),
            edges: Edges::default(),
        }
    }

    /// Returns what was walked so far.
    fn body(&mut self) -> Draft {
        let mut draft = Draft::new(Format::Docx);
        // Without breaks drawn by Word the page is not known, rather than 1.
        draft.pages = self.broke.then_some(self.page);
        draft.paras = std::mem::take(&mut self.paras);
        draft.count_tables(self.count);
        if !self.broke {
            draft.paras.iter_mut().for_each(|para| para.page = None);
        }
        draft
    }

    /// Returns what nobody sees.
    fn hidden(self) -> Hidden {
        let mut hidden = self.hidden;
        if !self.broke {
            hidden.set_page(None);
        }
        hidden
    }

    fn walk(&mut self, xml: &str) -> Result<(), quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        self.grounds.note(xml);
        // Depth of elements that are not read: deleted text, the second copy of a drawing, field codes.
        let mut skipped = 0_usize;
        let mut depth = 0_usize;
        let mut in_text = false;
        let mut in_run_properties = false;
        loop {
            match reader.read_event()? {
                Event::Start(start) => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(unclosed());
                    }
                    let name = local(&start);
                    let aside = self.in_package && name == "part" && !is_main(&start);
                    if skipped > 0 || aside || depth > 1 && is_unread(&name) {
                        skipped += 1;
                        continue;
                    }
                    in_text |= name == "t";
                    in_run_properties |= name == "rPr";
                    self.start(&name, &start, in_run_properties);
                }
                Event::Empty(start) if skipped == 0 => {
                    let name = local(&start);
                    self.start(&name, &start, in_run_properties);
                    self.end(&name);
                }
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    if skipped > 0 {
                        skipped -= 1;
                        continue;
                    }
                    let name = end.local_name().as_ref().to_owned();
                    in_text &= name != "t";
                    in_run_properties &= name != "rPr";
                    self.end(&name);
                }
                Event::Text(text) if skipped == 0 && in_text => self.text(&text),
                Event::GeneralRef(entity) if skipped == 0 && in_text => {
                    self.text(&resolved(&entity));
                }
                Event::CData(data) if skipped == 0 && in_text => self.text(&data),
                Event::Eof if depth > 0 => {
                    return Err(unclosed());
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
            if self.paras.is_over() {
                return Ok(());
            }
        }
    }

    fn text(&mut self, words: &str) {
        if self.is_hidden() {
            self.hidden.add(Some(self.page).filter(|_| !self.in_notes), words);
            return;
        }
        self.hidden.part();
        let Some(open) = self.open.last_mut() else { return };
        if self.run.raised {
            push_raised(&mut open.text, words);
        } else {
            open.text.push_str(words);
        }
        if !self.run.bold.unwrap_or(open.style.bold) {
            open.thin += words.trim().len();
        }
    }

    /// Tells whether nobody sees what the run now open says.
    fn is_hidden(&self) -> bool {
        let Some(open) = self.open.last() else {
            return self.run.hidden;
        };
        self.run.hidden || open.style.hidden || self.run.ink.or(open.style.ink).is_unseen(self.grounds.any())
    }

    fn start(&mut self, name: &str, start: &BytesStart<'_>, in_run_properties: bool) {
        self.grounds.start(name, start, in_run_properties, &self.styles);
        self.edges.take(name, start);
        match name {
            _ if in_run_properties && self.run.ink.take(name, start) => {}
            "p" => self.open.push(Open {
                page: self.page,
                style: self.styles.normal(),
                ..Open::default()
            }),
            "r" => self.run = Run::default(),
            "b" if in_run_properties => self.run.bold = Some(is_on(start)),
            "vanish" if in_run_properties => self.run.hidden = is_on(start),
            "rStyle" => {
                let style = attribute(start, "val").and_then(|id| self.styles.get(&id));
                if let Some(style) = style {
                    self.run.bold = self.run.bold.or(style.bold.then_some(true));
                    self.run.hidden |= style.hidden;
                    self.run.raised |= style.raised;
                    self.run.ink = self.run.ink.or(style.ink);
                }
            }
            "gridSpan" => {
                if let Some(table) = self.tables.last_mut() {
                    let span = attribute(start, "val").and_then(|span| span.parse().ok());
                    table.span = span.unwrap_or(1).min(MAX_SPAN);
                }
            }
            "vertAlign" => self.run.raised = attribute(start, "val").as_deref() == Some("superscript"),
            "tab" | "br" | "cr" if !in_run_properties => {
                if attribute(start, "type").as_deref() == Some("page") {
                    self.next_page();
                }
                if let Some(open) = self.open.last_mut().filter(|open| !open.text.is_empty()) {
                    open.text.push(' ');
                }
            }
            "noBreakHyphen" => self.text("-"),
            "sym" => {
                let code = attribute(start, "char").and_then(|code| u32::from_str_radix(&code, 16).ok());
                // Where symbol fonts keep their bullets.
                match code.map(|code| (code, char::from_u32(code))) {
                    Some((0xf020..=0xf0ff, _)) => self.text("•"),
                    Some((_, Some(letter))) => self.text(letter.encode_utf8(&mut [0; 4])),
                    _ => {}
                }
            }
            "altChunk" => self.chunks.extend(attribute(start, "id")),
            "lastRenderedPageBreak" => self.next_page(),
            "footnoteReference" | "endnoteReference" => {
                if let Some(id) = attribute(start, "id") {
                    // Readers see notes numbered in their order, whatever the file calls them.
                    let next = self.marks.len() + 1;
                    let number = *self.marks.entry((name.starts_with('e'), id)).or_insert(next);
                    self.text(&format!("[{number}]"));
                }
            }
            "comment" => self.note = Some(String::new()),
            "footnote" | "endnote" => {
                let drawn = attribute(start, "type").is_none_or(|kind| kind == "normal");
                let id = attribute(start, "id").filter(|_| drawn);
                self.note = id.map(|id| {
                    let number = self.marks.get(&(name == "endnote", id.clone()));
                    number.map_or(id, ToString::to_string)
                });
            }
            "tbl" => self.tables.push(Grid::default()),
            "tr" => {
                let page = self.page;
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push(Vec::new());
                    table.pages.push(page);
                }
            }
            "tblHeader" => {
                if let Some(table) = self.tables.last_mut()
                    && table.headers + 1 == table.rows.len()
                    && is_on(start)
                {
                    table.headers += 1;
                }
            }
            "tc" => {
                if let Some(row) = self.tables.last_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(String::new());
                }
            }
            "vMerge" => {
                if let Some(table) = self.tables.last_mut() {
                    table.continued = attribute(start, "val").is_none_or(|value| value == "continue");
                }
            }
            _ => self.paragraph_property(name, start),
        }
    }

    fn paragraph_property(&mut self, name: &str, start: &BytesStart<'_>) {
        let value = attribute(start, "val");
        let style = value.as_deref().and_then(|id| self.styles.get(id));
        let Some(open) = self.open.last_mut() else { return };
        match name {
            "pStyle" => open.style = style.unwrap_or_default(),
            "outlineLvl" => {
                open.outline = value
                    .and_then(|level| level.parse::<u8>().ok())
                    .filter(|level| *level < 9);
            }
            "jc" => open.centred = value.as_deref() == Some("center"),
            "numId" => {
                let level = open.number.take().map_or(0, |(_, level)| level);
                open.number = value.map(|id| (id, level));
            }
            "ilvl" => {
                let id = open.number.take().map(|(id, _)| id).unwrap_or_default();
                open.number = value
                    .and_then(|level| level.parse().ok())
                    .map(|level| (id, level));
            }
            _ => {}
        }
    }

    fn next_page(&mut self) {
        // A break between two paragraphs or at the start of one is where that one begins.
        self.page = self.page.saturating_add(1);
        self.broke = true;
        let page = self.page;
        if let Some(open) = self.open.last_mut().filter(|open| open.text.trim().is_empty()) {
            open.page = page;
        }
    }

    fn end(&mut self, name: &str) {
        self.grounds.end(name);
        match name {
            "sectPr" => self.edges.end(),
            "p" => self.close_paragraph(),
            "r" => self.run = Run::default(),
            "tc" => {
                let Some(table) = self.tables.last_mut() else {
                    return;
                };
                let span = std::mem::take(&mut table.span).max(1);
                if std::mem::take(&mut table.continued) && table.rows.len() > 1 {
                    // A cell that spans rows is repeated, so that a row can be read alone.
                    let column = table.rows.last().map_or(0, |row| row.len().saturating_sub(1));
                    let above = table.rows[table.rows.len() - 2].get(column);
                    let above = above.map(|above| self.repeats.words(above)).unwrap_or_default();
                    if let Some(cell) = table.rows.last_mut().and_then(|row| row.last_mut()) {
                        *cell = above;
                    }
                }
                if let Some(row) = table.rows.last_mut() {
                    // Columns below stand under their own columns.
                    row.extend(std::iter::repeat_n(String::new(), self.repeats.cells(span - 1)));
                }
            }
            "tbl" => self.close_table(),
            "footnote" | "endnote" | "comment" => self.note = None,
            _ => {}
        }
    }

    fn close_paragraph(&mut self) {
        self.hidden.part();
        let Some(open) = self.open.pop() else { return };
        if self.in_notes && self.note.is_none() {
            // Separators between text and notes.
            return;
        }
        if open.text.trim().is_empty() {
            return;
        }
        let level = open.outline.map(|level| level + 1).or(open.style.heading);
        let number = open
            .number
            .or_else(|| open.style.number.clone())
            .filter(|(id, _)| id != "0" && !id.is_empty());
        let marker = number
            .as_ref()
            .and_then(|(id, level)| self.numbering.next(id, *level));
        let text = match marker.as_deref() {
            Some(marker) if !marker.is_empty() => format!("{marker} {}", open.text),
            _ => open.text,
        };
        if let Some(cell) = self
            .tables
            .last_mut()
            .and_then(|table| table.rows.last_mut())
            .and_then(|row| row.last_mut())
        {
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(text.trim());
            return;
        }
        let text = match &self.note {
            Some(id) if !id.is_empty() => format!("[{id}] {}", text.trim_start()),
            _ => text,
        };
        let role = match (level, &number) {
            (Some(level), _) => Role::Heading(level),
            (None, _) if open.style.caption => Role::Caption,
            // A numbered line in bold is a heading whose style does not say so.
            (None, Some((_, level))) if open.thin > 0 => Role::Item((*level).min(8)),
            _ => Role::Plain,
        };
        let strong = open.thin == 0 || open.centred || open.style.title;
        self.paras.push(Para {
            page: Some(open.page),
            strong,
            ..Para::new(role, text)
        });
    }

    fn close_table(&mut self) {
        let Some(table) = self.tables.pop() else { return };
        // A table inside a cell belongs to that cell's words.
        if let Some(cell) = self
            .tables
            .last_mut()
            .and_then(|outer| outer.rows.last_mut())
            .and_then(|row| row.last_mut())
        {
            let words: Vec<String> = table.rows.iter().map(|row| join_cells(row)).collect();
            cell.push(' ');
            cell.push_str(&words.join("; "));
            return;
        }
        let headers = headers_of(table.headers, &table.rows);
        let single = table.rows.iter().all(|row| row.len() <= 1);
        for (at, (row, page)) in table.rows.iter().zip(&table.pages).enumerate() {
            let role = if single {
                Role::Plain
            } else {
                Role::Row(self.count, at < headers)
            };
            self.paras.push(Para {
                page: Some(*page),
                ..Para::new(role, join_cells(row))
            });
        }
        self.count += 1;
    }
}

/// Elements whose content is not the text of the document.
fn is_unread(name: &str) -> bool {
    matches!(
        name,
        "del"
            | "moveFrom"
            | "delText"
            | "instrText"
            | "Fallback"
            | "pPrChange"
            | "rPrChange"
            | "numPicBullet"
            | "binData"
            | "hdr"
            | "ftr"
            | "docOleData"
    )
}

/// Tells whether a part of a flat package is the text.
fn is_main(part: &BytesStart<'_>) -> bool {
    attribute(part, "contentType").is_some_and(|kind| kind.ends_with("main+xml"))
}
