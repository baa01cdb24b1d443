//! Opening and building an index.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use docent_corpus::{Passage, RetrieveError};
use tantivy::directory::OwnedBytes;
use tantivy::{SegmentReader, TantivyDocument, TantivyError};

use super::{B, DEAD, Damping, Index, K1, STORE_CACHE_BLOCKS, Segment};
use crate::entry::Entry;
use crate::semantic::{Dense, DenseError, Embedder, Embedding, Fusion, Semantic, Vectors, Words};
use crate::shelf::{Fields, pack, schema, settings, unpack, words_of};
use crate::store::Modelled;
use crate::vocabulary::Vocabulary;

/// Bytes in which an index in memory is made before a segment of it is: most have one then, and a word is looked up once.
const MEMORY: usize = 512 << 20;

/// Returns, for each length, the part of the denominator of BM25 that does not depend on the term.
fn damping(lengths: &[u32]) -> Vec<f32> {
    let total: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    let mean = (total as f32 / lengths.len().max(1) as f32).max(1.0);
    let of = |&length: &u32| K1 * (1.0 - B + B * length as f32 / mean);
    lengths.iter().map(of).collect()
}

impl Index {
    pub(crate) fn open(
        folder: &Path,
        words: Option<Arc<Words>>,
        embedding: Option<&Embedding>,
    ) -> Result<Self, TantivyError> {
        let directory = tantivy::directory::MmapDirectory::open(folder)?;
        let mut index = Self::load(&tantivy::Index::open(directory)?, Vocabulary::open(folder)?)?;
        index.semantic = words
            .map(|words| Semantic::open(folder, words, &index.sections))
            .transpose()?;
        if let Some(embedding) = embedding {
            let broken =
                || TantivyError::InternalError("the vectors are not those of the passages".to_owned());
            let dense = Dense::open(folder, embedding.clone(), index.len())?;
            index.dense = Some(dense.ok_or_else(broken)?);
        }
        Ok(index)
    }

    /// Writes the vectors of the passages of a folder.
    pub(crate) fn write_vectors(folder: &Path, words: &Words) -> Result<(), TantivyError> {
        let index = Self::open(folder, None, None)?;
        Vectors::write(folder, words, &index.sections, |number| index.stored(number))
    }

    /// Writes what a model makes of the passages of a folder; what it made in the folder of `before` is taken over.
    pub(crate) fn write_dense(
        folder: &Path,
        before: Option<&Path>,
        modelled: &Modelled,
    ) -> Result<(), DenseError> {
        let index = Self::open(folder, None, None)?;
        let Modelled {
            embedding, journal, ..
        } = modelled;
        Dense::write(folder, before, embedding, journal, index.len(), |number| {
            index.stored(number)
        })
    }

    /// Takes a model for an index in memory, and encodes its passages.
    ///
    /// # Errors
    ///
    /// When the model fails, or the index cannot be read.
    pub fn with_embedder(
        mut self,
        embedder: Arc<dyn Embedder>,
        fusion: Fusion,
    ) -> Result<Self, RetrieveError> {
        let embedding = Embedding { embedder, fusion };
        let made = Dense::build(embedding, self.len(), |number| self.stored(number));
        self.dense = Some(made.map_err(|error| match error {
            DenseError::Model(cause) => RetrieveError(cause),
            DenseError::Index(error) => RetrieveError(Box::new(error)),
        })?);
        Ok(self)
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
        let index = tantivy::Index::builder()
            .schema(schema)
            .settings(settings())
            .create_in_ram()
            .map_err(fail)?;
        let mut writer = index.writer_with_num_threads(1, MEMORY).map_err(fail)?;
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
        let section_damping = damping(&section_lengths);
        let mut passages_of = vec![0u32; section_damping.len()];
        for &section in &sections {
            passages_of[section as usize] += 1;
        }
        let whole = |section: u32| {
            let section = section as usize;
            (passages_of[section] == 1).then(|| section_damping[section])
        };
        let passage_damping = damping(&lengths).into_iter().zip(&sections);
        let passage_damping = passage_damping.map(|(own, &section)| Damping {
            own,
            section: whole(section),
        });
        Ok(Self {
            segments,
            fields,
            vocabulary,
            places,
            passage_damping: passage_damping.collect(),
            sections,
            section_damping,
            semantic: None,
            dense: None,
            desks: Mutex::default(),
        })
    }
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
