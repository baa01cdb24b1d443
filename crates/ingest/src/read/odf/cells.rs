//! ODS, packed or flat: every cell as it is shown, row by row, whatever the file repeats.

use std::collections::HashSet;

use docent_corpus::{Format, Unreadable};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::docx::{attribute, resolved};
use super::super::draft::{Draft, Para, Role};
use super::super::package::cut;
use super::super::sheet::{Book, HiddenColumns, Sheet};
use super::MAX_DEPTH;

/// Elements inside a cell or sheet whose words are not shown in it.
const UNREAD: [&str; 7] = [
    "annotation",
    "forms",
    "tracked-changes",
    "content-validations",
    "desc",
    "title",
    "binary-data",
];

/// Reads the sheets of a document's content.
pub(super) fn read(xml: &str) -> Result<Draft, Unreadable> {
    let mut book = Book::new(Format::Ods);
    let hidden = hidden_tables(xml);
    let mut reader = Reader::from_str(xml);
    let (mut depth, mut unread) = (0_usize, 0_usize);
    loop {
        match reader.read_event().map_err(|_| cut())? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                let title = || attribute(&start, "name").unwrap_or_default();
                let style = || attribute(&start, "style-name").unwrap_or_default();
                if unread > 0 || UNREAD.contains(&name.as_str()) {
                    unread += 1;
                } else if name == "table" {
                    let seen = !hidden.contains(&style());
                    let mut sheet = Sheet::begin(&mut book, &title(), seen);
                    let beside = walk(&mut reader, &mut sheet)?;
                    sheet.end();
                    if seen {
                        let lines = beside.into_iter().map(|line| Para::new(Role::Plain, line));
                        book.paras().extend(lines);
                    }
                    continue;
                }
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(cut());
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                unread = unread.saturating_sub(1);
            }
            Event::Eof if depth > 0 => return Err(cut()),
            Event::Eof => return Ok(book.done()),
            _ => {}
        }
    }
}

/// Walks a sheet up to its end; returns the texts of shapes, which stand beside the cells.
fn walk(reader: &mut Reader<&[u8]>, sheet: &mut Sheet<'_>) -> Result<Vec<String>, Unreadable> {
    let mut place = Place {
        tables: 1,
        ..Place::default()
    };
    let (mut depth, mut unread) = (0_usize, 0_usize);
    let mut beside = Vec::new();
    loop {
        match reader.read_event().map_err(|_| cut())? {
            Event::Start(start) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(cut());
                }
                let name = start.local_name().as_ref().to_owned();
                if unread > 0 || UNREAD.contains(&name.as_str()) {
                    unread += 1;
                } else {
                    place.start(&name, &start);
                }
            }
            Event::Empty(start) if unread == 0 => {
                let name = start.local_name().as_ref().to_owned();
                if !UNREAD.contains(&name.as_str()) {
                    place.start(&name, &start);
                    place.end(&name, sheet, &mut beside)?;
                }
            }
            Event::End(_) if unread > 0 => {
                depth = depth.saturating_sub(1);
                unread -= 1;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                let name = end.local_name().as_ref().to_owned();
                place.end(&name, sheet, &mut beside)?;
                if place.tables == 0 {
                    return Ok(beside);
                }
            }
            Event::Text(words) if unread == 0 => place.words(&words),
            Event::CData(words) if unread == 0 => place.words(&words),
            Event::GeneralRef(entity) if unread == 0 => place.words(&resolved(&entity)),
            Event::Eof => return Err(cut()),
            _ => {}
        }
    }
}

/// Returns the styles whose sheets are not shown.
fn hidden_tables(xml: &str) -> HashSet<String> {
    let mut hidden = HashSet::new();
    let mut reader = Reader::from_str(xml);
    let mut name = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "style" => name = attribute(&start, "name").unwrap_or_default(),
                "table-properties" if attribute(&start, "display").as_deref() == Some("false") => {
                    hidden.insert(name.clone());
                }
                "body" => break,
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    hidden
}

/// Where the walk stands in a sheet.
#[derive(Debug, Default)]
struct Place {
    /// Tables inside one another: a shape can hold one.
    tables: usize,
    row: u32,
    rows: u32,
    column: u32,
    columns: u32,
    in_cell: bool,
    /// Shapes inside one another.
    shapes: usize,
    paragraphs: usize,
    text: String,
    shape: String,
    /// Columns that nobody sees, how many there are before the next one, and whether the row now open is such a row.
    hidden: HiddenColumns,
    defined: u32,
    in_hidden_row: bool,
    /// Groups of an outline inside one another: what they fold away, a click shows.
    groups: usize,
}

impl Place {
    fn start(&mut self, name: &str, start: &BytesStart<'_>) {
        let count = |key: &str| {
            let many = attribute(start, key).and_then(|many| many.parse::<u32>().ok());
            many.unwrap_or(1).max(1)
        };
        match name {
            "table" => self.tables += 1,
            "table-row-group" | "table-column-group" => self.groups += 1,
            "table-column" if self.tables == 1 => {
                let many = count("number-columns-repeated");
                if self.is_collapsed(start) {
                    self.hidden
                        .hide(self.defined, self.defined.saturating_add(many - 1));
                }
                self.defined = self.defined.saturating_add(many);
            }
            "table-row" if self.tables == 1 => {
                self.in_hidden_row = self.is_collapsed(start);
                self.column = 0;
                self.rows = count("number-rows-repeated");
            }
            "table-cell" | "covered-table-cell" if self.tables == 1 => {
                self.columns = count("number-columns-repeated");
                self.in_cell = true;
                self.text.clear();
            }
            "shapes" | "frame" | "custom-shape" | "rect" | "text-box" | "g" => self.shapes += 1,
            "p" | "h" => {
                self.paragraphs += 1;
                self.words(" ");
            }
            // However many: a line of text keeps one.
            "s" | "tab" | "line-break" => self.words(" "),
            _ => {}
        }
    }

    /// Tells whether a row or column is hidden, and not only left out by a filter.
    fn is_collapsed(&self, start: &BytesStart<'_>) -> bool {
        self.groups == 0 && attribute(start, "visibility").as_deref() == Some("collapse")
    }

    fn words(&mut self, words: &str) {
        if self.paragraphs == 0 {
            return;
        }
        if self.shapes > 0 {
            self.shape.push_str(words);
        } else if self.in_cell {
            self.text.push_str(words);
        }
    }

    fn end(&mut self, name: &str, sheet: &mut Sheet<'_>, beside: &mut Vec<String>) -> Result<(), Unreadable> {
        match name {
            "table" => self.tables = self.tables.saturating_sub(1),
            "table-row-group" | "table-column-group" => self.groups = self.groups.saturating_sub(1),
            "table-row" if self.tables == 1 => self.row = self.row.saturating_add(self.rows),
            "table-cell" | "covered-table-cell" if self.tables == 1 => {
                self.in_cell = false;
                if !self.text.trim().is_empty() {
                    // The same words in a row of cells: a few are meant, more are decoration.
                    const MEANT: u32 = 16;
                    let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
                    for column in 0..if self.columns > MEANT { 1 } else { self.columns } {
                        let column = self.column.saturating_add(column);
                        if self.in_hidden_row || self.hidden.has(column) {
                            sheet.conceal(self.row, &text);
                        } else {
                            sheet.cell((self.row, column), &text)?;
                        }
                    }
                }
                self.column = self.column.saturating_add(self.columns);
            }
            "shapes" | "frame" | "custom-shape" | "rect" | "text-box" | "g" => {
                self.shapes = self.shapes.saturating_sub(1);
            }
            "p" | "h" => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                if self.shapes > 0 && !self.shape.trim().is_empty() {
                    beside.push(self.shape.trim().to_owned());
                }
                self.shape.clear();
            }
            _ => {}
        }
        Ok(())
    }
}
