//! ODT and ODP, packed or flat: text with headings, numbered lists, tables, notes, slides as pages.
//!
//! Owns the walk over `content.xml`; list numbers are counted here, because the file leaves them to the program.

mod cells;
mod ink;
mod leaves;
mod meta;
mod numbers;
mod unread;

use std::collections::HashMap;

use docent_corpus::{Format, Unreadable, UnreadableCode};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::docx::{MARKER_CHARS, attribute, resolved};
use super::draft::{Draft, Para, Repeats, Role, headers_of, join_cells, push_raised};
use super::hidden::Hidden;
use super::package::{Package, cut};
use super::refuse;
use ink::{Ink, Inks, is_unseen};
use leaves::Leaves;
use meta::properties;
use numbers::number;
use unread::is_unread;

/// Elements inside one another: a list in a table in a frame needs some fifty; each open one costs memory.
const MAX_DEPTH: usize = 1_000;

/// Columns that one element may stand for.
const MAX_REPEAT: usize = 200;

/// Reads a packed document.
pub(super) fn read(mut package: Package<'_>) -> Result<Draft, Unreadable> {
    let manifest = package.xml("META-INF/manifest.xml")?.unwrap_or_default();
    // A locked program inside an open document locks nothing of its text.
    let locked = manifest
        .split("file-entry")
        .any(|entry| entry.contains("\"content.xml\"") && entry.contains("encryption-data"));
    let locked = locked || manifest.contains("encryption-data") && !package.has("content.xml");
    if locked || package.has("encrypted-package") {
        return Err(refuse(
            UnreadableCode::Encrypted,
            "the file needs a password; save it without one",
        ));
    }
    let content = package.xml("content.xml")?.ok_or_else(cut)?;
    let mut draft = if content.contains("<office:spreadsheet") {
        cells::read(&content)?
    } else {
        let styles = package.xml("styles.xml")?.unwrap_or_default();
        write(&styles, &content)?
    };
    // Charts are documents of their own, with the table they draw.
    for member in package.like("Object", "/content.xml") {
        match package.xml(&member)?.map(|xml| write("", &xml)) {
            Some(Ok(part)) => draft.append(part),
            Some(Err(_)) => draft.lost.push("A chart is broken and was left out.".to_owned()),
            None => {}
        }
    }
    if let Some(meta) = package.xml("meta.xml")? {
        properties(&meta, &mut draft);
    }
    Ok(draft)
}

/// Reads a document that is one XML file.
pub(super) fn read_flat(xml: &str) -> Result<Draft, Unreadable> {
    let mut draft = if xml.contains("<office:spreadsheet") {
        cells::read(xml)?
    } else {
        write("", xml)?
    };
    properties(xml, &mut draft);
    Ok(draft)
}

fn write(styles: &str, content: &str) -> Result<Draft, Unreadable> {
    let mut writer = Writer {
        draft: Draft::new(Format::Odt),
        ..Writer::default()
    };
    // Styles of the program's own stand in the first file, those of the document in the second.
    if !styles.is_empty() {
        writer.styles(styles);
    }
    writer.styles(content);
    writer.leaves.note(content);
    writer.walk(content).map_err(|_| cut())?;
    let Writer {
        mut draft,
        notes,
        page,
        mut hidden,
        tables,
        leaves,
        ..
    } = writer;
    draft.count_tables(tables);
    draft.paras.extend(notes);
    if page > 0 {
        draft.format = Format::Odp;
        draft.pages = Some(page);
    } else {
        draft.pages = leaves.page();
    }
    if page == 0 {
        hidden.set_page(None);
    }
    draft.hidden = hidden;
    Ok(draft)
}

/// How one level of a list is numbered.
#[derive(Debug, Clone, Default)]
struct Numbered {
    /// None for bullets.
    form: Option<char>,
    prefix: String,
    suffix: String,
    shown: usize,
    start: u32,
}

/// A list while it is walked.
#[derive(Debug, Default)]
struct Listed {
    style: String,
    /// Number of the item now open on this level.
    number: u32,
    /// Whether the item now open has had its number written.
    told: bool,
}

/// A table while it is walked.
#[derive(Debug, Default)]
struct Grid {
    rows: Vec<Vec<String>>,
    /// The page on which each row begins.
    pages: Vec<Option<u32>>,
    headers: usize,
    in_header: bool,
    repeat: usize,
    /// Whether it, or the cell now open, stands on a ground of another colour than paper.
    grounded: (bool, bool),
}

/// A paragraph while it is walked.
#[derive(Debug)]
struct Text {
    words: String,
    role: Role,
    hidden: bool,
    bold: bool,
    centred: bool,
    /// Characters that are not bold.
    thin: usize,
    ink: Ink,
    /// The page it begins on.
    page: Option<u32>,
}

/// What a stretch of text changes.
#[derive(Debug, Clone, Copy)]
struct Span {
    raised: bool,
    hidden: bool,
    bold: Option<bool>,
    ink: Ink,
}

#[derive(Default)]
struct Writer {
    draft: Draft,
    /// Levels of each list style.
    lists: HashMap<String, Vec<Numbered>>,
    raised: HashMap<String, bool>,
    bold: HashMap<String, bool>,
    centred: HashMap<String, bool>,
    /// The style that each style is based on.
    parents: HashMap<String, String>,
    unseen: HashMap<String, bool>,
    inks: Inks,
    /// Shapes inside one another, whose ground is not known.
    shapes: usize,
    /// Where the numbers of a list style stand, for lists that go on.
    reached: HashMap<String, u32>,
    open_lists: Vec<Listed>,
    grids: Vec<Grid>,
    /// Text of the paragraphs now open: a note stands inside one.
    texts: Vec<Text>,
    spans: Vec<Span>,
    notes: Vec<Para>,
    note: Option<(usize, String)>,
    citation: bool,
    title_frame: bool,
    in_notes: bool,
    /// The slide.
    page: u32,
    leaves: Leaves,
    tables: u32,
    hidden: Hidden,
    repeats: Repeats,
}

impl Writer {
    /// Reads what styles say of numbers, superscripts, bold and hidden text.
    fn styles(&mut self, xml: &str) {
        let mut reader = Reader::from_str(xml);
        let (mut list, mut name) = (String::new(), String::new());
        while let Ok(event) = reader.read_event() {
            let (Event::Start(start) | Event::Empty(start)) = event else {
                if matches!(event, Event::Eof) {
                    return;
                }
                continue;
            };
            self.inks.take(start.local_name().as_ref(), &name, &start);
            match start.local_name().as_ref() {
                "body" => return,
                "list-style" => {
                    list = attribute(&start, "name").unwrap_or_default();
                    self.lists.insert(list.clone(), Vec::new());
                }
                kind @ ("list-level-style-number" | "list-level-style-bullet" | "list-level-style-image") => {
                    let levels = self.lists.entry(list.clone()).or_default();
                    if levels.len() < 10 {
                        let form = attribute(&start, "num-format").and_then(|form| form.chars().next());
                        let told = |name| {
                            let told = attribute(&start, name).unwrap_or_default();
                            told.chars().take(MARKER_CHARS).collect::<String>()
                        };
                        levels.push(Numbered {
                            form: form.filter(|_| kind.ends_with("number")),
                            prefix: told("num-prefix"),
                            suffix: told("num-suffix"),
                            shown: told("display-levels").parse().unwrap_or(1),
                            start: told("start-value").parse().unwrap_or(1),
                        });
                    }
                }
                "style" => {
                    name = attribute(&start, "name").unwrap_or_default();
                    let parent = attribute(&start, "parent-style-name");
                    self.parents.extend(parent.map(|parent| (name.clone(), parent)));
                    self.leaves.take(&name, &start);
                }
                "paragraph-properties" => {
                    self.leaves.take(&name, &start);
                    if let Some(align) = attribute(&start, "text-align") {
                        self.centred.insert(name.clone(), align == "center");
                    }
                }
                "text-properties" => {
                    let is = |key: &str, wanted: &str| {
                        attribute(&start, key).is_some_and(|value| value.starts_with(wanted))
                    };
                    self.raised.insert(name.clone(), is("text-position", "super"));
                    if attribute(&start, "font-weight").is_some() {
                        self.bold.insert(name.clone(), is("font-weight", "bold"));
                    }
                    self.unseen.insert(name.clone(), is("display", "none"));
                }
                _ => {}
            }
        }
    }

    fn walk(&mut self, xml: &str) -> Result<(), quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        let (mut depth, mut skipped, mut begun) = (0_usize, 0_usize, false);
        loop {
            match reader.read_event()? {
                Event::Start(start) => {
                    depth += 1;
                    let name = start.local_name().as_ref().to_owned();
                    begun |= name == "body";
                    if depth > MAX_DEPTH {
                        return Err(unclosed());
                    }
                    if skipped > 0 || !begun && name == "automatic-styles" || is_unread(&name) {
                        skipped += 1;
                    } else if begun {
                        self.start(&name, &start);
                    }
                }
                Event::Empty(start) if skipped == 0 && begun => {
                    let name = start.local_name().as_ref().to_owned();
                    if !is_unread(&name) {
                        self.start(&name, &start);
                        self.end(&name);
                    }
                }
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    if skipped > 0 {
                        skipped -= 1;
                    } else if begun {
                        let name = end.local_name().as_ref().to_owned();
                        self.end(&name);
                    }
                }
                Event::Text(text) if skipped == 0 && begun => self.words(&text),
                Event::CData(text) if skipped == 0 && begun => self.words(&text),
                Event::GeneralRef(entity) if skipped == 0 && begun => self.words(&resolved(&entity)),
                Event::Eof if depth > 0 => return Err(unclosed()),
                Event::Eof => return Ok(()),
                _ => {}
            }
            if self.draft.paras.is_over() {
                return Ok(());
            }
        }
    }

    fn words(&mut self, words: &str) {
        if self.citation {
            if let Some((_, mark)) = &mut self.note {
                mark.push_str(words);
            }
            return;
        }
        let raised = self.spans.iter().any(|span| span.raised);
        let hidden = self.spans.iter().any(|span| span.hidden);
        let grids = || self.grids.iter().any(|grid| grid.grounded.0 || grid.grounded.1);
        let grounded = self.inks.pages || self.page > 0 || self.shapes > 0 || grids();
        let bold = self.spans.iter().rev().find_map(|span| span.bold);
        let Some(text) = self.texts.last_mut() else {
            return;
        };
        // Line ends between elements are the file's own.
        let words = words.replace(['\n', '\r'], " ");
        let visible = words.trim().chars().count();
        let inks = std::iter::once(text.ink).chain(self.spans.iter().map(|span| span.ink));
        if hidden || text.hidden || is_unseen(&inks, grounded) {
            self.hidden.add(Some(self.page), &words);
            return;
        }
        self.hidden.part();
        if !bold.unwrap_or(text.bold) {
            text.thin += visible;
        }
        if raised {
            push_raised(&mut text.words, &words);
        } else {
            text.words.push_str(&words);
        }
    }

    /// Makes a paragraph of a style.
    fn text(&self, role: Role, style: &str) -> Text {
        Text {
            words: String::new(),
            role,
            hidden: is(&self.unseen, style),
            bold: self.inherited(&self.bold, style).unwrap_or(false),
            centred: self.inherited(&self.centred, style).unwrap_or(false),
            thin: 0,
            ink: self.inks.of(|which| self.inherited(which, style)),
            page: self.page(),
        }
    }

    /// Returns the slide, or the page where the layout is known.
    fn page(&self) -> Option<u32> {
        (self.page > 0).then_some(self.page).or(self.leaves.page())
    }

    /// Turns the page before a paragraph whose style begins one; the first one of a document does so anyway.
    fn begin(&mut self, style: &str) {
        let outermost = self.texts.is_empty() && self.grids.is_empty() && self.draft.paras.last().is_some();
        if outermost && self.inherited(&self.leaves.breaks, style) == Some(true) {
            self.leaves.turn();
        }
    }

    /// Returns what a style or the nearest one it is based on says.
    fn inherited(&self, which: &HashMap<String, bool>, style: &str) -> Option<bool> {
        /// How many styles may be based on one another.
        const MAX_PARENTS: usize = 16;
        let mut style = style;
        for _ in 0..MAX_PARENTS {
            if let Some(told) = which.get(style) {
                return Some(*told);
            }
            style = self.parents.get(style)?;
        }
        None
    }

    fn start(&mut self, name: &str, start: &BytesStart<'_>) {
        let told = |key: &str| attribute(start, key);
        let count = |key: &str| told(key).and_then(|many| many.parse::<usize>().ok()).unwrap_or(1);
        let style = told("style-name").unwrap_or_default();
        match name {
            "page" => {
                self.page += 1;
                self.in_notes = false;
            }
            "notes" => self.in_notes = true,
            "frame" => self.title_frame = told("class").is_some_and(|class| class == "title"),
            "soft-page-break" => {
                self.leaves.turn();
                let page = self.page();
                if let Some(text) = self.texts.last_mut().filter(|text| text.words.trim().is_empty()) {
                    text.page = page;
                }
            }
            "h" => {
                self.begin(&style);
                let level = count("outline-level").clamp(1, 9) as u8;
                self.texts.push(self.text(Role::Heading(level), &style));
            }
            "p" => {
                self.begin(&style);
                let role = match (self.title_frame && !self.in_notes, self.in_notes) {
                    (true, _) => Role::Heading(1),
                    (_, true) => Role::Footnote,
                    _ => Role::Plain,
                };
                self.texts.push(self.text(role, &style));
            }
            "span" => self.spans.push(Span {
                raised: is(&self.raised, &style),
                hidden: is(&self.unseen, &style),
                bold: self.inherited(&self.bold, &style),
                ink: self.inks.of(|which| self.inherited(which, &style)),
            }),
            // However many: a line of text keeps one.
            "s" | "tab" | "line-break" => self.words(" "),
            "list" => {
                let style = if style.is_empty() {
                    self.open_lists
                        .last()
                        .map_or_else(String::new, |outer| outer.style.clone())
                } else {
                    style
                };
                let goes_on = told("continue-numbering").is_some_and(|is| is == "true")
                    || told("continue-list").is_some();
                let level = self.open_lists.len();
                let first = self.level(&style, level).map_or(1, |level| level.start);
                let before = self
                    .reached
                    .get(&format!("{style}/{level}"))
                    .copied()
                    .filter(|_| goes_on);
                self.open_lists.push(Listed {
                    style,
                    number: before.unwrap_or(first.saturating_sub(1)),
                    told: true,
                });
            }
            "list-item" => {
                if let Some(list) = self.open_lists.last_mut() {
                    list.number = match told("start-value").and_then(|value| value.parse().ok()) {
                        Some(start) => start,
                        None => list.number.saturating_add(1),
                    };
                    list.told = false;
                }
            }
            "list-header" => {
                if let Some(list) = self.open_lists.last_mut() {
                    list.told = true;
                }
            }
            "note" => self.note = Some((self.texts.len(), String::new())),
            "note-citation" => self.citation = true,
            _ => self.start_table(name, start, &style),
        }
    }

    /// Takes the begin of a table, of a part of one, or of a shape.
    fn start_table(&mut self, name: &str, start: &BytesStart<'_>, style: &str) {
        let told = |key: &str| attribute(start, key);
        match name {
            "table" => {
                let ground = self.inks.of(|which| self.inherited(which, style)).ground;
                self.grids.push(Grid {
                    grounded: (ground == Some(true) || told("template-name").is_some(), false),
                    ..Grid::default()
                });
            }
            "text-box" | "custom-shape" | "rect" | "ellipse" | "polygon" | "path" => self.shapes += 1,
            "table-header-rows" => {
                if let Some(grid) = self.grids.last_mut() {
                    grid.in_header = true;
                }
            }
            "table-row" => {
                let page = self.page();
                if let Some(grid) = self.grids.last_mut() {
                    grid.headers += usize::from(grid.in_header);
                    grid.rows.push(Vec::new());
                    grid.pages.push(page);
                }
            }
            "table-cell" | "covered-table-cell" => {
                let repeat = told("number-columns-repeated")
                    .and_then(|many| many.parse::<usize>().ok())
                    .unwrap_or(1)
                    .clamp(1, MAX_REPEAT);
                let ground = self.inks.of(|which| self.inherited(which, style)).ground;
                if let Some(grid) = self.grids.last_mut() {
                    grid.repeat = repeat;
                    grid.grounded.1 = ground == Some(true);
                    if let Some(row) = grid.rows.last_mut() {
                        row.push(String::new());
                    }
                }
            }
            _ => {}
        }
    }

    fn level(&self, style: &str, level: usize) -> Option<&Numbered> {
        self.lists.get(style)?.get(level)
    }

    fn end(&mut self, name: &str) {
        match name {
            "h" | "p" => self.paragraph(),
            "span" => {
                self.spans.pop();
            }
            "notes" => self.in_notes = false,
            "text-box" | "custom-shape" | "rect" | "ellipse" | "polygon" | "path" => {
                self.shapes = self.shapes.saturating_sub(1);
            }
            "frame" => self.title_frame = false,
            "list" => {
                if let Some(list) = self.open_lists.pop() {
                    let level = self.open_lists.len();
                    self.reached
                        .insert(format!("{}/{level}", list.style), list.number);
                }
            }
            "table-header-rows" => {
                if let Some(grid) = self.grids.last_mut() {
                    grid.in_header = false;
                }
            }
            "table-cell" | "covered-table-cell" => {
                if let Some(grid) = self.grids.last_mut()
                    && let Some(row) = grid.rows.last_mut()
                {
                    let more = self.repeats.cells(grid.repeat - 1);
                    let words = row.last().cloned().unwrap_or_default();
                    row.extend((0..more).map(|_| self.repeats.words(&words)));
                }
            }
            "table" => self.table(),
            "note-citation" => self.citation = false,
            "note" => self.note = None,
            _ => {}
        }
    }

    fn paragraph(&mut self) {
        self.hidden.part();
        let Some(open) = self.texts.pop() else {
            return;
        };
        let strong = open.thin == 0 || open.centred;
        let (text, role, page) = (open.words, open.role, open.page);
        if let Some((outside, mark)) = &mut self.note
            && self.texts.len() >= *outside
        {
            let mark = std::mem::take(mark);
            if !text.trim().is_empty() {
                let text = format!("{mark} {}", text.trim());
                self.notes.push(Para::new(Role::Footnote, text.trim()));
            }
            return;
        }
        // A frame inside a paragraph stands before the paragraph's own words.
        if let Some(cell) = self
            .grids
            .last_mut()
            .and_then(|grid| grid.rows.last_mut()?.last_mut())
        {
            if !cell.is_empty() && !text.trim().is_empty() {
                cell.push(' ');
            }
            cell.push_str(text.trim());
            return;
        }
        let marker = self.marker();
        let role = match role {
            Role::Plain if !self.open_lists.is_empty() => {
                Role::Item((self.open_lists.len() - 1).min(8) as u8)
            }
            role => role,
        };
        if text.trim().is_empty() {
            return;
        }
        self.draft.paras.push(Para {
            page,
            strong,
            ..Para::new(role, format!("{marker}{}", text.trim()))
        });
    }

    /// Returns the number or bullet of a list item, once.
    fn marker(&mut self) -> String {
        let depth = self.open_lists.len();
        let Some(list) = self.open_lists.last_mut().filter(|list| !list.told) else {
            return String::new();
        };
        list.told = true;
        let style = list.style.clone();
        let Some(level) = self.level(&style, depth - 1) else {
            return "• ".to_owned();
        };
        if level.form.is_none() {
            return "• ".to_owned();
        }
        let shown = level.shown.clamp(1, depth);
        let numbers: Vec<String> = (depth - shown..depth)
            .filter_map(|at| {
                let form = self.level(&style, at)?.form?;
                Some(number(self.open_lists[at].number, form))
            })
            .collect();
        format!("{}{}{} ", level.prefix, numbers.join("."), level.suffix)
    }

    fn table(&mut self) {
        let Some(grid) = self.grids.pop() else { return };
        let Grid {
            rows, pages, headers, ..
        } = grid;
        // A table inside a cell is a part of its text.
        if let Some(cell) = self
            .grids
            .last_mut()
            .and_then(|outer| outer.rows.last_mut()?.last_mut())
        {
            let words: Vec<String> = rows
                .iter()
                .map(|row| join_cells(row))
                .filter(|row| !row.is_empty())
                .collect();
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(&words.join("; "));
            return;
        }
        let headers = headers_of(headers, &rows);
        let alone = rows.iter().all(|row| row.len() <= 1);
        for (at, (row, page)) in rows.iter().zip(pages).enumerate() {
            let role = if alone {
                Role::Plain
            } else {
                Role::Row(self.tables, at < headers)
            };
            self.draft.paras.push(Para {
                page,
                ..Para::new(role, join_cells(row))
            });
        }
        self.tables += 1;
    }
}

fn unclosed() -> quick_xml::Error {
    quick_xml::Error::Syntax(quick_xml::errors::SyntaxError::UnclosedTag)
}

/// Tells whether a style has a mark.
fn is(which: &HashMap<String, bool>, style: &str) -> bool {
    which.get(style).copied().unwrap_or(false)
}
