//! DOC: the text of Word 6, 95 and 97–2003 by its piece table ([MS-DOC]), fast-saved files included.
//!
//! Owns the walk over the characters: fields, notes, tables, text boxes, remarks. Leaves styles and formatting to
//! `properties`, list numbers to `lists` and which headers are text to `edges`. Every length and place in the file is a claim that is checked.

mod edges;
mod lists;
mod properties;

use std::collections::HashMap;

use docent_corpus::{Format, Unreadable, UnreadableCode};
use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1251, WINDOWS_1252};

use super::draft::{Draft, Para, Role, header_rows, join_cells, push_raised};
use super::ole::{Compound, stream, summary, summary_pages, u16_at, u32_at};
use super::package::cut;
use super::refuse;
use lists::Lists;
use properties::{ParaMarks, Places, RunMarks, Styles};

/// Characters of one document: half of the longest text, because each takes six bytes while it is read.
const MAX_CHARS: usize = 10 << 20;

/// Pieces of one document: a file saved fast for years has some thousand.
const MAX_PIECES: usize = 1 << 20;

/// Files written before this number of the format are of Word 6 and 95.
const WORD_97: u16 = 106;

const CELL: u16 = 0x07;
const FIELD_BEGIN: u16 = 0x13;
const FIELD_PARTS: u16 = 0x14;
const FIELD_END: u16 = 0x15;

/// Reads a document.
pub(super) fn read(file: &mut Compound<'_>) -> Result<Draft, Unreadable> {
    /// Word 97, Word 6 and 95, and three for East Asia.
    const MARKS: [u16; 5] = [0xa5ec, 0xa5dc, 0xa697, 0xa698, 0xa699];
    const LOCKED: u16 = 0x0100;
    const TABLE_ONE: u16 = 0x0200;
    let main = stream(file, "/WordDocument").ok_or_else(cut)?;
    let flags = u16_at(&main, 10).ok_or_else(cut)?;
    if !MARKS.contains(&u16_at(&main, 0).unwrap_or(0)) {
        return Err(cut());
    }
    if flags & LOCKED != 0 {
        return Err(refuse(
            UnreadableCode::Encrypted,
            "the file needs a password; save it without one",
        ));
    }
    let old = u16_at(&main, 2).unwrap_or(0) < WORD_97;
    let table = match (old, flags & TABLE_ONE) {
        (true, _) => None,
        (_, 0) => stream(file, "/0Table").or_else(|| stream(file, "/1Table")),
        _ => stream(file, "/1Table").or_else(|| stream(file, "/0Table")),
    };
    let head = Head {
        table: match &table {
            Some(table) => table,
            None if old => &main,
            None => return Err(cut()),
        },
        main: &main,
        old,
    };
    let pages = summary_pages(file);
    let mut draft = head.read(pages)?;
    summary(file, &mut draft);
    Ok(draft)
}

/// The head of the file (FIB), which says where everything is.
#[derive(Clone, Copy)]
struct Head<'a> {
    main: &'a [u8],
    table: &'a [u8],
    old: bool,
}

/// Lists the head points to: place in the head of Word 97, and of Word 6.
#[derive(Clone, Copy)]
struct Field(usize, usize);

const STYLES: Field = Field(0xa2, 0x60);
const NOTE_MARKS: Field = Field(0xaa, 0x68);
const NOTE_TEXTS: Field = Field(0xb2, 0x70);
const RUNS: Field = Field(0xfa, 0xb8);
const PARAGRAPHS: Field = Field(0x102, 0xc0);
const PIECES: Field = Field(0x1a2, 0x160);
const DRAWINGS: Field = Field(0x1da, 0);
const END_NOTE_MARKS: Field = Field(0x20a, 0x1d2);
const END_NOTE_TEXTS: Field = Field(0x212, 0x1da);
const HEADERS: Field = Field(0xf2, 0xb0);
const SECTIONS: Field = Field(0xca, 0x88);
const LISTS: Field = Field(0x2e2, 0);
const LIST_USES: Field = Field(0x2ea, 0);

/// A stretch of text that lies in one place.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    place: u32,
    wide: bool,
}

impl<'a> Head<'a> {
    /// Returns what a field of the head points to, up to its declared end.
    fn list(&self, field: Field) -> &'a [u8] {
        let (from, length) = self.span(field);
        let end = from.saturating_add(length).min(self.table.len());
        self.table.get(from..end).unwrap_or_default()
    }

    fn span(&self, Field(new, old): Field) -> (usize, usize) {
        let at = if self.old { old } else { new };
        let number = |at| u32_at(self.main, at).unwrap_or(0) as usize;
        if at == 0 {
            (0, 0)
        } else {
            (number(at), number(at + 4))
        }
    }

    /// Returns the lengths, in characters, of the text and of what follows it.
    fn lengths(&self) -> [usize; 8] {
        let first = if self.old { 0x34 } else { 0x4c };
        std::array::from_fn(|number| {
            // A negative length is none.
            let length = u32_at(self.main, first + number * 4).unwrap_or(0);
            usize::try_from(length.cast_signed()).unwrap_or(0)
        })
    }

    fn pieces(&self) -> Vec<Piece> {
        let found = self.piece_table();
        if !found.is_empty() {
            return found;
        }
        // Without a table of pieces the text is one, as Word 6 writes it.
        let place = u32_at(self.main, 0x18).unwrap_or(0);
        let all: usize = self.lengths().iter().fold(0, |all, one| all.saturating_add(*one));
        let end = all.min(self.main.len().saturating_sub(place as usize));
        vec![Piece {
            start: 0,
            end,
            place,
            wide: false,
        }]
    }

    fn piece_table(&self) -> Vec<Piece> {
        const CHANGES: u8 = 1;
        const TABLE: u8 = 2;
        const ENTRY_BYTES: usize = 12;
        const NARROW: u32 = 0x4000_0000;
        let mut rest = self.list(PIECES);
        while let [CHANGES, low, high, ..] = rest {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            rest = rest.get(3 + length..).unwrap_or_default();
        }
        let [TABLE, rest @ ..] = rest else {
            return Vec::new();
        };
        let length = u32_at(rest, 0).unwrap_or(0) as usize;
        let list = rest.get(4..).unwrap_or_default();
        let list = &list[..length.min(list.len())];
        let count = (list.len().saturating_sub(4) / ENTRY_BYTES).min(MAX_PIECES);
        let mut pieces = Vec::new();
        let mut reached = 0;
        for number in 0..count {
            let start = u32_at(list, number * 4).unwrap_or(0) as usize;
            let end = u32_at(list, number * 4 + 4).unwrap_or(0) as usize;
            let Some(place) = u32_at(list, (count + 1) * 4 + number * 8 + 2) else {
                break;
            };
            if start != reached || end < start {
                break;
            }
            reached = end;
            let narrow = self.old || place & NARROW != 0;
            pieces.push(Piece {
                start,
                end,
                place: match (self.old, narrow) {
                    (true, _) => place,
                    (false, true) => (place & !NARROW) / 2,
                    (false, false) => place & !NARROW,
                },
                wide: !narrow,
            });
        }
        pieces
    }

    /// Reads the parts of the text; `pages` is how many the program counted.
    fn read(&self, pages: Option<u32>) -> Result<Draft, Unreadable> {
        /// The character set of files of Word 6 that were written on a Macintosh. Later ones say so too and lie.
        const MACINTOSH: u16 = 0x100;
        let macintosh = self.old && u16_at(self.main, 0x14) == Some(MACINTOSH);
        let text = Text::gather(self.main, &self.pieces(), macintosh)?;
        let lengths = self.lengths();
        let starts: Vec<usize> = lengths
            .iter()
            .scan(0_usize, |end, length| {
                let start = *end;
                *end = end.saturating_add(*length);
                Some(start)
            })
            .collect();
        let part = |number: usize| {
            let start = starts[number].min(text.units.len());
            start..(start + lengths[number].min(text.units.len() - start))
        };
        let [body, notes, headers, _, remarks, end_notes, boxes, header_boxes] = std::array::from_fn(part);
        let mut walker = Walker {
            text: &text,
            styles: Styles::parse(self.list(STYLES), self.old),
            runs: properties::runs(self.list(RUNS), self.main, self.old),
            paras: properties::paragraphs(self.list(PARAGRAPHS), self.main, self.old),
            lists: Lists::parse(
                self.table.get(self.span(LISTS).0..).unwrap_or_default(),
                self.list(LIST_USES),
            ),
            marks: self.note_marks(),
            draft: Draft::new(Format::Doc),
            open: Open::default(),
            cell: String::new(),
            row: Vec::new(),
            rows: Vec::new(),
            tables: 0,
            form: Form::Body,
            // What lies behind the text, or holds it, may give white letters a ground.
            on_paper: boxes.is_empty() && self.span(DRAWINGS).1 == 0,
        };
        let whole = !body.is_empty() || text.units.is_empty();
        walker.walk(body);
        walker.walk(boxes);
        if walker.draft.paras.last().is_none() {
            // A form whose words all stand at the margins.
            walker.walk(headers);
            walker.walk(header_boxes);
        } else {
            let first_differs = edges::first_differs(self.main, self.list(SECTIONS));
            walker.form = Form::Edge;
            for range in edges::once(self.list(HEADERS), &headers, first_differs, pages) {
                walker.walk(range);
            }
        }
        for (texts, marks, range) in [
            (NOTE_TEXTS, NOTE_MARKS, notes),
            (END_NOTE_TEXTS, END_NOTE_MARKS, end_notes),
        ] {
            let places = references(self.list(marks));
            let list = self.list(texts);
            for (number, place) in places.iter().enumerate() {
                let at = |number: usize| {
                    let within = u32_at(list, number * 4).map_or(usize::MAX, |at| at as usize);
                    range.start.saturating_add(within).min(range.end)
                };
                let mark = walker.marks.get(place).copied().unwrap_or(number + 1);
                walker.form = Form::Note(mark);
                walker.walk(at(number)..at(number + 1));
            }
            if places.is_empty() {
                walker.form = Form::Note(0);
                walker.walk(range);
            }
        }
        walker.form = Form::Remark;
        walker.walk(remarks);
        if !whole {
            return Err(cut());
        }
        if text.missing {
            let told = "A part of the text could not be reached in the file.".to_owned();
            walker.draft.lost.push(told);
        }
        Ok(walker.draft)
    }

    /// Returns the number that a reader sees at each note's place in the text.
    fn note_marks(&self) -> HashMap<u32, usize> {
        let mut places = references(self.list(NOTE_MARKS));
        places.extend(references(self.list(END_NOTE_MARKS)));
        places.sort_unstable();
        places.dedup();
        (1..).zip(places).map(|(number, place)| (place, number)).collect()
    }
}

/// Returns the places of references: one more place than references, then two bytes for each.
fn references(list: &[u8]) -> Vec<u32> {
    let count = list.len().saturating_sub(4) / 6;
    (0..count).filter_map(|number| u32_at(list, number * 4)).collect()
}

/// The characters of all parts, each with its place in the file, by which its formatting is found.
struct Text {
    units: Vec<u16>,
    pieces: Vec<Piece>,
    /// Whether pieces lie beyond the end of the file.
    missing: bool,
}

impl Text {
    fn gather(main: &[u8], pieces: &[Piece], macintosh: bool) -> Result<Self, Unreadable> {
        let bytes_of = |piece: &Piece| {
            let from = piece.place as usize;
            let length = (piece.end - piece.start).saturating_mul(1 + usize::from(piece.wide));
            let end = from.saturating_add(length).min(main.len());
            main.get(from..end).unwrap_or_default()
        };
        let narrow = pieces.iter().filter(|piece| !piece.wide).map(bytes_of);
        let mut page = code_page(narrow);
        if macintosh && page == WINDOWS_1252 {
            page = MACINTOSH;
        }
        let mut text = Self {
            units: Vec::new(),
            pieces: pieces.to_vec(),
            missing: false,
        };
        for piece in pieces {
            if piece.end > MAX_CHARS {
                return Err(refuse(
                    UnreadableCode::TooBig,
                    "the document holds over ten million characters; split it into parts",
                ));
            }
            let bytes = bytes_of(piece);
            if piece.wide {
                let pairs = bytes.chunks_exact(2);
                text.units
                    .extend(pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
            } else {
                let (decoded, _) = page.decode_without_bom_handling(bytes);
                text.units.extend(decoded.encode_utf16());
            }
            text.missing |= text.units.len() < piece.end;
            text.units.resize(piece.end, 0);
        }
        Ok(text)
    }

    /// Marks the characters that only tell a field what to compute; what it computed is text.
    fn instructions(&self, range: &std::ops::Range<usize>) -> Vec<bool> {
        let units = self.units.get(range.clone()).unwrap_or_default();
        let mut changes = vec![0_i32; units.len() + 1];
        let mut open: Vec<(usize, Option<usize>)> = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            match *unit {
                FIELD_BEGIN => open.push((at, None)),
                FIELD_PARTS => {
                    if let Some((_, parts @ None)) = open.last_mut() {
                        *parts = Some(at);
                    }
                }
                FIELD_END => {
                    // A field that is never closed is none: it would swallow the rest.
                    if let Some((start, parts)) = open.pop() {
                        changes[start] += 1;
                        changes[parts.unwrap_or(at)] -= 1;
                    }
                }
                _ => {}
            }
        }
        let mut depth = 0;
        changes
            .iter()
            .map(|change| {
                depth += change;
                depth > 0
            })
            .collect()
    }
}

/// Returns the code page of 8-bit text: runs of accented letters are no words of any western language.
pub(super) fn code_page<'a>(texts: impl Iterator<Item = &'a [u8]>) -> &'static Encoding {
    /// No western word has so many accented letters in a row.
    const RUN: usize = 3;
    let (mut high, mut in_runs) = (0_usize, 0_usize);
    for text in texts {
        for run in text.split(|byte| *byte < 0xc0 && !matches!(byte, 0xa8 | 0xb8)) {
            high += run.len();
            in_runs += if run.len() >= RUN { run.len() } else { 0 };
        }
    }
    if in_runs * 2 > high {
        WINDOWS_1251
    } else {
        WINDOWS_1252
    }
}

/// What the part now walked is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Body,
    /// A note of this number.
    Note(usize),
    Remark,
    /// A header or footer that is drawn once.
    Edge,
}

/// A paragraph while it is walked.
#[derive(Debug, Default)]
struct Open {
    text: String,
    /// The first half of a character beyond the first plane.
    half: Option<u16>,
    thick: usize,
    thin: usize,
    hidden: usize,
}

struct Walker<'a> {
    text: &'a Text,
    styles: Styles,
    runs: Places<RunMarks>,
    paras: Places<ParaMarks>,
    lists: Lists,
    marks: HashMap<u32, usize>,
    draft: Draft,
    open: Open,
    cell: String,
    row: Vec<String>,
    rows: Vec<Vec<String>>,
    tables: u32,
    form: Form,
    /// Whether nothing is drawn beside the text.
    on_paper: bool,
}

impl Walker<'_> {
    fn walk(&mut self, range: std::ops::Range<usize>) {
        const PAGE: u16 = 0x0c;
        const PARAGRAPH: u16 = 0x0d;
        let unread = self.text.instructions(&range);
        let start = range.start;
        let first = self.text.pieces.partition_point(|piece| piece.end <= start);
        let mut pieces = self.text.pieces[first.min(self.text.pieces.len())..].iter();
        let mut piece = pieces.next().copied();
        let mut run = (0, 0, RunMarks::default());
        let mut last = 0;
        for at in range {
            while piece.is_some_and(|piece| at >= piece.end) {
                piece = pieces.next().copied();
            }
            let Some(piece) = piece else { break };
            let offset = (at - piece.start) as u32 * (1 + u32::from(piece.wide));
            let place = piece.place.saturating_add(offset);
            if unread[at - start] {
                continue;
            }
            let unit = self.text.units[at];
            match unit {
                PARAGRAPH | PAGE | CELL => {
                    self.close(unit, last, self.paras.at(place));
                    last = unit;
                }
                _ => {
                    if !(run.0..run.1).contains(&place) {
                        run = self.runs.span(place);
                    }
                    let mut marks = run.2;
                    if marks.tiny || marks.white && self.is_on_paper(place, marks) {
                        marks.hidden = Some(true);
                    }
                    self.unit(unit, at, marks);
                }
            }
        }
        self.close(PARAGRAPH, last, ParaMarks::default());
        self.flush_table();
    }

    /// Tells whether a character stands on nothing but paper. The grounds of cells are not known.
    fn is_on_paper(&self, place: u32, marks: RunMarks) -> bool {
        let para = self.paras.at(place);
        let own = marks.style.map(|style| self.styles.get(style).grounded);
        let styled = self.styles.get(para.style).grounded || own == Some(true);
        self.on_paper && !(marks.grounded || para.grounded || para.in_table || styled)
    }

    fn unit(&mut self, unit: u16, at: usize, marks: RunMarks) {
        const NOTE: u16 = 0x02;
        let symbol = marks.symbol.filter(|_| unit == u16::from(b'('));
        if marks.deleted {
            return;
        }
        let mut words = String::new();
        match symbol.unwrap_or(unit) {
            // Where symbol fonts keep their bullets.
            0xf020..=0xf0ff => words.push('•'),
            NOTE => {
                if let Some(number) = self.marks.get(&(at as u32)).filter(|_| self.form == Form::Body) {
                    words = format!("[{number}]");
                }
            }
            0x09 | 0x0b | 0x0e => words.push(' '),
            0x1e => words.push('\u{2011}'),
            0xa0 => words.push('\u{a0}'),
            0..0x20 => {}
            half @ 0xd800..=0xdbff => self.open.half = Some(half),
            unit => {
                let halves = self.open.half.take().into_iter().chain([unit]);
                words.extend(char::decode_utf16(halves).map(|one| one.unwrap_or('\u{fffd}')));
            }
        }
        if words.is_empty() {
            return;
        }
        let style = marks
            .style
            .map(|style| self.styles.get(style))
            .unwrap_or_default();
        let visible = words.trim().chars().count();
        if marks.hidden.unwrap_or(style.hidden) {
            self.draft.hidden.add(None, &words);
            self.open.hidden += visible;
            return;
        }
        self.draft.hidden.part();
        if marks.raised {
            push_raised(&mut self.open.text, &words);
        } else {
            self.open.text.push_str(&words);
        }
        match marks.bold {
            Some(true) => self.open.thick += visible,
            None if style.bold => self.open.thick += visible,
            Some(false) => self.open.thin += visible,
            // As the paragraph's style says, which is known at its end.
            None => {}
        }
    }

    fn close(&mut self, unit: u16, last: u16, marks: ParaMarks) {
        let open = std::mem::take(&mut self.open);
        self.draft.hidden.part();
        let known = !self.paras.is_empty();
        let cell_end = unit == CELL;
        // Without formatting an empty cell behind a cell ends the row.
        let guessed = !known && last == CELL && open.text.trim().is_empty() && self.cell.is_empty();
        if cell_end && (marks.row_end || guessed) {
            if !self.row.is_empty() {
                self.rows.push(std::mem::take(&mut self.row));
            }
            return;
        }
        let style = self.styles.get(marks.style);
        let text = open.text.trim();
        if cell_end || marks.in_table {
            if style.hidden {
                self.draft.hidden.add_whole(None, text);
            } else if !text.is_empty() {
                if !self.cell.is_empty() {
                    self.cell.push(' ');
                }
                if let Some(marker) = self.marker(marks, style).filter(|marker| !marker.is_empty()) {
                    self.cell.push_str(&marker);
                    self.cell.push(' ');
                }
                self.cell.push_str(text);
            }
            if cell_end {
                self.row.push(std::mem::take(&mut self.cell));
            }
            return;
        }
        self.flush_table();
        if text.is_empty() {
            return;
        }
        if style.hidden {
            self.draft.hidden.add_whole(None, text);
            return;
        }
        let marker = self.marker(marks, style);
        let told = match marker.as_deref() {
            Some(marker) if !marker.is_empty() => format!("{marker} {text}"),
            _ => text.to_owned(),
        };
        let bold = if style.bold {
            open.thin == 0
        } else {
            open.thick > 0 && open.plain() == 0
        };
        let heading = marks.outline.map(|level| level + 1).or(style.heading);
        let (role, told) = match self.form {
            Form::Note(0) => (Role::Footnote, told),
            Form::Note(number) => (Role::Footnote, format!("[{number}] {told}")),
            Form::Remark => (Role::Remark, told),
            Form::Edge if !told.contains(char::is_alphabetic) => return,
            Form::Edge => (Role::Footnote, told),
            Form::Body => {
                let role = match (heading, marker) {
                    (Some(level), _) => Role::Heading(level.clamp(1, 9)),
                    _ if style.caption => Role::Caption,
                    // A numbered line in bold is a heading whose style does not say so.
                    (None, Some(_)) if !bold => Role::Item(level(marks, style).min(8)),
                    _ => Role::Plain,
                };
                (role, told)
            }
        };
        self.draft.paras.push(Para {
            strong: bold || marks.centred,
            ..Para::new(role, told)
        });
    }

    fn marker(&mut self, marks: ParaMarks, style: properties::Style) -> Option<String> {
        let list = marks.list.or(style.list).filter(|list| *list > 0)?;
        let level = level(marks, style);
        self.lists.next(list, level)
    }

    fn flush_table(&mut self) {
        if !self.cell.is_empty() {
            self.row.push(std::mem::take(&mut self.cell));
        }
        if !self.row.is_empty() {
            self.rows.push(std::mem::take(&mut self.row));
        }
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return;
        }
        let role = match self.form {
            Form::Body => None,
            Form::Note(_) | Form::Edge => Some(Role::Footnote),
            Form::Remark => Some(Role::Remark),
        };
        // A table of one cell frames a text.
        let alone = rows.iter().all(|row| row.len() <= 1);
        let headers = if alone { 0 } else { header_rows(&rows) };
        for (at, row) in rows.iter().enumerate() {
            let own = if alone {
                Role::Plain
            } else {
                Role::Row(self.tables, at < headers)
            };
            let para = Para::new(role.unwrap_or(own), join_cells(row));
            self.draft.paras.push(para);
        }
        self.tables += u32::from(!alone);
    }
}

/// Returns the level of a list that a paragraph stands on.
fn level(marks: ParaMarks, style: properties::Style) -> u8 {
    if marks.list.is_some() || style.list.is_none() {
        marks.level
    } else {
        style.level
    }
}

impl Open {
    /// Characters that are not said to be bold.
    fn plain(&self) -> usize {
        let visible = self.text.chars().filter(|c| !c.is_whitespace()).count();
        visible.saturating_sub(self.thick)
    }
}
