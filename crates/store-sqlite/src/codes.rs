//! The numbers that stand for words in the tables.
//!
//! SQLite keeps the integers 0 and 1 in no bytes and others in one: the status begins at 2, so that a delivery's row
//! keeps its width when it ends and is overwritten in place.

use postroad_domain::{ErrorClass, Reason, Status, subscription::InactiveReason};

use crate::error::Fault;

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

/// The number for how many deliveries an event has: below zero for a test. A column of its own would take a byte of every
/// event, and behind the data of a large one it would be slow to read.
pub(crate) fn deliveries_code(deliveries: u32, test: bool) -> i64 {
    if test { -i64::from(deliveries) } else { i64::from(deliveries) }
}

/// How many deliveries an event has, and whether it is a test.
pub(crate) fn deliveries_of(code: i64) -> Result<(u32, bool), Fault> {
    let deliveries = u32::try_from(code.unsigned_abs());
    Ok((deliveries.map_err(|_| Fault::Corrupt("an event has too many deliveries"))?, code < 0))
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

/// The error class of a number.
pub(crate) fn error_class_of(code: i64) -> Result<ErrorClass, Fault> {
    at(&ErrorClass::ALL, code).ok_or(Fault::Corrupt("an attempt has an unknown error class"))
}

/// The number of the reason for which a subscription is inactive.
pub(crate) const fn inactive_code(reason: InactiveReason) -> i64 {
    match reason {
        InactiveReason::Paused => 1,
        InactiveReason::Gone => 2,
    }
}

/// The reason of that number.
pub(crate) const fn inactive_of(code: i64) -> Result<InactiveReason, Fault> {
    match code {
        1 => Ok(InactiveReason::Paused),
        2 => Ok(InactiveReason::Gone),
        _ => Err(Fault::Corrupt("a subscription is inactive for an unknown reason")),
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
        for (deliveries, test) in [(0, false), (4_095, false), (1, true)] {
            assert_eq!(deliveries_of(deliveries_code(deliveries, test)).unwrap(), (deliveries, test));
        }
        for reason in [InactiveReason::Paused, InactiveReason::Gone] {
            assert_eq!(inactive_of(inactive_code(reason)).unwrap(), reason);
        }
    }

    #[test]
    fn an_unknown_number_is_a_fault_and_not_a_guess() {
        status_of(0).unwrap_err();
        reason_of(-1).unwrap_err();
        error_class_of(99).unwrap_err();
        inactive_of(0).unwrap_err();
        deliveries_of(i64::MIN).unwrap_err();
    }
}
