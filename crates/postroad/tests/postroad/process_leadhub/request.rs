//! The request: its envelope and its signature.

use serde_json::json;

use super::{
    EVENTS, LEAD, SECRET,
    peer::RawPeer,
    shipped,
    stage::text::{member, member_names},
    unsigned_webhook, webhook,
};
use crate::support::openssl::hmac_sha256;

const SIGNATURE: &str = "X-LeadHub-Signature";

#[tokio::test(flavor = "multi_thread")]
async fn lh_2_an_event_is_a_post_of_the_three_members_with_the_time_in_whole_seconds() {
    let stage = shipped().await;
    stage.subscribe(webhook()).await;
    let odd =
        r#"{"id":123, "lead_score":45.0,"tags":["a\/b","\u00fc"],"created_at":"2026-04-29T10:30:00.123Z"}"#;
    let sent = stage.deliver("lead.created", odd).await;
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/hook"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(sent.header("content-length"), Some(sent.body.len().to_string().as_str()));
    assert!(sent.header("user-agent").is_some_and(|agent| !agent.is_empty()), "{:?}", sent.header_lines);
    assert_eq!(member_names(&sent.body), ["event", "occurred_at", "lead"]);
    assert_eq!(member(&sent.body, "event"), "\"lead.created\"");
    assert_eq!(member(&sent.body, "lead"), odd);
    let occurred_at = member(&sent.body, "occurred_at");
    let shape = occurred_at.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(shape, "\"0000-00-00T00:00:00Z\"", "{occurred_at}");

    // Cut off and not rounded (LH-e), whatever zone the caller writes it in.
    let further = json!({"occurred_at": "2026-04-29T12:30:00.987654+02:00"});
    let _ = stage.publish_with("lead.updated", odd, further).await.expect_status(202);
    let sent = stage.receiver.wait_for(2).await.swap_remove(1);
    assert_eq!(member(&sent.body, "occurred_at"), "\"2026-04-29T10:30:00Z\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_3_openssl_finds_the_signature_of_the_vector_over_the_bytes_of_the_wire() {
    let stage = shipped().await;
    let raw = RawPeer::start().await;
    stage.subscribe(webhook()).await;
    let mut second = webhook();
    second["delivery"] = json!({"type": "push", "url": raw.url("/raw?a=%2F")});
    stage.subscribe(second).await;
    let further = json!({"occurred_at": "2026-04-29T10:30:00Z"});
    let _ = stage.publish_with("lead.created", LEAD, further).await.expect_status(202);

    let body = r#"{"event":"lead.created","occurred_at":"2026-04-29T10:30:00Z","lead":{"id":123,"first_name":"Jane"}}"#;
    let vector = "sha256=95a056f70cb24ac639cee3a980aefadfd6d92e688ae7a6bae0f25b1fe27916e7";
    let raw = raw.request().await;
    assert!(raw.head.starts_with("POST /raw?a=%2F HTTP/1.1\r\n"), "{}", raw.head);
    assert_eq!((raw.body.as_slice(), raw.body.len()), (body.as_bytes(), 99));
    assert_eq!(raw.header(SIGNATURE), Some(vector), "{}", raw.head);
    assert_eq!(format!("sha256={}", hmac_sha256(SECRET, &raw.body)), vector);

    let recorded = stage.receiver.wait_for(1).await.swap_remove(0);
    assert_eq!((&recorded.body[..], recorded.header(SIGNATURE)), (body.as_bytes(), Some(vector)));
    assert_ne!(format!("sha256={}", hmac_sha256("another", &recorded.body)), vector);
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_4_without_a_secret_the_signature_header_is_absent() {
    let stage = shipped().await;
    stage.subscribe(unsigned_webhook()).await;
    let sent = stage.deliver("lead.created", LEAD).await;
    // None of our own either: what the product's page does not name is not sent (spec 0.6).
    let known = ["host", "content-type", "content-length", "user-agent", "accept", "accept-encoding"];
    let name_of = |line: &String| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<_> = sent.header_lines.iter().map(name_of).collect();
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lh_5_letters_beyond_ascii_go_out_as_they_came_and_verify_on_the_raw_bytes() {
    let stage = shipped().await;
    stage.subscribe(webhook()).await;
    let data = r#"{"id":123,"first_name":"Zoë 😀","last_name":"Zo\u00eb \ud83d\ude00"}"#;
    for event in EVENTS {
        let sent = stage.deliver(event, data).await;
        assert_eq!(member(&sent.body, "lead"), data);
        let expected = format!("sha256={}", hmac_sha256(SECRET, &sent.body));
        assert_eq!(sent.header(SIGNATURE), Some(expected.as_str()), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_has_beside_its_lead_follows_the_lead_and_is_signed_too() {
    let stage = shipped().await;
    stage.subscribe(webhook()).await;
    let further = json!({"attributes": {"extra": {"form": {"id": 7, "name": "Contact"}, "page": "/x"}}});
    let _ = stage.publish_with("form.submitted", LEAD, further).await.expect_status(202);
    let sent = stage.receiver.wait_for(1).await.swap_remove(0);
    assert_eq!(member_names(&sent.body), ["event", "occurred_at", "lead", "form", "page"]);
    assert_eq!(member(&sent.body, "form"), r#"{"id":7,"name":"Contact"}"#);
    let expected = format!("sha256={}", hmac_sha256(SECRET, &sent.body));
    assert_eq!(sent.header(SIGNATURE), Some(expected.as_str()));
}
