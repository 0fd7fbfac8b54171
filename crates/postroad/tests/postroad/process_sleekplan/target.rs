//! The request's target and its headers.

use serde_json::json;

use super::{SAMPLE, push_to, sleekplan, stage::text};

#[tokio::test(flavor = "multi_thread")]
async fn sp_2_the_secret_in_the_url_arrives_with_a_post_to_exactly_that_target() {
    let stage = sleekplan().await;
    stage.subscribe(json!({"delivery": push_to(&stage, "/webhooks?key=MY_SECRET_KEY")})).await;
    let request = stage.deliver("item.create", SAMPLE).await;
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/webhooks?key=MY_SECRET_KEY"));
    let content_type = request.header("content-type").expect("a body has a type");
    assert!(content_type.starts_with("application/json"), "{content_type}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_3_a_query_arrives_byte_for_byte_as_it_was_entered() {
    let stage = sleekplan().await;
    // Specification 0.3: a fragment is not sent.
    for (entered, expected) in [
        ("/webhooks?key=a%2Fb%20c&x=1", "/webhooks?key=a%2Fb%20c&x=1"),
        ("/x?key=A%2FB&k=1#frag", "/x?key=A%2FB&k=1"),
        ("/x?b=2&a=1&b=1&=&&%41=%2f+~*!'()", "/x?b=2&a=1&b=1&=&&%41=%2f+~*!'()"),
    ] {
        let body = json!({"delivery": push_to(&stage, entered), "events": ["item.create"]});
        let created = stage.subscribe(body).await;
        let request = stage.deliver("item.create", "{}").await;
        assert_eq!(request.target, expected);
        let off = stage.patch(super::stage::id_of(&created), json!({"active": false})).await;
        let _ = off.expect_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_7_nothing_is_signed() {
    let stage = sleekplan().await;
    let created = stage.subscribe(json!({})).await;
    assert!(created.get("secret").is_none_or(serde_json::Value::is_null), "{created}");
    let request = stage.deliver("item.create", SAMPLE).await;
    let signs = |line: &&String| {
        line.split(':').next().is_some_and(|name| name.to_ascii_lowercase().contains("signature"))
    };
    assert_eq!(request.header_lines.iter().find(signs), None);
    assert!(!text::member_names(&request.body).iter().any(|name| name.contains("signature")));
}
