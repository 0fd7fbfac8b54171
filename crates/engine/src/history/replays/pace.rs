//! The pace of one replay: no more than so many deliveries are queued within any span of its length; and how long it pauses
//! while it is held.
//!
//! Both are remembered in memory only: a replay that goes on after a restart begins anew.

use std::{collections::VecDeque, time::Duration};

use postroad_domain::RateLimit;

const HELD_PAUSE_MIN: Duration = Duration::from_millis(500);
const HELD_PAUSE_MAX: Duration = Duration::from_secs(30);

/// What was queued within the last span.
#[derive(Debug)]
pub(super) struct ReplayPace {
    limit: RateLimit,
    /// Moments of the monotonic clock and how many were queued then, oldest first.
    queued: VecDeque<(Duration, u32)>,
}

impl ReplayPace {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, queued: VecDeque::new() }
    }

    /// How many may be queued now; or how long to wait until some may.
    pub(super) fn room(&mut self, now: Duration) -> Result<u32, Duration> {
        while self.queued.front().is_some_and(|(then, _)| *then + self.limit.per <= now) {
            self.queued.pop_front();
        }
        let within = self.queued.iter().map(|(_, count)| *count).fold(0, u32::saturating_add);
        match (self.limit.count.saturating_sub(within), self.queued.front()) {
            (0, Some((first, _))) => Err((*first + self.limit.per).saturating_sub(now)),
            (room, _) => Ok(room.max(1)),
        }
    }

    /// So many were queued.
    pub(super) fn took(&mut self, now: Duration, count: u32) {
        if count > 0 {
            self.queued.push_back((now, count));
        }
    }
}

/// Before a replay looks again whether less waits for its subscription: longer each time that it is held in a row, so that
/// replays to receivers that are dead cost nearly nothing beside those that go on.
#[derive(Debug, Default)]
pub(super) struct HeldPause(Option<Duration>);

impl HeldPause {
    /// It is held: how long it pauses.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0.map_or(HELD_PAUSE_MIN, |last| (last * 2).min(HELD_PAUSE_MAX));
        *self.0.insert(pause)
    }

    /// It goes on.
    pub(super) fn is_over(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_that_stays_held_looks_less_and_less_often_until_it_goes_on() {
        let mut held = HeldPause::default();
        let pauses: Vec<_> = (0..8).map(|_| held.next().as_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        held.is_over();
        assert_eq!(held.next(), HELD_PAUSE_MIN);
    }

    #[test]
    fn within_any_span_no_more_are_queued_than_the_pace_allows() {
        let millis = Duration::from_millis;
        let mut pace = ReplayPace::new(RateLimit { count: 5, per: millis(100) });
        assert_eq!(pace.room(millis(0)), Ok(5));
        pace.took(millis(0), 3);
        assert_eq!(pace.room(millis(40)), Ok(2));
        pace.took(millis(40), 2);
        assert_eq!(pace.room(millis(60)), Err(millis(40)));
        assert_eq!(pace.room(millis(100)), Ok(3), "what was queued at first does not count any more");
        pace.took(millis(100), 3);
        assert_eq!(pace.room(millis(139)), Err(millis(1)));
        pace.took(millis(139), 0);
        assert_eq!(pace.room(millis(140)), Ok(2));
    }
}
