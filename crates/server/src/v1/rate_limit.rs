//! How many exchanges of a subscription may begin, or calls of a key be made, within a span of time.

use postroad_domain::RateLimit;
use postroad_engine::RateLimitDraft;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::check::{body, duration_text};

body! {
    /// At most `count` within a span of the length `per`. Exchanges that come faster wait; calls that do are refused.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct RateLimitSettings {
        /// How many.
        #[schema(value_type = u32)]
        count: Number,
        /// Such as `1s` or `1m`; from 100ms to 24h.
        per: String,
    }
}

impl RateLimitSettings {
    /// As it is shown.
    pub(super) fn of(limit: RateLimit) -> Self {
        Self { count: limit.count.into(), per: duration_text(limit.per) }
    }
}

impl From<RateLimitSettings> for RateLimitDraft {
    fn from(RateLimitSettings { count, per }: RateLimitSettings) -> Self {
        Self { count, per }
    }
}
