//! The queue in front of the database and the thread that empties it.
//!
//! The thread has a runtime of its own, so that neither masking nor SQL ever holds a thread on which people wait.
//!
//! Invariants: putting something in takes a lock that is never held over a wait; what waits is bounded in count and in bytes;
//! every record is written or counted as lost; the order is kept, so that a judgement comes after its question.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use sqlx::AnyConnection;
use sqlx::Connection;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::entry::Entry;
use crate::place::Place;
use crate::privacy::{Text, redact};
use crate::store::{self, JournalError, Judged, Missing};

/// What a journal keeps and how much of it may wait.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is.
    pub place: Place,
    /// What is kept of the text.
    pub text: Text,
    /// How long a question is kept; for ever at the largest value.
    pub keep: Duration,
    /// Records that may wait: two seconds of what a machine of eight cores answers.
    pub max_waiting: usize,
    /// Bytes that may wait: as many questions of 1,000 bytes as may wait, so that long ones do not take the memory.
    pub max_waiting_bytes: usize,
    /// The longest that a record waits while others could join it: what a killed process may lose.
    pub interval: Duration,
    /// Records that do not wait any longer: a transaction of this size costs little for each.
    pub batch: usize,
    /// How long a stopping journal tries to write what waits: a server that stops has some seconds, and a database that is
    /// there needs a fraction of one.
    pub last: Duration,
}

impl Settings {
    /// Returns the usual settings for a journal at a place.
    pub fn at(place: Place) -> Self {
        Self {
            place,
            text: Text::default(),
            keep: Duration::from_hours(24 * 90),
            max_waiting: 16_384,
            max_waiting_bytes: 16 << 20,
            // Half of the second that may be lost; writing and the clock have the other half.
            interval: Duration::from_millis(500),
            batch: 1_024,
            last: Duration::from_secs(5),
        }
    }
}

/// What became of the records so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Committed.
    pub written: u64,
    /// Given up, because too many waited.
    pub lost: u64,
}

#[derive(Debug)]
enum Item {
    Asked(Entry),
    Judged(Judged),
}

#[derive(Default)]
struct Queue {
    items: Vec<Item>,
    bytes: usize,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// Something is there for an idle writer, a batch is full, or the journal is closed.
    stir: Notify,
    text: Text,
    max_waiting: usize,
    max_waiting_bytes: usize,
    batch: usize,
    written: AtomicU64,
    lost: AtomicU64,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole between any two statements.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes nothing more, and lets the thread end when it has written what waits.
    fn close(&self) {
        self.queue().closed = true;
        self.stir.notify_one();
    }

    fn put(&self, item: Item) {
        let size = match &item {
            Item::Asked(entry) => entry.size(),
            Item::Judged(judged) => size_of::<Item>() + judged.request.len(),
        };
        let mut queue = self.queue();
        let full = queue.items.len() >= self.max_waiting
            || queue.bytes.saturating_add(size) > self.max_waiting_bytes;
        if full || queue.closed {
            drop(queue);
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        queue.bytes += size;
        queue.items.push(item);
        let waiting = queue.items.len();
        drop(queue);
        if waiting == 1 || waiting == self.batch {
            self.stir.notify_one();
        }
    }
}

/// Where records go. Clones share one queue.
#[derive(Clone)]
pub struct Journal(Arc<Shared>);

/// Ends the journal when it is dropped: what waits is written, for at most [`Settings::last`].
pub struct Writing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Begins a journal and the thread that writes it. Returns at once: the database is opened by the thread.
///
/// # Errors
///
/// When the system gives no thread.
pub fn begin(settings: Settings) -> std::io::Result<(Journal, Writing)> {
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        stir: Notify::new(),
        text: settings.text,
        max_waiting: settings.max_waiting,
        max_waiting_bytes: settings.max_waiting_bytes,
        batch: settings.batch,
        written: AtomicU64::new(0),
        lost: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let writer = Writer {
        shared: shared.clone(),
        settings,
    };
    let thread = thread::Builder::new()
        .name("docent-journal".to_owned())
        .spawn(move || runtime.block_on(writer.run()))?;
    let writing = Writing {
        shared: shared.clone(),
        thread: Some(thread),
    };
    Ok((Journal(shared), writing))
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the journal panicked");
        }
    }
}

impl Journal {
    /// Takes a question that has ended. Never waits; what does not fit is counted as lost.
    pub fn record(&self, mut entry: Entry) {
        if self.0.text == Text::Off {
            entry.question = None;
        }
        self.0.put(Item::Asked(entry));
    }

    /// Takes a judgement on the answer to a question recorded before. A later one replaces it.
    pub fn judge(&self, request: String, helpful: bool) {
        self.0.put(Item::Judged(Judged { request, helpful }));
    }

    /// Tells whether questions are worth their text: with [`Text::Off`] nobody need copy it.
    pub fn wants_text(&self) -> bool {
        self.0.text != Text::Off
    }

    /// Returns what became of the records so far.
    pub fn counts(&self) -> Counts {
        Counts {
            written: self.0.written.load(Ordering::Relaxed),
            lost: self.0.lost.load(Ordering::Relaxed),
        }
    }
}

/// Writes what is recorded.
struct Writer {
    shared: Arc<Shared>,
    settings: Settings,
}

/// How often old questions are taken out.
const EXPIRY: Duration = Duration::from_hours(1);

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause: a database that is back is used within half a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What was taken out of the queue and is not written yet.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    judged: Vec<Judged>,
}

impl Batch {
    fn len(&self) -> usize {
        self.entries.len() + self.judged.len()
    }
}

impl Writer {
    /// Writes until the journal is closed and nothing waits, or for [`Settings::last`] longer.
    ///
    /// A database that cannot be opened or written is told in the log once, and tried again. What had to be given up is told at the end.
    async fn run(self) {
        let mut state = State {
            connection: None,
            batch: Batch::default(),
            pause: None,
            expire: Instant::now(),
            began: (SystemTime::now(), Instant::now()),
        };
        loop {
            let closed = self.wait(&mut state).await;
            if closed {
                let last = tokio::time::timeout(self.settings.last, self.finish(&mut state));
                let _ = last.await;
                break;
            }
            self.step(&mut state).await;
        }
        let rest = state.batch.len() + self.shared.queue().items.len();
        if rest > 0 {
            self.shared.lost.fetch_add(rest as u64, Ordering::Relaxed);
            tracing::error!(records = rest, "the journal could not be written before the end");
        }
        if let Some(connection) = state.connection {
            // In SQLite the last one to close puts the log of changes into the file.
            let _ = tokio::time::timeout(Duration::from_secs(1), connection.close()).await;
        }
    }

    /// Waits for something to do; tells whether the journal was closed.
    async fn wait(&self, state: &mut State) -> bool {
        let enough = |queue: &Queue| queue.closed || queue.items.len() >= self.settings.batch;
        // After a failure nothing but the end hurries.
        let mut due = match state.pause {
            Some(pause) => Instant::now() + pause,
            None if state.batch.len() > 0 => return self.shared.queue().closed,
            None => state.expire,
        };
        let mut gathering = state.pause.is_some();
        loop {
            {
                let queue = self.shared.queue();
                if queue.closed {
                    return true;
                }
                if state.pause.is_none() && enough(&queue) {
                    return false;
                }
                if !gathering && !queue.items.is_empty() {
                    gathering = true;
                    due = due.min(Instant::now() + self.settings.interval);
                }
            }
            tokio::select! {
                biased;
                () = self.shared.stir.notified() => {}
                () = tokio::time::sleep_until(due) => return false,
            }
        }
    }

    /// Writes what waits, whatever it takes.
    async fn finish(&self, state: &mut State) {
        loop {
            self.step(state).await;
            if let Some(pause) = state.pause {
                tokio::time::sleep(pause.min(FIRST_PAUSE)).await;
            } else if state.batch.len() == 0 && self.shared.queue().items.is_empty() {
                return;
            }
        }
    }

    /// Takes a batch and writes it, or keeps it for the next time.
    async fn step(&self, state: &mut State) {
        if state.batch.len() == 0 {
            state.batch = self.take();
        }
        match self.attempt(state).await {
            Ok(()) => {
                if state.pause.take().is_some() {
                    tracing::info!(place = %self.settings.place, "the journal is written again");
                }
            }
            Err(error) => {
                // A connection that failed may be half dead.
                state.connection = None;
                if state.pause.is_none() {
                    let error = chain(&error);
                    tracing::error!(place = %self.settings.place, error, "the journal cannot be written; it is tried again, and questions are answered all the same");
                }
                state.pause = Some(
                    state
                        .pause
                        .map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE)),
                );
            }
        }
    }

    async fn attempt(&self, state: &mut State) -> Result<(), JournalError> {
        let connection = match &mut state.connection {
            Some(connection) => connection,
            none => none.insert(store::open(&self.settings.place, Missing::Make).await?),
        };
        if state.batch.len() > 0 {
            store::write(connection, &state.batch.entries, &state.batch.judged).await?;
            let written = mem::take(&mut state.batch).len();
            self.shared.written.fetch_add(written as u64, Ordering::Relaxed);
        }
        if state.expire <= Instant::now() {
            state.expire = Instant::now() + EXPIRY;
            let (wall, since) = state.began;
            let now = steady(wall, since.elapsed(), SystemTime::now());
            if let Some(before) = now.checked_sub(self.settings.keep) {
                let gone = store::expire(connection, before).await?;
                if gone > 0 {
                    tracing::info!(
                        questions = gone,
                        "the journal has let go of what it is to keep no longer"
                    );
                }
            }
        }
        Ok(())
    }

    /// Takes everything that waits, masked as it is to be written.
    fn take(&self) -> Batch {
        let items = {
            let mut queue = self.shared.queue();
            queue.bytes = 0;
            mem::take(&mut queue.items)
        };
        let mut batch = Batch::default();
        for item in items {
            match item {
                Item::Judged(judged) => batch.judged.push(judged),
                Item::Asked(mut entry) => {
                    if self.settings.text == Text::Redacted {
                        entry.question = entry.question.as_deref().map(redact);
                    }
                    batch.entries.push(entry);
                }
            }
        }
        batch
    }
}

/// What the writer knows between its steps.
struct State {
    connection: Option<AnyConnection>,
    batch: Batch,
    /// How long the next attempt is put off, after a failure.
    pause: Option<Duration>,
    /// When old questions are taken out next.
    expire: Instant,
    /// When the writer began, by the clock on the wall and by the one that never jumps.
    began: (SystemTime, Instant),
}

/// Returns the time by which questions grow old: a clock that was put forward by mistake must not empty the journal. Time that the machine
/// slept is not counted before the next start.
fn steady(began: SystemTime, elapsed: Duration, wall: SystemTime) -> SystemTime {
    began.checked_add(elapsed).map_or(wall, |steady| steady.min(wall))
}

/// Returns an error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_clock_put_forward_makes_nothing_older_and_one_put_back_keeps_more() {
        let at = |hours: u64| UNIX_EPOCH + Duration::from_hours(hours);
        let day = Duration::from_hours(24);
        assert_eq!(steady(at(100), day, at(124)), at(124));
        assert_eq!(steady(at(100), day, at(9_000)), at(124));
        assert_eq!(steady(at(100), day, at(50)), at(50));
    }
}
