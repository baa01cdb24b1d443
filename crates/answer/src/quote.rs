//! Which words of a passage to quote: the smallest set of whole sentences, items and rows that answers, with what is needed
//! to understand it.
//!
//! Invariant: a quote is exactly the text at its range, and quotes stand in the order of the document.

use std::collections::HashSet;

use docent_corpus::{BlockKind, Quote, Retrieval};

use crate::asked::Asked;
use crate::reading::{Reading, Unit, raise, weigh};

/// A sentence that tells the kind of thing that was asked for is preferred to one that holds this share more of the question.
const CUE: f32 = 0.15;

/// Neighbouring words of the question that stand near each other count for this share of the question at most.
const JOINED: f32 = 0.15;

/// A further sentence is quoted when it brings at least this share of the question that is not quoted yet.
const BRINGS: f32 = 0.10;

/// A quotation shorter than this is completed with what stands beside it: one sentence alone rarely tells the whole rule.
const COMPLETE_CHARS: usize = 420;

/// A single sentence that is longer is cut at a word: with its source line an answer stays under 1,200 characters.
const LONGEST_CHARS: usize = 1_000;

/// Words by which a sentence refers to the one before it.
const REFERS: &str = " он она оно они его ее их ему ей им это этот эта эти этого этой этом этим такой такая такое такие таких таким указанный \
     указанная указанное указанные указанных данный данная данное данные при в там тогда поэтому также кроме однако \
     it its he she they this these that those such there then however also therefore \
     ол олар бұл осы мұндай аталған сол оның ";

/// Returns how well a sentence answers: its share of the question, what it tells, and which words stand together in it.
fn worth(found: &Retrieval, asked: &Asked, unit: &Unit) -> f32 {
    let all: f32 = found.terms.iter().map(|term| term.idf).sum();
    if all <= 0.0 {
        return 0.0;
    }
    let weight = unit.weight(found) / all;
    let pairs = found.terms.windows(2).enumerate();
    let joined: f32 = pairs
        .filter(|(at, _)| unit.joins(*at))
        .map(|(_, pair)| pair[0].idf + pair[1].idf)
        .sum();
    // A cue without a word of the question says nothing.
    let cue = if weight > 0.0 { asked.met(unit.has) } else { 0.0 };
    weight + CUE * cue + JOINED * joined / (2.0 * all)
}

/// Returns the number of the sentence that answers best; the earlier of two that are equal.
pub(crate) fn most_telling(found: &Retrieval, asked: &Asked, units: &[Unit]) -> Option<usize> {
    let worth: Vec<f32> = units.iter().map(|unit| worth(found, asked, unit)).collect();
    (0..units.len()).max_by(|&one, &other| worth[one].total_cmp(&worth[other]).then(other.cmp(&one)))
}

/// What is chosen of a passage so far.
struct Choice<'a> {
    units: &'a [Unit],
    taken: Vec<bool>,
    chars: usize,
    limit: usize,
}

impl Choice<'_> {
    /// Takes sentences together, or none of them when they do not fit.
    fn take(&mut self, wanted: &[usize]) -> bool {
        let new: Vec<usize> = wanted.iter().copied().filter(|&at| !self.taken[at]).collect();
        let chars: usize = new.iter().map(|&at| self.units[at].chars() + 1).sum();
        if self.chars + chars > self.limit {
            return false;
        }
        for at in new {
            self.taken[at] = true;
        }
        self.chars += chars;
        true
    }
}

/// Returns the sentences without which the one at `at` cannot be understood.
fn needs(units: &[Unit], at: usize) -> Vec<usize> {
    let mut needed = Vec::new();
    let unit = &units[at];
    if unit.is_item() {
        // The lead-in of the list, or the header of the table, where it stands in the passage itself.
        let lead = (0..at).rev().find(|&before| !units[before].is_item());
        needed.extend(lead.filter(|&lead| units[lead].leads()));
    } else if refers(&unit.quote.text) && at > 0 && units[at - 1].line == unit.line {
        needed.push(at - 1);
    }
    needed
}

/// Tells whether a sentence begins with a word that refers to the one before.
pub(crate) fn refers(sentence: &str) -> bool {
    /// «В этом случае», «При этом»: the preposition alone does not refer.
    const WITH_NEXT: [&str; 3] = ["в", "при", "кроме"];
    let first = sentence
        .split(|letter: char| !letter.is_alphanumeric())
        .find(|word| !word.is_empty())
        .map(str::to_lowercase)
        .unwrap_or_default();
    if WITH_NEXT.contains(&first.as_str()) {
        let second = sentence
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .to_lowercase();
        return ["этом", "таком", "этих", "таких", "указанных", "того"].contains(&second.as_str());
    }
    REFERS.contains(&format!(" {first} "))
}

/// Chooses what to quote of a passage, at most `limit` characters.
pub(crate) fn quotes(found: &Retrieval, asked: &Asked, reading: &Reading, limit: usize) -> Vec<Quote> {
    let units = &reading.units;
    let Some(best) = most_telling(found, asked, units) else {
        return Vec::new();
    };
    // What is repeated from before the passage, for an item or a row that makes no sense without it.
    let lead: &[Unit] = if units[best].is_item() { &reading.lead } else { &[] };
    let lead_chars: usize = lead.iter().map(|unit| unit.chars() + 1).sum();
    let lead = if lead_chars + units[best].chars() <= limit {
        lead
    } else {
        &[]
    };
    let mut choice = Choice {
        units,
        taken: vec![false; units.len()],
        chars: if lead.is_empty() { 0 } else { lead_chars },
        limit: limit.max(units[best].chars() + 1 + lead_chars),
    };
    let mut first = needs(units, best);
    first.push(best);
    if !choice.take(&first) {
        choice.take(&[best]);
    }
    if units[best].leads() {
        // A lead-in without its list answers nothing.
        let items = units.iter().enumerate().skip(best + 1);
        for (item, _) in items.take_while(|(_, unit)| unit.is_item()) {
            if !choice.take(&[item]) {
                break;
            }
        }
    }
    bring(found, reading, &mut choice);
    complete(&mut choice, best);
    let mut quotes: Vec<Quote> = lead.iter().map(|unit| unit.quote.clone()).collect();
    let taken = units.iter().zip(&choice.taken).filter(|(_, taken)| **taken);
    quotes.extend(taken.map(|(unit, _)| unit.quote.clone()));
    if let [only] = &mut quotes[..] {
        cut(only, LONGEST_CHARS);
    }
    quotes
}

/// Cuts a quote at a word when it is longer than `limit` characters.
fn cut(quote: &mut Quote, limit: usize) {
    if let Some((end, _)) = quote.text.char_indices().nth(limit) {
        let end = quote.text[..end].rfind(' ').unwrap_or(end);
        quote.text.truncate(end);
        quote.range.end = quote.range.start + end;
    }
}

/// Takes further sentences as long as each brings a part of the question that is not quoted yet.
fn bring(found: &Retrieval, reading: &Reading, choice: &mut Choice<'_>) {
    let all: f32 = found.terms.iter().map(|term| term.idf).sum();
    let mut held = reading.above.clone();
    for (unit, _) in reading
        .units
        .iter()
        .zip(&choice.taken)
        .filter(|(_, taken)| **taken)
    {
        raise(&mut held, &unit.held);
    }
    let mut passed = choice.taken.clone();
    loop {
        let gain = |at: usize| {
            let mut more = held.clone();
            raise(&mut more, &reading.units[at].held);
            weigh(found, &more) - weigh(found, &held)
        };
        let next = (0..passed.len())
            .filter(|&at| !passed[at])
            .max_by(|&one, &other| gain(one).total_cmp(&gain(other)).then(other.cmp(&one)));
        let Some(next) = next.filter(|&next| gain(next) >= BRINGS * all) else {
            return;
        };
        let mut wanted = needs(&reading.units, next);
        wanted.push(next);
        if choice.take(&wanted) {
            raise(&mut held, &reading.units[next].held);
        }
        passed[next] = true;
    }
}

/// Completes a short quotation with what stands beside its best sentence; what follows explains more often than what goes
/// before.
fn complete(choice: &mut Choice<'_>, best: usize) {
    choice.limit = choice.limit.min(COMPLETE_CHARS.max(choice.chars));
    let mut to = best + 1;
    while to < choice.units.len() && (choice.taken[to] || choice.take(&[to])) {
        to += 1;
    }
    let mut from = best;
    while from > 0 && (choice.taken[from - 1] || choice.take(&[from - 1])) {
        from -= 1;
    }
}

/// Returns the most telling sentence, cut at a word when it is longer than `limit` characters.
pub(crate) fn telling(found: &Retrieval, asked: &Asked, reading: &Reading, limit: usize) -> Option<Quote> {
    let best = most_telling(found, asked, &reading.units)?;
    let mut quote = reading.units[best].quote.clone();
    cut(&mut quote, limit);
    Some(quote)
}

/// Returns the words of a reading in lower case, without its headings.
fn words(reading: &Reading) -> HashSet<String> {
    let units = reading.units.iter();
    units
        .filter(|unit| !matches!(unit.kind, BlockKind::Heading { .. }))
        .flat_map(|unit| unit.quote.text.split_whitespace())
        .map(|word| {
            word.trim_matches(|letter: char| !letter.is_alphanumeric())
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// Returns the share of common words among all of two readings.
fn common(one: &HashSet<String>, other: &HashSet<String>) -> f32 {
    one.intersection(other).count() as f32 / one.union(other).count().max(1) as f32
}

/// Tells whether two readings are copies or editions of one text: no rivals for an answer.
pub(crate) fn twins(one: &Reading, other: &Reading) -> bool {
    /// Editions differ in a few numbers and words; two texts on one subject share far less.
    const EDITION: f32 = 0.6;
    common(&words(one), &words(other)) >= EDITION
}

/// Tells whether two readings say nearly the same, word for word.
pub(crate) fn same(one: &Reading, other: &Reading) -> bool {
    /// Copies differ in a mark or a blank; editions that differ in a number must both be shown.
    const COPY: f32 = 0.97;
    let (one, other) = (words(one), words(other));
    let numbers = |words: &HashSet<String>| {
        let mut numbers: Vec<String> = words
            .iter()
            .filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
            .cloned()
            .collect();
        numbers.sort();
        numbers
    };
    common(&one, &other) >= COPY && numbers(&one) == numbers(&other)
}
