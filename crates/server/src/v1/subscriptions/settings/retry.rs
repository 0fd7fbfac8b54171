//! An own retry schedule.

use std::time::Duration;

use postroad_domain::{
    RetryPolicy,
    limits::{Bounds, RETRY_ATTEMPTS, RETRY_GAP_MAX},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Field, Shape, duration_text, parse_duration};

/// The fields of `retry`.
pub(super) const SHAPE: Shape = Shape::of(&["attempts", "backoff"]);
const GAP: Bounds<Duration> = Bounds { min: Duration::ZERO, max: RETRY_GAP_MAX, default: Duration::ZERO };
const GAPS_MAX: usize = RETRY_ATTEMPTS.max as usize - 1;

/// How often and with which gaps a delivery is tried. Each gap is lengthened by up to a tenth of itself, so that what
/// failed together does not come back together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetrySettings {
    /// Attempts, the first included.
    #[schema(required = false, minimum = 1, maximum = 30)]
    attempts: u32,
    /// The gap after the first, second, … failed attempt, such as `10s`; the last one repeats.
    #[schema(required = false, max_items = 29)]
    backoff: Vec<String>,
}

impl RetrySettings {
    /// As it is shown.
    pub(super) fn of(policy: &RetryPolicy) -> Self {
        let backoff = policy.backoff.iter().map(|gap| duration_text(*gap)).collect();
        Self { attempts: policy.attempts, backoff }
    }
}

/// Checks `retry`. What it does not name is the profile's; gaps without a number of attempts are each used once.
pub(super) fn read(field: Field<'_>) -> Option<RetryPolicy> {
    let mut retry = field.object(&SHAPE)?;
    let attempts = match retry.field("attempts") {
        Some(field) => Some(field.number(RETRY_ATTEMPTS)?),
        None => None,
    };
    let backoff = match retry.field("backoff") {
        Some(field) => Some(read_backoff(field, attempts)?),
        None => None,
    };
    let standard = RetryPolicy::standard_webhooks();
    let each_once = backoff.as_ref().map(|gaps: &Vec<Duration>| gaps.len() as u32 + 1);
    Some(RetryPolicy {
        attempts: attempts.or(each_once).unwrap_or(standard.attempts),
        backoff: backoff.unwrap_or(standard.backoff),
        ..standard
    })
}

fn read_backoff(field: Field<'_>, attempts: Option<u32>) -> Option<Vec<Duration>> {
    if field.is_empty_list() && attempts.is_some_and(|attempts| attempts > 1) {
        return field.refuse("is empty: name the gap before the second attempt, or set `attempts` to 1");
    }
    field.list(GAPS_MAX, |gap| gap.parsed(|text| parse_duration(text, GAP)))
}
