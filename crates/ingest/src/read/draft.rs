//! What a format's reader hands over: paragraphs in reading order with what the format itself says about them.
//!
//! Owns the shape only. Headings, lists and remarks that a format does not mark are found later, in the same way for all.

use docent_corpus::Format;

use super::MAX_TEXT_BYTES;
use super::hidden::Hidden;

/// What the format itself says a paragraph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing: it may still turn out to be a heading, a list item or a remark.
    Plain,
    /// A heading of this level, from 1.
    Heading(u8),
    /// A list item of this depth, from 0, its marker in the text.
    Item(u8),
    /// A row of the table with this number; the flag tells the header.
    Row(u32, bool),
    /// A caption.
    Caption,
    /// A footnote.
    Footnote,
    /// Preformatted or quoted text that is never a heading.
    Verbatim,
    /// A remark of somebody who worked on the document: kept, but never an answer.
    Remark,
}

/// A paragraph as the format gave it.
#[derive(Debug, Clone)]
pub(crate) struct Para {
    /// What the format says.
    pub(crate) role: Role,
    /// The words; superscripts are Unicode superscript digits where they are digits.
    pub(crate) text: String,
    /// The page it begins on.
    pub(crate) page: Option<u32>,
    /// Whether all of it is bold or centred, as headings are that are not marked as such.
    pub(crate) strong: bool,
}

impl Para {
    /// Makes a paragraph of which the format says only what it is.
    pub(crate) fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            page: None,
            strong: false,
        }
    }
}

/// The most paragraphs and rows of one document: a code of law has some ten thousand, a year's register a few hundred
/// thousand; beyond it a file is a database, and every paragraph costs a hundred bytes while it is read.
pub(crate) const MAX_PARAS: usize = 1_000_000;

/// The paragraphs of a draft. What exceeds the limits is counted as over and not kept, so that no reader has to look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paras {
    list: Vec<Para>,
    bytes: usize,
    over: bool,
}

impl Paras {
    /// Adds a paragraph; one without a letter, digit or sign is dropped.
    pub(crate) fn push(&mut self, para: Para) {
        if para.text.trim().is_empty() {
            return;
        }
        self.bytes += para.text.len();
        if self.list.len() >= MAX_PARAS || self.bytes > MAX_TEXT_BYTES {
            self.over = true;
        } else {
            self.list.push(para);
        }
    }

    /// Notes that there is more than is read.
    pub(crate) fn overflow(&mut self) {
        self.over = true;
    }

    /// Tells whether something was left out because there was too much.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Returns how many bytes of text there are.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many paragraphs there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes out the paragraphs from the one at `at` on.
    pub(crate) fn split_off(&mut self, at: usize) -> Vec<Para> {
        let taken = self.list.split_off(at.min(self.list.len()));
        self.bytes -= taken.iter().map(|para| para.text.len()).sum::<usize>();
        taken
    }

    /// Returns the last paragraph.
    pub(crate) fn last(&self) -> Option<&Para> {
        self.list.last()
    }

    /// Returns the last paragraph, to go on with it.
    pub(crate) fn last_mut(&mut self) -> Option<&mut Para> {
        self.list.last_mut()
    }

    /// Returns the paragraphs.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Para> {
        self.list.iter()
    }

    /// Returns the paragraphs to be changed.
    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Para> {
        self.list.iter_mut()
    }
}

impl IntoIterator for Paras {
    type Item = Para;
    type IntoIter = std::vec::IntoIter<Para>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Extend<Para> for Paras {
    fn extend<T: IntoIterator<Item = Para>>(&mut self, paras: T) {
        paras.into_iter().for_each(|para| self.push(para));
    }
}

/// What may still be repeated and filled in for cells that span rows and columns: a few bytes of markup can ask for a
/// thousand copies of a page.
#[derive(Debug)]
pub(crate) struct Repeats {
    bytes: usize,
    cells: usize,
}

impl Default for Repeats {
    /// A megabyte of repeated words and as many cells: more than the tables of any document span.
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            cells: 1 << 20,
        }
    }
}

impl Repeats {
    /// Returns a copy of a cell's words, or nothing once enough was repeated.
    pub(crate) fn words(&mut self, words: &str) -> String {
        match self.bytes.checked_sub(words.len()) {
            Some(left) => {
                self.bytes = left;
                words.to_owned()
            }
            None => String::new(),
        }
    }

    /// Returns how many of `wanted` empty cells may be filled in.
    pub(crate) fn cells(&mut self, wanted: usize) -> usize {
        let granted = wanted.min(self.cells);
        self.cells -= granted;
        granted
    }
}

/// A document as its format gives it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// What kind of file it was.
    pub(crate) format: Format,
    /// The title in the file's properties, meant or not.
    pub(crate) title: Option<String>,
    /// The author in the file's properties.
    pub(crate) author: Option<String>,
    /// The date in the file's properties, ISO 8601.
    pub(crate) date: Option<String>,
    /// The paragraphs in reading order.
    pub(crate) paras: Paras,
    /// The number of pages.
    pub(crate) pages: Option<u32>,
    /// Sentences about what could not be read.
    pub(crate) lost: Vec<String>,
    /// Sentences about what was mended.
    pub(crate) repaired: Vec<String>,
    /// What nobody sees.
    pub(crate) hidden: Hidden,
    /// How many tables the parts put together so far have.
    tables: u32,
}

impl Default for Draft {
    /// Makes an empty draft of plain text.
    fn default() -> Self {
        Self::new(Format::Text)
    }
}

impl Draft {
    /// Makes an empty draft.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            title: None,
            author: None,
            date: None,
            paras: Paras::default(),
            pages: None,
            lost: Vec::new(),
            repaired: Vec::new(),
            hidden: Hidden::default(),
            tables: 0,
        }
    }
}

/// A file inside a document.
#[derive(Clone, Copy)]
pub(crate) struct Attached<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
}

impl Draft {
    /// Adds what another reader made of a part of the document; its tables get numbers of their own.
    pub(crate) fn append(&mut self, part: Self) {
        let last = |para: &Para| match para.role {
            Role::Row(table, _) => Some(table),
            _ => None,
        };
        let first = self
            .tables
            .max(self.paras.last().and_then(last).map_or(0, |table| table + 1));
        self.tables = first;
        for mut para in part.paras {
            if let Role::Row(table, _) = &mut para.role {
                *table += first;
                self.tables = self.tables.max(*table + 1);
            }
            self.paras.push(para);
        }
        self.lost.extend(part.lost);
        self.repaired.extend(part.repaired);
        self.hidden.append(part.hidden);
    }

    /// Notes how many tables there are so far, for parts that are added.
    pub(crate) fn count_tables(&mut self, tables: u32) {
        self.tables = tables;
    }

    /// Moves the paragraphs from the one at `at` on to what nobody sees.
    pub(crate) fn hide_from(&mut self, at: usize) {
        for para in self.paras.split_off(at) {
            self.hidden.add_whole(para.page, &para.text);
        }
    }

    /// Adds a file that the document carries, under its name; what cannot be read of it is told.
    pub(crate) fn attach(&mut self, file: Attached<'_>) {
        let Attached { name, bytes } = file;
        match super::read_part(name, bytes) {
            Ok(part) => {
                self.paras.push(Para::new(Role::Heading(2), name));
                self.append(part);
            }
            Err(refusal) => self.lost.push(format!("Attachment {name}: {}.", refusal.reason)),
        }
    }
}

/// Appends raised text to `out`: digits become Unicode superscript digits, anything else stays as it is.
pub(crate) fn push_raised(out: &mut String, raised: &str) {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let trimmed = raised.trim();
    if !trimmed.is_empty() && trimmed.chars().all(|c| c.is_ascii_digit() || c == '.') {
        out.extend(
            trimmed
                .chars()
                .map(|c| c.to_digit(10).map_or(c, |digit| DIGITS[digit as usize])),
        );
    } else {
        out.push_str(raised);
    }
}

/// Joins the cells of a row.
pub(crate) fn join_cells<S: AsRef<str>>(cells: &[S]) -> String {
    let last = cells
        .iter()
        .rposition(|cell| !cell.as_ref().trim().is_empty())
        .map_or(0, |at| at + 1);
    cells[..last]
        .iter()
        .map(|cell| cell.as_ref().trim())
        .collect::<Vec<_>>()
        .join(" | ")
}

/// The most rows of names over a table.
pub(crate) const MAX_HEADER_ROWS: usize = 3;

/// Returns how many rows at the front of a table that does not mark its header look like one: a row that names every column, or
/// several where a name spans columns and the row below divides it («Цена, руб.» over «для граждан» and «для организаций»). The
/// column that names the rows needs no name.
pub(crate) fn header_rows<S: AsRef<str>>(rows: &[Vec<S>]) -> usize {
    let cell = |row: usize, column: usize| rows[row].get(column).map_or("", |cell| cell.as_ref().trim());
    let width = |row: usize| {
        (0..rows[row].len())
            .rfind(|&column| !cell(row, column).is_empty())
            .map_or(0, |last| last + 1)
    };
    let most = MAX_HEADER_ROWS.min(rows.len().saturating_sub(1));
    let wide = (0..=most)
        .filter(|&row| row < rows.len())
        .map(width)
        .max()
        .unwrap_or(0);
    let mut found = 0;
    for last in 0..most {
        let named = |column: usize, rows: usize| (0..rows).any(|row| !cell(row, column).is_empty());
        // A further row divides names that span columns, and says nothing new of the others.
        let fits = |column: usize| {
            let word = cell(last, column);
            let spanned = !named(column, last) || column + 1 < wide && !named(column + 1, last);
            word.is_empty() || spanned || (0..last).any(|row| cell(row, column) == word)
        };
        // What stands in the row above as well is the same name where a cell goes on below; some column has to be divided.
        let divides =
            |column: usize| !cell(last, column).is_empty() && cell(last, column) != cell(last - 1, column);
        let goes_on = last == 0 || (0..width(last)).all(fits) && (0..width(last)).any(divides);
        if !names_columns(&rows[last]) || !goes_on {
            break;
        }
        let below = last + 1;
        let columns = (0..below).map(width).max().unwrap_or(0);
        let corner = usize::from(columns > 2 && !cell(below, 0).is_empty() && !named(0, below));
        // A line over the whole table is followed by its names only where figures follow these.
        let titled = (0..columns).filter(|&column| !cell(0, column).is_empty()).count() < 2;
        let told = !titled || columns > 2 && !names_columns(&rows[below]);
        if columns > 1 && told && (corner..columns).all(|column| named(column, below)) {
            found = below;
        }
    }
    found
}

/// Returns how many rows at the front of a table are its header, of which the file marks `marked`: marks that leave no row below are
/// none.
pub(crate) fn headers_of<S: AsRef<str>>(marked: usize, rows: &[Vec<S>]) -> usize {
    if (1..rows.len()).contains(&marked) {
        marked
    } else {
        header_rows(rows)
    }
}

/// Tells whether all filled cells of a row are names of columns, years among them.
fn names_columns<S: AsRef<str>>(row: &[S]) -> bool {
    /// Column names are short.
    const MAX_NAME_CHARS: usize = 80;
    let is_year =
        |cell: &str| cell.len() == 4 && cell.parse::<u16>().is_ok_and(|year| (1900..2100).contains(&year));
    let filled = || {
        row.iter()
            .map(|cell| cell.as_ref().trim())
            .filter(|cell| !cell.is_empty())
    };
    // One year may be a figure; a row of them is a row of names.
    let years = filled().filter(|cell| is_year(cell)).count();
    let is_value = |cell: &str| {
        matches!(
            cell.to_lowercase().as_str(),
            "да" | "нет" | "yes" | "no" | "true" | "false"
        )
    };
    filled().count() > 0
        && !filled().any(is_value)
        && (years > 1 || filled().any(|cell| cell.chars().any(char::is_alphabetic)))
        && filled().all(|cell| {
            let named = cell.chars().any(char::is_alphabetic) || matches!(cell, "№" | "#" | "%");
            (named || years > 1 && is_year(cell))
                && cell.chars().count() <= MAX_NAME_CHARS
                && !cell.ends_with(';')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_names_over_a_table_are_its_header() {
        for (table, headers) in [
            ("Отдел|Телефон/Касса|21", 1),
            ("№|Услуга|Цена/1|Справка|50", 1),
            (
                "№|Услуга|Цена, руб.||Срок/||для граждан|для организаций|/1|Справка|50|90|5 дней",
                2,
            ),
            // A sheet keeps no empty cells at the end of a row.
            ("№|Услуга|Цена/||для граждан|для организаций/1|Справка|50|90", 2),
            ("Показатель|2024|2025/Посетители|120|140", 1),
            ("|2024||2025|/|план|факт|план|факт/Посетители|1|2|3|4", 2),
            ("|До обеда|После обеда/Касса|открыта|закрыта", 1),
            // The cell above is repeated where it goes on below.
            ("Зал|Часы|/Зал|будни|выходные/Малый|9-18|10-16", 2),
            ("Цены на 2026 год||/Услуга|Ед.|Цена/Справка|шт.|50", 2),
            ("Контакты|/Директор|Иванов/Касса|21-14", 0),
            ("Импорт||да/Сырьё||нет", 0),
            ("Касса|утро|/Касса|утро|/1|2|3", 1),
            ("Раздел первый||/Иванов|кадры|город/Петров|касса|город", 0),
            ("Иванов|1985/Петров|1990", 0),
            ("Отдел|Телефон", 0),
            ("Отдел/Касса/Архив", 0),
            ("Касса||утро/Архив|второй этаж|вечер/Зал|первый этаж|день", 0),
        ] {
            let rows: Vec<Vec<&str>> = table.split('/').map(|row| row.split('|').collect()).collect();
            assert_eq!(header_rows(&rows), headers, "{table}");
        }
    }
}
