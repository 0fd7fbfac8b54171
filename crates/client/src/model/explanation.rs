//! Why an event went where it went.

use serde::Deserialize;

use super::ErrorClass;
use crate::words::words;

words! {
    /// What became of an event at one subscription.
    ExplainedOutcome {
        /// It has arrived.
        Delivered = "delivered",
        /// An attempt is under way.
        Delivering = "delivering",
        /// It waits.
        Pending = "pending",
        /// It has ended without having arrived.
        Failed = "failed",
        /// It was called off.
        Cancelled = "cancelled",
        /// The subscription did not want it.
        NotMatched = "not_matched",
        /// The subscription was not active.
        Inactive = "inactive",
        /// The subscription was created after the event.
        CreatedAfter = "created_after",
        /// What the subscription was then is not known.
        NotRecorded = "not_recorded",
    }
}

/// What became of an event at one subscription, as that was when the event came.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The subscription.
    #[serde(default)]
    pub subscription: String,
    /// Its name then.
    #[serde(default)]
    pub name: Option<String>,
    /// Its version when the event came.
    #[serde(default)]
    pub version: Option<i64>,
    /// When it was deleted, if it has been since.
    #[serde(default)]
    pub deleted_at: Option<String>,
    /// What happened.
    pub outcome: ExplainedOutcome,
    /// The same in words.
    #[serde(default)]
    pub sentence: String,
    /// The newest delivery of the event to the subscription.
    #[serde(default)]
    pub delivery: Option<String>,
    /// A replay made the delivery.
    #[serde(default)]
    pub by_replay: bool,
    /// Why, as a stable word: what it waits for, the delivery's reason, the clause that does not match.
    #[serde(default)]
    pub why: Option<String>,
    /// When it was delivered, failed or was cancelled; since when the subscription was inactive; when it was created.
    #[serde(default)]
    pub at: Option<String>,
    /// Until when it waits, where that is known.
    #[serde(default)]
    pub until: Option<String>,
    /// Attempts made.
    #[serde(default)]
    pub attempts: Option<u32>,
    /// The status of the last answer.
    #[serde(default)]
    pub status_code: Option<u16>,
    /// Why the last attempt had no answer.
    #[serde(default)]
    pub error: Option<ErrorClass>,
    /// Where it did not match: the event types that the subscription wanted.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// Where it did not match: the tag sets that the subscription wanted.
    #[serde(default)]
    pub tag_sets: Option<Vec<Vec<String>>>,
}
