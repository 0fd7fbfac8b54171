//! What a subscription begins with, and what can be published to it.

use serde_json::json;

use super::{
    leanbe,
    stage::{event_names, expect_refusal, id_of, secret_of},
};

/// The names of specification 1.2 in its order.
const NAMES: [&str; 22] = [
    "ideaRequest.created",
    "ideaRequest.attachedToIdea",
    "ideaRequest.ignored",
    "idea.created",
    "idea.updated",
    "idea.promoted",
    "idea.deleted",
    "idea.upVoted",
    "idea.downVoted",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "backlogItem.created",
    "backlogItem.updated",
    "backlogItem.deleted",
    "backlogItem.statusChanged",
    "okr.created",
    "okr.updated",
    "okr.deleted",
    "announcement.created",
    "announcement.updated",
    "announcement.deleted",
];

#[tokio::test(flavor = "multi_thread")]
async fn lb_1_a_url_alone_makes_a_subscription_with_a_secret_of_its_own() {
    let stage = leanbe().await;
    let (first, second) = (stage.subscribe(json!({})).await, stage.subscribe(json!({})).await);
    assert_ne!(secret_of(&first), secret_of(&second));
    for subscription in [&first, &second] {
        let secret = secret_of(subscription);
        assert_eq!(secret.len(), 64);
        assert!(
            secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
            "{secret}"
        );
        let shown = stage.get(&stage.path(&format!("subscriptions/{}/secret", id_of(subscription)))).await;
        assert_eq!(secret_of(&shown), secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_1_a_secret_is_made_by_the_system_and_not_typed_by_the_user() {
    let stage = leanbe().await;
    let refused = stage.try_to_subscribe(json!({"secret": "leanbe-test-secret"})).await;
    expect_refusal(refused, "invalid", "secret");
    let list = stage.get(&stage.path("subscriptions")).await;
    assert_eq!(list["data"], json!([]), "refused input changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_2_the_catalogue_has_the_twenty_two_names_and_each_can_be_published() {
    let stage = leanbe().await;
    assert_eq!(event_names(&stage.profile().await), NAMES);
    for name in NAMES {
        let _ = stage.publish(name, "{}").await.expect_status(202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_2_a_name_in_the_wrong_case_is_refused_and_the_right_one_named() {
    let stage = leanbe().await;
    stage.subscribe(json!({})).await;
    let message = expect_refusal(stage.publish("idea.upvoted", "{}").await, "unknown_event_type", "type");
    assert!(message.contains("idea.upVoted"), "{message}");
    let events = stage.get(&stage.path("events")).await;
    assert_eq!(events["data"], json!([]), "refused input changes nothing");
    assert!(stage.deliveries().await.is_empty());
}
