//! Replays: jobs that send again what a subscription did not get.

use serde::{Deserialize, Serialize};

use super::RateLimit;
use crate::words::words;

words! {
    /// Which events of the span are sent again.
    ReplaySelection {
        /// Deliveries that failed or were cancelled by the system.
        Failed = "failed",
        /// Events that the subscription matches now and that have no delivery to it.
        Missing = "missing",
        /// Both, and what succeeded too.
        All = "all",
    }
}

words! {
    /// Where a replay stands.
    ReplayStatus {
        /// It goes on.
        Running = "running",
        /// It has been through its span.
        Done = "done",
        /// Somebody called it off.
        Cancelled = "cancelled",
        /// It could not go on.
        Failed = "failed",
    }
}

/// A replay to begin.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct NewReplay {
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    status: ReplaySelection,
    #[serde(skip_serializing_if = "Option::is_none")]
    pace: Option<RateLimit>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl NewReplay {
    /// Of events accepted at this moment (RFC 3339) or later.
    pub fn since(moment: impl Into<String>, selection: ReplaySelection) -> Self {
        Self { since: moment.into(), until: None, status: selection, pace: None, dry_run: false }
    }

    /// Of events accepted before this moment.
    pub fn until(self, moment: impl Into<String>) -> Self {
        Self { until: Some(moment.into()), ..self }
    }

    /// At most `count` deliveries are queued within a span of the length `per`.
    pub fn pace(self, count: u32, per: impl Into<String>) -> Self {
        Self { pace: Some(RateLimit::new(count, per)), ..self }
    }

    /// Only counts.
    pub fn dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

/// A replay.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Replay {
    /// Its id; `None` for a dry run.
    #[serde(default)]
    pub id: Option<String>,
    /// To which subscription.
    #[serde(default)]
    pub subscription: String,
    /// What is sent again.
    #[serde(default)]
    pub selection: Option<ReplaySelection>,
    /// At most so many deliveries are queued within a span.
    #[serde(default)]
    pub pace: Option<RateLimit>,
    /// How many deliveries it is about, as counted at its beginning.
    #[serde(default)]
    pub count: u64,
    /// Otherwise there are at least so many: counting took too long.
    #[serde(default = "yes")]
    pub count_is_exact: bool,
    /// Where it stands; `None` for a dry run.
    #[serde(default)]
    pub status: Option<ReplayStatus>,
    /// Why it could not go on.
    #[serde(default)]
    pub reason: Option<String>,
    /// Events, or failed deliveries, that it has looked at.
    #[serde(default)]
    pub examined: u64,
    /// Deliveries that it has queued.
    #[serde(default)]
    pub replayed: u64,
    /// Events of which nothing was to be sent.
    #[serde(default)]
    pub skipped: u64,
    /// Of events accepted at this moment or later.
    #[serde(default)]
    pub since: Option<String>,
    /// Of events accepted before this moment.
    #[serde(default)]
    pub until: Option<String>,
    /// When it began.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub finished_at: Option<String>,
}

fn yes() -> bool {
    true
}
