//! Plain text: paragraphs parted by empty lines or by line ends, whichever the file uses.

use docent_corpus::Format;

use super::draft::{Draft, Para, Role};
use crate::tidy::hyphen::{Words, breaks};

/// Lines of hand-wrapped text are at most this long; longer lines are paragraphs.
const MAX_WRAP_CHARS: usize = 120;

/// Fewer characters than this are no wrapped text but short lines.
const MIN_WRAP_CHARS: usize = 50;

/// Reads plain text.
pub(super) fn read(text: &str) -> Draft {
    let mut draft = Draft::new(Format::Text);
    let wrap = wrap_width(text);
    let mut known = Words::default();
    if lines(text).any(|line| line.ends_with('-')) {
        lines(text).for_each(|line| known.note(line));
    }
    let mut current = String::new();
    let mut table = 0;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut before = "";
    for line in lines(text) {
        // Rows typed with tabs, two cells or more.
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        if cells.iter().filter(|cell| !cell.is_empty()).count() > 1 && !line.starts_with('\t') {
            flush(&mut draft, &mut current);
            rows.push(cells.into_iter().map(str::to_owned).collect());
            continue;
        }
        flush_rows(&mut draft, &mut rows, &mut table);
        let words = line.trim();
        if words.is_empty() {
            flush(&mut draft, &mut current);
            continue;
        }
        if current.is_empty() || !wraps(before, words, wrap) {
            flush(&mut draft, &mut current);
        }
        match current.strip_suffix('-').filter(|stem| breaks(stem, words)) {
            Some(stem) if known.drops(stem, words) => current.truncate(stem.len()),
            Some(_) => {}
            None if current.is_empty() => {}
            None => current.push(' '),
        }
        current.push_str(words);
        before = line;
    }
    flush(&mut draft, &mut current);
    flush_rows(&mut draft, &mut rows, &mut table);
    draft
}

/// Parts text at the line ends of every system; white space at the ends of lines is left out.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    const OTHER_ENDS: [char; 6] = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    // The carriage return before a line feed is part of one line end, not an empty line.
    text.split('\n')
        .flat_map(|line| line.trim_end_matches('\r').split(OTHER_ENDS))
        .map(str::trim_end)
}

fn flush(draft: &mut Draft, current: &mut String) {
    if !current.is_empty() {
        draft.paras.push(Para::new(Role::Plain, std::mem::take(current)));
    }
}

fn flush_rows(draft: &mut Draft, rows: &mut Vec<Vec<String>>, table: &mut u32) {
    // One line with a tab is a line with a tab.
    if rows.len() == 1 {
        draft.paras.push(Para::new(Role::Plain, rows.remove(0).join(" ")));
    } else if !rows.is_empty() {
        let headers = super::draft::header_rows(rows);
        for (at, row) in rows.drain(..).enumerate() {
            draft.paras.push(Para::new(
                Role::Row(*table, at < headers),
                super::draft::join_cells(&row),
            ));
        }
        *table += 1;
    }
}

/// Returns the width at which the text is wrapped by hand, when it is.
fn wrap_width(text: &str) -> Option<usize> {
    // How many lines have how many characters; those beyond a hand-wrapped line are counted together.
    let mut lengths = [0_usize; MAX_WRAP_CHARS + 2];
    for line in lines(text) {
        lengths[line.chars().count().min(MAX_WRAP_CHARS + 1)] += 1;
    }
    let longest = lengths.iter().rposition(|count| *count > 0)?;
    let all: usize = lengths[1..].iter().sum();
    let full: usize = lengths[longest * 4 / 5..].iter().sum();
    // Of wrapped text a good part of the lines is nearly full.
    ((MIN_WRAP_CHARS..=MAX_WRAP_CHARS).contains(&longest) && full >= 2 && full * 4 >= all).then_some(longest)
}

/// Tells whether `line` goes on in `next`: the first word of `next` would not have fitted.
fn wraps(line: &str, next: &str, wrap: Option<usize>) -> bool {
    /// Wrapping leaves lines a little shorter than they could be.
    const SLACK_CHARS: usize = 4;
    let Some(wrap) = wrap else { return false };
    let first = next
        .split_whitespace()
        .next()
        .map_or(0, |word| word.chars().count());
    let marked = next.starts_with(['-', '–', '—', '•', '*', '·']) && next.chars().nth(1) == Some(' ');
    let numbered = next.split_whitespace().next().is_some_and(|word| {
        word.ends_with([')', '.']) && word.chars().next().is_some_and(|c| c.is_ascii_digit())
    });
    line.chars().count() + 1 + first + SLACK_CHARS > wrap && !marked && !numbered
}
