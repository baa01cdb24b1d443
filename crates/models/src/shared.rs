//! Identical questions at the same moment share one call.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared as SharedFuture, WeakShared};

type Call<V> = SharedFuture<BoxFuture<'static, V>>;
type Calls<K, V> = Mutex<HashMap<K, WeakShared<BoxFuture<'static, V>>>>;

/// The calls under way, by what they ask.
///
/// The one who asks first begins the call and whoever asks the same before its end waits with them: one value, or one
/// failure, for all. The call goes on while anybody waits and is dropped with the last who leaves. Its deadline is that
/// of the first.
pub struct Shared<K, V> {
    calls: Arc<Calls<K, V>>,
}

impl<K: Hash + Eq + Clone, V: Clone> Shared<K, V> {
    /// Makes one without calls.
    pub fn new() -> Self {
        Self {
            calls: Arc::default(),
        }
    }

    /// Joins the call under way for `key`, or begins the one that `begin` makes.
    ///
    /// `begin` makes the future and does nothing else: the list of calls is locked meanwhile.
    ///
    /// # Panics
    ///
    /// When the call panics, for all who wait for it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the call to the others who wait, or ends it.
    pub async fn run<F>(&self, key: K, begin: impl FnOnce() -> F) -> V
    where
        F: Future<Output = V> + Send + 'static,
    {
        let call = {
            let mut calls = lock(&self.calls);
            let under_way = calls.get(&key).and_then(WeakShared::upgrade);
            under_way.unwrap_or_else(|| {
                let call = begin().boxed().shared();
                if let Some(weak) = call.downgrade() {
                    calls.insert(key.clone(), weak);
                }
                call
            })
        };
        let mut waiter = Waiter {
            calls: Arc::clone(&self.calls),
            key,
            call: Some(call.clone()),
        };
        let value = call.await;
        waiter.leave();
        value
    }

    /// Returns how many calls are under way.
    pub fn len(&self) -> usize {
        lock(&self.calls).len()
    }

    /// Tells whether no call is under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Default for Shared<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> fmt::Debug for Shared<K, V> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys are questions.
        to.write_str("Shared")
    }
}

fn lock<T>(calls: &Mutex<T>) -> MutexGuard<'_, T> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the call off the list with the last who waits for it.
struct Waiter<K: Hash + Eq, V: Clone> {
    calls: Arc<Calls<K, V>>,
    key: K,
    call: Option<Call<V>>,
}

impl<K: Hash + Eq, V: Clone> Waiter<K, V> {
    fn leave(&mut self) {
        let Some(call) = self.call.take() else {
            return;
        };
        // A call that has its value is not joined any more: the next who asks wants a new one.
        let ended = call.peek().is_some();
        // Dropped before the list is looked at, so that the last one finds nobody. What the call holds is dropped
        // outside the lock.
        drop(call);
        let mut calls = lock(&self.calls);
        let left = match calls.get(&self.key).map(WeakShared::upgrade) {
            Some(None) => true,
            // Another call may have begun under this key since; it has no value yet.
            Some(Some(present)) => ended && present.peek().is_some(),
            None => false,
        };
        if left {
            calls.remove(&self.key);
        }
    }
}

impl<K: Hash + Eq, V: Clone> Drop for Waiter<K, V> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::{join_all, pending};
    use tokio::time::{sleep, timeout};

    use super::*;

    #[derive(Clone, Default)]
    struct Count(Arc<AtomicUsize>);

    impl Count {
        fn get(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }

        fn add(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    struct Leaving(Count);

    impl Drop for Leaving {
        fn drop(&mut self) {
            self.0.add();
        }
    }

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn those_who_ask_the_same_share_a_call_and_its_failure() {
        let shared = Shared::<_, Result<u32, &str>>::new();
        let begun = Count::default();
        let ask = |key| {
            shared.run(key, || {
                let begun = begun.clone();
                async move {
                    begun.add();
                    sleep(SHORT).await;
                    Err("it broke")
                }
            })
        };
        let answers = join_all([ask(1), ask(1), ask(2), ask(1)]).await;
        assert_eq!(answers, [Err("it broke"); 4]);
        assert_eq!(begun.get(), 2);
        assert!(shared.is_empty());
        assert_eq!(ask(1).await, Err("it broke"));
        assert_eq!(begun.get(), 3, "a call that is over is not joined");
    }

    #[tokio::test]
    async fn a_call_outlives_the_one_who_began_it() {
        let shared = Shared::<_, u32>::new();
        let begun = Count::default();
        let call = || {
            let begun = begun.clone();
            async move {
                begun.add();
                sleep(SHORT * 3).await;
                7
            }
        };
        let first = timeout(SHORT, shared.run("key", call));
        let second = shared.run("key", call);
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(first.is_err());
        assert_eq!((second, begun.get()), (7, 1));
        assert!(shared.is_empty());
    }

    #[tokio::test]
    async fn a_call_ends_with_the_last_who_waits() {
        let shared = Shared::<_, u32>::new();
        let ended = Count::default();
        let call = || {
            let leaving = Leaving(ended.clone());
            async move {
                let _leaving = leaving;
                pending().await
            }
        };
        let waits = [1, 2, 3].map(|n| timeout(SHORT * n, shared.run("key", call)));
        let watched = async {
            sleep(SHORT * 2 + SHORT / 2).await;
            ended.get()
        };
        let (_, before_the_last) = futures_util::future::join(join_all(waits), watched).await;
        assert_eq!(before_the_last, 0);
        assert_eq!(ended.get(), 1);
        assert!(shared.is_empty());
    }
}
