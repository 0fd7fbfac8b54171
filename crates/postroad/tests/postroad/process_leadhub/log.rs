//! The Webhook Log (spec 3.6).

use postroad_testkit::Answer;
use serde_json::{Value, json};

use super::{
    LEAD, quick,
    stage::{id_of, now, time},
    webhook,
};

#[tokio::test(flavor = "multi_thread")]
async fn lh_12_the_log_shows_each_of_the_four_attempts_with_code_and_time() {
    let stage = quick().await;
    stage.receiver.answer("/hook", Answer::status(500).body("no, sorry"));
    let subscription = stage.subscribe(webhook()).await;
    let began = now();
    let published = stage.publish("lead.created", LEAD).await.expect_status(202);
    let failed = stage.wait_for_event(&published, "failed").await;
    let ended = now();

    assert_eq!(failed["subscription"], id_of(&subscription));
    assert_eq!((&failed["type"], &failed["reason"]), (&json!("lead.created"), &json!("exhausted")));
    assert_eq!(failed["events"], json!([id_of(&published.json())]));
    let attempts = failed["attempts"].as_array().expect("a delivery has attempts");
    let numbers: Vec<_> = attempts.iter().map(|attempt| &attempt["number"]).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let times: Vec<_> = attempts.iter().map(|attempt| time(&attempt["at"])).collect();
    assert!(times.is_sorted() && began <= times[0] && times[3] <= ended, "{began} {times:?} {ended}");
    let received = stage.receiver.received();
    for (attempt, request) in attempts.iter().zip(&received) {
        assert_eq!(attempt["response"]["status"], 500, "{attempt}");
        assert_eq!(attempt["response"]["body"], "no, sorry");
        assert_eq!(
            (&attempt["request"]["method"], &attempt["request"]["body"]),
            (&json!("POST"), &json!(request.text()))
        );
        assert_eq!(attempt["request"]["url"], stage.receiver.url("/hook"));
        assert_eq!((attempt["duration_ms"].is_u64(), &attempt["error"]), (true, &Value::Null), "{attempt}");
    }
    assert_eq!(received.len(), 4);
    let listed = stage.deliveries().await;
    assert_eq!(
        (listed.len(), &listed[0]["status"], &listed[0]["attempts_made"]),
        (1, &json!("failed"), &json!(4))
    );
}
