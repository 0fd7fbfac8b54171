//! A database that an older Postroad wrote goes on: nothing is lost, and what was not known then says so.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use postroad_domain::{
    Actor, AuditAction, EventId, Reason, ReplaySelection, ReplayStatus, RetryOverride, Status,
    SubscriptionId, SubscriptionNo, TenantNo, Timestamp, retry::RetryPolicy,
};
use postroad_store::{
    AuditFilter, ListAudit, ListKeys, ListSubscriptionsThen, NewAudit, Next, RecordAudit, ReplayStep,
    SubscriptionChange, SubscriptionThen, Then, conformance::World,
};
use rusqlite::Connection;

use crate::common::open;

const FIRST: &str = include_str!("../../migrations/0001_first.sql");
/// A tenant's spec as version 1 wrote it.
const TENANT: &str = r#"{"profile":"standard","name":"Acme","contacts":[],"options":"{}"}"#;
/// A subscription's spec as version 1 wrote it: the method and the signature were always there.
const SUBSCRIPTION: &str = r#"{"name":"größer","description":null,"active":true,"push":{"url":"https://example.com/hook",
    "method":"PUT","headers":[],"authorization":null},"events":["lead.created"],"tag_sets":[],"concurrency":8,
    "retry":{"attempts":2,"backoff":[{"secs":5,"nanos":0}],"jitter_percent":10},"timeout":null,"signature":"SIGNATURE"}"#;
/// Sealed secrets in the store's compact form: one secret `s`, which never expires.
const ONE_SECRET: &[u8] = &[1, 1, 1, b's', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const TENANT_NO: TenantNo = TenantNo(3);
const SUB_NO: SubscriptionNo = SubscriptionNo(5);
const SUB_ID: [u8; 16] = [5; 16];

/// As an event's: the number within it is zero.
fn event_id() -> EventId {
    EventId::from_bytes([1, 0x97, 0x6b, 0x2f, 0x5a, 0x40, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0])
}

/// Writes a database of version 1: a subscription whose secret was rotated once, and a delivery that waits.
fn write_first(folder: &Path) {
    let db = Connection::open(folder.join("postroad.db")).unwrap();
    db.execute_batch(FIRST).unwrap();
    db.pragma_update(None, "application_id", 0x706f_7374).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.execute("INSERT INTO tenant VALUES (?1, 'acme', 7, 10, 20, NULL, ?2)", (TENANT_NO.0, TENANT)).unwrap();
    let row = (SUB_NO.0, TENANT_NO.0, SUB_ID, ONE_SECRET);
    db.execute("INSERT INTO subscription VALUES (?1, ?2, ?3, 2, 0, NULL, NULL, 10, 20, NULL, ?4)", row)
        .unwrap();
    for (version, signature) in [(1, "hmac-sha256"), (2, "ed25519")] {
        let spec = SUBSCRIPTION.replace("SIGNATURE", signature);
        db.execute("INSERT INTO subscription_version VALUES (?1, ?2, ?3)", (SUB_NO.0, version, spec))
            .unwrap();
    }
    let event = (TENANT_NO.0, event_id().as_bytes().to_vec());
    db.execute(
        "INSERT INTO event VALUES (1, ?1, ?2, 'lead.created', 30, NULL, 1, NULL, NULL, x'7b7d')",
        event,
    )
    .unwrap();
    let delivery = ((1 << 12) | 1, TENANT_NO.0, SUB_NO.0);
    db.execute("INSERT INTO delivery VALUES (?1, ?2, ?3, 1, 2, NULL, 0, 30, NULL)", delivery).unwrap();
    db.execute("INSERT INTO queue VALUES (?2, ?3, 0, 30, ?1, 0, 9000000000000000)", delivery).unwrap();
}

async fn migrated(folder: &Path) -> World {
    write_first(folder);
    World::new(Arc::new(open(folder))).await
}

#[tokio::test]
async fn a_tenant_keeps_what_was_set_as_its_first_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = migrated(folder.path()).await;
    let snapshot = world.store.config_snapshot_by_no(TENANT_NO).await.unwrap().unwrap();
    let tenant = snapshot.tenant;
    assert_eq!((tenant.version, tenant.config_version), (1, 7));
    assert_eq!(
        (tenant.created_at, tenant.updated_at),
        (Timestamp::from_micros(10), Timestamp::from_micros(20))
    );
    assert_eq!((tenant.spec.profile.as_str(), tenant.spec.name.as_deref()), ("standard", Some("Acme")));
    assert_eq!(world.store.tenant_version(TENANT_NO, 1).await.unwrap(), Some(tenant.spec.clone()));
    assert!(snapshot.event_types.is_empty());
    let replaced = world.tenant("acme").await;
    assert_eq!((replaced.no, replaced.version), (TENANT_NO, 2));
    assert_eq!(world.store.tenant_version(TENANT_NO, 1).await.unwrap(), Some(tenant.spec));
}

#[tokio::test]
async fn the_signature_of_an_old_subscription_is_an_option_now() {
    let folder = tempfile::tempdir().unwrap();
    let world = migrated(folder.path()).await;
    let options = |version| {
        let store = Arc::clone(&world.store);
        async move { store.subscription_version(TENANT_NO, SUB_NO, version).await.unwrap().unwrap().spec.options }
    };
    assert_eq!(options(1).await, "{}");
    assert_eq!(options(2).await, r#"{"signature":"ed25519"}"#);
    let spec =
        world.store.subscription(TENANT_NO, SubscriptionId::from_bytes(SUB_ID)).await.unwrap().unwrap().spec;
    let push = spec.push().unwrap();
    assert_eq!((spec.name.as_deref(), push.method.as_deref()), (Some("größer"), Some("PUT")));
    assert_eq!((&push.content_type, &push.success), (&None, &None));
    let retry = RetryOverride { attempts: Some(2), backoff: Some(vec![Duration::from_secs(5)]) };
    assert_eq!(push.retry, Some(retry.clone()));
    assert_eq!(retry.over(&RetryPolicy::standard_webhooks()).attempts, 2);
}

#[tokio::test]
async fn a_version_whose_secrets_were_not_kept_has_the_current_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = migrated(folder.path()).await;
    let subscription =
        world.store.subscription(TENANT_NO, SubscriptionId::from_bytes(SUB_ID)).await.unwrap().unwrap();
    assert_eq!((subscription.version, subscription.secrets[0].sealed.as_slice()), (2, &b"s"[..]));
    let rotated = world.change(&subscription, SubscriptionChange::Secrets(Vec::new())).await;
    assert_eq!((rotated.version, rotated.secrets.len()), (3, 0));
    let mut secrets = Vec::new();
    for version in 1..=3 {
        let kept = world.store.subscription_version(TENANT_NO, SUB_NO, version).await.unwrap();
        secrets.push(kept.unwrap().secrets.len());
    }
    assert_eq!(secrets, [0, 1, 0], "the one from before is unknown, the one at the migration is kept");
}

#[tokio::test]
async fn an_old_subscription_has_no_failures_and_counts_them_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = migrated(folder.path()).await;
    let id = SubscriptionId::from_bytes(SUB_ID);
    let subscription = world.store.subscription(TENANT_NO, id).await.unwrap().unwrap();
    assert_eq!(subscription.failures, None);
    let queued = world.refill(&subscription).await.deliveries.remove(0);
    world.record(&queued, Next::Failed(Reason::Exhausted)).await;
    let failures = world.store.subscription(TENANT_NO, id).await.unwrap().unwrap().failures;
    assert_eq!(failures.map(|failures| (failures.count, failures.since)), Some((1, world.now())));
}

#[tokio::test]
async fn an_old_delivery_waits_on_with_the_version_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = migrated(folder.path()).await;
    let subscription =
        world.store.subscription(TENANT_NO, SubscriptionId::from_bytes(SUB_ID)).await.unwrap().unwrap();
    let queued = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((queued.event.id, queued.subscription_version), (event_id(), 1));
    assert_eq!((queued.event.profile, queued.event.tenant_version, queued.event.test), (None, 1, false));
    world.record(&queued, Next::Succeeded).await;
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.test), (Status::Succeeded, false));
}

#[tokio::test]
async fn what_an_old_subscription_was_is_known_from_the_migration_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = migrated(folder.path()).await;
    let tenant = world.store.config_snapshot_by_no(TENANT_NO).await.unwrap().unwrap().tenant;
    let old = then(&world, event_id()).await;
    assert_eq!((&old.then, old.id), (&Then::Unknown, SubscriptionId::from_bytes(SUB_ID)));
    assert_eq!(old.deliveries.len(), 1);
    let event = world.event(&tenant, &[]).await;
    let id = event.id;
    world.commit_event(event).await;
    let known = then(&world, id).await.then;
    assert!(matches!(&known, Then::Known { version: 2, inactive: None, .. }), "{known:?}");
}

#[test]
fn new_columns_of_events_are_those_of_alter_table_and_read_no_row() {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch(FIRST).unwrap();
    db.execute_batch(
        "INSERT INTO event (event_no, tenant_no, id, type, accepted_at, deliveries, data)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
             SELECT i, 1, CAST(i AS BLOB), 'a', i, 1, x'7b7d' FROM n",
    )
    .unwrap();
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&steps);
    db.progress_handler(1, Some(move || counted.fetch_add(1, Relaxed) == usize::MAX)).unwrap();
    db.execute_batch(include_str!("../../migrations/0002_profiles.sql")).unwrap();
    db.execute_batch(include_str!("../../migrations/0007_trace.sql")).unwrap();
    let steps = steps.load(Relaxed);
    assert!(steps < 10_000, "{steps} steps for 10,000 rows");
    let altered = Connection::open_in_memory().unwrap();
    altered.execute_batch(FIRST).unwrap();
    for column in ["profile_no INTEGER", "tenant_version INTEGER NOT NULL DEFAULT 1", "trace TEXT"] {
        altered.execute_batch(&format!("ALTER TABLE event ADD COLUMN {column}")).unwrap();
    }
    let text = |db: &Connection| -> String {
        db.query_row("SELECT sql FROM sqlite_schema WHERE name = 'event'", (), |row| row.get(0)).unwrap()
    };
    assert_eq!(text(&db), text(&altered));
    let newest = "SELECT profile_no IS NULL, tenant_version, trace IS NULL FROM event WHERE event_no = 10000";
    let newest: (bool, i64, bool) =
        db.query_row(newest, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!(newest, (true, 1, true));
    let verdict: String = db.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn a_replay_that_ran_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    write_first(folder.path());
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    for text in [
        include_str!("../../migrations/0002_profiles.sql"),
        include_str!("../../migrations/0003_not_before.sql"),
        include_str!("../../migrations/0004_keys_and_audit.sql"),
        include_str!("../../migrations/0005_replays.sql"),
        include_str!("../../migrations/0007_trace.sql"),
    ] {
        db.execute_batch(text).unwrap();
    }
    // Three events without a delivery, and two replays of all that have been through the first of them, or of none.
    db.execute_batch(
        "INSERT INTO event (event_no, tenant_no, id, type, accepted_at, deliveries, data)
             SELECT value, 3, unhex(printf('01976b2f5a40700080000000%04d0000', value)), 'lead.created', 40, 0, x'7b7d'
             FROM json_each('[2, 3, 4]');
         INSERT INTO replay SELECT NULL, 3, CAST('0123456789abcde' || selection AS BLOB), 5, selection, 0, NULL, 1, 1000000, 3, 1, 1,
             position, stop, 1, 0, 1, 50, NULL
             FROM (SELECT 2 AS selection, 3 AS position, 5 AS stop UNION ALL SELECT 0, 0, 5 << 12);
         PRAGMA user_version = 6",
    )
    .unwrap();
    drop(db);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let mut looked_at = Vec::new();
    for replay in world.store.running_replays(9).await.unwrap() {
        let at = world.tick();
        let step = ReplayStep {
            tenant_no: TENANT_NO,
            id: replay.id,
            at,
            expires_at: at,
            rows_max: 100,
            time_max: Duration::MAX,
            deliveries_max: 100,
            waiting_max: 100,
        };
        let replay = world.store.replay_step(step).await.unwrap().unwrap().replay;
        looked_at.push((replay.selection, replay.status, replay.progress.examined, replay.progress.replayed));
    }
    looked_at.sort_by_key(|(selection, ..)| *selection as usize);
    let done = ReplayStatus::Done;
    assert_eq!(looked_at, [(ReplaySelection::Failed, done, 1, 0), (ReplaySelection::All, done, 3, 2)]);
}

#[tokio::test]
async fn a_large_fan_out_that_was_under_way_serves_those_that_are_left() {
    let folder = tempfile::tempdir().unwrap();
    write_first(folder.path());
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    // Of four deliveries two are there. The third is for the subscription, the fourth for one that is not there any more.
    let expires_at = 9_000_000_000_000_000_i64.to_be_bytes();
    let target = |no: i64| [&[u8::try_from(no).unwrap(), 1][..], &expires_at].concat();
    let targets = [&[1, 2][..], &target(SUB_NO.0), &target(77)].concat();
    let mut id = *event_id().as_bytes();
    id[13] = 1;
    db.execute("INSERT INTO event VALUES (2, 3, ?1, 'lead.created', 30, NULL, 4, NULL, NULL, x'7b7d')", [id])
        .unwrap();
    db.execute("INSERT INTO fanout VALUES (2, 3, 3, ?1)", [targets]).unwrap();
    drop(db);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let step = world.store.open_fanouts(None, 9).await.unwrap().remove(0);
    assert_eq!((step.event_id, step.next_number), (EventId::from_bytes(id), 3));
    let left: Vec<_> = step.targets.iter().map(|target| target.subscription_no).collect();
    assert_eq!(left, [SUB_NO, SubscriptionNo(77)]);
    let created = world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out;
    assert_eq!(
        created.iter().map(|delivery| delivery.id).collect::<Vec<_>>(),
        [EventId::from_bytes(id).delivery(3)]
    );
    assert!(world.store.open_fanouts(None, 9).await.unwrap().is_empty());
}

async fn then(world: &World, event: EventId) -> SubscriptionThen {
    let list = ListSubscriptionsThen { tenant_no: TENANT_NO, event, after: None, limit: 9 };
    world.store.subscriptions_then(list).await.unwrap().unwrap().items.remove(0)
}

#[tokio::test]
async fn an_old_database_has_no_key_and_no_audit_and_takes_both() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = migrated(folder.path()).await;
    let list = ListKeys { tenant_no: TENANT_NO, after: None, limit: 10 };
    assert!(world.store.list_keys(list).await.unwrap().items.is_empty());
    let entries = ListAudit { filter: AuditFilter::default(), after: None, limit: 10 };
    assert!(world.store.list_audit(entries.clone()).await.unwrap().items.is_empty());
    let (id, action, object) = (world.id(), AuditAction::SecretRead, "sub_1".to_owned());
    let audit = NewAudit { id, actor: Actor::Admin, address: None, action, object, changes: None };
    let (unless_within, at) = (Duration::ZERO, world.now());
    let record = RecordAudit { tenant_no: TENANT_NO, audit, unless_within, at };
    world.store.record_audit(record).await.unwrap();
    let told = world.store.list_audit(entries).await.unwrap().items;
    assert_eq!((told[0].id, told[0].tenant.as_ref().map(ToString::to_string)), (id, Some("acme".to_owned())));
}
