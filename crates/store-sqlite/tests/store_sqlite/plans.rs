//! What the queries read: each plan, and the steps behind a dead lane.

use std::sync::Arc;

use postroad_store::conformance::World;
use postroad_store_sqlite::sql;
use rusqlite::{Connection, Params, Statement, StatementStatus::VmStep};
use tempfile::TempDir;

use crate::common::open;

/// They fill the writer's memory, once.
const MAY_SCAN: [&str; 5] =
    ["LOAD_TENANTS", "LOAD_SUBSCRIPTIONS", "LOAD_MARKS", "LOAD_COUNTERS", "LOAD_OPEN_GROUPS"];

fn database() -> (Connection, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    db.execute_batch("PRAGMA foreign_keys = off").unwrap();
    (db, folder)
}

fn plan(db: &Connection, text: &str) -> Vec<String> {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut lines = Vec::new();
    let mut rows = explain.raw_query();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get(3).unwrap());
    }
    lines
}

#[test]
fn no_query_scans_a_table_or_sorts_except_to_fill_the_writers_memory() {
    let (db, _folder) = database();
    for (name, text) in sql::all() {
        let plan = plan(&db, text);
        let is_bad = |line: &&String| line.starts_with("SCAN") || line.contains("TEMP B-TREE");
        if !MAY_SCAN.contains(&name) {
            assert_eq!(plan.iter().find(is_bad), None, "{name}: {plan:#?}");
        }
    }
}

#[test]
fn lanes_are_read_by_the_queues_own_key() {
    let (db, _folder) = database();
    let lane = "PRIMARY KEY (tenant_no=? AND sub_no=? AND generation=?)";
    assert_eq!(
        plan(&db, sql::LANE_READ),
        [
            &format!("SEARCH q USING {lane}"),
            "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
    assert_eq!(plan(&db, sql::LANE_HEAD), [format!("SEARCH queue USING {lane}")]);
    assert_eq!(plan(&db, sql::LANE_NEXT), ["SEARCH queue USING PRIMARY KEY (tenant_no=? AND sub_no>?)"]);
    assert_eq!(plan(&db, sql::LANE_NEXT_TENANT), ["SEARCH queue USING PRIMARY KEY (tenant_no>?)"]);
}

#[test]
fn versions_profiles_and_event_types_are_found_by_their_keys() {
    let (db, _folder) = database();
    let version = "USING PRIMARY KEY (sub_no=? AND version=?)";
    assert_eq!(
        plan(&db, sql::SUBSCRIPTION_VERSION),
        [
            "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
            &format!("SEARCH v {version}"),
            &format!("SEARCH c {version}"),
        ]
    );
    assert_eq!(
        plan(&db, sql::TENANT_VERSION),
        [
            "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH v USING PRIMARY KEY (tenant_no=? AND version=?)",
        ]
    );
    assert_eq!(
        plan(&db, sql::PROFILE_NEXT),
        [
            "SEARCH profile_version USING INDEX profile_by_name (name=?)",
            "SCALAR SUBQUERY 1",
            "SEARCH profile_version USING COVERING INDEX profile_by_name (name>?)",
        ]
    );
    let by_digest = "SEARCH profile_version USING COVERING INDEX profile_by_digest (digest=?)";
    assert_eq!(plan(&db, sql::PROFILE_FIND), [by_digest]);
    let behind = "SEARCH event_type USING PRIMARY KEY (tenant_no=? AND name>?)";
    assert_eq!(plan(&db, sql::EVENT_TYPE_LIST), [behind]);
    assert_eq!(plan(&db, sql::EVENT_TYPE_COUNT), ["SEARCH event_type USING PRIMARY KEY (tenant_no=?)"]);
}

#[test]
fn a_page_over_all_tenants_reads_no_more_than_it_looks_at_however_much_there_is() {
    let (db, _folder) = database();
    let_wait(&db, 1, 20_000);
    assert_eq!(
        plan(&db, sql::EVENT_LIST_ALL),
        ["SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
    );
    assert_eq!(
        plan(&db, sql::DELIVERY_LIST_ALL),
        ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
    );
    let (first, last) = (1_000_001_i64, 1_020_001);
    for (text, key, rows) in [
        (sql::EVENT_LIST_ALL, [0, i64::MAX, 10], 10),
        (sql::EVENT_LIST_ALL, [0, first + 5_000, 10], 10),
        (sql::DELIVERY_LIST_ALL, [0, i64::MAX, 10], 10),
        (sql::DELIVERY_LIST_ALL, [first << 12, last << 12, 10], 10),
    ] {
        let steps = steps(db.prepare(text).unwrap(), &key, rows);
        assert!(steps < 300, "{text}: {steps}");
    }
}

#[test]
fn a_list_reads_no_data_of_the_events_that_it_passes_over() {
    let (db, _folder) = database();
    let data = "SELECT cid FROM pragma_table_info('event') WHERE name = 'data'";
    let data: i64 = db.query_row(data, (), |row| row.get(0)).unwrap();
    for text in [sql::EVENT_LIST_ALL, sql::EVENT_HEAD, sql::DELIVERY_BY_NO] {
        // Also for a column behind it SQLite would go through all of it.
        let columns = columns_read(&db, text);
        assert!(columns.iter().all(|column| *column < data), "{text}: {columns:?}");
    }
    assert!(columns_read(&db, sql::EVENT_BY_NO).contains(&data));
}

/// The columns that a query reads, by their places in their tables.
fn columns_read(db: &Connection, text: &str) -> Vec<i64> {
    let mut explain = db.prepare(&format!("EXPLAIN {text}")).unwrap();
    let mut columns = Vec::new();
    let mut rows = explain.raw_query();
    while let Some(row) = rows.next().unwrap() {
        if row.get::<_, String>("opcode").unwrap() == "Column" {
            columns.push(row.get("p2").unwrap());
        }
    }
    columns
}

#[test]
fn keys_and_the_audit_are_found_by_their_indexes() {
    let (db, _folder) = database();
    assert_eq!(
        plan(&db, sql::KEY_BY_HASH),
        ["SEARCH k USING INDEX api_key_by_hash (hash=?)", "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",]
    );
    let of_tenant = "SEARCH audit USING INDEX audit_by_tenant (tenant=? AND rowid>? AND rowid<?)";
    assert_eq!(plan(&db, sql::AUDIT_LIST_OF_TENANT), [of_tenant]);
    let left = "SEARCH audit USING INDEX audit_with_changes (tenant_no=?)";
    assert_eq!(plan(&db, sql::ERASE_NEXT_AUDIT), [left]);
}

#[test]
fn whoever_has_too_many_entries_of_the_audit_is_found_without_going_over_any() {
    let (db, _folder) = database();
    db.execute_batch(
        "INSERT INTO audit (id, at, tenant_no, tenant, actor, action, object)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             SELECT CAST(i AS BLOB), i, 1, 'tenant-' || (i % 1000), 'admin', 'secret.read', 'x' FROM n;
         INSERT INTO audit_count SELECT tenant, count(*) FROM audit GROUP BY tenant;
         INSERT OR REPLACE INTO audit_count SELECT '', count(*) FROM audit;",
    )
    .unwrap();
    let beyond = "SEARCH audit_count USING COVERING INDEX audit_count_by_entries (entries>?)";
    assert_eq!(plan(&db, sql::AUDIT_COUNT_BEYOND), [beyond]);
    let newest = "SEARCH audit USING INDEX audit_by_tenant (tenant=? AND rowid>?)";
    assert_eq!(plan(&db, sql::AUDIT_NEWEST_OF_TENANT), [newest]);
    let oldest = "SEARCH audit USING COVERING INDEX audit_by_tenant (tenant=? AND rowid>?)";
    assert_eq!(plan(&db, sql::AUDIT_OLDEST_OF_TENANT), [oldest]);
    let name = "tenant-7";
    for steps in [
        steps_of(db.prepare(sql::AUDIT_COUNT_BEYOND).unwrap(), (20,), 1),
        steps_of(db.prepare(sql::AUDIT_COUNT_BEYOND).unwrap(), (19,), 1),
        steps_of(db.prepare(sql::AUDIT_COUNT).unwrap(), ("",), 1),
        steps_of(db.prepare(sql::AUDIT_NEWEST_OF_TENANT).unwrap(), (name, 1), 1),
        steps_of(db.prepare(sql::AUDIT_OLDEST_OF_TENANT).unwrap(), (name, 5), 5),
        steps_of(db.prepare(sql::AUDIT_LAST).unwrap(), (), 1),
    ] {
        assert!(steps < 100, "{steps}");
    }
}

#[test]
fn every_query_is_in_the_data_model() {
    let page = include_str!("../../../../docs/data-model.md");
    for (name, _) in sql::all() {
        assert!(page.contains(&format!("`{name}`")), "docs/data-model.md does not list {name}");
    }
}

/// Puts `count` deliveries into a lane of tenant 1.
fn let_wait(db: &Connection, sub_no: i64, count: i64) {
    db.execute_batch(&format!(
        "INSERT INTO queue WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT 1, {sub_no}, 0, i, ({sub_no} * 1000000 + i) << 12, 0, 0, NULL FROM n;
         INSERT INTO delivery SELECT delivery_no, 1, sub_no, 1, 2, NULL, 0, due, NULL FROM queue
             WHERE sub_no = {sub_no};
         INSERT INTO event (event_no, tenant_no, id, type, accepted_at, deliveries, data, profile_no, tenant_version)
             SELECT delivery_no >> 12, 1, CAST(delivery_no AS BLOB), 'a', due, 1, x'', 1, 1 FROM queue WHERE sub_no = {sub_no};"
    ))
    .unwrap();
}

/// Steps of SQLite's machine for reading up to `rows` rows.
fn steps(statement: Statement<'_>, key: &[i64], rows: usize) -> i32 {
    steps_of(statement, rusqlite::params_from_iter(key), rows)
}

/// The same with a key that is not of numbers only.
fn steps_of(mut statement: Statement<'_>, key: impl Params, rows: usize) -> i32 {
    {
        let mut answer = statement.query(key).unwrap();
        for _ in 0..rows {
            if answer.next().unwrap().is_none() {
                break;
            }
        }
    }
    statement.get_status(VmStep)
}

#[test]
fn what_waits_in_a_dead_lane_costs_no_step_of_a_refill_or_of_finding_lanes() {
    let (db, _folder) = database();
    let_wait(&db, 1, 20_000);
    let_wait(&db, 2, 200);
    let (batch, held) = (64, 64);
    let refill = |sub_no| steps(db.prepare(sql::LANE_READ).unwrap(), &[1, sub_no, 0], batch + held);
    assert_eq!(refill(1), refill(2), "the dead lane and the short one cost the same");
    assert!(refill(1) < 20 * i32::try_from(batch + held).unwrap(), "{}", refill(1));
    for (text, key) in [
        (sql::LANE_HEAD, &[1, 1, 0][..]),
        (sql::LANE_NEXT, &[1, 0]),
        (sql::LANE_NEXT, &[1, 1]),
        (sql::LANE_NEXT_TENANT, &[0]),
        (sql::LANE_NEXT_TENANT, &[1]),
    ] {
        assert!(steps(db.prepare(text).unwrap(), key, 1) < 50, "{text}");
    }
}

#[test]
fn forgetting_and_the_budget_read_no_more_than_their_step_however_much_is_kept() {
    let (db, _folder) = database();
    let_wait(&db, 1, 20_000);
    db.execute_batch("INSERT INTO delivery_listing SELECT sub_no, delivery_no FROM delivery").unwrap();
    let numbers = "SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
    assert_eq!(plan(&db, sql::PRUNE_DELIVERIES), [numbers]);
    assert_eq!(plan(&db, sql::PRUNE_NEXT), ["SEARCH event USING INTEGER PRIMARY KEY (rowid>?)"]);
    let listing = "SEARCH delivery_listing USING PRIMARY KEY (sub_no=? AND delivery_no>? AND delivery_no<?)";
    assert_eq!(plan(&db, sql::LANE_OLDEST), [listing]);
    db.execute_batch("INSERT INTO event_listing (tenant_no, event_no) SELECT tenant_no, event_no FROM event")
        .unwrap();
    let of_tenant = "SEARCH event_listing USING PRIMARY KEY (tenant_no=? AND event_no>? AND event_no<?)";
    assert_eq!(plan(&db, sql::PRUNE_NEXT_OF_TENANT), [of_tenant]);
    let first = 1_000_001_i64;
    for (text, key, rows) in [
        (sql::PRUNE_NEXT_OF_TENANT, &[1, 0, i64::MAX, 1][..], 1),
        (sql::PRUNE_NEXT_OF_TENANT, &[1, first + 15_000, i64::MAX, 10], 10),
        (sql::PRUNE_NEXT, &[0], 1),
        (sql::PRUNE_NEXT, &[first + 15_000], 1),
        (sql::PRUNE_DELIVERIES, &[first << 12, (first + 1) << 12], 4_095),
        (sql::DELIVERY_STANDING, &[(first << 12) + 1], 1),
        (sql::LANE_OLDEST, &[1, 0, i64::MAX, 10], 10),
        (sql::LANE_OLDEST, &[1, (first + 15_000) << 12, i64::MAX, 10], 10),
        (sql::LANE_BYTES, &[1, 1, 0, i64::MIN, i64::MIN, 10], 10),
        (sql::LANE_BYTES, &[1, 1, 0, 15_000, 0, 10], 10),
    ] {
        let steps = steps(db.prepare(text).unwrap(), key, rows);
        assert!(steps < 300, "{text}: {steps}");
    }
}

#[test]
fn replays_and_what_subscriptions_were_are_found_by_their_keys() {
    let (db, _folder) = database();
    assert_eq!(
        plan(&db, sql::REPLAY_FAILED),
        [
            "SEARCH d USING INDEX delivery_unsuccessful (sub_no=? AND delivery_no>? AND delivery_no<?)",
            "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
    let listing = "SEARCH event_listing USING PRIMARY KEY (tenant_no=? AND event_no>? AND event_no<?)";
    assert_eq!(plan(&db, sql::REPLAY_EVENTS), [listing]);
    let lane = "PRIMARY KEY (tenant_no=? AND sub_no=? AND generation=?)";
    assert_eq!(plan(&db, sql::LANE_REACHES), [format!("SEARCH queue USING {lane}")]);
    assert_eq!(
        plan(&db, sql::REPLAY_RUNNING),
        [
            "SEARCH r USING INDEX replay_running (tenant_no>?)",
            "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
    let history = "SEARCH subscription_history USING PRIMARY KEY (sub_no=? AND event_no<?)";
    assert_eq!(plan(&db, sql::HISTORY_AT), [history]);
    let ever = "SEARCH subscription USING INDEX subscription_of_tenant (tenant_no=? AND sub_no>?)";
    assert_eq!(plan(&db, sql::SUBSCRIPTIONS_EVER), [ever]);
}

#[test]
fn groups_are_found_by_their_keys_from_both_sides() {
    let (db, _folder) = database();
    let of_delivery = "SEARCH member USING PRIMARY KEY (delivery_no=?)";
    assert_eq!(plan(&db, sql::MEMBER_LAST), [of_delivery]);
    assert_eq!(plan(&db, sql::ERASE_NEXT_MEMBERS), [of_delivery]);
    for text in [sql::MEMBER_IDS, sql::MEMBER_EVENTS] {
        let expected =
            ["SEARCH m USING PRIMARY KEY (delivery_no=?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"];
        assert_eq!(plan(&db, text), expected);
    }
    assert_eq!(
        plan(&db, sql::MEMBER_OF),
        [
            "SEARCH m USING COVERING INDEX member_by_event (event_no=?)",
            "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
    let of_event = "SEARCH member USING COVERING INDEX member_by_event (event_no=?)";
    assert_eq!(plan(&db, sql::MEMBER_OF_ANY), [of_event]);
}

#[test]
fn a_member_is_found_however_many_there_are() {
    let (db, _folder) = database();
    let_wait(&db, 1, 20_000);
    db.execute_batch(
        "INSERT INTO member SELECT (1000001 << 12), event_no - 1000000, event_no, 1 FROM event
             WHERE event_no > 1000001",
    )
    .unwrap();
    let (group, last) = (1_000_001_i64 << 12, 1_020_000_i64);
    for (text, key, rows) in [
        (sql::MEMBER_LAST, &[group][..], 1),
        (sql::MEMBER_OF, &[last], 1),
        (sql::MEMBER_OF_ANY, &[last - 10_000], 1),
        (sql::MEMBER_ANY, &[], 1),
        (sql::MEMBER_IDS, &[group, 10], 10),
        (sql::ERASE_NEXT_MEMBERS, &[group, 10], 10),
    ] {
        let steps = steps(db.prepare(text).unwrap(), key, rows);
        assert!(steps < 200, "{text}: {steps}");
    }
}

#[test]
fn a_step_of_a_replay_reads_the_same_wherever_it_stands_in_a_hundred_thousand() {
    let (db, _folder) = database();
    let count = 100_000;
    let_wait(&db, 1, count);
    db.execute_batch(
        "DELETE FROM queue; UPDATE delivery SET status = 4, reason = 0 WHERE delivery_no >> 12 & 1;
         INSERT INTO event_listing (tenant_no, event_no) SELECT tenant_no, event_no FROM event;
         INSERT INTO delivery_listing SELECT sub_no, delivery_no FROM delivery",
    )
    .unwrap();
    let (first, last) = (1_000_001_i64, 1_000_000 + count);
    let places = [first, first + count / 2, last - 600];
    let chunk = 256;
    for places in [
        places.map(|event| {
            steps(db.prepare(sql::REPLAY_FAILED).unwrap(), &[1, event << 12, last << 12, chunk], 300)
        }),
        places.map(|event| steps(db.prepare(sql::REPLAY_EVENTS).unwrap(), &[1, event, last, chunk], 300)),
    ] {
        assert_eq!(
            places, [places[0]; 3],
            "a chunk costs the same at the beginning, in the middle and at the end"
        );
        assert!(places[0] < 40 * i32::try_from(chunk).unwrap(), "{places:?}");
    }
    for event in places {
        let deliveries = [1, event << 12, (event + 1) << 12, 4_095];
        assert!(steps(db.prepare(sql::REPLAY_EVENT).unwrap(), &[event], 1) < 50);
        assert!(steps(db.prepare(sql::DELIVERY_LISTING).unwrap(), &deliveries, 10) < 50);
        let last = &[event << 12, (event + 1) << 12];
        assert!(steps(db.prepare(sql::REPLAY_LAST_DELIVERY).unwrap(), last, 1) < 50);
        assert!(steps(db.prepare(sql::HISTORY_AT).unwrap(), &[1, event], 1) < 50);
    }
}

#[test]
fn the_log_is_read_by_its_key_wherever_it_stands() {
    let (db, _folder) = database();
    let_wait(&db, 1, 100_000);
    db.execute_batch(
        "INSERT INTO event_listing SELECT tenant_no, event_no, event_no - 1000000, 1 FROM event",
    )
    .unwrap();
    let of_tenant = "SEARCH event_listing USING PRIMARY KEY (tenant_no=? AND event_no>? AND event_no<?)";
    assert_eq!(plan(&db, sql::LOG_ENTRIES), [of_tenant]);
    let newest = "SEARCH event_listing USING PRIMARY KEY (tenant_no=? AND event_no<?)";
    assert_eq!(plan(&db, sql::LOG_NEWEST), [newest]);
    let by_name = "SEARCH log_type USING COVERING INDEX log_type_by_name (tenant_no=? AND name=?)";
    assert_eq!(plan(&db, sql::LOG_TYPE_FIND), [by_name]);
    assert_eq!(plan(&db, sql::LOG_TYPE_LAST), ["SEARCH log_type USING PRIMARY KEY (tenant_no=?)"]);
    for first in [0, 1_050_000, 1_099_000] {
        for (limit, most) in [(1, 50), (256, 256 * 20)] {
            let steps = steps(db.prepare(sql::LOG_ENTRIES).unwrap(), &[1, first, i64::MAX, limit], 256);
            assert!(steps < most, "{steps} for {limit} from {first}");
        }
    }
    assert!(steps(db.prepare(sql::LOG_NEWEST).unwrap(), &[1, i64::MAX], 1) < 50);
    assert!(steps(db.prepare(sql::NUMBERING_TENANT).unwrap(), &[0], 1) < 50);
}

#[tokio::test]
async fn what_was_called_off_costs_no_step_of_a_refill() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for _ in 0..100 {
        world.accept_one(&tenant, &subscription).await;
    }
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    let newer = world.accept_one(&tenant, &subscription).await;
    assert_eq!(world.refill(&subscription).await.deliveries[0].id, newer.id);
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    let key = [tenant.no.0, subscription.no.0, 1];
    assert!(steps(db.prepare(sql::LANE_READ).unwrap(), &key, 64) < 60);
}
