//! RTF, by its own control words.
//!
//! Owns the code page of every run: the font's character set goes before the page named in the header, because old Word and
//! accounting programs write Cyrillic under a western header. Formatting that only draws is passed over.

mod ink;
mod pages;
mod unread;

use std::collections::{HashMap, HashSet};

use docent_corpus::{Format, Unreadable};
use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1251, WINDOWS_1252, X_MAC_CYRILLIC};

use super::draft::{Draft, Para, Role, header_rows, join_cells, push_raised};
use super::hidden::Hidden;
use super::package::cut;
use ink::{Colours, Ink};
use pages::{looks_cyrillic, of_charset, page};
use unread::UNREAD;

/// Groups inside one another: Word needs some twenty; each open one costs memory.
const MAX_DEPTH: usize = 1_000;

/// What the text of a group belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Dest {
    #[default]
    Body,
    Unread,
    Colours,
    Fonts,
    Styles,
    Title,
    Author,
    Marker,
    Note,
    /// A text box, which stands before the paragraph that holds it.
    Boxed,
    /// The date of the file.
    Time,
}

/// What holds inside a group and is forgotten with it.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, not a state"
)]
struct State {
    dest: Dest,
    font: i32,
    /// How many characters stand in for one that old programs do not know.
    stand_in: usize,
    hidden: bool,
    raised: bool,
    bold: bool,
    /// The copy for programs that do not know HTML, in mail that was HTML.
    copied: bool,
    /// Text that an editor struck out.
    deleted: bool,
    ink: Ink,
    /// Where the words go that an object or a double form shows in the end.
    back: Option<Dest>,
}

/// What holds for a paragraph until the next `\pard`.
#[derive(Debug, Clone, Copy, Default)]
struct Properties {
    in_table: bool,
    outline: Option<u8>,
    style: i32,
    depth: u8,
    /// Whether it stands on a ground of another colour than paper.
    grounded: bool,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, not a state"
)]
struct Parser {
    draft: Option<Draft>,
    state: State,
    open: Vec<State>,
    code_page: Option<&'static Encoding>,
    fonts: HashMap<i32, &'static Encoding>,
    colours: Colours,
    /// Whether pages have a ground of their own.
    grounded: bool,
    styles: HashMap<i32, u8>,
    /// The font or style being defined.
    defined: i32,
    name: String,
    raw: Vec<u8>,
    text: String,
    thin: bool,
    thick: bool,
    listed: bool,
    properties: Properties,
    row: Vec<String>,
    rows: Vec<Vec<String>>,
    tables: u32,
    page: u32,
    pages: bool,
    hidden: Hidden,
    to_skip: usize,
    notes: Vec<Para>,
    outside: Vec<String>,
    /// Fonts whose letters are signs.
    symbols: HashSet<i32>,
    /// The font where none is named.
    usual_font: i32,
    /// The first half of a character beyond the first plane.
    half: Option<u16>,
    /// Notes that have been referred to, and whether the one now open shows its number.
    noted: usize,
    numbered: bool,
    date: [i32; 3],
    title: String,
    author: String,
}

/// Reads an RTF file.
pub(super) fn read(bytes: &[u8]) -> Result<Draft, Unreadable> {
    let mut parser = Parser {
        draft: Some(Draft::new(Format::Rtf)),
        page: 1,
        state: State {
            stand_in: 1,
            ..State::default()
        },
        ..Parser::default()
    };
    let whole = parser.run(bytes)?;
    parser.flush_raw();
    let within = !parser.text.trim().is_empty();
    parser.paragraph();
    parser.flush_table();
    let mut draft = parser.draft.take().unwrap_or_else(|| Draft::new(Format::Rtf));
    if parser.pages {
        draft.pages = Some(parser.page);
    }
    draft.paras.extend(parser.notes);
    let told = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    (draft.title, draft.author) = (told(parser.title), told(parser.author));
    if !parser.pages {
        parser.hidden.set_page(None);
    }
    draft.hidden = parser.hidden;
    if let [year @ 1900..=9999, month @ 1..=12, day @ 1..=31] = parser.date {
        draft.date = Some(format!("{year}-{month:02}-{day:02}"));
    }
    if !whole {
        // Some programs forget the last brace; within more of them, or within a paragraph, a file is cut and nobody knows
        // how much is lost.
        if parser.open.len() > 1 || within {
            return Err(cut());
        }
        draft
            .lost
            .push("The file has no end; what followed may be missing.".to_owned());
    }
    Ok(draft)
}

impl Parser {
    /// Goes over the file; tells whether every group was closed.
    fn run(&mut self, bytes: &[u8]) -> Result<bool, Unreadable> {
        let mut at = 0;
        while at < bytes.len() {
            if self.draft.as_ref().is_some_and(|draft| draft.paras.is_over()) {
                return Ok(true);
            }
            match bytes[at] {
                b'{' => {
                    self.flush_raw();
                    if self.open.len() >= MAX_DEPTH {
                        return Err(cut());
                    }
                    self.open.push(self.state);
                    at += 1;
                }
                b'}' => {
                    self.close();
                    at += 1;
                    if self.open.is_empty() {
                        return Ok(true);
                    }
                }
                b'\\' => at = self.control(bytes, at + 1),
                b'\r' | b'\n' | 0 => at += 1,
                byte => {
                    self.byte(byte);
                    at += 1;
                }
            }
        }
        Ok(self.open.is_empty())
    }

    fn close(&mut self) {
        self.flush_raw();
        let was = self.state;
        if let Some(before) = self.open.pop() {
            self.state = before;
        }
        match was.dest {
            Dest::Styles if !self.name.trim().is_empty() => {
                let name = std::mem::take(&mut self.name).to_lowercase();
                let level = ["heading ", "заголовок "]
                    .iter()
                    .find_map(|start| name.trim().strip_prefix(start))
                    .and_then(|rest| rest.trim_end_matches(';').trim().parse().ok());
                let level = level.or(self.properties.outline.map(|outline| outline + 1));
                self.styles.extend(level.map(|level| (self.defined, level)));
                self.properties = Properties::default();
                self.defined = 0;
            }
            Dest::Fonts => self.name.clear(),
            Dest::Note if self.state.dest != Dest::Note => {
                let note = std::mem::replace(&mut self.text, self.outside.pop().unwrap_or_default());
                let note = note.trim();
                if !note.is_empty() {
                    let note = if std::mem::take(&mut self.numbered) {
                        format!("[{}] {note}", self.noted)
                    } else {
                        note.to_owned()
                    };
                    self.notes.push(Para::new(Role::Footnote, note));
                }
            }
            Dest::Boxed if self.state.dest != Dest::Boxed => {
                let after = std::mem::replace(&mut self.state.dest, Dest::Boxed);
                let properties = std::mem::take(&mut self.properties);
                self.paragraph();
                self.state.dest = after;
                self.properties = properties;
                self.text = self.outside.pop().unwrap_or_default();
            }
            Dest::Marker if self.state.dest != Dest::Marker => {
                self.listed = true;
                if !self.text.ends_with(char::is_whitespace) {
                    self.text.push(' ');
                }
            }
            _ => {}
        }
    }

    /// Takes a control word or symbol that begins behind its backslash; returns where the file goes on.
    fn control(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(&first) = bytes.get(at) else { return at };
        if !first.is_ascii_alphabetic() {
            return self.symbol(bytes, at, first);
        }
        let rest = &bytes[at..];
        let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = std::str::from_utf8(&rest[..letters]).unwrap_or("");
        let sign = usize::from(rest.get(letters) == Some(&b'-'));
        let digits = rest[letters + sign..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let end = if digits > 0 {
            letters + sign + digits
        } else {
            letters
        };
        let number: Option<i32> = std::str::from_utf8(&rest[letters..end])
            .ok()
            .and_then(|number| number.parse().ok());
        let space = usize::from(rest.get(end) == Some(&b' '));
        let next = at + end + space;
        if word == "bin" {
            // So many bytes of a picture follow.
            return next.saturating_add(number.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0));
        }
        self.word(word, number);
        next
    }

    fn symbol(&mut self, bytes: &[u8], at: usize, first: u8) -> usize {
        if matches!(first, b'~' | b'_' | b'\r' | b'\n') {
            if self.to_skip > 0 {
                self.to_skip -= 1;
                return at + 1;
            }
            self.flush_raw();
        }
        match first {
            b'\'' => {
                let hex = bytes
                    .get(at + 1..at + 3)
                    .and_then(|hex| std::str::from_utf8(hex).ok());
                if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    self.byte(byte);
                }
                return (at + 3).min(bytes.len());
            }
            b'*' => {
                // A destination that may be passed over is, unless it is known.
                let known = [
                    "\\footnote",
                    "\\shppict",
                    "\\shpinst",
                    "\\ud",
                    "\\do\\",
                    "\\dptxbxtext",
                ];
                let next = &bytes[at + 1..];
                if !known.iter().any(|known| next.starts_with(known.as_bytes())) {
                    self.state.dest = Dest::Unread;
                }
            }
            b'~' => self.char('\u{a0}'),
            b'_' => self.char('‑'),
            b'{' | b'}' | b'\\' => self.byte(first),
            b'\r' | b'\n' => self.paragraph(),
            _ => {}
        }
        at + 1
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        if word == "u" {
            let code = number.unwrap_or(0);
            // Written as a signed number of 16 bits.
            let unit = (code & 0xffff) as u16;
            self.flush_raw();
            self.unit(unit);
            self.to_skip = self.state.stand_in;
            return;
        }
        self.flush_raw();
        let on = number != Some(0);
        match word {
            _ if UNREAD.contains(&word) => self.state.dest = Dest::Unread,
            "uc" => self.state.stand_in = number.and_then(|many| usize::try_from(many).ok()).unwrap_or(1),
            "plain" => {
                self.state.font = self.usual_font;
                self.state.hidden = false;
                self.state.deleted = false;
                self.state.raised = false;
                self.state.bold = false;
                self.state.ink = Ink::default();
            }
            "b" => self.state.bold = on,
            "v" => self.state.hidden = on,
            "deleted" => self.state.deleted = on,
            "super" => self.state.raised = on,
            "nosupersub" | "sub" => self.state.raised = false,
            "pard" => self.properties = Properties::default(),
            "intbl" => self.properties.in_table = true,
            "outlinelevel" => self.properties.outline = number.and_then(|level| u8::try_from(level).ok()),
            "ilvl" => {
                self.properties.depth = number
                    .and_then(|level| u8::try_from(level).ok())
                    .unwrap_or(0)
                    .min(8);
            }
            "par" | "sect" => self.paragraph(),
            "line" | "tab" | "nestcell" | "nestrow" => self.char(if word == "tab" { '\t' } else { ' ' }),
            "cell" => self.cell(),
            "row" => self.end_row(),
            "page" if self.state.dest == Dest::Body => {
                self.paragraph();
                self.page = self.page.saturating_add(1);
                self.pages = true;
            }
            "emdash" => self.char('—'),
            "endash" => self.char('–'),
            "lquote" => self.char('‘'),
            "rquote" => self.char('’'),
            "ldblquote" => self.char('“'),
            "rdblquote" => self.char('”'),
            "bullet" => self.char('•'),
            "emspace" | "enspace" | "qmspace" => self.char(' '),
            _ => self.place(word, number),
        }
    }

    /// Takes a word that says what the text of a group belongs to, or defines a font or style.
    fn place(&mut self, word: &str, number: Option<i32>) {
        match word {
            "fonttbl" => self.state.dest = Dest::Fonts,
            "colortbl" => self.state.dest = Dest::Colours,
            _ if self.state.dest == Dest::Colours => self.colours.part(word, number),
            _ if self.state.ink.take(word, number, &self.colours) => {}
            "cbpat" => self.properties.grounded = self.colours.is_ground(number),
            "background" => self.grounded = true,
            "stylesheet" => self.state.dest = Dest::Styles,
            "info" => self.state.dest = Dest::Unread,
            "object" | "upr" => {
                self.state.back = Some(self.state.dest);
                self.state.dest = Dest::Unread;
            }
            // What an embedded object looks like, and the Unicode form of a text.
            "result" | "ud" => {
                if let Some(dest) = self.state.back.take() {
                    self.state.dest = dest;
                }
            }
            "shptxt" | "dptxbxtext" if self.state.dest == Dest::Body => {
                self.outside.push(std::mem::take(&mut self.text));
                self.state.dest = Dest::Boxed;
            }
            "creatim" | "revtim" => self.state.dest = Dest::Time,
            "yr" | "mo" | "dy" if self.state.dest == Dest::Time => {
                let at = usize::from(word == "mo") + usize::from(word == "dy") * 2;
                self.date[at] = number.unwrap_or(0);
            }
            "htmlrtf" => self.state.copied = number != Some(0),
            "chftn" => self.note_number(),
            "deff" => {
                self.usual_font = number.unwrap_or(0);
                self.state.font = self.usual_font;
            }
            "title" => self.state.dest = Dest::Title,
            "author" => self.state.dest = Dest::Author,
            "listtext" | "pntext" => self.state.dest = Dest::Marker,
            "footnote" if self.state.dest != Dest::Unread => {
                self.outside.push(std::mem::take(&mut self.text));
                self.state.dest = Dest::Note;
            }
            "ansicpg" => self.code_page = number.and_then(page),
            "mac" => self.code_page = Some(MACINTOSH),
            "pc" | "pca" => self.code_page = page(866),
            "f" if self.state.dest == Dest::Fonts => self.defined = number.unwrap_or(0),
            "f" => self.state.font = number.unwrap_or(0),
            "fcharset" if self.state.dest == Dest::Fonts => {
                const SYMBOLS: i32 = 2;
                let page = number.and_then(of_charset);
                if number == Some(SYMBOLS) {
                    self.symbols.insert(self.defined);
                }
                self.fonts.extend(page.map(|page| (self.defined, page)));
            }
            "cpg" if self.state.dest == Dest::Fonts => {
                let page = number.and_then(page);
                self.fonts.extend(page.map(|page| (self.defined, page)));
            }
            "s" if self.state.dest == Dest::Styles => self.defined = number.unwrap_or(0),
            "s" => self.properties.style = number.unwrap_or(0),
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else {
            self.raw.push(byte);
        }
    }

    /// Decodes what was gathered in the code page of its font.
    fn flush_raw(&mut self) {
        self.to_skip = 0;
        if self.raw.is_empty() {
            return;
        }
        let raw = std::mem::take(&mut self.raw);
        if self.symbols.contains(&self.state.font) && !raw.is_ascii() {
            return self.words("•");
        }
        let named = self.fonts.get(&self.state.font).copied();
        let page = named.or(self.code_page).unwrap_or(WINDOWS_1252);
        let page = if page == WINDOWS_1252 && looks_cyrillic(&raw) {
            WINDOWS_1251
        } else if page == MACINTOSH && looks_cyrillic(&raw) {
            X_MAC_CYRILLIC
        } else {
            page
        };
        let text = page.decode_without_bom_handling(&raw).0.into_owned();
        self.words(&text);
    }

    fn unit(&mut self, unit: u16) {
        /// Where Symbol fonts keep their bullets.
        const SYMBOLS: std::ops::RangeInclusive<u16> = 0xf020..=0xf0ff;
        if SYMBOLS.contains(&unit) {
            return self.words("•");
        }
        if (0xd800..0xdc00).contains(&unit) {
            self.half = Some(unit);
            return;
        }
        let halves = self.half.take().into_iter().chain([unit]);
        for letter in char::decode_utf16(halves) {
            self.char(letter.unwrap_or('\u{fffd}'));
        }
    }

    /// Writes the number of a note, where it is referred to and before its text.
    fn note_number(&mut self) {
        match self.state.dest {
            Dest::Body => {
                self.noted += 1;
                let mark = format!("[{}]", self.noted);
                self.words(&mark);
            }
            Dest::Note => self.numbered = true,
            _ => {}
        }
    }

    fn char(&mut self, letter: char) {
        self.words(letter.encode_utf8(&mut [0; 4]));
    }

    /// Tells whether nobody sees what comes. The grounds of cells and text boxes are not known.
    fn is_hidden(&self) -> bool {
        let properties = &self.properties;
        let grounded = self.grounded || properties.grounded || properties.in_table;
        let grounded = grounded || self.state.dest == Dest::Boxed;
        self.state.hidden || self.state.ink.is_unseen(grounded)
    }

    fn words(&mut self, words: &str) {
        match self.state.dest {
            Dest::Unread | Dest::Time => {}
            _ if self.state.copied || self.state.deleted => {}
            Dest::Fonts => {
                self.name.push_str(words);
                // Old fonts tell by their name alone: «Times New Roman Cyr».
                if words.to_lowercase().contains(" cyr") {
                    self.fonts.entry(self.defined).or_insert(WINDOWS_1251);
                }
            }
            Dest::Colours => self.colours.words(words),
            Dest::Styles => self.name.push_str(words),
            Dest::Title => self.title.push_str(words),
            Dest::Author => self.author.push_str(words),
            Dest::Body | Dest::Boxed | Dest::Marker | Dest::Note if self.is_hidden() => {
                self.hidden.add(Some(self.page), words);
            }
            Dest::Marker => self.text.push_str(&words.replace('\t', " ").replace('·', "•")),
            Dest::Body | Dest::Boxed | Dest::Note => {
                self.hidden.part();
                if self.state.raised {
                    push_raised(&mut self.text, words);
                } else {
                    self.text.push_str(words);
                }
                if !words.trim().is_empty() {
                    self.thick |= self.state.bold;
                    self.thin |= !self.state.bold;
                }
            }
        }
    }

    fn paragraph(&mut self) {
        self.hidden.part();
        match self.state.dest {
            Dest::Body | Dest::Boxed => {}
            Dest::Note => return self.text.push(' '),
            _ => return,
        }
        if self.properties.in_table {
            self.text.push(' ');
            return;
        }
        let text = std::mem::take(&mut self.text);
        let (strong, listed) = (self.thick && !self.thin, self.listed);
        (self.thick, self.thin, self.listed) = (false, false, false);
        if text.trim().is_empty() {
            return;
        }
        self.flush_table();
        let level = self
            .properties
            .outline
            .filter(|level| *level < 9)
            .map(|level| level + 1)
            .or_else(|| self.styles.get(&self.properties.style).copied());
        let role = match level {
            Some(level) => Role::Heading(level.clamp(1, 9)),
            None if listed => Role::Item(self.properties.depth),
            None => Role::Plain,
        };
        let page = self.pages.then_some(self.page);
        if let Some(draft) = &mut self.draft {
            draft.paras.push(Para {
                page,
                strong,
                ..Para::new(role, text.replace('\t', " "))
            });
        }
    }

    fn cell(&mut self) {
        if self.state.dest == Dest::Body {
            let text = std::mem::take(&mut self.text);
            self.row
                .push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            (self.thick, self.thin, self.listed) = (false, false, false);
        } else if self.state.dest == Dest::Boxed {
            self.text.push(' ');
        }
    }

    fn end_row(&mut self) {
        if self.state.dest == Dest::Body && !self.row.is_empty() {
            self.rows.push(std::mem::take(&mut self.row));
        }
    }

    fn flush_table(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let last = std::mem::take(&mut self.row);
        if !last.is_empty() {
            rows.push(last);
        }
        let Some(draft) = &mut self.draft else { return };
        if rows.iter().all(|row| row.len() <= 1) {
            let texts = rows.into_iter().flatten();
            draft.paras.extend(texts.map(|text| Para::new(Role::Plain, text)));
            return;
        }
        let headers = header_rows(&rows);
        for (at, row) in rows.iter().enumerate() {
            draft
                .paras
                .push(Para::new(Role::Row(self.tables, at < headers), join_cells(row)));
        }
        self.tables += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rtf: &str, lines: &[&str]) {
        let paras: Vec<String> = read(rtf.as_bytes())
            .unwrap()
            .paras
            .into_iter()
            .map(|para| para.text)
            .collect();
        assert_eq!(paras, lines);
    }

    #[test]
    fn the_font_goes_before_the_header() {
        check(
            r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Times;}}\f1 \'cf\'f0\'e8\'ea\'e0\'e7\par}",
            &["Приказ"],
        );
        check(
            r"{\rtf1\ansi\ansicpg1252 \'cf\'f0\'e8\'ea\'e0\'e7 7\par}",
            &["Приказ 7"],
        );
        check(r"{\rtf1\ansi\ansicpg1252 caf\'e9\par}", &["café"]);
        check(r"{\rtf1\uc1 \u1055 ?\u1088\'3f\u1080?\par}", &["При"]);
    }

    #[test]
    fn tables_notes_lists_and_hidden_text_are_told_apart() {
        check(
            r"{\rtf1 {\*\generator x;}{\info{\title T}}\trowd\intbl One\cell Two\cell\row\trowd\intbl 1\cell 2\cell\row\pard
After{\footnote \pard note\par}{\v secret}\par {\listtext 1.\tab}item\par{\pict 00ff}}",
            &["One | Two", "1 | 2", "After", "1. item", "note"],
        );
    }

    #[test]
    fn a_file_without_its_last_brace_is_told_and_a_cut_one_refused() {
        assert_eq!(read(br"{\rtf1 text\par").unwrap().lost.len(), 1);
        assert!(read(br"{\rtf1 text\par{\b cut").is_err());
        assert!(read(format!("{{\\rtf1 {}", "{".repeat(5_000)).as_bytes()).is_err());
    }
}
