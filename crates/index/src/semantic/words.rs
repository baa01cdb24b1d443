//! Words with their vectors, as a question needs them.
//!
//! Owns the file that is made of the operator's once: vectors in the order of the source, for each what one whole number of it
//! is and what the word weighs, the words in order, and how many of all that there are. Read in place, so opening it costs nothing and only the pages of
//! words that are asked for are ever in memory. Words stand there as [`docent_language::tokens`] has them; what is no single
//! word, is too common to be sought or holds a digit is left out.

use std::cmp::{Ordering, Reverse};
use std::io::{self, Write};
use std::path::Path;

use docent_corpus::Language;
use docent_language::tokens;
use tantivy::directory::{Advice, Directory, MmapDirectory, OwnedBytes};

use super::format::Source;
use super::{STEP, WORDS, WordsError, WordsStamp, f32_at, length, quantised, u32_at, u64_at};

/// The first number of the file; another one means another layout.
const MARK: u32 = 0x646f_7701;

/// Bytes of the end: vectors, words, numbers in a vector, bytes of words, identity (8), mark.
const FOOT: usize = 28;

/// Words taken: the rarer ones are seldom asked for, and their vectors are poor.
const MOST: usize = 300_000;

/// Bytes of a word that is worth keeping.
const WORD_BYTES: usize = 96;

/// Words with vectors, mapped.
pub(crate) struct Words {
    bytes: OwnedBytes,
    vectors: usize,
    count: usize,
    width: usize,
    id: u64,
}

/// What was made of a file of word vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordsMade {
    /// Words in the file.
    pub all: usize,
    /// Those of them that are used.
    pub taken: usize,
}

/// Which side failed.
pub(crate) enum WordsMakeError {
    /// The operator's file.
    Read(WordsError),
    /// Ours.
    Write(io::Error),
}

impl From<WordsError> for WordsMakeError {
    fn from(error: WordsError) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for WordsMakeError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Tells whether a word has a direction worth having: numbers are themselves or another one.
fn says(word: &str) -> bool {
    word.len() <= WORD_BYTES && !word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns what a word weighs by its rank among all words, from 0: as the logarithm of its probability by Zipf's law, never
/// nothing.
fn weight(rank: usize) -> f32 {
    ((2 + rank) as f32).ln()
}

impl Words {
    /// Makes the file out of the operator's.
    pub(crate) fn make(
        from: &Path,
        stamp: WordsStamp,
        out: &mut impl Write,
    ) -> Result<WordsMade, WordsMakeError> {
        let mut source = Source::open(from)?;
        let all = source.words();
        let width = source.dimensions.next_multiple_of(STEP);
        let floor = source.floor(MOST);
        // Word, its frequency or its place counted backwards, number of its vector.
        let mut kept: Vec<(String, u32, u32)> = Vec::new();
        let mut steps: Vec<f32> = Vec::new();
        let mut left = MOST as u32;
        while let Some(one) = source.next()? {
            if one.seen.is_none() {
                if left == 0 {
                    break;
                }
                left -= 1;
            }
            let seen = one.seen.unwrap_or(left);
            let norm = length(&one.vector);
            if seen < floor || norm <= 0.0 || !norm.is_finite() || !says(&one.text) {
                continue;
            }
            let found = tokens(&one.text, Language::Russian);
            let [token] = found.as_slice() else { continue };
            if token.stop || token.range.len() != one.text.len() {
                continue;
            }
            let unit: Vec<f32> = one.vector.iter().map(|part| part / norm).collect();
            let (bytes, step) = quantised(&unit, width);
            out.write_all(&bytes)?;
            kept.push((token.word.clone(), seen, steps.len() as u32));
            steps.push(step);
        }
        let mut ranks: Vec<usize> = (0..kept.len()).collect();
        ranks.sort_by_key(|&at| Reverse(kept[at].1));
        let mut weights = vec![0.0; kept.len()];
        for (rank, &at) in ranks.iter().enumerate() {
            weights[at] = weight(rank);
        }
        for number in steps.iter().chain(&weights) {
            out.write_all(&number.to_le_bytes())?;
        }
        // Of two that read alike, «ёлка» and «елка», the more frequent stays.
        kept.sort_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(&one.1)));
        kept.dedup_by(|one, before| one.0 == before.0);
        let mut end = 0u32;
        for (word, _, number) in &kept {
            out.write_all(&end.to_le_bytes())?;
            out.write_all(&number.to_le_bytes())?;
            end += word.len() as u32;
        }
        for (word, ..) in &kept {
            out.write_all(word.as_bytes())?;
        }
        for number in [steps.len() as u32, kept.len() as u32, width as u32, end] {
            out.write_all(&number.to_le_bytes())?;
        }
        out.write_all(&stamp.id().to_le_bytes())?;
        out.write_all(&MARK.to_le_bytes())?;
        Ok(WordsMade {
            all,
            taken: kept.len(),
        })
    }

    /// Takes the bytes of such a file; nothing when they are not one.
    pub(crate) fn of(bytes: OwnedBytes) -> Option<Self> {
        let foot = bytes.len().checked_sub(FOOT)?;
        let number = |nth: usize| u32_at(&bytes, foot + 4 * nth) as usize;
        let (vectors, count, width, text) = (number(0), number(1), number(2), number(3));
        let id = u64_at(&bytes, foot + 16);
        let whole = vectors
            .checked_mul(width + 8)?
            .checked_add(8 * count + text + FOOT)?;
        let is_one = u32_at(&bytes, foot + 24) == MARK && whole == bytes.len() && width.is_multiple_of(STEP);
        is_one.then_some(Self {
            bytes,
            vectors,
            count,
            width,
            id,
        })
    }

    /// Makes the words out of the operator's file in memory.
    pub(crate) fn load(from: &Path) -> Result<Self, WordsError> {
        let mut bytes = Vec::new();
        Self::make(from, WordsStamp::of(from)?, &mut bytes).map_err(|error| match error {
            WordsMakeError::Read(error) => error,
            WordsMakeError::Write(error) => error.into(),
        })?;
        let broken = || WordsError::Format("too much of it was left out".to_owned());
        Self::of(OwnedBytes::new(bytes)).ok_or_else(broken)
    }

    /// Opens the file of a generation: mapped, not read.
    pub(crate) fn open(generation: &Path) -> tantivy::Result<Self> {
        // Words stand anywhere, so that reading ahead would only fill the memory.
        let directory = MmapDirectory::open_with_madvice(generation, Advice::Random)?;
        let bytes = directory.open_read(Path::new(WORDS))?.read_bytes()?;
        Self::of(bytes)
            .ok_or_else(|| tantivy::TantivyError::InternalError("the words' vectors are broken".to_owned()))
    }

    /// Returns how many numbers a vector has.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Returns by what it is told from the words of another file.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Returns a word by its place in the order, with the number of its vector.
    fn word(&self, at: usize) -> (&[u8], usize) {
        let table = self.vectors * (self.width + 8);
        let text = table + 8 * self.count;
        let all = self.bytes.len() - FOOT - text;
        let start = u32_at(&self.bytes, table + 8 * at) as usize;
        let end = if at + 1 < self.count {
            u32_at(&self.bytes, table + 8 * at + 8) as usize
        } else {
            all
        };
        let word = self
            .bytes
            .get(text + start..text + end.min(all))
            .unwrap_or_default();
        (word, u32_at(&self.bytes, table + 8 * at + 4) as usize)
    }

    /// Returns the number of a word's vector.
    pub(crate) fn find(&self, word: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            let (other, number) = self.word(middle);
            match other.cmp(word.as_bytes()) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(number).filter(|&number| number < self.vectors),
            }
        }
        None
    }

    /// Returns what a word weighs in a text.
    pub(crate) fn weight(&self, number: usize) -> f32 {
        f32_at(&self.bytes, self.vectors * (self.width + 4) + 4 * number)
    }

    /// Adds a word's direction to a sum.
    pub(crate) fn add(&self, number: usize, weight: f32, sum: &mut [f32]) {
        let step = weight * f32_at(&self.bytes, self.vectors * self.width + 4 * number);
        let row = self.bytes.get(number * self.width..(number + 1) * self.width);
        for (sum, part) in sum.iter_mut().zip(row.unwrap_or_default()) {
            *sum += step * f32::from(part.cast_signed());
        }
    }
}
