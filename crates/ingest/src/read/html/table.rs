//! One HTML table while it is walked: cells, spans, header.
//!
//! A cell that spans rows is repeated in each of them, so that a row can be read alone.

use super::super::draft::{Para, Paras, Repeats, Role, header_rows, join_cells};

/// Spans beyond this are mistakes or attacks.
const MAX_SPAN: usize = 200;

/// A table as far as it was walked.
pub(super) struct Table {
    pub(super) id: ego_tree::NodeId,
    /// Whether the rows now opened belong to the head.
    pub(super) head: bool,
    rows: Vec<Vec<String>>,
    headers: Vec<bool>,
    /// Per column: how many rows below still repeat which text.
    carried: Vec<(usize, String)>,
    /// Columns and rows that the open cell spans.
    span: (usize, usize),
    all_headings: bool,
}

impl Table {
    pub(super) fn new(id: ego_tree::NodeId) -> Self {
        Self {
            id,
            head: false,
            rows: Vec::new(),
            headers: Vec::new(),
            carried: Vec::new(),
            span: (1, 1),
            all_headings: true,
        }
    }

    pub(super) fn open_row(&mut self, repeats: &mut Repeats) {
        self.close_row(repeats);
        self.rows.push(Vec::new());
        self.headers.push(self.head);
        self.all_headings = true;
        self.carry(repeats);
    }

    fn close_row(&mut self, repeats: &mut Repeats) {
        self.close_cell(repeats);
        if let (Some(header), Some(row)) = (self.headers.last_mut(), self.rows.last()) {
            *header |= self.all_headings && !row.is_empty() && self.rows.len() == 1;
        }
    }

    /// Puts the cells that span down from above where the row now stands.
    fn carry(&mut self, repeats: &mut Repeats) {
        let Some(row) = self.rows.last_mut() else { return };
        while let Some((left, text)) = self.carried.get_mut(row.len()).filter(|(left, _)| *left > 0) {
            if repeats.cells(1) == 0 {
                return;
            }
            *left -= 1;
            row.push(repeats.words(text));
        }
    }

    pub(super) fn open_cell(
        &mut self,
        heading: bool,
        (columns, rows): (usize, usize),
        repeats: &mut Repeats,
    ) {
        if self.rows.is_empty() {
            self.open_row(repeats);
        }
        self.close_cell(repeats);
        self.carry(repeats);
        self.span = (columns.clamp(1, MAX_SPAN), rows.clamp(1, MAX_SPAN));
        self.all_headings &= heading;
        if let Some(row) = self.rows.last_mut() {
            row.push(String::new());
        }
    }

    fn close_cell(&mut self, repeats: &mut Repeats) {
        let (columns, rows) = std::mem::replace(&mut self.span, (1, 1));
        let Some(row) = self.rows.last_mut() else { return };
        let Some(at) = row.len().checked_sub(1) else {
            return;
        };
        let text = if rows > 1 {
            repeats.words(&row[at])
        } else {
            String::new()
        };
        row.extend(std::iter::repeat_n(String::new(), repeats.cells(columns - 1)));
        if rows > 1 && repeats.cells(at + 1) > at {
            if self.carried.len() <= at {
                self.carried.resize(at + 1, (0, String::new()));
            }
            self.carried[at] = (rows - 1, text);
        }
    }

    /// Adds words to the open cell.
    pub(super) fn push(&mut self, words: &str, repeats: &mut Repeats) {
        if self.rows.is_empty() {
            self.open_row(repeats);
        }
        let Some(row) = self.rows.last_mut() else { return };
        if row.is_empty() {
            row.push(String::new());
        }
        if let Some(cell) = row.last_mut() {
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(words.trim());
        }
    }

    /// Turns the table into rows of the document, numbered `number`.
    pub(super) fn into_paras(mut self, number: u32, paras: &mut Paras, repeats: &mut Repeats) {
        self.close_row(repeats);
        // Marks on every row mark none.
        if self.headers.windows(2).all(|pair| pair[0] == pair[1]) {
            let guessed = header_rows(&self.rows);
            for (at, header) in self.headers.iter_mut().enumerate() {
                *header = at < guessed;
            }
        }
        // One column is text in a frame.
        let single = self.rows.iter().all(|row| row.len() <= 1);
        for (row, header) in self.rows.iter().zip(&self.headers) {
            let role = if single {
                Role::Plain
            } else {
                Role::Row(number, *header)
            };
            paras.push(Para::new(role, join_cells(row)));
        }
    }
}
