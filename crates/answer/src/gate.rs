//! The gate: does the best passage hold the fact that was asked for?
//!
//! Owns the evidence, the two models that weigh it and the thresholds. The models are logistic regressions, small enough to
//! be read: one gives the probability that the best passage answers, the other that the documents hold the answer at all. How
//! the weights were fitted, and how well the probabilities mean what they say, stands in EVALUATION.md.

use docent_corpus::{Hit, Match, Retrieval, Strictness};

use crate::quote::Unit;

/// What speaks for and against an answer; every figure lies between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evidence {
    /// Score of the best passage as a share of the best that any passage could reach.
    pub share: f32,
    /// Idf-weighted share of the question's terms that stand in the best passage or its headings.
    pub coverage: f32,
    /// The same in the most telling sentence.
    pub sentence: f32,
    /// Idf-weighted share of terms that no document uses.
    pub unseen: f32,
    /// Share of the names and numbers of the question that the best passage lacks.
    pub names_missing: f32,
    /// By how much the best passage outdoes the best of another section, in shares of the best possible score.
    pub lead: f32,
    /// Number of terms, as a logarithm that is 1 at 16.
    pub terms: f32,
    /// Idf-weighted share of neighbouring terms of the question that stand together in a sentence.
    pub together: f32,
    /// Whether the passage holds at most one of several terms: 0 or 1.
    pub lonely: f32,
}

/// What a piece of evidence adds to the logarithm of the odds, times its value.
struct Weight {
    name: &'static str,
    value: fn(&Evidence) -> f32,
    /// That the best passage is the one that answers.
    answers: f32,
    /// That the documents hold the answer at all.
    holds: f32,
}

/// The constant terms of the two models.
const ANSWERS_BIAS: f32 = -3.90;
const HOLDS_BIAS: f32 = -3.42;

#[rustfmt::skip]
const WEIGHTS: [Weight; 9] = [
    Weight { name: "share",         value: |seen| seen.share,         answers:  1.95, holds:  2.78 },
    Weight { name: "coverage",      value: |seen| seen.coverage,      answers:  0.75, holds:  0.16 },
    Weight { name: "sentence",      value: |seen| seen.sentence,      answers:  0.58, holds:  0.77 },
    Weight { name: "unseen",        value: |seen| seen.unseen,        answers: -0.12, holds:  0.79 },
    Weight { name: "names_missing", value: |seen| seen.names_missing, answers: -1.68, holds: -2.91 },
    Weight { name: "lead",          value: |seen| seen.lead,          answers:  7.30, holds:  3.37 },
    Weight { name: "terms",         value: |seen| seen.terms,         answers:  2.28, holds:  3.75 },
    Weight { name: "together",      value: |seen| seen.together,      answers:  0.28, holds:  0.43 },
    Weight { name: "lonely",        value: |seen| seen.lonely,        answers: -0.53, holds: -0.40 },
];

/// One line of the account of a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// What was seen.
    pub name: &'static str,
    /// How much of it, 0 to 1.
    pub value: f32,
    /// What it adds to the logarithm of the odds that the best passage answers.
    pub adds: f32,
}

impl Evidence {
    /// Gathers the evidence; `units` are the sentences of the best passage.
    pub(crate) fn of(question: &str, found: &Retrieval, units: &[Unit]) -> Self {
        let Some(best) = found.hits.first() else {
            return Self::default();
        };
        let all: f32 = found.terms.iter().map(|term| term.idf).sum();
        let part = |sum: f32| if all > 0.0 { sum / all } else { 0.0 };
        let other = found.hits.iter().find(|hit| section(hit) != section(best));
        let count = best
            .matches
            .iter()
            .filter(|&&place| place != Match::Missing)
            .count();
        Self {
            share: best.share,
            coverage: best.coverage(found),
            sentence: part(units.iter().map(|unit| unit.weight).fold(0.0, f32::max)),
            unseen: part(
                found
                    .terms
                    .iter()
                    .filter(|term| term.passages == 0)
                    .map(|term| term.idf)
                    .sum(),
            ),
            names_missing: names_missing(question, found, best),
            lead: best.share - other.map_or(0.0, |other| other.share),
            terms: ((found.terms.len().max(1) as f32).ln() / 16f32.ln()).min(1.0),
            together: together(found, units),
            lonely: f32::from(u8::from(found.terms.len() > 1 && count < 2)),
        }
    }

    /// Returns the probability that the best passage answers.
    pub fn answers(&self) -> f32 {
        let odds = ANSWERS_BIAS + self.parts().iter().map(|part| part.adds).sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }

    /// Returns the probability that the documents hold the answer, in whatever passage.
    pub fn holds(&self) -> f32 {
        let adds = |weight: &Weight| weight.holds * (weight.value)(self);
        let odds = HOLDS_BIAS + WEIGHTS.iter().map(adds).sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }

    /// Returns what each piece of evidence adds to the logarithm of the odds, in a fixed order.
    pub fn parts(&self) -> [Part; 9] {
        WEIGHTS.map(|weight| {
            let value = (weight.value)(self);
            Part {
                name: weight.name,
                value,
                adds: weight.answers * value,
            }
        })
    }
}

fn section(hit: &Hit) -> (&str, &[std::sync::Arc<str>]) {
    (&hit.passage.document, &hit.passage.headings)
}

/// Share of names and numbers that the best passage lacks. A name is a word with a capital letter that begins no sentence.
fn names_missing(question: &str, found: &Retrieval, best: &Hit) -> f32 {
    let is_name = |word: &str| {
        let begins = || {
            let before = question.split(word).next().unwrap_or("").trim_end();
            before.is_empty() || before.ends_with(['.', '!', '?', '«', '"', '(', ':'])
        };
        word.chars().any(|letter| letter.is_ascii_digit())
            || (word.starts_with(char::is_uppercase) && !begins() && word.chars().any(char::is_lowercase))
    };
    let (mut names, mut missing) = (0u16, 0u16);
    for (term, place) in found.terms.iter().zip(&best.matches) {
        if is_name(&term.word) {
            names += 1;
            missing += u16::from(*place == Match::Missing);
        }
    }
    if names == 0 {
        0.0
    } else {
        f32::from(missing) / f32::from(names)
    }
}

/// Idf-weighted share of neighbouring terms that stand in one sentence of the best passage.
fn together(found: &Retrieval, units: &[Unit]) -> f32 {
    let (mut all, mut held) = (0.0, 0.0);
    for (at, pair) in found.terms.windows(2).enumerate() {
        let weight = pair[0].idf + pair[1].idf;
        all += weight;
        if units.iter().any(|unit| unit.holds(at) && unit.holds(at + 1)) {
            held += weight;
        }
    }
    if all > 0.0 { held / all } else { 0.0 }
}

/// What is to be done with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Quote the best passage.
    Answer,
    /// Name the places that may help.
    Offer,
    /// Say that there is nothing.
    Fallback,
}

/// From which probabilities on an answer is given and places are offered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Least probability that the best passage answers, for an answer.
    pub answer: f32,
    /// Least probability that the documents hold the answer, for an offer.
    pub offer: f32,
}

/// Returns the thresholds of a strictness. What each lets through on the development sets stands in EVALUATION.md.
pub fn thresholds(strictness: Strictness) -> Thresholds {
    let (answer, offer) = match strictness {
        Strictness::Careful => (0.40, 0.50),
        Strictness::Balanced => (0.22, 0.35),
        Strictness::Open => (0.12, 0.25),
        // Between the named ones an offer needs somewhat more than an answer.
        Strictness::At(thousandths) => {
            let answer = f32::from(thousandths) / 1_000.0;
            (answer, (answer + 0.12).min(1.0))
        }
    };
    Thresholds { answer, offer }
}

/// Judges the evidence.
pub fn verdict(evidence: &Evidence, strictness: Strictness) -> Verdict {
    let needed = thresholds(strictness);
    if evidence.answers() >= needed.answer {
        Verdict::Answer
    } else if evidence.holds() >= needed.offer {
        Verdict::Offer
    } else {
        Verdict::Fallback
    }
}
