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
    ByteRange, Hit, Interest, Match, Passage, Question, QuestionTerm, Retrieval, RetrieveError, Retriever,
    Taught,
};
use docent_language::{Token, detect, sentences, tokens};
use tantivy::columnar::Column;
use tantivy::directory::OwnedBytes;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::store::StoreReader;
use tantivy::{InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError, Term};

use crate::entry::{Entry, Marks, SENTENCE, decode, mark};
use crate::lexicon::{Also, Bound, Lesson, Lexicon, holds, is_at, is_whole};
use crate::place::Reference;
use crate::repair::{Mend, Read, Reader};
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

/// What a question that the operator has taught adds to the passage it names, when it is the same.
const TAUGHT: f32 = 0.6;

/// Hits looked through for the place of a taught question that names no document.
const TAUGHT_AMONG: NonZeroUsize = NonZeroUsize::new(50).expect("50 is not 0");

/// What a phrase that the question quotes adds to a passage that holds it word for word.
const QUOTED: f32 = 0.15;

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
    documents: Arc<InvertedIndexReader>,
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
                documents: reader.inverted_index(fields.document)?,
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
        also: &Also,
        part: f32,
        term: usize,
        desk: &mut Scratch,
        seen: &mut Vec<Held>,
    ) -> Result<(f32, u32), TantivyError> {
        let mut alike = if also.replaces {
            Vec::new()
        } else {
            self.vocabulary.alike(&token.stem, &mut desk.overlaps)
        };
        if !also.wordings.is_empty() {
            self.add(also, &mut alike);
        }
        let forms = alike.iter().take_while(|one| one.likeness >= 1.0).count();
        for &form in &alike[..forms] {
            self.count(form, &mut desk.in_passage)?;
        }
        let mut itself = desk.in_passage.touched.len() as u32;
        for &other in &alike[forms..] {
            self.count(other, &mut desk.in_passage)?;
        }
        if itself == 0 && !also.wordings.is_empty() {
            let whole = |&&number: &&u32| desk.in_passage.sums[number as usize] > 0.99;
            itself = desk.in_passage.touched.iter().filter(whole).count() as u32;
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

    /// Adds the words of synonyms to those that stand for a word of the question, in the order of their likeness.
    fn add(&self, also: &Also, alike: &mut Vec<Alike>) {
        for (word, worth) in also.words() {
            let Some(word) = self.vocabulary.find(word) else {
                continue;
            };
            let likeness = Alike::of_weight(worth);
            match alike.iter_mut().find(|one| one.word == word) {
                Some(one) => one.likeness = one.likeness.max(likeness),
                None => alike.push(Alike { word, likeness }),
            }
        }
        alike.sort_by(|one, other| other.likeness.total_cmp(&one.likeness));
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
    fn attempts(
        &self,
        question: &Question,
        limit: NonZeroUsize,
        asking: Asking<'_>,
    ) -> Result<Retrieval, TantivyError> {
        let first = self.find(&question.text, limit, asking)?;
        if first.terms.iter().all(|term| term.passages > 0) && !first.terms.is_empty() {
            return Ok(first);
        }
        let reader = Reader {
            vocabulary: &self.vocabulary,
            passages: |word| self.frequency(word),
            all: self.len(),
            told: |word: &str| asking.bound.holds(word),
        };
        let (reading, mut second) = match reader.read(&question.text) {
            Read::Whole(reading) => {
                let found = self.find(&reading.text, limit, asking)?;
                (reading, found)
            }
            Read::Words(mends) => {
                let all = Mend::all(&mends, &question.text);
                let found = self.find(&all.text, limit, asking)?;
                // A word that the documents do not use need not be a slip: only what is found together is taken for meant.
                let kept: Vec<Mend> = mends
                    .iter()
                    .filter(|mend| holds_new(&question.text, mend, &found))
                    .cloned()
                    .collect();
                if kept.is_empty() {
                    return Ok(first);
                }
                if kept.len() == mends.len() {
                    (all, found)
                } else {
                    let some = Mend::all(&kept, &question.text);
                    let found = self.find(&some.text, limit, asking)?;
                    (some, found)
                }
            }
        };
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

    /// Returns what a word tells: its inverse document frequency.
    fn tells(&self, stem: &str) -> f32 {
        let found = self.vocabulary.find(stem).map_or(0, |word| self.frequency(word));
        idf(self.len(), found as f32)
    }

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
            let term = Term::from_field_text(self.fields.document, document);
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
        };
        let found = self.scored(question, limit, with)?;
        Ok(found.found.iter().map(|&(number, _)| number).collect())
    }

    fn find(
        &self,
        question: &str,
        limit: NonZeroUsize,
        asking: Asking<'_>,
    ) -> Result<Retrieval, TantivyError> {
        let Scored {
            terms,
            found,
            whole,
            mut taught,
            gains,
        } = self.scored(question, limit, asking)?;
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
            let taught = taught.remove(&number);
            hits.push(Hit {
                passage: Arc::new(passage),
                matches: matches(&sought, &terms, taught.as_ref(), &self.marks(number)),
                score,
                // The gate judges words: nearness changes the order alone.
                share: score - gains.as_ref().map_or(0.0, |gains| gains[number as usize]),
                taught,
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

    /// Finds and scores passages without unpacking them.
    fn scored(&self, question: &str, limit: NonZeroUsize, with: Asking<'_>) -> Result<Scored, TantivyError> {
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
        let quoted = quoted(question, &asked);
        let also = with.bound.also(&asked);
        let taught = with.bound.taught(&asked, |stem| self.tells(stem));
        for (token, also) in asked.into_iter().zip(also) {
            let known = terms.iter().any(|term| term.stem == token.stem);
            if token.stop || token.question || known || terms.len() == MAX_TERMS {
                continue;
            }
            // A word is looked up in some milliseconds, even a common one in a large library.
            wanted(with.interest)?;
            let part = if asking.contains(token.range) { 1.0 } else { TALE };
            let (weight, passages) = self.score(&token, &also, part, terms.len(), &mut desk, &mut held)?;
            ideal += weight;
            terms.push(QuestionTerm {
                word: question[token.range.start..token.range.end].to_owned(),
                named: if passages > 0 { self.named(&token.stem) } else { 0 },
                idf: weight,
                passages,
                stem: token.stem,
                also: also.wordings,
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
        if !taught.is_empty() {
            let mut gains: HashMap<u32, f32> = taught
                .iter()
                .map(|(&number, taught)| (number, TAUGHT * taught.likeness))
                .collect();
            for (number, score) in &mut found {
                *score += gains.remove(number).unwrap_or(0.0);
            }
            found.extend(gains);
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
            let marks = self.marks(*number);
            let share = sentence(&held, terms.len(), &marks) / ideal;
            *score += SENTENCE_SHARE * share / (1.0 + SENTENCE_SHARE);
            let holds = |phrase: &&Vec<u32>| marks.0.windows(phrase.len()).any(|row| row == *phrase);
            *score += QUOTED * quoted.iter().filter(holds).count() as f32;
        }
        best(&mut found, limit.get().max(LOOKED_INTO));
        keep_words(&mut found, limit.get(), gain);
        Ok(Scored {
            terms,
            found,
            whole,
            taught,
            gains,
        })
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

    /// Searches with the operator's words, which must be bound to this index, for somebody who may leave: fails soon after the
    /// interest is lost.
    ///
    /// # Errors
    ///
    /// When the index cannot be read, and when nobody waits any more.
    pub fn retrieve_with(
        &self,
        told: &Told,
        interest: &Interest,
        question: &Question,
        limit: NonZeroUsize,
    ) -> Result<Retrieval, RetrieveError> {
        let with = Asking {
            bound: &told.0,
            interest,
        };
        self.attempts(question, limit, with)
            .map_err(|error| RetrieveError(Box::new(error)))
    }
}

/// What a search takes with it besides the question.
#[derive(Clone, Copy)]
struct Asking<'a> {
    bound: &'a Bound,
    interest: &'a Interest,
}

/// The operator's words, bound to the index of one generation.
#[derive(Debug, Default)]
pub struct Told(Bound);

/// What was found for a question, before it is unpacked.
struct Scored {
    terms: Vec<QuestionTerm>,
    /// Numbers of passages with their scores, best first.
    found: Vec<(u32, f32)>,
    /// What the question says.
    whole: Vec<u32>,
    /// What the operator has taught about passages.
    taught: HashMap<u32, Taught>,
    /// What nearness in meaning adds to each passage, where word vectors are known.
    gains: Option<Vec<f32>>,
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

/// Tells whether the best hit holds a word that a mend has made: «починят» need not be «по чинят».
fn holds_new(typed: &str, mend: &Mend, found: &Retrieval) -> bool {
    let typed: Vec<String> = tokens(typed, detect(typed))
        .into_iter()
        .map(|token| token.stem)
        .collect();
    let made = tokens(&mend.word, detect(&mend.word));
    found.hits.first().is_some_and(|best| {
        let mut terms = found.terms.iter().zip(&best.matches);
        terms.any(|(term, place)| {
            *place != Match::Missing
                && !typed.contains(&term.stem)
                && made.iter().any(|token| token.stem == term.stem)
        })
    })
}

/// Returns the phrases of two words and more that stand in quotation marks, as rows of marks without the words too common to be
/// indexed.
fn quoted(question: &str, asked: &[Token]) -> Vec<Vec<u32>> {
    let mut phrases = Vec::new();
    let mut opened: Option<usize> = None;
    for (at, letter) in question.char_indices() {
        match (letter, opened) {
            ('«' | '“' | '„', _) | ('"', None) => opened = Some(at),
            ('»' | '”' | '"', Some(start)) => {
                let phrase = ByteRange::new(start, at);
                let inside = asked
                    .iter()
                    .filter(|token| !token.stop && phrase.contains(token.range));
                let marks: Vec<u32> = inside.map(|token| mark(&token.stem)).collect();
                if marks.len() > 1 {
                    phrases.push(marks);
                }
                opened = None;
            }
            _ => {}
        }
    }
    phrases
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

/// Tells where each term of the question stands in a passage, itself or by another wording of it.
fn matches(sought: &[u32], terms: &[QuestionTerm], taught: Option<&Taught>, marks: &Marks) -> Vec<Match> {
    let (above, text) = marks.0.split_at(marks.text());
    let place = |(mark, term): (&u32, &QuestionTerm)| {
        let whole = |among: &[u32]| {
            let held = |mark| among.contains(&mark) || above.contains(&mark);
            term.also.iter().any(|wording| is_whole(wording, held))
        };
        if text.contains(mark) || whole(text) {
            Match::Text
        } else if above.contains(mark)
            || whole(above)
            || taught.is_some_and(|taught| taught.words.contains(&term.stem))
        {
            Match::Heading
        } else {
            Match::Missing
        }
    };
    sought.iter().zip(terms).map(place).collect()
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

/// Ends a search that nobody waits for.
fn wanted(interest: &Interest) -> Result<(), TantivyError> {
    if interest.is_lost() {
        return Err(TantivyError::InternalError("nobody waits for it".to_owned()));
    }
    Ok(())
}

impl Retriever for Index {
    fn retrieve(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, RetrieveError> {
        self.retrieve_with(&Told::default(), &Interest::default(), question, limit)
    }
}
