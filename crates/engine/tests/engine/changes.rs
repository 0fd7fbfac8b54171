//! What another node changes is seen here: each change is made on the store itself, beside the engine.

use std::time::Duration;

use postroad_domain::{
    ApiKey, Clock, CredentialKind, KeySpec, Scope, Status, Subscription, SubscriptionId, SubscriptionSpec,
    Tenant, TenantId, limits::CHANGES_WAITING_MAX,
};
use postroad_engine::{Credential, KeyRefusal, Origin, PublishError};
use postroad_store::{
    Configuration, Deactivate, Deactivation, DeleteTenant, PutTenant, RevokeKey, SubscriptionChange,
    UpdateSubscription,
};

use crate::world::{World, acme, event, tenant_of, to};

async fn stored_tenant(world: &World) -> Tenant {
    world.store.tenant(acme()).await.unwrap().unwrap()
}

async fn stored(world: &World, id: SubscriptionId) -> Subscription {
    world.store.subscription(stored_tenant(world).await.no, id).await.unwrap().unwrap()
}

async fn create_key(world: &World) -> (ApiKey, String) {
    let spec = KeySpec {
        name: "reader".to_owned(),
        kind: CredentialKind::Api,
        scopes: [Scope::SubscriptionsRead].into(),
        rate_limit: None,
        expires_at: None,
    };
    let created = world.engine.configuration().create_key(&Origin::ADMIN, &acme(), spec).await.unwrap();
    let (key, Credential::Key(text)) = created else { panic!("it is a pair") };
    (key, text.to_string())
}

/// Another node changes a subscription.
async fn change(world: &World, id: SubscriptionId, change: impl FnOnce(&mut SubscriptionSpec)) {
    let before = stored(world, id).await;
    let mut spec = before.spec.clone();
    change(&mut spec);
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: before.tenant_no,
        id,
        expected: before.revision(),
        change: SubscriptionChange::Spec(Box::new(spec)),
        at: world.clock.now(),
        audit: None,
    };
    world.store.update_subscription(update).await.unwrap();
}

/// Another node activates a subscription whose receiver was gone.
async fn activate(world: &World, id: SubscriptionId) {
    let before = stored(world, id).await;
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: before.tenant_no,
        id,
        expected: before.revision(),
        change: SubscriptionChange::Spec(Box::new(SubscriptionSpec { active: true, ..before.spec })),
        at: world.clock.now(),
        audit: None,
    };
    world.store.update_subscription(update).await.unwrap();
}

/// Another node makes so many changes at once that this one falls behind.
async fn change_too_much(world: &World) {
    for number in 0..=CHANGES_WAITING_MAX {
        let id = TenantId::parse(&format!("other-{number}")).unwrap();
        let put = PutTenant {
            redirected: Vec::new(),
            id,
            spec: tenant_of("standard", "{}"),
            at: world.clock.now(),
            audit: None,
        };
        world.store.put_tenant(put).await.unwrap();
    }
}

#[tokio::test]
async fn the_next_event_goes_where_another_node_has_turned_a_subscription() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    world.publish("1").await;
    world.exchange().await.answer(200);
    change(&world, id, |spec| spec.target = to("https://b.example/").target).await;
    world.publish("2").await;
    let exchange = world.exchange().await;
    assert_eq!(exchange.request.url.as_str(), "https://b.example/");
    exchange.answer(200);
    change(&world, id, |spec| spec.active = false).await;
    assert_eq!(world.publish("3").await.deliveries, 0);
    world.no_exchange().await;
}

#[tokio::test]
async fn what_waits_for_a_subscription_that_another_node_has_paused_is_not_sent() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let published = world.publish("1").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    change(&world, id, |spec| spec.active = false).await;
    world.pass(Duration::from_secs(3_600)).await;
    world.no_exchange().await;
    world.reaches(&published, Status::Cancelled).await;
}

#[tokio::test]
async fn what_is_held_for_a_receiver_that_was_gone_goes_out_when_another_node_activates_it() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let published = world.publish("1").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    let Subscription { tenant_no, no: subscription_no, version, .. } = stored(&world, id).await;
    let at = world.clock.now();
    let why = Deactivation::Gone;
    let deactivate = Deactivate { tenant_no, subscription_no, version, why, at, audit: None };
    world.store.deactivate(deactivate).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
    activate(&world, id).await;
    world.exchange().await.answer(200);
    world.reaches(&published, Status::Succeeded).await;
}

/// Such a lane is not in memory: nothing of it may be sent.
#[tokio::test]
async fn what_is_held_goes_out_also_where_the_engine_fell_behind_the_changes() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let published = world.publish("1").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    let Subscription { tenant_no, no: subscription_no, version, .. } = stored(&world, id).await;
    let at = world.clock.now();
    let why = Deactivation::Gone;
    let deactivate = Deactivate { tenant_no, subscription_no, version, why, at, audit: None };
    world.store.deactivate(deactivate).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
    activate(&world, id).await;
    change_too_much(&world).await;
    world.exchange().await.answer(200);
    world.reaches(&published, Status::Succeeded).await;
}

#[tokio::test]
async fn a_key_that_another_node_has_revoked_is_refused_by_the_next_request() {
    let world = World::new().await;
    let (key, text) = create_key(&world).await;
    world.engine.configuration().key(&text).await.unwrap();
    // Something else of its tenant changes: it stays what it is.
    world.subscribe(to("https://a.example/")).await;
    world.engine.configuration().key(&text).await.unwrap();
    let tenant_no = stored_tenant(&world).await.no;
    let revoke = RevokeKey { tenant_no, id: key.id, kept_max: 10, at: world.clock.now(), audit: None };
    assert!(world.store.revoke_key(revoke).await.unwrap());
    let refused = world.engine.configuration().key(&text).await;
    assert!(matches!(refused, Err(KeyRefusal::Revoked)), "{:?}", refused.map(|_| ()));
}

#[tokio::test]
async fn a_tenant_that_another_node_has_deleted_is_gone_with_its_keys_and_what_waits() {
    let world = World::new().await;
    let (_, text) = create_key(&world).await;
    world.engine.configuration().key(&text).await.unwrap();
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("1").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    let delete = DeleteTenant { id: acme(), at: world.clock.now(), audit: None };
    assert!(world.store.delete_tenant(delete).await.unwrap());
    let refused = world.try_publish(event("lead.created", "{}")).await;
    assert!(matches!(refused, Err(PublishError::NoTenant)), "{refused:?}");
    let refused = world.engine.configuration().key(&text).await;
    assert!(matches!(refused, Err(KeyRefusal::Unknown)), "{:?}", refused.map(|_| ()));
    world.pass(Duration::from_secs(3_600)).await;
    world.no_exchange().await;
}

#[tokio::test]
async fn an_engine_that_fell_behind_the_changes_remembers_nothing_of_before() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    world.publish("1").await;
    world.exchange().await.answer(200);
    change(&world, id, |spec| spec.active = false).await;
    change_too_much(&world).await;
    assert_eq!(world.publish("2").await.deliveries, 0);
    world.no_exchange().await;
}
