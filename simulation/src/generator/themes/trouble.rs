//! Themes of what goes wrong around the engine: clocks, the disk, the wire.

use std::time::Duration;

use super::common::{QUICK, spice, tenants};
use crate::generator::draft::Draft;
use crate::plan::{Behaviour, Trouble};

const DAY: i64 = 24 * 3_600;

/// Leaps ahead and back, and restarts between them.
pub(super) fn clocks(draft: &mut Draft) {
    draft.busy(40, 160);
    tenants(draft, (1, 3), (1, 3), (10, 40));
    // One that has something waiting.
    let tenant = draft.tenant("standard");
    let moment = draft.moment();
    let host = draft.host(vec![(Duration::ZERO, Behaviour::Refuses), (moment, QUICK)]);
    let planned = draft.subscription(tenant, host);
    (planned.pace.ordered, planned.event_type) = (true, None);
    planned.gaps = Some(vec![Duration::from_secs(3); 8]);
    let count = draft.draws.between(8, 30);
    draft.publisher(tenant, count, 80);
    let ahead = draft.draws.pick(&[30, 3_600, 3 * DAY as u64, 30 * DAY as u64]) as i64;
    let (one, other) = (draft.moment(), draft.moment());
    match draft.draws.below(3) {
        0 => draft.leap(one, -ahead.min(3_600)),
        1 => draft.leap(one, ahead),
        _ => {
            draft.leap(one.min(other), ahead);
            draft.leap(one.max(other), -ahead);
        }
    }
    if draft.draws.chance(70) {
        draft.restart();
    }
    if draft.draws.chance(25) {
        draft.plan.retention = Some(draft.draws.seconds(60, 200));
    }
    spice(draft);
}

/// A disk with troubles, and lanes that must read on.
pub(super) fn disk(draft: &mut Draft) {
    draft.busy(30, 100);
    tenants(draft, (1, 2), (1, 3), (10, 30));
    let tenant = draft.tenant("standard");
    let moment = draft.moment();
    let host = draft.host(vec![
        (Duration::ZERO, Behaviour::Fails { percent: 40, status: 500, after_ms: (0, 200) }),
        (moment, QUICK),
    ]);
    let planned = draft.subscription(tenant, host);
    (planned.pace.ordered, planned.event_type) = (true, None);
    planned.gaps = Some(vec![Duration::from_millis(500); 10]);
    let count = draft.draws.between(20, 60);
    draft.publisher(tenant, count, 80);
    for _ in 0..draft.draws.between(1, 3) {
        let trouble = match draft.draws.below(5) {
            0 => Trouble::Full,
            1 => Trouble::Unwritable,
            2 => Trouble::Slow(draft.draws.pick(&[5, 20]) as u32),
            _ => Trouble::ReadsFail(draft.draws.between(20, 90)),
        };
        draft.trouble(trouble, (2, 20));
    }
    spice(draft);
}

/// Receivers that break the protocol, or close connections when others do not.
pub(super) fn framing(draft: &mut Draft) {
    draft.busy(20, 60);
    let host = {
        let way = draft.draws.below(3) as u8;
        draft.host_that(Behaviour::Misframes { way })
    };
    for _ in 0..2 {
        let tenant = draft.tenant("standard");
        draft.subscription(tenant, host).event_type = None;
        let after_ms = draft.draws.pick(&[5, 100, 1_000]);
        let idle = draft.host_that(Behaviour::ClosesIdle { after_ms });
        draft.subscription(tenant, idle);
        let count = draft.draws.between(20, 60);
        draft.publisher(tenant, count, 80);
    }
    spice(draft);
}
