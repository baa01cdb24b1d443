//! What speaks for and against an answer.
//!
//! Owns the evidence: figures between 0 and 1 that mean the same for every question and library. Leaves weighing it to the gate.

use docent_corpus::{Hit, Match, Repair, Retrieval};

use crate::quote::twins;
use crate::reading::{Reading, raise, weigh};

/// A term counts as missing when its best match is weaker.
const MATCHED: f32 = 0.5;

/// Terms whose number counts as many.
const MANY_TERMS: f32 = 16.0;

/// Idf of missing words from which on more of them tell nothing new: two or three rare ones. A tale told before the question
/// lacks many, and may be answered all the same. Where there are few passages no word is rare: there three that no passage has.
const LOST: f32 = 16.0;
const LOST_WORDS: f32 = 3.0;

/// Words at the start of a passage that name its subject: «Сменный журнал — …», «The shift log is …».
const SUBJECT: usize = 4;

/// Up to this share the score tells most; more of it, little more.
const SOME: f32 = 0.3;

/// Number of terms, as the logarithm has it, from which on a question is more of a tale: six.
const TALE: f32 = 0.65;

/// What speaks for and against an answer; every figure lies between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evidence {
    /// Score of the best passage as a share of the best that any passage could reach.
    pub share: f32,
    /// Idf-weighted share of the question's terms that stand in the best passage or its headings.
    pub coverage: f32,
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
    /// Best coverage that another hit reaches.
    pub elsewhere: f32,
    /// Idf-weighted share of terms that the first sentence or the headings hold: what the passage is about.
    pub begins: f32,
    /// Share of the words of the question whose spelling or spaces had to be mended.
    pub mended: f32,
    /// Number of terms that the best passage holds, as a share.
    pub held: f32,
    /// Idf of the terms that the best passage lacks: three rare words missing of nine weigh more than one of three.
    pub lost: f32,
    /// Idf-weighted share of the question's first word when it is missing: «передаётся ли …» is mostly put in other words.
    pub opening_missing: f32,
    /// Idf-weighted share of terms among the first words of the passage or in its headings: its subject.
    pub subject: f32,
    /// Share of the hits that hold the rarest term.
    pub common: f32,
    /// Share of the hits that hold the two rarest terms.
    pub common_pair: f32,
}

/// Returns the idf of a term that no passage holds.
fn most(found: &Retrieval) -> f32 {
    (1.0 + (found.passages as f32 + 0.5) / 0.5).ln()
}

/// Half of the terms' idf and more in a share: how a term's rarity is measured.
fn rarity(idf: f32, found: &Retrieval) -> f32 {
    let most = most(found);
    if most > 0.0 { (idf / most).min(1.0) } else { 0.0 }
}

impl Evidence {
    /// Gathers the evidence for a question as it was typed and as it was read; `readings` are those of the first hits.
    pub(crate) fn of(typed: &str, question: &str, found: &Retrieval, readings: &[Reading]) -> Self {
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
            elsewhere: readings[1..]
                .iter()
                .map(|reading| part(weigh(found, &reading.whole())))
                .fold(0.0, f32::max),
            begins: part(begins(found, reading)),
            mended,
            held: held as f32 / count,
            lost: ((all - weigh(found, &whole)) / LOST.min(LOST_WORDS * most(found))).clamp(0.0, 1.0),
            opening_missing: part(opening(question, found, &whole)),
            subject: part(subject(found, reading)),
            common: common(found, 1),
            common_pair: common(found, 2),
        }
    }

    /// Returns the score of a question of many words, of which a passage reaches little by chance.
    pub(crate) fn share_of_many(&self) -> f32 {
        self.share * self.terms
    }

    /// Returns what a share adds above [`SOME`].
    pub(crate) fn share_above(&self) -> f32 {
        (self.share - SOME).max(0.0)
    }

    /// Returns how far a question is a tale.
    pub(crate) fn many(&self) -> f32 {
        (self.terms - TALE).max(0.0)
    }

    /// Returns the coverage of rare words.
    pub(crate) fn rare_coverage(&self) -> f32 {
        self.coverage * self.rarity
    }
}

/// Returns the idf that the first word of the question lacks; nothing when it is none that is sought, or when nothing else of the
/// question is held: then there is nothing that it could be put otherwise beside.
fn opening(question: &str, found: &Retrieval, whole: &[f32]) -> f32 {
    let (Some(term), Some((first, others))) = (found.terms.first(), whole.split_first()) else {
        return 0.0;
    };
    let opens = question.trim_start().starts_with(&term.word);
    if opens && others.iter().any(|held| *held >= MATCHED) {
        term.idf * (1.0 - first)
    } else {
        0.0
    }
}

/// Returns the idf of the terms that the first words or the headings hold.
fn subject(found: &Retrieval, reading: &Reading) -> f32 {
    let mut held = reading.above.clone();
    if let Some(unit) = reading.units.first() {
        for (at, held) in held.iter_mut().enumerate() {
            if unit.place(at).is_some_and(|place| place < SUBJECT) {
                *held = held.max(unit.held[at]);
            }
        }
    }
    weigh(found, &held)
}

/// The terms by their rarity, the rarest first.
fn by_rarity(found: &Retrieval) -> Vec<usize> {
    let mut order: Vec<usize> = (0..found.terms.len()).collect();
    order.sort_by(|&one, &other| found.terms[other].idf.total_cmp(&found.terms[one].idf));
    order
}

/// Returns the share of the hits that hold all of this many of the rarest terms.
fn common(found: &Retrieval, rarest: usize) -> f32 {
    let mut terms = by_rarity(found);
    terms.truncate(rarest);
    let holds = |hit: &&Hit| terms.iter().all(|&at| hit.matches[at] != Match::Missing);
    found.hits.iter().filter(holds).count() as f32 / found.hits.len().max(1) as f32
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
    use std::sync::Arc;

    use docent_corpus::{BlockKind, ByteRange, Line, Passage, QuestionTerm};

    use super::*;

    /// Evidence of a passage, in a library of a thousand, for words that are equally rare.
    fn seen(question: &str, passage: &str) -> Evidence {
        let words: Vec<&str> = question.split(' ').collect();
        let terms = words.iter().map(|word| QuestionTerm {
            word: (*word).to_owned(),
            stem: (*word).to_lowercase(),
            idf: 5.0,
            passages: 7,
            named: 0,
            also: Vec::new(),
        });
        let hit = Hit {
            passage: Arc::new(Passage {
                document: "a".into(),
                title: "".into(),
                version: docent_corpus::Version([0; 16]),
                date: None,
                headings: Vec::new(),
                section: 0,
                range: ByteRange::new(0, passage.len()),
                lead: Vec::new(),
                lines: vec![Line {
                    kind: BlockKind::Paragraph,
                    range: ByteRange::new(0, passage.len()),
                    text: passage.into(),
                    page: None,
                }],
            }),
            score: 0.4,
            share: 0.4,
            matches: vec![Match::Text; words.len()],
            taught: None,
        };
        let found = Retrieval {
            terms: terms.collect(),
            hits: vec![hit],
            passages: 1_000,
            reading: None,
        };
        let sought = crate::reading::words(&found);
        let readings = vec![Reading::of(&sought, &found.hits[0])];
        Evidence::of(question, question, &found, &readings)
    }

    #[test]
    fn a_first_word_that_is_missing_is_no_better_than_one_that_stands_there() {
        let (held, missing) = (
            seen("green moss", "The moss is green in summer."),
            seen("green moss", "The moss dries in summer."),
        );
        assert!(missing.opening_missing > 0.2 && held.opening_missing < f32::EPSILON);
        assert!(missing.answers() < held.answers(), "{missing:?} {held:?}");
        assert!(missing.holds() < held.holds());
        // Where nothing else is held it is not put otherwise: it is missing.
        assert!(seen("green", "The moss dries.").opening_missing < f32::EPSILON);
    }

    #[test]
    fn what_a_passage_begins_with_is_its_subject() {
        let (first, later) = (
            seen("moss", "Moss grows here."),
            seen("moss", "Here in the north grows moss."),
        );
        assert!(
            first.subject > 0.9 && later.subject < f32::EPSILON,
            "{first:?} {later:?}"
        );
    }

    #[test]
    fn what_was_mended_of_a_question_is_told_by_its_words() {
        assert!(changed("Кто выдаёт пропуск?", "кто выдаёт пропуск?") < f32::EPSILON);
        assert!((changed("кто выдаёт прпоуск?", "кто выдаёт пропуск?") - 1.0 / 3.0).abs() < f32::EPSILON);
        assert!((changed("ктовыдаёт", "кто выдаёт") - 1.0).abs() < f32::EPSILON);
    }
}
