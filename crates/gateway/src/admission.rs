//! Who may come in, and how often one may ask.
//!
//! Owns the counts by address prefix: open connections and the allowance of questions. A prefix is forgotten when it has
//! neither a connection nor a debt, so the table is never larger than the connections and a minute of questions make it.
//! Loopback is not counted: a proxy on the same machine stands for everybody, and other local programs are the operator's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::allowance::Allowance;
use crate::peer::Prefix;

/// How much one address prefix may have; `usize::MAX` and no rate for no limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerPrefix {
    /// Open connections.
    pub(crate) connections: usize,
    /// Questions a minute, and in one go.
    pub(crate) questions: Option<u32>,
}

/// The table of prefixes.
pub(crate) struct Admission {
    limits: PerPrefix,
    table: Mutex<HashMap<Prefix, Count>>,
}

struct Count {
    connections: usize,
    allowance: Option<Allowance>,
}

/// A place of one prefix, given back when dropped; none for an address that is not counted.
pub(crate) struct Place {
    counted: Option<(Arc<Admission>, Prefix)>,
}

impl Admission {
    pub(crate) fn new(limits: PerPrefix) -> Arc<Self> {
        Arc::new(Self {
            limits,
            table: Mutex::default(),
        })
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Prefix, Count>> {
        // Counts are whole between any two statements.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a connection, or nothing when the prefix has all of its own.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<Place> {
        let limited = self.limits.connections < usize::MAX || self.limits.questions.is_some();
        if address.to_canonical().is_loopback() || !limited {
            return Some(Place { counted: None });
        }
        let prefix = Prefix::of(address);
        let mut table = self.table();
        let count = table.entry(prefix).or_insert_with(|| Count {
            connections: 0,
            allowance: self.limits.questions.map(|rate| Allowance::new(rate, rate, now)),
        });
        if count.connections >= self.limits.connections {
            return None;
        }
        count.connections += 1;
        Some(Place {
            counted: Some((self.clone(), prefix)),
        })
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.table().len()
    }

    /// Forgets prefixes without a connection that have earned all their questions back.
    pub(crate) fn sweep(&self, now: Instant) {
        self.table().retain(|_, count| {
            count.connections > 0
                || count
                    .allowance
                    .as_mut()
                    .is_some_and(|allowance| !allowance.is_full(now))
        });
    }
}

impl Place {
    /// Returns the address that stands for the prefix; none where it is not counted.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.counted.as_ref().map(|(_, prefix)| prefix.first())
    }

    /// Takes one question of the prefix, or says how long until there is one.
    pub(crate) fn ask(&self, now: Instant) -> Result<(), Duration> {
        let Some((admission, prefix)) = &self.counted else {
            return Ok(());
        };
        let mut table = admission.table();
        let allowance = table.get_mut(prefix).and_then(|count| count.allowance.as_mut());
        allowance.map_or(Ok(()), |allowance| allowance.take(now))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((admission, prefix)) = &self.counted {
            let mut table = admission.table();
            if let Some(count) = table.get_mut(prefix) {
                count.connections -= 1;
                if count.connections == 0 && count.allowance.is_none() {
                    table.remove(prefix);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_its_places_and_questions_and_is_forgotten_after_both() {
        let admission = Admission::new(PerPrefix {
            connections: 2,
            questions: Some(60),
        });
        let now = Instant::now();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = admission.enter(address("2001:db8::1"), now).unwrap();
        let second = admission.enter(address("2001:db8::2"), now).unwrap();
        assert!(admission.enter(address("2001:db8::3"), now).is_none());
        assert!(admission.enter(address("192.0.2.1"), now).is_some());
        for _ in 0..60 {
            assert_eq!(first.ask(now), Ok(()));
        }
        // One prefix, one allowance, however many connections share it.
        assert_eq!(second.ask(now), Err(Duration::from_secs(1)));
        drop(first);
        let third = admission.enter(address("2001:db8::3"), now).unwrap();
        // A new connection brings no new questions.
        assert!(third.ask(now).is_err());
        drop((second, third));
        admission.sweep(now);
        assert_eq!(admission.len(), 1);
        admission.sweep(now + Duration::from_secs(61));
        assert_eq!(admission.len(), 0);
    }

    #[test]
    fn loopback_is_not_counted() {
        let admission = Admission::new(PerPrefix {
            connections: 1,
            questions: Some(1),
        });
        let now = Instant::now();
        let enter = |text: &str| admission.enter(text.parse().unwrap(), now);
        let places: Vec<Place> = (0..3).filter_map(|_| enter("127.0.0.1")).collect();
        assert_eq!(places.len(), 3);
        assert!(places.iter().all(|place| place.ask(now).is_ok()));
        assert!(enter("::ffff:127.0.0.1").is_some() && enter("::1").is_some());
    }
}
