//! Where answers are made: a bounded queue and the blocking threads that work it off.
//!
//! A thread that comes for one question takes all that wait, one after another, so that under load the way to another
//! thread and back is paid once for many questions. Leaves deadlines to the session, which drops what it no longer waits
//! for.
//!
//! Invariants: at most `makers` answers are being made and at most `places` wait for them; questions begin in the order
//! they came; a question whose session is gone is not begun.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use docent_corpus::{Answer, AssistantId, Interest};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::oneshot;

use crate::{Asker, Engine, EngineError, Writing};

type Made = Result<Answer, EngineError>;

/// The queue of questions.
pub(crate) struct Pool {
    engine: Arc<dyn Engine>,
    makers: usize,
    places: usize,
    queue: Mutex<Queue>,
    /// Questions that wait, for the operator.
    waiting: Gauge,
}

#[derive(Default)]
struct Queue {
    questions: VecDeque<Waiting>,
    /// Threads at work.
    makers: usize,
    /// Whether one of them has been called and is not there yet: it will call the next if there is more to do.
    coming: bool,
}

struct Waiting {
    assistant: AssistantId,
    question: String,
    interest: Interest,
    made: oneshot::Sender<Made>,
}

/// Somebody who waits, as long as it lives.
struct Waits(Interest);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.lose();
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmade {
    /// All places were taken.
    Full,
    /// The engine panicked over it.
    Panicked,
}

impl Pool {
    pub(crate) fn new(engine: Arc<dyn Engine>, makers: usize, places: usize, waiting: Gauge) -> Arc<Self> {
        Arc::new(Self {
            engine,
            makers: makers.max(1),
            places,
            queue: Mutex::default(),
            waiting,
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole between any two statements, and the engine is never called under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether a further question would be refused.
    pub(crate) fn is_full(&self) -> bool {
        self.queue().is_full(self)
    }

    /// Returns the answer that needs no thread, if this question has one.
    pub(crate) fn at_once(&self, assistant: AssistantId, question: &str) -> Option<Made> {
        // One that panics goes the way of all others, where a panic is told.
        catch_unwind(AssertUnwindSafe(|| self.engine.at_once(assistant, question))).unwrap_or_default()
    }

    /// Begins the answer that takes its time, if this question has one.
    pub(crate) fn write(&self, assistant: AssistantId, question: &str, asker: Asker) -> Option<Writing> {
        catch_unwind(AssertUnwindSafe(|| self.engine.write(assistant, question, asker))).unwrap_or_default()
    }

    /// Makes one answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it gives up its place; of an answer already begun the engine is told that nobody waits.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        assistant: AssistantId,
        question: String,
    ) -> Result<Made, Unmade> {
        let (made, answer) = oneshot::channel();
        let interest = Interest::default();
        let _waits = Waits(interest.clone());
        {
            let mut queue = self.queue();
            if queue.is_full(self) {
                queue.questions.retain(|waiting| !waiting.made.is_closed());
                self.show(&queue);
                if queue.is_full(self) {
                    return Err(Unmade::Full);
                }
            }
            queue.questions.push_back(Waiting {
                assistant,
                question,
                interest,
                made,
            });
            self.show(&queue);
        }
        // Sessions that are ready now put their questions in first: one thread is woken for all of them.
        tokio::task::yield_now().await;
        self.hire();
        answer.await.map_err(|_| Unmade::Panicked)
    }

    fn show(&self, queue: &Queue) {
        self.waiting
            .set(i64::try_from(queue.questions.len()).unwrap_or(i64::MAX));
    }

    /// Calls a thread if there is something to do for it.
    fn hire(self: &Arc<Self>) {
        {
            let mut queue = self.queue();
            if queue.coming || queue.questions.is_empty() || queue.makers >= self.makers {
                return;
            }
            queue.makers += 1;
            queue.coming = true;
        }
        let pool = self.clone();
        tokio::task::spawn_blocking(move || pool.work());
    }

    /// Makes answers until none is wanted.
    fn work(self: &Arc<Self>) {
        let mut arrived = false;
        loop {
            let Waiting {
                assistant,
                question,
                interest,
                made,
            } = {
                let mut queue = self.queue();
                if !arrived {
                    queue.coming = false;
                }
                let next = queue.questions.pop_front();
                self.show(&queue);
                let Some(next) = next else {
                    queue.makers -= 1;
                    return;
                };
                next
            };
            if !arrived {
                arrived = true;
                self.hire();
            }
            if made.is_closed() {
                continue;
            }
            // A panic costs this question only; its session sees that nobody answers.
            if let Ok(answer) = catch_unwind(AssertUnwindSafe(|| {
                self.engine.answer_while(assistant, &question, &interest)
            })) {
                // The session may have left meanwhile.
                let _ = made.send(answer);
            }
        }
    }
}

impl Queue {
    fn is_full(&self, pool: &Pool) -> bool {
        // A thread that is on its way has a place as well: it takes one of those that wait.
        let free = pool.makers - self.makers + usize::from(self.coming);
        self.questions.len() >= pool.places.saturating_add(free)
    }
}
