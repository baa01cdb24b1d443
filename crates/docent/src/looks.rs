//! How far a running server is with taking in changes of its library, and a way to wait for it.
//!
//! Owns the count of looks at the folder: whoever has changed it asks for one and waits for a look that began after that. One
//! look follows another, so the next to begin is such a one.

use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::watch::Stir;

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ended {
    /// What is in the folder answers.
    #[default]
    Live,
    /// The check by the golden questions keeps it back.
    Held,
    /// It could not be taken in.
    Failed,
}

#[derive(Default)]
struct Now {
    /// Looks begun and ended so far.
    begun: u64,
    ended: u64,
    last: Ended,
    /// Files read and to be read, while some are.
    reading: Option<(usize, usize)>,
}

/// The looks of one server.
#[derive(Default)]
pub(crate) struct Looks {
    now: Mutex<Now>,
    changed: Condvar,
}

impl Looks {
    fn now(&self) -> MutexGuard<'_, Now> {
        // Counts are whole between any two statements.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(&self) {
        self.now().begun += 1;
    }

    /// Takes how many files are read of those that have to be.
    pub(crate) fn reading(&self, read: Option<(usize, usize)>) {
        self.now().reading = read;
    }

    pub(crate) fn end(&self, how: Ended) {
        let mut now = self.now();
        now.ended = now.begun;
        now.last = how;
        now.reading = None;
        self.changed.notify_all();
    }

    /// Returns how the last look ended, and how far the reading of this one is.
    pub(crate) fn last(&self) -> (Ended, Option<(usize, usize)>) {
        let now = self.now();
        (now.last, now.reading)
    }

    /// Asks for a look and waits for one that begins from here on; nothing when it has not ended after `patience`. Blocks.
    pub(crate) fn fresh(&self, stir: &SyncSender<Stir>, patience: Duration) -> Option<Ended> {
        let begun = Instant::now();
        let mut now = self.now();
        let wanted = now.begun + 1;
        // One that waits already asks for the same.
        let _ = stir.try_send(Stir);
        while now.ended < wanted {
            let left = patience.checked_sub(begun.elapsed())?;
            let (woken, _) = self
                .changed
                .wait_timeout(now, left)
                .unwrap_or_else(PoisonError::into_inner);
            now = woken;
        }
        Some(now.last)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use super::*;

    #[test]
    fn a_look_that_was_under_way_before_is_not_waited_for() {
        let looks = Arc::new(Looks::default());
        let (stir, stirs) = sync_channel(1);
        looks.begin();
        let own = looks.clone();
        let waiting = thread::spawn(move || own.fresh(&stir, Duration::from_secs(30)));
        stirs.recv().unwrap();
        looks.end(Ended::Live);
        assert!(!waiting.is_finished());
        looks.begin();
        looks.end(Ended::Held);
        assert_eq!(waiting.join().unwrap(), Some(Ended::Held));
    }

    #[test]
    fn a_look_that_never_ends_is_not_waited_for_without_end() {
        let (stir, _stirs) = sync_channel(1);
        assert_eq!(Looks::default().fresh(&stir, Duration::from_millis(1)), None);
    }
}
