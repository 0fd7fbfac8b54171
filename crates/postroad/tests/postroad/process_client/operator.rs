//! Over all tenants.

use postroad_client::{
    AuditFilter, DeliveryFilter, EventFilter, NewEvent, NewSubscription, SubscriptionFilter,
};

use super::tour::stage;

#[tokio::test]
async fn the_operator_sees_every_tenant_and_who_changed_what() {
    let (_server, receiver, client) = stage().await;
    let acme = client.tenant("acme");
    acme.subscriptions().create(&NewSubscription::push(receiver.url("/hook"))).await.unwrap();
    acme.publish(NewEvent::new("a", &1).unwrap()).await.unwrap();
    let operator = client.operator();
    let events = operator.events(EventFilter::default().tenant("acme")).items().collect().await.unwrap();
    assert_eq!(events[0].tenant.as_deref(), Some("acme"));
    let deliveries = operator.deliveries(DeliveryFilter::default()).items().collect().await.unwrap();
    assert_eq!((deliveries.len(), deliveries[0].tenant.as_deref()), (1, Some("acme")));
    let subscriptions =
        operator.subscriptions(SubscriptionFilter::default()).items().collect().await.unwrap();
    assert_eq!(subscriptions[0].tenant, "acme");
    let audit = operator.audit(AuditFilter::default().tenant("acme")).items().collect().await.unwrap();
    let actions: Vec<_> = audit.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["subscription.created", "tenant.created"]);
    assert_eq!(audit[0].actor, "admin");
}
