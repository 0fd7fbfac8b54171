//! What a product does with it.

use postroad_client::{
    Client, DeliveryFilter, DeliverySettings, DeliveryStatus, EventFilter, ExplainedOutcome, NewEvent,
    NewPreview, NewSubscription, SubscriptionPatch, TenantEventType, TenantSettings,
};
use postroad_testkit::{ADMIN_KEY, Answer, Receiver, TestServer, poll_for};
use serde_json::json;

pub(crate) async fn stage() -> (TestServer, Receiver, Client) {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let client = Client::new(&server.url(""), ADMIN_KEY).unwrap();
    client.tenants().put("acme", &TenantSettings::of_profile("standard").name("Acme")).await.unwrap();
    (server, receiver, client)
}

#[tokio::test]
async fn a_tenant_a_subscription_an_event_and_what_became_of_it() {
    let (_server, receiver, client) = stage().await;
    let acme = client.tenant("acme");
    assert!(client.is_ready().await.unwrap());
    assert_eq!(client.server_version().await.unwrap(), env!("CARGO_PKG_VERSION"));
    client.server_time().await.unwrap();
    assert_eq!(client.tenants().get("acme").await.unwrap().name.as_deref(), Some("Acme"));
    assert_eq!(client.profiles().get("standard").await.unwrap().policy.retry.attempts, 10);
    assert!(client.profiles().list().items().collect().await.unwrap().len() >= 4);

    let hook =
        NewSubscription::push(receiver.url("/hook")).events(["a"]).header("X-A", "1").rate_limit(9, "1s");
    let created = acme.subscriptions().create(&hook.name("Mine")).await.unwrap();
    assert!(created.secret.as_ref().unwrap().expose().starts_with("whsec_"));
    let id = created.id.as_str();

    let published = acme.publish(NewEvent::new("a", &json!({"n": 1})).unwrap()).await.unwrap();
    assert_eq!((published.deliveries, published.duplicate), (1, false));
    receiver.wait_for(1).await;
    let delivery = poll_for("the delivery's end", async || {
        let filter = DeliveryFilter::default().subscription(id).status(DeliveryStatus::Succeeded);
        acme.deliveries().list(filter).items().next().await.transpose().unwrap()
    });
    let delivery = acme.deliveries().get(&delivery.await.id).await.unwrap();
    assert_eq!(delivery.attempts[0].response.as_ref().unwrap().status, 200);
    assert_eq!(delivery.events[0], published.id);
    let event = acme.events().get(&published.id).await.unwrap();
    assert_eq!(event.data.get(), r#"{"n":1}"#);
    assert_eq!(
        acme.events().list(EventFilter::default().event_type("b")).page(None).await.unwrap().data.len(),
        0
    );
    assert_eq!(acme.deliveries().retry(&delivery.id).await.unwrap().status, DeliveryStatus::Queued);
    receiver.wait_for(2).await;

    let explained = acme.events().explain(&published.id).items().collect().await.unwrap();
    assert_eq!((explained.len(), explained[0].subscription.as_str()), (1, id));
    assert!(explained[0].outcome != ExplainedOutcome::NotMatched && !explained[0].sentence.is_empty());
}

#[tokio::test]
async fn a_subscription_is_changed_tried_and_deleted() {
    let (_server, receiver, client) = stage().await;
    let subscriptions = client.tenant("acme").subscriptions();
    let created = subscriptions
        .create(&NewSubscription::of(DeliverySettings::push(receiver.url("/hook"))))
        .await
        .unwrap();
    let id = created.id.as_str();

    let first = subscriptions.get(id).await.unwrap();
    let patch = SubscriptionPatch::new().url(receiver.url("/new")).set("concurrency", 2);
    let changed = subscriptions.update_if(id, &patch, first.etag.as_deref().unwrap()).await.unwrap();
    let url = changed.delivery.push().unwrap().url.as_deref();
    assert_eq!((changed.concurrency, url), (2, Some(receiver.url("/new").as_str())));
    assert_ne!(changed.etag, first.etag);
    let stale = subscriptions.update_if(id, &patch, first.etag.as_deref().unwrap()).await.unwrap_err();
    assert_eq!(stale.status(), Some(412), "{stale}");
    let back = subscriptions.update(id, &SubscriptionPatch::new().reset("concurrency")).await.unwrap();
    assert_eq!(back.concurrency, 8);

    receiver.answer("/new", Answer::status(503));
    let tested = subscriptions.test(id, Some("example.created")).await.unwrap();
    assert!(tested.test && tested.attempts[0].response.as_ref().unwrap().status == 503);
    let preview = subscriptions.preview(id, &NewPreview::new("x", &[1]).unwrap()).await.unwrap();
    assert!(preview.body.contains("[1]") && preview.method == "POST");

    let before = subscriptions.secret(id).await.unwrap().secret.unwrap();
    let after = subscriptions.rotate_secret(id, None, Some("1h")).await.unwrap().secret.unwrap();
    assert_ne!(before, after);
    subscriptions.delete(id).await.unwrap();
    assert_eq!(subscriptions.get(id).await.unwrap_err().code(), Some("not_found"));
}

#[tokio::test]
async fn event_types_refuse_what_does_not_fit_and_a_batch_tells_of_each() {
    let (_server, _receiver, client) = stage().await;
    let acme = client.tenant("acme");
    let schema = json!({"type": "object", "required": ["id"]});
    acme.event_types().put(&TenantEventType::new("a/b").with_schema(&schema).unwrap()).await.unwrap();
    assert_eq!(acme.event_types().get("a/b").await.unwrap().name, "a/b");
    let batch =
        vec![NewEvent::new("a/b", &json!({"id": 1})).unwrap(), NewEvent::new("a/b", &json!({})).unwrap()];
    let results = acme.publish_batch(batch).await.unwrap();
    let results: Vec<_> = results
        .into_iter()
        .map(|result| result.into_result().map_err(|error| error.code().map(str::to_owned)))
        .collect();
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().unwrap_err().as_deref(), Some("schema_mismatch"));
    acme.event_types().delete("a/b").await.unwrap();
    assert!(acme.event_types().list().items().collect().await.unwrap().is_empty());
    client.tenants().delete("acme").await.unwrap();
    assert_eq!(client.tenants().get("acme").await.unwrap_err().status(), Some(404));
}
