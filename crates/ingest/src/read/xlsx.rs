//! XLSX, cell by cell: values as their formats show them, texts of shapes, charts and remarks beside them.
//!
//! Owns what a cell shows; leaves parting a sheet into tables to `sheet`. A broken sheet costs that sheet.

use calamine::{ExcelDateTime, ExcelDateTimeType};
use docent_corpus::{Format, Unreadable};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::docx::{Relations, attribute, chart, diagram, resolved};
use super::draft::{Draft, Para, Role};
use super::package::{Package, cut};
use super::sheet::{Book, HiddenColumns, Sheet, date, iso, percent, plain};

/// Sheets of one workbook.
const MAX_SHEETS: usize = 1_000;

/// Elements inside one another: a cell needs some ten.
const MAX_DEPTH: usize = 200;

/// How the number of a cell is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shown {
    #[default]
    Plain,
    /// With so many decimals.
    Percent(usize),
    Date,
    /// A length of time.
    Span,
}

/// Reads a workbook.
pub(super) fn read(mut package: Package<'_>) -> Result<Draft, Unreadable> {
    const MAIN: &str = "xl/workbook.xml";
    let relations = Relations::of(&mut package, MAIN)?;
    let workbook = package.xml(MAIN)?.ok_or_else(cut)?;
    let mut part = |kind: &str| -> Result<String, Unreadable> {
        let member = relations.first(kind, &format!("xl/{kind}.xml"));
        Ok(package.xml(&member)?.unwrap_or_default())
    };
    let look = Look {
        texts: shared(&part("sharedStrings")?)?,
        styles: styles(&part("styles")?),
        from_1904: workbook.contains("date1904=\"1\"") || workbook.contains("date1904=\"true\""),
    };
    let mut book = Book::new(Format::Xlsx);
    for (name, id, visible) in sheets(&workbook)? {
        let Some(member) = relations.by_id(&id) else {
            continue;
        };
        if !member.contains("worksheets/") && !package.has(member) {
            continue;
        }
        let mut sheet = Sheet::begin(&mut book, &name, visible);
        match package.xml(member) {
            Ok(Some(xml)) => {
                let hidden = Hidden::of(&xml, is_filtered(&mut package, member, &xml)?);
                if !look.cells(&xml, hidden, &mut sheet)? {
                    sheet.lose();
                }
            }
            Ok(None) => sheet.lose(),
            Err(refusal) => return Err(refusal),
        }
        sheet.end();
        if visible {
            beside(&mut package, member, &mut book)?;
        }
    }
    Ok(book.done())
}

/// Adds what stands beside the cells of a sheet: shapes, charts, remarks.
fn beside(package: &mut Package<'_>, sheet: &str, book: &mut Book) -> Result<(), Unreadable> {
    let relations = Relations::of(package, sheet)?;
    for drawing in relations.all("drawing") {
        let xml = package.xml(&drawing)?.unwrap_or_default();
        book.paras().extend(diagram(&xml));
        for member in Relations::of(package, &drawing)?.all("chart") {
            let xml = package.xml(&member)?.unwrap_or_default();
            let table = book.table();
            book.paras().extend(chart(&xml, table));
        }
    }
    for member in relations.all("comments") {
        let xml = package.xml(&member)?.unwrap_or_default();
        let remarks = strings(&xml, "comment").unwrap_or_default();
        let remarks = remarks
            .into_iter()
            .map(|text| Para::new(Role::Remark, in_line(&text)));
        book.paras().extend(remarks);
    }
    Ok(())
}

fn in_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns name, relation and whether it is shown of each sheet.
fn sheets(xml: &str) -> Result<Vec<(String, String, bool)>, Unreadable> {
    let mut reader = Reader::from_str(xml);
    let mut sheets = Vec::new();
    loop {
        match reader.read_event().map_err(|_| cut())? {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "sheet" => {
                let told = |key| attribute(&start, key).unwrap_or_default();
                let visible = !told("state").to_lowercase().contains("hidden");
                sheets.push((unescaped(&told("name")), told("id"), visible));
                if sheets.len() == MAX_SHEETS {
                    return Ok(sheets);
                }
            }
            Event::Eof => return Ok(sheets),
            _ => {}
        }
    }
}

fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// Reads the texts that cells share.
fn shared(xml: &str) -> Result<Vec<String>, Unreadable> {
    strings(xml, "si").ok_or_else(cut)
}

/// Returns the words of each element of a name, phonetic guides aside; nothing when the XML is broken.
fn strings(xml: &str, element: &str) -> Option<Vec<String>> {
    let mut reader = Reader::from_str(xml);
    let (mut texts, mut text) = (Vec::new(), String::new());
    let (mut within, mut guides, mut depth) = (false, 0_usize, 0_usize);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return None;
                }
                match start.local_name().as_ref() {
                    "t" => within = guides == 0,
                    "rPh" => guides += 1,
                    name if name == element => text.clear(),
                    _ => {}
                }
            }
            Event::Empty(empty) if empty.local_name().as_ref() == element => texts.push(String::new()),
            Event::Text(words) if within => text.push_str(&words),
            Event::CData(words) if within => text.push_str(&words),
            Event::GeneralRef(entity) if within => text.push_str(&resolved(&entity)),
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                match end.local_name().as_ref() {
                    "t" => within = false,
                    "rPh" => guides = guides.saturating_sub(1),
                    name if name == element => texts.push(std::mem::take(&mut text)),
                    _ => {}
                }
            }
            Event::Eof if depth > 0 => return None,
            Event::Eof => return Some(texts),
            _ => {}
        }
    }
}

/// Reads how each style of cells shows numbers.
fn styles(xml: &str) -> Vec<Shown> {
    let mut reader = Reader::from_str(xml);
    let mut own = std::collections::HashMap::new();
    let (mut styles, mut within) = (Vec::new(), false);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(&start, "numFmtId").unwrap_or_default();
                    let code = unescaped(&attribute(&start, "formatCode").unwrap_or_default());
                    own.insert(id, of_code(&code));
                }
                "cellXfs" => within = true,
                "xf" if within => {
                    let id = attribute(&start, "numFmtId").unwrap_or_default();
                    styles.push(own.get(&id).copied().unwrap_or_else(|| of_number(&id)));
                }
                _ => {}
            },
            Event::End(end) if end.local_name().as_ref() == "cellXfs" => within = false,
            Event::Eof => break,
            _ => {}
        }
    }
    styles
}

/// How the formats that have only a number show.
pub(super) fn of_number(id: &str) -> Shown {
    match id.parse::<u32>() {
        Ok(9) => Shown::Percent(0),
        Ok(10) => Shown::Percent(2),
        Ok(14..=22 | 27..=36 | 45 | 47 | 50..=58) => Shown::Date,
        Ok(46) => Shown::Span,
        _ => Shown::Plain,
    }
}

/// How a format shows, by its code: what stands in quotes and brackets draws nothing of the number.
pub(super) fn of_code(code: &str) -> Shown {
    let first = code.split(';').next().unwrap_or("");
    let lower = first.to_lowercase();
    if ["[h]", "[hh]", "[mm]", "[m]", "[s]", "[ss]"]
        .iter()
        .any(|span| lower.contains(span))
    {
        return Shown::Span;
    }
    let mut bare = String::new();
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    for letter in lower.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' | '_' | '*' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracketed = true,
            ']' if !quoted => bracketed = false,
            _ if quoted || bracketed => {}
            letter => bare.push(letter),
        }
    }
    if bare.contains('%') {
        let decimals = bare.split_once('.').map_or("", |(_, decimals)| decimals);
        let digits = decimals.chars().take_while(|c| matches!(c, '0' | '#' | '?'));
        return Shown::Percent(digits.count());
    }
    if bare.contains("general") || bare.contains(['0', '#']) {
        return Shown::Plain;
    }
    if bare.contains(['y', 'd', 'h', 'm', 's', 'г', 'д']) {
        Shown::Date
    } else {
        Shown::Plain
    }
}

/// What the cells of a workbook share.
struct Look {
    texts: Vec<String>,
    styles: Vec<Shown>,
    from_1904: bool,
}

/// A cell while it is walked.
#[derive(Default)]
struct Cell {
    kind: String,
    style: usize,
    value: String,
    text: String,
    row: u32,
    column: u32,
}

impl Look {
    /// Reads the cells of a sheet; tells whether it came to its end.
    fn cells(&self, xml: &str, mut hidden: Hidden, sheet: &mut Sheet<'_>) -> Result<bool, Unreadable> {
        let mut reader = Reader::from_str(xml);
        let mut cell = Cell::default();
        let (mut row, mut next) = (0_u32, 0_u32);
        let (mut within, mut guides, mut depth) = (' ', 0_usize, 0_usize);
        loop {
            let Ok(event) = reader.read_event() else {
                return Ok(false);
            };
            match event {
                Event::Start(start) => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Ok(false);
                    }
                    match start.local_name().as_ref() {
                        "row" => {
                            (row, next) = (row_of(&start, row), 0);
                            hidden.row(&start);
                        }
                        "c" => {
                            cell = Cell::of(&start, row, next);
                            next = cell.column.saturating_add(1);
                        }
                        "v" => within = 'v',
                        "t" if guides == 0 => within = 't',
                        "rPh" => guides += 1,
                        _ => {}
                    }
                }
                Event::Empty(start) => match start.local_name().as_ref() {
                    "row" => row = row_of(&start, row),
                    "c" => next = Cell::of(&start, row, next).column.saturating_add(1),
                    _ => {}
                },
                Event::Text(words) => cell.words(within, &words),
                Event::CData(words) => cell.words(within, &words),
                Event::GeneralRef(entity) => cell.words(within, &resolved(&entity)),
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    match end.local_name().as_ref() {
                        "v" | "t" => within = ' ',
                        "rPh" => guides = guides.saturating_sub(1),
                        "c" => {
                            let (shown, row) = (self.shown(&cell), cell.row.saturating_sub(1));
                            if hidden.covers(cell.column) {
                                sheet.conceal(row, &shown);
                            } else {
                                sheet.cell((row, cell.column), &shown)?;
                            }
                            cell = Cell::default();
                        }
                        "sheetData" => return Ok(true),
                        _ => {}
                    }
                }
                Event::Eof => return Ok(depth == 0),
                _ => {}
            }
        }
    }

    fn shown(&self, cell: &Cell) -> String {
        let number = || cell.value.trim().parse::<f64>().ok();
        match cell.kind.as_str() {
            "s" => {
                let at = cell.value.trim().parse::<usize>().ok();
                let text = at.and_then(|at| self.texts.get(at));
                text.map(|text| without_escapes(text)).unwrap_or_default()
            }
            "inlineStr" => without_escapes(&cell.text),
            "str" => without_escapes(&cell.value),
            "b" if cell.value.trim() == "1" => "да".to_owned(),
            "b" => "нет".to_owned(),
            // What the formula could not compute says nothing.
            "e" => String::new(),
            "d" => iso(cell.value.trim()),
            _ => match (self.styles.get(cell.style).copied().unwrap_or_default(), number()) {
                (_, None) => cell.value.clone(),
                (Shown::Plain, Some(number)) => plain(number),
                (Shown::Percent(decimals), Some(number)) => percent(number, decimals),
                (Shown::Date, Some(number)) => self.date(number, ExcelDateTimeType::DateTime),
                (Shown::Span, Some(number)) => self.date(number, ExcelDateTimeType::TimeDelta),
            },
        }
    }

    fn date(&self, number: f64, kind: ExcelDateTimeType) -> String {
        /// The last day of the year 9999: beyond it a number is no date.
        const LAST: f64 = 2_958_466.0;
        if (0.0..LAST).contains(&number) {
            date(&ExcelDateTime::new(number, kind, self.from_1904))
        } else {
            plain(number)
        }
    }
}

/// Tells whether a filter leaves out rows of a sheet: that is a view and hides nothing.
fn is_filtered(package: &mut Package<'_>, sheet: &str, xml: &str) -> Result<bool, Unreadable> {
    const FILTER: &str = "filterColumn";
    if xml.contains("filterMode=") || xml.contains(FILTER) {
        return Ok(true);
    }
    for table in Relations::of(package, sheet)?.all("table") {
        if package.xml(&table)?.is_some_and(|table| table.contains(FILTER)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Which rows and columns of a sheet nobody sees. What an outline folds away, a click shows.
struct Hidden {
    columns: HiddenColumns,
    filtered: bool,
    /// Whether the row now open is one.
    row: bool,
}

impl Hidden {
    /// Reads the columns, which stand before the cells.
    fn of(xml: &str, filtered: bool) -> Self {
        let mut columns = HiddenColumns::default();
        let mut reader = Reader::from_str(xml);
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                    "col" if is_hidden(&start) => {
                        let number =
                            |key| attribute(&start, key).and_then(|number| number.parse::<u32>().ok());
                        if let (Some(first @ 1..), Some(last @ 1..)) = (number("min"), number("max")) {
                            columns.hide(first - 1, last - 1);
                        }
                    }
                    "sheetData" => break,
                    _ => {}
                },
                Event::Eof => break,
                _ => {}
            }
        }
        Self {
            columns,
            filtered,
            row: false,
        }
    }

    /// Takes the begin of a row.
    fn row(&mut self, start: &BytesStart<'_>) {
        self.row = !self.filtered && is_hidden(start);
    }

    fn covers(&self, column: u32) -> bool {
        self.row || self.columns.has(column)
    }
}

fn is_hidden(start: &BytesStart<'_>) -> bool {
    let told = |key| attribute(start, key);
    matches!(told("hidden").as_deref(), Some("1" | "true"))
        && told("outlineLevel").is_none_or(|level| level == "0")
}

fn row_of(start: &BytesStart<'_>, before: u32) -> u32 {
    let told = attribute(start, "r").and_then(|row| row.parse().ok());
    told.unwrap_or(before.saturating_add(1))
}

impl Cell {
    fn of(start: &BytesStart<'_>, row: u32, next: u32) -> Self {
        let mut cell = Self {
            row,
            column: next,
            ..Self::default()
        };
        for attribute in start.attributes().flatten() {
            let value = &*attribute.value;
            match attribute.key.local_name().as_ref() {
                "t" => value.clone_into(&mut cell.kind),
                "s" => cell.style = value.parse().unwrap_or(0),
                "r" => {
                    let letters = value.bytes().take_while(u8::is_ascii_alphabetic);
                    let column = letters.fold(0_u32, |column, letter| {
                        let digit = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
                        column.saturating_mul(26).saturating_add(digit)
                    });
                    cell.column = column.saturating_sub(1);
                    let digits = value.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                    cell.row = digits.parse().unwrap_or(row);
                }
                _ => {}
            }
        }
        cell
    }

    fn words(&mut self, within: char, words: &str) {
        match within {
            'v' => self.value.push_str(words),
            't' => self.text.push_str(words),
            _ => {}
        }
    }
}

/// Returns a text without the escapes in which a sheet writes characters that XML does not allow: `_x000D_`.
fn without_escapes(text: &str) -> String {
    const ESCAPE_BYTES: usize = 7;
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let escape = rest
            .get(at..at + ESCAPE_BYTES)
            .filter(|escape| escape.ends_with('_'));
        let code = escape.and_then(|escape| u32::from_str_radix(&escape[2..6], 16).ok());
        if let Some(letter) = code.and_then(char::from_u32) {
            out.push(if letter.is_control() { ' ' } else { letter });
            rest = &rest[at + ESCAPE_BYTES..];
        } else {
            out.push_str("_x");
            rest = &rest[at + 2..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_percents_dates_and_spans() {
        for (code, shown) in [
            ("0.0%", Shown::Percent(1)),
            ("dd/mm/yyyy", Shown::Date),
            ("[$-419]d mmmm yyyy\\ \"г.\"", Shown::Date),
            ("[h]:mm:ss", Shown::Span),
            ("#,##0.00\" руб. в месяц\"", Shown::Plain),
            ("General", Shown::Plain),
            ("@", Shown::Plain),
        ] {
            assert_eq!(of_code(code), shown, "{code}");
        }
        assert_eq!(without_escapes("a_x000D_b_x_c"), "a b_x_c");
    }
}
