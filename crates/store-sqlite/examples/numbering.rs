//! Measures what offsets cost: `cargo run --release -p postroad-store-sqlite --example numbering -- FOLDER [EVENTS]`.
//!
//! In an empty folder it writes a database of the state before offsets, with so many events of a thousand tenants, all of them
//! listed. Then it opens the store, says how long that took, and lets the sweep go on without its rests until every event
//! has its offset. It may be killed and called again at any time. At last it tells the bytes of log that an event takes.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement is no part of the program")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use postroad_domain::{Clock, EventOffset, TenantId, Timestamp, time::Sleep};
use postroad_store::{
    AcceptResult, BacklogBudget, Commit, Next, Outcome, QueuedDelivery, ReadLog, Store, Sweep,
    conformance::World,
};
use postroad_store_sqlite::{Options, SqliteStore};
use rusqlite::Connection;

const BEFORE: [&str; 8] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_profiles.sql"),
    include_str!("../migrations/0003_not_before.sql"),
    include_str!("../migrations/0004_keys_and_audit.sql"),
    include_str!("../migrations/0005_replays.sql"),
    include_str!("../migrations/0007_trace.sql"),
    include_str!("../migrations/0008_audit_count.sql"),
    include_str!("../migrations/0009_replay_places.sql"),
];
const TENANTS: i64 = 1_000;
/// Events of a commit.
const BATCH: usize = 500;
/// Events of which the log's bytes are measured.
const MEASURED: usize = 100_000;

struct Machine(Instant);

impl Machine {
    #[expect(clippy::disallowed_methods, reason = "time is what is measured")]
    fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_900_000_000_000).after(self.0.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, span: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(span))
    }
}

fn write_before(folder: &Path, events: i64) {
    let db = Connection::open(folder.join("postroad.db")).unwrap();
    db.execute_batch("PRAGMA journal_mode = off; PRAGMA synchronous = off").unwrap();
    for text in BEFORE {
        db.execute_batch(text).unwrap();
    }
    let spec = r#"{"profile":"standard","name":null,"contacts":[],"options":"{}"}"#;
    db.execute_batch(&format!(
        "BEGIN;
         CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {TENANTS}) SELECT i FROM n;
         INSERT INTO tenant (tenant_no, id, config_version, created_at, updated_at) SELECT i, 'tenant-' || i, 1, 10, 20 FROM n;
         INSERT INTO tenant_version SELECT i, 1, '{spec}' FROM n;
         INSERT INTO event (event_no, tenant_no, id, type, accepted_at, deliveries, data)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events})
             SELECT i, 1 + i % {TENANTS}, unhex(printf('01976b2f5a407000%016x', i << 16)), 'type.' || (i % 20), i, 0, zeroblob(100)
             FROM n;
         INSERT INTO event_listing SELECT tenant_no, event_no FROM event ORDER BY tenant_no, event_no;
         INSERT INTO counter VALUES ('listed_before', {events} + 1);
         PRAGMA application_id = 0x706f7374;
         PRAGMA user_version = {};
         COMMIT",
        BEFORE.len()
    ))
    .unwrap();
}

/// Opens the store, and says how long that took.
fn open(folder: &Path, clock: &Arc<Machine>) -> Arc<dyn Store> {
    let began = clock.monotonic();
    let store = SqliteStore::open(Options::new(folder, clock.clone())).unwrap();
    println!("ready after {:?}", clock.monotonic() - began);
    Arc::new(store)
}

/// Gives every event its offset.
async fn number(store: &dyn Store, clock: &Machine) {
    let (began, mut steps, mut longest) = (clock.monotonic(), 0, Duration::ZERO);
    loop {
        let step_began = clock.monotonic();
        let sweep = Sweep { at: clock.now(), limit: 500, budget: BacklogBudget::default() };
        let swept = store.sweep(sweep).await.unwrap();
        longest = longest.max(clock.monotonic() - step_began);
        steps += 1;
        if !swept.more {
            println!("{steps} steps in {:?}, the longest {longest:?}", clock.monotonic() - began);
            return;
        }
        if steps % 1_000 == 0 {
            println!("{steps} steps in {:?}", clock.monotonic() - began);
        }
    }
}

/// Bytes of log per event, with nothing moved out of the log meanwhile.
async fn measure_log(folder: &Path, world: &mut World, tenants: usize) {
    let mut lanes = Vec::new();
    for index in 0..tenants {
        let tenant = world.tenant(&format!("measured-{tenants}-{index}")).await;
        let subscription = world.subscription(&tenant).await;
        lanes.push(world.event(&tenant, &[&subscription]).await);
    }
    let reader = Connection::open(folder.join("postroad.db")).unwrap();
    reader.busy_timeout(Duration::from_secs(9)).unwrap();
    // The file keeps its size when the log begins anew.
    reader.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); BEGIN; SELECT count(*) FROM tenant").unwrap();
    let log = || std::fs::metadata(folder.join("postroad.db-wal")).unwrap().len();
    let before = log();
    let mut waiting: Vec<QueuedDelivery> = Vec::new();
    for batch in 0..MEASURED / BATCH {
        let mut events = Vec::with_capacity(BATCH);
        for index in 0..BATCH {
            let mut event = lanes[(batch * BATCH + index) * 7 % tenants].clone();
            event.id = world.event_id();
            event.deliveries[0].id = event.id.delivery(1);
            event.data = vec![b'1'; 1_024].into();
            events.push(event);
        }
        let ended = std::mem::take(&mut waiting);
        let outcomes: Vec<Outcome> =
            ended.iter().map(|queued| world.outcome(queued, Next::Succeeded)).collect();
        let (at, session) = (world.tick(), world.session.id);
        let commit = Commit { at, session, events, outcomes, fanouts: Vec::new() };
        for result in world.store.commit(Arc::new(commit)).await.unwrap().events {
            let AcceptResult::Accepted { deliveries } = result else { panic!("{result:?}") };
            waiting.extend(deliveries);
        }
    }
    println!("{tenants} tenants: {} bytes of log per event", (log() - before) / MEASURED as u64);
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("the first argument is a folder");
    let events: i64 = arguments.next().map_or(10_000_000, |count| count.parse().unwrap());
    let (folder, clock) = (Path::new(&folder), Arc::new(Machine::new()));
    if !folder.join("postroad.db").exists() {
        write_before(folder, events);
        println!("{events} events written in {:?}", clock.monotonic());
    }
    let store = open(folder, &clock);
    number(&*store, &clock).await;
    let tenant = store.tenant(TenantId::parse("tenant-1").unwrap()).await.unwrap().unwrap();
    let (mut from, mut entries, began) = (EventOffset(0), 0, clock.monotonic());
    loop {
        let read = ReadLog { tenant_no: tenant.no, from, types: Vec::new(), limit: 1_000 };
        let log = store.read_log(read).await.unwrap().unwrap();
        entries += log.entries.len();
        if log.next == from {
            break;
        }
        from = log.next;
    }
    println!("{entries} entries of one tenant read in {:?}", clock.monotonic() - began);
    let mut world = World::new(store).await;
    world.advance(clock.now().since(world.now()));
    for tenants in [1, 1_000] {
        measure_log(folder, &mut world, tenants).await;
    }
}
