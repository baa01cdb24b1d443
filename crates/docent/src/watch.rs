//! The folder stays the truth while the server runs.
//!
//! Owns noticing that something in the library has changed — by the system's notifications, and by looking anew from time to
//! time, because network drives give none — and putting the new state before the engine. A child brings the index up to
//! date, as at a start.
//!
//! Invariants: what cannot be brought up to date leaves the state before in place and is said in the log; dropping a
//! [`Watch`] ends its child and waits for its thread.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use docent_corpus::Assistant;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::answers::Answers;
use crate::check::{self, Guard};
use crate::desk::Desk;
use crate::embeddings::Models;
use crate::golden;
use crate::lexicon::Lexicons;
use crate::library::{self, Opened, Stopped};
use crate::looks::{Ended, Looks};

/// A burst of changes is over when nothing has come for this long: programs save a file in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// A folder that never gets quiet is looked at nevertheless.
const BURST: Duration = Duration::from_secs(1);

/// A file changed within the last two seconds cannot be told by its time of change yet; it is looked at once more when it can.
const SETTLE: Duration = Duration::from_millis(2_200);

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`], so that a full disk is not written to without rest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failure: what an operator has mended works a minute later at the latest.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How the library is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watching {
    /// Not at all: a restart takes in what has changed.
    Off,
    /// By the notifications of the system, and a look every minute in case one was lost.
    Notified,
    /// By looking at this interval, for network drives.
    Every(Duration),
}

impl Watching {
    /// How often one looks without being told to.
    fn interval(self) -> Duration {
        /// Notifications are lost only when the system's queue runs over.
        const SAFETY: Duration = Duration::from_mins(1);
        match self {
            Self::Every(interval) => interval,
            Self::Notified => SAFETY,
            // Only when it is asked for.
            Self::Off => Duration::MAX,
        }
    }
}

impl fmt::Display for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Notified => f.write_str("on"),
            Self::Every(interval) => humantime::format_duration(*interval).fmt(f),
        }
    }
}

/// Neither `on` nor `off` nor an interval.
pub(crate) struct NotWatching;

impl FromStr for Watching {
    type Err = NotWatching;

    fn from_str(text: &str) -> Result<Self, NotWatching> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::Notified),
            _ => humantime::parse_duration(text)
                .ok()
                .filter(|interval| !interval.is_zero())
                .map(Self::Every)
                .ok_or(NotWatching),
        }
    }
}

/// Something has changed, or may have.
pub(crate) struct Stir;

/// A library being watched.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    stir: Option<SyncSender<Stir>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch a library and its index; nothing when it is switched off and nobody asks for looks either, as whoever keeps the
    /// documents at the desk (`kept`) does.
    pub(crate) fn begin(
        (root, data): (&Path, &Path),
        how: Watching,
        guard: Guard,
        desk: Arc<Desk>,
        models: Arc<Models>,
        looks: &Arc<Looks>,
        kept: bool,
    ) -> Option<Self> {
        if how == Watching::Off && !kept {
            return None;
        }
        let stop = Arc::new(AtomicBool::new(false));
        // One place is enough: who finds it taken has nothing to add.
        let (stir, stirs) = sync_channel(1);
        let mut watched = Watched {
            root: root.to_owned(),
            data: data.to_owned(),
            desk,
            models,
            looks: looks.clone(),
            guard,
            refused: None,
            stop: stop.clone(),
            failed: None,
            warned: None,
        };
        let own = stir.clone();
        let thread = thread::Builder::new()
            .name("docent-watch".to_owned())
            .spawn(move || {
                // Dropped with the thread, which ends the notifications.
                let _notifications = match how {
                    Watching::Notified => watched.notifications(own),
                    Watching::Every(_) | Watching::Off => None,
                };
                watched.run(&stirs, how.interval());
            });
        match thread {
            Ok(thread) => Some(Self {
                stop,
                stir: Some(stir),
                thread: Some(thread),
            }),
            Err(error) => {
                tracing::warn!(%error, "the library is not watched; a restart takes in what changes");
                None
            }
        }
    }
}

impl Watch {
    /// Returns what asks for a look at the folder.
    pub(crate) fn stir(&self) -> Option<SyncSender<Stir>> {
        self.stir.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(stir) = self.stir.take() {
            // One that waits already wakes it as well.
            let _ = stir.try_send(Stir);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A state that the guard did not let go live. Other documents, settings or questions make another one.
#[derive(PartialEq)]
struct Refused {
    generation: u64,
    assistants: Vec<Assistant>,
    questions: Vec<Option<String>>,
    lexicons: Lexicons,
    answers: Arc<Answers>,
}

impl Refused {
    fn of(opened: &Opened) -> Self {
        let folders = &opened.library.assistants;
        let questions = |folder: &Path| std::fs::read_to_string(folder.join(golden::FILE)).ok();
        Self {
            generation: opened.generation.number(),
            assistants: folders.iter().map(|one| one.assistant.clone()).collect(),
            questions: folders.iter().map(|one| questions(&one.folder)).collect(),
            lexicons: opened.lexicons.clone(),
            answers: opened.answers.clone(),
        }
    }
}

/// What the thread works on.
struct Watched {
    root: PathBuf,
    data: PathBuf,
    desk: Arc<Desk>,
    models: Arc<Models>,
    looks: Arc<Looks>,
    guard: Guard,
    /// What the guard did not let go live: asked once, not at every look.
    refused: Option<Refused>,
    stop: Arc<AtomicBool>,
    /// The pause after the last look, when that failed.
    failed: Option<Duration>,
    /// What was told of the library last; nothing before the first look, as the start has told it.
    warned: Option<Vec<String>>,
}

impl Watched {
    /// Asks the system to tell of changes; nothing when it does not.
    fn notifications(&self, stir: SyncSender<Stir>) -> Option<RecommendedWatcher> {
        // The index is written inside the library as a rule; of it, only a switch of generations counts.
        let data = self.data.canonicalize().unwrap_or_else(|_| self.data.clone());
        let counts = move |path: &PathBuf| {
            path.strip_prefix(&data)
                .map_or(true, |inside| inside == Path::new(docent_index::CURRENT))
        };
        let tell = move |event: notify::Result<notify::Event>| {
            let tells = match event {
                // Reading a file is no change of it, and looking at the library reads folders.
                Ok(event) => {
                    !matches!(event.kind, EventKind::Access(_))
                        && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(&counts))
                }
                // Something was lost: look.
                Err(_) => true,
            };
            if tells {
                // One that waits already says the same, and nobody listens any more when the server stops.
                let _ = stir.try_send(Stir);
            }
        };
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let data = self.data.canonicalize().unwrap_or_else(|_| self.data.clone());
        let begun = notify::recommended_watcher(tell).and_then(|mut watcher| {
            watcher.watch(&root, RecursiveMode::Recursive)?;
            if !data.starts_with(&root) {
                watcher.watch(&data, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        begun
            .inspect_err(|error| {
                tracing::warn!(%error, "the system does not tell of changes in the library; docent looks every minute");
            })
            .ok()
    }

    fn run(&mut self, stirs: &Receiver<Stir>, interval: Duration) {
        // What changed between the opening of the library and now was told to nobody.
        let mut wait = Duration::ZERO;
        loop {
            match stirs.recv_timeout(wait) {
                Ok(Stir) => calm(stirs),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            wait = match self.look() {
                Ok(settled) if settled => interval,
                Ok(_) => interval.min(SETTLE),
                Err(Stopped) => return,
            };
            if let Some(pause) = self.failed {
                // Changes that come meanwhile are seen by the look after the pause.
                wait = interval.min(pause);
                match stirs.recv_timeout(wait.min(FIRST_PAUSE)) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(Stir) | Err(RecvTimeoutError::Timeout) => {}
                }
            }
        }
    }

    /// Takes in what has changed; tells whether every file can be told by its time of change.
    fn look(&mut self) -> Result<bool, Stopped> {
        let begun = Instant::now();
        self.looks.begin();
        match library::reopen(&self.root, &self.data, &self.models, &self.stop, &self.looks)? {
            Ok(opened) => {
                self.failed = None;
                let settled = opened.is_settled();
                self.warn(&opened);
                let ended = self.put(opened, begun);
                self.looks.end(ended);
                Ok(settled)
            }
            Err(failure) => {
                let pause = self
                    .failed
                    .map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
                self.failed = Some(pause);
                self.looks.end(Ended::Failed);
                let error = crate::failure::chain(&failure);
                tracing::warn!(
                    error,
                    "the change of the library is not taken in; the state before goes on answering"
                );
                Ok(false)
            }
        }
    }

    /// Tells the log what has become wrong with the library: an answer that holds no longer, a line that cannot be read.
    fn warn(&mut self, opened: &Opened) {
        let now = &opened.library.warnings;
        // A child has told it on the same terminal.
        if let Some(before) = self.warned.as_ref().filter(|_| !opened.work.told) {
            for warning in now.iter().filter(|warning| !before.contains(warning)) {
                tracing::warn!("{warning}");
            }
        }
        self.warned = Some(now.clone());
    }

    fn put(&mut self, opened: Opened, begun: Instant) -> Ended {
        let number = opened.generation.number();
        let state = Refused::of(&opened);
        if !self.desk.differs(&opened) {
            return Ended::Live;
        }
        if self.refused.as_ref() == Some(&state) {
            return Ended::Held;
        }
        if !check::may_go_live(self.guard, &opened, &self.data) {
            self.refused = Some(state);
            return Ended::Held;
        }
        self.refused = None;
        if self.desk.put(opened) {
            tracing::info!(
                generation = number,
                elapsed_ms = begun.elapsed().as_millis() as u64,
                "the library has changed; its new state answers"
            );
        }
        Ended::Live
    }
}

/// Waits until a burst of changes is over.
fn calm(stirs: &Receiver<Stir>) {
    let begun = Instant::now();
    while begun.elapsed() < BURST && stirs.recv_timeout(QUIET).is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_of_watching_reads_as_it_is_written() {
        for (written, meant) in [
            ("on", Watching::Notified),
            ("off", Watching::Off),
            ("5s", Watching::Every(Duration::from_secs(5))),
        ] {
            assert_eq!(written.parse::<Watching>().ok(), Some(meant));
            assert_eq!(meant.to_string(), written);
        }
        assert!("0s".parse::<Watching>().is_err() && "yes".parse::<Watching>().is_err());
    }
}
