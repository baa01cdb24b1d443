//! The model of `[embeddings]`, in this process or on a server: opened when the settings name one, kept while its files stand.
//!
//! Owns the step from a directory or a server to what the index asks for, the threads that passages are encoded on, and telling how far
//! that has come. Invariant: without the setting nothing here is opened or kept.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use docent_encoder::{Encoder, EncoderError, Purpose};
use docent_index::{Embedder, EmbedderError};
use docent_models::{Embeddings as Client, Prefixes};
use indicatif::{HumanDuration, ProgressBar};
use tokio::runtime::Runtime;

use crate::failure::Failure;
use crate::library::counted;
use crate::models;
use crate::settings::{Embeddings, Server};

/// How often a log hears how far encoding has come.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The model that is open, for whoever asks for it again.
#[derive(Default)]
pub(crate) struct Models(Mutex<Option<(Wanted, Arc<dyn Embedder>)>>);

/// By what a model is told to be the one that is open.
#[derive(PartialEq)]
enum Wanted {
    Local {
        path: PathBuf,
        settings: docent_encoder::Settings,
        files: Vec<(PathBuf, u64, Option<SystemTime>)>,
    },
    Remote {
        servers: Vec<Server>,
        settings: docent_encoder::Settings,
        dimensions: usize,
    },
}

impl Models {
    /// Returns the model that the settings of a library name; nothing when they name none.
    pub(crate) fn of(
        &self,
        root: &Path,
        embeddings: &Embeddings,
    ) -> Result<Option<Arc<dyn Embedder>>, Failure> {
        let Some(path) = &embeddings.path else {
            return self.remote(root, embeddings);
        };
        // A relative path counts from the library.
        let path = root.join(path);
        let wanted = Wanted::Local {
            files: files(&path),
            settings: embeddings.model.clone(),
            path: path.clone(),
        };
        // What stands there is replaced whole.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, model)) = open.as_ref().filter(|(known, _)| *known == wanted) {
            return Ok(Some(model.clone()));
        }
        *open = None;
        let model: Arc<dyn Embedder> = Arc::new(Local::open(&path, &embeddings.model)?);
        *open = Some((wanted, model.clone()));
        Ok(Some(model))
    }

    /// Returns the model on a server that the settings name; it is not asked anything yet.
    fn remote(&self, root: &Path, embeddings: &Embeddings) -> Result<Option<Arc<dyn Embedder>>, Failure> {
        if embeddings.servers.is_empty() {
            return Ok(None);
        }
        let Some(dimensions) = embeddings.dimensions else {
            return Err(Failure::Models {
                section: "embeddings",
                reason: "dimensions is not set: how many numbers a vector of this model has".to_owned(),
            });
        };
        let wanted = Wanted::Remote {
            servers: embeddings.servers.clone(),
            settings: embeddings.model.clone(),
            dimensions,
        };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, model)) = open.as_ref().filter(|(known, _)| *known == wanted) {
            return Ok(Some(model.clone()));
        }
        let model: Arc<dyn Embedder> = Arc::new(Remote::open(root, embeddings, dimensions)?);
        *open = Some((wanted, model.clone()));
        Ok(Some(model))
    }
}

/// Lists the files of a model and of its folders with their sizes and times of change.
fn files(path: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let list = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut found = list(path);
    let inside: Vec<PathBuf> = found
        .iter()
        .filter(|one| one.is_dir())
        .flat_map(|one| list(one))
        .collect();
    found.extend(inside);
    found.sort_unstable();
    let stamped = found.into_iter().filter_map(|path| {
        // Links are followed: a model's cache is made of them.
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Some((path, metadata.len(), metadata.modified().ok()))
    });
    stamped.collect()
}

/// A model run in this process.
pub(crate) struct Local {
    encoder: Encoder,
    told: Told,
}

/// A model on a server.
struct Remote {
    client: Client,
    /// Waits for the server on behalf of threads that may be held up; none only while it is dropped.
    runtime: Option<Runtime>,
    fingerprint: [u8; 16],
    dimensions: usize,
    told: Told,
}

/// How long a question waits for its vector; past it words alone find.
const QUESTION: Duration = Duration::from_secs(2);

/// How long a batch of passages may take: slow servers encode some passages a second.
const BATCH: Duration = Duration::from_mins(5);

impl Remote {
    fn open(root: &Path, embeddings: &Embeddings, dimensions: usize) -> Result<Self, Failure> {
        let prefix = |prefix: &Option<String>| prefix.clone().unwrap_or_default();
        let prefixes = Prefixes {
            query: prefix(&embeddings.model.query_prefix),
            passage: prefix(&embeddings.model.passage_prefix),
        };
        // Where it runs does not change what it says.
        let model = embeddings.servers.first().map_or("", |server| &server.model);
        let told = format!("{model}\n{dimensions}\n{}\n{}", prefixes.query, prefixes.passage);
        let client = models::embeddings(&embeddings.servers, root, prefixes)?;
        Ok(Self {
            client: client.with_dimension(dimensions),
            runtime: Some(
                tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?,
            ),
            fingerprint: docent_ingest::version_of(told.as_bytes()).0,
            dimensions,
            told: Told::default(),
        })
    }

    fn embed(
        &self,
        texts: &[String],
        purpose: docent_models::Purpose,
        time: Duration,
    ) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let runtime = self.runtime.as_ref().ok_or("the program ends")?;
        Ok(runtime.block_on(self.client.embed(texts, purpose, Instant::now() + time))?)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Whoever drops it may not wait.
            runtime.shutdown_background();
        }
    }
}

impl Embedder for Remote {
    fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.dimensions
    }

    fn passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        self.embed(texts, docent_models::Purpose::Passage, BATCH)
    }

    fn question(&self, text: &str) -> Result<Vec<f32>, EmbedderError> {
        let mut vectors = self.embed(&[text.to_owned()], docent_models::Purpose::Query, QUESTION)?;
        Ok(vectors.pop().unwrap_or_default())
    }

    fn progress(&self, done: usize, all: usize) {
        self.told.progress(done, all);
    }
}

/// What was told of how far encoding has come.
#[derive(Default)]
struct Told(Mutex<Option<Begun>>);

/// How far encoding has come.
struct Begun {
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    since: Instant,
    told: Instant,
}

impl Local {
    pub(crate) fn open(path: &Path, settings: &docent_encoder::Settings) -> Result<Self, EncoderError> {
        Ok(Self {
            encoder: Encoder::open(path, settings)?,
            told: Told::default(),
        })
    }
}

impl Embedder for Local {
    fn fingerprint(&self) -> [u8; 16] {
        self.encoder.fingerprint()
    }

    fn dimension(&self) -> usize {
        self.encoder.dimension()
    }

    fn passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let share = texts.len().div_ceil(workers).max(1);
        let encode = |texts: &[String]| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            self.encoder.encode(&texts, Purpose::Passage)
        };
        let made: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = texts
                .chunks(share)
                .map(|part| scope.spawn(move || encode(part)))
                .collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        let mut vectors = Vec::with_capacity(texts.len());
        for part in made {
            vectors.extend(part.map_err(|_| "the tokeniser broke off at a text")??);
        }
        Ok(vectors)
    }

    fn question(&self, text: &str) -> Result<Vec<f32>, EmbedderError> {
        let mut vectors = self.encoder.encode(&[text], Purpose::Question)?;
        Ok(vectors.pop().unwrap_or_default())
    }

    fn progress(&self, done: usize, all: usize) {
        self.told.progress(done, all);
    }
}

impl Told {
    fn progress(&self, done: usize, all: usize) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let begun = open.get_or_insert_with(|| Begun {
            bar: if std::io::stderr().is_terminal() {
                ProgressBar::new(all as u64)
            } else {
                ProgressBar::hidden()
            },
            since: now,
            told: now,
        });
        begun.bar.set_position(done as u64);
        if done == all {
            begun.bar.finish_and_clear();
            *open = None;
            eprintln!("encoded by the model: {}", counted(all as u64, "passage"));
        } else if begun.bar.is_hidden() && begun.told.elapsed() >= LINE_EVERY {
            begun.told = now;
            eprintln!("{}", line(done, all, begun.since.elapsed()));
        }
    }
}

/// Says how far encoding has come; the time is counted from the end of the first batch.
fn line(done: usize, all: usize, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(f64::EPSILON);
    let left = all.saturating_sub(done) as f64 / rate.max(f64::EPSILON);
    let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
    format!(
        "encoding: {done} of {all} passages, {rate:.1} a second, about {} left",
        HumanDuration(left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_passages_rate_and_time_left() {
        assert_eq!(
            line(64, 6_464, Duration::from_secs(4)),
            "encoding: 64 of 6464 passages, 16.0 a second, about 7 minutes left"
        );
    }
}
