//! The life of a delivery: how it is born ([`born`]) and what can happen to it ([`transition`]). Both are pure functions,
//! drawn in `docs/state-machine.md`; a test compares them with the drawing.
//!
//! Stores keep a [`StoredStatus`], which nothing but these two functions can make.
//!
//! **Invariant:** every delivery ends. From each state that is not final an input leads to a final one, and the engine
//! sends that input at the latest when the delivery expires.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    endpoint::EndpointUrl,
    ids::{DeliveryId, EventId, SubscriptionId},
    invalid::Invalid,
    subscription::SubscriptionNo,
    time::Timestamp,
};

/// Where a delivery stands; the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for its turn or for its next due time.
    Queued,
    /// An attempt is under way. Known to the node that makes it; in the store such a delivery is queued, so that a
    /// crash needs no repair.
    Delivering,
    /// A receiver took it.
    Succeeded,
    /// It ended without success.
    Failed,
    /// It was called off.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Delivering, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivering => "delivering",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// It is none; the sentence lists all of them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|status| status.as_str() == text);
        known
            .ok_or_else(|| Invalid::new(format!("must be one of {}", Self::ALL.map(Self::as_str).join(", "))))
    }

    /// Nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// Why a delivery failed or was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Every attempt of its schedule failed.
    Exhausted,
    /// Its time was over.
    Expired,
    /// The subscription's backlog was beyond its budget and this was the oldest.
    BacklogFull,
    /// The subscription was set inactive.
    Paused,
    /// The subscription or its tenant was deleted.
    Deleted,
    /// The subscription's script failed.
    Script,
    /// The subscription's script chose not to send it.
    DroppedByScript,
    /// Somebody cancelled it.
    Operator,
}

impl Reason {
    /// Every reason, in the order of its number in the store.
    pub const ALL: [Self; 8] = [
        Self::Exhausted,
        Self::Expired,
        Self::BacklogFull,
        Self::Paused,
        Self::Deleted,
        Self::Script,
        Self::DroppedByScript,
        Self::Operator,
    ];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::BacklogFull => "backlog_full",
            Self::Paused => "paused",
            Self::Deleted => "deleted",
            Self::Script => "script",
            Self::DroppedByScript => "dropped_by_script",
            Self::Operator => "operator",
        }
    }
}

/// How a delivery comes into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Birth {
    /// It is to be sent: its event was accepted, or a replay sends the event again.
    Create,
    /// Its subscription was paused after its event was accepted and before a later step of a large fan-out came to it.
    CreatePaused,
    /// It is a test that the receiver took. A test is written when it is over.
    TestSucceed,
    /// It is a test that failed.
    TestFail,
}

impl Birth {
    /// Every birth.
    pub const ALL: [Self; 4] = [Self::Create, Self::CreatePaused, Self::TestSucceed, Self::TestFail];

    /// The word on the arrow of the drawing.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::CreatePaused => "create_paused",
            Self::TestSucceed => "test_succeed",
            Self::TestFail => "test_fail",
        }
    }
}

/// The first state of a delivery.
pub const fn born(birth: Birth) -> Status {
    match birth {
        Birth::Create => Status::Queued,
        Birth::CreatePaused => Status::Cancelled,
        Birth::TestSucceed => Status::Succeeded,
        Birth::TestFail => Status::Failed,
    }
}

/// What can happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// An attempt starts.
    Begin,
    /// The attempt was taken by the receiver.
    Succeed,
    /// The attempt failed and the schedule has another one.
    Postpone,
    /// The attempt failed and no other follows.
    Exhaust,
    /// The attempt was given back without a result: the node stops, or the way out is shut.
    Release,
    /// Its time is over.
    Expire,
    /// The backlog is beyond its budget.
    Overflow,
    /// It is called off.
    Cancel,
    /// Somebody wants it sent again.
    Retry,
}

impl Input {
    /// Every input.
    pub const ALL: [Self; 9] = [
        Self::Begin,
        Self::Succeed,
        Self::Postpone,
        Self::Exhaust,
        Self::Release,
        Self::Expire,
        Self::Overflow,
        Self::Cancel,
        Self::Retry,
    ];

    /// The word on the arrow of the drawing.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Succeed => "succeed",
            Self::Postpone => "postpone",
            Self::Exhaust => "exhaust",
            Self::Release => "release",
            Self::Expire => "expire",
            Self::Overflow => "overflow",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

/// The state after `input`, or `None` when the input means nothing there and changes nothing.
pub const fn transition(state: Status, input: Input) -> Option<Status> {
    use Input::{Begin, Cancel, Exhaust, Expire, Overflow, Postpone, Release, Retry, Succeed};
    use Status::{Cancelled, Delivering, Failed, Queued, Succeeded};
    match (state, input) {
        (Queued, Begin) => Some(Delivering),
        (Delivering, Succeed) => Some(Succeeded),
        (Delivering, Postpone | Release) => Some(Queued),
        (Delivering, Exhaust) => Some(Failed),
        (Queued, Expire | Overflow) => Some(Failed),
        (Queued | Delivering, Cancel) => Some(Cancelled),
        // The attempt that was under way when the delivery was called off, or ended by its age or the backlog's budget, did
        // arrive: the log says what is true.
        (Failed | Cancelled, Succeed) => Some(Succeeded),
        (Succeeded | Failed | Cancelled, Retry) => Some(Queued),
        _ => None,
    }
}

/// The status of a delivery in a store: one that [`born`] and [`transition`] lead to.
///
/// A store does not know [`Status::Delivering`]: a delivery stays queued there while an attempt is under way. So what the
/// attempt came to ([`Input::Succeed`], [`Input::Postpone`], [`Input::Exhaust`], [`Input::Release`]) reaches a queued
/// delivery, as if [`Input::Begin`] had come just before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredStatus(Status);

impl StoredStatus {
    /// Every status that a store keeps.
    pub const ALL: [Self; 4] =
        [Self(Status::Queued), Self(Status::Succeeded), Self(Status::Failed), Self(Status::Cancelled)];

    /// The status of a new delivery.
    pub const fn born(birth: Birth) -> Self {
        Self(born(birth))
    }

    /// The status after `input`, or `None` when the input means nothing there and changes nothing.
    pub const fn after(self, input: Input) -> Option<Self> {
        let next = match transition(self.0, input) {
            None if matches!(self.0, Status::Queued) => transition(Status::Delivering, input),
            next => next,
        };
        match next {
            Some(Status::Delivering) => Some(Self(Status::Queued)),
            Some(next) => Some(Self(next)),
            None => None,
        }
    }

    /// The word of the API.
    pub const fn get(self) -> Status {
        self.0
    }
}

/// What a delivery sent with its first attempt and sends again with each later one, where that cannot be made from its events
/// anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBody {
    /// The method, where it is not the subscription's.
    pub method: Option<String>,
    /// The URL, where it is not the subscription's.
    pub url: Option<EndpointUrl>,
    /// The body before it is enveloped and signed.
    pub body: Bytes,
}

/// A delivery as it is read: its row and the names of what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Public id.
    pub id: DeliveryId,
    /// Where it goes.
    pub subscription: SubscriptionId,
    /// The subscription's number inside the store.
    pub subscription_no: SubscriptionNo,
    /// The subscription's version it was created with.
    pub subscription_version: i64,
    /// The events it carries, in the order in which they are sent; the first is the one that its id is made from. A list names
    /// the first [`crate::limits::DELIVERY_EVENTS_LISTED_MAX`].
    pub events: Vec<EventId>,
    /// How many events it carries.
    pub event_count: u32,
    /// The first event's type.
    pub event_type: crate::event::EventType,
    /// Where it stands, as the store knows it: never [`Status::Delivering`].
    pub status: Status,
    /// Why it failed or was cancelled.
    pub reason: Option<Reason>,
    /// Attempts made so far.
    pub attempts: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the next attempt is due, while it waits.
    pub due_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// It was sent to test the subscription.
    pub test: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The lines of the drawing that are arrows: `queued --> delivering: begin`.
    fn drawn() -> BTreeSet<String> {
        include_str!("../../../docs/state-machine.md")
            .lines()
            .map(str::trim)
            .filter(|line| line.contains("-->"))
            .map(ToOwned::to_owned)
            .collect()
    }

    #[test]
    fn the_functions_and_the_drawing_are_the_same_machine() {
        let births = Birth::ALL.map(|birth| format!("[*] --> {}: {}", born(birth).as_str(), birth.as_str()));
        let mut coded = BTreeSet::from(births);
        for state in Status::ALL {
            for input in Input::ALL {
                if let Some(next) = transition(state, input) {
                    coded.insert(format!("{} --> {}: {}", state.as_str(), next.as_str(), input.as_str()));
                }
            }
        }
        assert_eq!(coded, drawn());
    }

    #[test]
    fn each_word_on_an_arrow_is_explained_below_the_drawing() {
        let page = include_str!("../../../docs/state-machine.md");
        let births = Birth::ALL.map(Birth::as_str);
        for word in births.into_iter().chain(Input::ALL.map(Input::as_str)) {
            assert!(
                page.contains(&format!("\n| {word} | ")),
                "docs/state-machine.md does not explain {word}"
            );
        }
    }

    #[test]
    fn a_store_takes_what_an_attempt_came_to_for_a_queued_delivery() {
        let after = |status: Status, input| StoredStatus(status).after(input).map(StoredStatus::get);
        assert_eq!(after(Status::Queued, Input::Begin), Some(Status::Queued));
        assert_eq!(after(Status::Queued, Input::Succeed), Some(Status::Succeeded));
        assert_eq!(after(Status::Queued, Input::Postpone), Some(Status::Queued));
        assert_eq!(after(Status::Queued, Input::Exhaust), Some(Status::Failed));
        for ended in [Status::Succeeded, Status::Failed, Status::Cancelled] {
            assert_eq!(after(ended, Input::Postpone), None, "{ended:?}");
            for input in Input::ALL {
                assert_eq!(after(ended, input), transition(ended, input), "{ended:?}, {input:?}");
            }
        }
    }

    #[test]
    fn from_every_state_a_delivery_can_end_and_only_a_person_wakes_an_ended_one() {
        for state in Status::ALL {
            let next: Vec<_> = Input::ALL.into_iter().filter_map(|input| transition(state, input)).collect();
            if state.is_final() {
                let wakers: Vec<_> = Input::ALL
                    .into_iter()
                    .filter(|input| transition(state, *input).is_some_and(|next| !next.is_final()))
                    .collect();
                assert_eq!(wakers, [Input::Retry], "{state:?}");
            } else {
                assert!(next.iter().any(|next| next.is_final()), "{state:?}");
            }
        }
    }
}
