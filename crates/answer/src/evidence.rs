//! What speaks for and against an answer.
//!
//! Owns the evidence: figures between 0 and 1 that mean the same for every question and library. Leaves weighing it to the gate.

use docent_corpus::{Hit, Repair, Retrieval};

use crate::asked::{Asked, Has};
use crate::quote::twins;
use crate::reading::{Reading, raise, weigh};

/// A term counts as missing when its best match is weaker.
const MATCHED: f32 = 0.5;

/// Terms whose number counts as many.
const MANY_TERMS: f32 = 16.0;

/// What speaks for and against an answer; every figure lies between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evidence {
    /// Score of the best passage as a share of the best that any passage could reach.
    pub share: f32,
    /// Idf-weighted share of the question's terms that stand in the best passage or its headings.
    pub coverage: f32,
    /// The same in the most telling sentence.
    pub sentence: f32,
    /// The same in the most telling two neighbouring sentences with the headings.
    pub window: f32,
    /// The same in the headings alone.
    pub heading: f32,
    /// Idf-weighted share of terms that no document uses.
    pub unseen: f32,
    /// Share of the names of the question that the best passage lacks.
    pub names_missing: f32,
    /// The same for words that were typed without a capital letter and that the documents write with one.
    pub known_missing: f32,
    /// Share of the numbers of the question that the best passage lacks.
    pub numbers_missing: f32,
    /// By how much the best passage outdoes the best of another section, in shares of the best possible score.
    pub lead: f32,
    /// By how much it outdoes the mean of the other hits, in the same shares.
    pub apart: f32,
    /// Number of terms, as a logarithm that is 1 at 16.
    pub terms: f32,
    /// How rare the terms of the question are on average.
    pub rarity: f32,
    /// Idf-weighted share of neighbouring terms of the question that stand near each other in a sentence.
    pub together: f32,
    /// Whether the passage holds at most one of several terms: 0 or 1.
    pub lonely: f32,
    /// Share of the asked-for kinds of things (quantity, time, name) that the most telling sentences lack.
    pub kind_missing: f32,
    /// Best coverage that another hit reaches.
    pub elsewhere: f32,
    /// Idf-weighted share of terms that the first sentence or the headings hold: what the passage is about.
    pub begins: f32,
    /// Share of the words of the question whose spelling or spaces had to be mended.
    pub mended: f32,
}

/// Half of the terms' idf and more in a share: how a term's rarity is measured.
fn rarity(idf: f32, found: &Retrieval) -> f32 {
    // The idf of a term that no passage holds.
    let most = (1.0 + (found.passages as f32 + 0.5) / 0.5).ln();
    if most > 0.0 { (idf / most).min(1.0) } else { 0.0 }
}

impl Evidence {
    /// Gathers the evidence for a question as it was typed and as it was read; `readings` are those of the first hits.
    pub(crate) fn of(
        typed: &str,
        question: &str,
        asked: &Asked,
        found: &Retrieval,
        readings: &[Reading],
    ) -> Self {
        let (Some(best), Some(reading)) = (found.hits.first(), readings.first()) else {
            return Self::default();
        };
        let all: f32 = found.terms.iter().map(|term| term.idf).sum();
        let part = |sum: f32| if all > 0.0 { sum / all } else { 0.0 };
        let whole = reading.whole();
        let twin = |at: usize| readings.get(at).is_some_and(|other| twins(reading, other));
        let mut others = found.hits.iter().enumerate();
        let other = others.find(|&(at, hit)| section(hit) != section(best) && !twin(at));
        let other = other.map(|(_, hit)| hit);
        let lead = best.share - other.map_or(0.0, |other| other.share);
        let (window, has) = window(found, reading);
        let [names_missing, known_missing, numbers_missing] = missing(question, found, &whole);
        let held = whole.iter().filter(|held| **held >= MATCHED).count();
        let rest = &found.hits[1..];
        let mean = rest.iter().map(|hit| hit.share).sum::<f32>() / rest.len().max(1) as f32;
        let count = found.terms.len().max(1) as f32;
        let mended = found.reading.as_ref().map_or(0.0, |reading| {
            // Another layout or alphabet changes every word and leaves no doubt.
            let whole = [Repair::Layout, Repair::Transliteration];
            if reading.repairs.iter().any(|repair| whole.contains(repair)) {
                0.0
            } else {
                changed(typed, &reading.text)
            }
        });
        Self {
            share: best.share.clamp(0.0, 1.0),
            coverage: part(weigh(found, &whole)),
            sentence: part(
                reading
                    .units
                    .iter()
                    .map(|unit| unit.weight(found))
                    .fold(0.0, f32::max),
            ),
            window: part(window),
            heading: part(weigh(found, &reading.above)),
            unseen: part(
                found
                    .terms
                    .iter()
                    .zip(&whole)
                    .filter(|(term, held)| term.passages == 0 && **held < MATCHED)
                    .map(|(term, _)| term.idf)
                    .sum(),
            ),
            names_missing,
            known_missing,
            numbers_missing,
            lead: lead.clamp(0.0, 1.0),
            apart: (best.share - mean).clamp(0.0, 1.0),
            terms: (count.ln() / MANY_TERMS.ln()).min(1.0),
            rarity: rarity(all / count, found),
            together: together(found, reading),
            lonely: f32::from(u8::from(found.terms.len() > 1 && held < 2)),
            kind_missing: 1.0 - asked.met(has),
            elsewhere: readings[1..]
                .iter()
                .map(|reading| part(weigh(found, &reading.whole())))
                .fold(0.0, f32::max),
            begins: part(begins(found, reading)),
            mended,
        }
    }
}

/// Returns the idf of the terms that the first sentence or the headings hold.
fn begins(found: &Retrieval, reading: &Reading) -> f32 {
    reading.units.first().map_or(0.0, |unit| {
        let mut held = reading.above.clone();
        raise(&mut held, &unit.held);
        weigh(found, &held)
    })
}

/// Returns the share of the words that were not typed so.
fn changed(typed: &str, read: &str) -> f32 {
    let typed = typed.to_lowercase();
    let typed: Vec<&str> = typed.split_whitespace().collect();
    let read = read.to_lowercase();
    let words = read.split_whitespace();
    let new = words.clone().filter(|word| !typed.contains(word)).count();
    new as f32 / words.count().max(1) as f32
}

/// Where a hit stands: its section, as a reader would cite it.
pub(crate) fn section(hit: &Hit) -> (&str, u32) {
    (&hit.passage.document, hit.passage.section)
}

/// Tells whether the best passage shares numbers with the question but none of its words: keys hit at random, a sum.
pub(crate) fn only_numbers(found: &Retrieval, readings: &[Reading]) -> bool {
    let Some(reading) = readings.first() else {
        return false;
    };
    let whole = reading.whole();
    let is_number = |at: usize| found.terms[at].stem.bytes().any(|byte| byte.is_ascii_digit());
    let mut words = (0..found.terms.len()).filter(|&at| !is_number(at)).peekable();
    words.peek().is_some() && words.all(|at| whole[at] <= 0.0)
}

/// Returns the idf of the terms in the most telling two neighbouring sentences and the headings, and what they tell.
fn window(found: &Retrieval, reading: &Reading) -> (f32, Has) {
    let mut best = (weigh(found, &reading.above), Has::default());
    for (at, unit) in reading.units.iter().enumerate() {
        let mut held = reading.above.clone();
        let mut has = unit.has;
        raise(&mut held, &unit.held);
        if let Some(next) = reading.units.get(at + 1) {
            raise(&mut held, &next.held);
            has.number |= next.has.number;
            has.time |= next.has.time;
            has.name |= next.has.name;
        }
        let weight = weigh(found, &held);
        if weight > best.0 || at == 0 {
            best = (weight, has);
        }
    }
    best
}

/// Returns the shares of names and of numbers that the best passage lacks. A name is a word with a capital letter that
/// begins no sentence; names asked without capitals are not seen.
fn missing(question: &str, found: &Retrieval, whole: &[f32]) -> [f32; 3] {
    let begins = |word: &str| {
        let before = question.split(word).next().unwrap_or("").trim_end();
        before.is_empty() || before.ends_with(['.', '!', '?', '«', '"', '(', ':'])
    };
    let (mut names, mut known, mut numbers) = ((0u16, 0u16), (0u16, 0u16), (0u16, 0u16));
    for (term, held) in found.terms.iter().zip(whole) {
        let word = term.word.as_str();
        let count = if word.chars().any(|letter| letter.is_ascii_digit()) {
            &mut numbers
        } else if word.starts_with(char::is_uppercase)
            && word.chars().any(char::is_lowercase)
            && !begins(word)
        {
            &mut names
        } else if 2 * term.named > term.passages {
            &mut known
        } else {
            continue;
        };
        count.0 += 1;
        count.1 += u16::from(*held < MATCHED);
    }
    let share = |(all, missing): (u16, u16)| {
        if all == 0 {
            0.0
        } else {
            f32::from(missing) / f32::from(all)
        }
    };
    [share(names), share(known), share(numbers)]
}

/// Idf-weighted share of neighbouring terms that stand near each other in a sentence of the best passage.
fn together(found: &Retrieval, reading: &Reading) -> f32 {
    let (mut all, mut held) = (0.0, 0.0);
    for (at, pair) in found.terms.windows(2).enumerate() {
        let weight = pair[0].idf + pair[1].idf;
        all += weight;
        if reading.units.iter().any(|unit| unit.joins(at)) {
            held += weight;
        }
    }
    if all > 0.0 { held / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_mended_of_a_question_is_told_by_its_words() {
        assert!(changed("Кто выдаёт пропуск?", "кто выдаёт пропуск?") < f32::EPSILON);
        assert!((changed("кто выдаёт прпоуск?", "кто выдаёт пропуск?") - 1.0 / 3.0).abs() < f32::EPSILON);
        assert!((changed("ктовыдаёт", "кто выдаёт") - 1.0).abs() < f32::EPSILON);
    }
}
