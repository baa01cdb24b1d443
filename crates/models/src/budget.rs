//! Budgets of tokens: how many a connection, an address, an assistant or a day may use.
//!
//! Pure: time is passed in. A full budget at first, earned back at an even rate over its window, so that there is no
//! moment at which everybody's begins anew.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::ModelError;

/// Keys that are remembered: at some 100 bytes each, the size of one long answer.
const KEYS: usize = 10_000;

/// Guesses how many tokens a text has, for [`Budget::take`]; rather too many than too few.
///
/// Tokenisers of today's models make a token of three or four English and two to three Russian letters.
pub fn guess_tokens(text: &str) -> u64 {
    let (latin, other) = text.chars().fold((0, 0), |(latin, other), letter| {
        if letter.is_ascii() {
            (latin + 1, other)
        } else {
            (latin, other + 1)
        }
    });
    u64::div_ceil(latin, 3) + u64::div_ceil(other, 2)
}

/// Tokens for each key.
#[derive(Debug)]
pub struct Budget<K> {
    tokens: u64,
    window: Duration,
    accounts: Arc<Mutex<HashMap<K, Account>>>,
}

#[derive(Debug, Clone, Copy)]
struct Account {
    /// Negative while a correction is being paid back.
    left: f64,
    at: Instant,
}

impl<K: Hash + Eq + Clone> Budget<K> {
    /// Gives each key `tokens` for each `window`.
    pub fn new(tokens: u64, window: Duration) -> Self {
        Self {
            tokens,
            window: window.max(Duration::from_millis(1)),
            accounts: Arc::default(),
        }
    }

    /// Takes what a call may cost; [`Taken::settle`] corrects it afterwards.
    ///
    /// # Errors
    ///
    /// [`ModelError::OutOfBudget`] with the time until there is enough; for more than the whole budget, a window.
    pub fn take(&self, key: K, tokens: u64, now: Instant) -> Result<Taken<K>, ModelError> {
        let mut accounts = lock(&self.accounts);
        if accounts.len() >= KEYS && !accounts.contains_key(&key) {
            self.make_room(&mut accounts, now);
        }
        let account = accounts.entry(key.clone()).or_insert(Account {
            left: self.tokens as f64,
            at: now,
        });
        account.left = self.left(*account, now);
        account.at = account.at.max(now);
        let missing = tokens as f64 - account.left;
        if missing > 0.0 {
            let wait = missing / self.per_second();
            let retry_after = Duration::try_from_secs_f64(wait).unwrap_or(self.window);
            return Err(ModelError::OutOfBudget {
                retry_after: if tokens > self.tokens {
                    self.window
                } else {
                    retry_after
                },
            });
        }
        account.left -= tokens as f64;
        Ok(Taken {
            key,
            tokens,
            accounts: Arc::clone(&self.accounts),
        })
    }

    fn per_second(&self) -> f64 {
        self.tokens as f64 / self.window.as_secs_f64()
    }

    fn left(&self, account: Account, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(account.at).as_secs_f64();
        (account.left + passed * self.per_second()).min(self.tokens as f64)
    }

    /// Forgets the keys that have all they can have and the richest quarter, to whom it gives the least.
    fn make_room(&self, accounts: &mut HashMap<K, Account>, now: Instant) {
        let mut left: Vec<f64> = accounts
            .values()
            .map(|account| self.left(*account, now))
            .collect();
        let (_, &mut bound, _) = left.select_nth_unstable_by(KEYS / 4 * 3, f64::total_cmp);
        let mut room = KEYS / 4;
        accounts.retain(|_, account| {
            let left = self.left(*account, now);
            let is_rich = left >= bound && room > 0;
            room -= usize::from(is_rich);
            !is_rich && left < self.tokens as f64
        });
    }
}

fn lock<K>(accounts: &Mutex<HashMap<K, Account>>) -> MutexGuard<'_, HashMap<K, Account>> {
    accounts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tokens that were taken for a call; dropped without a word they count as used.
#[derive(Debug)]
pub struct Taken<K> {
    key: K,
    tokens: u64,
    accounts: Arc<Mutex<HashMap<K, Account>>>,
}

impl<K: Hash + Eq> Taken<K> {
    /// Corrects what was taken to what was used: 0 when the call was not made.
    ///
    /// Using more than was taken is a debt that is paid back before more is given.
    pub fn settle(self, used: u64) {
        if let Entry::Occupied(mut account) = lock(&self.accounts).entry(self.key) {
            // More than the budget is never saved up: `left` is bounded when it is next looked at.
            account.get_mut().left += self.tokens as f64 - used as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_after(outcome: Result<Taken<u32>, ModelError>) -> Duration {
        match outcome {
            Err(ModelError::OutOfBudget { retry_after }) => retry_after,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_guess_grows_with_the_text_and_with_its_alphabet() {
        assert_eq!(guess_tokens(""), 0);
        assert_eq!(guess_tokens("holidays"), 3);
        assert_eq!(guess_tokens("отпуск"), 3);
        assert_eq!(guess_tokens("отпуск, 28 days"), 6);
    }

    #[test]
    fn each_key_has_its_own_and_earns_it_back() {
        let now = Instant::now();
        let budget = Budget::new(100, Duration::from_secs(100));
        budget.take(1, 70, now).unwrap();
        budget.take(2, 100, now).unwrap();
        assert_eq!(retry_after(budget.take(1, 50, now)), Duration::from_secs(20));
        budget.take(1, 50, now + Duration::from_secs(20)).unwrap();
        // Rest never saves up more than the budget.
        let rested = now + Duration::from_hours(5);
        budget.take(1, 100, rested).unwrap();
        assert_eq!(retry_after(budget.take(1, 1, rested)), Duration::from_secs(1));
    }

    #[test]
    fn what_was_taken_is_corrected_to_what_was_used() {
        let now = Instant::now();
        let budget = Budget::new(100, Duration::from_secs(100));
        budget.take(1, 80, now).unwrap().settle(10);
        budget.take(1, 90, now).unwrap().settle(0);
        budget.take(1, 90, now).unwrap().settle(140);
        // 10 used, then 140: 50 too many.
        assert_eq!(retry_after(budget.take(1, 10, now)), Duration::from_mins(1));
        // Giving back does not make more than there was.
        let spare = budget.take(2, 100, now).unwrap();
        let later = now + Duration::from_secs(100);
        spare.settle(0);
        assert_eq!(retry_after(budget.take(2, 101, later)), Duration::from_secs(100));
    }

    #[test]
    fn a_call_whose_end_is_unknown_counts_as_used() {
        let now = Instant::now();
        let budget = Budget::new(100, Duration::from_secs(100));
        drop(budget.take(1, 100, now).unwrap());
        assert_eq!(retry_after(budget.take(1, 100, now)), Duration::from_secs(100));
    }

    #[test]
    fn keys_are_bounded_and_a_debtor_is_not_forgotten() {
        let now = Instant::now();
        let budget = Budget::new(100, Duration::from_secs(100));
        budget.take(0, 100, now).unwrap();
        for key in 1..=3 * KEYS as u32 {
            let tokens = 1 + u64::from(key % 50);
            budget.take(key, tokens, now).unwrap();
        }
        assert!(lock(&budget.accounts).len() <= KEYS);
        assert!(budget.take(0, 1, now).is_err());
    }
}
