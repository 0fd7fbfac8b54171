//! The audit.

use std::{net::IpAddr, sync::Arc, time::Duration};

use postroad_domain::{Actor, AuditAction, AuditEntry, KeyId, Tenant, TenantId};

use super::{
    World,
    world::{opening, spec, tenant_spec},
};
use crate::{
    AuditFilter, CancelDelivery, CreateSubscription, DeleteTenant, ListAudit, NewAudit, PruneAudit,
    PrunedAudit, PutTenant, RecordAudit, RetryDelivery, Store, SubscriptionChange, UpdateSubscription,
};

pub async fn an_entry_is_written_with_the_change_that_it_tells_of(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let audit = NewAudit {
        address: Some(IpAddr::from([10, 1, 2, 3])),
        changes: Some("{\"name\":{\"before\":null,\"after\":\"é\"}}".to_owned()),
        ..entry(&mut world, AuditAction::SubscriptionCreated)
    };
    let create = CreateSubscription {
        tenant: None,
        ask: None,
        tenant_no: tenant.no,
        id: world.id(),
        spec: spec(),
        secrets: Vec::new(),
        max: 1,
        at: world.tick(),
        audit: Some(audit.clone()),
    };
    world.store.create_subscription(create.clone()).await.unwrap();
    let expected = AuditEntry {
        id: audit.id,
        at: create.at,
        tenant: Some(tenant.id.clone()),
        actor: audit.actor,
        address: audit.address,
        action: audit.action,
        object: audit.object,
        changes: audit.changes,
    };
    assert_eq!(all(&world).await, std::slice::from_ref(&expected));
    let one_more = CreateSubscription { id: world.id(), ..create };
    let refused = world.store.create_subscription(one_more).await;
    assert!(
        refused.is_err() && all(&world).await == [expected],
        "a refusal changes nothing and tells nothing"
    );
}

pub async fn a_change_that_comes_too_late_is_not_told(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let audit = Some(entry(&mut world, AuditAction::SecretRotated));
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: tenant.no,
        id: subscription.id,
        expected: (subscription.version + 1).into(),
        change: SubscriptionChange::Secrets(Vec::new()),
        at: world.tick(),
        audit,
    };
    world.store.update_subscription(update).await.unwrap_err();
    assert!(all(&world).await.is_empty());
}

pub async fn a_retry_and_a_cancel_are_told(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let (tenant_no, id, expires_at) = (tenant.no, queued.id, queued.expires_at);
    let audit = Some(entry(&mut world, AuditAction::DeliveryCancelled));
    let cancel = CancelDelivery { tenant_no, id, at: world.tick(), audit };
    world.store.cancel_delivery(cancel).await.unwrap();
    let audit = Some(entry(&mut world, AuditAction::DeliveryRetried));
    let retry = RetryDelivery { tenant_no, id, at: world.tick(), expires_at, audit };
    world.store.retry_delivery(retry.clone()).await.unwrap();
    let told: Vec<_> = all(&world).await.into_iter().map(|entry| entry.action).collect();
    let expected = [AuditAction::DeliveryRetried, AuditAction::DeliveryCancelled];
    assert_eq!(told, expected);
    let unknown = world.event_id().delivery(1);
    world.store.retry_delivery(RetryDelivery { id: unknown, ..retry }).await.unwrap_err();
    assert_eq!(all(&world).await.len(), expected.len(), "a refusal tells nothing");
}

pub async fn entries_are_listed_newest_first_page_by_page(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.insert(0, record(&mut world, &tenant, AuditAction::SecretRead).await.id);
    }
    for limit in [1, 3, 7, 100] {
        let listed = list(&world, AuditFilter::default(), limit).await;
        assert_eq!(listed.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids, "{limit}");
    }
}

pub async fn each_filter_of_the_audit_lets_its_own_through(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("other").await);
    let first = record(&mut world, &tenant, AuditAction::SecretRead).await;
    world.advance(Duration::from_secs(10));
    let second = record(&mut world, &other, AuditAction::SecretRead).await;
    world.advance(Duration::from_secs(10));
    let third = record(&mut world, &tenant, AuditAction::KeyRevoked).await;
    let by_key = Actor::Key(KeyId::from_bytes([3; 16]));
    let audit = NewAudit { actor: by_key, ..entry(&mut world, AuditAction::SecretRead) };
    let fourth = put(&mut world, &tenant, audit).await;
    let (no_filter, of) = (AuditFilter::default, |name| Some(TenantId::parse(name).unwrap()));
    for (filter, expected) in [
        (AuditFilter { tenant: of("acme"), ..no_filter() }, vec![&fourth, &third, &first]),
        (AuditFilter { tenant: of("nobody"), ..no_filter() }, vec![]),
        (AuditFilter { actor: Some(by_key), ..no_filter() }, vec![&fourth]),
        (
            AuditFilter { action: Some(AuditAction::SecretRead), ..no_filter() },
            vec![&fourth, &second, &first],
        ),
        (AuditFilter { since: Some(second.at), ..no_filter() }, vec![&fourth, &third, &second]),
        (AuditFilter { until: Some(second.at), ..no_filter() }, vec![&first]),
        (
            AuditFilter { tenant: of("acme"), since: Some(second.at), until: Some(fourth.at), ..no_filter() },
            vec![&third],
        ),
    ] {
        let listed = list(&world, filter.clone(), 1).await;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

pub async fn what_is_told_of_a_deleted_tenant_stays_without_its_data(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let audit = NewAudit {
        changes: Some("{\"name\":{}}".to_owned()),
        ..entry(&mut world, AuditAction::TenantChanged)
    };
    let (id, at) = (tenant.id.clone(), world.tick());
    let put = PutTenant {
        redirected: Vec::new(),
        id: id.clone(),
        spec: tenant_spec("leadhub"),
        at,
        audit: Some(audit),
    };
    world.store.put_tenant(put).await.unwrap();
    let audit = Some(entry(&mut world, AuditAction::TenantDeleted));
    let delete = DeleteTenant { id, at: world.tick(), audit };
    assert!(world.store.delete_tenant(delete).await.unwrap());
    // Once with the old rows still there, once after they are erased, once with a new tenant of that name.
    for round in 0..3 {
        let listed = all(&world).await;
        let told: Vec<_> = listed.iter().map(|entry| (entry.action, entry.changes.as_deref())).collect();
        let expected = [(AuditAction::TenantDeleted, None), (AuditAction::TenantChanged, None)];
        assert_eq!(told, expected, "{round}");
        assert!(listed.iter().all(|entry| entry.tenant.as_ref() == Some(&tenant.id)));
        world.sweep_all(2).await;
        if round == 1 {
            world.tenant("acme").await;
        }
    }
}

pub async fn old_entries_are_forgotten_oldest_first_in_steps(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut entries = Vec::new();
    for _ in 0..6 {
        entries.push(record(&mut world, &tenant, AuditAction::SecretRead).await);
    }
    let step = PruneAudit { before: entries[3].at, ..prune_nothing(2) };
    assert_eq!(world.store.prune_audit(step).await.unwrap().forgotten, 2);
    assert_eq!(world.store.prune_audit(step).await.unwrap().forgotten, 1);
    assert_eq!(world.store.prune_audit(step).await.unwrap().forgotten, 0);
    let too_many = PruneAudit { entries_max: 1, rows_max: 100, ..step };
    assert_eq!(world.store.prune_audit(too_many).await.unwrap().forgotten, 2);
    assert_eq!(all(&world).await, [entries.remove(5)]);
    record(&mut world, &tenant, AuditAction::SecretRead).await;
    assert_eq!(all(&world).await.len(), 2);
}

pub async fn of_a_tenant_with_too_many_entries_its_own_oldest_go(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (busy, quiet) = (world.tenant("busy").await, world.tenant("quiet").await);
    let of_quiet = record(&mut world, &quiet, AuditAction::KeyCreated).await;
    let mut of_busy = Vec::new();
    for _ in 0..6 {
        of_busy.insert(0, record(&mut world, &busy, AuditAction::KeyCreated).await);
    }
    let step = PruneAudit { entries_of_tenant_max: 3, ..prune_nothing(2) };
    for (forgotten, crowded) in [(2, Some(&busy)), (1, Some(&busy)), (0, None)] {
        let crowded = crowded.map(|tenant| tenant.id.clone());
        assert_eq!(world.store.prune_audit(step).await.unwrap(), PrunedAudit { forgotten, crowded });
    }
    of_busy.truncate(3);
    assert_eq!(all(&world).await, [&of_busy[..], &[of_quiet]].concat());
    // What goes by age makes room for what comes.
    let before = world.tick();
    let by_age = world.store.prune_audit(PruneAudit { before, ..prune_nothing(9) }).await.unwrap();
    assert_eq!(by_age, PrunedAudit { forgotten: 4, crowded: None });
    for _ in 0..3 {
        record(&mut world, &busy, AuditAction::KeyCreated).await;
    }
    assert_eq!(world.store.prune_audit(step).await.unwrap().forgotten, 0);
}

pub async fn a_busy_tenant_pushes_out_nobody_elses_entries(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (busy, quiet) = (world.tenant("busy").await, world.tenant("quiet").await);
    let of_quiet = record(&mut world, &quiet, AuditAction::KeyCreated).await;
    for _ in 0..5 {
        for _ in 0..4 {
            record(&mut world, &busy, AuditAction::KeyCreated).await;
        }
        let step = PruneAudit { entries_of_tenant_max: 2, entries_max: 4, ..prune_nothing(100) };
        world.store.prune_audit(step).await.unwrap();
        let left = all(&world).await;
        assert_eq!((left.len(), left.last()), (3, Some(&of_quiet)));
    }
}

pub async fn whoever_looks_again_and_again_is_told_of_once(store: Arc<dyn Store>) {
    const WITHIN: Duration = Duration::from_secs(600);
    let mut world = World::new(store).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("other").await);
    let first = entry(&mut world, AuditAction::SecretRead);
    let is_told = async |world: &mut World, tenant: &Tenant, audit: &NewAudit| {
        let (before, at) = (all(world).await.len(), world.tick());
        let audit = NewAudit { id: world.id(), ..audit.clone() };
        let record = RecordAudit { tenant_no: tenant.no, audit, unless_within: WITHIN, at };
        world.store.record_audit(record).await.unwrap();
        all(world).await.len() > before
    };
    assert!(is_told(&mut world, &tenant, &first).await);
    let by_key = NewAudit { actor: Actor::Key(KeyId::from_bytes([3; 16])), ..first.clone() };
    let from_elsewhere = NewAudit { address: Some(IpAddr::from([10, 1, 2, 3])), ..first.clone() };
    let of_another = NewAudit { object: "sub_2".to_owned(), ..first.clone() };
    for audit in [&by_key, &from_elsewhere, &of_another] {
        assert!(is_told(&mut world, &tenant, audit).await, "{audit:?}");
    }
    assert!(is_told(&mut world, &other, &first).await);
    for audit in [&first, &by_key, &from_elsewhere, &of_another] {
        assert!(!is_told(&mut world, &tenant, audit).await, "{audit:?}");
    }
    let rotated = entry(&mut world, AuditAction::SecretRotated);
    put(&mut world, &tenant, rotated).await;
    assert!(is_told(&mut world, &tenant, &first).await, "it is another secret now");
    assert!(!is_told(&mut world, &tenant, &of_another).await);
    world.advance(WITHIN);
    assert!(is_told(&mut world, &tenant, &of_another).await);
}

pub async fn a_clock_that_was_far_ahead_hides_no_reading(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let audit = entry(&mut world, AuditAction::SecretRead);
    let now = world.tick();
    let ahead = now.after(Duration::from_secs(365 * 24 * 3600));
    // Written by a clock that was set right afterwards: for a year all that follow carry this moment.
    for (at, entries) in [(ahead, 1), (now, 2), (now.after(Duration::from_secs(3600)), 3)] {
        let audit = NewAudit { id: world.id(), ..audit.clone() };
        let record = RecordAudit { tenant_no: tenant.no, audit, unless_within: Duration::from_secs(600), at };
        world.store.record_audit(record).await.unwrap();
        assert_eq!(all(&world).await.len(), entries);
    }
}

pub async fn an_entry_is_never_earlier_than_the_one_before_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let first = record(&mut world, &tenant, AuditAction::KeyCreated).await;
    let audit = entry(&mut world, AuditAction::KeyRevoked);
    let set_back = first.at.before(Duration::from_secs(3600));
    let at =
        |at| RecordAudit { tenant_no: tenant.no, audit: audit.clone(), unless_within: Duration::ZERO, at };
    world.store.record_audit(at(set_back)).await.unwrap();
    let listed = list(&world, AuditFilter { since: Some(first.at), ..AuditFilter::default() }, 1).await;
    assert_eq!(listed.iter().map(|entry| entry.at).collect::<Vec<_>>(), [first.at, first.at]);
}

/// A step of forgetting by no limit.
fn prune_nothing(rows_max: usize) -> PruneAudit {
    PruneAudit {
        before: opening(),
        entries_of_tenant_max: 100,
        entries_max: 100,
        rows_max,
        time_max: Duration::MAX,
    }
}

pub(super) async fn all(world: &World) -> Vec<AuditEntry> {
    list(world, AuditFilter::default(), 100).await
}

async fn list(world: &World, filter: AuditFilter, limit: usize) -> Vec<AuditEntry> {
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListAudit { filter: filter.clone(), after, limit };
        let page = world.store.list_audit(list).await.unwrap();
        assert!(page.items.len() <= limit);
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            return listed;
        }
    }
}

async fn record(world: &mut World, tenant: &Tenant, action: AuditAction) -> AuditEntry {
    let audit = entry(world, action);
    put(world, tenant, audit).await
}

async fn put(world: &mut World, tenant: &Tenant, audit: NewAudit) -> AuditEntry {
    let at = world.tick();
    let record = RecordAudit { tenant_no: tenant.no, audit, unless_within: Duration::ZERO, at };
    world.store.record_audit(record).await.unwrap();
    all(world).await.remove(0)
}

/// An entry of the admin about something, without changes.
pub(super) fn entry(world: &mut World, action: AuditAction) -> NewAudit {
    let (id, object) = (world.id(), "sub_1".to_owned());
    NewAudit { id, actor: Actor::Admin, address: None, action, object, changes: None }
}
