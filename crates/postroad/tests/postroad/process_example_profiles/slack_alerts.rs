//! The operator's alerts in a channel of a chat.

use postroad_testkit::{Answer, Receiver, ServerOptions, TestServer};
use serde_json::{Value, json};

use super::folder;

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_reads_in_a_channel_what_happens_to_deliveries() {
    let arguments = vec!["--profiles".to_owned(), folder().display().to_string()];
    let server =
        TestServer::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await.unwrap();
    let slack = Receiver::start().await;
    // What Slack answers: a text, or why not.
    slack.answer(
        "/services/T0/B0/x",
        Answer::made(|request| {
            let text = request.json()["text"].as_str().map(str::to_owned);
            match text.filter(|text| !text.is_empty()) {
                Some(_) => Answer::status(200).body("ok"),
                None => Answer::status(400).body("no_text"),
            }
        }),
    );
    let _ = server
        .put_json("/v1/tenants/_postroad", &json!({"profile": "slack-alerts"}))
        .await
        .unwrap()
        .expect_status(201);
    let channel = json!({
        "delivery": {"type": "push", "url": slack.url("/services/T0/B0/x")},
        "options": {"prefix": "[test] "},
    });
    let _ =
        server.post_json("/v1/tenants/_postroad/subscriptions", &channel).await.unwrap().expect_status(201);

    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::status(410));
    let _ = server
        .put_json("/v1/tenants/acme", &json!({"profile": "standard"}))
        .await
        .unwrap()
        .expect_status(201);
    let hook = json!({"name": "A & <B>", "delivery": {"type": "push", "url": receiver.url("/hook")}});
    let _ = server.post_json("/v1/tenants/acme/subscriptions", &hook).await.unwrap().expect_status(201);
    let event = json!({"type": "order.created", "data": {}});
    let _ = server.post_json("/v1/tenants/acme/events", &event).await.unwrap().expect_status(202);

    let alert = slack.wait_for(1).await.remove(0).json();
    let expected = "[test] The subscription is inactive now: A &amp; &lt;B&gt; of acme (127.0.0.1).";
    assert_eq!(alert, json!({"text": expected}));
    let events: Value = server.get("/v1/tenants/_postroad/events").await.unwrap().expect_status(200).json();
    assert_eq!(events["data"][0]["type"], "subscription.disabled");
    assert_eq!(events["data"][0]["data"]["reason"], "gone", "{events}");

    let own =
        server.post_json("/v1/tenants/_postroad/events", &event).await.unwrap().expect_status(403).json();
    assert_eq!(own["code"], "reserved_tenant");
    let _ = server
        .put_json("/v1/tenants/_other", &json!({"profile": "standard"}))
        .await
        .unwrap()
        .expect_status(422);
    let more = json!({"profile": "slack-alerts", "contacts": ["jo@example.com"]});
    let refused = server.put_json("/v1/tenants/_postroad", &more).await.unwrap().expect_status(422).json();
    assert_eq!(refused["errors"][0]["field"], "contacts", "{refused}");
}
