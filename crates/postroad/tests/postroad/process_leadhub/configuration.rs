//! What a webhook is, how it is switched off and how it ends.

use postroad_testkit::{Answer, poll_for};
use serde_json::{Value, json};

use super::{
    EVENTS, LEAD, SECRET, quick, shipped,
    stage::{Stage, event_names, expect_refusal, id_of},
    unsigned_webhook, webhook,
};

#[tokio::test(flavor = "multi_thread")]
async fn lh_1_a_webhook_reads_back_as_it_was_created_and_only_the_six_events_are_known() {
    let stage = shipped().await;
    assert_eq!(event_names(&stage.profile().await), EVENTS);
    let url = stage.receiver.url("/hook");
    let delivery = json!({"type": "push", "url": url});
    let events = ["lead.created", "form.submitted"];
    let body = json!({
        "name": "CRM sync", "delivery": delivery, "events": events, "secret": SECRET, "active": false,
    });
    let created = stage.subscribe(body).await;
    assert_eq!(created["secret"], SECRET, "{created}");
    let path = stage.path(&format!("subscriptions/{}", id_of(&created)));
    let listed = stage.get(&stage.path("subscriptions")).await["data"][0].clone();
    for read in [stage.get(&path).await, listed] {
        assert_eq!((&read["name"], &read["active"]), (&json!("CRM sync"), &json!(false)), "{read}");
        assert_eq!((&read["delivery"]["url"], &read["events"]), (&json!(url), &json!(events)), "{read}");
        assert_eq!(read["secret"], "********", "{read}");
    }
    let mut unknown = webhook();
    unknown["events"] = json!(["lead.craeted"]);
    let message = expect_refusal(stage.try_to_subscribe(unknown).await, "invalid", "events[0]");
    assert!(message.contains("lead.created"), "{message}");
    let unsigned = stage.subscribe(unsigned_webhook()).await;
    assert_eq!((&unsigned["active"], &unsigned["secret"]), (&json!(true), &Value::Null), "{unsigned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_unknown_is_refused_by_its_name_and_nothing_is_created() {
    let stage = shipped().await;
    let refused = async |change: Value, field: &str| {
        let mut body = webhook();
        for (name, value) in change.as_object().expect("a change is an object") {
            body[name] = value.clone();
        }
        expect_refusal(stage.try_to_subscribe(body).await, "invalid", field)
    };
    refused(json!({"events": ["lead.created", "automation.triggered"]}), "events[1]").await;
    refused(json!({"events": []}), "events").await;
    refused(json!({"events": null}), "events").await;
    refused(json!({"name": null}), "name").await;
    refused(json!({"delivery": {"type": "push"}}), "delivery.url").await;
    refused(json!({"delivery": {"type": "push", "url": "ftp://example.com/"}}), "delivery.url").await;
    assert_eq!(stage.get(&stage.path("subscriptions")).await["data"], json!([]));

    let unknown = stage.publish("lead.craeted", LEAD).await;
    let message = expect_refusal(unknown, "unknown_event_type", "type");
    assert!(message.contains("lead.created"), "{message}");
    assert_eq!(stage.get(&stage.path("events")).await["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_9_nothing_of_the_time_when_a_webhook_was_off_is_ever_sent_and_its_settings_stay() {
    let stage = shipped().await;
    stage.receiver.answer_in_turn("/hook", [Answer::status(500), Answer::status(200)]);
    let subscription = stage.subscribe(webhook()).await;
    let id = id_of(&subscription);
    let before = settings(&stage, id).await;
    let waiting = stage.publish("lead.created", r#"{"id":1}"#).await.expect_status(202);
    // The receiver has answered some time before the attempt is written.
    let delivery = id_of(&stage.deliveries().await[0]).to_owned();
    poll_for("the attempt to be written", async || {
        (stage.delivery(&delivery).await["attempts_made"] == 1).then_some(())
    })
    .await;

    switch(&stage, id, false).await;
    let cancelled = stage.wait_for_event(&waiting, "cancelled").await;
    assert_eq!((&cancelled["reason"], &cancelled["attempts_made"]), (&json!("paused"), &json!(1)));
    let off = stage.publish("lead.created", r#"{"id":2}"#).await.expect_status(202).json();
    assert_eq!(off["deliveries"], 0, "{off}");

    switch(&stage, id, true).await;
    assert_eq!(settings(&stage, id).await, before);
    for number in [3, 4] {
        let sent = stage.deliver("lead.created", &format!("{{\"id\":{number}}}")).await;
        assert_eq!(sent.json()["lead"]["id"], number);
    }
    assert_eq!(stage.receiver.received().len(), 3, "the first attempt and the two events of later");
    assert_eq!(stage.deliveries().await.len(), 3);
    assert!(stage.deliveries_of(id_of(&off)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_10_a_deleted_webhook_is_gone_and_its_waiting_retries_are_cancelled() {
    let stage = quick().await;
    stage.receiver.answer("/deleted", Answer::status(500));
    let mut doomed = webhook();
    doomed["delivery"] = json!({"type": "push", "url": stage.receiver.url("/deleted")});
    let doomed = stage.subscribe(doomed).await;
    let published = stage.publish("lead.created", LEAD).await.expect_status(202);
    stage.receiver.wait_for_path("/deleted", 1).await;

    let path = stage.path(&format!("subscriptions/{}", id_of(&doomed)));
    let _ = stage.server.delete(&path).await.expect("the server answers").expect_status(204);
    let _ = stage.server.get(&path).await.expect("the server answers").expect_status(404);
    assert_eq!(stage.get(&stage.path("subscriptions")).await["data"], json!([]));
    let cancelled = stage.wait_for_event(&published, "cancelled").await;
    assert_eq!((&cancelled["reason"], &cancelled["due_at"]), (&json!("deleted"), &Value::Null));
    let attempts = cancelled["attempts"].as_array().expect("the log stays").len();

    // Another webhook's two retries last longer than the gap after which the deleted one's would have come.
    let again = [500, 500, 200].map(Answer::status);
    stage.receiver.answer_in_turn("/hook", again);
    stage.subscribe(webhook()).await;
    let other = stage.publish("lead.created", LEAD).await.expect_status(202);
    stage.wait_for_event(&other, "succeeded").await;
    assert_eq!(stage.receiver.wait_for_path("/deleted", attempts).await.len(), attempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_11_a_webhook_for_assigned_leads_gets_no_other_event() {
    let stage = shipped().await;
    stage.subscribe(json!({"name": "Assignments", "events": ["lead.assigned"]})).await;
    for event in EVENTS.into_iter().filter(|event| *event != "lead.assigned") {
        let published = stage.publish(event, LEAD).await.expect_status(202).json();
        assert_eq!(published["deliveries"], 0, "{event}");
    }
    let sent = stage.deliver("lead.assigned", LEAD).await;
    assert_eq!(sent.json()["event"], "lead.assigned");
    assert_eq!((stage.receiver.received().len(), stage.deliveries().await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_13_the_shipped_policy_is_three_retries_that_double_and_success_is_2xx() {
    let policy = shipped().await.profile().await["policy"].clone();
    let retry = json!({"attempts": 4, "backoff": ["1m", "2m", "4m"], "jitter_percent": 0});
    assert_eq!(policy["retry"], retry, "{policy}");
    assert_eq!((&policy["success"], &policy["timeout"]), (&json!(["2xx"]), &json!("10s")), "{policy}");
    assert_eq!((&policy["timeout_min"], &policy["timeout_max"]), (&json!("1s"), &json!("1m")), "{policy}");
    assert_eq!((&policy["gone"], &policy["retry_after"]), (&json!("failure"), &json!("ignore")), "{policy}");
}

async fn switch(stage: &Stage, subscription: &str, active: bool) {
    let patched = stage.patch(subscription, json!({"active": active})).await.expect_status(200).json();
    assert_eq!(patched["active"], active, "{patched}");
}

/// A subscription without what tells its history.
async fn settings(stage: &Stage, subscription: &str) -> Value {
    let mut read = stage.get(&stage.path(&format!("subscriptions/{subscription}"))).await;
    let members = read.as_object_mut().expect("a subscription is an object");
    for name in ["version", "updated_at"] {
        members.remove(name).unwrap_or_else(|| panic!("no {name}"));
    }
    read
}
