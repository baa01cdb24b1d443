//! The gate: does the best passage hold the fact that was asked for?
//!
//! Owns the two models that weigh the evidence, and the thresholds. The models are logistic regressions, small enough to
//! be read: one gives the probability that the best passage answers, the other that the documents hold the answer at all. How
//! the weights were fitted, and how well the probabilities mean what they say, stands in EVALUATION.md.

use docent_corpus::Strictness;

use crate::Evidence;

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
const ANSWERS_BIAS: f32 = -6.02;
const HOLDS_BIAS: f32 = -4.03;

/// How many pieces of evidence are weighed.
const PIECES: usize = 25;

#[rustfmt::skip]
const WEIGHTS: [Weight; PIECES] = [
    Weight { name: "share",           value: |seen| seen.share,             answers:  3.67, holds:  4.83 },
    Weight { name: "share_above",     value: |seen| seen.share_above(),     answers: -3.57, holds: -3.07 },
    Weight { name: "share_of_many",   value: |seen| seen.share_of_many(),   answers:  2.13, holds:  3.62 },
    Weight { name: "coverage",        value: |seen| seen.coverage,          answers:  0.06, holds: -2.27 },
    Weight { name: "rare_coverage",   value: |seen| seen.rare_coverage(),   answers:  1.95, holds:  3.45 },
    Weight { name: "held",            value: |seen| seen.held,              answers:  0.80, holds:  1.35 },
    Weight { name: "lost",            value: |seen| seen.lost,              answers: -1.34, holds: -1.81 },
    Weight { name: "heading",         value: |seen| seen.heading,           answers: -2.29, holds: -1.29 },
    Weight { name: "begins",          value: |seen| seen.begins,            answers:  0.89, holds:  0.62 },
    Weight { name: "subject",         value: |seen| seen.subject,           answers:  1.93, holds:  1.52 },
    Weight { name: "together",        value: |seen| seen.together,          answers:  0.73, holds:  0.38 },
    Weight { name: "unseen",          value: |seen| seen.unseen,            answers: -1.27, holds: -0.76 },
    Weight { name: "names_missing",   value: |seen| seen.names_missing,     answers: -2.09, holds: -2.35 },
    Weight { name: "known_missing",   value: |seen| seen.known_missing,     answers: -0.46, holds:  0.09 },
    Weight { name: "numbers_missing", value: |seen| seen.numbers_missing,   answers: -0.39, holds: -0.74 },
    Weight { name: "opening_missing", value: |seen| seen.opening_missing,   answers:  3.88, holds:  3.96 },
    Weight { name: "mended",          value: |seen| seen.mended,            answers: -2.83, holds: -3.23 },
    Weight { name: "lead",            value: |seen| seen.lead,              answers:  2.05, holds:  1.45 },
    Weight { name: "apart",           value: |seen| seen.apart,             answers:  4.73, holds:  2.32 },
    Weight { name: "elsewhere",       value: |seen| seen.elsewhere,         answers: -1.11, holds: -0.51 },
    Weight { name: "common",          value: |seen| seen.common,            answers: -0.97, holds: -0.42 },
    Weight { name: "common_pair",     value: |seen| seen.common_pair,       answers: -0.40, holds: -0.63 },
    Weight { name: "terms",           value: |seen| seen.terms,             answers:  3.11, holds:  2.50 },
    Weight { name: "many",            value: |seen| seen.many(),            answers:  1.42, holds:  3.37 },
    Weight { name: "rarity",          value: |seen| seen.rarity,            answers:  1.47, holds:  0.18 },
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
    /// Returns the probability that the best passage answers.
    pub fn answers(&self) -> f32 {
        probability(ANSWERS_BIAS + self.parts().iter().map(|part| part.adds).sum::<f32>())
    }

    /// Returns the probability that the documents hold the answer, in whatever passage.
    pub fn holds(&self) -> f32 {
        let adds = |weight: &Weight| weight.holds * (weight.value)(self);
        probability(HOLDS_BIAS + WEIGHTS.iter().map(adds).sum::<f32>())
    }

    /// Returns what each piece of evidence adds to the logarithm of the odds, in a fixed order.
    pub fn parts(&self) -> [Part; PIECES] {
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

/// Evidence of which a passage can have more: all of it would be 1.
const WANTED: [Wanted; 9] = [
    ("share", |seen| &mut seen.share),
    ("coverage", |seen| &mut seen.coverage),
    ("held", |seen| &mut seen.held),
    ("begins", |seen| &mut seen.begins),
    ("subject", |seen| &mut seen.subject),
    ("together", |seen| &mut seen.together),
    ("lead", |seen| &mut seen.lead),
    ("apart", |seen| &mut seen.apart),
    ("heading", |seen| &mut seen.heading),
];

/// Evidence against an answer: none of it would be 0.
const UNWANTED: [Wanted; 6] = [
    ("lost", |seen| &mut seen.lost),
    ("unseen", |seen| &mut seen.unseen),
    ("names_missing", |seen| &mut seen.names_missing),
    ("known_missing", |seen| &mut seen.known_missing),
    ("numbers_missing", |seen| &mut seen.numbers_missing),
    ("mended", |seen| &mut seen.mended),
];

/// A piece of evidence by its name.
type Wanted = (&'static str, fn(&mut Evidence) -> &mut f32);

impl Evidence {
    /// Returns by how much the logarithm of the odds that the best passage answers would rise were a piece of evidence as good as
    /// can be and all others as they are.
    pub fn shortfalls(&self) -> Vec<(&'static str, f32)> {
        let odds = |seen: &Self| seen.parts().iter().map(|part| part.adds).sum::<f32>();
        let now = odds(self);
        let best = |(list, best): (&'static [Wanted], f32)| {
            list.iter().map(move |(name, place)| {
                let mut other = *self;
                *place(&mut other) = best;
                (*name, odds(&other) - now)
            })
        };
        [(&WANTED[..], 1.0), (&UNWANTED[..], 0.0)]
            .into_iter()
            .flat_map(best)
            .collect()
    }
}

fn probability(odds: f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
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
        Strictness::Careful => (0.40, 0.25),
        Strictness::Balanced => (0.10, 0.05),
        Strictness::Open => (0.05, 0.03),
        // As with the named ones: places are offered from half the probability of an answer.
        Strictness::At(thousandths) => {
            let answer = f32::from(thousandths) / 1_000.0;
            (answer, answer * 0.5)
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
