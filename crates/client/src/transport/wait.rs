//! Whether an attempt that failed is followed by another, and after which gap: a pure function but for the jitter.

use std::time::Duration;

use super::{Repeat, Settings};
use crate::error::Error;

/// The server is too busy to begin: nothing was done.
const TOO_MANY: u16 = 429;
/// The server cannot do it now; whether something was done before it found out is not known.
const UNAVAILABLE: u16 = 503;

/// The gap before the next attempt; `None` when there is none.
pub(super) fn before_next(
    failed: &Error,
    made: u32,
    repeat: Repeat,
    settings: &Settings,
) -> Option<Duration> {
    if made >= settings.retries.attempts || !may_follow(failed, repeat) {
        return None;
    }
    let doubled = settings.retries.first_gap.saturating_mul(1_u32.checked_shl(made - 1).unwrap_or(u32::MAX));
    let own = settings.rng.within(doubled.min(settings.retries.gap_max));
    let asked = failed.problem().and_then(|problem| problem.retry_after).unwrap_or_default();
    if asked > settings.retries.gap_max {
        return None;
    }
    // What all were asked to wait is lengthened by each in its own way.
    Some(if asked > own { asked + own / 2 } else { own })
}

fn may_follow(failed: &Error, repeat: Repeat) -> bool {
    let is_harmless = repeat == Repeat::Harmless;
    match failed {
        Error::Connection { is_unsent, .. } => *is_unsent || is_harmless,
        Error::Problem(problem) => match problem.status {
            TOO_MANY => true,
            // Without `Retry-After` the server does not expect to come back by itself.
            UNAVAILABLE => is_harmless && problem.retry_after.is_some(),
            _ => false,
        },
        Error::Timeout { .. } | Error::Unexpected { .. } | Error::NotJson(_) => false,
    }
}
