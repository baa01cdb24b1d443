//! PDF with a text layer: letters by `pdf_oxide`; words, lines, rows, paragraphs and headings by us.
//!
//! Owns: refusing locked, endless and scanned files, and running headers and footers. A page that cannot be read costs
//! that page and is told.

mod columns;
mod fields;
mod forms;
mod glyphs;
mod hidden;
mod layout;
mod pages;
mod render;
mod traces;
mod words;

use std::collections::{HashMap, HashSet};

use docent_corpus::{Format, Unreadable, UnreadableCode};
use pdf_oxide::PdfDocument;
use pdf_oxide::object::{Object, ObjectRef};

use super::draft::{Draft, Para, Role};
use super::{outline, refuse};
use crate::ocr::Recognise;
use crate::tidy::hyphen::{Words, breaks};
use layout::{Line, Piece};
use pages::Page;

/// The longest codes of law have some 1,500 pages; beyond this a page tree is a mistake or an attack.
const MAX_PAGES: usize = 5000;

/// Brackets open inside one another: no program writes more than a handful, the noise of 50 MiB of compressed data leaves
/// some two thousand open, and the parser recurses on each.
const MAX_OPEN_BRACKETS: usize = 5_000;

/// A line is a heading when it is this much larger than the body.
const HEADING_RATIO: f32 = 1.12;

/// Reads a PDF.
pub(super) fn read(bytes: &[u8], recognise: Recognise<'_>) -> Result<Draft, Unreadable> {
    let locked = || {
        refuse(
            UnreadableCode::Encrypted,
            "the PDF needs a password; save it without one",
        )
    };
    if nests_too_deep(bytes) {
        return Err(damaged());
    }
    let encrypted = bytes.windows(8).any(|window| window == b"/Encrypt");
    let pdf =
        PdfDocument::from_bytes(bytes.to_vec()).map_err(|_| if encrypted { locked() } else { damaged() })?;
    // Without the password the library gives success and no text: ask it outright.
    if pdf.is_encrypted() && !matches!(pdf.authenticate(b""), Ok(true)) {
        return Err(locked());
    }
    if !page_tree_ends(&pdf) {
        return Err(damaged());
    }
    let count = pdf.page_count().map_err(|_| damaged())?;
    if count == 0 {
        return Err(damaged());
    }
    if count > MAX_PAGES {
        return Err(refuse(
            UnreadableCode::TooBig,
            "the PDF has over 5,000 pages; split it into parts",
        ));
    }
    let mut draft = Draft::new(Format::Pdf);
    draft.pages = u32::try_from(count).ok();
    let mut pages = pages::read(&pdf, bytes, count, &mut draft, recognise)?;
    drop_running_lines(&mut pages);
    properties(&pdf, &mut draft);
    assemble(pages, &mut draft);
    Ok(draft)
}

/// Refuses a broken PDF.
fn damaged() -> Unreadable {
    refuse(
        UnreadableCode::Damaged,
        "the PDF is cut short or broken; fetch or save it anew",
    )
}

/// Tells whether arrays and dictionaries stand inside one another deeper than a parser's stack.
///
/// Counted twice, with and without the brackets inside strings and comments, because either may be meant to mislead.
/// What is compressed is not seen: against that only a process of its own helps.
fn nests_too_deep(bytes: &[u8]) -> bool {
    let (mut all, mut outside) = (0_usize, 0_usize);
    let mut string = 0_usize;
    let mut comment = false;
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1) == Some(&bytes[at]);
        let quiet = string > 0 || comment;
        match bytes[at] {
            b'\\' if string > 0 => at += 1,
            b'(' if !comment => string += 1,
            b')' if !comment => string = string.saturating_sub(1),
            b'%' if string == 0 => comment = true,
            b'\n' | b'\r' => comment = false,
            b'[' | b'<' if bytes[at] == b'[' || pair => {
                all += 1;
                outside += usize::from(!quiet);
                at += usize::from(bytes[at] == b'<');
            }
            b']' | b'>' if bytes[at] == b']' || pair => {
                all = all.saturating_sub(1);
                outside = outside.saturating_sub(usize::from(!quiet));
                at += usize::from(bytes[at] == b'>');
            }
            // Compressed data opens strings that nobody closes.
            b'e' if bytes[at..].starts_with(b"endstream") => string = 0,
            _ => {}
        }
        if all.max(outside) > MAX_OPEN_BRACKETS {
            return true;
        }
        at += 1;
    }
    false
}

/// Tells whether the tree of pages ends: one that contains itself keeps the library busy for ever.
fn page_tree_ends(pdf: &PdfDocument) -> bool {
    let Ok(catalog) = pdf.catalog() else { return true };
    let pages = |object: &Object| object.as_dict()?.get("Pages")?.as_reference();
    let mut waiting: Vec<ObjectRef> = pages(&catalog).into_iter().collect();
    let mut seen = HashSet::new();
    while let Some(node) = waiting.pop() {
        let Ok(object) = pdf.load_object(node) else {
            continue;
        };
        let Some(kids) = object.as_dict().and_then(|dict| dict.get("Kids")) else {
            continue;
        };
        if !seen.insert(node) {
            return false;
        }
        let kids = match kids.as_reference() {
            Some(kids) => pdf.load_object(kids).ok(),
            None => Some(kids.clone()),
        };
        let kids = kids.as_ref().and_then(Object::as_array);
        waiting.extend(kids.into_iter().flatten().filter_map(Object::as_reference));
        if waiting.len() > MAX_PAGES * 2 {
            // Refused for its number of pages.
            return true;
        }
    }
    true
}

fn properties(pdf: &PdfDocument, draft: &mut Draft) {
    let Some(trailer) = pdf.trailer().as_dict() else {
        return;
    };
    let Some(entry) = trailer.get("Info") else { return };
    let resolved = entry
        .as_reference()
        .and_then(|reference| pdf.load_object(reference).ok());
    let Some(dict) = resolved.as_ref().unwrap_or(entry).as_dict() else {
        return;
    };
    let value = |key: &str| {
        let text = decoded(dict.get(key)?.as_string()?);
        (!text.trim().is_empty()).then_some(text)
    };
    draft.title = value("Title");
    draft.author = value("Author");
    draft.date = value("ModDate")
        .or_else(|| value("CreationDate"))
        .and_then(|date| iso_date(&date));
}

/// Decodes a text string outside of a page's content: UTF-16, UTF-8 or, nearly, Latin-1.
fn decoded(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE
            .decode_without_bom_handling(rest)
            .0
            .into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned(),
    }
}

/// `D:20260105…` → `2026-01-05`.
fn iso_date(date: &str) -> Option<String> {
    let digits = date.strip_prefix("D:").unwrap_or(date).get(..8)?;
    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

/// Drops page numbers, and lines that come back at the top or bottom of the pages from their second time on: the first
/// one may be a title, and on two pages it may be chance. Where the title stands beside it in larger letters, it is none.
fn drop_running_lines(pages: &mut [Page]) {
    /// Headers and footers have one or two lines.
    const EDGE_LINES: usize = 2;
    /// Two lines that are alike may be the last ones of two forms.
    const MIN_PAGES: usize = 3;
    let key = |line: &Line| -> String {
        line.text()
            .chars()
            .map(|c| if c.is_ascii_digit() { '#' } else { c })
            .filter(|c| !c.is_whitespace())
            .collect()
    };
    // Lines of another direction, which come last, stand in the margin.
    let upright = |page: &[Line]| page.iter().filter(|line| line.frame == 0).count();
    let edges = |page: &[Line]| -> Vec<usize> {
        let count = upright(page);
        (0..page.len())
            .filter(|at| *at < EDGE_LINES || at + EDGE_LINES >= count)
            .collect()
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for page in pages.iter() {
        let lines = &page.lines;
        let mut keys: Vec<String> = edges(lines).into_iter().map(|at| key(&lines[at])).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            *seen.entry(key).or_default() += 1;
        }
    }
    let filled = pages.iter().filter(|page| !page.lines.is_empty()).count();
    let numbered = numbering(pages);
    let title = title_line(pages).map(|line| (line.text(), line.size));
    let mut met = HashSet::new();
    for (number, page) in pages.iter_mut().enumerate() {
        let count = upright(&page.lines);
        let mut at = 0;
        page.lines.retain(|line| {
            let edge = at < EDGE_LINES || at + EDGE_LINES >= count;
            let outermost = at == 0 || at + 1 == count;
            at += 1;
            let running = edge && runs(&line.text()) && {
                let own = key(line);
                let known = seen.get(&own).copied().unwrap_or(0);
                let titled = title.as_ref().filter(|(title, _)| *title == line.text());
                let smaller = titled.is_some_and(|(_, size)| line.size < *size);
                let is_title = number == 0 && titled.is_some() && !smaller;
                let again = known >= MIN_PAGES && known * 2 > filled && !met.insert(own);
                smaller && (number > 0 || known > 1) || again && !is_title
            };
            let numbers = outermost && count > 1 && numbers_page(&line.text(), number, &numbered);
            !(running || numbers)
        });
    }
}

/// Returns the line in the largest letters of the first page: a smaller copy of it at the edge of a page is a running line, on
/// however few pages.
fn title_line(pages: &[Page]) -> Option<&Line> {
    let lines = &pages.first()?.lines;
    lines.iter().max_by(|one, other| one.size.total_cmp(&other.size))
}

/// Tells whether a line that comes back but for its digits can be a running one: rows of figures and headings of articles
/// at the edges of pages are not.
fn runs(text: &str) -> bool {
    /// «стр» is the shortest word beside a page number.
    const MIN_LETTERS: usize = 3;
    text.chars()
        .filter(|c| c.is_alphabetic())
        .take(MIN_LETTERS)
        .count()
        == MIN_LETTERS
        && outline::structural_rank(text, false).is_none()
}

/// Returns how the pages are numbered: by how much the numbers at the edges of two pages or more differ from their place.
fn numbering(pages: &[Page]) -> HashSet<i32> {
    let mut offsets: HashMap<i32, usize> = HashMap::new();
    let texts = pages.iter().map(|page| &page.lines).enumerate();
    for (at, lines) in texts.filter(|(_, lines)| lines.len() > 1) {
        let edges = lines.first().into_iter().chain(lines.last());
        let mut found: Vec<i32> = edges
            .filter_map(|line| Some(offset(page_number(&line.text())?.0, at)))
            .collect();
        found.dedup();
        for offset in found {
            *offsets.entry(offset).or_default() += 1;
        }
    }
    offsets.retain(|offset, pages| *pages > 1 || *offset == 1);
    offsets.into_keys().collect()
}

/// Tells whether a line at the edge of the page at `at` is its number.
fn numbers_page(text: &str, at: usize, numbered: &HashSet<i32>) -> bool {
    page_number(text).is_some_and(|(number, worded)| worded || numbered.contains(&offset(number, at)))
}

/// Returns how far the number of a page is from its place in the file, from 0.
fn offset(number: i32, at: usize) -> i32 {
    number - i32::try_from(at).unwrap_or(i32::MAX)
}

/// Returns the number of a line that holds only a page number, «5», «- 5 -», «5 из 10», and whether it has a word for it.
fn page_number(text: &str) -> Option<(i32, bool)> {
    let lower = text.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut numbers = Vec::new();
    let mut worded = false;
    for word in words {
        if word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            numbers.push(word.parse().ok()?);
        } else if matches!(
            word,
            "стр" | "страница" | "из" | "page" | "of" | "лист" | "бет" | "с"
        ) {
            worded = true;
        } else {
            return None;
        }
    }
    let first = *numbers.first()?;
    (numbers.len() <= 2).then_some((first, worded))
}

/// Turns lines into paragraphs, headings and rows.
fn assemble(pages: Vec<Page>, draft: &mut Draft) {
    let body = body_size(&pages);
    let words = words(&pages);
    let mut large: Vec<u32> = pages
        .iter()
        .flat_map(|page| &page.lines)
        .filter(|line| line.size > body * HEADING_RATIO)
        .map(|line| half_points(line.size))
        .collect();
    large.sort_unstable_by(|a, b| b.cmp(a));
    large.dedup();
    let mut tables = 0;
    for (number, page) in pages.into_iter().enumerate() {
        let page_number = u32::try_from(number + 1).ok();
        let mut first_of_page = true;
        // The last table of the page: its number, its columns, and how many paragraphs there are up to its end.
        let mut last = (0, 0, 0);
        for (first, piece) in layout::pieces(&page.lines, &words) {
            match piece {
                Piece::Table(rows) => {
                    let headers = super::draft::header_rows(&rows);
                    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
                    let (open, wide, end) = last;
                    let alike = headers == 0 && wide == columns && draft.paras.len() == end + 1;
                    // A line across a table names the rows below it, and its header is theirs as well.
                    let across = draft.paras.last_mut().filter(|line| alike && divides(line));
                    let table = if let Some(line) = across {
                        line.role = Role::Row(open, false);
                        open
                    } else {
                        // Rows that begin a page without a header go on from the page before, and so does their header.
                        match draft.paras.last().map(|para| &para.role) {
                            Some(Role::Row(open, _)) if first_of_page && headers == 0 => *open,
                            _ => {
                                tables += 1;
                                tables - 1
                            }
                        }
                    };
                    for (at, row) in rows.iter().enumerate() {
                        let text = super::draft::join_cells(row);
                        let role = Role::Row(table, at < headers);
                        draft.paras.push(Para {
                            page: page_number,
                            ..Para::new(role, text)
                        });
                    }
                    last = (table, columns, draft.paras.len());
                }
                Piece::Text(lines) => {
                    let text = joined(&lines, &words);
                    let size = lines.first().map_or(body, |line| line.size);
                    let short = text.chars().count() <= 250 && text.chars().any(char::is_alphabetic);
                    let level = large
                        .iter()
                        .position(|known| *known == half_points(size))
                        .filter(|_| short);
                    let role = level.map_or(Role::Plain, |level| Role::Heading((level + 1).min(9) as u8));
                    let strong = lines.iter().all(|line| line.bold);
                    let broken = first && role == Role::Plain && goes_on(draft.paras.last(), &text, strong);
                    if let (true, Some(before)) = (broken, draft.paras.last_mut()) {
                        join_line(&mut before.text, &text, &words);
                    } else {
                        draft.paras.push(Para {
                            page: page_number,
                            strong,
                            ..Para::new(role, text)
                        });
                    }
                }
            }
            first_of_page = false;
        }
        draft.paras.extend(page.recognised);
    }
}

/// Tells whether a line between rows is one of their table: the name of a part of it, not a sentence about the next one.
fn divides(line: &Para) -> bool {
    const MAX_CHARS: usize = 80;
    line.role == Role::Plain
        && line.text.chars().count() <= MAX_CHARS
        && !line.text.ends_with(['.', ':', ';'])
        && !super::finish::is_caption(&line.text)
}

/// Returns the words of the document, when a line ends in a hyphen at all.
fn words(pages: &[Page]) -> Words {
    let mut words = Words::default();
    let lines = || pages.iter().flat_map(|page| &page.lines);
    if lines().any(|line| line.text().ends_with('-')) {
        for line in lines() {
            words.note(&line.text());
        }
    }
    words
}

/// Tells whether the first text of a page goes on with the last paragraph of the page before.
fn goes_on(before: Option<&Para>, text: &str, strong: bool) -> bool {
    before.is_some_and(|before| {
        before.role == Role::Plain
            && !strong
            && !before.strong
            && !before.text.ends_with(['.', ';', ':', '!', '?'])
            && text.chars().next().is_some_and(char::is_lowercase)
    })
}

fn joined(lines: &[&Line], words: &Words) -> String {
    let mut text = String::new();
    for line in lines {
        join_line(&mut text, &line.text(), words);
    }
    text
}

fn join_line(text: &mut String, line: &str, words: &Words) {
    let stem = text
        .strip_suffix(['-', '\u{ad}', '\u{2010}'])
        .filter(|stem| breaks(stem, line))
        .map(str::to_owned);
    if let Some(stem) = stem {
        // A soft hyphen is never part of a word.
        if text.ends_with('\u{ad}') || words.drops(&stem, line) {
            text.truncate(stem.len());
        }
    } else if !(text.is_empty() || text.ends_with('-') && line.starts_with(|c: char| c.is_ascii_digit())) {
        // «ГА-2025-» and «00001» are one number; its hyphen stays.
        text.push(' ');
    }
    text.push_str(line);
}

fn half_points(size: f32) -> u32 {
    (size * 2.0).round() as u32
}

/// Returns the size in which most letters are set.
fn body_size(pages: &[Page]) -> f32 {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for line in pages.iter().flat_map(|page| &page.lines) {
        *sizes.entry(half_points(line.size)).or_default() += line.text().len();
    }
    // The smaller of equals, so that the result does not hang on the order of a map.
    let most = sizes.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
    most.map_or(0.0, |(size, _)| size as f32 / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_count_the_pages_are_page_numbers() {
        assert_eq!(page_number("- 5 -"), Some((5, false)));
        assert_eq!(page_number("Стр. 5 из 10"), Some((5, true)));
        assert_eq!(page_number("Малый 40"), None);
        let from_seven = HashSet::from([7]);
        assert!(numbers_page("9", 2, &from_seven));
        assert!(!numbers_page("40 120", 2, &from_seven));
        assert!(!numbers_page("2025", 2, &from_seven));
    }

    #[test]
    fn rows_of_figures_and_headings_do_not_run() {
        assert!(runs("Отчёт за 2025 год"));
        assert!(!runs("120 40 8"));
        assert!(!runs("Статья 5. Сроки"));
    }
}
