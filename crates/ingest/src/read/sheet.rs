//! XLSB and XLS, read by `calamine`, and what all workbooks have in common.
//!
//! Owns how a cell is shown, and parting a sheet into tables: an empty row ends one, its first row of names is the header.

use std::io::Cursor;

use calamine::{
    Data, DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError,
};
use docent_corpus::{Format, Unreadable, UnreadableCode};

use super::biff::Looks;
use super::draft::{Draft, MAX_HEADER_ROWS, Para, Paras, Role, header_rows, join_cells};
use super::package::{Package, cut};
use super::{MAX_TEXT_BYTES, biff, locked, ole, refuse};

/// Cells of one workbook: a register of a hundred thousand rows; beyond it a file is a database.
const MAX_CELLS: usize = 2_000_000;

/// Hidden sheets that are named; the rest is counted.
const MAX_NAMED: usize = 20;

/// Empty columns between two cells: a sheet for people has some dozen columns in all.
const MAX_GAP: usize = 64;

/// Reads a workbook.
pub(super) fn read(bytes: &[u8], format: Format) -> Result<Draft, Unreadable> {
    let mut book = Book::new(format);
    if format == Format::Xlsb {
        let mut package = Package::open(bytes)?;
        package.check()?;
        let looks = biff::looks_of_xlsb(&mut package);
        let mut file = Xlsb::new(Cursor::new(bytes)).map_err(|error| match error {
            XlsbError::Password => locked(),
            _ => cut(),
        })?;
        let order = names(file.sheets_metadata());
        for (name, seen) in worksheets(file.sheets_metadata()) {
            let looks = looks_of(&looks, &order, &name);
            let mut sheet = Sheet::begin(&mut book, &name, seen);
            let Ok(mut cells) = file.worksheet_cells_reader(&name) else {
                sheet.lose();
                continue;
            };
            loop {
                match cells.next_cell() {
                    Ok(Some(cell)) => sheet.look(cell.get_position(), cell.get_value(), looks)?,
                    Ok(None) => break,
                    Err(_) => {
                        sheet.lose();
                        break;
                    }
                }
            }
            sheet.end();
        }
    } else {
        let stream = workbook(bytes);
        if biff::is_locked(&stream) {
            return Err(locked());
        }
        let mut file = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
            XlsError::Password => locked(),
            _ => cut(),
        })?;
        book.whole(&mut file, &biff::looks(&stream))?;
    }
    Ok(book.done())
}

/// A workbook while it is read.
pub(super) struct Book {
    draft: Draft,
    tables: u32,
    cells: usize,
    hidden: Vec<String>,
    /// Filled cells in rows and columns that nobody sees.
    concealed: usize,
}

impl Book {
    /// Begins a workbook.
    pub(super) fn new(format: Format) -> Self {
        Self {
            draft: Draft::new(format),
            tables: 0,
            cells: 0,
            hidden: Vec::new(),
            concealed: 0,
        }
    }

    /// Returns the paragraphs so far, to add to them.
    pub(super) fn paras(&mut self) -> &mut Paras {
        &mut self.draft.paras
    }

    /// Returns the number of a further table.
    pub(super) fn table(&mut self) -> u32 {
        self.tables += 1;
        self.tables - 1
    }

    /// Ends the workbook.
    pub(super) fn done(self) -> Draft {
        let Self {
            mut draft,
            hidden,
            concealed,
            ..
        } = self;
        if concealed > 0 {
            draft
                .hidden
                .tell(format!("Cells of hidden rows and columns left out: {concealed}."));
        }
        if !hidden.is_empty() {
            let more = hidden.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let names = hidden[..hidden.len().min(MAX_NAMED)].join(", ");
            draft
                .hidden
                .tell(format!("Hidden sheets left out: {names}{more}."));
        }
        draft
    }

    /// Reads a format whose cells come all at once, with what is known of the cells of each sheet.
    fn whole(&mut self, file: &mut Xls<Cursor<&[u8]>>, looks: &[Looks]) -> Result<(), Unreadable> {
        let order = names(file.sheets_metadata());
        for (name, seen) in worksheets(file.sheets_metadata()) {
            let looks = looks_of(looks, &order, &name);
            let mut sheet = Sheet::begin(self, &name, seen);
            let Ok(range) = file.worksheet_range(&name) else {
                sheet.lose();
                continue;
            };
            let (top, left) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                let place = (top + row as u32, left + column as u32);
                sheet.look(place, &as_ref(value), looks)?;
            }
            sheet.end();
        }
        Ok(())
    }
}

/// Returns the name of a sheet as it can be told: programs allow 31 characters, and no line ends.
fn plain_name(name: &str) -> String {
    const MAX_CHARS: usize = 60;
    name.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect()
}

/// Returns the sheets that have cells and whether a person sees them.
fn worksheets(sheets: &[calamine::Sheet]) -> Vec<(String, bool)> {
    let cells = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    cells
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect()
}

/// Returns the names of all sheets in their order.
fn names(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets.iter().map(|sheet| sheet.name.clone()).collect()
}

/// Returns what is known of the cells of a sheet; with fewer or more than there are sheets nobody knows which is which.
fn looks_of<'a>(looks: &'a [Looks], order: &[String], name: &str) -> Option<&'a Looks> {
    let at = order.iter().position(|one| one == name)?;
    looks.get(at).filter(|_| looks.len() == order.len())
}

/// Returns the records of an XLS file.
fn workbook(bytes: &[u8]) -> Vec<u8> {
    let Ok(mut file) = cfb::CompoundFile::open(Cursor::new(bytes)) else {
        return Vec::new();
    };
    let stream = ["/Workbook", "/Book"]
        .into_iter()
        .find_map(|name| ole::stream(&mut file, name));
    stream.unwrap_or_default()
}

fn as_ref(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(is) => DataRef::Bool(*is),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Columns that nobody sees.
#[derive(Debug, Default)]
pub(super) struct HiddenColumns {
    hidden: Vec<bool>,
    /// How often columns were hidden.
    told: usize,
}

impl HiddenColumns {
    /// Sheets of all programs have at most this many.
    const MAX: u32 = 16_384;

    /// A sheet tells of some dozen stretches; each can name all columns.
    const MAX_TOLD: usize = 1_000;

    /// Hides the columns from `first` to `last`.
    pub(super) fn hide(&mut self, first: u32, last: u32) {
        self.told += 1;
        if self.told > Self::MAX_TOLD {
            return;
        }
        for column in first..=last.min(Self::MAX - 1) {
            let column = column as usize;
            if self.hidden.len() <= column {
                self.hidden.resize(column + 1, false);
            }
            self.hidden[column] = true;
        }
    }

    pub(super) fn has(&self, column: u32) -> bool {
        self.hidden.get(column as usize) == Some(&true)
    }
}

/// One sheet while its cells come in, row by row.
pub(super) struct Sheet<'a> {
    book: &'a mut Book,
    name: String,
    /// Whether a person sees it.
    seen: bool,
    row: u32,
    cells: Vec<String>,
    /// Bytes of the cells of this row.
    bytes: usize,
    /// The first rows of a table wait for those below, which tell which of them are the header.
    first: Vec<Vec<String>>,
    /// Whether a table has begun, and its empty columns on the left.
    within: Option<usize>,
}

impl<'a> Sheet<'a> {
    /// Begins a sheet under its name; the cells of one that nobody sees are kept apart.
    pub(super) fn begin(book: &'a mut Book, name: &str, seen: bool) -> Self {
        if seen {
            book.draft.paras.push(Para::new(Role::Heading(1), name));
        } else {
            book.hidden.push(plain_name(name));
        }
        Self {
            book,
            name: name.to_owned(),
            seen,
            row: 0,
            cells: Vec::new(),
            bytes: 0,
            first: Vec::new(),
            within: None,
        }
    }

    /// Takes a cell as it is shown, or leaves it out.
    fn look(
        &mut self,
        place: (u32, u32),
        value: &DataRef<'_>,
        looks: Option<&Looks>,
    ) -> Result<(), Unreadable> {
        let text = match (value, looks.and_then(|looks| looks.percent(place))) {
            (DataRef::Float(number), Some(decimals)) => percent(*number, decimals),
            (DataRef::Int(number), Some(decimals)) => percent(*number as f64, decimals),
            _ => shown(value),
        };
        if looks.is_some_and(|looks| looks.is_hidden(place)) {
            self.conceal(place.0, &text);
            return Ok(());
        }
        self.cell(place, &text)
    }

    /// Takes a cell that nobody sees. Its row is none that parts a table: what follows stands under the same header.
    pub(super) fn conceal(&mut self, row: u32, text: &str) {
        if !text.trim().is_empty() {
            self.book.concealed += 1;
            self.book.draft.hidden.add_whole(None, text);
            self.enter(row);
        }
    }

    /// Goes on to a row; an empty one before it ends a table.
    fn enter(&mut self, row: u32) {
        if row != self.row {
            self.flush();
            if row > self.row + 1 {
                self.table_ends();
            }
            self.row = row;
        }
    }

    /// Notes that the sheet breaks off.
    pub(super) fn lose(&mut self) {
        let told = format!(
            "The sheet «{}» is broken and was left out from the break on.",
            plain_name(&self.name)
        );
        self.book.draft.lost.push(told);
    }

    /// Takes a cell; rows come in their order.
    pub(super) fn cell(&mut self, (row, column): (u32, u32), text: &str) -> Result<(), Unreadable> {
        if text.trim().is_empty() {
            return Ok(());
        }
        if !self.seen {
            self.book.draft.hidden.add_whole(None, text);
            return Ok(());
        }
        self.book.cells += 1;
        self.bytes += text.len();
        let over = self.bytes > MAX_TEXT_BYTES || self.book.draft.paras.is_over();
        if self.book.cells > MAX_CELLS || over {
            return Err(refuse(
                UnreadableCode::TooBig,
                "the workbook has over two million filled cells or 20 MiB of text; split it into parts",
            ));
        }
        self.enter(row);
        // A gap wider than any meant one is closed: each empty cell of it would cost memory in every row.
        let column = (column as usize).min(self.cells.len() + MAX_GAP);
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        // Line ends inside a cell would part the row.
        self.cells[column] = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(())
    }

    fn flush(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        self.bytes = 0;
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        if filled == 0 {
            return;
        }
        if let Some(margin) = self.within {
            self.push(&cells, margin, false);
        } else if filled == 1 && self.first.is_empty() {
            // A line over a table: its title or a remark.
            self.line(&cells);
        } else {
            self.first.push(cells);
            if self.first.len() > MAX_HEADER_ROWS {
                self.begin_table();
            }
        }
    }

    /// Adds the rows that have waited.
    fn begin_table(&mut self) {
        let rows = std::mem::take(&mut self.first);
        let begins = |row: &Vec<String>| row.iter().position(|cell| !cell.is_empty());
        let margin = rows.iter().filter_map(begins).min().unwrap_or(0);
        let inner: Vec<Vec<&String>> = rows.iter().map(|row| row[margin..].iter().collect()).collect();
        let headers = header_rows(&inner);
        for (at, row) in rows.iter().enumerate() {
            self.push(row, margin, at < headers);
        }
        self.within = Some(margin);
    }

    fn push(&mut self, cells: &[String], margin: usize, header: bool) {
        // A row may begin in the margin.
        let own = cells.iter().position(|cell| !cell.is_empty()).unwrap_or(0);
        let row = Role::Row(self.book.tables, header);
        let text = join_cells(&cells[margin.min(own)..]);
        self.book.draft.paras.push(Para::new(row, text));
    }

    fn line(&mut self, cells: &[String]) {
        let filled: Vec<&str> = cells
            .iter()
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
            .collect();
        self.book
            .draft
            .paras
            .push(Para::new(Role::Plain, filled.join(" ")));
    }

    fn table_ends(&mut self) {
        match self.first.len() {
            0 => {}
            // A row by itself is a line of text.
            1 => {
                let cells = self.first.remove(0);
                self.line(&cells);
            }
            _ => self.begin_table(),
        }
        self.book.tables += u32::from(self.within.is_some());
        self.within = None;
    }

    /// Ends the sheet.
    pub(super) fn end(mut self) {
        self.flush();
        self.table_ends();
    }
}

/// Shows a value as a person sees it in the sheet.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => plain(*number),
        DataRef::String(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "да".to_owned(),
        DataRef::Bool(false) => "нет".to_owned(),
        DataRef::DateTime(time) => date(time),
        DataRef::DateTimeIso(text) => iso(text),
        // What the formula could not compute says nothing.
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Writes a share of one as its format shows it.
pub(super) fn percent(number: f64, decimals: usize) -> String {
    format!("{:.decimals$}%", number * 100.0)
}

/// Writes a number without exponent and without the noise beyond the 15 digits that a sheet keeps.
pub(super) fn plain(number: f64) -> String {
    const DIGITS: i32 = 15;
    let whole = if number.abs() < 1.0 {
        1
    } else {
        number.abs().log10().floor() as i32 + 1
    };
    let decimals = (DIGITS - whole).clamp(0, 15) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Writes a day, a clock or a length of time.
pub(super) fn date(time: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    if time.is_duration() {
        let seconds = (time.as_f64() * 86_400.0).round() as i64;
        return format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
    let clock = if second == 0 {
        format!("{hour:02}:{minute:02}")
    } else {
        format!("{hour:02}:{minute:02}:{second:02}")
    };
    if time.as_f64() < 1.0 {
        clock
    } else if (hour, minute, second) == (0, 0, 0) {
        format!("{day:02}.{month:02}.{year}")
    } else {
        format!("{day:02}.{month:02}.{year} {clock}")
    }
}

/// Writes «2024-05-01» or «2024-05-01T10:00:00» as dates are written in other sheets.
pub(super) fn iso(text: &str) -> String {
    let (day, clock) = text.split_once('T').unwrap_or((text, ""));
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, day] = parts[..] else {
        return text.to_owned();
    };
    let clock = clock.split('.').next().unwrap_or("");
    let clock = clock.strip_suffix(":00").unwrap_or(clock);
    if clock.is_empty() || clock == "00:00" {
        format!("{day}.{month}.{year}")
    } else {
        format!("{day}.{month}.{year} {clock}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_person_sees_them() {
        for (number, text) in [
            (12350.5, "12350.5"),
            (0.1 + 0.2, "0.3"),
            (1e15, "1000000000000000"),
            (-7.0, "-7"),
            (0.0, "0"),
            (1_234_567.891, "1234567.891"),
        ] {
            assert_eq!(plain(number), text);
        }
        assert_eq!(iso("2024-05-01"), "01.05.2024");
        assert_eq!(iso("2024-05-01T10:30:00"), "01.05.2024 10:30");
    }
}
