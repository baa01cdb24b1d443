//! The passages of one assistant while a generation is built.
//!
//! Owns the tantivy schema and writing. Invariant: after [`Shelf::finish`] the folder holds no word of a document that was
//! removed: its segments are written anew rather than marked.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use docent_corpus::AssistantId;
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::{IndexSettings, IndexWriter, SegmentReader, Term};

use crate::entry::Entry;
use crate::manifest::{DocumentRecord, Manifest};
use crate::search::{Index, to_tantivy};
use crate::semantic::{Dense, DenseError, Vectors, Words};
use crate::store::{Modelled, StoreError};
use crate::vocabulary::Vocabulary;

/// What tantivy asks for at least; with more it only writes fewer, larger segments on the first run.
const WRITER_BYTES: usize = 32 << 20;

/// With more segments every term is looked up in more places; merging is cheap below and pays above.
const MAX_SEGMENTS: usize = 8;

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Name of the document: what is deleted together.
    pub(crate) document: Field,
    /// Normal forms of the words.
    pub(crate) words: Field,
    /// Those that stand with a capital letter inside a sentence.
    pub(crate) names: Field,
    /// The row of normal forms, as marks.
    pub(crate) marks: Field,
    /// Number of the passage in its document (high half) and of its section (low half).
    pub(crate) place: Field,
    /// How many words.
    pub(crate) length: Field,
    /// The passage itself.
    pub(crate) stored: Field,
}

pub(crate) fn schema() -> (Schema, Fields) {
    let words = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::WithFreqs),
    );
    let names = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic),
    );
    let name = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let mut schema = Schema::builder();
    let fields = Fields {
        document: schema.add_text_field(
            "document",
            TextOptions::default().set_indexing_options(name).set_fast("raw"),
        ),
        words: schema.add_text_field("words", words),
        names: schema.add_text_field("names", names),
        marks: schema.add_u64_field("marks", NumericOptions::default().set_fast()),
        place: schema.add_u64_field("place", NumericOptions::default().set_fast()),
        length: schema.add_u64_field("length", NumericOptions::default().set_fast()),
        stored: schema.add_bytes_field("stored", tantivy::schema::STORED),
    };
    (schema.build(), fields)
}

/// Two numbers in one column.
pub(crate) fn pack(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

pub(crate) fn unpack(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}

/// Adds, replaces and removes the documents of one assistant.
///
/// Nothing of it is seen before the generation is committed; dropped unfinished, the generation cannot be committed.
pub struct Shelf<'a> {
    assistant: AssistantId,
    folder: PathBuf,
    index: tantivy::Index,
    writer: IndexWriter,
    fields: Fields,
    records: HashMap<String, DocumentRecord>,
    beside: Beside<'a>,
    manifest: &'a mut Manifest,
    unfinished: &'a mut usize,
}

/// By what nearness in meaning is made for the passages.
pub(crate) struct Beside<'a> {
    pub(crate) words: Option<Arc<Words>>,
    pub(crate) modelled: Option<&'a Modelled>,
    /// Whether a model comes in a later generation, which wants what one before has left.
    pub(crate) later: bool,
}

impl<'a> Shelf<'a> {
    pub(crate) fn open(
        folder: PathBuf,
        assistant: AssistantId,
        beside: Beside<'a>,
        manifest: &'a mut Manifest,
        unfinished: &'a mut usize,
    ) -> Result<Self, StoreError> {
        let (index, writer, fields) = open(&folder).map_err(|error| StoreError::write(&folder, error))?;
        let records = manifest
            .documents(assistant)
            .iter()
            .map(|record| (record.name.clone(), record.clone()))
            .collect();
        *unfinished += 1;
        Ok(Self {
            assistant,
            folder,
            index,
            writer,
            fields,
            records,
            beside,
            manifest,
            unfinished,
        })
    }

    /// Puts a document in the place of whatever had its name; its passages come in reading order.
    ///
    /// # Errors
    ///
    /// When the index cannot be written.
    pub fn put(&mut self, record: DocumentRecord, passages: Vec<Entry>) -> Result<(), StoreError> {
        self.remove(&record.name);
        for (number, entry) in passages.into_iter().enumerate() {
            let document = to_tantivy(self.fields, &record.name, number as u32, entry);
            self.writer
                .add_document(document)
                .map_err(|error| StoreError::write(&self.folder, error))?;
        }
        self.records.insert(record.name.clone(), record);
        Ok(())
    }

    /// Keeps a document as it is under a new record.
    pub fn touch(&mut self, record: DocumentRecord) {
        self.records.insert(record.name.clone(), record);
    }

    /// Takes a document out.
    pub fn remove(&mut self, name: &str) {
        if self.records.remove(name).is_some() {
            self.writer
                .delete_term(Term::from_field_text(self.fields.document, name));
        }
    }

    /// Writes everything to disk; with a model, passages that it has not encoded yet are encoded here.
    ///
    /// # Errors
    ///
    /// When the index cannot be written, or the model fails.
    pub fn finish(self) -> Result<(), StoreError> {
        let Self {
            assistant,
            folder,
            index,
            writer,
            fields,
            records,
            beside,
            manifest,
            unfinished,
        } = self;
        let written = write(&index, writer).and_then(|()| {
            let known = words_of(&index, fields.words)?;
            Vocabulary::write(&folder, &known)?;
            match &beside.words {
                Some(words) => Index::write_vectors(&folder, words),
                None => Ok(Vectors::remove(&folder)?),
            }
        });
        written.map_err(|error| StoreError::write(&folder, error))?;
        let encoded = match beside.modelled {
            Some(modelled) => {
                let before = modelled.before.as_ref();
                let before = before.map(|before| before.join(assistant.to_string()));
                Index::write_dense(&folder, before.as_deref(), modelled)
            }
            None if beside.later => Ok(()),
            None => Dense::remove(&folder).map_err(DenseError::from),
        };
        encoded.map_err(|error| match error {
            DenseError::Model(cause) => StoreError::Model(cause),
            DenseError::Index(error) => StoreError::write(&folder, error),
        })?;
        manifest.set(assistant, records.into_values().collect());
        *unfinished -= 1;
        Ok(())
    }
}

/// Returns how a new index stores passages: in blocks of a few, since each hit has a block unpacked for it. In blocks of 16 KiB unpacking
/// was a seventh of a question's time, a hundred thousand passages searched.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_blocksize: 4 << 10,
        ..IndexSettings::default()
    }
}

/// Returns the words that stand in the segments.
pub(crate) fn words_of(index: &tantivy::Index, field: Field) -> tantivy::Result<HashSet<String>> {
    let mut words = HashSet::new();
    for segment in index.searchable_segments()? {
        let inverted = SegmentReader::open(&segment)?.inverted_index(field)?;
        let mut terms = inverted.terms().stream()?;
        while terms.advance() {
            words.insert(String::from_utf8_lossy(terms.key()).into_owned());
        }
    }
    Ok(words)
}

fn open(folder: &Path) -> tantivy::Result<(tantivy::Index, IndexWriter, Fields)> {
    let (schema, fields) = schema();
    std::fs::create_dir_all(folder)?;
    let directory = tantivy::directory::MmapDirectory::open(folder)?;
    let index = tantivy::Index::builder()
        .schema(schema)
        .settings(settings())
        .open_or_create(directory)?;
    // One thread keeps the passages of a document together and the memory bounded.
    let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    Ok((index, writer, fields))
}

fn write(index: &tantivy::Index, mut writer: IndexWriter) -> tantivy::Result<()> {
    writer.commit()?;
    let segments = index.searchable_segment_metas()?;
    let all = segments.len() > MAX_SEGMENTS;
    let anew: Vec<_> = segments
        .iter()
        .filter(|segment| all || segment.has_deletes())
        .map(tantivy::index::SegmentMeta::id)
        .collect();
    // What a segment's list of files holds on to is not removed while the list lives.
    drop(segments);
    if !anew.is_empty() {
        writer.merge(&anew).wait()?;
        writer.garbage_collect_files().wait()?;
    }
    writer.wait_merging_threads()
}
