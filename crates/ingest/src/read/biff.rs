//! What the records of an XLS say of its cells beyond their values: percents, and rows and columns that nobody sees.
//!
//! Owns a walk over the records of formats, rows and columns; values are `calamine`'s. Whatever is broken is passed over:
//! then a cell is shown as a plain number.

mod twelve;

use std::collections::{HashMap, HashSet};

use super::ole::{u16_at, u32_at};
use super::sheet::HiddenColumns;
use super::xlsx::{Shown, of_code, of_number};
pub(super) use twelve::looks as looks_of_xlsb;

/// Cells of one sheet of which something is kept: as many as a sheet of these files can have rows, ten times.
const MAX_NOTED: usize = 655_360;

/// Records of all sheets: a file of 50 MiB has some five million; beyond it sheets claim the same ones.
const MAX_RECORDS: usize = 10_000_000;

/// What is known of the cells of one sheet.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Decimals of the percents, by row and column.
    percents: HashMap<(u32, u32), usize>,
    rows: HashSet<u32>,
    columns: HiddenColumns,
    filtered: bool,
    /// The row that comes in, where cells do not name theirs.
    row: u32,
}

impl Looks {
    /// Returns the decimals of a cell that shows percents.
    pub(super) fn percent(&self, place: (u32, u32)) -> Option<usize> {
        self.percents.get(&place).copied()
    }

    /// Tells whether a cell stands in a row or column that is hidden; what a filter leaves out is a view and not hidden.
    pub(super) fn is_hidden(&self, (row, column): (u32, u32)) -> bool {
        !self.filtered && self.rows.contains(&row) || self.columns.has(column)
    }

    fn take(&mut self, kind: u16, record: &[u8], formats: &[Shown]) {
        let number = |at: usize| u16_at(record, at);
        let mut percent = |row: Option<u16>, column: Option<u16>, format: Option<u16>| {
            if let (Some(row), Some(column), Some(format)) = (row, column, format)
                && let Some(Shown::Percent(decimals)) = formats.get(usize::from(format))
                && self.percents.len() < MAX_NOTED
            {
                self.percents.insert((row.into(), column.into()), *decimals);
            }
        };
        match kind {
            record::NUMBER | record::SHORT_NUMBER | record::FORMULA => {
                percent(number(0), number(2), number(4));
            }
            record::SHORT_NUMBERS => {
                let cells = record.len().saturating_sub(6) / 6;
                for cell in 0..cells {
                    let column = number(2).and_then(|first| first.checked_add(u16::try_from(cell).ok()?));
                    percent(number(0), column, number(4 + 6 * cell));
                }
            }
            record::ROW => {
                const HIDDEN: u16 = 0x20;
                const OUTLINE: u16 = 0x07;
                // What an outline folds away, a click shows.
                let folded = number(12).is_some_and(|flags| flags & HIDDEN != 0 && flags & OUTLINE == 0);
                self.rows.extend(number(0).filter(|_| folded).map(u32::from));
            }
            record::COLUMNS => {
                const HIDDEN: u16 = 0x01;
                const OUTLINE: u16 = 0x0700;
                let hidden = number(8).is_some_and(|flags| flags & HIDDEN != 0 && flags & OUTLINE == 0);
                if let (true, Some(first), Some(last)) = (hidden, number(0), number(2)) {
                    self.columns.hide(first.into(), last.into());
                }
            }
            record::FILTERED => self.filtered = true,
            _ => {}
        }
    }
}

/// The kinds of records that are looked at.
mod record {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000a;
    pub(super) const LOCKED: u16 = 0x002f;
    pub(super) const COLUMNS: u16 = 0x007d;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const FILTERED: u16 = 0x009b;
    pub(super) const SHORT_NUMBERS: u16 = 0x00bd;
    pub(super) const LOOK: u16 = 0x00e0;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const ROW: u16 = 0x0208;
    pub(super) const SHORT_NUMBER: u16 = 0x027e;
    pub(super) const FORMAT: u16 = 0x041e;
    pub(super) const BEGIN: u16 = 0x0809;
}

/// Tells whether what follows the first records is encrypted.
pub(super) fn is_locked(workbook: &[u8]) -> bool {
    let mut head = Records::new(workbook, 0).take_while(|(kind, _)| *kind != record::END);
    head.any(|(kind, _)| kind == record::LOCKED)
}

/// Returns what is known of the cells of each sheet, in the order of the workbook.
pub(super) fn looks(workbook: &[u8]) -> Vec<Looks> {
    let mut own: HashMap<u16, Shown> = HashMap::new();
    let (mut formats, mut places) = (Vec::new(), Vec::new());
    for (kind, record) in Records::new(workbook, 0) {
        let number = |at: usize| u16_at(record, at);
        match kind {
            record::FORMAT => {
                let code = format_code(record.get(2..).unwrap_or_default());
                own.extend(number(0).map(|id| (id, of_code(&code))));
            }
            record::LOOK => {
                let id = number(2).unwrap_or(0);
                formats.push(
                    own.get(&id)
                        .copied()
                        .unwrap_or_else(|| of_number(&id.to_string())),
                );
            }
            record::SHEET => {
                places.push(u32_at(record, 0).map_or(usize::MAX, |place| place as usize));
            }
            record::END => break,
            _ => {}
        }
    }
    let mut left = MAX_RECORDS;
    let of_sheet = |place: usize| {
        let mut looks = Looks::default();
        // Charts inside a sheet have an end of their own.
        let mut depth = 0_usize;
        for (kind, record) in Records::new(workbook, place) {
            left = left.saturating_sub(1);
            match kind {
                _ if left == 0 => break,
                record::BEGIN => depth += 1,
                record::END if depth <= 1 => break,
                record::END => depth -= 1,
                _ if depth <= 1 => looks.take(kind, record, &formats),
                _ => {}
            }
        }
        looks
    };
    places.into_iter().map(of_sheet).collect()
}

/// Reads the code of a format: a length of one or two bytes, and letters of one or two.
fn format_code(text: &[u8]) -> String {
    match text {
        // Since Excel 97 a byte of flags follows the length; there are four of them.
        [count, 0, flags @ 0..=15, letters @ ..] => {
            let count = usize::from(*count);
            if flags & 1 == 1 {
                let units = letters.chunks_exact(2).take(count);
                let units = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
                char::decode_utf16(units)
                    .map(|letter| letter.unwrap_or(' '))
                    .collect()
            } else {
                letters.iter().take(count).copied().map(char::from).collect()
            }
        }
        [count, letters @ ..] => letters
            .iter()
            .take(usize::from(*count))
            .copied()
            .map(char::from)
            .collect(),
        [] => String::new(),
    }
}

/// The records from a place on.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    fn new(stream: &'a [u8], from: usize) -> Self {
        Self {
            rest: stream.get(from..).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length) = (u16_at(self.rest, 0)?, usize::from(u16_at(self.rest, 2)?));
        let record = self.rest.get(4..4 + length)?;
        self.rest = &self.rest[4 + length..];
        Some((kind, record))
    }
}
