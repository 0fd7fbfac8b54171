//! When a failed delivery is tried again: the schedule, its jitter, and what a receiver may ask for.

use std::time::Duration;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::limits::{EXPIRY_AFTER_SCHEDULE, RETRY_AFTER_MAX};

/// How often and with which gaps a delivery is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Attempts of one pass, the first included.
    pub attempts: u32,
    /// The gap after the first, second, … failed attempt; the last one repeats.
    pub backoff: Vec<Duration>,
    /// Each gap is lengthened by up to this share of itself, in percent, so that what failed together does not come
    /// back together. Never shortened: a schedule is a promise to the receiver.
    pub jitter_percent: u32,
}

impl RetryPolicy {
    /// The schedule that Standard Webhooks suggests: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    pub fn standard_webhooks() -> Self {
        let gaps_secs = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        Self { attempts: 10, backoff: gaps_secs.map(Duration::from_secs).to_vec(), jitter_percent: 10 }
    }

    /// The gap after the failed attempt `number` of this pass (1 is the first), or `None` when the pass is over.
    pub fn gap_after(&self, number: u32, rng: &mut impl Rng) -> Option<Duration> {
        if number >= self.attempts {
            return None;
        }
        let gap = self.planned_gap(number);
        let jitter_max_micros = gap.as_micros() as u64 / 100 * u64::from(self.jitter_percent);
        Some(gap + Duration::from_micros(rng.random_range(0..=jitter_max_micros)))
    }

    /// From the first attempt to the last at the latest, jitter included.
    pub fn span(&self) -> Duration {
        let planned: Duration = (1..self.attempts).map(|number| self.planned_gap(number)).sum();
        planned + planned / 100 * self.jitter_percent
    }

    /// How long after its first due time a delivery ends whatever happens.
    pub fn lifetime(&self) -> Duration {
        self.span() + EXPIRY_AFTER_SCHEDULE
    }

    fn planned_gap(&self, number: u32) -> Duration {
        let index = (number.max(1) - 1) as usize;
        self.backoff.get(index).or(self.backoff.last()).copied().unwrap_or_default()
    }
}

/// What a subscription sets of its schedule; what it leaves out is the profile's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryOverride {
    /// Attempts of one pass, the first included.
    pub attempts: Option<u32>,
    /// The gap after the first, second, … failed attempt; the last one repeats.
    pub backoff: Option<Vec<Duration>>,
}

impl RetryOverride {
    /// The schedule in force. Gaps without a number of attempts are each used once.
    pub fn over(&self, profile: &RetryPolicy) -> RetryPolicy {
        let each_once = self.backoff.as_ref().map(|gaps| gaps.len() as u32 + 1);
        RetryPolicy {
            attempts: self.attempts.or(each_once).unwrap_or(profile.attempts),
            backoff: self.backoff.clone().unwrap_or_else(|| profile.backoff.clone()),
            jitter_percent: profile.jitter_percent,
        }
    }
}

/// The delay before the next attempt when the receiver asked for one: never less than the schedule's, never more than
/// a day.
pub fn with_retry_after(gap: Duration, asked: Option<Duration>) -> Duration {
    asked.map_or(gap, |asked| asked.min(RETRY_AFTER_MAX).max(gap))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn the_standard_schedule_makes_ten_attempts_over_75_hours() {
        let policy = RetryPolicy { jitter_percent: 0, ..RetryPolicy::standard_webhooks() };
        let mut rng = StdRng::seed_from_u64(1);
        let gaps: Vec<_> = (1..=10).map(|number| policy.gap_after(number, &mut rng)).collect();
        assert_eq!(gaps[0], Some(Duration::from_secs(5)));
        assert_eq!(gaps[8], Some(Duration::from_secs(86_400)));
        assert_eq!(gaps[9], None);
        assert_eq!(policy.span(), Duration::from_secs(272_105));
    }

    #[test]
    fn jitter_lengthens_a_gap_and_never_shortens_it() {
        let policy = RetryPolicy::standard_webhooks();
        let mut rng = StdRng::seed_from_u64(2);
        for _ in 0..1_000 {
            let gap = policy.gap_after(2, &mut rng).unwrap();
            assert!((Duration::from_secs(300)..=Duration::from_secs(330)).contains(&gap), "{gap:?}");
        }
    }

    #[test]
    fn the_last_gap_repeats_when_there_are_more_attempts_than_gaps() {
        let policy = RetryPolicy { attempts: 4, backoff: vec![Duration::from_secs(1)], jitter_percent: 0 };
        assert_eq!(policy.span(), Duration::from_secs(3));
        let none = RetryPolicy { attempts: 4, backoff: vec![], jitter_percent: 0 };
        assert_eq!(none.span(), Duration::ZERO);
    }

    #[test]
    fn what_a_subscription_does_not_set_is_the_profiles() {
        let profile = RetryPolicy { attempts: 4, backoff: vec![Duration::from_secs(60)], jitter_percent: 7 };
        let gaps = vec![Duration::from_secs(1), Duration::from_secs(2)];
        let over = |attempts, backoff| RetryOverride { attempts, backoff }.over(&profile);
        assert_eq!(over(None, None), profile);
        assert_eq!(over(Some(9), None), RetryPolicy { attempts: 9, ..profile.clone() });
        assert_eq!(
            over(None, Some(gaps.clone())),
            RetryPolicy { attempts: 3, backoff: gaps, ..profile.clone() }
        );
    }

    #[test]
    fn what_a_receiver_asks_for_is_bounded_below_by_the_schedule_and_above_by_a_day() {
        let gap = Duration::from_secs(60);
        for (asked, expected) in [(None, 60), (Some(5), 60), (Some(300), 300), (Some(u64::MAX), 86_400)] {
            let asked = asked.map(Duration::from_secs);
            assert_eq!(with_retry_after(gap, asked), Duration::from_secs(expected), "{asked:?}");
        }
        let long_gap = Duration::from_secs(100_000);
        assert_eq!(with_retry_after(long_gap, Some(Duration::MAX)), long_gap);
    }
}
