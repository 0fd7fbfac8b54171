//! How often a key may call: by its own rate limit, and by that of a product's own API.
//!
//! The first is a bucket of `count` calls that fills again within `per`. It is one number, so that ten thousand keys cost nothing and a call takes no lock: the moment at which the bucket would
//! be full again (GCRA). A caller that was quiet may call `count` times at once, then once each `per / count`. The second is the
//! promise of a page and kept exactly: no more than so many within any span. It remembers these few calls.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use postroad_domain::{RateLimit, Timestamp};

use crate::pace::Pace;

/// The bucket of one key; full at first.
#[derive(Debug, Default)]
pub(super) struct KeyPace {
    /// Nanoseconds of the clock's monotonic time.
    full_at: AtomicU64,
}

impl KeyPace {
    /// Takes one call out of the bucket at the monotonic time `now`.
    ///
    /// # Errors
    /// It is empty; how long until there is one again.
    pub(super) fn take(&self, limit: RateLimit, now: Duration) -> Result<(), Duration> {
        let (now, span) = (nanos(now), nanos(limit.per));
        let gap = (span / u64::from(limit.count.max(1))).max(1);
        let step = |full_at: u64| {
            let next = full_at.max(now).saturating_add(gap);
            (next <= now.saturating_add(span)).then_some(next)
        };
        let taken = self.full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
        taken.map(|_| ()).map_err(|full_at| {
            let next = full_at.max(now).saturating_add(gap);
            Duration::from_nanos(next.saturating_sub(now.saturating_add(span)))
        })
    }
}

/// The latest calls of one credential of a product's own API.
#[derive(Debug, Default)]
pub(super) struct ApiPace(Mutex<Pace>);

impl ApiPace {
    /// Counts one call at the monotonic time `now`.
    ///
    /// # Errors
    /// There were as many as may be; how long until there may be one again.
    pub(super) fn take(&self, limit: RateLimit, now: Duration) -> Result<(), Duration> {
        let now = Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX));
        let mut pace = self.0.lock();
        pace.set(Some(limit), None);
        if let Some(until) = pace.waits_until(now) {
            return Err(until.since(now));
        }
        pace.began(now);
        Ok(())
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_takes_its_count_within_any_span_and_no_call_more() {
        let pace = ApiPace::default();
        let limit = RateLimit { count: 3, per: Duration::from_secs(5) };
        let at = |millis: u64| Duration::from_millis(10_000 + millis);
        for millis in [0, 1_000, 4_900] {
            pace.take(limit, at(millis)).unwrap();
        }
        assert_eq!(pace.take(limit, at(4_999)), Err(Duration::from_millis(1)));
        pace.take(limit, at(5_000)).unwrap();
        // What was refused does not count: the next one waits for the call at 1,000 to be over.
        assert_eq!(pace.take(limit, at(5_001)), Err(Duration::from_millis(999)));
        pace.take(limit, at(6_000)).unwrap();
    }

    #[test]
    fn a_full_bucket_gives_its_count_at_once_and_then_one_after_each_gap() {
        let pace = KeyPace::default();
        let limit = RateLimit { count: 4, per: Duration::from_secs(2) };
        let at = |millis: u64| Duration::from_millis(10_000 + millis);
        for _ in 0..4 {
            pace.take(limit, at(0)).unwrap();
        }
        assert_eq!(pace.take(limit, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(pace.take(limit, at(400)), Err(Duration::from_millis(100)));
        pace.take(limit, at(500)).unwrap();
        assert_eq!(pace.take(limit, at(500)), Err(Duration::from_millis(500)));
        for _ in 0..4 {
            pace.take(limit, at(9_000)).unwrap();
        }
        pace.take(limit, at(9_000)).unwrap_err();
    }
}
