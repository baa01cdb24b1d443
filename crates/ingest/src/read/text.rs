//! Plain text: paragraphs parted by empty lines or by line ends, whichever the file uses.

use docent_corpus::Format;

use super::draft::{Draft, Para, Role};

/// Lines of hand-wrapped text are at most this long; longer lines are paragraphs.
const MAX_WRAP_CHARS: usize = 120;

/// Fewer characters than this are no wrapped text but short lines.
const MIN_WRAP_CHARS: usize = 50;

/// Reads plain text.
pub(super) fn read(text: &str) -> Draft {
    let mut draft = Draft::new(Format::Text);
    let lines: Vec<&str> = text
        .split(['\n', '\r', '\u{c}', '\u{2028}', '\u{2029}'])
        .map(str::trim_end)
        .collect();
    let wrap = wrap_width(&lines);
    let mut current = String::new();
    let mut table = 0;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
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
        let continues = at > 0 && !current.is_empty() && wraps(lines[at - 1], words, wrap);
        if !continues {
            flush(&mut draft, &mut current);
        }
        if let Some(stem) = current.strip_suffix('-').filter(|stem| hyphenated(stem, words)) {
            current.truncate(stem.len());
        } else if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(words);
    }
    flush(&mut draft, &mut current);
    flush_rows(&mut draft, &mut rows, &mut table);
    draft
}

/// Tells whether a word was broken at the line end: letter, hyphen, then a small letter.
pub(super) fn hyphenated(stem: &str, next: &str) -> bool {
    stem.chars().next_back().is_some_and(char::is_alphabetic)
        && next.chars().next().is_some_and(char::is_lowercase)
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
        let header = super::draft::looks_like_header(rows);
        for (at, row) in rows.drain(..).enumerate() {
            draft.paras.push(Para::new(
                Role::Row(*table, header && at == 0),
                super::draft::join_cells(&row),
            ));
        }
        *table += 1;
    }
}

/// Returns the width at which the text is wrapped by hand, when it is.
fn wrap_width(lines: &[&str]) -> Option<usize> {
    let lengths: Vec<usize> = lines
        .iter()
        .map(|line| line.chars().count())
        .filter(|chars| *chars > 0)
        .collect();
    let longest = *lengths.iter().max()?;
    let full = lengths.iter().filter(|chars| **chars * 10 >= longest * 8).count();
    // Of wrapped text a good part of the lines is nearly full.
    ((MIN_WRAP_CHARS..=MAX_WRAP_CHARS).contains(&longest) && full >= 2 && full * 4 >= lengths.len())
        .then_some(longest)
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
