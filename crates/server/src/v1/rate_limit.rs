//! How many exchanges of a subscription may begin, or calls of a key be made, within a span of time.

use postroad_domain::{
    RateLimit,
    limits::{Bounds, RATE_LIMIT_PER},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Field, Shape, duration_text, parse_duration};

/// The fields of `rate_limit`.
pub(super) const SHAPE: Shape = Shape::of(&["count", "per"]);

/// At most `count` within a span of the length `per`. Exchanges that come faster wait; calls that do are refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RateLimitSettings {
    /// How many.
    #[schema(minimum = 1, maximum = 10000)]
    count: u32,
    /// Such as `1s` or `1m`; from 100ms to 24h.
    per: String,
}

impl RateLimitSettings {
    /// As it is shown.
    pub(super) fn of(limit: RateLimit) -> Self {
        Self { count: limit.count, per: duration_text(limit.per) }
    }
}

/// Checks `rate_limit`; how many there may be is its owner's to say.
pub(super) fn read(field: Field<'_>, counts: Bounds<u32>) -> Option<RateLimit> {
    let mut limit = field.object(&SHAPE)?;
    let count = limit.required("count").and_then(|field| field.number(counts));
    let per = limit.required("per");
    let per = per.and_then(|field| field.parsed(|text| parse_duration(text, RATE_LIMIT_PER)));
    Some(RateLimit { count: count?, per: per? })
}
