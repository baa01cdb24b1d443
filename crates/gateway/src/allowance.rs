//! How often something may happen: questions of one connection or one address, handshakes of all.
//!
//! A token bucket: full at first, refilled at an even rate. Time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// What is left.
#[derive(Debug)]
pub(crate) struct Allowance {
    burst: f64,
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Allowance {
    /// Makes a full one; `per_minute` refills it.
    pub(crate) fn new(burst: u32, per_minute: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            burst,
            per_second: f64::from(per_minute.max(1)) / 60.0,
            left: burst,
            at: now,
        }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * self.per_second).min(self.burst);
        self.at = now;
    }

    /// Tells whether nothing was taken that has not been earned back.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.left >= self.burst
    }

    /// Tells whether there is one, or how long until there is.
    pub(crate) fn left(&mut self, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        if self.left >= 1.0 {
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - self.left) / self.per_second))
        }
    }

    /// Takes one, or says how long until there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.left(now)?;
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let begun = Instant::now();
        let mut allowance = Allowance::new(3, 60, begun);
        for _ in 0..3 {
            assert_eq!(allowance.take(begun), Ok(()));
        }
        assert_eq!(allowance.take(begun), Err(Duration::from_secs(1)));
        let later = begun + Duration::from_millis(1_500);
        assert_eq!(allowance.take(later), Ok(()));
        assert_eq!(allowance.take(later), Err(Duration::from_millis(500)));
        // Rest never saves up more than the burst.
        let rested = begun + Duration::from_hours(1);
        let passed = (0..10).filter(|_| allowance.take(rested).is_ok()).count();
        assert_eq!(passed, 3);
    }
}
