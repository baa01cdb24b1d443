//! The words of an assistant's documents, and which of them look alike.
//!
//! Owns the file `vocabulary`: the words (normal forms, as the index has them) in order, and for each four-letter window the
//! words that have it. It is to the words what an inverted index is to texts, and far smaller: a question's word is compared with the words
//! of the documents once, instead of with every passage. Invariant: the file is read in place, so opening it costs nothing;
//! bytes that are no vocabulary are refused, and whatever they hold no read leaves them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;

use docent_language::grams;
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes};

use crate::disk::write_whole;

/// The name of the file beside the segments.
const FILE: &str = "vocabulary";

/// The first number of the file; another one means another layout.
const MARK: u32 = 0x646f_6301;

/// Numbers at the start of the file: mark, words, keys, postings, bytes of words.
const HEAD: usize = 5;

/// Words less alike than this share too little to mean the same. Below, the development sets gain nothing.
const LEAST: f32 = 0.2;

/// Words taken for one word of a question: what is built on its root.
const MOST: usize = 16;

/// Letters of the longest ending behind a normal form: «…ующегося» with what Snowball takes off.
const ENDING: usize = 7;

/// The most that another word can be alike: only a word itself is wholly so.
const ALMOST: f32 = 0.99;

/// A word of the documents that stands for one of the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Alike {
    /// Number of the word.
    pub(crate) word: u32,
    /// 1 for the word itself, less for one that shares letters.
    pub(crate) likeness: f32,
}

impl Alike {
    /// Returns the part of the question's word that it counts for. The cube keeps words
    /// apart that share an ending only, the square brings forms together; the power between did best on the development sets.
    pub(crate) fn weight(self) -> f32 {
        self.likeness.powi(2) * self.likeness.sqrt()
    }

    /// Returns the likeness of a word that counts for this part.
    pub(crate) fn of_weight(part: f32) -> f32 {
        part.powf(1.0 / 2.5)
    }
}

/// The words of an assistant, sorted.
pub(crate) struct Vocabulary {
    bytes: OwnedBytes,
    words: usize,
    keys: usize,
    postings: usize,
    /// Which letters each word has ([`letters_of`]); made when the first question is mended.
    letters: OnceLock<Vec<u64>>,
}

/// What a comparison needs besides the vocabulary; kept from question to question so that nothing is allocated.
#[derive(Default)]
pub(crate) struct Overlaps {
    sums: Vec<f32>,
    touched: Vec<u32>,
}

/// Hashes a term: FNV-1a of 32 bits (Fowler, Noll and Vo).
pub(crate) fn hash(term: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    term.bytes().fold(0x811c_9dc5, step)
}

/// Returns which letters a word has, folded into 64 bits: by the last byte of each, which tells those of our alphabets apart.
fn letters_of(word: &[u8]) -> u64 {
    // The first byte of a letter of several is none of its own.
    let last = word.iter().filter(|&&byte| byte < 0xc0);
    last.fold(0, |set, byte| set | 1 << (byte % 64))
}

/// A number is itself or another one, however many digits they share.
fn is_exact(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns the hashes of the different windows of a word; none for one that is only like itself.
fn windows(word: &str) -> Vec<u32> {
    let mut found = Vec::new();
    if !is_exact(word) {
        grams(word, |gram| found.push(hash(gram)));
        found.sort_unstable();
        found.dedup();
    }
    found
}

/// How much a window tells that `found` of `all` words have.
fn weight(all: usize, found: usize) -> f32 {
    let (all, found) = (all as f32, found as f32);
    (1.0 + (all - found + 0.5) / (found + 0.5)).ln()
}

impl Vocabulary {
    /// Makes the bytes of a vocabulary.
    pub(crate) fn make(words: &HashSet<String>) -> Vec<u8> {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.sort_unstable();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut own: Vec<Vec<u32>> = Vec::with_capacity(words.len());
        for (number, word) in (0u32..).zip(&words) {
            let seen = windows(word);
            pairs.extend(seen.iter().map(|&window| (window, number)));
            own.push(seen);
        }
        pairs.sort_unstable();
        let (mut keys, mut starts): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for (at, (key, _)) in (0u32..).zip(&pairs) {
            if keys.last() != Some(key) {
                keys.push(*key);
                starts.push(at);
            }
        }
        starts.push(pairs.len() as u32);
        let told = |key: &u32| {
            let at = keys.binary_search(key).unwrap_or_default();
            weight(words.len(), (starts[at + 1] - starts[at]) as usize)
        };
        let length: usize = words.iter().map(|word| word.len()).sum();
        let mut bytes = Vec::with_capacity(length + 4 * (pairs.len() + 2 * keys.len() + 2 * words.len() + 8));
        let mut put = |number: u32| bytes.extend(number.to_le_bytes());
        put(MARK);
        for number in [words.len(), keys.len(), pairs.len(), length] {
            put(number as u32);
        }
        keys.iter().chain(&starts).copied().for_each(&mut put);
        pairs.iter().map(|&(_, word)| word).for_each(&mut put);
        for seen in &own {
            put(seen.iter().map(told).sum::<f32>().to_bits());
        }
        let mut end = 0;
        put(end);
        for word in &words {
            end += word.len() as u32;
            put(end);
        }
        for word in words {
            bytes.extend(word.as_bytes());
        }
        bytes
    }

    /// Takes the bytes of a vocabulary; nothing when they are not one.
    pub(crate) fn of(bytes: OwnedBytes) -> Option<Self> {
        let head = |at: usize| number(&bytes, at).map(|number| number as usize);
        if head(0)? != MARK as usize {
            return None;
        }
        let (words, keys, postings, length) = (head(1)?, head(2)?, head(3)?, head(4)?);
        let numbers = HEAD + 2 * keys + 1 + postings + 2 * words + 1;
        (bytes.len() == 4 * numbers + length).then_some(Self {
            bytes,
            words,
            keys,
            postings,
            letters: OnceLock::new(),
        })
    }

    /// Writes the vocabulary of a folder of segments.
    pub(crate) fn write(folder: &Path, words: &HashSet<String>) -> std::io::Result<()> {
        write_whole(&folder.join(FILE), &Self::make(words))
    }

    /// Opens the vocabulary of a folder of segments: mapped, not read.
    pub(crate) fn open(folder: &Path) -> tantivy::Result<Self> {
        let directory = MmapDirectory::open(folder)?;
        let bytes = directory.open_read(Path::new(FILE))?.read_bytes()?;
        Self::of(bytes)
            .ok_or_else(|| tantivy::TantivyError::InternalError("the vocabulary is broken".to_owned()))
    }

    /// Returns how many words there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.words
    }

    fn number(&self, at: usize) -> u32 {
        number(&self.bytes, at).unwrap_or_default()
    }

    /// Returns the word with this number.
    pub(crate) fn word(&self, number: u32) -> &str {
        std::str::from_utf8(self.bytes_of(number)).unwrap_or_default()
    }

    /// Returns the bytes of a word; their order is that of the words.
    fn bytes_of(&self, number: u32) -> &[u8] {
        let ends = HEAD + 2 * self.keys + 1 + self.postings + self.words;
        let text = 4 * (ends + self.words + 1);
        let at = ends + number as usize;
        let (start, end) = (self.number(at) as usize, self.number(at + 1) as usize);
        self.bytes.get(text + start..text + end).unwrap_or_default()
    }

    /// Returns where the words with a key stand.
    fn key(&self, key: u32) -> std::ops::Range<usize> {
        let (mut low, mut high) = (0, self.keys);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.number(HEAD + middle).cmp(&key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let start = HEAD + self.keys + middle;
                    let postings = HEAD + 2 * self.keys + 1;
                    let at = |at: usize| postings + (self.number(at) as usize).min(self.postings);
                    return at(start)..at(start + 1);
                }
            }
        }
        0..0
    }

    /// Returns the sum of the weights of a word's windows.
    fn weight(&self, word: u32) -> f32 {
        f32::from_bits(self.number(HEAD + 2 * self.keys + 1 + self.postings + word as usize))
    }

    /// Tells whether the word stands in a list.
    fn holds(&self, list: &std::ops::Range<usize>, word: u32) -> bool {
        let (mut low, mut high) = (list.start, list.end);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.number(middle).cmp(&word) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return true,
            }
        }
        false
    }

    /// Returns the words that `slips` letters too many, too few or wrong could make of this one, and a few others.
    pub(crate) fn near<'a>(&'a self, word: &str, slips: usize) -> impl Iterator<Item = u32> + 'a {
        let all = self.letters.get_or_init(|| {
            let numbers = 0..self.words as u32;
            numbers.map(|number| letters_of(self.bytes_of(number))).collect()
        });
        let (own, length) = (letters_of(word.as_bytes()), word.len());
        // A slip changes at most two letters of the set, and the length by one letter of one or two bytes.
        let near = move |&(number, letters): &(u32, &u64)| {
            (own ^ letters).count_ones() as usize <= 2 * slips
                && length.abs_diff(self.bytes_of(number).len()) <= 2 * slips
        };
        (0u32..).zip(all).filter(near).map(|(number, _)| number)
    }

    /// Returns the number of a word.
    pub(crate) fn find(&self, word: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.words);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.bytes_of(middle as u32).cmp(word.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle as u32),
            }
        }
        None
    }

    /// Tells whether `start` begins a word or goes on from one: the rest would be its ending.
    pub(crate) fn begins(&self, start: &str) -> bool {
        let (mut low, mut high) = (0, self.words);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.bytes_of(middle as u32) < start.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let next = low < self.words && self.word(low as u32).starts_with(start);
        let shorter = || {
            start
                .char_indices()
                .rev()
                .take(ENDING)
                .any(|(at, _)| at > 0 && self.find(&start[..at]).is_some())
        };
        next || shorter()
    }

    /// Returns the words that stand for a word of a question: itself first, then by likeness.
    ///
    /// Likeness is the weighted Dice coefficient of the windows (Dice 1945), the weight of a window being how rare it is
    /// among the words.
    pub(crate) fn alike(&self, word: &str, overlaps: &mut Overlaps) -> Vec<Alike> {
        let itself = self.find(word);
        let mut found = Vec::new();
        let mut lists: Vec<(f32, std::ops::Range<usize>)> = windows(word)
            .into_iter()
            .map(|window| self.key(window))
            .map(|list| (weight(self.words, list.len()), list))
            .collect();
        lists.sort_by(|one, other| other.0.total_cmp(&one.0));
        let all: f32 = lists.iter().map(|list| list.0).sum();
        // A word that shares only the commonest windows cannot be alike enough; who has them is looked up at the end.
        let mut common = 0.0;
        let mut rare = lists.len();
        while rare > 1 && common + lists[rare - 1].0 < LEAST * all / (2.0 - LEAST) {
            rare -= 1;
            common += lists[rare].0;
        }
        overlaps.sums.resize(self.words, 0.0);
        for (weight, list) in &lists[..rare] {
            for at in list.clone() {
                let word = self.number(at);
                let Some(sum) = overlaps.sums.get_mut(word as usize) else {
                    continue;
                };
                if *sum == 0.0 {
                    overlaps.touched.push(word);
                }
                *sum += weight;
            }
        }
        for word in overlaps.touched.drain(..) {
            let mut shared = std::mem::take(&mut overlaps.sums[word as usize]);
            let both = all + self.weight(word);
            if 2.0 * (shared + common) < LEAST * both {
                continue;
            }
            let more = lists[rare..].iter().filter(|(_, list)| self.holds(list, word));
            shared += more.map(|(weight, _)| weight).sum::<f32>();
            let likeness = (2.0 * shared / both).min(ALMOST);
            if likeness >= LEAST && itself != Some(word) {
                found.push(Alike { word, likeness });
            }
        }
        found.extend(itself.map(|word| Alike { word, likeness: 1.0 }));
        found.sort_unstable_by(|one, other| {
            let order = other.likeness.total_cmp(&one.likeness);
            order.then(one.word.cmp(&other.word))
        });
        found.truncate(MOST);
        found
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(4 * at..4 * at + 4)?;
    four.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Vocabulary {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Vocabulary::of(OwnedBytes::new(Vocabulary::make(&words))).unwrap()
    }

    fn alike<'a>(vocabulary: &'a Vocabulary, word: &str) -> Vec<&'a str> {
        let found = vocabulary.alike(word, &mut Overlaps::default());
        found.iter().map(|one| vocabulary.word(one.word)).collect()
    }

    #[test]
    fn a_word_comes_first_and_those_of_its_root_follow() {
        let vocabulary = of(&["строитель", "строительств", "построить", "зарплат", "стро"]);
        let found = vocabulary.alike("строительств", &mut Overlaps::default());
        assert_eq!(vocabulary.word(found[0].word), "строительств");
        assert_eq!(vocabulary.word(found[1].word), "строитель");
        assert!(found[0].likeness >= 1.0 && found[1].likeness < 1.0);
        assert!(!alike(&vocabulary, "строительств").contains(&"зарплат"));
    }

    #[test]
    fn a_number_is_alike_only_to_itself() {
        let vocabulary = of(&["115", "1150", "229.2", "2292"]);
        assert_eq!(alike(&vocabulary, "115"), ["115"]);
        assert_eq!(alike(&vocabulary, "11"), Vec::<&str>::new());
    }

    #[test]
    fn a_misspelt_word_finds_the_one_that_was_meant() {
        let vocabulary = of(&["отпуск", "зарплат", "договор"]);
        assert_eq!(alike(&vocabulary, "отпук"), ["отпуск"]);
    }

    #[test]
    fn what_is_skipped_as_common_changes_nothing() {
        let words: Vec<String> = (0..300)
            .map(|number: u32| {
                format!("сообще{}ние", char::from_u32(0x430 + number % 32).unwrap())
                    + &"о".repeat(number as usize / 32)
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let vocabulary = of(&words);
        let mut overlaps = Overlaps::default();
        let asked = "сообщение";
        let found = vocabulary.alike(asked, &mut overlaps);
        assert_eq!(
            found,
            vocabulary.alike(asked, &mut overlaps),
            "the room is left as it was"
        );
        let told = |window: &u32| weight(vocabulary.len(), vocabulary.key(*window).len());
        let all: f32 = windows(asked).iter().map(told).sum();
        for one in found {
            let own = windows(vocabulary.word(one.word));
            let shared: f32 = windows(asked)
                .iter()
                .filter(|window| own.contains(window))
                .map(told)
                .sum();
            let expected = 2.0 * shared / (all + own.iter().map(told).sum::<f32>());
            assert!(
                (one.likeness - expected).abs() < 1e-4,
                "{} {expected}",
                one.likeness
            );
        }
    }

    #[test]
    fn bytes_that_are_no_vocabulary_are_refused() {
        let mut bytes = Vocabulary::make(&HashSet::from(["слово".to_owned()]));
        bytes.pop();
        assert!(Vocabulary::of(OwnedBytes::new(bytes)).is_none());
        assert!(Vocabulary::of(OwnedBytes::new(Vec::new())).is_none());
    }

    #[test]
    fn an_empty_vocabulary_knows_nothing() {
        assert_eq!(alike(&of(&[]), "отпуск"), Vec::<&str>::new());
    }
}
