//! Replays: jobs that send again what a subscription did not get, over a span of time.

use serde::{Deserialize, Serialize};

use crate::{
    delivery::{Reason, Status},
    ids::{ReplayId, SubscriptionId},
    subscription::{RateLimit, SubscriptionNo},
    tenant::TenantNo,
    time::Timestamp,
};

/// Which events of the span are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaySelection {
    /// Deliveries that failed or were cancelled by the system.
    Failed,
    /// Events that the subscription matches now and that have no delivery to it.
    Missing,
    /// Both, and what succeeded too.
    All,
}

impl ReplaySelection {
    /// Every selection, in the order of its number in the store.
    pub const ALL: [Self; 3] = [Self::Failed, Self::Missing, Self::All];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::All => "all",
        }
    }

    /// What is done about an event with these deliveries to the subscription, as status and reason of each.
    pub fn decide(self, deliveries: &[(Status, Option<Reason>)]) -> ReplayDecision {
        let any = |wanted: Status| deliveries.iter().any(|(status, _)| *status == wanted);
        let has_failed = deliveries.iter().any(|(status, reason)| has_failed(*status, *reason));
        match self {
            Self::Failed | Self::All if has_failed => ReplayDecision::Retry,
            // What waits is sent without us.
            _ if any(Status::Queued) || any(Status::Delivering) => ReplayDecision::Skip,
            Self::Missing | Self::All if deliveries.is_empty() => ReplayDecision::CreateIfWanted,
            Self::All if any(Status::Succeeded) => ReplayDecision::Create,
            _ => ReplayDecision::Skip,
        }
    }
}

/// Whether a delivery ended badly and not by somebody's word.
pub fn has_failed(status: Status, reason: Option<Reason>) -> bool {
    match status {
        Status::Failed => true,
        Status::Cancelled => reason != Some(Reason::Operator),
        Status::Queued | Status::Delivering | Status::Succeeded => false,
    }
}

/// What a replay does about one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayDecision {
    /// Nothing.
    Skip,
    /// Those of its deliveries that failed are sent again.
    Retry,
    /// A new delivery, if the subscription matches the event now.
    CreateIfWanted,
    /// A new delivery.
    Create,
}

/// Where a replay stands; the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplayStatus {
    /// It goes on.
    Running,
    /// It has been through its span.
    Done,
    /// Somebody called it off; what it had queued goes out.
    Cancelled,
    /// It could not go on.
    Failed(ReplayFailure),
}

/// Why a replay could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplayFailure {
    /// The subscription became inactive.
    SubscriptionInactive,
    /// The subscription was deleted.
    SubscriptionDeleted,
}

impl ReplayStatus {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed(_) => "failed",
        }
    }

    /// Why it could not go on, as a word of the API.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Failed(ReplayFailure::SubscriptionInactive) => Some("subscription_inactive"),
            Self::Failed(ReplayFailure::SubscriptionDeleted) => Some("subscription_deleted"),
            Self::Running | Self::Done | Self::Cancelled => None,
        }
    }
}

/// How many deliveries a replay is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayCount {
    /// As many were found.
    pub deliveries: u64,
    /// Otherwise there are at least so many: counting took too long.
    pub is_exact: bool,
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayProgress {
    /// Events or failed deliveries that were looked at.
    pub examined: u64,
    /// Deliveries that were queued.
    pub replayed: u64,
    /// Of those looked at, the ones that nothing was queued for.
    pub skipped: u64,
}

/// A replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Public id.
    pub id: ReplayId,
    /// Whose.
    pub tenant_no: TenantNo,
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// Its number inside the store.
    pub subscription_no: SubscriptionNo,
    /// What is sent again.
    pub selection: ReplaySelection,
    /// Of events accepted at this moment or later.
    pub since: Timestamp,
    /// Of events accepted before this moment; `None` for all before its beginning.
    pub until: Option<Timestamp>,
    /// At most so many deliveries are queued within a span.
    pub pace: RateLimit,
    /// How many it is about, as counted at its beginning.
    pub count: ReplayCount,
    /// Where it stands.
    pub status: ReplayStatus,
    /// How far it has come.
    pub progress: ReplayProgress,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: (Status, Option<Reason>) = (Status::Failed, Some(Reason::Exhausted));
    const PAUSED: (Status, Option<Reason>) = (Status::Cancelled, Some(Reason::Paused));
    const CALLED_OFF: (Status, Option<Reason>) = (Status::Cancelled, Some(Reason::Operator));
    const SUCCEEDED: (Status, Option<Reason>) = (Status::Succeeded, None);
    const QUEUED: (Status, Option<Reason>) = (Status::Queued, None);

    #[test]
    fn each_selection_takes_what_its_word_says() {
        use ReplayDecision::{Create, CreateIfWanted, Retry, Skip};
        for (deliveries, failed, missing, all) in [
            (&[][..], Skip, CreateIfWanted, CreateIfWanted),
            (&[FAILED], Retry, Skip, Retry),
            (&[PAUSED], Retry, Skip, Retry),
            (&[CALLED_OFF], Skip, Skip, Skip),
            (&[SUCCEEDED], Skip, Skip, Create),
            (&[QUEUED], Skip, Skip, Skip),
            (&[SUCCEEDED, QUEUED], Skip, Skip, Skip),
            (&[FAILED, QUEUED], Retry, Skip, Retry),
            (&[SUCCEEDED, FAILED], Retry, Skip, Retry),
        ] {
            let decided = ReplaySelection::ALL.map(|selection| selection.decide(deliveries));
            assert_eq!(decided, [failed, missing, all], "{deliveries:?}");
        }
    }
}
