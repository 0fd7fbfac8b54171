//! Stripe: a time stamp and a signature in one header.

use serde_json::json;

use super::{
    deliver, examples, expect_refused,
    libraries::{Case, Library},
    read_all, serve,
    stage::{Stage, id_of, secret_of},
};

#[tokio::test(flavor = "multi_thread")]
async fn stripes_library_reads_every_event_and_refuses_what_was_changed() {
    let stage = serve("stripe").await;
    let subscription = stage.subscribe(json!({})).await;
    let secret = secret_of(&subscription);
    assert!(secret.starts_with("whsec_"), "{secret}");
    let examples = examples(&stage, "stripe").await;
    let mut cases = Vec::new();
    for example in &examples {
        let request = deliver(&stage, example, 1).await.swap_remove(0);
        cases.push(case(&stage, secret, &request));
    }
    for (event, example) in read_all(&cases).into_iter().zip(&examples) {
        assert_eq!((&event["object"], &event["type"]), (&json!("event"), &json!(example.event)));
        assert_eq!(event["data"]["object"], example.data_json());
        assert_eq!(event["data"]["previous_attributes"], example.attributes["previous_attributes"]);
        assert!(event["id"].is_string() && event["created"].is_u64(), "{event}");
    }
    let other_secret = format!("whsec_{}", "0".repeat(64));
    expect_refused(&cases.iter().map(|case| case.with_secret(&other_secret)).collect::<Vec<_>>());
    expect_refused(&cases.iter().map(Case::with_changed_body).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_rolled_stripes_library_verifies_with_either_and_then_with_the_new_one() {
    let stage = serve("stripe").await;
    let subscription = stage.subscribe(json!({})).await;
    let (id, old) = (id_of(&subscription), secret_of(&subscription));
    let example = &examples(&stage, "stripe").await[0];
    let rotated = stage.rotate(id, json!({"grace": "1h"})).await.expect_status(200).json();
    let new = secret_of(&rotated);
    assert_ne!(new, old);
    let request = deliver(&stage, example, 1).await.swap_remove(0);
    read_all(&[case(&stage, old, &request), case(&stage, new, &request)]);

    let ended = stage.rotate(id, json!({"grace": "0s"})).await.expect_status(200).json();
    let request = deliver(&stage, example, 1).await.swap_remove(0);
    read_all(&[case(&stage, secret_of(&ended), &request)]);
    expect_refused(&[case(&stage, old, &request), case(&stage, new, &request)]);
}

fn case(stage: &Stage, secret: &str, request: &postroad_testkit::Received) -> Case {
    Case::new(Library::Stripe, secret, &stage.receiver.url("/hook"), request)
}
