//! Subscriptions whose receiver said that it is gone: what waits is held, and goes out or expires.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Reason, Status, subscription::InactiveReason};

use super::{World, world::spec};
use crate::{
    Deactivate, Deactivation, Next, OutcomeResult, Store, SubscriptionChange, UpdateSubscription,
    UpdateSubscriptionError, WaitingLanes,
};

pub async fn a_gone_subscription_is_inactive_and_says_why(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    world.deactivate(&subscription).await;
    let gone = world.store.subscription(tenant.no, subscription.id).await.unwrap().unwrap();
    assert_eq!(gone.inactive, Some((InactiveReason::Gone, world.now())));
    assert!(!gone.spec.active, "so that it wants nothing any more");
    assert_eq!(gone.updated_at, world.now());
    assert_eq!(gone.version, subscription.version, "deliveries are shaped as before");
}

pub async fn what_waits_for_a_gone_subscription_is_held(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.deactivate(&subscription).await;
    let swept = world.sweep_all(10).await;
    assert_eq!((swept.cancelled, swept.expired), (0, 0));
    let refilled = world.refill(&subscription).await;
    assert!(refilled.deliveries.is_empty());
    assert_eq!(refilled.next_due, None, "no timer is set for what is held");
    let all = WaitingLanes { after: None, limit: 10 };
    assert!(world.store.waiting_lanes(all).await.unwrap().is_empty());
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.reason, delivery.finished_at), (Status::Queued, None, None));
    assert_eq!(world.store.backlog().await.unwrap().waiting, 1);
}

pub async fn a_new_name_for_a_gone_subscription_does_not_cancel_what_is_held(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.deactivate(&subscription).await;
    let since = world.now();
    world.advance(Duration::from_secs(1));
    let still_gone = world.set_active(&subscription, false).await;
    assert_eq!(still_gone.inactive, Some((InactiveReason::Gone, since)));
    assert_eq!(world.look(&queued).await.status, Status::Queued);
}

pub async fn activation_sends_what_was_held(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.deactivate(&subscription).await;
    let active = world.set_active(&subscription, true).await;
    assert_eq!(active.inactive, None);
    let refilled = world.refill(&subscription).await;
    assert_eq!((refilled.deliveries[0].id, refilled.deliveries[0].due), (queued.id, queued.due));
    let all = WaitingLanes { after: None, limit: 10 };
    assert_eq!(world.store.waiting_lanes(all).await.unwrap()[0].lane, queued.lane);
}

pub async fn the_attempt_that_brought_the_answer_is_recorded_as_usual(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let one = world.accept_one(&tenant, &subscription).await;
    let other = world.accept_one(&tenant, &subscription).await;
    world.deactivate(&subscription).await;
    let due = world.now().after(Duration::from_secs(5));
    assert_eq!(world.record(&one, Next::Queued { due, tries: 1 }).await, OutcomeResult::Applied);
    assert_eq!(world.record(&other, Next::Succeeded).await, OutcomeResult::Applied);
    assert_eq!(world.look(&one).await.due_at, Some(due));
    assert_eq!(world.look(&other).await.status, Status::Succeeded);
    world.advance(Duration::from_secs(6));
    assert!(world.refill(&subscription).await.deliveries.is_empty(), "it is held at its new place");
}

pub async fn what_is_held_fails_when_it_expires_and_not_before(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let lasting = world.accept_one(&tenant, &subscription).await;
    let mut event = world.event(&tenant, &[&subscription]).await;
    event.deliveries[0].target.expires_at = world.now().after(Duration::from_secs(60));
    let passing = world.commit_event(event).await.remove(0);
    world.deactivate(&subscription).await;
    world.advance(Duration::from_secs(50));
    assert_eq!(world.sweep_all(10).await.expired, 0);
    world.advance(Duration::from_secs(20));
    assert_eq!(world.sweep_all(10).await.expired, 1);
    let delivery = world.look(&passing).await;
    assert_eq!((delivery.status, delivery.reason), (Status::Failed, Some(Reason::Expired)));
    assert_eq!((delivery.finished_at, delivery.due_at), (Some(world.now()), None));
    world.set_active(&subscription, true).await;
    let refilled = world.refill(&subscription).await;
    assert_eq!(refilled.deliveries.len(), 1);
    assert_eq!(refilled.deliveries[0].id, lasting.id);
}

pub async fn the_sweep_leaves_the_lanes_that_send_to_their_engines(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.advance(Duration::from_secs(2 * 3600));
    assert!(world.now() > queued.expires_at);
    assert_eq!(world.sweep_all(10).await.expired, 0);
    assert_eq!(world.look(&queued).await.status, Status::Queued);
}

pub async fn deactivating_what_is_inactive_already_changes_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let paused = world.subscription(&tenant).await;
    world.set_active(&paused, false).await;
    let gone = world.subscription(&tenant).await;
    world.deactivate(&gone).await;
    let before = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    world.deactivate(&paused).await;
    world.deactivate(&gone).await;
    let after = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    assert_eq!(after.subscriptions, before.subscriptions);
    assert_eq!(after.tenant, before.tenant);
}

pub async fn a_change_that_was_made_before_a_410_does_not_undo_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    world.deactivate(&subscription).await;
    let stale = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: tenant.no,
        id: subscription.id,
        expected: subscription.revision(),
        change: SubscriptionChange::Spec(Box::new(spec())),
        at: world.tick(),
        audit: None,
    };
    let refused = world.store.update_subscription(stale.clone()).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::Changed), "{refused:?}");
    let gone = world.store.subscription(tenant.no, subscription.id).await.unwrap().unwrap();
    let fresh = UpdateSubscription { expected: gone.revision(), ..stale };
    let active = world.store.update_subscription(fresh).await;
    assert_eq!(active.unwrap().inactive, None);
}

pub async fn an_answer_to_an_earlier_version_deactivates_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let changed = world.set_active(&subscription, true).await;
    for (version, deactivates) in
        [(subscription.version, false), (changed.version, true), (changed.version, false)]
    {
        let at = world.tick();
        let (tenant_no, subscription_no) = (tenant.no, subscription.no);
        let why = Deactivation::Gone;
        let deactivate = Deactivate { audit: None, tenant_no, subscription_no, version, why, at };
        assert_eq!(world.store.deactivate(deactivate).await.unwrap(), deactivates, "version {version}");
    }
}
