//! PPT: slides in their order with titles, text, tables and notes, out of the records of [MS-PPT].
//!
//! Owns finding the slides that hold now among those of earlier saves, and which texts of a slide are its own. Masters,
//! slide numbers, dates and footers are not text.

use std::collections::HashMap;

use docent_corpus::{Format, Unreadable, UnreadableCode};

use super::doc::code_page;
use super::draft::{Draft, Para, Role, header_rows, join_cells};
use super::ole::{Compound, stream, summary, u8_at, u16_at, u32_at, utf16};
use super::package::cut;
use super::refuse;

/// Records inside one another: a text in a shape in a group needs some ten.
const MAX_DEPTH: usize = 64;

/// Earlier saves of one file: each save may add one.
const MAX_SAVES: usize = 10_000;

/// Slides of one file.
const MAX_SLIDES: usize = 10_000;

mod kind {
    pub(super) const DOCUMENT: u16 = 0x03e8;
    pub(super) const SLIDE: u16 = 0x03ee;
    pub(super) const SLIDE_ATOM: u16 = 0x03ef;
    pub(super) const SLIDE_PLACE: u16 = 0x03f3;
    pub(super) const SHOW: u16 = 0x03f9;
    pub(super) const DRAWING: u16 = 0x040c;
    pub(super) const PLACEHOLDER: u16 = 0x0bc3;
    pub(super) const OUTLINE_TEXT: u16 = 0x0f9e;
    pub(super) const TEXT_HEADER: u16 = 0x0f9f;
    pub(super) const TEXT_WIDE: u16 = 0x0fa0;
    pub(super) const TEXT_NARROW: u16 = 0x0fa8;
    pub(super) const SLIDE_LIST: u16 = 0x0ff0;
    pub(super) const SAVE: u16 = 0x0ff5;
    pub(super) const PLACES: u16 = 0x1772;
    pub(super) const GROUP: u16 = 0xf003;
    pub(super) const SHAPE: u16 = 0xf004;
    pub(super) const TEXT_BOX: u16 = 0xf00d;
    pub(super) const ANCHOR: u16 = 0xf00f;
    pub(super) const MORE_PROPERTIES: u16 = 0xf122;
}

/// Reads a presentation.
pub(super) fn read(file: &mut Compound<'_>) -> Result<Draft, Unreadable> {
    const LOCKED: u32 = 0xf3d1_c4df;
    // A file for PowerPoint 95 as well has the newer form in a folder of its own.
    let within = if file.exists("/PP97_DUALSTORAGE/PowerPoint Document") {
        "/PP97_DUALSTORAGE"
    } else {
        ""
    };
    let user = stream(file, &format!("{within}/Current User")).unwrap_or_default();
    if u32_at(&user, 12) == Some(LOCKED) || file.exists("/EncryptedSummary") {
        return Err(refuse(
            UnreadableCode::Encrypted,
            "the file needs a password; save it without one",
        ));
    }
    let bytes = stream(file, &format!("{within}/PowerPoint Document")).ok_or_else(cut)?;
    let mut show = Show {
        bytes: &bytes,
        draft: Draft::new(Format::Ppt),
        tables: 0,
        page: 0,
        hidden: 0,
        texts: Vec::new(),
    };
    let latest = u32_at(&user, 16).map(|at| at as usize);
    if show.slides(latest).is_none() {
        show.all_slides()?;
    }
    let Show {
        mut draft,
        page,
        hidden,
        ..
    } = show;
    draft.pages = Some(page);
    if hidden > 0 {
        draft.hidden.tell(format!("Hidden slides left out: {hidden}."));
    }
    summary(file, &mut draft);
    Ok(draft)
}

/// A record: what it is, a number of its own, its content.
#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u16,
    instance: u16,
    container: bool,
    content: &'a [u8],
}

/// Returns the record at an offset, cut at the end of what holds it, and where the next one begins.
fn record(bytes: &[u8], at: usize) -> Option<(Record<'_>, usize)> {
    const HEAD_BYTES: usize = 8;
    let first = u16_at(bytes, at)?;
    let length = u32_at(bytes, at + 4)? as usize;
    let from = at + HEAD_BYTES;
    let end = from.saturating_add(length).min(bytes.len());
    let record = Record {
        kind: u16_at(bytes, at + 2)?,
        instance: first >> 4,
        container: first & 0xf == 0xf,
        content: bytes.get(from..end)?,
    };
    Some((record, end))
}

/// Walks the records that follow one another.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (found, next) = record(bytes, at)?;
        at = next;
        Some(found)
    })
}

/// Returns the first record of a kind.
fn first(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    records(bytes)
        .find(|found| found.kind == wanted)
        .map(|found| found.content)
}

/// A text of a slide.
#[derive(Debug, Clone, Default)]
struct Words {
    /// Title, body, notes …: a number of [MS-PPT] 2.13.33.
    form: u32,
    text: String,
}

const NOTES: u32 = 2;
const OTHER: u32 = 4;

/// Reads texts that follow one another, each behind its header.
fn texts(bytes: &[u8]) -> Vec<Words> {
    let mut found: Vec<Words> = Vec::new();
    let mut form = OTHER;
    let mut open = false;
    for one in records(bytes) {
        let text = match one.kind {
            kind::TEXT_HEADER => {
                // A header without text keeps its place in the outline.
                if open {
                    found.push(Words {
                        form,
                        ..Words::default()
                    });
                }
                form = u32_at(one.content, 0).unwrap_or(OTHER);
                open = true;
                continue;
            }
            kind::TEXT_WIDE => utf16(one.content),
            kind::TEXT_NARROW => narrow(one.content),
            _ => continue,
        };
        open = false;
        found.push(Words { form, text });
    }
    if open {
        found.push(Words {
            form,
            ..Words::default()
        });
    }
    found
}

/// Decodes text of one byte a letter, which is the first 256 of Unicode or, from old programs, a code page.
fn narrow(bytes: &[u8]) -> String {
    let page = code_page(std::iter::once(bytes));
    page.decode_without_bom_handling(bytes).0.into_owned()
}

/// A slide of the list that the document keeps.
#[derive(Debug, Default)]
struct Place {
    persist: u32,
    id: u32,
    texts: Vec<Words>,
}

/// A slide with the texts of the outline, its content and its notes.
type Found<'a> = (Vec<Words>, Option<&'a [u8]>, Option<&'a [u8]>);

/// A cell of a table: where it stands and what it says.
type Cell = (i32, i32, String);

struct Show<'a> {
    bytes: &'a [u8],
    draft: Draft,
    tables: u32,
    page: u32,
    hidden: usize,
    /// Texts of the slide now read that stand in the document's outline.
    texts: Vec<Words>,
}

impl<'a> Show<'a> {
    /// Reads the slides that the last save names; nothing when it cannot be followed.
    fn slides(&mut self, latest: Option<usize>) -> Option<()> {
        let (places, document) = self.places(latest?)?;
        let at = *places.get(&document)? as usize;
        let (document, _) = record(self.bytes, at).filter(|(found, _)| found.kind == kind::DOCUMENT)?;
        let list = |wanted: u16| {
            let list = records(document.content)
                .find(|found| found.kind == kind::SLIDE_LIST && found.instance == wanted);
            list.map(|list| listed(list.content)).unwrap_or_default()
        };
        let notes: HashMap<u32, u32> = list(2)
            .into_iter()
            .map(|place| (place.id, place.persist))
            .collect();
        let slides = list(0);
        if slides.is_empty() {
            return None;
        }
        let content = |persist: u32| {
            let at = *places.get(&persist)? as usize;
            Some(record(self.bytes, at)?.0.content)
        };
        let found: Vec<Found<'a>> = slides
            .into_iter()
            .map(|place| {
                let slide = content(place.persist);
                let note = slide
                    .and_then(|slide| u32_at(first(slide, kind::SLIDE_ATOM)?, 16))
                    .and_then(|id| content(*notes.get(&id)?));
                (place.texts, slide, note)
            })
            .collect();
        for (texts, slide, note) in found {
            self.texts = texts;
            self.slide(slide.unwrap_or_default(), note);
        }
        Some(())
    }

    /// Returns where each part begins, the newest save first, and which part is the document.
    fn places(&self, latest: usize) -> Option<(HashMap<u32, u32>, u32)> {
        let mut places = HashMap::new();
        let mut document = None;
        let mut at = latest;
        for _ in 0..MAX_SAVES {
            let (save, _) = record(self.bytes, at).filter(|(found, _)| found.kind == kind::SAVE)?;
            document = document.or_else(|| u32_at(save.content, 16));
            let directory = u32_at(save.content, 12)? as usize;
            let (list, _) = record(self.bytes, directory).filter(|(found, _)| found.kind == kind::PLACES)?;
            let mut entry = 0;
            while let Some(head) = u32_at(list.content, entry) {
                let (id, count) = (head & 0x000f_ffff, head >> 20);
                for number in 0..count {
                    let place = u32_at(list.content, entry + 4 + number as usize * 4)?;
                    places.entry(id + number).or_insert(place);
                }
                entry += 4 + count as usize * 4;
            }
            let before = u32_at(save.content, 8)? as usize;
            // Saves go backwards; anything else would not end.
            if before == 0 || before >= at {
                break;
            }
            at = before;
        }
        Some((places, document?))
    }

    /// Reads every slide there is, for files whose directory is broken.
    fn all_slides(&mut self) -> Result<(), Unreadable> {
        let all = self.bytes;
        for found in records(all).filter(|found| found.container) {
            match found.kind {
                kind::SLIDE => {
                    self.texts = Vec::new();
                    self.slide(found.content, None);
                }
                kind::DOCUMENT => {
                    for list in records(found.content).filter(|list| list.kind == kind::SLIDE_LIST) {
                        for place in listed(list.content) {
                            for words in place.texts {
                                self.write(&words);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if self.page == 0 {
            return Err(cut());
        }
        let told = "The list of slides is broken; slides of earlier saves may be among these.";
        self.draft.lost.push(told.to_owned());
        Ok(())
    }

    fn slide(&mut self, content: &'a [u8], note: Option<&'a [u8]>) {
        const HIDDEN: u16 = 0x0004;
        self.page += 1;
        let flags = first(content, kind::SHOW).and_then(|show| u16_at(show, 10));
        let before = self.draft.paras.len();
        let mut told: Vec<bool> = vec![false; self.texts.len()];
        if let Some(drawing) = first(content, kind::DRAWING) {
            self.shapes(drawing, 0, &mut told);
        }
        // Texts that no shape claims.
        let outline = std::mem::take(&mut self.texts);
        for (words, _) in outline.iter().zip(told).filter(|(_, told)| !told) {
            self.write(words);
        }
        if let Some(drawing) = note.and_then(|note| first(note, kind::DRAWING)) {
            let mut boxes = Vec::new();
            text_boxes(drawing, 0, &mut boxes);
            let notes = boxes.into_iter().flat_map(texts);
            for words in notes.filter(|words| words.form == NOTES) {
                for line in lines(&words.text) {
                    self.push(Role::Footnote, line);
                }
            }
        }
        if flags.is_some_and(|flags| flags & HIDDEN != 0) {
            self.hidden += 1;
            self.draft.hide_from(before);
        }
    }

    fn shapes(&mut self, bytes: &'a [u8], depth: usize, told: &mut [bool]) {
        if depth > MAX_DEPTH || self.page as usize > MAX_SLIDES {
            return;
        }
        for found in records(bytes) {
            match found.kind {
                kind::GROUP if is_table(found.content) => self.table(found.content),
                kind::SHAPE => {
                    for words in self.shape(found.content, told) {
                        self.write(&words);
                    }
                }
                _ if found.container => self.shapes(found.content, depth + 1, told),
                _ => {}
            }
        }
    }

    /// Returns the texts of a shape that is no date, number or footer.
    fn shape(&self, content: &'a [u8], told: &mut [bool]) -> Vec<Words> {
        if is_furniture(content) {
            return Vec::new();
        }
        let Some(text_box) = first(content, kind::TEXT_BOX) else {
            return Vec::new();
        };
        let mut found = texts(text_box);
        if let Some(number) = first(text_box, kind::OUTLINE_TEXT).and_then(|at| u32_at(at, 0))
            && let Some(words) = self.texts.get(number as usize)
        {
            if let Some(told) = told.get_mut(number as usize) {
                *told = true;
            }
            found.insert(0, words.clone());
        }
        found
    }

    fn table(&mut self, group: &'a [u8]) {
        let mut cells: Vec<Cell> = Vec::new();
        for shape in records(group).filter(|found| found.kind == kind::SHAPE) {
            let words = self.shape(shape.content, &mut []);
            let Some(anchor) = first(shape.content, kind::ANCHOR).filter(|_| !words.is_empty()) else {
                continue;
            };
            let number = |at| u32_at(anchor, at).unwrap_or(0).cast_signed();
            let text: Vec<String> = words.iter().flat_map(|words| lines(&words.text)).collect();
            cells.push((number(4), number(0), text.join(" ")));
        }
        cells.sort_by_key(|(top, left, _)| (*top, *left));
        let mut columns: Vec<i32> = cells.iter().map(|(_, left, _)| *left).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut reached = None;
        for (top, left, text) in cells {
            if reached != Some(top) {
                rows.push(Vec::new());
                reached = Some(top);
            }
            let column = columns.binary_search(&left).unwrap_or(0);
            if let Some(row) = rows.last_mut() {
                row.resize(row.len().max(column), String::new());
                row.push(text);
            }
        }
        let headers = header_rows(&rows);
        for (at, row) in rows.iter().enumerate() {
            self.push(Role::Row(self.tables, at < headers), join_cells(row));
        }
        self.tables += 1;
    }

    fn write(&mut self, words: &Words) {
        const TITLES: [u32; 2] = [0, 6];
        const BODIES: [u32; 3] = [1, 7, 8];
        let all: Vec<String> = lines(&words.text).collect();
        if TITLES.contains(&words.form) {
            return self.push(Role::Heading(1), all.join(" "));
        }
        let listed = BODIES.contains(&words.form) && all.len() > 1;
        for line in all {
            if listed {
                self.push(Role::Item(0), format!("• {line}"));
            } else {
                self.push(Role::Plain, line);
            }
        }
    }

    fn push(&mut self, role: Role, text: String) {
        self.draft.paras.push(Para {
            page: Some(self.page),
            ..Para::new(role, text)
        });
    }
}

/// Returns the slides of a list, each with its texts.
fn listed(list: &[u8]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut at = 0;
    let mut from = None;
    let take = |from: Option<usize>, end: usize, places: &mut Vec<Place>| {
        if let (Some(from), Some(place)) = (from, places.last_mut()) {
            place.texts = texts(&list[from..end]);
        }
    };
    while let Some((found, next)) = record(list, at) {
        if found.kind == kind::SLIDE_PLACE && places.len() < MAX_SLIDES {
            take(from, at, &mut places);
            places.push(Place {
                persist: u32_at(found.content, 0).unwrap_or(0),
                id: u32_at(found.content, 12).unwrap_or(0),
                texts: Vec::new(),
            });
            from = Some(next);
        }
        at = next;
    }
    take(from, at.min(list.len()), &mut places);
    places
}

/// Returns the paragraphs of a text; marks of fields and pictures aside.
fn lines(text: &str) -> impl Iterator<Item = String> {
    text.split('\r')
        .map(|line| {
            let line = line.replace(['\u{b}', '\n', '\t'], " ");
            line.trim().replace(|c: char| c.is_control(), "")
        })
        .filter(|line| !line.is_empty())
}

/// Tells whether a shape holds the date, the number or the running lines of a slide.
fn is_furniture(shape: &[u8]) -> bool {
    const CLIENT_DATA: u16 = 0xf011;
    let placeholder = first(shape, CLIENT_DATA).and_then(|data| first(data, kind::PLACEHOLDER));
    placeholder
        .and_then(|placeholder| u8_at(placeholder, 4))
        .is_some_and(|form| (7..=10).contains(&form))
}

/// Tells whether a group of shapes is a table: only a table says how high its rows are.
fn is_table(group: &[u8]) -> bool {
    const TABLE: u16 = 0x039f;
    const ROWS: u16 = 0x03a0;
    let Some(properties) = first(group, kind::SHAPE).and_then(|shape| first(shape, kind::MORE_PROPERTIES))
    else {
        return false;
    };
    let numbers = (0..properties.len() / 6).filter_map(|number| u16_at(properties, number * 6));
    numbers
        .map(|number| number & 0x3fff)
        .any(|number| number == TABLE || number == ROWS)
}

/// Gathers the boxes of text in a drawing.
fn text_boxes<'a>(bytes: &'a [u8], depth: usize, boxes: &mut Vec<&'a [u8]>) {
    if depth > MAX_DEPTH {
        return;
    }
    for found in records(bytes) {
        if found.kind == kind::TEXT_BOX {
            boxes.push(found.content);
        } else if found.container {
            text_boxes(found.content, depth + 1, boxes);
        }
    }
}
