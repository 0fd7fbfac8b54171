//! Which events go: the walk over the numbers, and those that it had passed over.

use super::{
    erase,
    step::{Step, next},
};
use crate::{error::Fault, writer::work::Work};

/// Forgets events that were passed over and are over now: the rule had condemned them then.
pub(super) fn take_released(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    while let Some(event_no) = work.known.prune.released.first().copied() {
        if !step.may_go_on(work) {
            break;
        }
        step.take(1);
        let found = next(work, event_no)?.filter(|found| found.event_no == event_no);
        match found {
            // The rule became milder: the walk comes to it again.
            Some(found) if !step.takes_released(found.accepted_at) => {
                let walk = &mut work.known.prune;
                walk.next = walk.next.min(event_no);
            }
            Some(found) if !erase::try_erase(work, step, found)? => break,
            _ => {}
        }
        work.known.prune.released.remove(&event_no);
    }
    Ok(())
}

/// Goes on with the walk.
pub(super) fn take_oldest(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    while let Some(found) = next(work, work.known.prune.next)? {
        if !step.wants(work, found.accepted_at)? || !step.may_go_on(work) {
            break;
        }
        step.take(1);
        if !erase::try_erase(work, step, found)? {
            break;
        }
        work.known.prune.next = found.event_no + 1;
    }
    Ok(())
}
