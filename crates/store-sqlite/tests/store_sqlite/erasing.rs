//! Of a deleted tenant no row is left in any table.

use std::sync::Arc;

use postroad_domain::{EventType, RegisteredType};
use postroad_store::{Idempotency, Next, PutEventType, SubscriptionChange, conformance::World};
use rusqlite::Connection;

use crate::common::open;

/// Tables that hold rows of tenants.
const TABLES: [&str; 14] = [
    "tenant",
    "tenant_version",
    "subscription",
    "subscription_version",
    "mark",
    "event",
    "event_listing",
    "delivery",
    "delivery_listing",
    "queue",
    "fanout",
    "attempt",
    "idempotency",
    "event_type",
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
    world.set_active(&subscription, false).await;
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    assert_eq!(empty_tables(&db), Vec::<&str>::new(), "each table has rows to erase");
    world.delete_tenant(&tenant).await;
    world.sweep_all(3).await;
    assert_eq!(empty_tables(&db), TABLES);
}

fn empty_tables(db: &Connection) -> Vec<&'static str> {
    let count = |table: &str| -> i64 {
        db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
    };
    TABLES.into_iter().filter(|table| count(table) == 0).collect()
}
