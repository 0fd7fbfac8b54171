//! What is not sent at once: delays, and activities that are grouped.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ACTIVITY, CREATED, LEAD, shipped,
    stage::{Stage, id_of, time},
    support::now,
    webhook, webhook_to,
};

/// An event that nothing else is about: with a delay of its own it tells that a span of time has passed.
const TICK: &str = "Task_Reminder";

#[tokio::test(flavor = "multi_thread")]
async fn ls_8_with_a_delay_of_three_seconds_nothing_is_sent_before_and_the_history_says_in_queue() {
    let stage = shipped().await;
    let mut body = webhook(CREATED);
    body["delay"] = json!("3s");
    stage.subscribe(body).await;
    let began = now();
    let published = stage.publish(CREATED, LEAD).await.expect_status(202);
    let waiting = stage.wait_for_event(&published, "queued").await;
    assert_eq!(stage.profile().await["words"]["queued"], "In Queue");
    assert_eq!((&waiting["attempts_made"], waiting["due_at"].is_string()), (&json!(0), true), "{waiting}");
    assert!(stage.receiver.received().is_empty());
    let sent = stage.receiver.wait_for(1).await.swap_remove(0);
    assert!(sent.arrived_at - began >= Duration::from_secs(3), "{:?}", sent.arrived_at - began);
    assert_eq!(sent.text(), LEAD);
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_9_five_activities_of_a_window_are_one_post_and_a_sixth_after_it_is_another() {
    let stage = shipped().await;
    let grouped = json!({"group": {"window": "2s"}});
    stage.subscribe(webhook_to(&stage, "/activities", ACTIVITY, grouped)).await;
    stage.subscribe(webhook_to(&stage, "/leads", "Lead_Post_Update", json!({}))).await;
    tick_after(&stage, "3s").await;
    let began = now();
    let update = r#"{"Before":{},"After":{}}"#;
    let activities = [1, 2, 3, 4, 5].map(|number| format!("{{\"n\":{number},\"Score\":0.0}}"));
    let [one, two, three, four, five] = activities.each_ref().map(String::as_str);
    let _ = stage
        .publish_batch(&[
            (TICK, "{}"),
            (ACTIVITY, one),
            (ACTIVITY, two),
            ("Lead_Post_Update", update),
            (ACTIVITY, three),
            (ACTIVITY, four),
            (ACTIVITY, five),
        ])
        .await
        .expect_status(202);
    let lead = stage.receiver.wait_for_path("/leads", 1).await.swap_remove(0);
    assert_eq!(lead.text(), update);
    let first = stage.receiver.wait_for_path("/activities", 1).await.swap_remove(0);
    assert_eq!(first.text(), format!("[{}]", activities.join(",")));
    assert!(first.arrived_at - began >= Duration::from_secs(2), "{:?}", first.arrived_at - began);
    assert!(lead.arrived_at < first.arrived_at, "the update waits for nobody");

    stage.receiver.wait_for_path("/tick", 1).await;
    let _ = stage.publish(ACTIVITY, r#"{"n":6}"#).await.expect_status(202);
    let second = stage.receiver.wait_for_path("/activities", 2).await.swap_remove(1);
    assert_eq!(second.text(), r#"[{"n":6}]"#);
    assert_eq!(stage.receiver.wait_for_path("/leads", 1).await.len(), 1);

    let of_activities = stage.deliveries().await.into_iter().filter(|delivery| delivery["type"] == ACTIVITY);
    let counts = of_activities.map(|delivery| delivery["events"].as_array().map_or(0, Vec::len));
    assert_eq!(counts.collect::<Vec<_>>(), [1, 5], "one delivery for each post, newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_10_two_webhooks_on_the_same_activities_each_get_their_own_batch() {
    let stage = shipped().await;
    for target in ["/one", "/two"] {
        let grouped = json!({"group": {"window": "1s"}});
        stage.subscribe(webhook_to(&stage, target, ACTIVITY, grouped)).await;
    }
    let batch = [(ACTIVITY, r#"{"n":1}"#), (ACTIVITY, r#"{"n":2}"#)];
    let _ = stage.publish_batch(&batch).await.expect_status(202);
    let mut targets = Vec::new();
    for target in ["/one", "/two"] {
        let sent = stage.receiver.wait_for_path(target, 1).await.swap_remove(0);
        assert_eq!(sent.text(), r#"[{"n":1},{"n":2}]"#);
        targets.push(sent.target);
    }
    assert_ne!(targets[0].split_once("entityId="), targets[1].split_once("entityId="));
    assert_eq!((stage.receiver.received().len(), stage.deliveries().await.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_26_a_delay_counts_from_the_latest_activity_and_not_from_the_end_of_the_window() {
    let stage = shipped().await;
    let both = json!({"delay": "3s", "group": {"window": "2s"}});
    stage.subscribe(webhook_to(&stage, "/activities", ACTIVITY, both)).await;
    tick_after(&stage, "1s").await;
    let published = stage.publish(ACTIVITY, r#"{"n":1}"#).await.expect_status(202).json();
    expect_due(&stage, &published, Duration::from_secs(3)).await;
    let began = now();
    let first = stage.receiver.wait_for_path("/activities", 1).await.swap_remove(0);
    assert_eq!(first.text(), r#"[{"n":1}]"#);
    assert!(first.arrived_at - began < Duration::from_secs(5), "{:?}", first.arrived_at - began);

    let second = stage.publish(ACTIVITY, r#"{"n":2}"#).await.expect_status(202).json();
    let _ = stage.publish(TICK, "{}").await.expect_status(202);
    stage.receiver.wait_for_path("/tick", 1).await;
    let third = stage.publish(ACTIVITY, r#"{"n":3}"#).await.expect_status(202).json();
    expect_due(&stage, &third, Duration::from_secs(3)).await;
    let apart = time(&third["accepted_at"]).since(time(&second["accepted_at"]));
    assert!(apart >= Duration::from_secs(1), "{apart:?}");
    let sent = stage.receiver.wait_for_path("/activities", 2).await.swap_remove(1);
    assert_eq!(sent.text(), r#"[{"n":2},{"n":3}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_27_ten_thousand_activities_of_a_window_are_one_post_and_the_next_one_is_in_the_next() {
    const BATCH: usize = 1_000;
    let stage = shipped().await;
    let mut body = webhook(ACTIVITY);
    body["group"] = json!({"window": "20s"});
    stage.subscribe(body).await;
    let activities: Vec<_> = (1..=10_001).map(|number| format!("{{\"n\":{number}}}")).collect();
    for batch in activities.chunks(BATCH) {
        let batch: Vec<_> = batch.iter().map(|activity| (ACTIVITY, activity.as_str())).collect();
        let _ = stage.publish_batch(&batch).await.expect_status(202);
    }
    let received = stage.receiver.wait_for(2).await;
    let (last, full) = activities.split_last().expect("there are some");
    assert!(received[0].text() == format!("[{}]", full.join(",")), "{} bytes", received[0].body.len());
    assert_eq!(received[1].text(), format!("[{last}]"));
    assert_eq!(received.len(), 2);
}

/// A webhook that is asked at `/tick` so long after each [`TICK`].
async fn tick_after(stage: &Stage, delay: &str) {
    stage.subscribe(webhook_to(stage, "/tick", TICK, json!({"delay": delay}))).await;
}

/// Panics unless the newest delivery is due so long after the event was accepted.
async fn expect_due(stage: &Stage, published: &Value, delay: Duration) {
    let newest = stage.deliveries().await.into_iter().find(|delivery| delivery["type"] == ACTIVITY);
    let newest = newest.expect("the activity has a delivery");
    let waits = time(&newest["due_at"]).since(time(&published["accepted_at"]));
    let error = waits.abs_diff(delay);
    assert!(
        error < Duration::from_millis(500),
        "{waits:?} instead of {delay:?}: {newest} {}",
        id_of(&newest)
    );
}
