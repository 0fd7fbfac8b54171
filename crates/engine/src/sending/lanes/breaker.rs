//! Slows a failing lane down: after some failures in a row it sends one probe after each pause, and after a success it
//! comes back in steps.
//!
//! It ends no delivery. Deliveries wait longer for their attempts, and one that has not ended when it expires fails with attempts
//! unused.

use std::time::Duration;

use postroad_domain::{
    Timestamp,
    limits::{BREAKER_FAILURES, BREAKER_PAUSE_MAX, BREAKER_PAUSE_MIN},
};

/// One lane's breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaker {
    /// So many failures in a row, too few to mean anything.
    Closed(u32),
    /// One probe at a time.
    Open {
        /// Only exchanges that began since then are probes: those that were under way say nothing new.
        since: Timestamp,
        /// Behind the last failure.
        pause: Duration,
    },
    /// So many exchanges at a time; each success doubles it.
    Returning(u32),
}

impl Default for Breaker {
    /// Nothing failed.
    fn default() -> Self {
        Self::Closed(0)
    }
}

impl Breaker {
    /// How many exchanges the lane may have under way.
    pub(super) fn allows(&self, concurrency: u32) -> u32 {
        match self {
            Self::Closed(_) => concurrency,
            Self::Open { .. } => 1,
            Self::Returning(allowed) => concurrency.min(*allowed),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// An exchange succeeded.
    pub(super) fn succeeded(&mut self, concurrency: u32) {
        *self = match self {
            Self::Closed(_) => Self::default(),
            Self::Open { .. } => Self::Returning(2),
            Self::Returning(allowed) if *allowed >= concurrency => Self::default(),
            Self::Returning(allowed) => Self::Returning(allowed.saturating_mul(2)),
        };
    }

    /// An exchange that began at `began` failed; answers until when the lane pauses.
    pub(super) fn failed(&mut self, began: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let pause = match self {
            Self::Closed(failures) if *failures + 1 < BREAKER_FAILURES => {
                *failures += 1;
                return None;
            }
            Self::Open { since, .. } if began < *since => return None,
            Self::Open { pause, .. } => pause.saturating_mul(2).min(BREAKER_PAUSE_MAX),
            Self::Closed(_) | Self::Returning(_) => BREAKER_PAUSE_MIN,
        };
        *self = Self::Open { since: now, pause };
        Some(now.after(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_its_pause_grows_to_a_minute() {
        let mut breaker = Breaker::default();
        for _ in 1..BREAKER_FAILURES {
            assert_eq!(breaker.failed(at(0), at(0)), None);
        }
        breaker.succeeded(8);
        for _ in 1..BREAKER_FAILURES {
            assert_eq!(breaker.failed(at(0), at(0)), None, "a success begins the count anew");
        }
        assert_eq!(breaker.failed(at(0), at(100)), Some(at(600)));
        assert_eq!(breaker.allows(8), 1);
        assert_eq!(breaker.failed(at(99), at(200)), None, "it was under way when the breaker opened");
        let mut now = 600;
        for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(breaker.failed(at(now), at(now)), Some(at(now + pause)));
            now += pause;
        }
    }

    #[test]
    fn it_comes_back_in_steps_and_opens_at_once_when_it_fails_on_the_way() {
        let open = Breaker::Open { since: at(0), pause: BREAKER_PAUSE_MIN };
        let mut breaker = open;
        let mut allowed = Vec::new();
        for _ in 0..4 {
            breaker.succeeded(8);
            allowed.push(breaker.allows(8));
        }
        assert_eq!(allowed, [2, 4, 8, 8]);
        assert_eq!(breaker, Breaker::Closed(0));
        let mut breaker = open;
        breaker.succeeded(8);
        assert_eq!(breaker.failed(at(1), at(1)), Some(at(501)));
        assert!(breaker.is_open());
    }
}
