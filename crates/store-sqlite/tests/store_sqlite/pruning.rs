//! Forgetting where a step's time is over before its work is.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use postroad_domain::{Actor, AuditAction, AuditId, Clock, Tenant, Timestamp, time::Sleep};
use postroad_store::{
    EventFilter, ListEvents, NewAudit, Prune, PruneAudit, PrunedAudit, RecordAudit, TenantRetention,
    conformance::World,
};
use postroad_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

const AGE: Duration = Duration::from_secs(600);

/// A clock that goes on by a millisecond with each look at it.
#[derive(Debug, Default)]
struct GoingClock(AtomicU64);

impl Clock for GoingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(1, Relaxed))
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }
}

/// A store by a clock that goes on, in a folder that lives as long as it is kept.
async fn world() -> (World, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { ballast_bytes: 0, ..Options::new(folder.path(), Arc::new(GoingClock::default())) };
    (World::new(Arc::new(SqliteStore::open(options).unwrap())).await, folder)
}

async fn events_of(world: &World, tenant: &Tenant) -> usize {
    let list = ListEvents { tenant_no: tenant.no, filter: EventFilter::default(), after: None, limit: 250 };
    world.store.list_events(list).await.unwrap().items.len()
}

#[tokio::test]
async fn a_tenant_whose_turn_takes_all_the_time_of_a_step_does_not_keep_the_others_waiting() {
    let (mut world, _folder) = world().await;
    let (much, little) = (world.tenant("much").await, world.tenant("little").await);
    for _ in 0..60 {
        world.accept(&much, &[]).await;
    }
    world.accept(&little, &[]).await;
    let at = world.advance(2 * AGE);
    let own = [&much, &little].map(|tenant| TenantRetention {
        tenant_no: tenant.no,
        age_max: Some(AGE),
        bytes_max: None,
    });
    let (rows_max, time_max) = (1_000, Duration::from_millis(3));
    let step = Prune { at, age_max: None, bytes_max: None, tenants: own.into(), rows_max, time_max };
    for _ in 0..3 {
        assert!(world.store.prune(step.clone()).await.unwrap().more);
    }
    let left = (events_of(&world, &much).await, events_of(&world, &little).await);
    assert!(left.0 > 40 && left.1 == 0, "{left:?}");
    world.prune_by(step).await;
    assert_eq!(events_of(&world, &much).await, 0);
}

#[tokio::test]
async fn a_tenant_with_very_many_entries_of_the_audit_keeps_the_writer_for_a_moment_only() {
    let (mut world, _folder) = world().await;
    let tenant = world.tenant("much").await;
    for n in 0..60 {
        let audit = NewAudit {
            id: AuditId::from_bytes([n; 16]),
            actor: Actor::Admin,
            address: None,
            action: AuditAction::KeyCreated,
            object: n.to_string(),
            changes: None,
        };
        let (tenant_no, unless_within, at) = (tenant.no, Duration::ZERO, world.tick());
        world.store.record_audit(RecordAudit { tenant_no, audit, unless_within, at }).await.unwrap();
    }
    let time_max = Duration::from_millis(3);
    let (before, entries_of_tenant_max) = (Timestamp::from_micros(0), 10);
    let step = PruneAudit { before, entries_of_tenant_max, entries_max: 1_000, rows_max: 500, time_max };
    let mut steps = Vec::new();
    loop {
        let PrunedAudit { forgotten, crowded } = world.store.prune_audit(step).await.unwrap();
        if forgotten == 0 {
            break;
        }
        assert_eq!(crowded, Some(tenant.id.clone()));
        steps.push(forgotten);
    }
    assert_eq!(steps.iter().sum::<usize>(), 50);
    assert!(steps.iter().all(|forgotten| *forgotten < 5), "{steps:?}");
}
