//! The circuit breaker of one endpoint: one that keeps failing is left alone for a while, then tried once.
//!
//! Pure: time is passed in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open it: two calls with their retries, since one may be bad luck.
const FAILURES: u32 = 5;
/// How long it stays open at first: a server restarts or loads a model in about that time.
const FIRST_REST: Duration = Duration::from_secs(10);
/// The longest rest; each trial that fails doubles it up to here, so that a mended server is found within minutes.
const LONGEST_REST: Duration = Duration::from_mins(5);

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, rest: Duration },
    HalfOpen { rest: Duration },
}

/// Whether an endpoint may be asked.
#[derive(Debug, Clone)]
pub(crate) struct Breaker {
    state: Arc<Mutex<State>>,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State::Closed { failures: 0 })),
        }
    }

    /// Lets a call pass, or says how long to wait.
    ///
    /// After a rest one call at a time is let through as a trial; the others wait for its end.
    pub(crate) fn enter(&self, now: Instant) -> Result<Trial, Duration> {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => Ok(self.trial(false, now)),
            State::Open { until, rest } if until <= now => {
                *state = State::HalfOpen { rest };
                Ok(self.trial(true, now))
            }
            State::Open { until, .. } => Err(until - now),
            State::HalfOpen { rest } => Err(rest),
        }
    }

    /// Returns how long nobody is let through, without taking the turn of a trial.
    pub(crate) fn rests(&self, now: Instant) -> Option<Duration> {
        match *self.lock() {
            State::Open { until, .. } if now < until => Some(until - now),
            State::HalfOpen { rest } => Some(rest),
            State::Closed { .. } | State::Open { .. } => None,
        }
    }

    fn trial(&self, alone: bool, entered: Instant) -> Trial {
        Trial {
            state: Arc::clone(&self.state),
            alone,
            entered,
            ended: false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call that was let through; its end is told, or it was dropped and proves nothing.
#[derive(Debug)]
pub(crate) struct Trial {
    state: Arc<Mutex<State>>,
    alone: bool,
    entered: Instant,
    ended: bool,
}

impl Trial {
    pub(crate) fn succeeded(mut self) {
        self.ended = true;
        *lock(&self.state) = State::Closed { failures: 0 };
    }

    /// Counts a failure; `for_good` opens at once. Returns how long the endpoint rests if this opened it.
    pub(crate) fn failed(mut self, for_good: bool, now: Instant) -> Option<Duration> {
        self.ended = true;
        let mut state = lock(&self.state);
        let rest = match *state {
            State::Closed { failures } if !for_good && failures + 1 < FAILURES => {
                *state = State::Closed {
                    failures: failures + 1,
                };
                return None;
            }
            State::Closed { .. } => FIRST_REST,
            State::HalfOpen { rest } if self.alone => (rest * 2).min(LONGEST_REST),
            // Calls from before it opened say nothing new.
            State::HalfOpen { .. } | State::Open { .. } => return None,
        };
        *state = State::Open {
            until: now + rest,
            rest,
        };
        Some(rest)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if self.alone && !self.ended {
            let mut state = lock(&self.state);
            if let State::HalfOpen { rest } = *state {
                // The next call is the trial in its place.
                *state = State::Open {
                    until: self.entered,
                    rest,
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new();
        for _ in 0..FAILURES {
            breaker.enter(now).unwrap().failed(false, now);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let now = Instant::now();
        let breaker = Breaker::new();
        for _ in 0..3 {
            for _ in 1..FAILURES {
                assert_eq!(breaker.enter(now).unwrap().failed(false, now), None);
            }
            breaker.enter(now).unwrap().succeeded();
        }
        for _ in 1..FAILURES {
            breaker.enter(now).unwrap().failed(false, now);
        }
        assert_eq!(breaker.enter(now).unwrap().failed(false, now), Some(FIRST_REST));
        assert_eq!(breaker.enter(now).unwrap_err(), FIRST_REST);
    }

    #[test]
    fn a_refused_key_opens_it_at_once() {
        let now = Instant::now();
        let breaker = Breaker::new();
        assert_eq!(breaker.enter(now).unwrap().failed(true, now), Some(FIRST_REST));
        assert!(breaker.enter(now).is_err());
    }

    #[test]
    fn after_its_rest_one_call_tries_and_decides() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + FIRST_REST;
        let trial = breaker.enter(later).unwrap();
        assert!(breaker.enter(later).is_err(), "one at a time");
        assert_eq!(trial.failed(false, later), Some(FIRST_REST * 2));
        assert!(breaker.enter(later + FIRST_REST).is_err(), "the rest has doubled");
        breaker.enter(later + FIRST_REST * 2).unwrap().succeeded();
        assert!(breaker.enter(later).is_ok());
    }

    #[test]
    fn the_rest_grows_to_a_limit() {
        let mut now = Instant::now();
        let breaker = opened(now);
        for _ in 0..20 {
            now += LONGEST_REST;
            let rest = breaker.enter(now).unwrap().failed(false, now).unwrap();
            assert!(rest <= LONGEST_REST);
        }
    }

    #[test]
    fn a_trial_whose_caller_leaves_makes_room_for_the_next() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + FIRST_REST;
        drop(breaker.enter(later).unwrap());
        assert!(breaker.enter(later).is_ok());
    }

    #[test]
    fn a_late_failure_of_a_call_from_before_does_not_lengthen_the_rest() {
        let now = Instant::now();
        let breaker = Breaker::new();
        let straggler = breaker.enter(now).unwrap();
        breaker.enter(now).unwrap().failed(true, now);
        assert_eq!(straggler.failed(true, now), None);
        assert!(breaker.enter(now + FIRST_REST).is_ok());
    }
}
