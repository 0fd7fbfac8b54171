//! Of a deleted tenant no row is left in any table.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    CredentialKind, EventType, KeySpec, RateLimit, RegisteredType, ReplaySelection, Scope,
    replay::ReplayCount,
};
use postroad_store::{
    BacklogBudget, CreateKey, CreateReplay, Idempotency, Next, PutEventType, SubscriptionChange, Sweep,
    conformance::World,
};
use postroad_store_sqlite::{Options, SqliteStore};
use rusqlite::Connection;

use crate::{
    common::{open, options},
    groups::group,
};

/// Tables that hold rows of tenants.
const TABLES: [&str; 21] = [
    "tenant",
    "tenant_version",
    "subscription",
    "subscription_version",
    "subscription_history",
    "mark",
    "event",
    "event_listing",
    "delivery",
    "delivery_listing",
    "queue",
    "fanout",
    "fanout_target",
    "attempt",
    "idempotency",
    "event_type",
    "log_type",
    "member",
    "delivery_body",
    "replay",
    "api_key",
];

#[tokio::test]
async fn the_sweep_leaves_no_row_of_a_deleted_tenant_in_any_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.tenant("acme").await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    world.change(&subscription, SubscriptionChange::Secrets(Vec::new())).await;
    for name in ["deal.won", "deal.lost"] {
        let name = EventType::parse(name).unwrap();
        let event_type =
            RegisteredType { name, title: None, group: None, description: None, example: None, schema: None };
        let put = PutEventType { audit: None, tenant_no: tenant.no, event_type, max: 2, at: world.tick() };
        world.store.put_event_type(put).await.unwrap();
    }
    for _ in 0..9 {
        let sent = world.accept_one(&tenant, &subscription).await;
        world.record(&sent, Next::Succeeded).await;
        world.accept_one(&tenant, &subscription).await;
    }
    let mut keyed = world.event(&tenant, &[]).await;
    let expires_at = world.now();
    keyed.idempotency = Some(Idempotency { key_hash: [1; 32], bytes_hash: [2; 32], expires_at });
    keyed.fanout = vec![world.target(&subscription)];
    world.commit_event(keyed).await;
    let test = world.test_of(&tenant, &subscription, false);
    assert!(world.store.record_test(test).await.unwrap());
    group(&mut world, &tenant, &subscription).await;
    let (id, at) = (world.id(), world.now());
    let spec = KeySpec {
        name: "key".to_owned(),
        kind: CredentialKind::Api,
        scopes: [Scope::EventsWrite].into(),
        rate_limit: None,
        expires_at: None,
    };
    let (tenant_no, hash) = (tenant.no, [3; 32]);
    let key = CreateKey { tenant_no, id, spec, hash, secret_hash: None, max: 1, at, audit: None };
    world.store.create_key(key).await.unwrap();
    let replay = CreateReplay {
        tenant_no,
        id: world.id(),
        subscription: subscription.id,
        selection: ReplaySelection::All,
        since: at,
        until: None,
        pace: RateLimit { count: 1, per: Duration::from_secs(1) },
        count: ReplayCount::default(),
        running_max: 1,
        kept_max: 1,
        at,
        audit: None,
    };
    world.store.create_replay(replay).await.unwrap();
    world.set_active(&subscription, false).await;
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    assert_eq!(empty_tables(&db), Vec::<&str>::new(), "each table has rows to erase");
    world.delete_tenant(&tenant).await;
    world.sweep_all(3).await;
    assert_eq!(empty_tables(&db), TABLES);
}

fn empty_tables(db: &Connection) -> Vec<&'static str> {
    let is_empty = |table: &&str| count(db, &format!("SELECT count(*) FROM {table}")) == 0;
    TABLES.into_iter().filter(is_empty).collect()
}

#[tokio::test]
async fn what_a_batch_of_the_listing_passes_of_a_deleted_tenant_is_erased_all_the_same() {
    for (events, per_commit) in [(15, 1), (15, 20), (21, 1), (21, 8), (35, 3), (45, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { listing_batch_entries: 40, ..options(folder.path()) };
        let mut world = World::new(Arc::new(SqliteStore::open(options).unwrap())).await;
        let (tenant, subscription) = world.tenant_with_subscription().await;
        let other = world.tenant("other").await;
        for _ in 0..events {
            let sent = world.accept_one(&tenant, &subscription).await;
            world.record(&sent, Next::Succeeded).await;
        }
        world.delete_tenant(&tenant).await;
        let db = Connection::open(folder.path().join("postroad.db")).unwrap();
        for _ in 0..40 {
            let mut newer = Vec::new();
            for _ in 0..per_commit {
                newer.push(world.event(&other, &[]).await);
            }
            world.commit_events(newer).await;
            let sweep = Sweep { at: world.tick(), limit: 3, budget: BacklogBudget::default() };
            world.store.sweep(sweep).await.unwrap();
            let orphans = "SELECT count(*) FROM delivery_listing l
                WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.delivery_no = l.delivery_no)";
            assert_eq!(count(&db, orphans), 0, "{events} events, {per_commit} a commit");
        }
        world.sweep_all(3).await;
        for table in ["event", "event_listing", "delivery"] {
            let left = format!("SELECT count(*) FROM {table} WHERE tenant_no = {}", tenant.no.0);
            assert_eq!(count(&db, &left), 0, "{table}: {events} events, {per_commit} a commit");
        }
        for table in ["attempt", "delivery_listing"] {
            let left = format!("SELECT count(*) FROM {table}");
            assert_eq!(count(&db, &left), 0, "{table}: {events} events, {per_commit} a commit");
        }
    }
}

fn count(db: &Connection, text: &str) -> i64 {
    db.query_row(text, (), |row| row.get(0)).unwrap()
}
