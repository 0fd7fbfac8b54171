//! Failures of deliveries, counted subscription by subscription, and subscriptions that are inactive because of them.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    Attempt, Reason, Status, Subscription, SubscriptionSpec, Tenant, Timestamp,
    subscription::{Failures, InactiveReason},
};

use super::{
    World,
    world::{lane_of, outcome, spec},
};
use crate::{
    BacklogBudget, CancelDelivery, Deactivate, Deactivation, Failing, FanoutTarget, ListFailing,
    ListSubscriptionsThen, Next, Outcome, OutcomeResult, RetryDelivery, RetryDeliveryError, Store,
    SubscriptionChange, Then, UpdateSubscription, UpdateSubscriptionError,
};

const SUCCEEDED: Next = Next::Succeeded;
const EXHAUSTED: Next = Next::Failed(Reason::Exhausted);

/// What the store says of a subscription.
async fn stored(world: &World, of: &Subscription) -> Subscription {
    world.store.subscription(of.tenant_no, of.id).await.unwrap().unwrap()
}

async fn failures(world: &World, of: &Subscription) -> Option<Failures> {
    stored(world, of).await.failures
}

/// A delivery fails; answers when.
async fn fail(world: &mut World, tenant: &Tenant, of: &Subscription) -> Timestamp {
    let queued = world.accept_one(tenant, of).await;
    assert_eq!(world.record(&queued, EXHAUSTED).await, OutcomeResult::Applied);
    world.now()
}

/// Makes it inactive by the failures that it has.
async fn deactivate(world: &mut World, of: &Subscription) -> bool {
    let failures = failures(world, of).await.unwrap();
    world.deactivate_for(of, Deactivation::Failing(failures)).await
}

async fn listed(world: &World, count_min: u32) -> Vec<Failing> {
    let list = ListFailing { count_min, after: None, limit: 100 };
    world.store.failing_subscriptions(list).await.unwrap()
}

pub async fn deliveries_that_fail_are_counted_since_the_first_of_them(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let before = world.store.tenant(tenant.id.clone()).await.unwrap();
    assert_eq!(subscription.failures, None);
    let since = fail(&mut world, &tenant, &subscription).await;
    for count in 1..=3 {
        assert_eq!(failures(&world, &subscription).await, Some(Failures { count, since }));
        fail(&mut world, &tenant, &subscription).await;
    }
    assert_eq!(failures(&world, &other).await, None);
    let after = stored(&world, &subscription).await;
    assert_eq!((after.version, after.updated_at), (subscription.version, subscription.updated_at));
    assert_eq!(world.store.tenant(tenant.id.clone()).await.unwrap(), before, "nothing is matched anew");
    let snapshot = world.store.config_snapshot(tenant.id).await.unwrap().unwrap();
    assert_eq!(snapshot.subscriptions, [after, other]);
}

pub async fn a_commit_says_which_subscriptions_fail_and_since_when(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let (second, third) = (world.subscription(&tenant).await, world.subscription(&tenant).await);
    let since = fail(&mut world, &tenant, &second).await;
    let mut outcomes = Vec::new();
    for (subscription, next) in [
        (&third, EXHAUSTED),
        (&second, EXHAUSTED),
        (&first, SUCCEEDED),
        (&third, EXHAUSTED),
        (&first, EXHAUSTED),
    ] {
        let queued = world.accept_one(&tenant, subscription).await;
        outcomes.push(world.outcome(&queued, next));
    }
    let failing = world.commit(Vec::new(), outcomes, Vec::new()).await.failing;
    let at = world.now();
    let of = |subscription, count, since| Failing {
        lane: lane_of(subscription),
        failures: Failures { count, since },
    };
    assert_eq!(failing, [of(&first, 1, at), of(&second, 2, since), of(&third, 2, at)]);
}

pub async fn a_success_begins_the_count_anew(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    fail(&mut world, &tenant, &subscription).await;
    fail(&mut world, &tenant, &subscription).await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let outcomes = vec![world.outcome(&queued, SUCCEEDED)];
    assert!(world.commit(Vec::new(), outcomes, Vec::new()).await.failing.is_empty());
    assert_eq!(failures(&world, &subscription).await, None);
    let since = fail(&mut world, &tenant, &subscription).await;
    assert_eq!(failures(&world, &subscription).await, Some(Failures { count: 1, since }));
}

pub async fn the_outcomes_of_a_commit_count_in_their_order(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for (nexts, count) in [([EXHAUSTED, EXHAUSTED, SUCCEEDED], 0), ([EXHAUSTED, SUCCEEDED, EXHAUSTED], 1)] {
        let mut outcomes = Vec::new();
        for next in nexts {
            let queued = world.accept_one(&tenant, &subscription).await;
            outcomes.push(world.outcome(&queued, next));
        }
        let failing = world.commit(Vec::new(), outcomes, Vec::new()).await.failing;
        let expected = (count > 0).then_some(Failures { count, since: world.now() });
        assert_eq!(failures(&world, &subscription).await, expected);
        assert_eq!(failing.first().map(|failing| failing.failures), expected);
    }
}

pub async fn what_no_receiver_was_asked_about_is_no_failure(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let cancelled = world.accept_one(&tenant, &subscription).await;
    let at = world.tick();
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: cancelled.id, at };
    world.store.cancel_delivery(cancel).await.unwrap();
    world.record(&cancelled, EXHAUSTED).await;
    for reason in [Reason::BacklogFull, Reason::Paused, Reason::Script, Reason::Operator] {
        let queued = world.accept_one(&tenant, &subscription).await;
        world.commit_outcome(outcome(&queued, None, Next::Failed(reason))).await;
    }
    let expired = world.accept_one(&tenant, &subscription).await;
    world.commit_outcome(outcome(&expired, None, Next::Failed(Reason::Expired))).await;
    let postponed = world.accept_one(&tenant, &subscription).await;
    let due = world.now();
    world.record(&postponed, Next::Queued { due, tries: 1 }).await;
    for _ in 0..2 {
        world.accept_one(&tenant, &subscription).await;
    }
    let budget = BacklogBudget { deliveries: 1, bytes: u64::MAX };
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 2);
    let test = world.test_of(&tenant, &subscription, false);
    assert!(world.store.record_test(test).await.unwrap());
    assert_eq!(failures(&world, &subscription).await, None);
}

pub async fn what_expires_behind_an_attempt_is_a_failure(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let due = world.now();
    world.record(&queued, Next::Queued { due, tries: 1 }).await;
    let again = world.refill(&subscription).await.deliveries.remove(0);
    world.commit_outcome(outcome(&again, None, Next::Failed(Reason::Expired))).await;
    let since = world.now();
    assert_eq!(failures(&world, &subscription).await, Some(Failures { count: 1, since }));
}

pub async fn a_success_that_comes_late_counts_and_a_failure_that_does_counts_not(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.record(&queued, EXHAUSTED).await;
    let since = world.now();
    // Each is the outcome of a place that the delivery has left.
    for (number, next, expected) in
        [(2, EXHAUSTED, Some(Failures { count: 1, since })), (3, SUCCEEDED, None), (4, EXHAUSTED, None)]
    {
        let late = world.outcome(&queued, next);
        let attempt = late.attempt.map(|attempt| Attempt { number, ..attempt });
        assert_eq!(world.commit_outcome(Outcome { attempt, ..late }).await, OutcomeResult::NotWaiting);
        assert_eq!(failures(&world, &subscription).await, expected);
    }
    // One that was called off by a pause and arrived.
    let under_way = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    fail(&mut world, &tenant, &subscription).await;
    world.record(&under_way, SUCCEEDED).await;
    assert_eq!(failures(&world, &subscription).await, None);
}

pub async fn what_ends_while_a_subscription_is_inactive_counts_not(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let since = fail(&mut world, &tenant, &subscription).await;
    let mut under_way = Vec::new();
    for _ in 0..2 {
        under_way.push(world.accept_one(&tenant, &subscription).await);
    }
    world.deactivate(&subscription).await;
    for (queued, next) in under_way.iter().zip([EXHAUSTED, SUCCEEDED]) {
        let outcomes = vec![world.outcome(queued, next)];
        let committed = world.commit(Vec::new(), outcomes, Vec::new()).await;
        assert_eq!((&committed.outcomes[..], committed.failing.len()), (&[OutcomeResult::Applied][..], 0));
        assert_eq!(failures(&world, &subscription).await, Some(Failures { count: 1, since }));
    }
}

/// It was called off, sent again, and called off again before the answer to its first request was there.
pub async fn a_success_counts_also_where_the_delivery_was_sent_again_and_called_off(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let under_way = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    let at = world.tick();
    let (id, expires_at) = (under_way.id, at.after(Duration::from_secs(3_600)));
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id, at, expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    world.set_active(&subscription, false).await;
    assert_eq!(world.record(&under_way, Next::Succeeded).await, OutcomeResult::NotWaiting);
    let delivery = world.look(&under_way).await;
    assert_eq!((delivery.status, delivery.reason, delivery.attempts), (Status::Succeeded, None, 1));
    world.sweep_all(100).await;
    assert_eq!(world.look(&under_way).await, delivery);
    assert_eq!(world.store.backlog().await.unwrap().waiting, 0);
}

pub async fn nothing_but_a_success_and_an_activation_begins_the_count_anew(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let since = fail(&mut world, &tenant, &subscription).await;
    let expected = Some(Failures { count: 1, since });
    let renamed = SubscriptionSpec { name: Some("new".to_owned()), ..spec() };
    for change in [
        SubscriptionChange::Spec(Box::new(renamed)),
        SubscriptionChange::Secrets(Vec::new()),
        SubscriptionChange::Both(Box::new(spec()), Vec::new()),
        SubscriptionChange::Spec(Box::new(SubscriptionSpec { active: false, ..spec() })),
        SubscriptionChange::Secrets(Vec::new()),
    ] {
        assert_eq!(world.change(&subscription, change).await.failures, expected);
        assert_eq!(failures(&world, &subscription).await, expected);
    }
    assert_eq!(world.set_active(&subscription, true).await.failures, None);
    assert_eq!(failures(&world, &subscription).await, None);
    let since = fail(&mut world, &tenant, &subscription).await;
    assert_eq!(failures(&world, &subscription).await, Some(Failures { count: 1, since }));
}

pub async fn a_failing_subscription_is_inactive_and_says_why(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let since = fail(&mut world, &tenant, &subscription).await;
    assert!(deactivate(&mut world, &subscription).await);
    let at = world.now();
    let failing = stored(&world, &subscription).await;
    assert_eq!(failing.inactive, Some((InactiveReason::Failing, at)));
    assert!(!failing.spec.active, "so that it wants nothing any more");
    assert_eq!(failing.version, subscription.version, "deliveries are shaped as before");
    assert_eq!(failing.updated_at, at);
    assert_eq!(failing.failures, Some(Failures { count: 1, since }));
    let event = world.event(&tenant, &[]).await;
    let id = event.id;
    world.commit_event(event).await;
    let list = ListSubscriptionsThen { tenant_no: tenant.no, event: id, after: None, limit: 9 };
    let then = world.store.subscriptions_then(list).await.unwrap().unwrap().items.remove(0).then;
    let Then::Known { spec, inactive, .. } = then else { panic!("{then:?}") };
    assert_eq!((spec.active, inactive), (false, Some((InactiveReason::Failing, at))));
}

pub async fn what_waits_for_a_failing_subscription_is_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let ended = world.accept_one(&tenant, &subscription).await;
    world.record(&ended, EXHAUSTED).await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    let under_way = world.accept_one(&tenant, &subscription).await;
    let mut event = world.event(&tenant, &[]).await;
    event.fanout = vec![world.target(&subscription)];
    let event_id = event.id;
    world.commit_event(event).await;
    deactivate(&mut world, &subscription).await;
    let at = world.now();
    for queued in [&waiting, &under_way] {
        let delivery = world.look(queued).await;
        assert_eq!((delivery.status, delivery.reason), (Status::Cancelled, Some(Reason::Paused)));
        assert_eq!(delivery.finished_at, Some(at));
    }
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert_eq!(world.record(&under_way, EXHAUSTED).await, OutcomeResult::NotWaiting);
    assert_eq!(world.look(&under_way).await.status, Status::Cancelled);
    // Nothing is queued for later, neither by a step of a fan-out nor by hand.
    let step = world.store.open_fanouts(None, 9).await.unwrap().remove(0);
    assert!(matches!(&step.targets[..], [FanoutTarget { .. }]));
    assert!(world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out.is_empty());
    let late = world.store.delivery(tenant.no, event_id.delivery(1)).await.unwrap().unwrap();
    assert_eq!((late.status, late.reason), (Status::Cancelled, Some(Reason::Paused)));
    let (at, expires_at) = (world.tick(), ended.expires_at);
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id: ended.id, at, expires_at };
    let refused = world.store.retry_delivery(retry).await.unwrap_err();
    assert!(matches!(refused, RetryDeliveryError::Inactive), "{refused:?}");
    assert_eq!(world.sweep_all(10).await.cancelled, 1, "the other one's outcome made its mark real");
    assert_eq!(world.store.backlog().await.unwrap().waiting, 0);
}

pub async fn activation_sends_only_what_comes_from_then_on(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    fail(&mut world, &tenant, &subscription).await;
    world.accept_one(&tenant, &subscription).await;
    deactivate(&mut world, &subscription).await;
    let active = world.set_active(&subscription, true).await;
    assert_eq!((active.inactive, active.failures), (None, None));
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    let new = world.accept_one(&tenant, &active).await;
    assert_eq!(world.refill(&subscription).await.deliveries[0].id, new.id);
    let since = fail(&mut world, &tenant, &active).await;
    assert_eq!(failures(&world, &active).await, Some(Failures { count: 1, since }));
}

pub async fn a_new_name_for_a_failing_subscription_leaves_it_failing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    fail(&mut world, &tenant, &subscription).await;
    deactivate(&mut world, &subscription).await;
    let failing = stored(&world, &subscription).await;
    world.advance(Duration::from_secs(1));
    let renamed = SubscriptionSpec { name: Some("new".to_owned()), active: false, ..spec() };
    let still = world.change(&subscription, SubscriptionChange::Spec(Box::new(renamed))).await;
    assert_eq!((still.inactive, still.failures), (failing.inactive, failing.failures));
    assert_eq!(stored(&world, &subscription).await, still);
}

pub async fn failures_that_are_forgotten_deactivate_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    fail(&mut world, &tenant, &subscription).await;
    let early = failures(&world, &subscription).await.unwrap();
    let sent = world.accept_one(&tenant, &subscription).await;
    world.record(&sent, SUCCEEDED).await;
    assert!(!world.deactivate_for(&subscription, Deactivation::Failing(early)).await, "there are none");
    fail(&mut world, &tenant, &subscription).await;
    assert!(!world.deactivate_for(&subscription, Deactivation::Failing(early)).await, "there are others");
    let current = failures(&world, &subscription).await.unwrap();
    let more = Failures { count: 2, ..current };
    assert!(!world.deactivate_for(&subscription, Deactivation::Failing(more)).await, "there are fewer");
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    assert!(!world.deactivate_for(&subscription, Deactivation::Failing(current)).await, "it was activated");
    fail(&mut world, &tenant, &subscription).await;
    let first = failures(&world, &subscription).await.unwrap();
    fail(&mut world, &tenant, &subscription).await;
    let why = Deactivation::Failing(first);
    let (version, at) = (subscription.version, world.tick());
    let (tenant_no, subscription_no) = (tenant.no, subscription.no);
    let old = Deactivate { audit: None, tenant_no, subscription_no, version, why, at };
    assert!(!world.store.deactivate(old).await.unwrap(), "it is another version");
    assert!(world.deactivate_for(&subscription, why).await, "there are more by now");
    assert!(!world.deactivate_for(&subscription, why).await, "it is inactive already");
}

pub async fn a_change_that_was_made_before_it_failed_does_not_undo_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    fail(&mut world, &tenant, &subscription).await;
    deactivate(&mut world, &subscription).await;
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
    let expected = stored(&world, &subscription).await.revision();
    assert_eq!(expected.to_string(), "v1.failing");
    let active = world.store.update_subscription(UpdateSubscription { expected, ..stale }).await;
    assert_eq!(active.unwrap().inactive, None);
}

pub async fn active_subscriptions_that_fail_are_listed_page_by_page(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, well) = world.tenant_with_subscription().await;
    let mut failing = Vec::new();
    for count in 1..=5 {
        let subscription = world.subscription(&tenant).await;
        for _ in 0..count {
            fail(&mut world, &tenant, &subscription).await;
        }
        failing.push(subscription);
    }
    let other = world.tenant("other").await;
    let theirs = world.subscription(&other).await;
    fail(&mut world, &other, &theirs).await;
    let sent = world.accept_one(&tenant, &well).await;
    world.record(&sent, SUCCEEDED).await;
    let counts = |listed: &[Failing]| listed.iter().map(|one| one.failures.count).collect::<Vec<_>>();
    assert_eq!(counts(&listed(&world, 0).await), [1, 2, 3, 4, 5, 1]);
    assert_eq!(counts(&listed(&world, 3).await), [3, 4, 5]);
    let mut after = None;
    for expected in [&[2, 3][..], &[4, 5], &[]] {
        let list = ListFailing { count_min: 2, after, limit: 2 };
        let page = world.store.failing_subscriptions(list).await.unwrap();
        assert_eq!(counts(&page), expected);
        after = page.last().map(|one| one.lane.subscription_no).or(after);
    }
    world.set_active(&failing[0], false).await;
    world.deactivate(&failing[1]).await;
    deactivate(&mut world, &failing[2]).await;
    world.delete(&failing[3]).await;
    world.delete_tenant(&other).await;
    assert_eq!(
        listed(&world, 0).await,
        [Failing { lane: lane_of(&failing[4]), failures: failures(&world, &failing[4]).await.unwrap() }]
    );
}
