//! Whether what a model says stands in the passages that it was given.
//!
//! The rules are of words, not of meaning: a sentence that swaps who does what to whom with the words of the passage passes. Hence what
//! is quoted is always shown as the source.
//!
//! Invariant: what passes holds no number, no name, no «not» and no «only» that the cited place does not hold, leads nowhere, and
//! rests on words that stand in the passage verbatim.

use std::collections::HashSet;

use docent_corpus::{ByteRange, Quote};
use docent_language::{Token, detect, tokens};
use unicode_normalization::UnicodeNormalization;

use super::claims::Claim;
use super::prompt::GivenLine;
use super::suspect;

/// A longer sentence is no sentence.
const SENTENCE_CHARS: usize = 500;

/// Words that a quotation must have to tell anything, unless it is a whole line.
const QUOTED_WORDS: usize = 3;

/// A sentence may have this share of words of its own, that stand neither in the passage nor in the question: it is told in other words, but
/// hardly any others.
const OWN_WORDS: f32 = 0.25;

/// Why a sentence of a model is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is empty, too long, or holds signs that no sentence has.
    Form,
    /// Its quotation does not stand in any passage.
    Quote,
    /// It has a number, a date or a numeral that the cited place has not.
    Number,
    /// It has a name that the cited passage has not.
    Name,
    /// It says «no» where the passage does not, or the other way round, or «only», or «must».
    Sense,
    /// Too many of its words are its own.
    Words,
    /// It leads to another place, or gives an order to whoever answers.
    Order,
    /// What it cites is not about the question.
    Topic,
}

/// A passage as it was given, made ready for comparing.
#[derive(Debug)]
pub(crate) struct Given {
    /// Which hit it is.
    pub(crate) hit: usize,
    pub(crate) labels: Vec<String>,
    pub(crate) lines: Vec<GivenLine>,
    /// Whether it holds enough of the question.
    pub(crate) on_topic: bool,
    /// Its letters as they are compared, and for each byte where it comes from: line and byte in that line.
    plain: String,
    origin: Vec<(u32, u32)>,
    stems: HashSet<String>,
}

impl Given {
    pub(crate) fn new(hit: usize, labels: Vec<String>, lines: Vec<GivenLine>, on_topic: bool) -> Self {
        let (mut plain, mut origin) = (String::new(), Vec::new());
        let mut stems = HashSet::new();
        for (number, line) in lines.iter().enumerate() {
            normalise(&line.text, |letter, at| {
                let before = plain.len();
                plain.push(letter);
                origin.resize(origin.len() + plain.len() - before, (number as u32, at as u32));
            });
            if !plain.ends_with(' ') {
                plain.push(' ');
                origin.push((number as u32, line.text.len() as u32));
            }
            stems.extend(
                tokens(&line.text, detect(&line.text))
                    .into_iter()
                    .map(|token| token.stem),
            );
        }
        for label in &labels {
            stems.extend(tokens(label, detect(label)).into_iter().map(|token| token.stem));
        }
        Self {
            hit,
            labels,
            lines,
            on_topic,
            plain,
            origin,
            stems,
        }
    }

    /// Finds words as they stand here; returns the lines that they touch, and the words themselves.
    fn find(&self, words: &str) -> Option<(std::ops::RangeInclusive<usize>, Vec<Quote>)> {
        let words = normalised(words);
        let words = words.trim_matches(|letter: char| letter.is_whitespace() || ".,;:…\"".contains(letter));
        if words.is_empty() {
            return None;
        }
        let start = self
            .plain
            .match_indices(words)
            .map(|(at, _)| at)
            .find(|&at| self.parts_words(at, at + words.len()))?;
        let end = start + words.len();
        let (first, from) = self.origin[start];
        let (last, to) = self.origin[end - 1];
        // A word of the passage is quoted with its last letter, however many bytes that has.
        let last_text = &self.lines[last as usize].text;
        let to = to as usize + last_text[to as usize..].chars().next().map_or(0, char::len_utf8);
        let mut quotes = Vec::new();
        for number in first as usize..=last as usize {
            let line = &self.lines[number];
            let begin = if number == first as usize {
                from as usize
            } else {
                0
            };
            let until = if number == last as usize {
                to
            } else {
                line.text.len()
            };
            let text = line.text.get(begin..until)?;
            let bare = text.trim();
            if bare.is_empty() {
                continue;
            }
            let begin = line.start + begin + (text.len() - text.trim_start().len());
            quotes.push(Quote {
                range: ByteRange::new(begin, begin + bare.len()),
                text: bare.to_owned(),
            });
        }
        Some((first as usize..=last as usize, quotes))
    }

    /// Tells whether a place begins and ends where words do.
    fn parts_words(&self, start: usize, end: usize) -> bool {
        let joins = |one: Option<char>, other: Option<char>| {
            one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
        };
        !joins(
            self.plain[..start].chars().next_back(),
            self.plain[start..].chars().next(),
        ) && !joins(
            self.plain[..end].chars().next_back(),
            self.plain[end..].chars().next(),
        )
    }
}

/// Calls `each` with every letter as it is compared and the byte of `text` that it comes from.
fn normalise(text: &str, mut each: impl FnMut(char, usize)) {
    let mut blank = true;
    for (at, letter) in text.char_indices() {
        if suspect::is_unseen(letter) || matches!(letter, '\u{300}' | '\u{301}') {
            continue;
        }
        if letter.is_whitespace() {
            if !blank {
                each(' ', at);
            }
            blank = true;
            continue;
        }
        blank = false;
        for letter in letter.nfkc().flat_map(char::to_lowercase) {
            each(
                match letter {
                    'ё' => 'е',
                    '«' | '»' | '“' | '”' | '„' | '‟' | '‘' | '’' | '\'' | '″' => '"',
                    '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
                    other if other.is_whitespace() => ' ',
                    other => other,
                },
                at,
            );
        }
    }
}

fn normalised(text: &str) -> String {
    let mut plain = String::new();
    normalise(text, |letter, _| plain.push(letter));
    plain
}

/// A sentence that stands on its citations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) text: String,
    /// The passage that it rests on, by its place among those given.
    pub(crate) given: usize,
    pub(crate) quotes: Vec<Quote>,
}

/// Checks one sentence against the passages given.
pub(crate) fn check(claim: &Claim, given: &[Given], asked: &HashSet<String>) -> Result<Checked, Fault> {
    let text = claim.text.trim();
    let length = text.chars().count();
    let odd = |letter: char| {
        suspect::is_unseen(letter) || matches!(letter, '<' | '>' | '{' | '}' | '`' | '|' | '\\' | '\n' | '\r')
    };
    if length == 0
        || length > SENTENCE_CHARS
        || text.chars().any(odd)
        || !text.chars().any(char::is_alphabetic)
    {
        return Err(Fault::Form);
    }
    if suspect::leads_elsewhere(text)
        || suspect::is_order(text)
        || text.split_whitespace().any(suspect::is_code)
    {
        return Err(Fault::Order);
    }
    let own = [text.to_owned()];
    let quotes = if claim.quotes.is_empty() {
        &own[..]
    } else {
        &claim.quotes
    };
    // The passage that was named comes first; a wrong number beside right words is the model's slip, not its invention.
    let named = claim
        .cited
        .iter()
        .filter_map(|number| number.checked_sub(1))
        .filter(|&at| at < given.len());
    let mut order: Vec<usize> = Vec::new();
    for at in named.chain(0..given.len()) {
        if !order.contains(&at) {
            order.push(at);
        }
    }
    let mut fault = Fault::Quote;
    for at in order {
        let passage = &given[at];
        let found: Option<Vec<_>> = quotes.iter().map(|quote| passage.find(quote)).collect();
        let Some(found) = found else { continue };
        match rests(text, passage, &found, asked) {
            Ok(()) => {
                return Ok(Checked {
                    text: text.to_owned(),
                    given: at,
                    quotes: found.into_iter().flat_map(|(_, quotes)| quotes).collect(),
                });
            }
            Err(why) => fault = why,
        }
    }
    Err(fault)
}

/// Where quoted words stand: the lines that they touch, and the words.
type Place = (std::ops::RangeInclusive<usize>, Vec<Quote>);

/// Checks that a sentence says no more than the place that it quotes.
fn rests(text: &str, passage: &Given, found: &[Place], asked: &HashSet<String>) -> Result<(), Fault> {
    let quoted: Vec<&str> = found
        .iter()
        .flat_map(|(_, quotes)| quotes.iter().map(|quote| quote.text.as_str()))
        .collect();
    let quoted = quoted.join(" ");
    let language = detect(&quoted);
    let words = |text: &str| tokens(text, language);
    let whole_line = found.iter().any(|(lines, quotes)| {
        let length: usize = quotes.iter().map(|quote| quote.text.len()).sum();
        let lines: usize = passage.lines[lines.clone()]
            .iter()
            .map(|line| line.text.trim().len())
            .sum();
        length * 10 >= lines * 9
    });
    if words(&quoted).len() < QUOTED_WORDS && !whole_line {
        return Err(Fault::Quote);
    }
    if !passage.on_topic {
        return Err(Fault::Topic);
    }
    // The line around the quotation says of what its numbers are; other lines of the passage have other ones.
    let around = found
        .iter()
        .flat_map(|(lines, _)| &passage.lines[lines.clone()])
        .map(|line| line.text.as_str());
    let around: Vec<&str> = around.chain(passage.labels.iter().map(String::as_str)).collect();
    let around = around.join(" ");
    let near = words(&around);
    let near_words: HashSet<&str> = near.iter().map(|token| token.word.as_str()).collect();
    let near_stems: HashSet<&str> = near.iter().map(|token| token.stem.as_str()).collect();
    let said = words(text);
    let stands =
        |token: &Token| near_words.contains(token.word.as_str()) || near_stems.contains(token.stem.as_str());
    for token in &said {
        let Some(bound) = suspect::binding(&token.word) else {
            continue;
        };
        // «27 июля 2006» stands where «27.07.2006» does.
        let in_whole = || {
            said.iter()
                .any(|other| other.range != token.range && other.range.contains(token.range) && stands(other))
        };
        if !stands(token) && !in_whole() {
            return Err(match bound {
                suspect::Binding::Number => Fault::Number,
                suspect::Binding::Sense => Fault::Sense,
            });
        }
    }
    if suspect::denies(text, language) != suspect::denies(&quoted, language) {
        return Err(Fault::Sense);
    }
    if names(text, &said).any(|token| !passage.stems.contains(&token.stem)) {
        return Err(Fault::Name);
    }
    let content: Vec<&Token> = said.iter().filter(|token| !token.stop).collect();
    let own: Vec<&&Token> = content
        .iter()
        .filter(|token| !passage.stems.contains(&token.stem) && !asked.contains(&token.stem))
        .collect();
    let plain = |token: &Token| {
        token.range.of(text).is_some_and(|word| {
            word.chars().all(char::is_alphabetic)
                && word.chars().skip(1).all(char::is_lowercase)
                && word.chars().count() <= 24
        })
    };
    if own.len() as f32 > OWN_WORDS * content.len() as f32 || own.iter().any(|token| !plain(token)) {
        return Err(Fault::Words);
    }
    Ok(())
}

/// Returns the words of a sentence that name something: a capital letter behind the first word, or capitals throughout.
fn names<'a>(text: &'a str, said: &'a [Token]) -> impl Iterator<Item = &'a Token> {
    said.iter().enumerate().filter_map(move |(at, token)| {
        let word = token.range.of(text)?;
        let mut letters = word.chars();
        let first = letters.next()?.is_uppercase();
        let second = letters.next().is_some_and(char::is_uppercase);
        (first && (at > 0 || second)).then_some(token)
    })
}
