//! Answers that the operator has written: for which questions, until when, and how they are shown.
//!
//! Owns which question is one of theirs and the words around their text. Leaves reading the file to the program. Invariant: a text
//! is given only where the question asks what one of its own questions asks (see [`wording`]); a false match is worse than none.

mod wording;

use std::collections::{HashMap, HashSet};

use docent_corpus::{Answer, Assistant, Outcome, Source};
use docent_language::other_layouts;

use crate::{cited, frame, words};
use wording::{Wording, mended};

/// A question this many times longer than the longest that is known is none of them, and is not read for slips.
const LONGER: usize = 3;

/// An answer in the operator's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curated {
    /// The questions it answers, as people put them.
    pub questions: Vec<String>,
    /// The text, word for word.
    pub text: String,
    /// The last day on which it holds, ISO 8601.
    pub until: Option<String>,
    /// The document that is shown as its source, by its path inside the assistant's folder.
    pub source: Option<String>,
    /// Where it stands in its file, from 1.
    pub line: usize,
}

impl Curated {
    /// Tells whether it no longer holds on a day, ISO 8601.
    pub fn is_over(&self, today: &str) -> bool {
        // Days in this form stand in the order of their letters.
        self.until.as_deref().is_some_and(|until| until < today)
    }
}

/// The answers that the operator of one assistant has written.
#[derive(Debug, Clone, Default)]
pub struct CuratedAnswers {
    all: Vec<Curated>,
    /// Each question with the number of its answer.
    wordings: Vec<(Wording, usize)>,
    /// Questions by their words.
    by_words: HashMap<Vec<String>, Vec<usize>>,
    stems: HashSet<String>,
    /// Bytes of the longest question.
    longest: usize,
}

impl PartialEq for CuratedAnswers {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

/// An answer found for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curation<'a> {
    /// The answer.
    pub curated: &'a Curated,
    /// How the question was read, if not as it was typed.
    pub read: Option<String>,
}

impl CuratedAnswers {
    /// Takes the answers; of two to one question the earlier is given.
    pub fn of(all: Vec<Curated>) -> Self {
        let mut made = Self::default();
        for (number, question) in all
            .iter()
            .enumerate()
            .flat_map(|(number, one)| one.questions.iter().map(move |question| (number, question)))
        {
            let wording = Wording::of(question);
            made.stems.extend(wording.stems().map(str::to_owned));
            made.longest = made.longest.max(question.len());
            made.by_words
                .entry(wording.key())
                .or_default()
                .push(made.wordings.len());
            made.wordings.push((wording, number));
        }
        made.all = all;
        made
    }

    /// Returns all of them, in the order of their file.
    pub fn all(&self) -> &[Curated] {
        &self.all
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the answer to a question that holds on a day (ISO 8601); nothing when there is none.
    pub fn find(&self, question: &str, today: &str) -> Option<Curation<'_>> {
        if question.len() > self.longest.saturating_mul(LONGER) {
            return None;
        }
        if let Some(curated) = self.exact(question, today) {
            return Some(Curation { curated, read: None });
        }
        let read = |text: String| {
            let curated = self.exact(&text, today)?;
            Some(Curation {
                curated,
                read: Some(text),
            })
        };
        let slips = || mended(question, |stem| self.stems.contains(stem));
        other_layouts(question)
            .into_iter()
            .find_map(read)
            .or_else(|| slips().into_iter().find_map(read))
    }

    fn exact(&self, question: &str, today: &str) -> Option<&Curated> {
        let asked = Wording::of(question);
        self.by_words
            .get(&asked.key())?
            .iter()
            .map(|&at| &self.wordings[at])
            .filter(|(wording, _)| wording.asks_as(&asked))
            .map(|&(_, number)| &self.all[number])
            .find(|one| !one.is_over(today))
    }
}

impl Curation<'_> {
    /// Composes the answer: the operator's text, the document it names, and that a person has written it.
    pub fn answer(&self, assistant: &Assistant, question: &str, source: Option<Source>) -> Answer {
        let language = frame(assistant, self.read.as_deref().unwrap_or(question));
        let mut parts = Vec::new();
        parts.extend(self.read.as_ref().map(|read| words::reading(read, language)));
        parts.push(self.curated.text.clone());
        let sources: Vec<Source> = source.into_iter().collect();
        let mut foot: Vec<String> = sources
            .iter()
            .map(|source| cited(source, &sources, language))
            .collect();
        foot.push(words::curated(self.curated.until.as_deref(), language));
        parts.push(foot.join("\n"));
        Answer {
            text: parts.join("\n\n"),
            outcome: Outcome::Answered,
            sources,
        }
    }
}

#[cfg(test)]
#[path = "curated/tests.rs"]
mod tests;
