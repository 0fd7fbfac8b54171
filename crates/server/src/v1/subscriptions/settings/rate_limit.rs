//! How many exchanges may begin within a span of time.

use postroad_domain::{
    RateLimit,
    limits::{RATE_LIMIT_COUNT, RATE_LIMIT_PER},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Field, Shape, duration_text, parse_duration};

/// The fields of `rate_limit`.
pub(super) const SHAPE: Shape = Shape::of(&["count", "per"]);

/// At most `count` exchanges begin within any span of the length `per`. What comes faster waits.
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

/// Checks `rate_limit`.
pub(super) fn read(field: Field<'_>) -> Option<RateLimit> {
    let mut limit = field.object(&SHAPE)?;
    let count = limit.required("count").and_then(|field| field.number(RATE_LIMIT_COUNT));
    let per = limit.required("per");
    let per = per.and_then(|field| field.parsed(|text| parse_duration(text, RATE_LIMIT_PER)));
    Some(RateLimit { count: count?, per: per? })
}
