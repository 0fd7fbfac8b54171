//! A deterministic simulation of the whole engine: virtual time, a simulated network and disk, and people who do what people do.
//!
//! One seed is one story. It is drawn ([`generator`]), told ([`tell`]) and judged ([`model`]) without a look at the machine's
//! clock or randomness, so the same seed gives the same story on every machine, and an hour of it takes milliseconds.
//!
//! ```text
//! seed ─▶ generator ─▶ Plan ─▶ tell ─▶ Told (what happened) ─▶ model ─▶ what was wrong
//!                               │
//!                               ├─ people           steps.rs: calls of the engine, one after the other
//!                               ├─ the real engine  as `postroad` wires it, without the HTTP server
//!                               ├─ the real client  over simulated connections to simulated receivers (network/)
//!                               └─ a real store     behind a simulated disk (store/)
//! ```
//!
//! To tell one story again: `SIMULATION_SEED=7 cargo nextest run --workspace --test simulation one_story --no-capture`; with
//! `SIMULATION_SHRINK=1` as small as it gets. What is known and not mended yet stands in [`faults`].
//!
//! Lacking on purpose: threads. What depends on two of them at the same time, and what a power cut leaves, is for other tests.

mod clock;
pub mod faults;
pub mod generator;
pub mod journal;
mod life;
pub mod model;
mod network;
mod panics;
pub mod plan;
pub mod random;
pub mod shrink;
mod steps;
mod store;
pub mod story;
mod world;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use postroad_domain::{DeliveryId, delivery::Delivery};

use crate::{
    journal::{Entry, What},
    plan::Plan,
    world::World,
};

/// A story that was told.
pub struct Told {
    /// What it was made from.
    pub plan: Plan,
    /// What happened, in its order.
    pub entries: Vec<Entry>,
    /// What has become of each delivery; those whose tenant is gone are left out.
    pub deliveries: BTreeMap<DeliveryId, Delivery>,
    /// How long it lasted.
    pub lasted: Duration,
    /// What panicked.
    pub panics: Vec<String>,
}

/// Tells a story.
pub fn tell(plan: Plan) -> Told {
    let (told, panics) = panics::seen_during(|| tell_it(plan));
    Told { panics, ..told }
}

fn tell_it(plan: Plan) -> Told {
    let world = Arc::new(World::new(plan));
    let mut commits = 0;
    for (life, end) in (0..).zip(&world.plan.ends) {
        (commits, _) = life::live(&world, (life, commits), Some(end), async |_| ());
    }
    let last = world.plan.ends.len() as u64;
    let (_, looked) = life::live(&world, (last, commits), None, async |store| {
        let entries = world.journal.take();
        let mut deliveries = BTreeMap::new();
        for entry in &entries {
            let What::Queued(queued) = entry.what else { continue };
            let found = store.delivery_at_last(queued.lane.tenant_no, queued.delivery).await;
            deliveries.extend(found.map(|delivery| (queued.delivery, delivery)));
        }
        (entries, deliveries)
    });
    let (entries, deliveries) = looked.unwrap_or_default();
    let (plan, lasted) = (world.plan.clone(), world.clock.elapsed());
    Told { plan, entries, deliveries, lasted, panics: Vec::new() }
}

impl Told {
    /// How many exchanges were made.
    pub fn exchanges(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.what, What::ExchangeBegins(..))).count()
    }
}
