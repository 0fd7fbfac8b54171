//! Handshakes that a change of a subscription asks for: what is sent meanwhile, and what follows from what they came to.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    Reason, Status, Subscription, SubscriptionSpec, Tenant, Verification, VerificationState,
    subscription::InactiveReason,
};

use super::{
    World,
    world::{lane_of, spec},
};
use crate::{
    AskVerification, Change, ChangeKinds, CreateSubscription, LaneKey, ListSubscriptionsThen, Next,
    PendingVerifications, Store, SubscriptionChange, Then, UpdateSubscription, UpdateSubscriptionError,
};

fn same() -> SubscriptionChange {
    SubscriptionChange::Spec(Box::new(spec()))
}

fn paused() -> SubscriptionChange {
    SubscriptionChange::Spec(Box::new(SubscriptionSpec { active: false, ..spec() }))
}

async fn created(world: &mut World, tenant: &Tenant, ask: Option<AskVerification>) -> Subscription {
    let create = CreateSubscription {
        tenant: None,
        ask,
        audit: None,
        tenant_no: tenant.no,
        id: world.id(),
        spec: spec(),
        secrets: Vec::new(),
        max: 10,
        at: world.now(),
    };
    world.store.create_subscription(create).await.unwrap()
}

async fn now(world: &World, of: &Subscription) -> Subscription {
    world.store.subscription(of.tenant_no, of.id).await.unwrap().unwrap()
}

async fn pending(world: &World, after: Option<LaneKey>, limit: usize) -> Vec<LaneKey> {
    world.store.pending_verifications(PendingVerifications { after, limit }).await.unwrap()
}

pub async fn what_asks_for_handshakes_is_pending_and_unverified_where_they_must_pass(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    for (ask, inactive) in [
        (None, None),
        (Some(AskVerification::Beside), None),
        (Some(AskVerification::First), Some(InactiveReason::Unverified)),
    ] {
        let new = created(&mut world, &tenant, ask).await;
        let at = new.created_at;
        let asked = |version, at| {
            ask.map(|_| Verification { version, state: VerificationState::Pending, at, detail: None })
        };
        assert_eq!(new.verification, asked(1, at), "{ask:?}");
        assert_eq!(new.inactive, inactive.map(|reason| (reason, at)));
        assert_eq!(new.spec.active, inactive.is_none(), "what is unverified wants nothing");
        assert_eq!(now(&world, &new).await, new);
        let changed = world.change_asking(&new, same(), ask).await;
        let at = changed.updated_at;
        assert_eq!((changed.version, &changed.verification), (2, &asked(2, at)));
        assert_eq!(changed.inactive, inactive.map(|reason| (reason, at)));
        assert_eq!(now(&world, &new).await, changed);
        let kept = world.change(&changed, paused()).await;
        assert_eq!(kept.verification, changed.verification, "what asks for nothing leaves it as it is");
    }
}

pub async fn what_waits_for_an_unverified_subscription_is_held_and_goes_out_when_it_has_passed(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let moved = world.change_asking(&subscription, same(), Some(AskVerification::First)).await;
    world.sweep_all(10).await;
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert_eq!(world.look(&queued).await.status, Status::Queued);
    assert!(world.verify(&moved, moved.version, true).await);
    let active = now(&world, &moved).await;
    assert_eq!((active.inactive, active.version), (None, moved.version));
    assert!(active.spec.active);
    let state = active.verification.map(|verification| verification.state);
    assert_eq!((state, active.updated_at), (Some(VerificationState::Passed), world.now()));
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
}

pub async fn what_is_held_for_an_unverified_subscription_expires(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.change_asking(&subscription, same(), Some(AskVerification::First)).await;
    world.advance(Duration::from_secs(2 * 3600));
    assert_eq!(world.sweep_all(10).await.expired, 1);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.reason), (Status::Failed, Some(Reason::Expired)));
}

pub async fn handshakes_that_failed_leave_it_unverified_and_say_why(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let new = created(&mut world, &tenant, Some(AskVerification::First)).await;
    assert!(world.verify(&new, 1, false).await);
    let failed = now(&world, &new).await;
    assert_eq!((failed.inactive, failed.version), (new.inactive, 1));
    let verification = failed.verification.unwrap();
    assert_eq!(verification.state, VerificationState::Failed);
    assert_eq!(verification.detail.as_deref(), Some("it answered 404"));
    assert!(world.verify(&new, 1, true).await, "somebody tries it again");
    assert_eq!(now(&world, &new).await.inactive, None);
    assert!(world.verify(&new, 1, false).await, "and again");
    let still = now(&world, &new).await;
    assert_eq!(still.inactive, None, "what sends goes on");
    assert_eq!(still.verification.map(|known| known.state), Some(VerificationState::Failed));
}

pub async fn what_was_made_for_an_earlier_version_says_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let new = created(&mut world, &tenant, Some(AskVerification::First)).await;
    let renamed = world.change(&new, paused()).await;
    assert_eq!(renamed.inactive, new.inactive, "it is held still");
    let moved = world.change_asking(&renamed, same(), Some(AskVerification::First)).await;
    assert!(!world.verify(&moved, 1, true).await);
    assert_eq!(now(&world, &new).await, moved);
    world.delete(&moved).await;
    assert!(!world.verify(&moved, moved.version, true).await);
    let other = created(&mut world, &tenant, None).await;
    assert!(!world.verify(&other, 1, true).await, "nobody asked, as whoever made them saw");
    world.delete_tenant(&tenant).await;
    assert!(!world.verify(&other, 1, true).await);
}

pub async fn a_paused_subscription_stays_paused_whatever_its_handshakes_say(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (_, subscription) = world.tenant_with_subscription().await;
    let asking = world.change_asking(&subscription, paused(), Some(AskVerification::First)).await;
    let since = asking.inactive;
    assert_eq!(since.map(|(reason, _)| reason), Some(InactiveReason::Paused));
    assert!(world.verify(&asking, asking.version, true).await);
    assert_eq!(now(&world, &asking).await.inactive, since);
    assert_eq!(pending(&world, None, 10).await, []);
}

pub async fn a_secret_may_ask_for_handshakes_as_well(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let changes = world.store.changes(ChangeKinds::LANES);
    let rotated = SubscriptionChange::Secrets(Vec::new());
    let asking = world.change_asking(&subscription, rotated, Some(AskVerification::First)).await;
    assert_eq!(asking.inactive, Some((InactiveReason::Unverified, world.now())));
    assert_eq!(taken(&changes), [Change::Lane(lane_of(&subscription))], "its lane holds what waits");
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert_eq!(world.look(&queued).await.status, Status::Queued);
}

pub async fn handshakes_that_pass_begin_the_count_of_failures_anew(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.record(&queued, Next::Failed(Reason::Exhausted)).await;
    let asking = world.change_asking(&subscription, same(), Some(AskVerification::First)).await;
    let counted = |known: Subscription| known.failures.map(|failures| failures.count);
    assert_eq!(counted(asking.clone()), Some(1), "it was active before, so it is not activated");
    assert!(world.verify(&asking, asking.version, true).await);
    assert_eq!(counted(now(&world, &asking).await), None);
    let queued = world.accept_one(&tenant, &asking).await;
    world.record(&queued, Next::Failed(Reason::Exhausted)).await;
    assert_eq!(counted(now(&world, &asking).await), Some(1));
}

pub async fn a_change_that_was_made_before_it_passed_does_not_undo_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let new = created(&mut world, &tenant, Some(AskVerification::First)).await;
    let expected = new.revision();
    assert_eq!(expected.stopped, Some(InactiveReason::Unverified));
    world.verify(&new, 1, true).await;
    // It was read while it was unverified, so it says that it is inactive.
    let stale = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: tenant.no,
        id: new.id,
        expected,
        change: paused(),
        at: world.tick(),
        audit: None,
    };
    let refused = world.store.update_subscription(stale.clone()).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::Changed), "{refused:?}");
    let update = UpdateSubscription { expected: 1.into(), ..stale };
    world.store.update_subscription(update).await.unwrap();
}

pub async fn the_pending_ones_are_found_by_key_and_no_others(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (acme, other) = (world.tenant("acme").await, world.tenant("other").await);
    assert_eq!(pending(&world, None, 10).await, []);
    let mut lanes = Vec::new();
    for tenant in [&other, &acme, &acme] {
        created(&mut world, tenant, Some(AskVerification::Beside)).await;
        created(&mut world, tenant, None).await;
        lanes.push(lane_of(&created(&mut world, tenant, Some(AskVerification::First)).await));
    }
    lanes.sort_unstable();
    assert_eq!(pending(&world, None, 10).await, lanes);
    assert_eq!(pending(&world, None, 2).await, lanes[..2]);
    assert_eq!(pending(&world, Some(lanes[1]), 10).await, lanes[2..]);
    assert_eq!(pending(&world, Some(lanes[2]), 10).await, []);
    // One passes, one fails, and the third goes with its tenant.
    let config = world.store.config_snapshot_by_no(acme.no).await.unwrap().unwrap();
    let unverified = config.subscriptions.iter().filter(|known| known.inactive.is_some());
    let unverified: Vec<_> = unverified.cloned().collect();
    assert!(world.verify(&unverified[0], 1, true).await);
    assert!(world.verify(&unverified[1], 1, false).await);
    assert_eq!(pending(&world, None, 10).await, lanes[2..]);
    world.change_asking(&unverified[1], same(), Some(AskVerification::First)).await;
    assert_eq!(pending(&world, None, 10).await, lanes[1..]);
    world.delete(&unverified[1]).await;
    world.delete_tenant(&other).await;
    assert_eq!(pending(&world, None, 10).await, []);
}

pub async fn what_an_event_met_is_told_of_an_unverified_subscription(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let new = created(&mut world, &tenant, Some(AskVerification::First)).await;
    let before = world.event(&tenant, &[]).await;
    let mut met = vec![(before.id, new.inactive)];
    world.commit_event(before).await;
    world.verify(&new, 1, true).await;
    let behind = world.event(&tenant, &[]).await;
    met.push((behind.id, None));
    world.commit_event(behind).await;
    for (event, expected) in met {
        let list = ListSubscriptionsThen { tenant_no: tenant.no, event, after: None, limit: 10 };
        let then = world.store.subscriptions_then(list).await.unwrap().unwrap().items.remove(0).then;
        let Then::Known { version, spec, inactive } = then else { panic!("{then:?}") };
        assert_eq!((version, spec.active, inactive), (1, expected.is_none(), expected));
    }
}

pub async fn that_it_became_active_is_announced_and_a_hint_is_not(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let hinted = created(&mut world, &tenant, Some(AskVerification::Beside)).await;
    let new = created(&mut world, &tenant, Some(AskVerification::First)).await;
    let changes = world.store.changes(ChangeKinds::ALL);
    world.verify(&hinted, 1, false).await;
    world.verify(&new, 1, false).await;
    assert_eq!(taken(&changes), [], "nothing is routed or sent otherwise");
    world.verify(&new, 1, true).await;
    assert_eq!(taken(&changes), [Change::Tenant(tenant.no), Change::Lane(lane_of(&new))]);
}

fn taken(changes: &crate::Changes) -> Vec<Change> {
    let mut taken = Vec::new();
    changes.catch_up(|change| taken.push(change));
    taken
}
