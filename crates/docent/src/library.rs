//! From the operator's folder to a snapshot that answers.
//!
//! Owns bringing the index up to date: which files changed since the current generation, reading those, the switch. Leaves
//! reading to `docent-ingest` and storing to `docent-index`.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, BufRead as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use docent_corpus::AssistantId;
use docent_index::{DocumentRecord, Draft, Generation, Refusal, Stamp, Store, StoreError, Told, WordsMade};
use docent_ingest::{AssistantFolder, FoundFile, Library, READER_VERSION, scan};

use crate::answers::{self, Answers};
use crate::check::Checked;
use crate::embeddings::Models;
use crate::failure::Failure;
use crate::lexicon::{self, Lexicons};
use crate::looks::Looks;
use crate::progress::Progress;
use crate::reader::Reader;
use crate::settings::Config;
use crate::status::Status;

mod file;

use file::{Outcome, read};

/// The folder of the index inside a library.
pub(crate) const INSIDE: &str = ".docent";

/// Documents read ahead of the one being written: enough to keep the readers busy, few enough to bound memory.
const READ_AHEAD: usize = 4;

/// A library with its index.
pub(crate) struct Opened {
    /// The assistants as they are set up now.
    pub(crate) library: Library,
    /// The passages of their documents.
    pub(crate) generation: Generation,
    /// The operator's words.
    pub(crate) lexicons: Lexicons,
    /// The operator's own answers.
    pub(crate) answers: Arc<Answers>,
    /// What was done to get there.
    pub(crate) work: Work,
}

/// What an update of the index did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    /// Files whose text was read.
    pub(crate) read: usize,
    /// Documents that are no longer there.
    pub(crate) removed: usize,
    /// Whether a new generation was made.
    pub(crate) switched: bool,
    /// Whether a child has told all this already.
    pub(crate) told: bool,
}

/// What has to be done for one assistant.
struct Change<'a> {
    folder: &'a AssistantFolder,
    changed: Vec<&'a FoundFile>,
    removed: Vec<String>,
}

impl Change<'_> {
    fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }
}

/// What to do when another process is building the same index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Wait until it is done, then look again.
    Wait,
    /// Say who it is and give up.
    GiveUp,
}

/// Returns the index of a library with the word vectors and the model that its settings name.
fn store(root: &Path, data: &Path, models: &Models) -> Result<Store, Failure> {
    let Config {
        words, embeddings, ..
    } = Config::read(root)?;
    let mut store = Store::new(data, READER_VERSION);
    if let Some(words) = words {
        // A relative path counts from the library.
        store = store.with_words(&root.join(words))?;
    }
    Ok(match models.of(root, &embeddings)? {
        Some(model) => store.with_embedder(model, embeddings.fusion),
        None => store,
    })
}

/// How much of an index is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything that the settings name.
    Whole,
    /// What words find; a model's work, which may take hours, is left to whoever comes next.
    Words,
}

/// Brings the index up to date; words find before a model has encoded anything, and without one that fails.
fn build(
    library: &Library,
    store: &Store,
    anew: bool,
    extent: Extent,
    counts: bool,
) -> Result<(Generation, Work), Failure> {
    if !store.has_embedder() {
        return bring_up_to_date(library, store, anew, counts);
    }
    if extent == Extent::Words {
        return bring_up_to_date(library, &store.words_first(), anew, counts);
    }
    let first = if !anew && usable(store)?.is_none() {
        Some(bring_up_to_date(library, &store.words_first(), false, counts)?)
    } else {
        None
    };
    match (bring_up_to_date(library, store, anew, counts), first) {
        (Ok((generation, _)), Some((_, work))) => Ok((generation, work)),
        (Err(Failure::Store(error @ StoreError::Model(_))), first) => {
            eprintln!("warning: {}; words alone find", crate::failure::chain(&error));
            first.map_or_else(
                || bring_up_to_date(library, &store.words_first(), anew, counts),
                Ok,
            )
        }
        (done, _) => done,
    }
}

/// How often a waiting process looks whether the other is done.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Brings the index up to date with the folder, in this process, and opens it; `anew` reads every file again, `counts` tells on
/// standard output how many are read.
///
/// What could not be read is kept in the index as such and costs only itself.
pub(crate) fn index(
    root: &Path,
    data: &Path,
    anew: bool,
    patience: Patience,
    extent: Extent,
    models: &Models,
    counts: bool,
) -> Result<Opened, Failure> {
    let store = store(root, data, models)?;
    let mut told = false;
    loop {
        let library = scan(root, Some(data))?;
        match build(&library, &store, anew, extent, counts) {
            Err(Failure::Store(error @ StoreError::Locked { .. })) if patience == Patience::Wait => {
                if !told {
                    eprintln!("{error}; waiting for it");
                    told = true;
                }
                thread::sleep(LOOK_AGAIN);
            }
            done => {
                let (generation, work) = done?;
                return Ok(Opened::of(library, generation, work));
            }
        }
    }
}

/// Opens the index; when the folder has changed since it was made, a child process brings it up to date first.
///
/// What indexing takes of memory goes with the child.
pub(crate) fn open(root: &Path, data: &Path, models: &Models) -> Result<Opened, Failure> {
    let store = store(root, data, models)?;
    let library = scan(root, Some(data))?;
    if let Some(current) = usable(&store)?
        && is_up_to_date(&store, &current, &changes(&library, Some(&current)))
    {
        return Ok(Opened::of(library, current, Work::default()));
    }
    let ended = start_child(root, data, Extent::Whole, Stdio::null())?.wait();
    after_child(root, &store, ended)
}

/// Opens the index for a server: as [`open`] does, but where it cannot be brought up to date, what is there answers.
///
/// A full or read-only disk is mended while people go on asking; whoever watches the library tries again.
///
/// When `later` somebody brings it up to date, words find at once, and what a model has to encode is not waited for.
pub(crate) fn open_to_serve(
    root: &Path,
    data: &Path,
    models: &Models,
    later: bool,
) -> Result<Opened, Failure> {
    let open = if later { open_words } else { open };
    let failure = match open(root, data, models) {
        Err(failure) if failure.is_of_the_index() => failure,
        done => return done,
    };
    let store = Store::new(data, READER_VERSION);
    let (Ok(Some(generation)), Ok(mut library)) = (store.open(), scan(root, Some(data))) else {
        return Err(failure);
    };
    library
        .assistants
        .retain(|one| generation.index(one.assistant.id).is_some());
    eprintln!(
        "warning: {}; the state before answers",
        crate::failure::chain(&failure)
    );
    Ok(Opened::of(library, generation, Work::default()))
}

/// Opens the index as [`open`] does, but for what a model has not encoded yet.
fn open_words(root: &Path, data: &Path, models: &Models) -> Result<Opened, Failure> {
    let store = store(root, data, models)?;
    if !store.has_embedder() {
        return open(root, data, models);
    }
    let library = scan(root, Some(data))?;
    if let Some(current) = usable(&store)?
        && stands(&store, &current, &changes(&library, Some(&current)))
    {
        return Ok(Opened::of(library, current, Work::default()));
    }
    let ended = start_child(root, data, Extent::Words, Stdio::null())?.wait();
    after_child(root, &store, ended)
}

/// The server is stopping.
pub(crate) struct Stopped;

/// Opens the index once more while a server runs, as [`open`] does; `stop` ends the child and the wait for it.
pub(crate) fn reopen(
    root: &Path,
    data: &Path,
    models: &Models,
    stop: &AtomicBool,
    looks: &Arc<Looks>,
) -> Result<Result<Opened, Failure>, Stopped> {
    let store = match store(root, data, models) {
        Ok(store) => store,
        Err(failure) => return Ok(Err(failure)),
    };
    let looked = || {
        let library = scan(root, Some(data))?;
        let current = usable(&store)?
            .filter(|current| is_up_to_date(&store, current, &changes(&library, Some(current))));
        Ok(match current {
            Some(generation) => Ok(Opened::of(library, generation, Work::default())),
            None => Err(start_child(root, data, Extent::Whole, Stdio::piped())?),
        })
    };
    let mut child = match looked() {
        Ok(Ok(opened)) => return Ok(Ok(opened)),
        Ok(Err(child)) => child,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(counts) = child.stdout.take() {
        let looks = looks.clone();
        // Ends with the child.
        thread::spawn(move || {
            for line in io::BufReader::new(counts).lines().map_while(Result::ok) {
                let read = line.split_once(' ');
                let read = read.and_then(|(done, of)| Some((done.parse().ok()?, of.parse().ok()?)));
                looks.reading(read);
            }
        });
    }
    loop {
        match child.try_wait() {
            Ok(None) if stop.load(Ordering::Relaxed) => {
                // The generation before stays; the next start reads what is missing.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Stopped);
            }
            Ok(None) => thread::sleep(LOOK_AGAIN),
            Ok(Some(status)) => return Ok(after_child(root, &store, Ok(status))),
            Err(error) => return Ok(after_child(root, &store, Err(error))),
        }
    }
}

/// Starts `docent index` on the same library; its progress, warnings and errors go to the same terminal, how many files it has
/// read to `counts`.
fn start_child(root: &Path, data: &Path, extent: Extent, counts: Stdio) -> Result<Child, Failure> {
    std::env::current_exe()
        .and_then(|program| {
            let mut command = Command::new(program);
            command.args(["index", "--wait", "--child"]);
            if extent == Extent::Words {
                command.arg("--words-first");
            }
            command
                .arg("--data")
                .arg(data)
                .arg("--")
                .arg(root)
                .stdin(Stdio::null())
                .stdout(counts)
                .spawn()
        })
        .map_err(|error| Failure::Indexer(error.to_string()))
}

/// Opens what a child has made.
fn after_child(root: &Path, store: &Store, ended: io::Result<ExitStatus>) -> Result<Opened, Failure> {
    succeeded(ended.map_err(|error| Failure::Indexer(error.to_string()))?)?;
    // A folder that goes on changing is served as the child found it.
    let library = scan(root, Some(store.root()))?;
    let generation = store
        .open()?
        .ok_or_else(|| Failure::Indexer("it ended well but left no index".to_owned()))?;
    let told = Work {
        told: true,
        ..Work::default()
    };
    Ok(Opened::of(library, generation, told))
}

/// Compares the folder with the index; reads nothing and changes nothing.
pub(crate) fn status(root: &Path, data: &Path) -> Result<Status, Failure> {
    let library = scan(root, Some(data))?;
    // What is there is compared with the documents alone.
    let current = usable(&Store::new(data, READER_VERSION))?;
    Ok(Status::of(library, current.as_ref(), Checked::kept(data)))
}

fn succeeded(status: ExitStatus) -> Result<(), Failure> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failure::Child(u8::try_from(code).unwrap_or(1))),
        None => Err(Failure::Indexer(status.to_string())),
    }
}

fn bring_up_to_date(
    library: &Library,
    store: &Store,
    anew: bool,
    counts: bool,
) -> Result<(Generation, Work), Failure> {
    let mut base = if anew { None } else { usable(store)? };
    let mut work = Work::default();
    let changes = changes(library, base.as_ref());
    if let Some(current) = base.take_if(|current| is_up_to_date(store, current, &changes)) {
        return Ok((current, work));
    }
    let kept: Vec<AssistantId> = changes.iter().map(|change| change.folder.assistant.id).collect();
    let mut draft = store.begin(base.as_ref(), &kept)?;
    if let Some(WordsMade { all, taken }) = draft.words_made() {
        eprintln!(
            "word vectors: {taken} of {all} words are used; numbers, rare words and what is no word are left out"
        );
    }
    let same_words = base
        .as_ref()
        .is_some_and(|base| store.has_words_of(base) && store.has_model_of(base));
    work.switched |= base.is_some() && !same_words;
    let all = changes.iter().map(|change| change.changed.len()).sum();
    let mut progress = Progress::begin(all, counts);
    for change in &changes {
        let held = |base: &Generation| base.index(change.folder.assistant.id).is_some();
        if !change.is_empty() || !same_words || !base.as_ref().is_some_and(held) {
            work.switched |= update(&mut draft, change, base.as_ref(), &mut progress, &mut work)?;
        }
    }
    progress.end();
    // The files that could not be read yesterday cannot be read today: no reason for a new generation.
    if let Some(base) =
        base.take_if(|base| !work.switched && kept.iter().copied().eq(base.manifest().assistants()))
    {
        return Ok((base, work));
    }
    work.switched = true;
    Ok((draft.commit()?, work))
}

/// Opens what is there; a damaged index is made anew from the folder, which is the truth.
fn usable(store: &Store) -> Result<Option<Generation>, Failure> {
    match store.open() {
        Err(error @ StoreError::Damaged { .. }) => {
            eprintln!("warning: {error}; every document is read again");
            Ok(None)
        }
        opened => Ok(opened?),
    }
}

fn changes<'a>(library: &'a Library, base: Option<&Generation>) -> Vec<Change<'a>> {
    let change = |folder: &'a AssistantFolder| {
        let id = folder.assistant.id;
        let record = |name: &str| base.and_then(|base| base.manifest().document(id, name));
        let now = SystemTime::now();
        let stands = |file: &&FoundFile| {
            let stamp = fs::metadata(&file.path)
                .ok()
                .and_then(|metadata| Stamp::of(&metadata, now));
            stamp.is_some() && record(&file.name).is_some_and(|record| record.stamp == stamp)
        };
        let there: HashSet<&str> = folder.files.iter().map(|file| file.name.as_str()).collect();
        let known = base.map_or(&[][..], |base| base.manifest().documents(id));
        Change {
            folder,
            changed: folder.files.iter().filter(|file| !stands(file)).collect(),
            removed: known
                .iter()
                .filter(|record| !there.contains(record.name.as_str()))
                .map(|record| record.name.clone())
                .collect(),
        }
    };
    library.assistants.iter().map(change).collect()
}

fn is_up_to_date(store: &Store, current: &Generation, changes: &[Change<'_>]) -> bool {
    stands(store, current, changes) && store.has_model_of(current)
}

/// The same but for what a model makes.
fn stands(store: &Store, current: &Generation, changes: &[Change<'_>]) -> bool {
    let wanted: Vec<AssistantId> = changes.iter().map(|change| change.folder.assistant.id).collect();
    let held: Vec<AssistantId> = current.manifest().assistants().collect();
    store.has_words_of(current) && wanted == held && changes.iter().all(Change::is_empty)
}

fn update(
    draft: &mut Draft,
    change: &Change<'_>,
    base: Option<&Generation>,
    progress: &mut Progress,
    work: &mut Work,
) -> Result<bool, Failure> {
    let id = change.folder.assistant.id;
    let known = |name: &str| base.and_then(|base| base.manifest().document(id, name));
    let mut differs = !change.removed.is_empty();
    let mut shelf = draft.shelf(id)?;
    for name in &change.removed {
        shelf.remove(name);
        work.removed += 1;
    }
    let next = Mutex::new(change.changed.iter());
    let (send, results) = sync_channel(READ_AHEAD);
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers.min(change.changed.len()) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                let mut reader = Reader::default();
                loop {
                    let file = next.lock().ok().and_then(|mut files| files.next());
                    let Some(file) = file else { break };
                    let known = known(&file.name);
                    // The writer is gone only when it failed; its error ends the run.
                    if send.send(read(&mut reader, file, known)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        // Dropped with its receiver at an error, so that no reader waits for ever.
        for outcome in results {
            match outcome {
                Outcome::Same(record) => {
                    progress.step(&record);
                    differs |= known(&record.name) != Some(&record);
                    shelf.touch(record);
                }
                Outcome::New(record, entries) => {
                    progress.step(&record);
                    if known(&record.name) != Some(&record) {
                        work.read += 1;
                        differs = true;
                        shelf.put(record, entries)?;
                    }
                }
                Outcome::Gone(name) => {
                    differs |= known(&name).is_some();
                    shelf.remove(&name);
                }
            }
        }
        Ok::<(), StoreError>(())
    })?;
    shelf.finish()?;
    Ok(differs)
}

impl Opened {
    fn of(mut library: Library, generation: Generation, work: Work) -> Self {
        let (lexicons, mut warnings) = lexicon::read(&library);
        library.warnings.append(&mut warnings);
        let (answers, mut warnings) = answers::read(&library);
        library.warnings.append(&mut warnings);
        let today = answers::day(SystemTime::now());
        for one in &library.assistants {
            let doubts = answers::doubts(&answers, &generation, one.assistant.id, &today);
            let told = |what| format!("{}: {}: {what}", one.assistant.name, answers::FILE);
            library.warnings.extend(doubts.into_iter().map(told));
        }
        Self {
            answers: Arc::new(answers),
            library,
            generation,
            lexicons,
            work,
        }
    }

    /// Binds the operator's words to the passages of this generation; where the index cannot be read they do nothing, as it will
    /// tell at the first question.
    pub(crate) fn told(&self) -> HashMap<AssistantId, Told> {
        let bound = self.lexicons.iter().filter_map(|(&id, lexicon)| {
            let index = self.generation.index(id)?;
            Some((id, index.told(lexicon).ok()?))
        });
        bound.collect()
    }

    /// Tells whether the next change of every file can be told by its time of change. Files that the system does not give
    /// are left to the next start or look.
    pub(crate) fn is_settled(&self) -> bool {
        let manifest = self.generation.manifest();
        let denied = |record: &DocumentRecord| {
            let refused = record.refused.as_ref();
            refused.is_some_and(|refusal| refusal.code == "denied")
        };
        manifest
            .assistants()
            .flat_map(|assistant| manifest.documents(assistant))
            .all(|record| record.stamp.is_some() || denied(record))
    }

    /// Tells on standard error what there is and what could not be read; at most `most` of the latter one by one.
    pub(crate) fn report(&self, begun: Instant, most: usize) {
        if self.work.told {
            return;
        }
        for warning in &self.library.warnings {
            eprintln!("warning: {warning}");
        }
        let manifest = self.generation.manifest();
        let (mut documents, mut refused) = (0, Vec::new());
        let mut all = 0;
        for one in &self.library.assistants {
            for record in manifest.documents(one.assistant.id) {
                all += record.passages;
                match &record.refused {
                    None => documents += 1,
                    Some(refusal) => refused.push((one, record, refusal)),
                }
            }
        }
        for (one, record, Refusal { code, reason }) in refused.iter().take(most) {
            eprintln!(
                "warning: {} ({}): {code}: {reason}",
                record.name, one.assistant.name
            );
        }
        if refused.len() > most {
            eprintln!(
                "warning: {} more could not be read; `docent index` lists them",
                counted((refused.len() - most) as u64, "file")
            );
        }
        let done = match &self.work {
            Work { switched: false, .. } => "nothing has changed".to_owned(),
            Work { read, removed, .. } => format!("{read} read now, {removed} removed"),
        };
        eprintln!(
            "{}, {}, {} not readable, {} ({done}, {:.2} s)",
            counted(self.library.assistants.len() as u64, "assistant"),
            counted(documents, "document"),
            refused.len(),
            counted(u64::from(all), "passage"),
            begun.elapsed().as_secs_f32(),
        );
    }
}

/// Returns a number with its noun in the form that English wants.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
