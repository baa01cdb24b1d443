//! When to try again: full jitter, and the server's own `Retry-After`.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The first wait is at most this, long enough for a connection that was dropped in a restart.
const FIRST: Duration = Duration::from_millis(500);
/// No wait is longer: a reader waits with it.
const LONGEST: Duration = Duration::from_secs(8);

/// Where chance comes from: a number from 0 up to, not including, 1.
#[derive(Clone)]
pub struct Dice(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Dice {
    /// Wraps a source of numbers from 0 up to, not including, 1.
    pub fn new(roll: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(roll))
    }

    /// Makes dice from the keys that the standard library draws for its hash maps.
    ///
    /// Good enough to spread retries, not for secrets.
    pub fn fair() -> Self {
        Self::new(|| {
            let bits = RandomState::new().build_hasher().finish();
            // 53 bits are what an f64 holds without rounding up to 1.
            (bits >> 11) as f64 / (1_u64 << 53) as f64
        })
    }

    fn roll(&self) -> f64 {
        (self.0)()
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Dice")
    }
}

/// Returns the wait before the repetition number `attempt`, from 0: anything up to a bound that doubles.
///
/// Full jitter, since clients that failed together must not come back together
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
pub(crate) fn backoff(attempt: u32, dice: &Dice) -> Duration {
    let bound = FIRST.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST);
    bound.mul_f64(dice.roll())
}

/// Reads a `Retry-After`: seconds (a fraction is taken as well, some gateways send one) or a date.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_under_a_bound_that_doubles_to_a_limit() {
        let most = Dice::new(|| 0.999_999);
        let bounds: Vec<u128> = (0..8)
            .map(|n| (backoff(n, &most).as_millis() + 1) / 500)
            .collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 16, 16, 16]);
        assert_eq!(backoff(5, &Dice::new(|| 0.0)), Duration::ZERO);
        assert!(backoff(u32::MAX, &most) <= LONGEST);
    }

    #[test]
    fn fair_dice_show_every_tenth() {
        let dice = Dice::fair();
        let mut seen = [0; 10];
        for _ in 0..2_000 {
            seen[(dice.roll() * 10.0) as usize] += 1;
        }
        assert!(seen.iter().all(|&times| times > 100), "{seen:?}");
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let read = |value| retry_after(value, now);
        assert_eq!(read("120"), Some(Duration::from_mins(2)));
        assert_eq!(read(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(
            read("Wed, 21 Oct 2026 07:28:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(read("Wed, 21 Oct 2020 07:28:30 GMT"), Some(Duration::ZERO));
        for nonsense in ["soon", "-3", "NaN", "1e300", "inf", ""] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
