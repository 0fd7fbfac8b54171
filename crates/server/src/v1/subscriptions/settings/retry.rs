//! An own retry schedule.

use std::time::Duration;

use postroad_domain::{RetryOverride, limits::RETRY_GAPS_MAX};
use postroad_engine::RetryDraft;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::check::{BoundedVec, body, duration_text};

body! {
    /// How often and with which gaps a delivery is tried. The profile says by how much each gap is lengthened by chance, so
    /// that what failed together does not come back together.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct RetrySettings {
        /// Attempts, the first included. Null for one more than there are gaps, or where these are null too, the profile's.
        #[schema(value_type = Option<u32>)]
        attempts: Option<Number>,
        /// The gap after the first, second, … failed attempt, such as `10s`; the last one repeats. Null for the profile's.
        #[schema(value_type = Option<Vec<String>>)]
        backoff: Option<BoundedVec<String, RETRY_GAPS_MAX>>,
    }
}

impl RetrySettings {
    /// As it is shown.
    pub(super) fn of(own: &RetryOverride) -> Self {
        let texts = |gaps: &Vec<Duration>| gaps.iter().map(|gap| duration_text(*gap)).collect();
        Self { attempts: own.attempts.map(Number::from), backoff: own.backoff.as_ref().map(texts) }
    }
}

impl From<RetrySettings> for RetryDraft {
    fn from(RetrySettings { attempts, backoff }: RetrySettings) -> Self {
        Self { attempts, backoff: backoff.map(BoundedVec::into_inner) }
    }
}
