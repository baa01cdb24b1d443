//! A bounded memory of answers, each for a limited time.
//!
//! Pure: time is passed in. The one that was not asked for the longest gives way.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// See the module's documentation.
#[derive(Debug)]
pub struct Cache<K, V> {
    capacity: NonZeroUsize,
    lifetime: Duration,
    kept: Mutex<Kept<K, V>>,
}

#[derive(Debug)]
struct Kept<K, V> {
    values: HashMap<K, (V, Instant, u64)>,
    /// Keys by when they were last asked for.
    order: BTreeMap<u64, K>,
    uses: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// Makes an empty one for `capacity` values, each good for `lifetime`.
    pub fn new(capacity: NonZeroUsize, lifetime: Duration) -> Self {
        let kept = Kept {
            values: HashMap::new(),
            order: BTreeMap::new(),
            uses: 0,
        };
        Self {
            capacity,
            // A clock cannot count to the largest number of settings.
            lifetime: lifetime.min(Duration::from_hours(24 * 365)),
            kept: Mutex::new(kept),
        }
    }

    /// Returns what was kept under `key`, if it is still good.
    pub fn get(&self, key: &K, now: Instant) -> Option<V> {
        let mut kept = self.lock();
        let kept = &mut *kept;
        let (value, end, used) = kept.values.get_mut(key)?;
        if *end <= now {
            let used = *used;
            kept.order.remove(&used);
            kept.values.remove(key);
            return None;
        }
        kept.uses += 1;
        if let Some(key) = kept.order.remove(used) {
            kept.order.insert(kept.uses, key);
        }
        *used = kept.uses;
        Some(value.clone())
    }

    /// Keeps `value` under `key` in place of what was there.
    pub fn put(&self, key: K, value: V, now: Instant) {
        let mut kept = self.lock();
        kept.uses += 1;
        let uses = kept.uses;
        let end = now + self.lifetime;
        if let Some((_, _, used)) = kept.values.insert(key.clone(), (value, end, uses)) {
            kept.order.remove(&used);
        }
        kept.order.insert(uses, key);
        while kept.values.len() > self.capacity.get() {
            if let Some((_, key)) = kept.order.pop_first() {
                kept.values.remove(&key);
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut kept = self.lock();
        kept.values.clear();
        kept.order.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(capacity: usize) -> Cache<u32, u32> {
        Cache::new(NonZeroUsize::new(capacity).unwrap(), Duration::from_mins(1))
    }

    #[test]
    fn a_value_is_good_for_its_time() {
        let now = Instant::now();
        let cache = of(2);
        cache.put(1, 10, now);
        assert_eq!(cache.get(&1, now + Duration::from_secs(59)), Some(10));
        assert_eq!(cache.get(&1, now + Duration::from_mins(1)), None);
        assert_eq!(cache.get(&1, now), None, "it is gone");
        cache.put(1, 11, now);
        cache.clear();
        assert_eq!(cache.get(&1, now), None);
    }

    #[test]
    fn the_one_not_asked_for_the_longest_gives_way() {
        let now = Instant::now();
        let cache = of(2);
        cache.put(1, 10, now);
        cache.put(2, 20, now);
        cache.get(&1, now);
        cache.put(3, 30, now);
        let found = [1, 2, 3].map(|key| cache.get(&key, now));
        assert_eq!(found, [Some(10), None, Some(30)]);
        cache.put(1, 11, now);
        cache.put(4, 40, now);
        let found = [1, 3, 4].map(|key| cache.get(&key, now));
        assert_eq!(found, [Some(11), None, Some(40)]);
    }

    #[test]
    fn it_keeps_no_more_than_it_may() {
        let now = Instant::now();
        let cache = of(7);
        for key in 0..1_000 {
            cache.put(key % 50, key, now);
            cache.get(&(key % 13), now);
        }
        let kept = cache.lock();
        assert_eq!((kept.values.len(), kept.order.len()), (7, 7));
    }
}
