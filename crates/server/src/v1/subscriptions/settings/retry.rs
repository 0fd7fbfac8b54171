//! An own retry schedule.

use std::time::Duration;

use postroad_domain::{
    RetryOverride,
    limits::{Bounds, RETRY_ATTEMPTS, RETRY_GAP_MAX},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Field, Shape, duration_text, parse_duration};

/// The fields of `retry`.
pub(super) const SHAPE: Shape = Shape::of(&["attempts", "backoff"]);
const GAP: Bounds<Duration> = Bounds { min: Duration::ZERO, max: RETRY_GAP_MAX, default: Duration::ZERO };
const GAPS_MAX: usize = RETRY_ATTEMPTS.max as usize - 1;

/// How often and with which gaps a delivery is tried. The profile says by how much each gap is lengthened by chance, so
/// that what failed together does not come back together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetrySettings {
    /// Attempts, the first included. Null for one more than there are gaps, or where these are null too, the profile's.
    #[schema(minimum = 1, maximum = 30)]
    attempts: Option<u32>,
    /// The gap after the first, second, … failed attempt, such as `10s`; the last one repeats. Null for the profile's.
    #[schema(max_items = 29)]
    backoff: Option<Vec<String>>,
}

impl RetrySettings {
    /// As it is shown.
    pub(super) fn of(own: &RetryOverride) -> Self {
        let texts = |gaps: &Vec<Duration>| gaps.iter().map(|gap| duration_text(*gap)).collect();
        Self { attempts: own.attempts, backoff: own.backoff.as_ref().map(texts) }
    }
}

/// Checks `retry`. One that names nothing is the same as none.
pub(super) fn read(field: Field<'_>) -> Option<RetryOverride> {
    let mut retry = field.object(&SHAPE)?;
    let attempts = match retry.field("attempts") {
        Some(field) => Some(field.number(RETRY_ATTEMPTS)?),
        None => None,
    };
    let backoff = match retry.field("backoff") {
        Some(field) => Some(read_backoff(field, attempts)?),
        None => None,
    };
    let names_nothing = attempts.is_none() && backoff.is_none();
    (!names_nothing).then_some(RetryOverride { attempts, backoff })
}

fn read_backoff(field: Field<'_>, attempts: Option<u32>) -> Option<Vec<Duration>> {
    if field.is_empty_list() && attempts.is_some_and(|attempts| attempts > 1) {
        return field.refuse("is empty: name the gap before the second attempt, or set `attempts` to 1");
    }
    field.list(GAPS_MAX, |gap| gap.parsed(|text| parse_duration(text, GAP)))
}
