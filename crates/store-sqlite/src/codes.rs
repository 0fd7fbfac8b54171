//! The numbers that stand for words in the tables.
//!
//! SQLite keeps the integers 0 and 1 in no bytes and others in one: the status begins at 2, so that a delivery's row
//! keeps its width when it ends and is overwritten in place.

use postroad_domain::{
    ErrorClass, Reason, ReplaySelection, ReplayStatus, Status, replay::ReplayFailure,
    subscription::InactiveReason,
};
use postroad_store::NoticeKind;

use crate::{error::Fault, log_no::LogNo, numbers::DELIVERY_BITS};

/// What a subscription is from the next event on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It gets what it matches.
    Active,
    /// It gets nothing, and why.
    Inactive(InactiveReason),
    /// It is gone.
    Deleted,
}

/// The number of a status. [`Status::Delivering`] is known to the engine only: in the store such a delivery is queued.
pub(crate) const fn status_code(status: Status) -> i64 {
    match status {
        Status::Queued | Status::Delivering => 2,
        Status::Succeeded => 3,
        Status::Failed => 4,
        Status::Cancelled => 5,
    }
}

/// The status of a number.
pub(crate) const fn status_of(code: i64) -> Result<Status, Fault> {
    match code {
        2 => Ok(Status::Queued),
        3 => Ok(Status::Succeeded),
        4 => Ok(Status::Failed),
        5 => Ok(Status::Cancelled),
        _ => Err(Fault::Corrupt("a delivery has an unknown status")),
    }
}

/// The number for how many deliveries an event has, in its low bits, and above them its place in the log. It is below zero
/// for a test. A column of its own for each would take more of every event, and behind the data of a large one it would be
/// slow to read, which every start does with the newest.
pub(crate) fn deliveries_code(deliveries: u32, test: bool, log_no: LogNo) -> i64 {
    let code = (log_no.0.abs() << DELIVERY_BITS) | i64::from(deliveries);
    if test { -code } else { code }
}

/// How many deliveries an event has, and whether it is a test.
pub(crate) fn deliveries_of(code: i64) -> Result<(u32, bool), Fault> {
    log_no_of(code)?;
    let deliveries = u32::try_from(code.unsigned_abs() & ((1 << DELIVERY_BITS) - 1));
    Ok((deliveries.map_err(|_| Fault::Corrupt("an event has too many deliveries"))?, code < 0))
}

/// What a delivery has beside its one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// Other events: it is a group.
    pub(crate) members: bool,
    /// What its first attempt sent.
    pub(crate) body: bool,
}

/// The bit of a delivery's count of attempts that says that it has members. Who reads the row knows it without another
/// look, a delivery of one event has no byte for it, and raising the count leaves it as it is.
const MEMBERS_BIT: u32 = 1 << 29;
/// The same for a stored body.
const BODY_BIT: u32 = 1 << 30;

/// How often a delivery was tried, and what it has beside its one event.
pub(crate) fn attempts_of(code: i64) -> Result<(u32, Extras), Fault> {
    let code = u32::try_from(code).map_err(|_| Fault::Corrupt("a delivery has too many attempts"))?;
    let extras = Extras { members: code & MEMBERS_BIT != 0, body: code & BODY_BIT != 0 };
    Ok((code & !(MEMBERS_BIT | BODY_BIT), extras))
}

/// The place of an event or of a test in the log.
pub(crate) fn log_no_of(code: i64) -> Result<LogNo, Fault> {
    let log_no = i64::try_from(code.unsigned_abs() >> DELIVERY_BITS).unwrap_or(i64::MAX);
    if log_no > LogNo::OFFSET_MAX {
        return Err(Fault::Corrupt("an event has a place in the log that is none"));
    }
    Ok(LogNo(if code < 0 { -log_no } else { log_no }))
}

/// The number of a reason: its place in [`Reason::ALL`].
pub(crate) const fn reason_code(reason: Reason) -> i64 {
    reason as i64
}

/// The reason of a number.
pub(crate) fn reason_of(code: i64) -> Result<Reason, Fault> {
    at(&Reason::ALL, code).ok_or(Fault::Corrupt("a delivery has an unknown reason"))
}

/// The number of an error class: its place in [`ErrorClass::ALL`].
pub(crate) const fn error_class_code(class: ErrorClass) -> i64 {
    class as i64
}

/// The number of what a notice tells: its place in [`NoticeKind::ALL`].
pub(crate) const fn notice_code(kind: NoticeKind) -> i64 {
    kind as i64
}

/// What a notice with that number tells.
pub(crate) fn notice_of(code: i64) -> Result<NoticeKind, Fault> {
    at(&NoticeKind::ALL, code).ok_or(Fault::Corrupt("a notice has an unknown kind"))
}

/// The error class of a number.
pub(crate) fn error_class_of(code: i64) -> Result<ErrorClass, Fault> {
    at(&ErrorClass::ALL, code).ok_or(Fault::Corrupt("an attempt has an unknown error class"))
}

/// The number of the reason for which a subscription is inactive.
pub(crate) const fn inactive_code(reason: InactiveReason) -> i64 {
    match reason {
        InactiveReason::Paused => 1,
        InactiveReason::Gone => 2,
        // 3 is a deleted one, in the history.
        InactiveReason::Failing => 4,
        InactiveReason::Unverified => 5,
    }
}

/// The reason of that number.
pub(crate) const fn inactive_of(code: i64) -> Result<InactiveReason, Fault> {
    match code {
        1 => Ok(InactiveReason::Paused),
        2 => Ok(InactiveReason::Gone),
        4 => Ok(InactiveReason::Failing),
        5 => Ok(InactiveReason::Unverified),
        _ => Err(Fault::Corrupt("a subscription is inactive for an unknown reason")),
    }
}

/// The number of what a subscription is; none for an active one.
pub(crate) const fn standing_code(standing: Standing) -> Option<i64> {
    match standing {
        Standing::Active => None,
        Standing::Inactive(reason) => Some(inactive_code(reason)),
        Standing::Deleted => Some(3),
    }
}

/// What a subscription is by that number.
pub(crate) fn standing_of(code: Option<i64>) -> Result<Standing, Fault> {
    match code {
        None => Ok(Standing::Active),
        Some(3) => Ok(Standing::Deleted),
        Some(code) => Ok(Standing::Inactive(inactive_of(code)?)),
    }
}

/// The number of what a replay sends again: its place in [`ReplaySelection::ALL`].
pub(crate) const fn selection_code(selection: ReplaySelection) -> i64 {
    selection as i64
}

/// What a replay with that number sends again.
pub(crate) fn selection_of(code: i64) -> Result<ReplaySelection, Fault> {
    at(&ReplaySelection::ALL, code).ok_or(Fault::Corrupt("a replay has an unknown selection"))
}

/// The number of where a replay stands.
pub(crate) const fn replay_status_code(status: ReplayStatus) -> i64 {
    match status {
        ReplayStatus::Running => 1,
        ReplayStatus::Done => 2,
        ReplayStatus::Cancelled => 3,
        ReplayStatus::Failed(ReplayFailure::SubscriptionInactive) => 4,
        ReplayStatus::Failed(ReplayFailure::SubscriptionDeleted) => 5,
    }
}

/// Where a replay with that number stands.
pub(crate) const fn replay_status_of(code: i64) -> Result<ReplayStatus, Fault> {
    match code {
        1 => Ok(ReplayStatus::Running),
        2 => Ok(ReplayStatus::Done),
        3 => Ok(ReplayStatus::Cancelled),
        4 => Ok(ReplayStatus::Failed(ReplayFailure::SubscriptionInactive)),
        5 => Ok(ReplayStatus::Failed(ReplayFailure::SubscriptionDeleted)),
        _ => Err(Fault::Corrupt("a replay has an unknown status")),
    }
}

fn at<T: Copy>(all: &[T], code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|index| all.get(index)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_number_that_leads_back_to_it() {
        for status in [Status::Queued, Status::Succeeded, Status::Failed, Status::Cancelled] {
            assert_eq!(status_of(status_code(status)).unwrap(), status);
        }
        for reason in Reason::ALL {
            assert_eq!(reason_of(reason_code(reason)).unwrap(), reason);
        }
        for class in ErrorClass::ALL {
            assert_eq!(error_class_of(error_class_code(class)).unwrap(), class);
        }
        for (deliveries, test, log_no) in [
            (0, false, 0),
            (4_095, false, 0),
            (1, true, 0),
            (0, false, 1),
            (4_095, false, 1 << 50),
            (1, true, -7),
        ] {
            let code = deliveries_code(deliveries, test, LogNo(log_no));
            assert_eq!(deliveries_of(code).unwrap(), (deliveries, test));
            assert_eq!(log_no_of(code).unwrap(), LogNo(log_no));
        }
        for reason in InactiveReason::ALL {
            assert_eq!(inactive_of(inactive_code(reason)).unwrap(), reason);
            let standing = Standing::Inactive(reason);
            assert_eq!(standing_of(standing_code(standing)).unwrap(), standing);
        }
    }

    #[test]
    fn every_word_of_a_replay_has_a_number_that_leads_back_to_it() {
        for selection in ReplaySelection::ALL {
            assert_eq!(selection_of(selection_code(selection)).unwrap(), selection);
        }
        for code in 1..=5 {
            assert_eq!(replay_status_code(replay_status_of(code).unwrap()), code);
        }
        for standing in [Standing::Active, Standing::Deleted] {
            assert_eq!(standing_of(standing_code(standing)).unwrap(), standing);
        }
        selection_of(3).unwrap_err();
        replay_status_of(0).unwrap_err();
        standing_of(Some(99)).unwrap_err();
    }

    #[test]
    fn the_count_of_attempts_says_what_else_there_is() {
        let (members, body) = (i64::from(MEMBERS_BIT), i64::from(BODY_BIT));
        assert!(crate::sql::MEMBER_NOTE.contains(&format!("| {members} ")));
        assert!(crate::sql::BODY_NOTE.contains(&format!("| {body} ")));
        for (code, has_members, has_body) in
            [(0, false, false), (members, true, false), (body, false, true), (members | body, true, true)]
        {
            let extras = Extras { members: has_members, body: has_body };
            assert_eq!(attempts_of(code).unwrap(), (0, extras));
            assert_eq!(attempts_of(code + 31).unwrap(), (31, extras));
        }
    }

    #[test]
    fn an_unknown_number_is_a_fault_and_not_a_guess() {
        status_of(0).unwrap_err();
        reason_of(-1).unwrap_err();
        error_class_of(99).unwrap_err();
        inactive_of(0).unwrap_err();
        inactive_of(3).unwrap_err();
        deliveries_of(i64::MIN).unwrap_err();
        attempts_of(-1).unwrap_err();
        attempts_of(1 << 32).unwrap_err();
    }
}
