//! An exact rate limit, of a lane or of the callers of a product's own API: no more than so many begin within any span of its length.
//!
//! It remembers each that began, so it is for limits whose counts are small, or whose memory something else bounds.

use std::collections::VecDeque;

use postroad_domain::{RateLimit, Timestamp};

/// When the latest exchanges or calls began, as far back as the limit looks.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    limit: Option<RateLimit>,
    begun: VecDeque<Timestamp>,
}

impl Pace {
    /// Sets the limit. An exchange that has begun already, at `begun`, is the first that counts.
    pub(crate) fn set(&mut self, limit: Option<RateLimit>, begun: Option<Timestamp>) {
        if self.limit == limit {
            return;
        }
        if self.limit.is_none() {
            self.begun.extend(begun);
        }
        self.limit = limit;
        if limit.is_none() {
            self.begun.clear();
        }
    }

    /// An exchange begins.
    pub(crate) fn began(&mut self, now: Timestamp) {
        if self.limit.is_some() {
            self.begun.push_back(now);
        }
    }

    /// What began at this moment made no exchange.
    pub(crate) fn not_begun(&mut self, at: Timestamp) {
        if let Some(place) = self.begun.iter().rposition(|begun| *begun == at) {
            self.begun.remove(place);
        }
    }

    /// Until when no exchange may begin; `None` when one may now.
    pub(crate) fn waits_until(&mut self, now: Timestamp) -> Option<Timestamp> {
        let limit = self.limit?;
        while self.begun.front().is_some_and(|first| first.after(limit.per) <= now) {
            self.begun.pop_front();
        }
        // A limit may have become smaller.
        let over = self.begun.len().checked_sub(limit.count.max(1) as usize)?;
        Some(self.begun[over].after(limit.per))
    }

    /// What began is so long ago that it no longer counts.
    pub(crate) fn forget(&mut self) {
        self.begun.clear();
    }

    /// When it has nothing to remember any more.
    pub(crate) fn remembers_until(&self) -> Option<Timestamp> {
        Some(self.begun.back()?.after(self.limit?.per))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn within_any_span_no_more_begin_than_allowed() {
        let mut pace = Pace::default();
        let limit = RateLimit { count: 3, per: Duration::from_millis(100) };
        pace.set(Some(limit), Some(at(0)));
        let mut begun = vec![0];
        let mut now = 0;
        while begun.len() < 10 {
            match pace.waits_until(at(now)) {
                Some(until) => now = until.as_millis(),
                None => {
                    pace.began(at(now));
                    begun.push(now);
                    now += 7;
                }
            }
        }
        assert_eq!(begun, [0, 0, 7, 100, 107, 114, 200, 207, 214, 300]);
        assert_eq!(pace.remembers_until(), Some(at(400)));
    }

    #[test]
    fn without_a_limit_nothing_waits_or_is_remembered() {
        let mut pace = Pace::default();
        pace.began(at(0));
        assert_eq!((pace.waits_until(at(0)), pace.remembers_until()), (None, None));
        pace.set(Some(RateLimit { count: 1, per: Duration::from_secs(1) }), Some(at(0)));
        assert_eq!(pace.waits_until(at(1)), Some(at(1_000)));
        pace.set(None, Some(at(1)));
        assert_eq!(pace.waits_until(at(1)), None);
    }
}
