//! Searching the passages of one assistant.
//!
//! Owns the scores. Each word of the question counts by BM25 as if every word of the documents that is alike were a fraction
//! of it: itself wholly, others by their likeness to the power of 2.5 ([`Vocabulary::alike`]). The sum is divided by
//! the best that the question could reach; the passage counts for [`PASSAGE_SHARE`], its whole section for the rest. Lengths
//! and frequencies are exact and count what is alive, so a snapshot changed step by step scores like one built at once.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use docent_corpus::{
    ByteRange, Hit, Match, Passage, Question, QuestionTerm, Repair, Retrieval, RetrieveError, Retriever,
};
use docent_language::{Token, detect, sentences, tokens};
use tantivy::columnar::Column;
use tantivy::directory::OwnedBytes;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::store::StoreReader;
use tantivy::{InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError, Term};

use crate::entry::{Entry, Marks, SENTENCE, decode, mark};
use crate::place::Reference;
use crate::repair::Reader;
use crate::semantic::{Semantic, Vectors, Words, blended, keep_words};
use crate::shelf::{Fields, pack, schema, unpack, words_of};
use crate::vocabulary::{Alike, Overlaps, Vocabulary};

/// BM25 term frequency saturation (Robertson and Zaragoza 2009).
const K1: f32 = 1.2;

/// BM25 length normalisation: 0.9 does better than 0.75 on documents of uneven length.
const B: f32 = 0.9;

/// More terms than this are a pasted text, not a question.
const MAX_TERMS: usize = 48;

/// Share of the score that is the passage's own; the rest comes from its whole section.
const PASSAGE_SHARE: f32 = 0.6;

/// What the most telling sentence adds when it holds the whole question, and for how many of the best passages it is looked
/// up. More helps short texts and harms long ones: on the development sets 0.05 to 0.1 is best.
const SENTENCE_SHARE: f32 = 0.1;
const LOOKED_INTO: usize = 50;

/// What a word of the tale counts when the question stands in a sentence of its own, and how many words make a tale.
const TALE: f32 = 0.5;
const TALE_FROM: usize = 10;

/// Passages looked into for a number that the question names; a number that stands in more is no place.
const PLACES: usize = 5_000;

/// What a heading that says the same as the question adds at most, and from which likeness on: the place by name of a manual.
const HEADED: f32 = 0.25;
const HEADED_FROM: f32 = 0.75;

/// What a whole passage counts as where passages that hold a word are summed up: fine enough for the least likeness.
const WHOLE: f32 = 65_536.0;

/// Stored blocks of 16 KiB kept unpacked for each segment: the hits of one question.
const STORE_CACHE_BLOCKS: usize = 10;

/// The number of a passage that is not searched: it was deleted.
const DEAD: u32 = u32::MAX;

/// The passages of one assistant, ready to be searched; cheap to keep, safe to share.
///
/// Passages are numbered by document name and place in the document, whatever the order on disk.
pub struct Index {
    segments: Vec<Segment>,
    fields: Fields,
    vocabulary: Vocabulary,
    /// Where each passage is: segment and number in it.
    places: Vec<(u32, u32)>,
    /// The section of each passage, numbered from 0 over all documents.
    sections: Vec<u32>,
    /// What each passage's and section's length adds to a count where it saturates.
    passage_damping: Vec<f32>,
    section_damping: Vec<f32>,
    /// Nearness in meaning, where the operator brought word vectors.
    semantic: Option<Semantic>,
    /// What questions calculate in; as many as were asked at once.
    desks: Mutex<Vec<Scratch>>,
}

struct Segment {
    words: Arc<InvertedIndexReader>,
    names: Arc<InvertedIndexReader>,
    marks: Column<u64>,
    store: StoreReader,
    /// The passage's number for each of the segment's own.
    numbers: Vec<u32>,
}

/// Room for the sums of one question; all zero and empty between questions.
#[derive(Default)]
struct Scratch {
    overlaps: Overlaps,
    /// How often a term stands in each passage and section, words alike counted by their likeness.
    in_passage: Sums,
    in_section: Sums,
    passages: Sums,
    sections: Sums,
}

/// Sums by number, with the numbers that have one.
#[derive(Default)]
struct Sums {
    sums: Vec<f32>,
    touched: Vec<u32>,
}

impl Sums {
    fn add(&mut self, number: u32, value: f32) {
        let sum = &mut self.sums[number as usize];
        if *sum == 0.0 {
            self.touched.push(number);
        }
        *sum += value;
    }

    /// Gives each sum and leaves none.
    fn drain(&mut self) -> impl Iterator<Item = (u32, f32)> {
        let Self { sums, touched } = self;
        touched
            .drain(..)
            .map(|number| (number, std::mem::take(&mut sums[number as usize])))
    }
}

/// Returns, for each length, the part of the denominator of BM25 that does not depend on the term.
fn damping(lengths: &[u32]) -> Vec<f32> {
    let total: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    let mean = (total as f32 / lengths.len().max(1) as f32).max(1.0);
    let of = |&length: &u32| K1 * (1.0 - B + B * length as f32 / mean);
    lengths.iter().map(of).collect()
}

/// Inverse document frequency as Lucene has it: never below 0.
fn idf(all: usize, found: f32) -> f32 {
    let all = all as f32;
    (1.0 + (all - found + 0.5) / (found + 0.5)).ln()
}

/// BM25 of one term in one text, without its idf; at most 1.
fn saturation(count: f32, damping: f32) -> f32 {
    count / (count + damping)
}

impl Index {
    pub(crate) fn open(folder: &Path, words: Option<Arc<Words>>) -> Result<Self, TantivyError> {
        let directory = tantivy::directory::MmapDirectory::open(folder)?;
        let mut index = Self::load(&tantivy::Index::open(directory)?, Vocabulary::open(folder)?)?;
        index.semantic = words
            .map(|words| Semantic::open(folder, words, &index.sections))
            .transpose()?;
        Ok(index)
    }

    /// Writes the vectors of the passages of a folder.
    pub(crate) fn write_vectors(folder: &Path, words: &Words) -> Result<(), TantivyError> {
        let index = Self::open(folder, None)?;
        Vectors::write(folder, words, &index.sections, |number| index.stored(number))
    }

    /// Takes the word vectors in a file for an index in memory.
    ///
    /// # Errors
    ///
    /// When the file is none of word vectors, or the index cannot be read.
    pub fn with_words(mut self, path: &Path) -> Result<Self, RetrieveError> {
        let words = Words::load(path).map_err(|error| RetrieveError(Box::new(error)))?;
        let made = Semantic::build(Arc::new(words), &self.sections, |number| self.stored(number));
        self.semantic = Some(made.map_err(|error| RetrieveError(Box::new(error)))?);
        Ok(self)
    }

    /// Builds an index in memory; the passages of a document come together, in reading order.
    ///
    /// # Errors
    ///
    /// When tantivy cannot write to memory.
    pub fn build(passages: impl IntoIterator<Item = Passage>) -> Result<Self, RetrieveError> {
        let fail = |error: TantivyError| RetrieveError(Box::new(error));
        let (schema, fields) = schema();
        let index = tantivy::Index::create_in_ram(schema);
        let mut writer = index.writer_with_num_threads(1, 32 << 20).map_err(fail)?;
        let mut counts: HashMap<Arc<str>, u32> = HashMap::new();
        for passage in passages {
            let number = counts.entry(passage.document.clone()).or_default();
            let entry = Entry::of(&passage);
            writer
                .add_document(to_tantivy(fields, &passage.document, *number, entry))
                .map_err(fail)?;
            *number += 1;
        }
        writer.commit().map_err(fail)?;
        let words = words_of(&index, fields.words).map_err(fail)?;
        let bytes = OwnedBytes::new(Vocabulary::make(&words));
        let vocabulary =
            Vocabulary::of(bytes).ok_or_else(|| RetrieveError("the vocabulary is broken".into()))?;
        Self::load(&index, vocabulary).map_err(fail)
    }

    fn load(index: &tantivy::Index, vocabulary: Vocabulary) -> Result<Self, TantivyError> {
        let (schema, fields) = schema();
        if index.schema() != schema {
            return Err(TantivyError::SchemaError("fields of another version".to_owned()));
        }
        let mut segments = Vec::new();
        // Document, number in it, section in it, length, segment, number in the segment.
        let mut found: Vec<(Arc<str>, u32, u32, u32, u32, u32)> = Vec::new();
        for segment in index.searchable_segments()? {
            let reader = SegmentReader::open(&segment)?;
            let broken = || TantivyError::SchemaError("a column is missing".to_owned());
            let names = reader.fast_fields().str("document")?.ok_or_else(broken)?;
            let place = reader.fast_fields().u64("place")?;
            let length = reader.fast_fields().u64("length")?;
            let mut known: HashMap<u64, Arc<str>> = HashMap::new();
            for doc in reader.doc_ids_alive() {
                let ord = names.term_ords(doc).next().ok_or_else(broken)?;
                let name = if let Some(name) = known.get(&ord) {
                    name.clone()
                } else {
                    let mut name = String::new();
                    names.ord_to_str(ord, &mut name)?;
                    known.entry(ord).or_insert(name.into()).clone()
                };
                let (number, section) = unpack(place.first(doc).ok_or_else(broken)?);
                let length = length.first(doc).ok_or_else(broken)? as u32;
                found.push((name, number, section, length, segments.len() as u32, doc));
            }
            segments.push(Segment {
                words: reader.inverted_index(fields.words)?,
                names: reader.inverted_index(fields.names)?,
                marks: reader.fast_fields().u64("marks")?,
                store: reader.get_store_reader(STORE_CACHE_BLOCKS)?,
                numbers: vec![DEAD; reader.max_doc() as usize],
            });
        }
        found.sort_unstable();
        let (mut places, mut sections) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        let (mut lengths, mut section_lengths) = (Vec::with_capacity(found.len()), Vec::new());
        let mut last: Option<(&Arc<str>, u32)> = None;
        for (name, _, section, length, segment, doc) in &found {
            if last != Some((name, *section)) {
                section_lengths.push(0);
                last = Some((name, *section));
            }
            segments[*segment as usize].numbers[*doc as usize] = places.len() as u32;
            places.push((*segment, *doc));
            sections.push(section_lengths.len() as u32 - 1);
            lengths.push(*length);
            if let Some(all) = section_lengths.last_mut() {
                *all += length;
            }
        }
        Ok(Self {
            segments,
            fields,
            vocabulary,
            places,
            sections,
            passage_damping: damping(&lengths),
            section_damping: damping(&section_lengths),
            semantic: None,
            desks: Mutex::default(),
        })
    }

    /// Returns how many passages there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Tells whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds up how often a word of the documents stands in each passage.
    fn count(&self, alike: Alike, counts: &mut Sums) -> Result<(), TantivyError> {
        let term = Term::from_field_text(self.fields.words, self.vocabulary.word(alike.word));
        let weight = alike.weight();
        for segment in &self.segments {
            let Some(mut found) = segment
                .words
                .read_block_postings(&term, IndexRecordOption::WithFreqs)?
            else {
                continue;
            };
            while !found.docs().is_empty() {
                for (&doc, &times) in found.docs().iter().zip(found.freqs()) {
                    let number = segment.numbers[doc as usize];
                    if number != DEAD {
                        counts.add(number, weight * times as f32);
                    }
                }
                found.advance();
            }
        }
        Ok(())
    }

    /// Adds what one word of the question is worth to the scores; returns its weight and in how many passages it stands
    /// itself.
    fn score(
        &self,
        token: &Token,
        part: f32,
        term: usize,
        desk: &mut Scratch,
        seen: &mut Vec<Held>,
    ) -> Result<(f32, u32), TantivyError> {
        let alike = self.vocabulary.alike(&token.stem, &mut desk.overlaps);
        let forms = alike.iter().take_while(|one| one.likeness >= 1.0).count();
        for &form in &alike[..forms] {
            self.count(form, &mut desk.in_passage)?;
        }
        let itself = desk.in_passage.touched.len() as u32;
        for &other in &alike[forms..] {
            self.count(other, &mut desk.in_passage)?;
        }
        let Scratch {
            in_passage,
            in_section,
            passages,
            sections,
            ..
        } = desk;
        // Whole numbers, since a sum of fractions hangs on their order, which on disk is that of the segments.
        let held = in_passage.touched.iter();
        let found: u64 = held
            .map(|&number| (in_passage.sums[number as usize].min(1.0) * WHOLE) as u64)
            .sum();
        let found = found as f32 / WHOLE;
        let weight = part * idf(self.len(), found.min(self.len() as f32));
        seen.extend(alike.iter().map(|one| Held {
            mark: mark(self.vocabulary.word(one.word)),
            term,
            weight: weight * one.weight(),
        }));
        for (number, count) in in_passage.drain() {
            in_section.add(self.sections[number as usize], count);
            let share = saturation(count, self.passage_damping[number as usize]);
            passages.add(number, PASSAGE_SHARE * weight * share);
        }
        for (section, count) in in_section.drain() {
            let share = saturation(count, self.section_damping[section as usize]);
            sections.add(section, (1.0 - PASSAGE_SHARE) * weight * share);
        }
        Ok((weight, itself))
    }

    /// Returns a passage as it is stored.
    fn stored(&self, number: u32) -> Result<Vec<u8>, TantivyError> {
        let (segment, doc) = self.places[number as usize];
        let document: TantivyDocument = self.segments[segment as usize].store.get(doc)?;
        document
            .get_first(self.fields.stored)
            .and_then(|value| value.as_bytes().map(<[u8]>::to_vec))
            .ok_or_else(|| TantivyError::InternalError("a passage is not stored".to_owned()))
    }

    fn passage(&self, number: u32) -> Result<Passage, TantivyError> {
        decode(&self.stored(number)?)
            .ok_or_else(|| TantivyError::InternalError("a stored passage cannot be read".to_owned()))
    }

    fn marks(&self, number: u32) -> Marks {
        let (segment, doc) = self.places[number as usize];
        let marks = self.segments[segment as usize].marks.values_for_doc(doc);
        Marks(marks.map(|mark| mark as u32).collect())
    }

    /// Returns the passages that are a place or name it, by number, with what they gain.
    fn places_of(&self, reference: &Reference) -> Result<HashMap<u32, f32>, TantivyError> {
        let Some(word) = self.vocabulary.find(&reference.number) else {
            return Ok(HashMap::new());
        };
        let mut counts = Sums::default();
        counts.sums.resize(self.len(), 0.0);
        self.count(Alike { word, likeness: 1.0 }, &mut counts)?;
        if counts.touched.len() > PLACES {
            return Ok(HashMap::new());
        }
        let places = counts.touched.iter();
        Ok(places
            .map(|&number| (number, reference.gain(&self.marks(number))))
            .filter(|place| place.1 > 0.0)
            .collect())
    }

    /// Searches for the words as they were typed and, when the documents do not know all of them, for the question as it
    /// may have been meant; keeps the second reading only when more is found by it.
    fn attempts(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, TantivyError> {
        let first = self.find(&question.text, limit)?;
        if first.terms.iter().all(|term| term.passages > 0) && !first.terms.is_empty() {
            return Ok(first);
        }
        let reader = Reader {
            vocabulary: &self.vocabulary,
            passages: |word| self.frequency(word),
            all: self.len(),
        };
        let Some(mut reading) = reader.read(&question.text) else {
            return Ok(first);
        };
        let mut second = self.find(&reading.text, limit)?;
        if reading.repairs == [Repair::Spelling] {
            // A word that the documents do not use need not be misspelt: only what is found together is taken for meant.
            let Some(text) = held_mends(&question.text, &reading.text, &second) else {
                return Ok(first);
            };
            if text != reading.text {
                reading.text = text;
                second = self.find(&reading.text, limit)?;
            }
        }
        let share = |found: &Retrieval| found.hits.iter().fold(0.0, |most: f32, hit| most.max(hit.share));
        if share(&second) <= share(&first) {
            return Ok(first);
        }
        second.reading = Some(reading);
        Ok(second)
    }

    /// Returns in how many passages a word of the documents stands; none when the index cannot be read.
    fn frequency(&self, word: u32) -> u32 {
        let term = Term::from_field_text(self.fields.words, self.vocabulary.word(word));
        let found = |segment: &Segment| segment.words.doc_freq(&term).unwrap_or(0);
        self.segments.iter().map(found).sum()
    }

    /// Returns in how many passages a word stands with a capital letter inside a sentence; none when the index cannot be read.
    fn named(&self, stem: &str) -> u32 {
        let term = Term::from_field_text(self.fields.names, stem);
        let found = |segment: &Segment| segment.names.doc_freq(&term).unwrap_or(0);
        self.segments.iter().map(found).sum()
    }

    fn find(&self, question: &str, limit: NonZeroUsize) -> Result<Retrieval, TantivyError> {
        let spare = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut desk = spare.unwrap_or_default();
        desk.in_passage.sums.resize(self.len(), 0.0);
        desk.passages.sums.resize(self.len(), 0.0);
        desk.in_section.sums.resize(self.section_damping.len(), 0.0);
        desk.sections.sums.resize(self.section_damping.len(), 0.0);
        // A desk that an error left half used is not put back.
        let mut terms: Vec<QuestionTerm> = Vec::new();
        let mut held: Vec<Held> = Vec::new();
        let mut ideal = 0.0;
        let asked = tokens(question, detect(question));
        let references = Reference::all(&asked);
        let asking = asking(question, &asked);
        let whole = said(&asked);
        for token in asked {
            let known = terms.iter().any(|term| term.stem == token.stem);
            if token.stop || token.question || known || terms.len() == MAX_TERMS {
                continue;
            }
            let part = if asking.contains(token.range) { 1.0 } else { TALE };
            let (weight, passages) = self.score(&token, part, terms.len(), &mut desk, &mut held)?;
            ideal += weight;
            terms.push(QuestionTerm {
                word: question[token.range.start..token.range.end].to_owned(),
                named: if passages > 0 { self.named(&token.stem) } else { 0 },
                idf: weight,
                passages,
                stem: token.stem,
            });
        }
        let mut found: Vec<(u32, f32)> = Vec::with_capacity(desk.passages.touched.len());
        for (number, score) in desk.passages.drain() {
            let section = desk.sections.sums[self.sections[number as usize] as usize];
            found.push((number, (score + section) / ideal / (1.0 + SENTENCE_SHARE)));
        }
        desk.sections.drain().for_each(drop);
        self.desks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(desk);
        for reference in &references {
            let mut places = self.places_of(reference)?;
            for (number, score) in &mut found {
                if let Some(gain) = places.remove(number) {
                    *score += gain;
                }
            }
            found.extend(places);
        }
        let semantic = self.semantic.as_ref();
        let gains = semantic.and_then(|semantic| semantic.gains(&terms, &self.sections));
        let gain = |number: u32| gains.as_ref().map_or(0.0, |gains| gains[number as usize]);
        if gains.is_some() {
            found = blended(&found, self.len(), gain);
        }
        best(&mut found, limit.get().max(LOOKED_INTO));
        held.sort_unstable_by_key(|one| one.mark);
        for (number, score) in found.iter_mut().take(LOOKED_INTO) {
            let share = sentence(&held, terms.len(), &self.marks(*number)) / ideal;
            *score += SENTENCE_SHARE * share / (1.0 + SENTENCE_SHARE);
        }
        best(&mut found, limit.get().max(LOOKED_INTO));
        keep_words(&mut found, limit.get(), gain);
        let sought: Vec<u32> = terms.iter().map(|term| mark(&term.stem)).collect();
        let mut hits = Vec::with_capacity(found.len());
        for (number, mut score) in found {
            let passage = self.passage(number)?;
            // A section that is headed with the question was written for it.
            let heading = passage.headings.last().map_or(0.0, |heading| {
                likeness(&whole, &said(&tokens(heading, detect(heading))))
            });
            if heading >= HEADED_FROM {
                score += HEADED * heading;
            }
            hits.push(Hit {
                passage: Arc::new(passage),
                matches: matches(&sought, &self.marks(number)),
                score,
                // The gate judges words: nearness changes the order alone.
                share: score - gain(number),
            });
        }
        // Stable: of equals the earlier passage stays first.
        hits.sort_by(|one, other| other.score.total_cmp(&one.score));
        Ok(Retrieval {
            terms,
            hits,
            passages: self.len() as u32,
            reading: None,
        })
    }
}

/// Returns what a text says: its stems without the words that every text has, but with those that make a question of it.
fn said(tokens: &[Token]) -> Vec<u32> {
    let mut stems: Vec<u32> = tokens
        .iter()
        .filter(|token| !token.stop)
        .map(|token| mark(&token.stem))
        .collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// Returns the share of common stems among all of two texts; none for a single word, which heads too many sections.
fn likeness(one: &[u32], other: &[u32]) -> f32 {
    let common = one.iter().filter(|stem| other.contains(stem)).count();
    let all = one.len() + other.len() - common;
    if common > 1 {
        common as f32 / all as f32
    } else {
        0.0
    }
}

/// Returns the question with those of its mended words that the best hit holds; nothing when it holds none of them.
fn held_mends(question: &str, mended: &str, found: &Retrieval) -> Option<String> {
    let best = found.hits.first()?;
    let held = |stem: &str| {
        let at = found.terms.iter().position(|term| term.stem == stem);
        at.is_some_and(|at| best.matches[at] != Match::Missing)
    };
    let (one, other) = (tokens(question, detect(question)), tokens(mended, detect(mended)));
    if one.len() != other.len() {
        return Some(mended.to_owned());
    }
    let (mut text, mut end, mut any) = (String::new(), 0, false);
    for (was, is) in one.iter().zip(&other) {
        // A number parted by spaces is told once more as a whole.
        if was.range.start < end {
            continue;
        }
        text.push_str(&question[end..was.range.start]);
        end = was.range.end;
        if was.word != is.word && held(&is.stem) {
            any = true;
            text.push_str(&mended[is.range.start..is.range.end]);
        } else {
            text.push_str(&question[was.range.start..was.range.end]);
        }
    }
    text.push_str(&question[end..]);
    any.then_some(text)
}

/// A word of the documents with what it is worth for a term of the question.
struct Held {
    mark: u32,
    term: usize,
    weight: f32,
}

/// Returns what the terms in the most telling sentence of a passage are worth together.
fn sentence(held: &[Held], terms: usize, marks: &Marks) -> f32 {
    let mut best = 0.0f32;
    let mut worth = vec![0.0f32; terms];
    // Most marks are none of the question's: a small set of their last bits tells so at once.
    let seen = held.iter().fold(0u64, |seen, one| seen | 1 << (one.mark % 64));
    for &mark in marks.0.iter().chain(&[SENTENCE]) {
        if mark == SENTENCE {
            best = best.max(worth.iter().sum());
            worth.fill(0.0);
            continue;
        }
        if seen >> (mark % 64) & 1 == 0 {
            continue;
        }
        let first = held.partition_point(|one| one.mark < mark);
        for one in held[first..].iter().take_while(|one| one.mark == mark) {
            worth[one.term] = worth[one.term].max(one.weight);
        }
    }
    best
}

/// Returns which part of a long question asks: the last sentence with a question mark or a question's word, else all of it.
fn asking(question: &str, tokens: &[Token]) -> ByteRange {
    let all = ByteRange::new(0, question.len());
    let words = tokens
        .iter()
        .filter(|token| !token.stop && !token.question)
        .count();
    if words < TALE_FROM {
        return all;
    }
    let asks = |sentence: &ByteRange| {
        question[sentence.start..sentence.end].contains('?')
            || tokens
                .iter()
                .any(|token| token.question && sentence.contains(token.range))
    };
    let found = sentences(question);
    let marked = found
        .iter()
        .rev()
        .find(|sentence| question[sentence.start..sentence.end].contains('?'));
    marked
        .or_else(|| found.iter().rev().find(|sentence| asks(sentence)))
        .copied()
        .unwrap_or(all)
}

/// Leaves the best, best first, ties by number.
fn best(found: &mut Vec<(u32, f32)>, limit: usize) {
    let order = |one: &(u32, f32), other: &(u32, f32)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
    if found.len() > limit {
        found.select_nth_unstable_by(limit - 1, order);
        found.truncate(limit);
    }
    found.sort_unstable_by(order);
}

/// Tells where each term of the question stands in a passage.
fn matches(sought: &[u32], marks: &Marks) -> Vec<Match> {
    let (above, text) = marks.0.split_at(marks.text());
    let place = |mark: &u32| {
        if text.contains(mark) {
            Match::Text
        } else if above.contains(mark) {
            Match::Heading
        } else {
            Match::Missing
        }
    };
    sought.iter().map(place).collect()
}

/// Returns a passage as tantivy takes it.
pub(crate) fn to_tantivy(fields: Fields, document: &str, number: u32, entry: Entry) -> TantivyDocument {
    let mut stored = TantivyDocument::default();
    stored.add_text(fields.document, document);
    stored.add_u64(fields.place, pack(number, entry.section));
    stored.add_u64(fields.length, u64::from(entry.words.count));
    stored.add_text(fields.words, entry.words.text);
    stored.add_text(fields.names, entry.names.text);
    for mark in entry.marks {
        stored.add_u64(fields.marks, u64::from(mark));
    }
    stored.add_bytes(fields.stored, &entry.stored);
    stored
}

impl Retriever for Index {
    fn retrieve(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, RetrieveError> {
        self.attempts(question, limit)
            .map_err(|error| RetrieveError(Box::new(error)))
    }
}
