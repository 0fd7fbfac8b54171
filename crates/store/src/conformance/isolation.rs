//! A tenant never sees another tenant's rows.

use std::sync::Arc;

use postroad_domain::{Status, Subscription, Tenant};

use super::World;
use crate::{
    AcceptResult, CancelDelivery, CancelDeliveryError, DeleteSubscription, DeliveryFilter, EventFilter,
    Idempotency, ListDeliveries, ListEvents, NewEvent, QueuedDelivery, RetryDelivery, RetryDeliveryError,
    Store, SubscriptionChange, UpdateSubscription, UpdateSubscriptionError,
};

/// Two tenants, each with a subscription and a delivery.
struct Two {
    mine: Tenant,
    theirs: Tenant,
    their_subscription: Subscription,
    their_delivery: QueuedDelivery,
}

pub async fn a_foreign_object_reads_as_if_it_were_not_there(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let two = two_tenants(&mut world).await;
    let (store, mine) = (&world.store, two.mine.no);
    assert_eq!(store.event(mine, two.their_delivery.event.id).await.unwrap(), None);
    assert_eq!(store.delivery(mine, two.their_delivery.id).await.unwrap(), None);
    assert!(store.attempts(mine, two.their_delivery.id).await.unwrap().is_empty());
    assert_eq!(store.subscription(mine, two.their_subscription.id).await.unwrap(), None);
    let their_no = two.their_subscription.no;
    assert_eq!(store.subscription_version(mine, their_no, 1).await.unwrap(), None);
    let snapshot = store.config_snapshot(two.mine.id).await.unwrap().unwrap();
    assert!(snapshot.subscriptions.iter().all(|known| known.id != two.their_subscription.id));
}

pub async fn a_list_holds_the_tenants_own_rows_only(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let two = two_tenants(&mut world).await;
    let tenant_no = two.mine.no;
    let list = ListEvents { tenant_no, filter: EventFilter::default(), after: None, limit: 100 };
    let events = world.store.list_events(list).await.unwrap().items;
    assert_eq!(events.len(), 1);
    assert_ne!(events[0].id, two.their_delivery.event.id);
    let list = ListDeliveries { tenant_no, filter: DeliveryFilter::default(), after: None, limit: 100 };
    let deliveries = world.store.list_deliveries(list.clone()).await.unwrap().items;
    assert_eq!(deliveries.len(), 1);
    assert_ne!(deliveries[0].id, two.their_delivery.id);
    let event = Some(two.their_delivery.event.id);
    let subscription = Some(two.their_subscription.id);
    for filter in [
        DeliveryFilter { event, ..DeliveryFilter::default() },
        DeliveryFilter { subscription, ..DeliveryFilter::default() },
    ] {
        let list = ListDeliveries { filter, ..list.clone() };
        assert!(world.store.list_deliveries(list).await.unwrap().items.is_empty());
    }
}

pub async fn a_foreign_delivery_is_neither_retried_nor_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let two = two_tenants(&mut world).await;
    let (tenant_no, id, at) = (two.mine.no, two.their_delivery.id, world.tick());
    let refused =
        world.store.cancel_delivery(CancelDelivery { audit: None, tenant_no, id, at }).await.unwrap_err();
    assert!(matches!(refused, CancelDeliveryError::NotFound), "{refused:?}");
    let cancel = CancelDelivery { audit: None, tenant_no: two.theirs.no, id, at };
    world.store.cancel_delivery(cancel).await.unwrap();
    let retry = RetryDelivery { audit: None, tenant_no, id, at, expires_at: two.their_delivery.expires_at };
    let refused = world.store.retry_delivery(retry).await.unwrap_err();
    assert!(matches!(refused, RetryDeliveryError::NotFound), "{refused:?}");
    assert_eq!(world.look(&two.their_delivery).await.status, Status::Cancelled);
}

pub async fn a_foreign_subscription_is_neither_changed_nor_deleted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let two = two_tenants(&mut world).await;
    let (tenant_no, id, at) = (two.mine.no, two.their_subscription.id, world.tick());
    let change = SubscriptionChange::Secrets(Vec::new());
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        audit: None,
        tenant_no,
        id,
        expected: 1.into(),
        change,
        at,
    };
    let refused = world.store.update_subscription(update).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::NotFound), "{refused:?}");
    assert!(
        !world
            .store
            .delete_subscription(DeleteSubscription { audit: None, tenant_no, id, at })
            .await
            .unwrap()
    );
    world.deactivate(&Subscription { tenant_no, ..two.their_subscription.clone() }).await;
    let theirs = world.store.subscription(two.theirs.no, id).await.unwrap();
    assert_eq!(theirs, Some(two.their_subscription));
}

pub async fn a_key_means_nothing_in_another_tenant(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let two = two_tenants(&mut world).await;
    for (tenant, bytes) in [(&two.mine, 1), (&two.theirs, 2)] {
        let expires_at = world.now().after(super::world::LONG);
        let idempotency = Some(Idempotency { key_hash: [1; 32], bytes_hash: [bytes; 32], expires_at });
        let event = NewEvent { idempotency, ..world.event(tenant, &[]).await };
        let results = world.commit_events(vec![event]).await;
        assert!(matches!(results[..], [AcceptResult::Accepted { .. }]), "{results:?}");
    }
}

pub async fn deleting_a_tenant_touches_no_other(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let two = two_tenants(&mut world).await;
    world.delete_tenant(&two.mine).await;
    world.sweep_all(2).await;
    assert_eq!(world.look(&two.their_delivery).await.status, Status::Queued);
    assert_eq!(world.refill(&two.their_subscription).await.deliveries[0].id, two.their_delivery.id);
    let snapshot = world.store.config_snapshot_by_no(two.theirs.no).await.unwrap().unwrap();
    assert_eq!(snapshot.subscriptions, [two.their_subscription]);
    let page = crate::ListTenants { profile: None, after: None, limit: 10 };
    assert_eq!(world.store.list_tenants(page).await.unwrap().items.len(), 1);
}

async fn two_tenants(world: &mut World) -> Two {
    let mine = world.tenant("mine").await;
    let my_subscription = world.subscription(&mine).await;
    world.accept_one(&mine, &my_subscription).await;
    let theirs = world.tenant("theirs").await;
    let their_subscription = world.subscription(&theirs).await;
    let their_delivery = world.accept_one(&theirs, &their_subscription).await;
    Two { mine, theirs, their_subscription, their_delivery }
}
