//! Directions of the passages of one assistant by a model of whole texts, and how near a question is to each.
//!
//! Owns one table beside the segments in the numbering of [`crate::Index`], and a journal beside the generations: what a model has
//! made for a generation that is not whole yet, so that a build that was killed goes on where it was. Leaves the model to
//! whoever brings an [`Embedder`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use docent_corpus::Passage;
use tantivy::directory::OwnedBytes;

use super::table::{Rows, Table, WIDEST, unit};
use super::vectors::lines;
use super::{STEP, hash64, quantised, u32_at, u64_at};

/// The name of the table beside the segments.
const PASSAGES: &str = "passages.vectors";

/// The name of the journal beside the generations.
const JOURNAL: &str = "passages.journal";

/// Passages that are handed to a model at once: enough for several threads, and a kill loses some seconds of them.
const BATCH: usize = 64;

/// Bytes of a journal's beginning: mark, width, fingerprint.
const HEAD: usize = 24;
const MARK: u32 = 0x646f_7602;

/// Bytes of an entry beside its row: hash of the text, what one whole number is, hash of the entry.
const BESIDE: usize = 20;

/// What a model said when it failed.
pub type EmbedderError = Box<dyn std::error::Error + Send + Sync>;

/// Turns texts into directions of meaning.
///
/// Blocks for as long as a model takes; several threads may ask at once.
pub trait Embedder: Send + Sync {
    /// Returns by what its vectors are told from those of other models and settings.
    fn fingerprint(&self) -> [u8; 16];

    /// Returns how many numbers a vector has, at most 2,048.
    fn dimension(&self) -> usize;

    /// Returns a vector for each passage, in their order.
    ///
    /// # Errors
    ///
    /// When the model fails; what it made before is kept.
    fn passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedderError>;

    /// Returns the vector of a question.
    ///
    /// # Errors
    ///
    /// When the model fails; the question is then answered by its words alone.
    fn question(&self, text: &str) -> Result<Vec<f32>, EmbedderError>;

    /// Is told how many of the passages that had to be encoded are done.
    fn progress(&self, done: usize, all: usize) {
        let _ = (done, all);
    }
}

/// How the order by words and the order by nearness become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fusion {
    /// The scores are added, each by its weight.
    #[default]
    Sum,
    /// The places in both orders are added as reciprocals (Cormack, Clarke and Büttcher 2009).
    Rrf,
}

/// A model with the way it is used.
#[derive(Clone)]
pub(crate) struct Embedding {
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) fusion: Fusion,
}

impl std::fmt::Debug for Embedding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Embedding({}, {:?})", self.stamp(), self.fusion)
    }
}

impl Embedding {
    /// Returns the fingerprint as it is written down.
    pub(crate) fn stamp(&self) -> String {
        let bytes = self.embedder.fingerprint();
        format!("{:032x}", u128::from_be_bytes(bytes))
    }

    fn id(&self) -> u64 {
        u64_at(&self.embedder.fingerprint(), 0)
    }

    fn width(&self) -> usize {
        self.embedder.dimension().next_multiple_of(STEP)
    }

    /// Checks a vector and brings it to whole numbers; nothing of one without a direction.
    fn row(&self, vector: Vec<f32>) -> Result<Option<(Vec<u8>, f32)>, EmbedderError> {
        let (got, wanted) = (vector.len(), self.embedder.dimension());
        if got != wanted {
            return Err(format!("the model gave {got} numbers in place of {wanted}").into());
        }
        Ok(unit(vector).map(|unit| quantised(&unit, self.width())))
    }
}

/// Nearness to the passages of one assistant.
pub(crate) struct Dense {
    embedding: Embedding,
    table: Table,
}

/// Vectors could not be made.
#[derive(Debug)]
pub(crate) enum DenseError {
    /// The model failed.
    Model(EmbedderError),
    /// The index could not be read or written.
    Index(tantivy::TantivyError),
}

impl From<tantivy::TantivyError> for DenseError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error)
    }
}

impl From<io::Error> for DenseError {
    fn from(error: io::Error) -> Self {
        Self::Index(error.into())
    }
}

/// What a model reads of a passage: what it is about, and its text. What stands there twice is said once.
fn told(passage: &Passage) -> String {
    let mut text = String::new();
    let above = std::iter::once(&passage.title).chain(&passage.headings);
    let mut last = "";
    for line in above.map(|line| &**line).chain(lines(passage)) {
        if line.is_empty() || line == last {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
        last = line;
    }
    text
}

impl Dense {
    /// Opens the table of a folder of segments; nothing when it is not that of this model and of so many passages.
    pub(crate) fn open(
        folder: &Path,
        embedding: Embedding,
        passages: usize,
    ) -> tantivy::Result<Option<Self>> {
        let table = Table::open(folder, PASSAGES)?;
        let fits = table.is_of(embedding.id(), embedding.width()) && table.len() == passages;
        Ok(fits.then_some(Self { embedding, table }))
    }

    /// Makes it in memory; `stored` gives a passage as it is stored.
    pub(crate) fn build(
        embedding: Embedding,
        passages: usize,
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> Result<Self, DenseError> {
        let journal = Journal::default();
        let file = rows(
            &embedding,
            &journal,
            None,
            Cursor::new(Vec::new()),
            passages,
            stored,
        )?;
        let broken = || tantivy::TantivyError::InternalError("the vectors are broken".to_owned());
        let table = Table::of(OwnedBytes::new(file.into_inner())).ok_or_else(broken)?;
        Ok(Self { embedding, table })
    }

    /// Writes the table of a folder of segments in place of the one that is there, of which, as of that of `before`, it takes
    /// what stands.
    pub(crate) fn write(
        folder: &Path,
        before: Option<&Path>,
        embedding: &Embedding,
        journal: &Journal,
        passages: usize,
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> Result<(), DenseError> {
        let own = |folder: &Path| {
            let table = Table::open(folder, PASSAGES).ok();
            table.filter(|table| table.is_of(embedding.id(), embedding.width()))
        };
        let old = own(folder).or_else(|| before.and_then(own));
        let path = folder.join(PASSAGES);
        let new = path.with_extension("new");
        let file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&new)?;
        let file = rows(embedding, journal, old.as_ref(), file, passages, stored)?;
        file.sync_all()?;
        std::fs::rename(new, path)?;
        Ok(crate::disk::sync_folder(folder)?)
    }

    /// Removes the table of a folder.
    pub(crate) fn remove(folder: &Path) -> io::Result<()> {
        match std::fs::remove_file(folder.join(PASSAGES)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns how near each passage is to a question; nothing when the model fails or has nothing to say.
    pub(crate) fn nearness(&self, question: &str) -> Option<Vec<f32>> {
        let mut asked = self.embedding.embedder.question(question).ok()?;
        if asked.len() != self.embedding.embedder.dimension() {
            return None;
        }
        asked.resize(self.embedding.width(), 0.0);
        self.table.nearness(&unit(asked)?)
    }

    /// Returns how both orders become one.
    pub(crate) fn fusion(&self) -> Fusion {
        self.embedding.fusion
    }
}

/// Fills a table: rows that are known are taken over, the others made in batches, each of which the journal keeps.
fn rows<F: Read + Write + Seek>(
    embedding: &Embedding,
    journal: &Journal,
    old: Option<&Table>,
    file: F,
    passages: usize,
    stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
) -> Result<F, DenseError> {
    let embedder = &embedding.embedder;
    if embedder.dimension() > WIDEST {
        let what = format!("vectors of more than {WIDEST} numbers are not taken");
        return Err(DenseError::Model(what.into()));
    }
    let text = |number: u32| {
        let passage = crate::entry::decode(&stored(number)?).ok_or_else(|| {
            tantivy::TantivyError::InternalError("a stored passage cannot be read".to_owned())
        })?;
        Ok::<_, tantivy::TantivyError>(told(&passage))
    };
    let known = old.map(Table::keys).unwrap_or_default();
    let mut keys = Vec::with_capacity(passages);
    // The first passage with each text that nobody knows yet.
    let mut missing: Vec<u32> = Vec::new();
    let mut sought = std::collections::HashSet::new();
    for number in 0..passages as u32 {
        let key = hash64(&[text(number)?.as_bytes()]);
        keys.push(key);
        if !known.contains_key(&key) && !journal.knows(key) && sought.insert(key) {
            missing.push(number);
        }
    }
    let mut done = 0;
    for batch in missing.chunks(BATCH) {
        let texts: Vec<String> = batch
            .iter()
            .map(|&number| text(number))
            .collect::<Result<_, _>>()?;
        let vectors = embedder.passages(&texts).map_err(DenseError::Model)?;
        if vectors.len() != texts.len() {
            let what = format!(
                "the model gave {} vectors for {} texts",
                vectors.len(),
                texts.len()
            );
            return Err(DenseError::Model(what.into()));
        }
        let mut made = Vec::with_capacity(batch.len());
        for (&number, vector) in batch.iter().zip(vectors) {
            let row = embedding.row(vector).map_err(DenseError::Model)?;
            made.push((keys[number as usize], row));
        }
        journal.keep(made, embedding.width())?;
        done += batch.len();
        embedder.progress(done, missing.len());
    }
    let mut rows = Rows::new(file, embedding.width(), embedding.id(), old);
    for key in keys {
        rows.put(key, || journal.row(key))?;
    }
    Ok(rows.finish()?)
}

/// A row: whole numbers as bytes, and what one of them is.
type Row = (Vec<u8>, f32);

/// Rows by the hash of their text, on disk as soon as they are made; in memory alone without a file.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    file: Option<File>,
    rows: HashMap<u64, Row>,
}

impl Journal {
    fn path(root: &Path) -> PathBuf {
        root.join(JOURNAL)
    }

    /// Opens the journal of an index directory: what another model made, or was half written, is thrown away.
    pub(crate) fn open(root: &Path, embedding: &Embedding) -> io::Result<Self> {
        let width = embedding.width();
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(Self::path(root))?;
        let mut head = [MARK.to_le_bytes(), (width as u32).to_le_bytes()].concat();
        head.extend(embedding.embedder.fingerprint());
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut rows = HashMap::new();
        let mut whole = HEAD;
        if bytes.get(..HEAD) == Some(&head) {
            for entry in bytes[HEAD..].chunks_exact(width + BESIDE) {
                let (own, check) = entry.split_at(width + BESIDE - 8);
                if hash64(&[own]) != u64_at(check, 0) {
                    break;
                }
                let row = own[12..].to_vec();
                rows.insert(u64_at(own, 0), (row, f32::from_bits(u32_at(own, 8))));
                whole += entry.len();
            }
        } else {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(&head)?;
        }
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::Start(whole as u64))?;
        let kept = Kept {
            file: Some(file),
            rows,
        };
        Ok(Self(Mutex::new(kept)))
    }

    /// Removes the journal of an index directory: what it held is in a generation, or no longer wanted.
    pub(crate) fn remove(root: &Path) {
        // One that cannot be removed costs space, and the next build reads it.
        let _ = std::fs::remove_file(Self::path(root));
    }

    fn knows(&self, key: u64) -> bool {
        self.kept().rows.contains_key(&key)
    }

    fn row(&self, key: u64) -> Option<(Vec<u8>, f32)> {
        self.kept().rows.get(&key).cloned()
    }

    /// Keeps rows; a text without a direction has one of noughts.
    fn keep(&self, made: Vec<(u64, Option<Row>)>, width: usize) -> io::Result<()> {
        let mut kept = self.kept();
        let mut bytes = Vec::with_capacity(made.len() * (width + BESIDE));
        for (key, row) in made {
            let (row, step) = row.unwrap_or_else(|| (vec![0; width], 0.0));
            let first = bytes.len();
            bytes.extend(key.to_le_bytes());
            bytes.extend(step.to_le_bytes());
            bytes.extend(&row);
            let check = hash64(&[&bytes[first..]]);
            bytes.extend(check.to_le_bytes());
            kept.rows.insert(key, (row, step));
        }
        match &mut kept.file {
            Some(file) => file.write_all(&bytes),
            None => Ok(()),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Rows are inserted whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
