//! Each operation that brings an entry of the audit.

use std::{collections::BTreeSet, sync::Arc};

use postroad_domain::{
    AuditAction, RegisteredType, ReplaySelection, Subscription, Tenant, TenantId, Verification,
    VerificationState,
};

use super::{
    World,
    audit::{all, entry},
    keys::key_in,
    replay_steps::creation,
    world::{LONG, event_type, spec, tenant_spec},
};
use crate::{
    AskVerification, CancelDelivery, CancelReplay, CreateKey, CreateReplay, CreateSubscription, Deactivate,
    Deactivation, DeleteEventType, DeleteSubscription, DeleteTenant, PutEventType, PutTenant, RecordTest,
    RecordVerification, RetryDelivery, RevokeKey, Store, SubscriptionChange, UpdateSubscription,
};

pub async fn every_operation_that_brings_an_entry_writes_it(store: Arc<dyn Store>) {
    use AuditAction as Did;
    let mut world = World::new(store).await;
    let store = Arc::clone(&world.store);
    let (id, at) = (TenantId::parse("acme").unwrap(), world.tick());
    let audit = Some(entry(&mut world, Did::TenantCreated));
    let put = PutTenant { redirected: Vec::new(), id: id.clone(), spec: tenant_spec("standard"), at, audit };
    let (tenant, _) = store.put_tenant(put).await.unwrap();
    told(&world, Did::TenantCreated).await;
    tell_of_event_types(&mut world, &tenant).await;
    tell_of_keys(&mut world, &tenant).await;
    let subscription = world.subscription(&tenant).await;
    tell_of_deliveries(&mut world, &tenant, &subscription).await;
    tell_of_replays(&mut world, &subscription).await;
    tell_of_subscriptions(&mut world, &subscription).await;
    let audit = Some(entry(&mut world, Did::TenantDeleted));
    let delete = DeleteTenant { id, at: world.tick(), audit };
    assert!(store.delete_tenant(delete).await.unwrap());
    told(&world, Did::TenantDeleted).await;
    let told_of: BTreeSet<_> = all(&world).await.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told_of.len(), all(&world).await.len(), "each was told once: {told_of:?}");
}

async fn tell_of_event_types(world: &mut World, tenant: &Tenant) {
    let name = event_type("deal.won");
    let event_type = RegisteredType {
        name: name.clone(),
        title: None,
        group: None,
        description: None,
        example: None,
        schema: None,
    };
    let audit = Some(entry(world, AuditAction::EventTypeCreated));
    let put = PutEventType { tenant_no: tenant.no, event_type, max: 1, at: world.tick(), audit };
    world.store.put_event_type(put).await.unwrap();
    told(world, AuditAction::EventTypeCreated).await;
    let audit = Some(entry(world, AuditAction::EventTypeDeleted));
    let delete = DeleteEventType { tenant_no: tenant.no, name, at: world.tick(), audit };
    assert!(world.store.delete_event_type(delete).await.unwrap());
    told(world, AuditAction::EventTypeDeleted).await;
}

async fn tell_of_keys(world: &mut World, tenant: &Tenant) {
    let audit = Some(entry(world, AuditAction::KeyCreated));
    let create = CreateKey { audit, ..key_in(world, tenant, 1) };
    let key = world.store.create_key(create).await.unwrap();
    told(world, AuditAction::KeyCreated).await;
    let audit = Some(entry(world, AuditAction::KeyRevoked));
    let revoke = RevokeKey { tenant_no: tenant.no, id: key.id, kept_max: 1, at: world.tick(), audit };
    assert!(world.store.revoke_key(revoke).await.unwrap());
    told(world, AuditAction::KeyRevoked).await;
}

async fn tell_of_deliveries(world: &mut World, tenant: &Tenant, to: &Subscription) {
    let audit = Some(entry(world, AuditAction::SubscriptionTested));
    let test = RecordTest { audit, ..world.test_of(tenant, to, true) };
    assert!(world.store.record_test(test).await.unwrap());
    told(world, AuditAction::SubscriptionTested).await;
    let queued = world.accept_one(tenant, to).await;
    let audit = Some(entry(world, AuditAction::DeliveryCancelled));
    let cancel = CancelDelivery { tenant_no: tenant.no, id: queued.id, at: world.tick(), audit };
    world.store.cancel_delivery(cancel).await.unwrap();
    told(world, AuditAction::DeliveryCancelled).await;
    let audit = Some(entry(world, AuditAction::DeliveryRetried));
    let at = world.tick();
    let (id, expires_at) = (queued.id, at.after(LONG));
    let retry = RetryDelivery { tenant_no: tenant.no, id, at, expires_at, audit };
    world.store.retry_delivery(retry.clone()).await.unwrap();
    told(world, AuditAction::DeliveryRetried).await;
    let entries = all(world).await.len();
    let unknown = world.event_id().delivery(1);
    world.store.retry_delivery(RetryDelivery { id: unknown, ..retry }).await.unwrap_err();
    assert_eq!(all(world).await.len(), entries, "a refusal tells nothing");
}

async fn tell_of_replays(world: &mut World, to: &Subscription) {
    let audit = Some(entry(world, AuditAction::ReplayStarted));
    let create = CreateReplay { audit, ..creation(world, to, ReplaySelection::All) };
    let replay = world.store.create_replay(create).await.unwrap();
    told(world, AuditAction::ReplayStarted).await;
    let audit = Some(entry(world, AuditAction::ReplayCancelled));
    let cancel = CancelReplay { tenant_no: to.tenant_no, id: replay.id, at: world.tick(), audit };
    world.store.cancel_replay(cancel).await.unwrap();
    told(world, AuditAction::ReplayCancelled).await;
}

async fn tell_of_subscriptions(world: &mut World, of: &Subscription) {
    let tenant_no = of.tenant_no;
    let audit = Some(entry(world, AuditAction::SubscriptionCreated));
    let (id, at) = (world.id(), world.tick());
    let create = CreateSubscription {
        tenant: None,
        ask: None,
        tenant_no,
        id,
        spec: spec(),
        secrets: Vec::new(),
        max: 10,
        at,
        audit,
    };
    world.store.create_subscription(create).await.unwrap();
    told(world, AuditAction::SubscriptionCreated).await;
    let audit = Some(entry(world, AuditAction::SecretRotated));
    let (expected, change) = (of.revision(), SubscriptionChange::Secrets(Vec::new()));
    let (id, at) = (of.id, world.tick());
    let update = UpdateSubscription { tenant: None, ask: None, tenant_no, id, expected, change, at, audit };
    world.store.update_subscription(update).await.unwrap();
    told(world, AuditAction::SecretRotated).await;
    let secrets = SubscriptionChange::Secrets(Vec::new());
    let asking = world.change_asking(of, secrets, Some(AskVerification::First)).await;
    let audit = Some(entry(world, AuditAction::SubscriptionVerified));
    let (version, at) = (asking.version, world.tick());
    let verification = Verification { version, state: VerificationState::Passed, at, detail: None };
    let (subscription_no, expected) = (of.no, Some(version));
    let record =
        RecordVerification { tenant_no, subscription_no, expected, verification, activates: true, at, audit };
    assert!(world.store.record_verification(record.clone()).await.unwrap());
    told(world, AuditAction::SubscriptionVerified).await;
    let entries = all(world).await.len();
    assert!(world.store.record_verification(record).await.unwrap());
    assert_eq!(all(world).await.len(), entries, "it was active already");
    let audit = Some(entry(world, AuditAction::SubscriptionGone));
    let why = Deactivation::Gone;
    let deactivate = Deactivate { tenant_no, subscription_no, version, why, at: world.tick(), audit };
    world.store.deactivate(deactivate).await.unwrap();
    told(world, AuditAction::SubscriptionGone).await;
    let audit = Some(entry(world, AuditAction::SubscriptionDeleted));
    let delete = DeleteSubscription { tenant_no, id: of.id, at: world.tick(), audit };
    assert!(world.store.delete_subscription(delete).await.unwrap());
    told(world, AuditAction::SubscriptionDeleted).await;
}

/// The newest entry is of this action.
async fn told(world: &World, action: AuditAction) {
    assert_eq!(all(world).await.first().map(|entry| entry.action), Some(action));
}
