//! Nearness in meaning by word vectors or a model that the operator brings: a complement of the words, off without either.
//!
//! Owns what is made of such a file: the words of a question's language, written once in a form that is mapped ([`Words`]), and
//! for the passages of an assistant two directions each, of the text and of its headings ([`Vectors`]); and the directions that
//! a model of whole texts gives ([`Dense`]). Leaves to [`crate::Index`] how nearness is weighed beside the words.
//!
//! Invariants: nothing is learned and nothing is fetched; vectors of passages depend on the passages and the file or model
//! alone, so those of unchanged ones are taken over; every file read here is untrusted and bounded.

mod dense;
mod format;
mod table;
mod vectors;
mod words;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use docent_corpus::QuestionTerm;
use serde::{Deserialize, Serialize};

pub(crate) use dense::{Dense, DenseError, Embedding, Journal};
pub use dense::{Embedder, EmbedderError, Fusion};
pub(crate) use vectors::Vectors;
pub use words::WordsMade;
pub(crate) use words::{Words, WordsMakeError};

/// The name of the words' file beside the assistants of a generation, and of the two files of an assistant.
pub(crate) const WORDS: &str = "words";
pub(crate) const TEXTS: &str = "texts.vectors";
pub(crate) const HEADINGS: &str = "headings.vectors";

/// Nearness in meaning for the passages of one assistant.
pub(crate) struct Semantic {
    words: Arc<Words>,
    vectors: Vectors,
}

impl Semantic {
    /// Opens what was made for a folder of segments; `sections` are those of its passages.
    pub(crate) fn open(folder: &Path, words: Arc<Words>, sections: &[u32]) -> tantivy::Result<Self> {
        let vectors = Vectors::open(folder)?;
        let count = sections.last().map_or(0, |last| *last as usize + 1);
        if vectors.fit(&words, sections.len(), count) {
            return Ok(Self { words, vectors });
        }
        let broken = "the vectors are not those of the passages".to_owned();
        Err(tantivy::TantivyError::InternalError(broken))
    }

    /// Makes it in memory; `stored` gives a passage as it is stored.
    pub(crate) fn build(
        words: Arc<Words>,
        sections: &[u32],
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> tantivy::Result<Self> {
        let vectors = Vectors::build(&words, sections, stored)?;
        Ok(Self { words, vectors })
    }

    /// Returns what nearness to the question adds to the score of each passage; nothing when no word of it is known.
    pub(crate) fn gains(&self, terms: &[QuestionTerm], sections: &[u32]) -> Option<Vec<f32>> {
        let asked = terms.iter().map(|term| term.word.as_str());
        self.vectors.gains(&self.words, asked, sections)
    }
}

/// Returns the scores of all passages with what each gains.
pub(crate) fn blended(found: &[(u32, f32)], all: usize, gain: impl Fn(u32) -> f32) -> Vec<(u32, f32)> {
    let mut scores: Vec<(u32, f32)> = (0..all as u32).map(|number| (number, gain(number))).collect();
    for &(number, score) in found {
        scores[number as usize].1 += score;
    }
    scores
}

/// Returns the numbers of the passages that are nearest, nearest first.
pub(crate) fn nearest(near: &[f32], limit: usize) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..near.len() as u32).collect();
    let order = |one: &u32, other: &u32| {
        near[*other as usize]
            .total_cmp(&near[*one as usize])
            .then(one.cmp(other))
    };
    if limit > 0 && numbers.len() > limit {
        numbers.select_nth_unstable_by(limit - 1, order);
        numbers.truncate(limit);
    }
    numbers.sort_unstable_by(order);
    numbers
}

/// What is added to every place before its reciprocal is taken (Cormack, Clarke and Büttcher 2009): the first places do not
/// decide alone.
const PLACE: f32 = 60.0;

/// Makes one order of two by the sum of the reciprocals of the places in both; the first of both would have the score 1.
pub(crate) fn by_places(found: &[(u32, f32)], nearest: &[u32]) -> Vec<(u32, f32)> {
    let mut sums = std::collections::BTreeMap::new();
    let numbers = found.iter().map(|one| &one.0).enumerate();
    for (place, number) in numbers.chain(nearest.iter().enumerate()) {
        let part = 0.5 * (PLACE + 1.0) / (PLACE + 1.0 + place as f32);
        *sums.entry(*number).or_insert(0.0) += part;
    }
    let mut sums: Vec<(u32, f32)> = sums.into_iter().collect();
    // Stable: of equals the earlier passage stays first.
    sums.sort_by(|one, other| other.1.total_cmp(&one.1));
    sums
}

/// Leaves the first of the passages found, and as the last of them the one with most of the question's words when it would not
/// be among them: it is what the gate judges.
pub(crate) fn keep_words(found: &mut Vec<(u32, f32)>, limit: usize, gain: impl Fn(u32) -> f32) {
    let own = |one: &(u32, f32)| one.1 - gain(one.0);
    let order = |one: &usize, other: &usize| {
        own(&found[*one])
            .total_cmp(&own(&found[*other]))
            .then(other.cmp(one))
    };
    let most = (0..found.len()).max_by(order);
    if let Some(most) = most.filter(|&most| most >= limit) {
        found.swap(most, limit - 1);
    }
    found.truncate(limit);
}

/// Word vectors could not be used.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// The system does not give the file.
    #[error("the file cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is something else.
    #[error(
        "{0}; navec (a .tar) is taken, and the text forms of word2vec and fastText, whose first line has the number of words \
         and that of dimensions"
    )]
    Format(String),
}

/// By what a file of word vectors is told from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordsStamp {
    bytes: u64,
    modified_ns: u128,
}

impl WordsStamp {
    /// Takes the stamp of a file.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn of(path: &Path) -> Result<Self, WordsError> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(WordsError::Format("it is no file".to_owned()));
        }
        // A file system without times has the size alone.
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        Ok(Self {
            bytes: metadata.len(),
            modified_ns: modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos(),
        })
    }
}

impl WordsStamp {
    /// Returns it as one number.
    fn id(self) -> u64 {
        hash64(&[
            self.bytes.to_le_bytes().as_slice(),
            &self.modified_ns.to_le_bytes(),
        ])
    }
}

/// Hashes bytes: FNV-1a of 64 bits (Fowler, Noll and Vo).
fn hash64(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Returns the number that stands at a place, counted in bytes.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    found.map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn f32_at(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(u32_at(bytes, at))
}

/// Numbers of a vector are filled up to a multiple of this: what a processor multiplies at once.
const STEP: usize = 16;

/// Returns a vector in whole numbers up to 127, as bytes, and what one of them is.
fn quantised(vector: &[f32], width: usize) -> (Vec<u8>, f32) {
    let most = vector.iter().fold(0.0f32, |most, part| most.max(part.abs()));
    let step = most / 127.0;
    let part = |part: &f32| {
        if step > 0.0 {
            (part / step).round() as i8
        } else {
            0
        }
    };
    let mut bytes: Vec<u8> = vector.iter().map(|one| part(one).cast_unsigned()).collect();
    bytes.resize(width, 0);
    (bytes, step)
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|part| part * part).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_both_orders_make_one() {
        let found = [(7, 0.9), (3, 0.8), (5, 0.1)];
        let near = [0.1, 0.0, 0.0, 0.9, 0.0, 0.8, 0.0, 0.2];
        assert_eq!(nearest(&near, 3), [3, 5, 7]);
        assert_eq!(nearest(&near, 99).len(), near.len());
        let both = by_places(&found, &nearest(&near, 3));
        let order: Vec<u32> = both.iter().map(|one| one.0).collect();
        // 7 is first and third, 3 second and first, 5 third and second.
        assert_eq!(order, [3, 7, 5]);
        let wanted = 61.0 / 2.0 * (1.0 / 62.0 + 1.0 / 61.0);
        assert!((both[0].1 - wanted).abs() < 1e-6, "{both:?}");
    }

    #[test]
    fn the_passage_with_most_words_stays_whatever_is_nearer() {
        let gains = [0.5, 0.4, 0.3, 0.0];
        let kept = |mut found: Vec<(u32, f32)>, limit| {
            keep_words(&mut found, limit, |number| gains[number as usize]);
            found.into_iter().map(|one| one.0).collect::<Vec<_>>()
        };
        let found = vec![(0, 0.6), (1, 0.55), (2, 0.5), (3, 0.3)];
        assert_eq!(kept(found.clone(), 2), [0, 3]);
        assert_eq!(kept(found.clone(), 4), [0, 1, 2, 3]);
        assert_eq!(kept(vec![(3, 0.3), (0, 0.2)], 1), [3]);
        assert_eq!(kept(Vec::new(), 1), [0; 0]);
    }
}
