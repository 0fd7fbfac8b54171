//! Reading a log whose rows would take long to make one by one.

use std::sync::Arc;

use postroad_domain::{EventOffset, TenantNo, limits::PAGE_ROWS_SCANNED_MAX};
use postroad_store::{LogRead, ReadLog, conformance::World};
use rusqlite::Connection;

use crate::common::open;

/// More tests than one reading looks at.
const TESTS: usize = 2 * PAGE_ROWS_SCANNED_MAX + 10;

async fn read(world: &World, tenant_no: TenantNo, from: u64) -> LogRead {
    let read = ReadLog { tenant_no, from: EventOffset(from), types: Vec::new(), limit: 100 };
    world.store.read_log(read).await.unwrap().unwrap()
}

#[tokio::test]
async fn however_many_tests_stand_before_an_event_a_reader_comes_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let tenant = world.tenant("acme").await;
    let mut events = Vec::new();
    for _ in 0..2 {
        let event = world.event(&tenant, &[]).await;
        events.push(event.id);
        world.commit_event(event).await;
    }
    drop(world);
    write_tests(folder.path(), tenant.no);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(std::time::Duration::from_secs(3_600));
    let at_the_end = read(&world, tenant.no, 3).await;
    assert_eq!((at_the_end.entries.len(), at_the_end.next.0, at_the_end.end.0), (0, 3, 3));
    let event = world.event(&tenant, &[]).await;
    events.push(event.id);
    world.commit_event(event).await;
    for from in 0..=4 {
        let (mut next, mut found) = (from, Vec::new());
        for _ in 0..4 {
            let log = read(&world, tenant.no, next).await;
            found.extend(log.entries.iter().map(|entry| entry.event));
            assert!(log.next.0 > next || next == log.end.0, "a reading from {next} gets on");
            next = log.next.0;
        }
        assert_eq!((found, next), (events[(from.max(1) - 1) as usize..].to_vec(), 4), "from {from}");
    }
}

/// Writes the entries of tests behind the tenant's two events, as batches of the listing do.
fn write_tests(folder: &std::path::Path, tenant_no: TenantNo) {
    let db = Connection::open(folder.join("postroad.db")).unwrap();
    let listed = "INSERT OR IGNORE INTO event_listing SELECT tenant_no, event_no, event_no, 1 FROM event";
    db.execute(listed, ()).unwrap();
    db.execute(
        "INSERT INTO event_listing WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 2 + ?2)
             SELECT ?1, i, -3, 0 FROM n",
        (tenant_no.0, TESTS),
    )
    .unwrap();
    for counter in ["listed_before", "next_event_no"] {
        db.execute("INSERT OR REPLACE INTO counter VALUES (?1, ?2)", (counter, 3 + TESTS)).unwrap();
    }
}
