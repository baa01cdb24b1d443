//! A document as it stands in the index, part by part, for whoever wants to read it.

use docent_corpus::{Excerpt, Place, RetrieveError};
use tantivy::schema::IndexRecordOption;
use tantivy::{TantivyError, Term};

use super::{DEAD, Index};

/// Passages of a part of a document: some 60 printed pages at most, which a telephone draws at once.
const PART_PASSAGES: usize = 128;

impl Index {
    /// Returns the wanted part of a document, of which it reads little else; nothing when there is no such document.
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    pub fn document(&self, name: &str, place: Place) -> Result<Option<Excerpt>, RetrieveError> {
        let read = || -> Result<Option<Excerpt>, TantivyError> {
            let mut numbers = self.numbers_of(name)?;
            numbers.sort_unstable();
            let parts = numbers.len().div_ceil(PART_PASSAGES);
            let Some(last) = parts.checked_sub(1) else {
                return Ok(None);
            };
            let part = match place {
                Place::Part(part) => part.min(last),
                Place::Byte(at) => self.passage_at(&numbers, at)? / PART_PASSAGES,
            };
            let own = numbers.chunks(PART_PASSAGES).nth(part).unwrap_or_default();
            let passages = own.iter().map(|&number| self.passage(number));
            Ok(Some(Excerpt {
                passages: passages.collect::<Result<_, _>>()?,
                part,
                parts,
            }))
        };
        read().map_err(|error| RetrieveError(Box::new(error)))
    }

    /// Returns which passage of a document holds a byte of its text: the last one when none does.
    fn passage_at(&self, numbers: &[u32], at: usize) -> Result<usize, TantivyError> {
        let (mut low, mut high) = (0, numbers.len() - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.passage(numbers[middle])?.range.end > at {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    /// Returns the numbers of the passages of a document, in no order.
    pub(super) fn numbers_of(&self, document: &str) -> Result<Vec<u32>, TantivyError> {
        let term = Term::from_field_text(self.fields.document, document);
        let mut numbers = Vec::new();
        for segment in &self.segments {
            let Some(mut found) = segment
                .documents
                .read_block_postings(&term, IndexRecordOption::Basic)?
            else {
                continue;
            };
            while !found.docs().is_empty() {
                let alive = found.docs().iter().map(|&doc| segment.numbers[doc as usize]);
                numbers.extend(alive.filter(|&number| number != DEAD));
                found.advance();
            }
        }
        Ok(numbers)
    }
}
