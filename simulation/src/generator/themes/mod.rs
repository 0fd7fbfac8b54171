//! What each theme has much of.

mod common;
mod lanes;
mod large;
mod trouble;
mod waiting;

use self::common::{spice, tenants};
use crate::generator::draft::Draft;
use crate::plan::{Step, Theme};

/// Fills a story.
pub(super) fn fill(draft: &mut Draft, theme: Theme) {
    match theme {
        Theme::Mixture => mixture(draft),
        Theme::Schedule => lanes::schedule(draft),
        Theme::Order => lanes::order(draft),
        Theme::FanOut => large::fan_out(draft),
        Theme::Flood => large::flood(draft),
        Theme::Clocks => trouble::clocks(draft),
        Theme::Disk => trouble::disk(draft),
        Theme::Backlog => lanes::backlog(draft),
        Theme::Gone => lanes::gone(draft),
        Theme::Memory => large::memory(draft),
        Theme::Settings => large::settings(draft),
        Theme::Rests => lanes::rests(draft),
        Theme::Bytes => large::bytes(draft),
        Theme::Framing => trouble::framing(draft),
        Theme::Waiting => waiting::waiting(draft),
    }
}

fn mixture(draft: &mut Draft) {
    draft.busy(20, 120);
    let many = if draft.draws.chance(10) { (8, 30) } else { (1, 5) };
    let subscriptions = if draft.draws.chance(10) { (1, 30) } else { (1, 6) };
    tenants(draft, many, subscriptions, (5, 50));
    if draft.draws.chance(30) {
        // Up to as many bytes as the body of a batch may have.
        let (count, bytes) = match draft.draws.below(20) {
            0 => (16, 1_000_000),
            other => (draft.draws.between(10, 150), if other < 5 { 10_000 } else { 60 }),
        };
        let events = draft.events(0, count, bytes, (0, 0));
        draft.plan.tenants[0].is_quiet = false;
        let from = draft.moment();
        draft.thread(from, vec![Step::Batch(events)]);
    }
    for _ in 0..draft.draws.between(1, 4) {
        spice(draft);
    }
}
