//! The index directory: generations, one of which is current.
//!
//! ```text
//! index/
//!   LOCK            held, with the number of the process and the time inside, by whoever builds
//!   CURRENT         name of the current generation; changed by a rename
//!   gen-000007/     never changes once it is current
//!     manifest.json
//!     words         word vectors, where the operator brought some
//!   passages.journal  what a model has made for a generation that is not whole yet
//!     1/ 2/ …       one tantivy index for each assistant
//!   new/            a generation being built; whatever is found there at a start is thrown away
//! ```
//!
//! Owns that layout and the switch. A generation is built from hard links to the unchanged files of the one before, so it
//! costs what has changed. Invariant: at every moment, a kill and a full disk included, CURRENT names a whole generation
//! or there is none yet.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use docent_corpus::AssistantId;

use crate::disk::{link_or_copy, sync_folder, write_whole};
use crate::manifest::Manifest;
use crate::search::Index;
use crate::semantic::{
    Embedder, Embedding, Fusion, Journal, WORDS, Words, WordsError, WordsMade, WordsMakeError, WordsStamp,
};
use crate::shelf::{Beside, Shelf};

/// The file that names the current generation; it changes by a rename, so that whoever watches it sees every switch.
pub const CURRENT: &str = "CURRENT";
const LOCK: &str = "LOCK";
const NEW: &str = "new";
const PREFIX: &str = "gen-";

/// What the libraries below said.
type Cause = Box<dyn Error + Send + Sync>;

/// The index directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder of it could not be read or written.
    #[error("cannot use {path}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process is building.
    #[error("the index in {path} is being built by {holder}")]
    Locked {
        /// The index directory.
        path: PathBuf,
        /// Number of that process and since when, or «another process» when it has not written them yet.
        holder: String,
    },
    /// The current generation cannot be read.
    #[error("the index in {path} is damaged")]
    Damaged {
        /// The generation.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// The operator's word vectors could not be used.
    #[error("cannot use the word vectors in {path}")]
    Words {
        /// The operator's file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: WordsError,
    },
    /// The model did not encode the passages.
    #[error("the model of [embeddings] failed")]
    Model(#[source] Cause),
    /// Passages could not be written.
    #[error("cannot write the index in {path}")]
    Write {
        /// The generation being built.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
}

impl StoreError {
    pub(crate) fn write(path: &Path, source: tantivy::TantivyError) -> Self {
        Self::Write {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

fn words_at(path: &Path) -> impl FnOnce(WordsError) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Words { path, source }
}

/// An index directory; nothing is opened or made before it is asked for.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    reader: u32,
    words: Option<(PathBuf, WordsStamp)>,
    embedding: Option<Embedding>,
    /// Whether a model comes in a later generation.
    later: bool,
}

impl Store {
    /// Names the directory. `reader` is the version of what turned files into passages: a generation made by another one
    /// is not opened.
    pub fn new(root: impl Into<PathBuf>, reader: u32) -> Self {
        Self {
            root: root.into(),
            reader,
            words: None,
            embedding: None,
            later: false,
        }
    }

    /// Takes a model by which passages are encoded in the generations that are built from here on, and questions in those
    /// that are opened and were built by the same model.
    #[must_use]
    pub fn with_embedder(mut self, embedder: Arc<dyn Embedder>, fusion: Fusion) -> Self {
        self.embedding = Some(Embedding { embedder, fusion });
        self
    }

    /// Returns the same store for a generation in which words alone find, until a later one has what the model makes.
    #[must_use]
    pub fn words_first(&self) -> Self {
        Self {
            embedding: None,
            later: self.has_embedder(),
            ..self.clone()
        }
    }

    /// Tells whether it has a model.
    pub fn has_embedder(&self) -> bool {
        self.embedding.is_some()
    }

    /// Tells whether the passages of a generation were encoded by the model of this store, or by none as this store has none.
    pub fn has_model_of(&self, generation: &Generation) -> bool {
        generation.manifest.model() == self.embedding.as_ref().map(Embedding::stamp).as_deref()
    }

    /// Takes the operator's word vectors for the generations that are built from here on.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn with_words(mut self, path: &Path) -> Result<Self, StoreError> {
        let stamp = WordsStamp::of(path).map_err(words_at(path))?;
        self.words = Some((path.to_owned(), stamp));
        Ok(self)
    }

    /// Tells whether a generation was built with the word vectors of this store, or without any as this store is.
    pub fn has_words_of(&self, generation: &Generation) -> bool {
        generation.manifest.words() == self.stamp()
    }

    fn stamp(&self) -> Option<WordsStamp> {
        self.words.as_ref().map(|words| words.1)
    }

    /// Returns where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens the current generation; nothing when there is none, or when another version of docent made it.
    ///
    /// Takes milliseconds: files are mapped, not read. Needs no right to write.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read or the generation is damaged.
    pub fn open(&self) -> Result<Option<Generation>, StoreError> {
        /// A builder may remove a generation between the reading of its name and of itself.
        const ATTEMPTS: usize = 3;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let Some(name) = self.current()? else {
                return Ok(None);
            };
            match Generation::open(&self.root.join(&name), self) {
                Err(error) if last.as_ref() != Some(&name) => {
                    last = Some(name);
                    drop(error);
                }
                done => return done,
            }
        }
        Ok(None)
    }

    fn current(&self) -> Result<Option<String>, StoreError> {
        let path = self.root.join(CURRENT);
        match fs::read_to_string(&path) {
            Ok(name) => Ok(Some(name.trim().to_owned()).filter(|name| number_of(name).is_some())),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
                Ok(None)
            }
            Err(error) => Err(io_at(&path)(error)),
        }
    }

    /// Begins a generation that holds what `base` holds of the `kept` assistants.
    ///
    /// # Errors
    ///
    /// When another process builds, or the directory cannot be written.
    pub fn begin(&self, base: Option<&Generation>, kept: &[AssistantId]) -> Result<Draft, StoreError> {
        fs::create_dir_all(&self.root).map_err(io_at(&self.root))?;
        let lock = self.lock()?;
        let folder = self.root.join(NEW);
        remove_folder(&folder).map_err(io_at(&folder))?;
        let remains = Remains(Some(folder.clone()));
        fs::create_dir(&folder).map_err(io_at(&folder))?;
        let mut manifest = Manifest::new(
            self.reader,
            self.stamp(),
            self.embedding.as_ref().map(Embedding::stamp),
        );
        let (words, made) = self.words_for(&folder, base)?;
        let modelled = self.modelled()?;
        if let Some(base) = base {
            for &assistant in kept {
                let home = base.folder.join(assistant.to_string());
                if home.is_dir() {
                    let new = folder.join(assistant.to_string());
                    link_folder(&home, &new).map_err(io_at(&new))?;
                    manifest.set(assistant, base.manifest.documents(assistant).to_vec());
                }
            }
        }
        Ok(Draft {
            store: self.clone(),
            remains,
            folder,
            manifest,
            words,
            made,
            modelled,
            unfinished: 0,
            _lock: lock,
        })
    }

    /// Opens what a model has made so far.
    fn modelled(&self) -> Result<Option<Modelled>, StoreError> {
        let Some(embedding) = &self.embedding else {
            return Ok(None);
        };
        let journal = Journal::open(&self.root, embedding).map_err(io_at(&self.root))?;
        // The current generation, even when everything is read anew: its vectors are those of the same texts.
        let before = self.current()?.map(|name| self.root.join(name));
        Ok(Some(Modelled {
            embedding: embedding.clone(),
            journal,
            before,
        }))
    }

    /// Puts the words of this store into a generation being built: those of the one before, when they are the same.
    fn words_for(
        &self,
        folder: &Path,
        base: Option<&Generation>,
    ) -> Result<(Option<Arc<Words>>, Option<WordsMade>), StoreError> {
        let Some((path, stamp)) = &self.words else {
            return Ok((None, None));
        };
        let home = folder.join(WORDS);
        let same = base.filter(|base| self.has_words_of(base) && base.folder.join(WORDS).is_file());
        let made = if let Some(base) = same {
            link_or_copy(&base.folder.join(WORDS), &home).map_err(io_at(&home))?;
            None
        } else {
            let mut out = BufWriter::new(File::create(&home).map_err(io_at(&home))?);
            let made = Words::make(path, *stamp, &mut out).map_err(|error| match error {
                WordsMakeError::Read(error) => words_at(path)(error),
                WordsMakeError::Write(error) => io_at(&home)(error),
            })?;
            let file = out.into_inner().map_err(io::IntoInnerError::into_error);
            file.and_then(|file| file.sync_all()).map_err(io_at(&home))?;
            if WordsStamp::of(path).map_err(words_at(path))? != *stamp {
                let changing = WordsError::Format("the file is being written".to_owned());
                return Err(words_at(path)(changing));
            }
            Some(made)
        };
        let words = Words::open(folder).map_err(|error| StoreError::write(&home, error))?;
        Ok((Some(Arc::new(words)), made))
    }

    fn lock(&self) -> Result<File, StoreError> {
        let path = self.root.join(LOCK);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut written = String::new();
                // What stands there is for the message only.
                let _ = file.read_to_string(&mut written);
                return Err(StoreError::Locked {
                    path: self.root.clone(),
                    holder: holder(&written, SystemTime::now()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io_at(&path)(error)),
        }
        let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| write!(file, "{} {}", std::process::id(), begun.as_secs()))
            .map_err(io_at(&path))?;
        Ok(file)
    }

    fn generations(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if number_of(&name).is_some() {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// Says who holds the lock, from what the holder wrote into it: its number and the seconds since 1970 when it began.
fn holder(written: &str, now: SystemTime) -> String {
    let mut words = written.split_whitespace();
    let Some(number) = words.next() else {
        return "another process".to_owned();
    };
    let begun = words.next().and_then(|seconds| seconds.parse().ok());
    let since = begun.and_then(|seconds| {
        let begun = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
        now.duration_since(begun).ok()
    });
    match since.map(|since| since.as_secs()) {
        Some(seconds @ 0..120) => format!("process {number} for {seconds} s"),
        Some(seconds @ 120..7_200) => format!("process {number} for {} min", seconds / 60),
        Some(seconds) => format!("process {number} for {} h", seconds / 3_600),
        None => format!("process {number}"),
    }
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Gives a folder's files second names in a new folder: tantivy never changes a file in place but its two lists, which are
/// copied.
fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let target = to.join(&name);
        match name.to_str() {
            Some("meta.json" | ".managed.json") => {
                fs::copy(entry.path(), target)?;
            }
            Some(name) if name.starts_with(".tantivy") => {}
            _ => link_or_copy(&entry.path(), &target)?,
        }
    }
    Ok(())
}

/// A generation being built. Dropped without [`Draft::commit`], it leaves the current one as it was.
pub struct Draft {
    store: Store,
    folder: PathBuf,
    manifest: Manifest,
    words: Option<Arc<Words>>,
    made: Option<WordsMade>,
    modelled: Option<Modelled>,
    unfinished: usize,
    // Dropped before the lock: nobody else builds while it is cleared away.
    remains: Remains,
    _lock: File,
}

/// A model, with what it has made already.
pub(crate) struct Modelled {
    pub(crate) embedding: Embedding,
    pub(crate) journal: Journal,
    /// The generation that is current.
    pub(crate) before: Option<PathBuf>,
}

/// What a build that failed leaves behind: removed, so that a full disk does not stay full of it.
struct Remains(Option<PathBuf>);

impl Drop for Remains {
    fn drop(&mut self) {
        if let Some(folder) = self.0.take() {
            // The next build tries again.
            let _ = remove_folder(&folder);
        }
    }
}

impl Draft {
    /// Opens an assistant's passages for change.
    ///
    /// # Errors
    ///
    /// When its folder cannot be made or written.
    pub fn shelf(&mut self, assistant: AssistantId) -> Result<Shelf<'_>, StoreError> {
        let folder = self.folder.join(assistant.to_string());
        let beside = Beside {
            words: self.words.clone(),
            modelled: self.modelled.as_ref(),
            later: self.store.later,
        };
        Shelf::open(
            folder,
            assistant,
            beside,
            &mut self.manifest,
            &mut self.unfinished,
        )
    }

    /// Returns what was made of the operator's word vectors; nothing when there are none or those of before stand.
    pub fn words_made(&self) -> Option<WordsMade> {
        self.made
    }

    /// Makes the generation current, removes the ones before, and opens it.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the generation before stays current.
    ///
    /// # Panics
    ///
    /// When a [`Shelf`] was dropped without [`Shelf::finish`].
    pub fn commit(self) -> Result<Generation, StoreError> {
        let Self {
            store,
            folder,
            manifest,
            unfinished,
            words: _,
            made: _,
            modelled,
            // The lock first, so that it is given up last.
            _lock,
            mut remains,
        } = self;
        assert_eq!(
            unfinished, 0,
            "a shelf was dropped unfinished: its changes are lost"
        );
        manifest.write(&folder).map_err(io_at(&folder))?;
        let olds = store.generations().map_err(io_at(&store.root))?;
        let number = olds.iter().filter_map(|name| number_of(name)).max().unwrap_or(0) + 1;
        let name = format!("{PREFIX}{number:06}");
        let home = store.root.join(&name);
        fs::rename(&folder, &home).map_err(io_at(&home))?;
        remains.0 = None;
        sync_folder(&store.root).map_err(io_at(&store.root))?;
        let opened = Generation::open(&home, &store)?;
        let current = store.root.join(CURRENT);
        write_whole(&current, name.as_bytes()).map_err(io_at(&current))?;
        if !store.later {
            drop(modelled);
            Journal::remove(&store.root);
        }
        for old in olds {
            // One that cannot be removed costs space, and the next build tries again.
            let _ = remove_folder(&store.root.join(old));
        }
        opened.ok_or_else(|| {
            let missing = io::Error::other("the generation just written is not there");
            io_at(&home)(missing)
        })
    }
}

/// One state of the library, opened for reading; it stays readable when newer ones replace it.
pub struct Generation {
    folder: PathBuf,
    manifest: Manifest,
    indexes: HashMap<AssistantId, Index>,
}

impl Generation {
    fn open(folder: &Path, store: &Store) -> Result<Option<Self>, StoreError> {
        let manifest = Manifest::read(folder).map_err(|source| StoreError::Damaged {
            path: folder.to_owned(),
            source: source.into(),
        })?;
        if !manifest.is_current(store.reader) {
            return Ok(None);
        }
        let damaged = |path: &Path, source: tantivy::TantivyError| StoreError::Damaged {
            path: path.to_owned(),
            source: source.into(),
        };
        let words = match manifest.words() {
            Some(_) => {
                let words = Words::open(folder).map_err(|source| damaged(&folder.join(WORDS), source))?;
                Some(Arc::new(words))
            }
            None => None,
        };
        let embedding = store.embedding.as_ref();
        let embedding = embedding.filter(|own| manifest.model() == Some(&own.stamp()));
        let mut indexes = HashMap::new();
        for assistant in manifest.assistants() {
            let home = folder.join(assistant.to_string());
            // tantivy panics at some files that were cut short.
            let opened = catch_unwind(AssertUnwindSafe(|| Index::open(&home, words.clone(), embedding)))
                .unwrap_or_else(|_| {
                    Err(tantivy::TantivyError::InternalError(
                        "a file is broken".to_owned(),
                    ))
                });
            let index = opened.map_err(|source| damaged(&home, source))?;
            indexes.insert(assistant, index);
        }
        Ok(Some(Self {
            folder: folder.to_owned(),
            manifest,
            indexes,
        }))
    }

    /// Returns what it was made from.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns its number: each generation has a higher one than those before.
    pub fn number(&self) -> u64 {
        let name = self.folder.file_name().and_then(|name| name.to_str());
        name.and_then(number_of).unwrap_or(0)
    }

    /// Returns an assistant's passages; nothing when the library had no such assistant.
    pub fn index(&self, assistant: AssistantId) -> Option<&Index> {
        self.indexes.get(&assistant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_the_lock_is_told_with_its_number_and_for_how_long() {
        let now = UNIX_EPOCH + Duration::from_secs(10_000);
        for (written, told) in [
            ("", "another process"),
            ("7", "process 7"),
            ("7 9995", "process 7 for 5 s"),
            ("7 9400", "process 7 for 10 min"),
            ("7 10", "process 7 for 2 h"),
            ("7 10001", "process 7"),
            ("7 99999999999999999999", "process 7"),
        ] {
            assert_eq!(holder(written, now), told, "{written}");
        }
    }
}
