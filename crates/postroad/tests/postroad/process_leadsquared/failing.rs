//! A webhook whose deliveries keep failing.

use postroad_testkit::{Answer, poll_for};
use serde_json::{Value, json};

use super::{
    CREATED, QUICK,
    api::Api,
    quick_with,
    stage::{Stage, id_of},
    webhook,
};

/// The number of failures as shipped, and one that a test reaches.
const SOON: (&str, &str) = ("deactivate_after_failures = 10", "deactivate_after_failures = 3");

#[tokio::test(flavor = "multi_thread")]
async fn ls_13_three_failures_in_a_row_make_a_webhook_inactive_until_it_is_enabled_again() {
    let stage = quick_with(vec![QUICK, SOON]).await;
    let subscription = stage.subscribe(webhook(CREATED)).await;
    stage.receiver.answer("/hook", Answer::status(500));
    publish(&stage, "failed").await;
    publish(&stage, "failed").await;
    stage.receiver.answer("/hook", Answer::status(200));
    publish(&stage, "succeeded").await;
    stage.receiver.answer("/hook", Answer::status(500));
    publish(&stage, "failed").await;
    publish(&stage, "failed").await;
    let shown = stage.get(&stage.path(&format!("subscriptions/{}", id_of(&subscription)))).await;
    assert_eq!((&shown["active"], &shown["failures"]["count"]), (&json!(true), &json!(2)), "{shown}");

    publish(&stage, "failed").await;
    let inactive = until_inactive(&stage, &subscription).await;
    assert_eq!(inactive["inactive_reason"], json!("failing"));
    let sent = stage.receiver.received().len();
    let ignored = stage.publish(CREATED, "{}").await.expect_status(202).json();
    assert_eq!(ignored["deliveries"], json!(0), "nothing is sent, and nothing is queued for later");

    stage.receiver.answer("/hook", Answer::status(200));
    let enabled = stage.patch(id_of(&subscription), json!({"active": true})).await.expect_status(200).json();
    assert_eq!((&enabled["active"], &enabled["failures"]), (&json!(true), &Value::Null), "{enabled}");
    publish(&stage, "succeeded").await;
    assert_eq!(stage.receiver.received().len(), sent + 1, "only what came since");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_13_retrieve_finds_what_failures_disabled_and_update_enables_it() {
    let stage = quick_with(vec![QUICK, SOON]).await;
    let api = Api::of(&stage).await;
    let id = api.create(json!({"URL": stage.receiver.url("/hook"), "WebhookEvent": "3"})).await;
    stage.receiver.answer("/hook", Answer::status(500));
    for _ in 0..3 {
        publish(&stage, "failed").await;
    }
    let disabled = json!({"Parameter": {"StatusCode": 2}});
    let found = poll_for("a webhook with the status 2", async || {
        let found = api.retrieve(&disabled).await;
        (found["RecordCount"] == json!(1)).then_some(found)
    })
    .await;
    assert_eq!(found["Response"][0]["WebhookId"], json!(id), "{found}");
    let ignored = stage.publish(CREATED, "{}").await.expect_status(202).json();
    assert_eq!(ignored["deliveries"], json!(0), "nothing is sent, and nothing is queued for later");

    stage.receiver.answer("/hook", Answer::status(200));
    let update = json!({"WebhookId": id, "URL": stage.receiver.url("/hook"), "WebhookEvent": "3"});
    let updated = api.post("Update", &update).await.expect_status(200).json();
    assert_eq!(updated["Status"], json!("Success"), "{updated}");
    assert_eq!(api.retrieve(&disabled).await["RecordCount"], json!(0));
    let enabled = json!({"Parameter": {"StatusCode": 0, "WebhookId": id}});
    assert_eq!(api.retrieve(&enabled).await["RecordCount"], json!(1));
    publish(&stage, "succeeded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_25_a_cancelled_delivery_shows_its_reason_and_does_not_count() {
    let stage = quick_with(vec![SOON]).await;
    let subscription = stage.subscribe(webhook(CREATED)).await;
    stage.receiver.answer("/hook", Answer::status(500));
    for _ in 0..4 {
        let published = stage.publish(CREATED, "{}").await.expect_status(202).json();
        let delivery = stage.deliveries_of(id_of(&published)).await.remove(0);
        let path = stage.path(&format!("deliveries/{}", id_of(&delivery)));
        let attempted = async || (stage.get(&path).await["attempts_made"] == json!(1)).then_some(());
        poll_for("the first attempt", attempted).await;
        let reply = stage.server.post_json(&format!("{path}/cancel"), &json!({})).await;
        let cancelled = reply.expect("the server answers").expect_status(200).json();
        assert_eq!(
            (&cancelled["status"], &cancelled["reason"]),
            (&json!("cancelled"), &json!("operator")),
            "{cancelled}"
        );
    }
    let shown = stage.get(&stage.path(&format!("subscriptions/{}", id_of(&subscription)))).await;
    assert_eq!((&shown["active"], &shown["failures"]), (&json!(true), &Value::Null), "{shown}");
}

async fn publish(stage: &Stage, status: &str) {
    let published = stage.publish(CREATED, "{}").await.expect_status(202);
    stage.wait_for_event(&published, status).await;
}

async fn until_inactive(stage: &Stage, subscription: &Value) -> Value {
    let path = stage.path(&format!("subscriptions/{}", id_of(subscription)));
    poll_for("an inactive webhook", async || {
        let shown = stage.get(&path).await;
        (shown["active"] == json!(false)).then_some(shown)
    })
    .await
}
