//! Success, failure, the schedule between them, and the history.

use std::time::Duration;

use postroad_testkit::{Answer, poll_for};
use serde_json::{Value, json};

use super::{
    CREATED, LEAD, QUICK, QUICK_GAPS_MS, quick, quick_with,
    stage::{Stage, expect_attempts, id_of, now, time},
    webhook, webhook_to,
};

/// What a busy machine may add to a gap. A breaker would add far more.
const LATE_MAX: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn ls_7_a_201_is_a_failure_three_attempts_are_all_and_a_200_in_time_is_success() {
    let stage = quick().await;
    stage.receiver.answer("/hook", Answer::status(201));
    stage.subscribe(webhook(CREATED)).await;
    let published = stage.publish(CREATED, r#"{"n":1}"#).await.expect_status(202);
    let failed = stage.wait_for_event(&published, "failed").await;
    expect_attempts(&failed, &[201; 3], &QUICK_GAPS_MS);
    assert_eq!((&failed["reason"], &failed["due_at"]), (&json!("exhausted"), &Value::Null), "{failed}");
    assert_eq!(word(&stage, &failed).await, "Failure");

    // As long as the whole schedule of the first, by a delivery that succeeds in the end.
    stage.receiver.answer_in_turn("/hook", [500, 500, 200].map(Answer::status));
    let published = stage.publish(CREATED, r#"{"n":2}"#).await.expect_status(202);
    let succeeded = stage.wait_for_event(&published, "succeeded").await;
    expect_attempts(&succeeded, &[500, 500, 200], &QUICK_GAPS_MS);
    assert_eq!(word(&stage, &succeeded).await, "Success");
    let numbers: Vec<_> = stage.receiver.received().iter().map(|sent| sent.json()["n"].clone()).collect();
    assert_eq!(numbers, [1, 1, 1, 2, 2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_11_the_history_shows_date_status_and_data_of_both_sides_and_a_resend_repeats_the_body() {
    let stage = quick().await;
    let answer = Answer::status(500).body(r#"{"Status":"Error","StatusReason":"no"}"#);
    stage.receiver.answer_in_turn("/hook", [answer.clone(), answer.clone(), answer, Answer::status(200)]);
    stage.subscribe(webhook(CREATED)).await;
    let began = now();
    let published = stage.publish(CREATED, LEAD).await.expect_status(202);
    let failed = stage.wait_for_event(&published, "failed").await;
    let ended = now();
    assert_eq!((word(&stage, &failed).await.as_str(), &failed["type"]), ("Failure", &json!(CREATED)));
    for attempt in failed["attempts"].as_array().expect("a delivery has attempts") {
        let at = time(&attempt["at"]);
        assert!(began <= at && at <= ended, "{attempt}");
        assert_eq!(
            (&attempt["request"]["method"], &attempt["request"]["body"]),
            (&json!("POST"), &json!(LEAD))
        );
        let answered = &attempt["response"];
        assert_eq!(
            (&answered["status"], &answered["body"]),
            (&json!(500), &json!(r#"{"Status":"Error","StatusReason":"no"}"#))
        );
    }

    let path = stage.path(&format!("deliveries/{}/retry", id_of(&failed)));
    let again = stage.server.post_json(&path, &json!({})).await.expect("the server answers");
    let _ = again.expect_status(202);
    let succeeded = stage.wait_for_status(id_of(&failed), "succeeded").await;
    assert_eq!(word(&stage, &succeeded).await, "Success");
    let received = stage.receiver.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|sent| sent.text() == LEAD && sent.target == received[0].target));
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_23_a_time_out_a_302_and_a_204_are_each_a_failure_after_three_attempts() {
    let stage = quick().await;
    stage.receiver.answer("/hangs", Answer::hang());
    let away = Answer::status(302).header("Location", &stage.receiver.url("/elsewhere"));
    stage.receiver.answer("/moved", away);
    stage.receiver.answer("/empty", Answer::status(204));
    for target in ["/hangs", "/moved", "/empty"] {
        stage.subscribe(webhook_to(&stage, target, CREATED, json!({"timeout": "1s"}))).await;
    }
    let published = stage.publish(CREATED, LEAD).await.expect_status(202).json();
    let deliveries = stage.deliveries_of(id_of(&published)).await;
    assert_eq!(deliveries.len(), 3, "{deliveries:?}");
    for delivery in deliveries {
        let failed = stage.wait_for_status(id_of(&delivery), "failed").await;
        assert_eq!(
            (&failed["reason"], &failed["attempts_made"]),
            (&json!("exhausted"), &json!(3)),
            "{failed}"
        );
        assert_eq!(word(&stage, &failed).await, "Failure");
        expect_gaps(&failed);
    }
    let paths: Vec<_> = stage.receiver.received().iter().map(|sent| sent.path().to_owned()).collect();
    let count = |path: &str| paths.iter().filter(|known| *known == path).count();
    assert_eq!(["/hangs", "/moved", "/empty", "/elsewhere"].map(count), [3, 3, 3, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_23_fifteen_failing_events_each_keep_their_gaps() {
    // The webhook would be inactive behind the tenth.
    let never = ("deactivate_after_failures = 10\n", "");
    let stage = quick_with(vec![QUICK, never]).await;
    stage.receiver.answer("/hook", Answer::status(500));
    stage.subscribe(webhook(CREATED)).await;
    let _ = stage.publish_batch(&[(CREATED, LEAD); 15]).await.expect_status(202);
    let deliveries = stage.deliveries().await;
    assert_eq!(deliveries.len(), 15);
    for delivery in deliveries {
        let failed = stage.wait_for_status(id_of(&delivery), "failed").await;
        expect_attempts(&failed, &[500; 3], &QUICK_GAPS_MS);
        expect_gaps(&failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_24_custom_headers_and_parameters_stand_on_every_retry_and_on_the_probe() {
    let stage = quick().await;
    for (probe, method) in [("head", "HEAD"), ("post_empty", "POST")] {
        let path = format!("/{probe}");
        stage.receiver.answer_in_turn(&path, [405, 500, 500, 200].map(Answer::status));
        let mut body = webhook(CREATED);
        body["options"]["probe"] = json!(probe);
        let url = stage.receiver.url(&format!("{path}?secret=1"));
        let headers = json!([{"name": "X-Key", "value": "one"}, {"name": "X-Key", "value": "two"}]);
        body["delivery"] = json!({"type": "push", "url": url, "headers": headers});
        let created = stage.subscribe(body).await;
        let id = id_of(&created);
        assert_eq!(probed(&stage, id).await, "failed", "which prevents nothing");
        let published = stage.publish(CREATED, LEAD).await.expect_status(202);
        stage.wait_for_event(&published, "succeeded").await;
        for active in [false, true] {
            let _ = stage.patch(id, json!({"active": active})).await.expect_status(200);
        }
        assert_eq!(probed(&stage, id).await, "passed");
        let _ = stage.patch(id, json!({"active": false})).await.expect_status(200);

        let received = stage.receiver.wait_for_path(&path, 5).await;
        let [first, posts @ .., last] = received.as_slice() else { panic!("{received:?}") };
        for asked in [first, last] {
            assert_eq!((asked.method.as_str(), asked.body.len()), (method, 0));
            assert_eq!(asked.header("content-type"), None, "{:?}", asked.header_lines);
        }
        assert_eq!(posts.len(), 3);
        assert!(posts.iter().all(|sent| sent.method == "POST" && sent.text() == LEAD));
        assert!(first.target.starts_with(&format!("{path}?secret=1&entityType=Webhook&entityId=")));
        for sent in &received {
            assert_eq!(sent.target, first.target);
            let own: Vec<_> = sent.header_lines.iter().filter(|line| line.starts_with("X-Key:")).collect();
            assert_eq!(own, ["X-Key: one", "X-Key: two"]);
        }
    }
}

/// What the probe of an active webhook came to.
async fn probed(stage: &Stage, id: &str) -> String {
    let read = poll_for("the answer to the probe", async || {
        let read = stage.get(&stage.path(&format!("subscriptions/{id}"))).await;
        (read["verification"]["state"] != "pending").then_some(read)
    });
    let read = read.await;
    assert_eq!(read["active"], true, "{read}");
    read["verification"]["state"].as_str().unwrap_or_else(|| panic!("no state: {read}")).to_owned()
}

/// Panics unless each attempt began at its time after the end of the one before, or a little later.
fn expect_gaps(delivery: &Value) {
    let attempts = delivery["attempts"].as_array().expect("a delivery shows its attempts");
    for (pair, gap_ms) in attempts.windows(2).zip(QUICK_GAPS_MS) {
        let took = pair[0]["duration_ms"].as_u64().unwrap_or_else(|| panic!("no duration: {}", pair[0]));
        let planned = Duration::from_millis(gap_ms + took);
        let passed = time(&pair[1]["at"]).since(time(&pair[0]["at"]));
        assert!(passed < planned + LATE_MAX, "{passed:?} instead of {planned:?}: {delivery}");
    }
}

/// What the product calls the delivery's status.
async fn word(stage: &Stage, delivery: &Value) -> String {
    let words = stage.profile().await["words"].clone();
    let status = delivery["status"].as_str().expect("a delivery has a status");
    words[status].as_str().unwrap_or_else(|| panic!("no word for {status}: {words}")).to_owned()
}
