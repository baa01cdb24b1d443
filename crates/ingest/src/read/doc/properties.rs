//! Formatting of a DOC as far as the text needs it: styles, and what the pages of formatting (FKP) say of paragraphs and
//! runs.
//!
//! Owns the order of precedence (a run's own word before its style's). Lengths come from the file and are never trusted.

use super::super::ink::{TINY_HALF_POINTS, is_paper};
use super::super::ole::{u8_at, u16_at, u32_at};

/// The size of a page of formatting.
const PAGE_BYTES: usize = 512;

/// How many styles may be based on one another: Word allows eleven.
const MAX_PARENTS: usize = 16;

/// Styles of one document: Word allows 4,094.
const MAX_STYLES: usize = 4_096;

/// What is said of a paragraph.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, not a state"
)]
pub(super) struct ParaMarks {
    pub(super) style: u16,
    pub(super) in_table: bool,
    /// Ends a row of a table.
    pub(super) row_end: bool,
    pub(super) outline: Option<u8>,
    /// List (from 1) and level.
    pub(super) list: Option<u16>,
    pub(super) level: u8,
    pub(super) centred: bool,
    /// Whether it stands on a ground of another colour than paper.
    pub(super) grounded: bool,
}

/// What is said of a run; nothing where the style decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, not a state"
)]
pub(super) struct RunMarks {
    pub(super) hidden: Option<bool>,
    pub(super) deleted: bool,
    pub(super) bold: Option<bool>,
    pub(super) raised: bool,
    pub(super) style: Option<u16>,
    /// A character of a symbol font that stands for the one in the text.
    pub(super) symbol: Option<u16>,
    /// Whether its colour is that of paper.
    pub(super) white: bool,
    /// Whether its letters are too small to be read.
    pub(super) tiny: bool,
    pub(super) grounded: bool,
}

/// Walks the modifications of a list: number, operand.
pub(super) fn modifications(list: &[u8], old: bool, mut take: impl FnMut(u16, &[u8])) {
    const TABLE_DEFINITION: u16 = 0xd608;
    const TABS: u16 = 0xc615;
    if old {
        return old_modifications(list, take);
    }
    let mut at = 0;
    while let Some(code) = u16_at(list, at) {
        at += 2;
        let length = match code >> 13 {
            0 | 1 => 1,
            2 | 4 | 5 => 2,
            3 => 4,
            7 => 3,
            _ if code == TABLE_DEFINITION => match u16_at(list, at) {
                Some(length) => usize::from(length) + 1,
                None => return,
            },
            _ => match u8_at(list, at) {
                // So many tabs that their bytes are not counted: no text needs what follows.
                Some(255) if code == TABS => return,
                Some(length) => usize::from(length) + 1,
                None => return,
            },
        };
        let Some(operand) = list.get(at..at + length) else {
            return;
        };
        take(code, operand);
        at += length;
    }
}

/// Walks the modifications of Word 6 and 95, whose numbers have one byte and tell no length; those that text needs are
/// passed on under their later numbers.
fn old_modifications(list: &[u8], mut take: impl FnMut(u16, &[u8])) {
    let mut at = 0;
    while let Some(code) = u8_at(list, at) {
        at += 1;
        let length = match code {
            5..=11
            | 13
            | 14
            | 24
            | 25
            | 29
            | 37
            | 44
            | 50
            | 51
            | 65
            | 66
            | 71
            | 75
            | 85..=92
            | 94
            | 98
            | 100
            | 104
            | 117 => 1,
            2 | 16..=19 | 21 | 22 | 26..=28 | 38..=43 | 45..=49 | 69 | 72 | 80 | 93 | 96 | 97 | 99 | 101 => 2,
            73 | 95 => 3,
            20 | 70 => 4,
            12 | 15 | 23 | 68 | 74 | 103 => match u8_at(list, at) {
                Some(length) => usize::from(length) + 1,
                None => return,
            },
            _ => return,
        };
        let Some(operand) = list.get(at..at + length) else {
            return;
        };
        let known = match code {
            5 => 0x2403,
            24 => 0x2416,
            25 => 0x2417,
            65 => 0x0800,
            85 => 0x0835,
            92 => 0x083c,
            104 => 0x2a48,
            _ => 0,
        };
        if known != 0 {
            take(known, operand);
        }
        at += length;
    }
}

/// White among the colours that old files number.
const WHITE: u8 = 8;

/// Tells whether a colour of three bytes is that of paper; the fourth is set for the usual colour.
fn is_white(colour: &[u8]) -> bool {
    matches!(*colour, [red, green, blue, 0, ..] if is_paper(red, green, blue))
}

/// Tells whether a shading gives a ground: behind its length two colours, of pattern and ground, and a pattern.
fn is_ground(shading: &[u8]) -> bool {
    const USUAL: u8 = 0xff;
    let ground = shading.get(5..9).unwrap_or_default();
    let usual = ground.last().is_none_or(|last| *last == USUAL);
    u16_at(shading, 9).is_some_and(|pattern| pattern != 0) || !usual && !is_white(ground)
}

impl ParaMarks {
    /// Applies modifications on top.
    pub(super) fn apply(&mut self, list: &[u8], old: bool) {
        modifications(list, old, |code, operand| {
            let (byte, word) = (operand[0], u16_at(operand, 0).unwrap_or(0));
            match code {
                0x4600 => self.style = word,
                0x2416 | 0x244b => self.in_table |= byte != 0,
                0x2417 => self.row_end = byte != 0,
                // A depth beyond 0 is a table too.
                0x6649 => self.in_table |= u32_at(operand, 0).is_some_and(|depth| (1..64).contains(&depth)),
                0x2640 => self.outline = Some(byte).filter(|level| *level < 9),
                0x460b => self.list = Some(word),
                0x260a => self.level = byte.min(8),
                0x2461 | 0x2403 => self.centred = byte == 1,
                0x442d => self.grounded |= !matches!(word, 0 | 0xffff),
                0xc64d => self.grounded |= is_ground(operand),
                _ => {}
            }
        });
    }
}

impl RunMarks {
    fn apply(&mut self, list: &[u8], old: bool) {
        modifications(list, old, |code, operand| {
            let (byte, word) = (operand[0], u16_at(operand, 0).unwrap_or(0));
            // 128: as the style says; 129: the other way round.
            let told = (byte < 2).then_some(byte == 1).or((byte == 129).then_some(true));
            match code {
                0x083c => self.hidden = told,
                0x0800 => self.deleted = byte == 1,
                0x0835 => self.bold = told,
                0x2a48 => self.raised = byte == 1,
                0x4a30 => self.style = Some(word),
                0x6a09 => self.symbol = u16_at(operand, 2),
                0x2a42 => self.white = byte == WHITE,
                0x6870 => self.white = is_white(operand),
                0x4a43 => self.tiny = u32::from(word) <= TINY_HALF_POINTS,
                0x2a0c => self.grounded |= !matches!(byte, 0 | WHITE),
                0x4866 => self.grounded |= !matches!(word, 0 | 0xffff),
                0xca71 => self.grounded |= is_ground(operand),
                _ => {}
            }
        });
    }
}

/// A style.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, not a state"
)]
pub(super) struct Style {
    /// Level of a heading, from 1.
    pub(super) heading: Option<u8>,
    pub(super) list: Option<u16>,
    pub(super) level: u8,
    pub(super) bold: bool,
    pub(super) hidden: bool,
    pub(super) caption: bool,
    pub(super) grounded: bool,
    parent: u16,
}

/// All styles of a document.
#[derive(Debug, Default)]
pub(super) struct Styles(Vec<Style>);

impl Styles {
    /// Reads the style sheet; a broken rest is left out.
    pub(super) fn parse(sheet: &[u8], old: bool) -> Self {
        let mut styles = Vec::new();
        let (Some(head), Some(count)) = (u16_at(sheet, 0), u16_at(sheet, 2)) else {
            return Self::default();
        };
        let base = usize::from(u16_at(sheet, 4).unwrap_or(10));
        let mut at = 2 + usize::from(head);
        for _ in 0..usize::from(count).min(MAX_STYLES) {
            let Some(length) = u16_at(sheet, at).map(usize::from) else {
                break;
            };
            let style = sheet.get(at + 2..at + 2 + length);
            styles.push(
                style
                    .and_then(|style| Style::parse(style, base, old))
                    .unwrap_or_default(),
            );
            at += 2 + length;
        }
        Self(styles)
    }

    /// Returns a style with what it takes over from the styles it is based on.
    pub(super) fn get(&self, number: u16) -> Style {
        let Some(mut style) = self.0.get(usize::from(number)).copied() else {
            return Style::default();
        };
        let mut parent = style.parent;
        for _ in 0..MAX_PARENTS {
            let Some(above) = self.0.get(usize::from(parent)) else {
                break;
            };
            style.heading = style.heading.or(above.heading);
            if style.list.is_none() {
                (style.list, style.level) = (above.list, above.level);
            }
            style.bold |= above.bold;
            style.hidden |= above.hidden;
            style.caption |= above.caption;
            style.grounded |= above.grounded;
            parent = above.parent;
        }
        style
    }
}

impl Style {
    fn parse(bytes: &[u8], base: usize, old: bool) -> Option<Self> {
        const CAPTION: u16 = 34;
        const PARAGRAPH: u16 = 1;
        let kind = u16_at(bytes, 0)? & 0x0fff;
        let second = u16_at(bytes, 2)?;
        let mut style = Self {
            heading: (1..=9).contains(&kind).then_some(kind as u8),
            caption: kind == CAPTION,
            parent: second >> 4,
            ..Self::default()
        };
        if old {
            // Names of one byte a letter; the number of a built-in style tells enough.
            return Some(style);
        }
        let chars = usize::from(u16_at(bytes, base)?);
        // Behind the name and its zero come the modifications, each list at an even place.
        let mut at = base + 2 + chars * 2 + 2;
        let mut take = || {
            let length = usize::from(u16_at(bytes, at)?);
            let list = bytes.get(at + 2..at + 2 + length);
            at += 2 + length + length % 2;
            list
        };
        let mut run = RunMarks::default();
        if second & 0x000f == PARAGRAPH {
            let mut para = ParaMarks::default();
            if let Some(list) = take().and_then(|list| list.get(2..)) {
                para.apply(list, false);
            }
            style.heading = style.heading.or(para.outline.map(|level| level + 1));
            (style.list, style.level) = (para.list, para.level);
            style.grounded = para.grounded;
        }
        if let Some(list) = take() {
            run.apply(list, false);
        }
        style.bold = run.bold == Some(true);
        style.hidden = run.hidden == Some(true);
        style.grounded |= run.grounded;
        Some(style)
    }
}

/// Formatting by place in the file: sorted, each valid up to its end.
#[derive(Debug, Default)]
pub(super) struct Places<T>(Vec<(u32, u32, T)>);

impl<T: Copy + Default> Places<T> {
    /// Returns what holds at a place of the file.
    pub(super) fn at(&self, place: u32) -> T {
        self.span(place).2
    }

    /// Returns what holds at a place of the file, and from where to where.
    pub(super) fn span(&self, place: u32) -> (u32, u32, T) {
        let next = self.0.partition_point(|(start, _, _)| *start <= place);
        match next.checked_sub(1).and_then(|at| self.0.get(at)) {
            Some(found) if place < found.1 => *found,
            _ => (place, place.saturating_add(1), T::default()),
        }
    }

    /// Tells whether nothing is said at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn sorted(mut list: Vec<(u32, u32, T)>) -> Self {
        list.sort_by_key(|(start, _, _)| *start);
        Self(list)
    }
}

/// Returns the pages of formatting that a list of places names.
fn pages<'a>(table: &'a [u8], main: &'a [u8], old: bool) -> impl Iterator<Item = &'a [u8]> {
    let number_bytes = if old { 2 } else { 4 };
    // One more place than pages.
    let count = table.len().saturating_sub(4) / (4 + number_bytes);
    (0..count).filter_map(move |number| {
        let at = (count + 1) * 4 + number * number_bytes;
        let page = if old {
            u32::from(u16_at(table, at)?)
        } else {
            u32_at(table, at)? & 0x003f_ffff
        };
        let start = (page as usize).checked_mul(PAGE_BYTES)?;
        main.get(start..start + PAGE_BYTES)
    })
}

/// Reads what is said of runs.
pub(super) fn runs(table: &[u8], main: &[u8], old: bool) -> Places<RunMarks> {
    let mut list = Vec::new();
    for page in pages(table, main, old) {
        let count = usize::from(page[PAGE_BYTES - 1]);
        for number in 0..count {
            let (Some(start), Some(end)) = (u32_at(page, number * 4), u32_at(page, number * 4 + 4)) else {
                break;
            };
            let mut marks = RunMarks::default();
            let at = u8_at(page, (count + 1) * 4 + number).map_or(0, |half| usize::from(half) * 2);
            if at > 0
                && let Some(length) = u8_at(page, at)
                && let Some(changes) = page.get(at + 1..at + 1 + usize::from(length))
            {
                marks.apply(changes, old);
            }
            list.push((start, end, marks));
        }
    }
    Places::sorted(list)
}

/// Reads what is said of paragraphs.
pub(super) fn paragraphs(table: &[u8], main: &[u8], old: bool) -> Places<ParaMarks> {
    // An offset and what Word remembers of the height.
    let entry_bytes = if old { 7 } else { 13 };
    let mut list = Vec::new();
    for page in pages(table, main, old) {
        let count = usize::from(page[PAGE_BYTES - 1]);
        for number in 0..count {
            let (Some(start), Some(end)) = (u32_at(page, number * 4), u32_at(page, number * 4 + 4)) else {
                break;
            };
            let at = u8_at(page, (count + 1) * 4 + number * entry_bytes);
            let at = at.map_or(0, |half| usize::from(half) * 2);
            let mut marks = ParaMarks::default();
            if at > 0
                && let Some(length) = u8_at(page, at).map(usize::from)
            {
                let (from, length) = match (length, u8_at(page, at + 1)) {
                    (length, _) if old => (at + 1, length * 2),
                    (0, Some(more)) => (at + 2, usize::from(more) * 2),
                    (length, _) => (at + 1, (length * 2).saturating_sub(1)),
                };
                if let Some(changes) = page.get(from..(from + length).min(PAGE_BYTES)) {
                    marks.style = u16_at(changes, 0).unwrap_or(0);
                    marks.apply(changes.get(2..).unwrap_or_default(), old);
                }
            }
            list.push((start, end, marks));
        }
    }
    Places::sorted(list)
}
