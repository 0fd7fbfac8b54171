//! Success, failure and the schedule between them.

use std::time::Duration;

use postroad_testkit::{Answer, Gate, Reply, poll_for};
use serde_json::{Value, json};

use super::{
    LEAD, quick, shipped,
    stage::{Stage, id_of, now, time},
    webhook,
};

/// From the call to its answer (LH-8).
const PUBLISH_MAX: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn lh_6_a_receiver_that_always_fails_is_asked_four_times_at_doubling_gaps_and_never_again() {
    let stage = quick().await;
    stage.receiver.answer("/hook", Answer::status(500));
    stage.subscribe(webhook()).await;
    let published = stage.publish("lead.created", r#"{"id":1}"#).await.expect_status(202);
    let mut gaps = scheduled_gaps(&stage, &published).await;
    let failed = stage.wait_for_event(&published, "failed").await;
    assert_eq!((&failed["reason"], &failed["attempts_made"]), (&json!("exhausted"), &json!(4)), "{failed}");
    assert_eq!(failed["due_at"], Value::Null, "nothing is planned any more");

    // Twice the whole schedule, and so more than three of its longest gaps, by deliveries that wait it out. The success
    // at its end keeps the breaker out of this.
    for number in [2, 3] {
        stage.receiver.answer_in_turn("/hook", [500, 500, 500, 200].map(Answer::status));
        let next = stage.publish("lead.created", &format!("{{\"id\":{number}}}")).await.expect_status(202);
        let further = scheduled_gaps(&stage, &next).await;
        stage.wait_for_event(&next, "succeeded").await;
        // What a busy machine adds is not of the schedule.
        gaps = std::array::from_fn(|gap| gaps[gap].min(further[gap]));
    }
    for (gap, planned_ms) in gaps.iter().zip([500.0, 1_000.0, 2_000.0]) {
        assert!((0.8..=1.2).contains(&(gap / planned_ms)), "{gaps:?}");
    }
    for pair in gaps.windows(2) {
        assert!((1.6..=2.4).contains(&(pair[1] / pair[0])), "{gaps:?}");
    }
    let received = stage.receiver.received();
    let of_lead =
        |number: u32| received.iter().filter(|request| request.json()["lead"]["id"] == number).count();
    assert_eq!([1, 2, 3].map(of_lead), [4, 4, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_7_any_2xx_is_success_and_a_redirect_is_a_failure_that_nobody_follows() {
    let stage = quick().await;
    stage.receiver.answer_in_turn("/hook", [500, 201].map(Answer::status));
    stage.subscribe(webhook()).await;
    let published = stage.publish("lead.created", LEAD).await.expect_status(202);
    let succeeded = stage.wait_for_event(&published, "succeeded").await;
    assert_eq!(statuses(&succeeded), [500, 201]);

    let away = Answer::status(302).header("Location", &stage.receiver.url("/elsewhere"));
    stage.receiver.answer_in_turn("/hook", [away, Answer::status(200)]);
    let published = stage.publish("lead.created", LEAD).await.expect_status(202);
    let succeeded = stage.wait_for_event(&published, "succeeded").await;
    assert_eq!(statuses(&succeeded), [302, 200], "the redirect counted as a failure");
    let paths: Vec<_> = stage.receiver.received().iter().map(|request| request.path().to_owned()).collect();
    assert_eq!(paths, ["/hook"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_8_publishing_does_not_wait_for_the_receiver() {
    let stage = shipped().await;
    let gate = Gate::default();
    stage.receiver.answer("/hook", Answer::status(200).after(&gate));
    stage.subscribe(webhook()).await;
    let asked = now();
    let published = stage.publish("lead.created", LEAD).await.expect_status(202);
    let answered = now().since(asked);
    stage.receiver.wait_for(1).await;
    stage.wait_for_event(&published, "delivering").await;
    assert!(answered < PUBLISH_MAX, "the call took {answered:?}");
    gate.open();
    stage.wait_for_event(&published, "succeeded").await;
}

/// The three gaps between the end of an attempt and the time for which the log then announces the next one, in
/// milliseconds; infinite where the log was read too late to see that. No attempt may begin before its time.
async fn scheduled_gaps(stage: &Stage, published: &Reply) -> [f64; 3] {
    let delivery = stage.deliveries_of(id_of(&published.json())).await.swap_remove(0);
    let mut announced = [None; 3];
    let mut log = delivery.clone();
    for made in 1..=4_usize {
        log = poll_for("the log of an attempt", async || {
            let delivery = stage.delivery(id_of(&delivery)).await;
            (attempts_made(&delivery) >= made).then_some(delivery)
        })
        .await;
        // Decided by the number that stands beside `due_at`: the list of attempts may be of a moment later.
        if attempts_made(&log) == made && made < 4 {
            announced[made - 1] = Some(time(&log["due_at"]));
        }
    }
    let attempts = &log["attempts"];
    std::array::from_fn(|gap| {
        let Some(due_at) = announced[gap] else { return f64::INFINITY };
        let ended_at = time(&attempts[gap]["at"]).after(Duration::from_millis(millis(&attempts[gap])));
        assert!(time(&attempts[gap + 1]["at"]) >= due_at, "before its time, {due_at}: {log}");
        due_at.since(ended_at).as_secs_f64() * 1_000.0
    })
}

fn attempts_made(delivery: &Value) -> usize {
    let made = delivery["attempts_made"].as_u64().and_then(|made| usize::try_from(made).ok());
    made.unwrap_or_else(|| panic!("no count of attempts: {delivery}"))
}

fn millis(attempt: &Value) -> u64 {
    attempt["duration_ms"].as_u64().unwrap_or_else(|| panic!("no duration: {attempt}"))
}

/// What was answered to each attempt.
fn statuses(delivery: &Value) -> Vec<u64> {
    let attempts = delivery["attempts"].as_array().unwrap_or_else(|| panic!("no attempts: {delivery}"));
    attempts.iter().map(|attempt| attempt["response"]["status"].as_u64().unwrap_or_default()).collect()
}
