//! Which events a subscription gets.

use serde_json::json;

use super::{
    SAMPLE, sleekplan,
    stage::{id_of, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn sp_6_the_action_is_the_published_event_and_without_a_selection_all_are_sent() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    let profile = stage.profile().await;
    for name in super::stage::event_names(&profile) {
        let request = stage.deliver(name, "{}").await;
        assert_eq!(text::member(&request.body, "action"), format!("\"{name}\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_6_a_subscription_to_comments_gets_no_items() {
    let stage = sleekplan().await;
    stage.subscribe(json!({"events": ["comment.create"]})).await;
    let item = stage.publish("item.create", SAMPLE).await.expect_status(202).json();
    assert_eq!(item["deliveries"], 0, "{item}");
    assert!(stage.deliveries_of(id_of(&item)).await.is_empty());
    // What is sent after it shows that it is not merely late.
    let comment = stage.publish("comment.create", "{}").await.expect_status(202);
    stage.wait_for_event(&comment, "succeeded").await;
    let received = stage.receiver.received();
    let [request] = received.as_slice() else { panic!("not one request: {received:?}") };
    assert_eq!(text::member(&request.body, "action"), "\"comment.create\"");
}
