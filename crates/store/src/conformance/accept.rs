//! Events on their way in.

use std::sync::Arc;

use bytes::Bytes;
use postroad_domain::{ProfileNo, Status, TenantNo, TraceContext};

use super::{
    World,
    world::{accepted, event_type},
};
use crate::{AcceptResult, Store};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub async fn an_accepted_event_reads_back_as_it_came(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut new = world.event(&tenant, &[&subscription]).await;
    new.event_type = event_type("idea/attached:2");
    new.occurred_at = Some(world.now().before(super::world::LONG));
    new.tags = vec!["pathfinder".to_owned(), "größer".to_owned()];
    new.attributes = Bytes::from_static(b"{\"workspace_id\":\"w\"}");
    // Key order, number spelling, escapes and spaces are the caller's.
    new.data = Bytes::from_static(b"{ \"b\":1.00, \"a\":\"\\u00e9\\/\",\"b\":1e2 }");
    new.trace = TraceContext::parse(TRACE, Some("a=1,b=2")).map(Box::new);
    let id = new.id;
    world.commit_event(new.clone()).await;
    let event = world.store.event(tenant.no, id).await.unwrap().unwrap();
    assert!(event.trace.is_some() && event.trace == new.trace);
    assert_eq!(event.id, id);
    assert_eq!(event.event_type, new.event_type);
    assert_eq!(event.accepted_at, world.now());
    assert_eq!(event.occurred_at, new.occurred_at);
    assert_eq!(event.tags, new.tags);
    assert_eq!(event.attributes, new.attributes);
    assert_eq!(event.data, new.data);
    assert_eq!((event.deliveries, event.test), (1, false));
}

pub async fn an_event_names_what_its_deliveries_are_shaped_with(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (_, subscription) = world.tenant_with_subscription().await;
    let tenant = world.tenant("acme").await;
    for profile in [1, 2, 127, 128, 40_000] {
        let mut new = world.event(&tenant, &[&subscription]).await;
        new.profile = ProfileNo(profile);
        assert_eq!(new.tenant_version, 2);
        let queued = world.commit_event(new.clone()).await.remove(0);
        let event = world.store.event(tenant.no, new.id).await.unwrap().unwrap();
        assert_eq!((event.profile, event.tenant_version), (Some(ProfileNo(profile)), 2));
        assert_eq!(*queued.event, event);
        assert_eq!(*world.refill(&subscription).await.deliveries.last().unwrap().event, event);
    }
}

pub async fn each_delivery_waits_in_the_lane_of_its_subscription_from_the_commit_on(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, one) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let new = world.event(&tenant, &[&one, &other]).await;
    let queued = world.commit_event(new.clone()).await;
    for ((subscription, created), queued) in [&one, &other].into_iter().zip(&new.deliveries).zip(&queued) {
        let delivery = world.look(queued).await;
        assert_eq!(delivery.id, created.id);
        assert_eq!(delivery.subscription, subscription.id);
        assert_eq!((delivery.subscription_no, delivery.test), (subscription.no, false));
        assert_eq!(delivery.subscription_version, subscription.version);
        assert_eq!(queued.subscription_version, subscription.version);
        assert_eq!(delivery.events, [new.id]);
        assert_eq!(delivery.event_type, new.event_type);
        assert_eq!((delivery.status, delivery.reason), (Status::Queued, None));
        assert_eq!((delivery.attempts, delivery.finished_at), (0, None));
        assert_eq!((delivery.created_at, delivery.due_at), (world.now(), Some(world.now())));
        let refilled = world.refill(subscription).await;
        assert_eq!(refilled.deliveries.len(), 1);
        let waiting = &refilled.deliveries[0];
        assert_eq!((waiting.id, waiting.lane), (queued.id, queued.lane));
        assert_eq!((waiting.due, waiting.expires_at), (world.now(), created.target.expires_at));
        assert_eq!((waiting.tries, waiting.attempts), (0, 0));
        assert_eq!(waiting.event.id, new.id);
        assert_eq!(waiting.event.data, new.data);
    }
}

pub async fn the_deliveries_of_an_event_share_it_and_keep_their_order(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, one) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    // Not the order of the subscriptions' numbers.
    let new = world.event(&tenant, &[&other, &one]).await;
    let queued = world.commit_event(new.clone()).await;
    let ids = |delivery: &crate::QueuedDelivery| (delivery.id, delivery.lane.subscription_no);
    assert_eq!(
        queued.iter().map(ids).collect::<Vec<_>>(),
        [(new.deliveries[0].id, other.no), (new.deliveries[1].id, one.no)]
    );
    assert!(Arc::ptr_eq(&queued[0].event, &queued[1].event), "the event is in memory once");
    assert!(queued.iter().all(|delivery| delivery.due == world.now() && delivery.tries == 0));
    assert_eq!(queued[0].event.deliveries, 2);
}

pub async fn an_event_that_nobody_wants_is_kept(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let new = world.event(&tenant, &[]).await;
    let id = new.id;
    assert!(world.commit_event(new).await.is_empty());
    let event = world.store.event(tenant.no, id).await.unwrap().unwrap();
    assert_eq!(event.deliveries, 0);
}

pub async fn an_event_of_an_unknown_tenant_is_refused(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut unknown = world.event(&tenant, &[]).await;
    unknown.tenant_no = TenantNo(tenant.no.0 + 1_000);
    let deleted = world.event(&tenant, &[]).await;
    world.delete_tenant(&tenant).await;
    let results = world.commit_events(vec![unknown, deleted]).await;
    assert!(matches!(results[..], [AcceptResult::NoTenant, AcceptResult::NoTenant]), "{results:?}");
}

pub async fn an_event_matched_against_an_old_configuration_is_stale_and_writes_nothing(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let new = world.event(&tenant, &[&subscription]).await;
    world.subscription(&tenant).await;
    let (id, delivery_id) = (new.id, new.deliveries[0].id);
    let results = world.commit_events(vec![new]).await;
    assert!(matches!(results[..], [AcceptResult::Stale]), "{results:?}");
    assert_eq!(world.store.event(tenant.no, id).await.unwrap(), None);
    assert_eq!(world.store.delivery(tenant.no, delivery_id).await.unwrap(), None);
    assert!(world.refill(&subscription).await.deliveries.is_empty());
}

pub async fn a_refused_event_does_not_harm_its_neighbours(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let first = world.event(&tenant, &[&subscription]).await;
    let mut stale = world.event(&tenant, &[&subscription]).await;
    stale.config_version -= 1;
    let last = world.event(&tenant, &[&subscription]).await;
    let ids = [first.deliveries[0].id, last.deliveries[0].id];
    let mut results = world.commit_events(vec![first, stale, last]).await;
    assert!(matches!(results[1], AcceptResult::Stale), "{results:?}");
    assert_eq!(accepted(results.remove(2))[0].id, ids[1]);
    assert_eq!(accepted(results.remove(0))[0].id, ids[0]);
    let waiting: Vec<_> =
        world.refill(&subscription).await.deliveries.iter().map(|delivery| delivery.id).collect();
    assert_eq!(waiting, ids);
}

pub async fn a_commit_of_nothing_answers_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let committed = world.commit(Vec::new(), Vec::new(), Vec::new()).await;
    assert!(committed.events.is_empty() && committed.outcomes.is_empty() && committed.fanned_out.is_empty());
}
