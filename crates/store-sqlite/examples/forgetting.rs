//! Measures what forgetting costs those who publish: `cargo run --release -p postroad-store-sqlite --example forgetting`.
//!
//! Fills a store with old events, then accepts and finishes events as fast as the writer goes, in turns without and with
//! forgetting beside it at the engine's pace, and tells the ratio of each pair of turns.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement is no part of the program")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use postroad_domain::{Clock, Subscription, Tenant, Timestamp, time::Sleep};
use postroad_store::{Commit, Next, Outcome, Prune, QueuedDelivery, Store, conformance::World};
use postroad_store_sqlite::{Options, SqliteStore};

const BATCH: usize = 500;
const TURN: Duration = Duration::from_secs(1);
const TURNS: usize = 21;
/// As in the engine.
const BUSY_SHARE: u32 = 10;
const BUSY_REST: u32 = 20;

struct Machine(Instant);

impl Machine {
    #[expect(clippy::disallowed_methods, reason = "time is what is measured")]
    fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0).after(self.0.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, span: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(span))
    }
}

/// Publishes and finishes, one commit after the other.
struct Publisher {
    world: World,
    tenant: Tenant,
    subscription: Subscription,
    waiting: Vec<QueuedDelivery>,
}

impl Publisher {
    async fn commit(&mut self) {
        let template = self.world.event(&self.tenant, &[&self.subscription]).await;
        let mut events = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            let mut event = template.clone();
            event.id = self.world.event_id();
            event.deliveries[0].id = event.id.delivery(1);
            event.data = vec![b'1'; 1_024].into();
            events.push(event);
        }
        let waiting = std::mem::take(&mut self.waiting);
        let outcomes: Vec<Outcome> =
            waiting.iter().map(|queued| self.world.outcome(queued, Next::Succeeded)).collect();
        let commit = Commit {
            at: self.world.tick(),
            session: self.world.session.id,
            events,
            outcomes,
            fanouts: Vec::new(),
        };
        let committed = self.world.store.commit(Arc::new(commit)).await.unwrap();
        for result in committed.events {
            let postroad_store::AcceptResult::Accepted { deliveries } = result else { panic!("{result:?}") };
            self.waiting.extend(deliveries);
        }
    }

    /// Events a second.
    async fn turn(&mut self, clock: &Machine) -> f64 {
        let (began, mut count) = (clock.monotonic(), 0);
        while clock.monotonic() - began < TURN {
            self.commit().await;
            count += BATCH;
        }
        count as f64 / (clock.monotonic() - began).as_secs_f64()
    }
}

/// Forgets everything before `at`, at the engine's pace; answers how many events that were.
async fn forget(
    store: Arc<dyn Store>,
    clock: Arc<Machine>,
    at: Timestamp,
    forgotten: Arc<std::sync::atomic::AtomicUsize>,
) {
    let mut ended = clock.monotonic();
    loop {
        let began = clock.monotonic();
        let (age_max, rows_max, time_max) = (Some(Duration::ZERO), 1_000, Duration::from_millis(3));
        let step = store
            .prune(Prune { at, age_max, bytes_max: None, tenants: Arc::default(), rows_max, time_max })
            .await
            .unwrap();
        forgotten.fetch_add(step.events, std::sync::atomic::Ordering::Relaxed);
        if !step.more {
            return;
        }
        let is_busy = step.others_took * BUSY_SHARE > began - ended;
        ended = clock.monotonic();
        clock.sleep(if is_busy { step.took * BUSY_REST } else { step.took }).await;
    }
}

#[tokio::main]
async fn main() {
    let old: usize = std::env::args().nth(1).map_or(1_000_000, |count| count.parse().unwrap());
    let folder = tempfile::tempdir_in(".").unwrap();
    let clock = Arc::new(Machine::new());
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(Options::new(folder.path(), clock.clone())).unwrap());
    let mut world = World::new(Arc::clone(&store)).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut publisher = Publisher { world, tenant, subscription, waiting: Vec::new() };
    for _ in 0..old.div_ceil(BATCH) {
        publisher.commit().await;
    }
    println!("{old} old events, {:?}", store.stats());
    let at = publisher.world.now();
    let forgotten = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for _ in 0..TURNS {
        let without = publisher.turn(&clock).await;
        let before = forgotten.load(std::sync::atomic::Ordering::Relaxed);
        let beside = tokio::spawn(forget(Arc::clone(&store), clock.clone(), at, Arc::clone(&forgotten)));
        let with = publisher.turn(&clock).await;
        beside.abort();
        let gone = forgotten.load(std::sync::atomic::Ordering::Relaxed) - before;
        println!(
            "without {without:.0}/s, with {with:.0}/s, ratio {:.3}, {gone} forgotten in {TURN:?}",
            with / without
        );
    }
    let (began, before) = (clock.monotonic(), forgotten.load(std::sync::atomic::Ordering::Relaxed));
    forget(Arc::clone(&store), clock.clone(), at, Arc::clone(&forgotten)).await;
    let gone = forgotten.load(std::sync::atomic::Ordering::Relaxed) - before;
    println!("idle: {gone} events in {:?}", clock.monotonic() - began);
}
