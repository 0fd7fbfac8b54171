//! The request as it arrives.

use postroad_testkit::Received;
use serde_json::{Value, json};

use super::{
    leanbe, signature,
    stage::{Stage, now, text, time},
    vectors::SAMPLE_1,
};

/// How far a stamp may be from the time: what the specification grants.
const STAMP_ERROR_SECS_MAX: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn lb_3_an_event_becomes_one_post_with_the_four_members_in_their_order() {
    let stage = leanbe().await;
    stage.subscribe(json!({})).await;
    let published = stage.publish("customer.created", SAMPLE_1).await.expect_status(202);
    stage.wait_for_event(&published, "succeeded").await;
    let received = stage.receiver.received();
    let [request] = received.as_slice() else { panic!("not one request: {received:?}") };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/hook"));
    let content_type = request.header("content-type").expect("a body has a type");
    assert!(content_type.starts_with("application/json"), "{content_type}");
    assert_eq!(text::member_names(&request.body), ["payload", "event", "triggeredAt", "signature"]);
    assert_eq!(text::member(&request.body, "payload"), SAMPLE_1);
    assert_eq!(text::member(&request.body, "event"), "\"customer.created\"");
}

/// Specification 0.6: a user agent and a length always, nothing of ours that no page asks for.
#[tokio::test(flavor = "multi_thread")]
async fn lb_3_the_headers_are_those_of_the_product_and_no_others() {
    let stage = leanbe().await;
    stage.subscribe(json!({})).await;
    let request = stage.deliver("idea.created", "{}").await;
    assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
    assert!(request.header("user-agent").is_some_and(|agent| !agent.is_empty()));
    let name = |line: &String| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<_> = request.header_lines.iter().map(name).collect();
    let ours =
        |name: &&String| name.starts_with("x-") || name.contains("webhook") || name.contains("postroad");
    assert_eq!(names.iter().filter(ours).collect::<Vec<_>>(), ["x-leanbe-signature"], "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_4_triggered_at_is_the_time_in_utc_with_three_digits_and_a_z() {
    let stage = leanbe().await;
    stage.subscribe(json!({})).await;
    let before = now();
    let request = stage.deliver("idea.created", "{}").await;
    let stamp = text::member(&request.body, "triggeredAt");
    assert!(text::has_form(&stamp, r#""9999-99-99T99:99:99.999Z""#), "{stamp}");
    let stamp = time(&Value::from(stamp.trim_matches('"')));
    let error = before.since(stamp).max(stamp.since(now()));
    assert!(error.as_secs() < STAMP_ERROR_SECS_MAX, "{stamp} is {error:?} off");
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_10_the_header_repeats_the_signature_while_the_option_is_on_and_is_absent_while_it_is_off() {
    let stage = leanbe().await;
    for (path, options, is_there) in [
        ("/default", json!({}), true),
        ("/on", json!({"signature_header": true}), true),
        ("/off", json!({"signature_header": false}), false),
    ] {
        let delivery = json!({"type": "push", "url": stage.receiver.url(path)});
        stage.subscribe(json!({"delivery": delivery, "options": options})).await;
        let _ = stage.publish("okr.created", "{}").await.expect_status(202);
        let request = stage.receiver.wait_for_path(path, 1).await.swap_remove(0);
        expect_header(&request, is_there);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_10_the_header_can_be_switched_off_for_the_whole_product() {
    let stage = Stage::start("leanbe", json!({"signature_header": false})).await;
    stage.subscribe(json!({})).await;
    expect_header(&stage.deliver("okr.created", "{}").await, false);
}

fn expect_header(request: &Received, is_there: bool) {
    let signature = signature(request);
    assert_eq!(signature.len(), 64, "{signature}");
    assert_eq!(request.header("x-leanbe-signature"), is_there.then_some(signature.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_11_a_number_beyond_a_double_is_refused_and_nothing_is_sent() {
    let stage = leanbe().await;
    stage.subscribe(json!({})).await;
    let refused = stage.publish("idea.created", r#"{"x":1e400}"#).await;
    super::stage::expect_refusal(refused, "number_out_of_range", "data");
    // What is sent after it shows that it is not merely late.
    let published = stage.publish("idea.updated", r#"{"x":1e300}"#).await.expect_status(202);
    stage.wait_for_event(&published, "succeeded").await;
    let received = stage.receiver.received();
    let [request] = received.as_slice() else { panic!("not one request: {received:?}") };
    assert_eq!(text::member(&request.body, "event"), "\"idea.updated\"");
    let events = stage.get(&stage.path("events")).await;
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1), "{events}");
}
