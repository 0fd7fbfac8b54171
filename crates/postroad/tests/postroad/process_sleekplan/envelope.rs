//! The body as it arrives.

use postroad_domain::Timestamp;
use postroad_testkit::Received;
use serde_json::json;

use super::{
    PRODUCT, SAMPLE, sleekplan,
    stage::{Stage, id_of, now, text},
};

/// How far a stamp may be from the time: what the specification grants.
const STAMP_ERROR_SECS_MAX: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn sp_4_the_product_is_a_number_and_the_timestamp_a_text_of_thirteen_digits_in_their_places() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    let before = now();
    let request = stage.deliver("item.create", SAMPLE).await;
    expect_envelope(&request, "item.create", SAMPLE);
    let stamp = text::member(&request.body, "timestamp");
    assert!(text::has_form(&stamp, r#""9999999999999""#), "{stamp}");
    let stamp = Timestamp::from_millis(stamp.trim_matches('"').parse().expect("these are digits"));
    let error = before.since(stamp).max(stamp.since(now()));
    assert!(error.as_secs() < STAMP_ERROR_SECS_MAX, "{stamp} is {error:?} off");
}

/// The timestamp is the event's and not the request's (specification 2.3); this is the sample's.
#[tokio::test(flavor = "multi_thread")]
async fn sp_4_the_timestamp_is_when_the_event_happened() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    let occurred_at = json!({"occurred_at": "2017-10-02T23:13:19.999Z"});
    let _ = stage.publish_with("item.create", SAMPLE, occurred_at).await.expect_status(202);
    let request = stage.receiver.wait_for(1).await.swap_remove(0);
    let expected = format!(
        r#"{{"product_id":{PRODUCT},"action":"item.create","data":{SAMPLE},"timestamp":"1506985999999"}}"#
    );
    assert_eq!(request.text(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_5_data_arrives_byte_for_byte_with_its_order_and_the_spelling_of_its_numbers() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    // What a JSON library would change: spaces, repeated keys, escapes that need not be, numbers in odd forms.
    let odd = r#"{ "scoring":"0.55", "effort":1.0,"n":[1e3,12345678901234567890,-0,1e400],"b":1,"a":2,"a":3 , "ü":"\u00fc ü \/ \ud83d\ude00 \ud83d","":{ } }"#;
    for data in [SAMPLE, odd] {
        let request = stage.deliver("item.create", data).await;
        expect_envelope(&request, "item.create", data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_9_a_test_sends_the_example_at_once_and_is_marked_in_the_log() {
    let stage = sleekplan().await;
    let subscription = stage.subscribe(json!({})).await;
    let answered = stage.test(id_of(&subscription), json!({"type": "item.create"})).await;
    let answered = answered.expect_status(200).json();
    assert_eq!((&answered["test"], &answered["status"]), (&json!(true), &json!("succeeded")), "{answered}");
    let received = stage.receiver.received();
    let [request] = received.as_slice() else { panic!("not one request: {received:?}") };
    expect_envelope(request, "item.create", SAMPLE);
    assert!(text::has_form(&text::member(&request.body, "timestamp"), r#""9999999999999""#));
    assert_eq!(answered["attempts"][0]["request"]["body"], request.text());

    let listed = stage.deliveries().await;
    assert_eq!(
        (listed.len(), &listed[0]["test"], &listed[0]["type"]),
        (1, &json!(true), &json!("item.create"))
    );
    assert_eq!(stage.delivery(id_of(&answered)).await["test"], true);
    let published = stage.publish("item.create", SAMPLE).await.expect_status(202);
    let real = stage.wait_for_event(&published, "succeeded").await;
    assert_ne!(real["test"], json!(true), "{real}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_10_with_other_options_the_timestamp_is_a_number_of_seconds() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    for (unit, form, expected) in [
        (json!({"unit": "s", "as": "number"}), "9999999999", "1506985999"),
        (json!({"unit": "ms", "as": "number"}), "9999999999999", "1506985999999"),
        (json!({"unit": "s", "as": "string"}), r#""9999999999""#, r#""1506985999""#),
    ] {
        let mut options = unit;
        options["product_id"] = json!(PRODUCT);
        let put = stage.put_tenant(options).await;
        assert!(matches!(put.status, 200 | 201), "{}", put.text());
        let request = stage.deliver("item.create", "{}").await;
        let stamp = text::member(&request.body, "timestamp");
        assert!(text::has_form(&stamp, form), "{stamp}");
        assert_eq!(stamp_of_sample(&stage).await, expected);
    }
}

/// The stamp of an event that happened when the product's sample did.
async fn stamp_of_sample(stage: &Stage) -> String {
    let count = stage.receiver.received().len();
    let occurred_at = json!({"occurred_at": "2017-10-02T23:13:19.999Z"});
    let _ = stage.publish_with("item.update", "{}", occurred_at).await.expect_status(202);
    text::member(&stage.receiver.wait_for(count + 1).await[count].body, "timestamp")
}

/// Events of five families, with data as published receivers have seen it (specification 2.3).
const FAMILIES: [(&str, &str); 5] = [
    (
        "user.update",
        r#"{"user_id":"4","data_id":"u-17","admin_id":0,"anonymous":false,"data_name":"lennishq","data_full_name":"Lennis H.","data_mail":"lennis@example.com","data_img":"https:\/\/storage.sleekplan.com\/a.png","segments":[],"data":{},"data_system":{},"stats_feedback":"3","notify":true,"notify_settings":{"mention":true,"changelog":false,"subscribed":true},"weight":"1.0","created":"2020-05-22 16:49:00","updated":"2020-05-22 16:49:00"}"#,
    ),
    (
        "vote.create",
        r#"{"vote":1,"created":"2020-05-22 16:49:00","feedback_item":{"feedback_id":"3","title":"D\u00fcsseldorf & <more>","status":"s68dfa8421c534","type":"t68df02a7ea223","total_sum":"10","scoring":"0.550"}}"#,
    ),
    (
        "comment.create",
        r#"{"comment_id":"12","feedback_id":"3","product_id":"1","comment":"Yes, please! 😀\nSecond line","likes":0,"status":"open","type":"public","created":"2020-05-22 16:49:00","updated":"2020-05-22 16:49:00","user":{"user_id":"4","admin_id":0}}"#,
    ),
    ("subscription.create", r#"{"z":1, "a":{"subscribed" : true},"at":1.590166140e9}"#),
    ("item.create", SAMPLE),
];

#[tokio::test(flavor = "multi_thread")]
async fn sp_12_events_of_five_families_arrive_with_their_data_byte_for_byte() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    for (event_type, data) in FAMILIES {
        let request = stage.deliver(event_type, data).await;
        expect_envelope(&request, event_type, data);
    }
}

/// Panics unless the body is the envelope of the sample's product with this action and exactly this data.
fn expect_envelope(request: &Received, event_type: &str, data: &str) {
    assert_eq!(text::member_names(&request.body), ["product_id", "action", "data", "timestamp"]);
    let begin = format!(r#"{{"product_id":{PRODUCT},"action":"{event_type}","data":{data},"timestamp":"#);
    assert!(request.text().starts_with(&begin), "{}", request.text());
}
