//! Tests of subscriptions: written when they are over, and never queued by themselves.

use std::sync::Arc;

use postroad_domain::{
    DeliveryId, Reason, Status, Subscription, SubscriptionNo, Tenant, TenantNo, delivery::Delivery,
};

use super::{World, world::LONG};
use crate::{
    DeliveryFilter, EventFilter, ListDeliveries, ListEvents, Next, RecordTest, RetryDelivery,
    RetryDeliveryError, Store, WaitingLanes,
};

pub async fn a_test_reads_back_as_it_was_made(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let test = world.test_of(&tenant, &subscription, true);
    assert!(world.store.record_test(test.clone()).await.unwrap());
    let event = world.store.event(tenant.no, test.event_id).await.unwrap().unwrap();
    assert_eq!((event.id, &event.event_type), (test.event_id, &test.event_type));
    assert_eq!((event.accepted_at, event.occurred_at), (test.at, None));
    assert_eq!((&event.attributes, &event.data), (&test.attributes, &test.data));
    assert_eq!((event.profile, event.tenant_version), (Some(test.profile), test.tenant_version));
    assert_eq!((event.deliveries, event.test), (1, true));
    let delivery = look(&world, &test).await;
    assert_eq!((delivery.id, delivery.events), (test.event_id.delivery(1), vec![test.event_id]));
    assert_eq!((delivery.subscription, delivery.subscription_no), (subscription.id, subscription.no));
    assert_eq!(delivery.subscription_version, test.subscription_version);
    assert_eq!((delivery.event_type, delivery.test), (test.event_type, true));
    assert_eq!((delivery.status, delivery.reason), (Status::Succeeded, None));
    assert_eq!((delivery.created_at, delivery.due_at), (test.at, None));
    assert_eq!((delivery.finished_at, delivery.attempts), (Some(test.finished_at), 1));
    let attempts = world.store.attempts(tenant.no, delivery.id).await.unwrap();
    assert_eq!(attempts, [test.attempt]);
}

pub async fn a_test_that_the_receiver_did_not_take_is_exhausted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let test = record(&mut world, &tenant, &subscription, false).await;
    let delivery = look(&world, &test).await;
    assert_eq!((delivery.status, delivery.reason), (Status::Failed, Some(Reason::Exhausted)));
    assert_eq!((delivery.finished_at, delivery.attempts), (Some(test.finished_at), 1));
}

pub async fn nothing_of_a_test_waits(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    record(&mut world, &tenant, &subscription, true).await;
    record(&mut world, &tenant, &subscription, false).await;
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    let all = WaitingLanes { after: None, limit: 10 };
    assert!(world.store.waiting_lanes(all).await.unwrap().is_empty());
    assert_eq!(world.store.backlog().await.unwrap().waiting, 0);
}

pub async fn a_test_stands_in_the_lists_among_all_others(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let before = world.accept_one(&tenant, &subscription).await;
    let failed = record(&mut world, &tenant, &subscription, false).await;
    let between = world.accept_one(&tenant, &subscription).await;
    let succeeded = record(&mut world, &tenant, &subscription, true).await;
    let tests = [failed.event_id.delivery(1), succeeded.event_id.delivery(1)];
    let all = [tests[1], between.id, tests[0], before.id];
    let listed = deliveries(&world, tenant.no, DeliveryFilter::default()).await;
    assert_eq!(listed.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), all);
    assert_eq!(listed.iter().map(|delivery| delivery.test).collect::<Vec<_>>(), [true, false, true, false]);
    let of_subscription = DeliveryFilter { subscription: Some(subscription.id), ..DeliveryFilter::default() };
    assert_eq!(deliveries(&world, tenant.no, of_subscription).await, listed);
    let of_event = DeliveryFilter { event: Some(failed.event_id), ..DeliveryFilter::default() };
    assert_eq!(ids(&world, tenant.no, of_event).await, [tests[0]]);
    let of_failed = DeliveryFilter { status: Some(Status::Failed), ..DeliveryFilter::default() };
    assert_eq!(ids(&world, tenant.no, of_failed).await, [tests[0]]);
    let events = events(&world, tenant.no, EventFilter::default()).await;
    assert_eq!(events, all.map(|id| id.first_event()));
}

pub async fn a_test_that_took_long_hides_no_event_from_a_list_by_time(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (mut accepted, mut moments) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        // Written behind an event that came while the exchange lasted.
        let test = world.test_of(&tenant, &subscription, true);
        accepted.push(world.accept_one(&tenant, &subscription).await.event.id);
        moments.push(world.now());
        assert!(world.store.record_test(test).await.unwrap());
    }
    for (place, moment) in moments.iter().enumerate() {
        let since = EventFilter { since: Some(*moment), ..EventFilter::default() };
        let until = EventFilter { until: Some(*moment), ..EventFilter::default() };
        let (since, until) = (events(&world, tenant.no, since).await, events(&world, tenant.no, until).await);
        let (earlier, later) = accepted.split_at(place);
        assert!(later.iter().all(|id| since.contains(id)) && !earlier.iter().any(|id| since.contains(id)));
        assert!(earlier.iter().all(|id| until.contains(id)) && !later.iter().any(|id| until.contains(id)));
    }
}

pub async fn an_inactive_subscription_is_tested_like_an_active_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let paused = world.set_active(&subscription, false).await;
    record(&mut world, &tenant, &paused, true).await;
    let active = world.set_active(&subscription, true).await;
    world.deactivate(&active).await;
    let test = record(&mut world, &tenant, &active, true).await;
    let gone = world.store.subscription(tenant.no, subscription.id).await.unwrap().unwrap();
    assert!(gone.inactive.is_some(), "a test that is taken changes nothing of that");
    let retry = retry_of(&mut world, &test);
    let refused = world.store.retry_delivery(retry).await.unwrap_err();
    assert!(matches!(refused, RetryDeliveryError::Inactive), "{refused:?}");
}

pub async fn nothing_is_written_of_a_test_of_what_is_gone(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (other_tenant, kept) = (world.tenant("other").await, world.subscription(&tenant).await);
    let of_unknown = Subscription { no: SubscriptionNo(subscription.no.0 + 1_000), ..subscription.clone() };
    let mut refused =
        vec![world.test_of(&tenant, &of_unknown, true), world.test_of(&other_tenant, &subscription, true)];
    world.delete(&subscription).await;
    refused.push(world.test_of(&tenant, &subscription, true));
    for test in refused {
        assert!(!world.store.record_test(test.clone()).await.unwrap());
        assert_eq!(world.store.event(test.tenant_no, test.event_id).await.unwrap(), None);
    }
    for tenant_no in [tenant.no, other_tenant.no] {
        assert!(events(&world, tenant_no, EventFilter::default()).await.is_empty());
    }
    world.delete_tenant(&tenant).await;
    let test = world.test_of(&tenant, &kept, true);
    assert!(!world.store.record_test(test).await.unwrap());
}

pub async fn a_test_is_sent_again_like_any_finished_delivery(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for succeeded in [false, true] {
        let test = record(&mut world, &tenant, &subscription, succeeded).await;
        let retry = retry_of(&mut world, &test);
        let written = world.store.retry_delivery(retry.clone()).await.unwrap();
        assert_eq!((written.id, written.subscription_no), (retry.id, subscription.no));
        let queued = world.refill(&subscription).await.deliveries.remove(0);
        assert_eq!((queued.id, queued.due), (test.event_id.delivery(1), retry.at));
        assert_eq!((queued.tries, queued.attempts), (0, 1));
        assert!(queued.event.test, "it is a test still");
        assert_eq!(queued.event.data, test.data);
        world.record(&queued, Next::Succeeded).await;
        let delivery = look(&world, &test).await;
        assert_eq!((delivery.status, delivery.attempts, delivery.test), (Status::Succeeded, 2, true));
        let attempts = world.store.attempts(tenant.no, delivery.id).await.unwrap();
        assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    }
}

pub async fn the_tests_of_a_deleted_tenant_are_erased(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for succeeded in [false, true, false] {
        record(&mut world, &tenant, &subscription, succeeded).await;
    }
    world.delete_tenant(&tenant).await;
    let swept = world.sweep_all(2).await;
    assert!(swept.erased >= 6, "three events and three deliveries at least: {swept:?}");
}

async fn record(world: &mut World, tenant: &Tenant, to: &Subscription, succeeded: bool) -> RecordTest {
    let test = world.test_of(tenant, to, succeeded);
    assert!(world.store.record_test(test.clone()).await.unwrap());
    test
}

fn retry_of(world: &mut World, test: &RecordTest) -> RetryDelivery {
    let at = world.tick();
    RetryDelivery {
        audit: None,
        tenant_no: test.tenant_no,
        id: test.event_id.delivery(1),
        at,
        expires_at: at.after(LONG),
    }
}

async fn look(world: &World, test: &RecordTest) -> Delivery {
    world.store.delivery(test.tenant_no, test.event_id.delivery(1)).await.unwrap().unwrap()
}

async fn deliveries(world: &World, tenant_no: TenantNo, filter: DeliveryFilter) -> Vec<Delivery> {
    let list = ListDeliveries { tenant_no, filter, after: None, limit: 100 };
    world.store.list_deliveries(list).await.unwrap().items
}

async fn ids(world: &World, tenant_no: TenantNo, filter: DeliveryFilter) -> Vec<DeliveryId> {
    deliveries(world, tenant_no, filter).await.iter().map(|delivery| delivery.id).collect()
}

async fn events(world: &World, tenant_no: TenantNo, filter: EventFilter) -> Vec<postroad_domain::EventId> {
    let list = ListEvents { tenant_no, filter, after: None, limit: 100 };
    world.store.list_events(list).await.unwrap().items.iter().map(|event| event.id).collect()
}
