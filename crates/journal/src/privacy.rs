//! What of a question may be kept: marks in the place of numbers and addresses that belong to a person.
//!
//! Masked are telephones (Russia, Kazakhstan, international), e-mail addresses, the IIN of Kazakhstan, the SNILS and INN of
//! Russia, passports of both and payment cards. Names, streets and what people tell of themselves in words are not found:
//! whoever must not keep those sets `journal.text = "off"`.
//!
//! Pure: text in, text out. Numbers that carry check digits are masked only when these are right, or when a word beside them
//! says what they are, so that numbers of laws, dates and sums stay readable.

mod checks;
mod numbers;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// How much of a question's text is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Text {
    /// Nothing.
    Off,
    /// The text, with marks in the place of a person's numbers and addresses.
    #[default]
    Redacted,
    /// The text as it was asked.
    Full,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Redacted => "redacted",
            Self::Full => "full",
        })
    }
}

/// Neither `off` nor `redacted` nor `full`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `off`, `redacted` or `full`")]
pub struct UnknownText;

impl FromStr for Text {
    type Err = UnknownText;

    fn from_str(text: &str) -> Result<Self, UnknownText> {
        [Self::Off, Self::Redacted, Self::Full]
            .into_iter()
            .find(|one| one.to_string() == text)
            .ok_or(UnknownText)
    }
}

/// What was masked. The marks are the same in every language, so that reports can count on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Phone,
    Email,
    Iin,
    Snils,
    Inn,
    Passport,
    Card,
}

impl Mark {
    fn text(self) -> &'static str {
        match self {
            Self::Phone => "[phone]",
            Self::Email => "[e-mail]",
            Self::Iin => "[IIN]",
            Self::Snils => "[SNILS]",
            Self::Inn => "[INN]",
            Self::Passport => "[passport]",
            Self::Card => "[card]",
        }
    }
}

/// Returns `text` with `[phone]`, `[e-mail]`, `[IIN]`, `[SNILS]`, `[INN]`, `[passport]` and `[card]` in the place of what
/// belongs to a person.
pub fn redact(text: &str) -> String {
    let mut found = emails(text);
    found.extend(numbers::find(text));
    found.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, mark) in found {
        // A number inside an address is masked with it.
        if range.start < done {
            continue;
        }
        out.push_str(&text[done..range.start]);
        out.push_str(mark.text());
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Finds `local@domain.tld`, in any script.
fn emails(text: &str) -> Vec<(Range<usize>, Mark)> {
    let mut found: Vec<(Range<usize>, Mark)> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let local = |letter: char| letter.is_alphanumeric() || "._%+-".contains(letter);
        let start = at - tail(&text[..at], local).trim_start_matches('.').len();
        let host = |letter: char| letter.is_alphanumeric() || ".-".contains(letter);
        let after = &text[at + 1..];
        let domain = &after[..after.find(|letter| !host(letter)).unwrap_or(after.len())];
        let domain = domain.trim_end_matches(['.', '-']);
        let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
        if start < at && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic) {
            found.push((start..at + 1 + domain.len(), Mark::Email));
        }
    }
    found
}

/// Returns the longest end of `text` whose letters all are as asked.
fn tail(text: &str, keep: impl Fn(char) -> bool) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|&(_, letter)| keep(letter))
        .last()
        .map_or(text.len(), |(at, _)| at);
    &text[start..]
}

#[cfg(test)]
mod tests;
