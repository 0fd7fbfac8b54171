//! A read never lasts long: it would hold the log.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use postroad_domain::{Clock, Timestamp, time::Sleep};
use postroad_store::{EventFilter, ListEvents, StoreError, conformance::World};
use postroad_store_sqlite::{Options, SqliteStore};

/// A clock that stands still, or goes on by a second with each look at it.
#[derive(Debug, Default)]
struct HastyClock {
    is_hasty: AtomicBool,
    looks: AtomicU64,
}

impl Clock for HastyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.looks.fetch_add(u64::from(self.is_hasty.load(Relaxed)), Relaxed))
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn a_read_that_lasts_too_long_is_given_up_and_the_next_one_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(HastyClock::default());
    let options = Options { ballast_bytes: 0, ..Options::new(folder.path(), clock.clone()) };
    let mut world = World::new(Arc::new(SqliteStore::open(options).unwrap())).await;
    let tenant = world.tenant("acme").await;
    let mut events = Vec::new();
    for _ in 0..1_000 {
        events.push(world.event(&tenant, &[]).await);
    }
    world.commit_events(events).await;
    let list = ListEvents { tenant_no: tenant.no, filter: EventFilter::default(), after: None, limit: 1_000 };
    clock.is_hasty.store(true, Relaxed);
    let given_up = world.store.list_events(list.clone()).await;
    assert!(matches!(given_up, Err(StoreError::Unavailable(_))), "{given_up:?}");
    clock.is_hasty.store(false, Relaxed);
    assert_eq!(world.store.list_events(list).await.unwrap().items.len(), 1_000);
}
