//! Where the places that the operator's lessons name are in an index.

use std::num::NonZeroUsize;

use docent_corpus::{Interest, RetrieveError};
use tantivy::{TantivyError, Term};

use super::{Asking, Index, Told};
use crate::lexicon::{Bound, Lesson, Lexicon, holds, is_at};

/// Hits looked through for the place of a taught question that names no document.
const TAUGHT_AMONG: NonZeroUsize = NonZeroUsize::new(50).expect("50 is not 0");

impl Index {
    /// Returns the passages that a lesson names: those of its places that hold its words; without a place, those found by its
    /// question and words that hold them.
    fn passages_of(&self, lesson: &Lesson) -> Result<Vec<u32>, TantivyError> {
        let is_document = |place: &&String| {
            let term = Term::from_field_text(self.fields.document, place);
            self.segments
                .iter()
                .any(|segment| segment.documents.doc_freq(&term).is_ok_and(|found| found > 0))
        };
        let documents: Vec<&String> = lesson.places.iter().filter(is_document).collect();
        let mut numbers = Vec::new();
        for &document in &documents {
            numbers.extend(self.numbers_of(document)?);
        }
        if documents.is_empty() {
            let texts: Vec<&str> = lesson.texts.iter().flatten().map(String::as_str).collect();
            let sought = format!(
                "{} {} {}",
                lesson.places.join(" "),
                lesson.question,
                texts.join(" ")
            );
            numbers = self.ranked(&sought, TAUGHT_AMONG)?;
        }
        let mut kept = Vec::new();
        for number in numbers {
            let passage = self.passage(number)?;
            // A document and a section: the section of the document.
            let sections = || lesson.places.iter().filter(|place| !documents.contains(place));
            let in_place = sections().next().is_none() || sections().any(|place| is_at(&passage, place));
            if in_place && holds(&passage, &lesson.texts) {
                kept.push(number);
            }
        }
        Ok(kept)
    }

    /// Returns the numbers of the passages found for a question, best first.
    fn ranked(&self, question: &str, limit: NonZeroUsize) -> Result<Vec<u32>, TantivyError> {
        let (bound, interest) = (Bound::default(), Interest::default());
        let with = Asking {
            bound: &bound,
            interest: &interest,
            near: None,
        };
        let found = self.scored(question, limit, with)?;
        Ok(found.found.iter().map(|&(number, _)| number).collect())
    }

    /// Binds the operator's words to this index.
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    pub fn told(&self, lexicon: &Lexicon) -> Result<Told, RetrieveError> {
        Bound::of(
            lexicon,
            |lesson| self.passages_of(lesson),
            |stem| self.tells(stem),
        )
        .map(Told)
        .map_err(|error| RetrieveError(Box::new(error)))
    }
}
