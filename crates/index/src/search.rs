//! Searching the passages of one assistant.
//!
//! Owns the scores. Each word of the question counts by BM25 as if every word of the documents that is alike were a fraction
//! of it: itself wholly, others by their likeness to the power of 2.5 ([`Vocabulary::alike`]). The sum is divided by
//! the best that the question could reach; the passage counts for [`PASSAGE_SHARE`], its whole section for the rest. Lengths
//! and frequencies are exact and count what is alive, so a snapshot changed step by step scores like one built at once.

mod document;
mod open;
mod question;
mod taught;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use docent_corpus::{
    Hit, Interest, Match, Passage, Question, QuestionTerm, Retrieval, RetrieveError, Retriever, Taught,
};
use docent_language::{Token, detect, tokens};
pub(crate) use open::to_tantivy;
use question::{asking, headed, holds_new, quoted, said, said_in};
use tantivy::columnar::Column;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::store::StoreReader;
use tantivy::{InvertedIndexReader, TantivyDocument, TantivyError, Term};

use crate::entry::{Marks, SENTENCE, decode, mark};
use crate::lexicon::{Also, Bound, is_whole};
use crate::place::Reference;
use crate::repair::{Mend, Read, Reader};
use crate::semantic::{Dense, Fusion, Semantic, blended, by_places, keep_words, nearest};
use crate::shelf::Fields;
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

/// What a word of the tale counts when the question stands in a sentence of its own.
const TALE: f32 = 0.5;

/// Passages looked into for a number that the question names; a number that stands in more is no place.
const PLACES: usize = 5_000;

/// What a heading that says the same as the question adds at most, and from which likeness on: the place by name of a manual.
const HEADED: f32 = 0.25;
const HEADED_FROM: f32 = 0.75;

/// What a passage that says exactly what is asked adds to the score when a model of whole texts tells, beside at most about 1 for
/// the words: chosen on the development sets in English.
const MEANT: f32 = 0.5;

/// What a whole passage counts as where passages that hold a word are summed up: fine enough for the least likeness.
const WHOLE: f32 = 65_536.0;

/// What a question that the operator has taught adds to the passage it names, when it is the same.
const TAUGHT: f32 = 0.6;

/// What a phrase that the question quotes adds to a passage that holds it word for word.
const QUOTED: f32 = 0.15;

/// Stored blocks kept unpacked for each segment: the hits of one question.
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
    passage_damping: Vec<Damping>,
    section_damping: Vec<f32>,
    /// Nearness in meaning, where the operator brought word vectors.
    semantic: Option<Semantic>,
    /// The same by a model of whole texts, where the operator has one.
    dense: Option<Dense>,
    /// What questions calculate in; as many as were asked at once.
    desks: Mutex<Vec<Scratch>>,
}

/// What a passage's length adds to a count, and that of its section where it is the whole of it.
#[derive(Debug, Clone, Copy)]
struct Damping {
    own: f32,
    section: Option<f32>,
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
            let Damping { own, section } = self.passage_damping[number as usize];
            let mut share = PASSAGE_SHARE * saturation(count, own);
            match section {
                // Most sections are one passage: nothing is to be added up for them.
                Some(section) => share += (1.0 - PASSAGE_SHARE) * saturation(count, section),
                None => in_section.add(self.sections[number as usize], count),
            }
            passages.add(number, weight * share);
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
                let mut found = self.find(&all.text, limit, asking)?;
                // A word that the documents do not use need not be a slip: only what is found together is taken for meant.
                let mut kept: Vec<Mend> = mends
                    .iter()
                    .filter(|mend| holds_new(&question.text, mend, &found))
                    .cloned()
                    .collect();
                if kept.is_empty() {
                    return Ok(first);
                }
                if kept.len() < mends.len() {
                    found = self.find(&Mend::all(&kept, &question.text).text, limit, asking)?;
                }
                if let Some(best) = found.hits.first() {
                    let text = said_in(&best.passage);
                    for mend in &mut kept {
                        mend.written_as_in(&text, &question.text);
                    }
                }
                (Mend::all(&kept, &question.text), found)
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
            let heading = headed(&whole, &passage);
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

    /// Puts the passages found and those nearest into one order by their places in both; returns what that adds to the score of
    /// each beside its words, which are in `rest` for those that were not found.
    fn by_places(
        &self,
        found: &mut Vec<(u32, f32)>,
        rest: Vec<(u32, f32)>,
        near: &[f32],
        limit: NonZeroUsize,
        gain: impl Fn(u32) -> f32,
    ) -> Vec<f32> {
        let own = |(number, score): (u32, f32)| (number, score - gain(number));
        let all = rest.into_iter().chain(found.iter().copied());
        let words: HashMap<u32, f32> = all.map(own).collect();
        let nearest = nearest(near, found.len().max(limit.get()));
        *found = by_places(found, &nearest);
        let mut made = vec![0.0; self.len()];
        for &(number, score) in found.iter() {
            made[number as usize] = score - words.get(&number).unwrap_or(&0.0);
        }
        made
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
        let mut gains = semantic.and_then(|semantic| semantic.gains(&terms, &self.sections));
        let fusion = self.dense.as_ref().map(Dense::fusion);
        if let Some(near) = with.near.filter(|_| fusion == Some(Fusion::Sum)) {
            let own = gains.get_or_insert_with(|| vec![0.0; self.len()]);
            for (own, near) in own.iter_mut().zip(near) {
                *own += MEANT * near;
            }
        }
        let gain = |number: u32| gains.as_ref().map_or(0.0, |gains| gains[number as usize]);
        if gains.is_some() {
            found = blended(&found, self.len(), gain);
        }
        let places = with.near.filter(|_| fusion == Some(Fusion::Rrf));
        let rest = places.map(|_| found.clone());
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
        if let (Some(near), Some(rest)) = (places, rest) {
            gains = Some(self.by_places(&mut found, rest, near, limit, gain));
        }
        let gain = |number: u32| gains.as_ref().map_or(0.0, |gains| gains[number as usize]);
        keep_words(&mut found, limit.get(), gain);
        Ok(Scored {
            terms,
            found,
            whole,
            taught,
            gains,
        })
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
        let near = self
            .dense
            .as_ref()
            .and_then(|dense| dense.nearness(&question.text));
        let with = Asking {
            bound: &told.0,
            interest,
            near: near.as_deref(),
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
    /// How near each passage is to the question as it was typed, where a model tells.
    near: Option<&'a [f32]>,
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
