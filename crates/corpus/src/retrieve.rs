//! The seam between finding and answering.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::Passage;

/// What a person asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words as they came.
    pub text: String,
}

/// What was done to a question whose words as typed found little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repair {
    /// It was typed with the keyboard's other layout.
    Layout,
    /// It was written in Latin letters for Cyrillic ones.
    Transliteration,
    /// Words were run together or torn apart.
    Spacing,
    /// Words were misspelt.
    Spelling,
}

/// How a question was read when its words as typed found little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The question as it was read.
    pub text: String,
    /// What was done to it, in that order.
    pub repairs: Vec<Repair>,
}

/// One term of the question as the search saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionTerm {
    /// The word as it was asked, case and all.
    pub word: String,
    /// Its normal form, under which it was sought.
    pub stem: String,
    /// BM25 inverse document frequency: above 0, the higher the rarer.
    pub idf: f32,
    /// In how many passages it stands; 0 when the documents never use it.
    pub passages: u32,
    /// In how many of them with a capital letter inside a sentence: most of them, and it is a name however it was typed.
    pub named: u32,
    /// Wordings that the operator has declared to mean the same, each of one or more normal forms.
    pub also: Vec<Vec<String>>,
}

/// What the operator has taught about a passage: it answers a question like this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Taught {
    /// How alike the two questions are: 1 when they have the same words.
    pub likeness: f32,
    /// The normal forms of the taught question.
    pub words: Vec<String>,
    /// Words of the answer; of each list one stands in it.
    pub texts: Vec<Vec<String>>,
}

/// Where a term of the question was found in a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Nowhere.
    Missing,
    /// In the headings only.
    Heading,
    /// In the text.
    Text,
}

/// A passage that may answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The passage itself.
    pub passage: Arc<Passage>,
    /// What hits are ordered by: higher is better, comparable only within one retrieval.
    pub score: f32,
    /// `score` as a share of the best that any passage could reach for this question: 0 to about 1, comparable
    /// between questions.
    pub share: f32,
    /// For each term of [`Retrieval::terms`], where it stands in the passage.
    pub matches: Vec<Match>,
    /// What the operator has taught about it for this question.
    pub taught: Option<Taught>,
}

impl Hit {
    /// Returns the idf-weighted share of the question's terms that stand in the passage or above it.
    pub fn coverage(&self, found: &Retrieval) -> f32 {
        let all: f32 = found.terms.iter().map(|term| term.idf).sum();
        let held: f32 = found
            .terms
            .iter()
            .zip(&self.matches)
            .filter(|(_, place)| **place != Match::Missing)
            .map(|(term, _)| term.idf)
            .sum();
        if all > 0.0 { held / all } else { 0.0 }
    }
}

/// What was found for a question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Retrieval {
    /// The terms that were sought, without duplicates, in the order of the question.
    pub terms: Vec<QuestionTerm>,
    /// At most as many hits as were asked for, best first; ties go to the earlier place in the library.
    pub hits: Vec<Hit>,
    /// How many passages were searched.
    pub passages: u32,
    /// How the question was read, when that is not as it was typed: terms and hits are those of this reading.
    pub reading: Option<Reading>,
}

/// The index could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the index")]
pub struct RetrieveError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Finds the passages most likely to answer a question.
pub trait Retriever: Send + Sync {
    /// Returns at most `limit` hits, best first, all from one snapshot of the corpus.
    ///
    /// No hits is an answer, not an error. Blocks on disk: call it from the pool.
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    fn retrieve(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, RetrieveError>;
}
