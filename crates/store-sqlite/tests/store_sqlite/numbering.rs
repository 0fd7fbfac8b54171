//! Events that were stored before there were offsets get theirs behind the start, whenever the process ends.

use std::{path::Path, sync::Arc, time::Duration};

use postroad_domain::{EventId, EventOffset, EventType, Tenant, TenantNo};
use postroad_store::{BacklogBudget, LogRead, ReadLog, Sweep, conformance::World};
use postroad_store_sqlite::check::check;
use rusqlite::Connection;

use crate::common::open;

/// The migrations of the state before.
const BEFORE: [&str; 9] = [
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_profiles.sql"),
    include_str!("../../migrations/0003_not_before.sql"),
    include_str!("../../migrations/0004_keys_and_audit.sql"),
    include_str!("../../migrations/0005_replays.sql"),
    include_str!("../../migrations/0007_trace.sql"),
    include_str!("../../migrations/0008_audit_count.sql"),
    include_str!("../../migrations/0009_replay_places.sql"),
    include_str!("../../migrations/0010_members.sql"),
];
/// Tenants 1 and 2 have events, tenant 3 none.
const TENANTS: [(i64, &str); 3] = [(1, "one"), (2, "two"), (3, "three")];
/// Events of both, alternating but for every tenth, which is of tenant 2: more than two steps take.
const EVENTS: i64 = 5_000;
/// Events that are not listed yet.
const UNLISTED: i64 = 700;
/// The first offset of what comes later to a tenant that had events.
const FIRST_NEW: u64 = 1_000_000_001;

/// Writes the database that the state before left: every hundredth event is a test, and the newest are not listed.
fn write_before(folder: &Path) {
    let db = Connection::open(folder.join("postroad.db")).unwrap();
    for text in BEFORE {
        db.execute_batch(text).unwrap();
    }
    db.pragma_update(None, "application_id", 0x706f_7374).unwrap();
    db.pragma_update(None, "user_version", BEFORE.len() as i64).unwrap();
    db.execute_batch("INSERT INTO profile_version VALUES (1, 'standard', x'00', 10, x'')").unwrap();
    for (tenant_no, id) in TENANTS {
        let row = (tenant_no, id);
        db.execute(
            "INSERT INTO tenant (tenant_no, id, config_version, created_at, updated_at) VALUES (?1, ?2, 1, 10, 20)",
            row,
        )
        .unwrap();
        let spec = r#"{"profile":"standard","name":null,"contacts":[],"options":"{}"}"#;
        db.execute("INSERT INTO tenant_version VALUES (?1, 1, ?2)", (tenant_no, spec)).unwrap();
    }
    db.execute(
        "INSERT INTO event (event_no, tenant_no, id, type, accepted_at, deliveries, data)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             SELECT i, CASE WHEN i % 10 = 0 THEN 2 ELSE 1 + i % 2 END, unhex(printf('01976b2f5a407000%016x', i << 16)),
                 'type.' || (i % 3), i, CASE WHEN i % 100 = 0 THEN -1 ELSE 0 END, x'7b7d' FROM n",
        [EVENTS],
    )
    .unwrap();
    let mark = EVENTS - UNLISTED + 1;
    db.execute("INSERT INTO event_listing SELECT tenant_no, event_no FROM event WHERE event_no < ?1", [mark])
        .unwrap();
    db.execute("INSERT INTO counter VALUES ('listed_before', ?1)", [mark]).unwrap();
}

/// The numbers of a tenant's events from before, without tests.
fn before(tenant_no: i64) -> Vec<EventId> {
    let is_of = |number: &i64| {
        let of = if number % 10 == 0 { 2 } else { 1 + number % 2 };
        of == tenant_no && number % 100 != 0
    };
    (1..=EVENTS).filter(is_of).map(event_id).collect()
}

fn event_id(number: i64) -> EventId {
    let mut bytes = [1, 0x97, 0x6b, 0x2f, 0x5a, 0x40, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes[8..].copy_from_slice(&(number << 16).to_be_bytes());
    EventId::from_bytes(bytes)
}

async fn tenant(world: &World, index: usize) -> Tenant {
    let (no, _) = TENANTS[index];
    world.store.config_snapshot_by_no(TenantNo(no)).await.unwrap().unwrap().tenant
}

async fn read(world: &World, tenant_no: i64, from: u64, types: &[&str]) -> LogRead {
    let types = types.iter().map(|name| EventType::parse(name).unwrap()).collect();
    let read = ReadLog { tenant_no: TenantNo(tenant_no), from: EventOffset(from), types, limit: 10_000 };
    world.store.read_log(read).await.unwrap().unwrap()
}

/// A whole log, read on until nothing more comes.
async fn read_all(world: &World, tenant_no: i64, types: &[&str]) -> Vec<(u64, EventId)> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let log = read(world, tenant_no, from, types).await;
        all.extend(log.entries.iter().map(|entry| (entry.offset.0, entry.event)));
        if log.next.0 == from {
            return all;
        }
        from = log.next.0;
    }
}

/// Makes a step; answers whether there is more to do.
async fn step(world: &mut World) -> bool {
    let sweep = Sweep { at: world.tick(), limit: 100, budget: BacklogBudget::default() };
    world.store.sweep(sweep).await.unwrap().more
}

#[tokio::test]
async fn new_events_need_not_wait_for_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    write_before(folder.path());
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    for (index, first) in [(0, FIRST_NEW), (1, FIRST_NEW), (2, 1)] {
        let tenant = tenant(&world, index).await;
        let old = read(&world, tenant.no.0, 0, &[]).await;
        assert_eq!((old.entries.len(), old.next.0, old.end.0), (0, 0, first), "the old ones have none yet");
        let event = world.event(&tenant, &[]).await;
        let id = event.id;
        world.commit_event(event).await;
        let new = read(&world, tenant.no.0, first, &[]).await;
        assert_eq!(
            new.entries.iter().map(|entry| (entry.offset.0, entry.event)).collect::<Vec<_>>(),
            [(first, id)]
        );
        assert_eq!((new.next.0, new.end.0), (first + 1, first + 1));
        let from_the_beginning = read(&world, tenant.no.0, 0, &[]).await;
        assert_eq!(from_the_beginning.entries.len(), usize::from(first == 1), "nothing is passed over");
    }
}

#[tokio::test]
async fn old_events_get_their_offsets_in_order_whenever_the_process_ends() {
    let folder = tempfile::tempdir().unwrap();
    write_before(folder.path());
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let mut seen = [Vec::new(), Vec::new()];
    let mut new = [Vec::new(), Vec::new()];
    let mut rounds = 0_u32;
    loop {
        rounds += 1;
        let more = step(&mut world).await;
        for (index, seen) in seen.iter_mut().enumerate() {
            let tenant = tenant(&world, index).await;
            let event = world.event(&tenant, &[]).await;
            new[index].push(event.id);
            world.commit_event(event).await;
            let now = read_all(&world, tenant.no.0, &[]).await;
            assert!(now.starts_with(seen), "what was seen stays");
            *seen = now;
        }
        drop(world);
        assert_eq!(check(folder.path()).unwrap().damages, []);
        world = World::new(Arc::new(open(folder.path()))).await;
        world.advance(Duration::from_secs(3_600 * u64::from(rounds)));
        if !more {
            break;
        }
    }
    assert!(rounds > 5, "{rounds}");
    for (index, (tenant_no, _)) in TENANTS.into_iter().take(2).enumerate() {
        let log = read_all(&world, tenant_no, &[]).await;
        let (old, newer): (Vec<_>, Vec<_>) = log.iter().copied().partition(|(offset, _)| *offset < FIRST_NEW);
        assert_eq!(old.iter().map(|(_, id)| *id).collect::<Vec<_>>(), before(tenant_no));
        assert!(old.is_sorted_by(|one, next| one.0 < next.0) && old[0].0 == 1);
        let expected: Vec<_> = (FIRST_NEW..).zip(new[index].iter().copied()).collect();
        assert_eq!(newer, expected);
        let of_type = read_all(&world, tenant_no, &["type.1", "never.seen"]).await;
        let wanted: Vec<_> = (1..=EVENTS).filter(|number| number % 3 == 1).map(event_id).collect();
        assert_eq!(of_type, log.iter().copied().filter(|(_, id)| wanted.contains(id)).collect::<Vec<_>>());
    }
    let left = "SELECT count(*) FROM counter WHERE name LIKE '%number%' AND name <> 'next_event_no'";
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    assert_eq!(db.query_row(left, (), |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[tokio::test]
async fn the_end_of_a_log_never_falls() {
    let folder = tempfile::tempdir().unwrap();
    write_before(folder.path());
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let mut rounds = 0_u32;
    loop {
        rounds += 1;
        let more = step(&mut world).await;
        for (tenant_no, end) in [(1, FIRST_NEW), (2, FIRST_NEW), (3, 1)] {
            assert_eq!(
                read(&world, tenant_no, 0, &[]).await.end.0,
                end,
                "round {rounds}, tenant {tenant_no}"
            );
        }
        if rounds.is_multiple_of(2) {
            drop(world);
            world = World::new(Arc::new(open(folder.path()))).await;
            world.advance(Duration::from_secs(3_600 * u64::from(rounds)));
        }
        if !more {
            break;
        }
    }
    assert!(rounds > 5, "{rounds}");
    for (index, end) in [(0, FIRST_NEW), (1, FIRST_NEW), (2, 1)] {
        let tenant = tenant(&world, index).await;
        let event = world.event(&tenant, &[]).await;
        let id = event.id;
        world.commit_event(event).await;
        let new = read(&world, tenant.no.0, end, &[]).await;
        assert_eq!(
            new.entries.iter().map(|entry| (entry.offset.0, entry.event)).collect::<Vec<_>>(),
            [(end, id)]
        );
    }
}

#[test]
fn the_columns_of_the_log_read_no_row_and_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    write_before(folder.path());
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    let before: i64 = db.query_row("PRAGMA page_count", (), |row| row.get(0)).unwrap();
    db.execute_batch(include_str!("../../migrations/0011_event_numbers.sql")).unwrap();
    let after: i64 = db.query_row("PRAGMA page_count", (), |row| row.get(0)).unwrap();
    assert!(after <= before + 3, "{before} pages before, {after} after");
    let altered = Connection::open_in_memory().unwrap();
    altered.execute_batch(BEFORE[0]).unwrap();
    for column in ["log_no", "type_no"] {
        let text = format!("ALTER TABLE event_listing ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0");
        altered.execute_batch(&text).unwrap();
    }
    let columns = |db: &Connection| -> Vec<(String, String, bool, String)> {
        let mut columns = db.prepare("SELECT name, type, \"notnull\", coalesce(dflt_value, '') FROM pragma_table_info('event_listing')").unwrap();
        let rows = columns.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(columns(&db), columns(&altered));
    let newest = "SELECT log_no, type_no FROM event_listing ORDER BY event_no DESC LIMIT 1";
    assert_eq!(db.query_row(newest, (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap(), (0, 0));
    let verdict: String = db.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}
