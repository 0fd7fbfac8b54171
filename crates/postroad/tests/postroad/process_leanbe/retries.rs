//! Further attempts: the same bytes again, after the gaps of the schedule.

use std::time::Duration;

use postroad_testkit::Answer;
use serde_json::json;

use super::{
    leanbe_with_short_gaps,
    stage::{expect_attempts, text},
    vectors::SAMPLE_1,
};

/// The gaps of [`SHORT_GAPS`](super::SHORT_GAPS).
const GAPS_MS: [u64; 3] = [500, 600, 700];

#[tokio::test(flavor = "multi_thread")]
async fn lb_9_a_retry_carries_the_same_body_with_the_same_stamp_and_signature() {
    let stage = leanbe_with_short_gaps().await;
    stage.receiver.answer_in_turn("/hook", [Answer::status(500), Answer::status(200)]);
    stage.subscribe(json!({})).await;
    let published = stage.publish("customer.created", SAMPLE_1).await.expect_status(202);
    let delivery = stage.wait_for_event(&published, "succeeded").await;
    let received = stage.receiver.received();
    let [first, second] = received.as_slice() else { panic!("not two requests: {received:?}") };
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("x-leanbe-signature"), second.header("x-leanbe-signature"));
    for name in ["triggeredAt", "signature"] {
        assert_eq!(text::member(&first.body, name), text::member(&second.body, name));
    }
    assert!(second.arrived_at - first.arrived_at >= Duration::from_millis(GAPS_MS[0]));
    expect_attempts(&delivery, &[500, 200], &GAPS_MS);
}

/// The numbers are those that [`lb_13`](super::defaults) finds in the shipped profile; here they are lived through.
#[tokio::test(flavor = "multi_thread")]
async fn lb_13_after_three_retries_at_the_gaps_of_the_schedule_the_delivery_has_failed() {
    let stage = leanbe_with_short_gaps().await;
    stage.receiver.answer("/hook", Answer::status(500));
    stage.subscribe(json!({})).await;
    let published = stage.publish("idea.created", "{}").await.expect_status(202);
    let delivery = stage.wait_for_event(&published, "failed").await;
    assert_eq!(delivery["reason"], "exhausted");
    expect_attempts(&delivery, &[500; 4], &GAPS_MS);
    assert_eq!(stage.receiver.received().len(), 4);
}
