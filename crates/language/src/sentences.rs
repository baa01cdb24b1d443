//! Where one sentence ends and the next begins, in Russian, Kazakh and English office and law text.
//!
//! Owns: the rules about stops, abbreviations, initials, numbers and quotation marks. Leaves blocks and headings to those
//! who know the document: every line end is taken for a border, because a block holds none.
//!
//! Invariants: the ranges tile the text; every look back and ahead is bounded, so the time is linear in the text.
//! When in doubt two sentences stay joined: a quotation that is a sentence too long is true, one cut in the middle is not.

mod abbreviations;
#[cfg(test)]
mod tests;

use docent_corpus::ByteRange;

use self::abbreviations::{Abbreviation, abbreviation, is_act_name, is_division, is_surname};

/// How many characters of a word are looked at; no abbreviation and no surname of ours is longer.
const WORD_CHARS: usize = 32;

/// How long, in bytes, the start of a sentence may be and still be nothing but a number or «Приложение № 5.».
const MARKER_BYTES: usize = 48;

/// Parts `text` at sentence ends.
///
/// Ranges are byte offsets, in order, without gaps or overlap: joined, they give `text` back. White space behind a sentence
/// belongs to it, and so do the quotation marks and brackets that close it. An empty text has no sentences.
pub fn sentences(text: &str) -> Vec<ByteRange> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find(['.', '!', '?', '…', '\n']) {
        let stop = at + offset;
        let candidate = Candidate::read(text, start, stop);
        at = candidate.next;
        if candidate.ends_sentence() {
            found.push(ByteRange::new(start, at));
            start = at;
        }
    }
    if start < text.len() {
        // White space alone is no sentence of its own: it goes to the one before.
        match found.last_mut() {
            Some(last) if text[start..].trim().is_empty() => last.end = text.len(),
            _ => found.push(ByteRange::new(start, text.len())),
        }
    }
    found
}

/// A stop with all that decides whether a sentence ends there.
struct Candidate<'a> {
    /// The sentence so far, up to the stop.
    before: &'a str,
    /// The stop itself: «.», «?!», «...».
    stop: &'a str,
    /// The marks that close behind it: «»», «)».
    closers: &'a str,
    /// The white space behind those.
    space: &'a str,
    /// What follows.
    after: &'a str,
    /// Where the following begins.
    next: usize,
}

impl<'a> Candidate<'a> {
    fn read(text: &'a str, start: usize, stop: usize) -> Self {
        let stop_end = run(text, stop, |c| matches!(c, '.' | '!' | '?' | '…'));
        let mut closers_end = run(text, stop_end, is_closer);
        closers_end = note_mark(text, closers_end);
        let next = run(text, closers_end, char::is_whitespace);
        Self {
            before: &text[start..stop],
            stop: &text[stop..stop_end],
            closers: &text[stop_end..closers_end],
            space: &text[closers_end..next],
            after: &text[next..],
            next,
        }
    }

    fn ends_sentence(&self) -> bool {
        if self.after.is_empty() {
            return true;
        }
        if self.space.contains('\n') {
            // A line end borders a block; blank lines at the very start are not a sentence.
            return !self.before.trim().is_empty() || !self.stop.is_empty();
        }
        if self.space.is_empty() || self.continues_in_lower_case() {
            return false;
        }
        if self.stop == "." {
            self.full_stop_ends()
        } else {
            !self.is_bracketed_mark()
        }
    }

    /// «Что делать?» — спросил он; «и т. д. — всё это»; the stop before a small letter or a comma.
    fn continues_in_lower_case(&self) -> bool {
        self.after
            .chars()
            .take(WORD_CHARS)
            .find(|&c| !is_opener(c) && !is_dash(c) && !c.is_whitespace())
            .is_some_and(|c| c.is_lowercase() || matches!(c, ',' | ';' | ':'))
    }

    /// «(!)», «(?)»: a mark of doubt within the sentence.
    fn is_bracketed_mark(&self) -> bool {
        self.before.ends_with(['(', '[']) && self.closers.starts_with([')', ']'])
    }

    fn full_stop_ends(&self) -> bool {
        let (word, rest) = split_last_word(self.before);
        if word.is_empty() {
            return true;
        }
        if self.is_marker(word) {
            return false;
        }
        if word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-') {
            return !self.is_reference_to_act(rest);
        }
        let last = word.rsplit(['.', '/']).next().unwrap_or(word);
        let earlier = word[..word.len() - last.len()].trim_end_matches('.');
        let earlier = if earlier.is_empty() && rest.trim_end().ends_with('.') {
            split_last_word(rest.trim_end().trim_end_matches('.')).0
        } else {
            earlier
        };
        if is_single_upper(last) {
            return self.initial_ends(last, earlier, rest);
        }
        let after_number = rest.trim_end().ends_with(|c: char| c.is_ascii_digit())
            || earlier.ends_with(|c: char| c.is_ascii_digit());
        // «и пр.» closes a list as a number closes with its unit.
        let joined = split_last_word(rest.trim_end()).0 == "и";
        match abbreviation(last, earlier, after_number || joined) {
            None => true,
            Some(_) if self.closers.starts_with([')', ']']) => false,
            Some(Abbreviation::Inside) => false,
            Some(Abbreviation::MayEnd) => self.after_abbreviation_ends(last),
        }
    }

    /// After «г.», «руб.», «и т. д.» a capital begins a sentence; a number, «№», or the quoted name of a law does not.
    fn after_abbreviation_ends(&self, last: &str) -> bool {
        let mut chars = self.after.chars();
        let Some(first) = chars.next() else { return true };
        if first.is_ascii_digit() || matches!(first, '№' | '(' | '%') {
            return false;
        }
        let year = matches!(last, "г" | "гг" | "ж" | "жж");
        if year && is_opener(first) {
            return false;
        }
        if first == 'N' && chars.next().is_some_and(char::is_whitespace) {
            return false;
        }
        // «5 тыс. МРП», «10 млн. USD»: what is counted, in capitals.
        !(matches!(last, "тыс" | "млн" | "млрд" | "трлн") && is_capitals(first_word(self.after)))
    }

    /// «И. И. Иванов» goes on; «передано Иванову И. И. Решение принято» ends.
    fn initial_ends(&self, last: &str, earlier: &str, rest: &str) -> bool {
        let next_word = first_word(self.after);
        if next_word.chars().count() == 1 || is_surname(next_word) {
            return false;
        }
        if last == "I" && earlier.is_empty() && !rest.trim().is_empty() {
            // «So do I. Then …»
            return true;
        }
        // The word before all initials: a surname there means that the name is complete.
        let mut rest = rest.trim_end();
        for _ in 0..3 {
            let (word, before) = split_last_word(rest.trim_end_matches('.'));
            let initials = rest.ends_with('.') && word.split('.').all(is_single_upper);
            if !initials {
                return !rest.ends_with('.') && is_surname(word);
            }
            rest = before.trim_end();
        }
        false
    }

    /// «п. 3.2. Договора»: the number and the name of the act are one reference.
    fn is_reference_to_act(&self, rest: &str) -> bool {
        let (word, _) = split_last_word(rest.trim_end().trim_end_matches('.'));
        let word = word.to_lowercase();
        let refers = matches!(
            word.as_str(),
            "п" | "пп" | "ст" | "ч" | "гл" | "абз" | "подп" | "разд"
        ) || ["пункт", "подпункт", "стать", "част", "раздел", "глав"]
            .iter()
            .any(|stem| word.starts_with(stem));
        refers && is_act_name(first_word(self.after))
    }

    /// «1.», «3.2.», «а.», «IV.», «Статья 115.», «Приложение № 5.», «5-бап.»: the number of what follows.
    fn is_marker(&self, word: &str) -> bool {
        let before = self.before.trim_start();
        if before.len() > MARKER_BYTES {
            return false;
        }
        let bare = before.trim_start_matches(|c| is_opener(c) || is_dash(c) || c.is_whitespace());
        if bare == word {
            let single = word.chars().count() == 1;
            let roman = word.chars().all(|c| matches!(c, 'I' | 'V' | 'X' | 'L'));
            return single
                || roman
                || is_short_number(word)
                || word.split_once('-').is_some_and(is_kazakh_division);
        }
        let mut words = bare
            .split_whitespace()
            .filter(|word| !matches!(*word, "№" | "N" | "No." | "#"));
        let (Some(first), Some(number), None) = (words.next(), words.next(), words.next()) else {
            return false;
        };
        let number = number.trim_start_matches(['№', '#']);
        let numbered = is_short_number(number)
            || number.chars().count() == 1
            || number.chars().all(|c| matches!(c, 'I' | 'V' | 'X' | 'L'));
        numbered && is_division(&first.trim_end_matches('.').to_lowercase())
    }
}

fn is_kazakh_division((number, name): (&str, &str)) -> bool {
    is_short_number(number) && is_division(&name.to_lowercase())
}

/// Returns where the run of characters that please `wanted`, beginning at `from`, ends.
fn run(text: &str, from: usize, wanted: impl Fn(char) -> bool) -> usize {
    text[from..]
        .find(|c| !wanted(c))
        .map_or(text.len(), |offset| from + offset)
}

/// Steps over the mark of a note directly behind a stop: «[1]», «¹».
fn note_mark(text: &str, from: usize) -> usize {
    let after = run(text, from, |c| matches!(c, '¹' | '²' | '³' | '⁴'..='⁹' | '⁰'));
    let Some(inner) = text[after..].strip_prefix('[') else {
        return after;
    };
    let digits = inner.bytes().take(3).take_while(u8::is_ascii_digit).count();
    if digits > 0 && inner[digits..].starts_with(']') {
        after + digits + 2
    } else {
        after
    }
}

/// Splits off the word at the end, with the stops, hyphens and slashes inside it: `р-н`, `e.g`, `3.2`.
fn split_last_word(text: &str) -> (&str, &str) {
    let length: usize = text
        .chars()
        .rev()
        .take(WORD_CHARS)
        .take_while(|&c| c.is_alphanumeric() || matches!(c, '.' | '-' | '/'))
        .map(char::len_utf8)
        .sum();
    let (rest, word) = text.split_at(text.len() - length);
    (word.trim_start_matches('.'), rest)
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start_matches(is_opener);
    let length: usize = text
        .chars()
        .take(WORD_CHARS)
        .take_while(|c| c.is_alphanumeric() || *c == '-')
        .map(char::len_utf8)
        .sum();
    &text[..length]
}

fn is_single_upper(word: &str) -> bool {
    let mut chars = word.chars();
    matches!((chars.next(), chars.next()), (Some(c), None) if c.is_uppercase())
}

fn is_capitals(word: &str) -> bool {
    word.chars().count() > 1 && word.chars().all(char::is_uppercase)
}

/// Numbers of articles and points have at most three digits a part; a year or a sum does not count items.
fn is_short_number(word: &str) -> bool {
    word.split(['.', '-'])
        .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_closer(c: char) -> bool {
    matches!(c, '»' | '”' | '’' | '"' | '\'' | ')' | ']' | '“')
}

fn is_opener(c: char) -> bool {
    matches!(c, '«' | '“' | '„' | '‘' | '"' | '\'' | '(' | '[')
}

fn is_dash(c: char) -> bool {
    matches!(c, '—' | '–' | '-')
}
