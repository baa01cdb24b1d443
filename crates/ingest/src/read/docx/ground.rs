//! On what the letters of a DOCX stand: paper, or a ground on which white ones are seen.
//!
//! Owns what gives such a ground: the colour of pages, cells, tables and paragraphs, text boxes, and pictures behind the text.

use quick_xml::events::BytesStart;

use super::super::ink::is_paper_hex;
use super::attribute;
use super::styles::{Styles, is_ground};

/// The grounds of the elements now open.
#[derive(Debug, Clone, Default)]
pub(super) struct Grounds {
    /// Whether pages have a colour, or pictures lie behind the text.
    pages: bool,
    /// Text boxes inside one another; what they are filled with is said elsewhere.
    boxes: usize,
    /// Whether each open table has a ground, and its open cell.
    tables: Vec<Table>,
    paragraphs: Vec<bool>,
    in_table: bool,
}

#[derive(Debug, Clone, Default)]
struct Table {
    own: bool,
    cell: Option<bool>,
}

impl Grounds {
    /// Notes whether pictures or shapes lie behind the text of a part.
    pub(super) fn note(&mut self, xml: &str) {
        self.pages |= ["behindDoc=\"1\"", "behindDoc=\"true\"", "z-index:-"]
            .iter()
            .any(|behind| xml.contains(behind));
    }

    /// Tells whether white letters may be seen here.
    pub(super) fn any(&self) -> bool {
        self.pages
            || self.boxes > 0
            || self.paragraphs.last() == Some(&true)
            || self
                .tables
                .iter()
                .any(|table| table.own || table.cell == Some(true))
    }

    /// Takes the begin of an element.
    pub(super) fn start(&mut self, name: &str, start: &BytesStart<'_>, of_run: bool, styles: &Styles) {
        match name {
            "background" => {
                let colour = attribute(start, "color").unwrap_or_default();
                self.pages |= is_paper_hex(&colour) == Some(false);
            }
            "txbxContent" => self.boxes += 1,
            "p" => self.paragraphs.push(false),
            "tbl" => self.tables.push(Table::default()),
            "tblPr" | "tcPr" => self.in_table = true,
            "tc" => {
                if let Some(table) = self.tables.last_mut() {
                    table.cell = Some(false);
                }
            }
            "tblStyle" => {
                let style = attribute(start, "val").and_then(|id| styles.get(&id));
                if let Some(table) = self.tables.last_mut() {
                    table.own |= style.is_some_and(|style| style.ink.grounded);
                }
            }
            "shd" if !of_run && is_ground(start) => {
                if !self.in_table {
                    self.paragraphs
                        .last_mut()
                        .into_iter()
                        .for_each(|ground| *ground = true);
                } else if let Some(table) = self.tables.last_mut() {
                    match &mut table.cell {
                        Some(cell) => *cell = true,
                        None => table.own = true,
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes the end of an element.
    pub(super) fn end(&mut self, name: &str) {
        match name {
            "txbxContent" => self.boxes = self.boxes.saturating_sub(1),
            "p" => {
                self.paragraphs.pop();
            }
            "tbl" => {
                self.tables.pop();
            }
            "tc" => {
                if let Some(table) = self.tables.last_mut() {
                    table.cell = None;
                }
            }
            "tblPr" | "tcPr" => self.in_table = false,
            _ => {}
        }
    }
}
