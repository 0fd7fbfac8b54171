//! Further attempts.

use std::time::Duration;

use postroad_testkit::Answer;
use serde_json::json;

use super::{
    PRODUCT, SAMPLE,
    stage::{Stage, StageOptions, expect_attempts},
};

/// Gaps that a test can wait for, in place of the shipped ones.
const SHORT_GAPS: (&str, &str) =
    (r#"backoff = ["10s", "60s", "300s"]"#, r#"backoff = ["500ms", "600ms", "700ms"]"#);
const GAPS_MS: [u64; 3] = [500, 600, 700];

#[tokio::test(flavor = "multi_thread")]
async fn sp_8_after_two_failures_the_third_attempt_with_the_same_body_succeeds() {
    let stage = with_short_gaps().await;
    stage.receiver.answer_in_turn("/hook", [500, 500, 204].map(Answer::status));
    stage.subscribe(json!({})).await;
    let published = stage.publish("item.create", SAMPLE).await.expect_status(202);
    let delivery = stage.wait_for_event(&published, "succeeded").await;
    let received = stage.receiver.received();
    let [first, second, third] = received.as_slice() else { panic!("not three requests: {received:?}") };
    assert_eq!(first.body, second.body);
    assert_eq!(first.body, third.body);
    for (pair, gap_ms) in received.windows(2).zip(GAPS_MS) {
        assert!(pair[1].arrived_at - pair[0].arrived_at >= Duration::from_millis(gap_ms));
    }
    expect_attempts(&delivery, &[500, 500, 204], &GAPS_MS);
}

/// The numbers are those that `sp_11` finds in the shipped profile; here they are lived through.
#[tokio::test(flavor = "multi_thread")]
async fn sp_11_after_three_retries_at_the_gaps_of_the_schedule_the_delivery_has_failed() {
    let stage = with_short_gaps().await;
    stage.receiver.answer("/hook", Answer::status(410));
    stage.subscribe(json!({})).await;
    let published = stage.publish("item.create", SAMPLE).await.expect_status(202);
    let delivery = stage.wait_for_event(&published, "failed").await;
    assert_eq!(delivery["reason"], "exhausted");
    expect_attempts(&delivery, &[410; 4], &GAPS_MS);
    assert_eq!(stage.receiver.received().len(), 4);
}

async fn with_short_gaps() -> Stage {
    let tenant = json!({"product_id": PRODUCT});
    let overlay = vec![SHORT_GAPS];
    let options = StageOptions { profile: "sleekplan", tenant, overlay, ..StageOptions::default() };
    Stage::start_with(options).await
}
