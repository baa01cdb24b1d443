//! Searching the passages of one assistant.
//!
//! Owns the scores. Two fields, stems and four-letter windows of words, are each scored by BM25 and divided by the best
//! score that the question could reach, then averaged; the passage counts for [`PASSAGE_SHARE`], its whole section for the
//! rest. Lengths and document frequencies are exact and count what is alive, so a snapshot changed step by step scores like
//! one built at once.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use docent_corpus::{Hit, Match, Passage, Question, QuestionTerm, Retrieval, RetrieveError, Retriever};
use docent_language::{detect, grams, tokens};
use tantivy::postings::Postings;
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::store::StoreReader;
use tantivy::{DocSet, SegmentReader, TERMINATED, TantivyDocument, TantivyError, Term};

use crate::entry::{Entry, decode};
use crate::shelf::{Fields, pack, schema, unpack};

/// BM25 term frequency saturation (Robertson and Zaragoza 2009).
const K1: f32 = 1.2;

/// BM25 length normalisation: 0.9 does better than 0.75 on documents of uneven length.
const B: f32 = 0.9;

/// More terms than this are a pasted text, not a question.
const MAX_TERMS: usize = 48;

/// Share of the score that is the passage's own; the rest comes from its whole section.
const PASSAGE_SHARE: f32 = 0.6;

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
    /// Where each passage is: segment and number in it.
    places: Vec<(u32, u32)>,
    /// The section of each passage, numbered from 0 over all documents.
    sections: Vec<u32>,
    stems: Lengths,
    grams: Lengths,
}

struct Segment {
    reader: SegmentReader,
    store: StoreReader,
    /// The passage's number for each of the segment's own.
    numbers: Vec<u32>,
}

/// How many terms of one field there are.
#[derive(Default)]
struct Lengths {
    passages: Vec<u32>,
    sections: Vec<u32>,
    passage_mean: f32,
    section_mean: f32,
}

impl Lengths {
    fn of(passages: Vec<u32>, sections: &[u32], section_count: usize) -> Self {
        let mut by_section = vec![0; section_count];
        for (&length, &section) in passages.iter().zip(sections) {
            by_section[section as usize] += length;
        }
        let total: u64 = passages.iter().map(|&length| u64::from(length)).sum();
        let mean = |count: usize| (total as f32 / count.max(1) as f32).max(1.0);
        Self {
            passage_mean: mean(passages.len()),
            section_mean: mean(section_count),
            passages,
            sections: by_section,
        }
    }
}

/// Inverse document frequency as Lucene has it: never below 0.
fn idf(all: usize, found: usize) -> f32 {
    let (all, found) = (all as f32, found as f32);
    (1.0 + (all - found + 0.5) / (found + 0.5)).ln()
}

/// BM25 of one term in one text, without its idf; at most `K1 + 1`.
fn saturation(count: u32, length: u32, mean: f32) -> f32 {
    let count = count as f32;
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length as f32 / mean))
}

/// One term of a question with where it stands.
struct Sought {
    /// How often the question has it.
    times: f32,
    idf: f32,
    /// Passage and count, by passage.
    postings: Vec<(u32, u32)>,
}

impl Index {
    pub(crate) fn open(folder: &Path) -> Result<Self, TantivyError> {
        let directory = tantivy::directory::MmapDirectory::open(folder)?;
        Self::load(&tantivy::Index::open(directory)?)
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
        Self::load(&index).map_err(fail)
    }

    fn load(index: &tantivy::Index) -> Result<Self, TantivyError> {
        let (schema, fields) = schema();
        if index.schema() != schema {
            return Err(TantivyError::SchemaError("fields of another version".to_owned()));
        }
        let mut segments = Vec::new();
        // Document, number in it, section in it, lengths, segment, number in the segment.
        let mut found: Vec<(Arc<str>, u32, u32, u64, u32, u32)> = Vec::new();
        for segment in index.searchable_segments()? {
            let reader = SegmentReader::open(&segment)?;
            let store = reader.get_store_reader(STORE_CACHE_BLOCKS)?;
            let broken = || TantivyError::SchemaError("a column is missing".to_owned());
            let names = reader.fast_fields().str("document")?.ok_or_else(broken)?;
            let place = reader.fast_fields().u64("place")?;
            let lengths = reader.fast_fields().u64("lengths")?;
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
                let lengths = lengths.first(doc).ok_or_else(broken)?;
                found.push((name, number, section, lengths, segments.len() as u32, doc));
            }
            segments.push(Segment {
                numbers: vec![DEAD; reader.max_doc() as usize],
                reader,
                store,
            });
        }
        found.sort_unstable();
        let (mut places, mut sections) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        let (mut stems, mut grams) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        let mut section_count = 0;
        let mut last: Option<(&Arc<str>, u32)> = None;
        for (name, _, section, lengths, segment, doc) in &found {
            if last != Some((name, *section)) {
                section_count += 1;
                last = Some((name, *section));
            }
            segments[*segment as usize].numbers[*doc as usize] = places.len() as u32;
            places.push((*segment, *doc));
            sections.push(section_count as u32 - 1);
            let (stem_count, gram_count) = unpack(*lengths);
            stems.push(stem_count);
            grams.push(gram_count);
        }
        Ok(Self {
            segments,
            fields,
            places,
            stems: Lengths::of(stems, &sections, section_count),
            grams: Lengths::of(grams, &sections, section_count),
            sections,
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

    fn sought(&self, field: Field, term: &str, times: u32) -> Result<Sought, TantivyError> {
        let term = Term::from_field_text(field, term);
        let mut postings = Vec::new();
        for segment in &self.segments {
            let inverted = segment.reader.inverted_index(field)?;
            let Some(mut found) = inverted.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            loop {
                let doc = found.doc();
                if doc == TERMINATED {
                    break;
                }
                let number = segment.numbers[doc as usize];
                if number != DEAD {
                    postings.push((number, found.term_freq()));
                }
                found.advance();
            }
        }
        if !postings.is_sorted() {
            postings.sort_unstable();
        }
        Ok(Sought {
            times: times as f32,
            idf: idf(self.len(), postings.len()),
            postings,
        })
    }

    /// Adds each passage's share of the ideal score to `scores`, weighted by `weight`.
    fn score(&self, terms: &[Sought], lengths: &Lengths, weight: f32, scores: &mut [f32]) {
        let ideal: f32 = terms.iter().map(|term| term.idf * term.times * (K1 + 1.0)).sum();
        if ideal <= 0.0 {
            return;
        }
        let mut by_section = vec![0f32; lengths.sections.len()];
        for term in terms {
            let most = weight * term.idf * term.times / ideal;
            let mut in_section: Option<(u32, u32)> = None;
            let mut close = |ended: Option<(u32, u32)>| {
                if let Some((section, count)) = ended {
                    let length = lengths.sections[section as usize];
                    by_section[section as usize] += most * saturation(count, length, lengths.section_mean);
                }
            };
            for &(passage, count) in &term.postings {
                let length = lengths.passages[passage as usize];
                scores[passage as usize] +=
                    PASSAGE_SHARE * most * saturation(count, length, lengths.passage_mean);
                let section = self.sections[passage as usize];
                in_section = match in_section {
                    Some((same, sum)) if same == section => Some((same, sum + count)),
                    other => {
                        close(other);
                        Some((section, count))
                    }
                };
            }
            close(in_section);
        }
        for (score, &section) in scores.iter_mut().zip(&self.sections) {
            *score += (1.0 - PASSAGE_SHARE) * by_section[section as usize];
        }
    }

    fn passage(&self, number: u32) -> Result<Passage, TantivyError> {
        let (segment, doc) = self.places[number as usize];
        let document: TantivyDocument = self.segments[segment as usize].store.get(doc)?;
        document
            .get_first(self.fields.stored)
            .and_then(|value| value.as_bytes().and_then(decode))
            .ok_or_else(|| TantivyError::InternalError("a stored passage cannot be read".to_owned()))
    }

    fn find(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, TantivyError> {
        let mut terms: Vec<QuestionTerm> = Vec::new();
        let mut stems: Vec<Sought> = Vec::new();
        let mut windows: Vec<(String, u32)> = Vec::new();
        for token in tokens(&question.text, detect(&question.text)) {
            let known = terms.iter().any(|term| term.stem == token.stem);
            if token.stop || token.question || known || terms.len() == MAX_TERMS {
                continue;
            }
            let sought = self.sought(self.fields.stems, &token.stem, 1)?;
            grams(&token.word, |gram| {
                match windows.iter_mut().find(|(window, _)| window == gram) {
                    Some((_, times)) => *times += 1,
                    None => windows.push((gram.to_owned(), 1)),
                }
            });
            terms.push(QuestionTerm {
                word: question.text[token.range.start..token.range.end].to_owned(),
                stem: token.stem,
                idf: sought.idf,
                passages: sought.postings.len() as u32,
            });
            stems.push(sought);
        }
        let windows = windows
            .iter()
            .map(|(window, times)| self.sought(self.fields.grams, window, *times))
            .collect::<Result<Vec<_>, _>>()?;
        let mut scores = vec![0f32; self.len()];
        self.score(&stems, &self.stems, 0.5, &mut scores);
        self.score(&windows, &self.grams, 0.5, &mut scores);
        let mut hits = Vec::new();
        for (number, score) in best(&scores, limit.get()) {
            let passage = self.passage(number)?;
            hits.push(Hit {
                matches: matches(&terms, &passage),
                passage: Arc::new(passage),
                score,
                share: score,
            });
        }
        Ok(Retrieval {
            terms,
            hits,
            passages: self.len() as u32,
        })
    }
}

/// Returns the best passages above 0, best first, ties by number.
fn best(scores: &[f32], limit: usize) -> Vec<(u32, f32)> {
    let order = |one: &(u32, f32), other: &(u32, f32)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
    let mut found: Vec<(u32, f32)> = scores
        .iter()
        .enumerate()
        .filter(|&(_, &score)| score > 0.0)
        .map(|(number, &score)| (number as u32, score))
        .collect();
    if found.len() > limit {
        found.select_nth_unstable_by(limit - 1, order);
        found.truncate(limit);
    }
    found.sort_unstable_by(order);
    found
}

/// Tells where each term of the question stands in a passage.
fn matches(terms: &[QuestionTerm], passage: &Passage) -> Vec<Match> {
    let lines = passage.lead.iter().chain(&passage.lines);
    let text = stems_of(lines.map(|line| line.text.as_str()));
    let headings = passage.headings.iter().map(|heading| &**heading);
    let above = stems_of(std::iter::once(&*passage.title).chain(headings));
    terms
        .iter()
        .map(|term| {
            if text.contains(&term.stem) {
                Match::Text
            } else if above.contains(&term.stem) {
                Match::Heading
            } else {
                Match::Missing
            }
        })
        .collect()
}

fn stems_of<'a>(texts: impl Iterator<Item = &'a str>) -> HashSet<String> {
    texts
        .flat_map(|text| tokens(text, detect(text)))
        .map(|token| token.stem)
        .collect()
}

/// Returns a passage as tantivy takes it.
pub(crate) fn to_tantivy(fields: Fields, document: &str, number: u32, entry: Entry) -> TantivyDocument {
    let mut stored = TantivyDocument::default();
    stored.add_text(fields.document, document);
    stored.add_u64(fields.place, pack(number, entry.section));
    stored.add_u64(fields.lengths, pack(entry.stems.count, entry.grams.count));
    stored.add_text(fields.stems, entry.stems.text);
    stored.add_text(fields.grams, entry.grams.text);
    stored.add_bytes(fields.stored, &entry.stored);
    stored
}

impl Retriever for Index {
    fn retrieve(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, RetrieveError> {
        self.find(question, limit)
            .map_err(|error| RetrieveError(Box::new(error)))
    }
}
