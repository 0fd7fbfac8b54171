//! Administrators who are told of failures.

use postroad_testkit::{Answer, poll_for};
use serde_json::{Value, json};

use super::{
    CREATED, QUICK,
    stage::{Stage, StageOptions, TENANT, id_of},
    support::mail_server::MailServer,
    webhook_to,
};

/// An account with two administrators, with a mail server.
async fn account(mail_server: &MailServer, overlay: Vec<(&'static str, &'static str)>) -> Stage {
    let arguments = mail_server.arguments();
    let options = StageOptions { profile: "leadsquared", overlay, arguments, ..StageOptions::default() };
    let stage = Stage::start_with(options).await;
    let put = json!({"profile": "leadsquared", "contacts": ["jo@example.com", "al@example.com"]});
    let put = stage.server.put_json(&format!("/v1/tenants/{TENANT}"), &put).await.unwrap();
    let _ = put.expect_status(200);
    stage.receiver.answer("/hook", Answer::status(500));
    stage
}

async fn subscribe(stage: &Stage, name: &str, notify_on_failure: bool) -> Value {
    let further = json!({"name": name, "notify_on_failure": notify_on_failure});
    stage.subscribe(webhook_to(stage, "/hook", CREATED, further)).await
}

/// What the mails of one failure tell, to each administrator once.
async fn told(mail_server: &mut MailServer) -> Vec<String> {
    let mails = [mail_server.next().await, mail_server.next().await];
    let mut to: Vec<_> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap()).collect();
    to.sort_unstable();
    assert_eq!(to, ["al@example.com", "jo@example.com"]);
    mails.iter().map(|mail| mail["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_12_a_failure_is_told_to_each_administrator_once_and_only_where_it_was_asked_for() {
    let mut mail_server = MailServer::start(&["plain"]);
    let stage = account(&mail_server, vec![QUICK]).await;
    let silent = subscribe(&stage, "silent", false).await;
    let failed = stage.publish(CREATED, "{}").await.expect_status(202);
    stage.wait_for_event(&failed, "failed").await;
    let off = stage.patch(id_of(&silent), json!({"active": false})).await;
    let _ = off.expect_status(200);
    subscribe(&stage, "loud", true).await;
    let failed = stage.publish(CREATED, "{}").await.expect_status(202);
    stage.wait_for_event(&failed, "failed").await;
    for text in told(&mut mail_server).await {
        assert!(text.starts_with("Webhook “loud” (127.0.0.1): a delivery failed at "), "{text}");
        assert!(text.contains("Lead Creation, dlv_") && text.contains("answered 500 (3 attempts)"), "{text}");
        assert!(!text.contains("silent"), "{text}");
    }
    assert!(mail_server.come().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_25_a_cancelled_delivery_notifies_nobody() {
    let mut mail_server = MailServer::start(&["plain"]);
    let stage = account(&mail_server, vec![QUICK]).await;
    let cancelled = subscribe(&stage, "cancelled", true).await;
    let _ = stage.publish(CREATED, "{}").await.expect_status(202);
    stage.receiver.wait_for(1).await;
    let paused = stage.patch(id_of(&cancelled), json!({"active": false})).await;
    let _ = paused.expect_status(200);
    subscribe(&stage, "failed", true).await;
    let failed = stage.publish(CREATED, "{}").await.expect_status(202);
    stage.wait_for_event(&failed, "failed").await;
    for text in told(&mut mail_server).await {
        assert!(text.contains("“failed”") && !text.contains("“cancelled”"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_failures_are_one_mail_to_each_administrator_and_the_rest_waits_for_the_next() {
    let mut mail_server = MailServer::start(&["plain"]);
    let once = ("attempts = 3\nbackoff = [\"60s\", \"300s\"]", "attempts = 1\nbackoff = []");
    let for_ever = ("deactivate_after_failures = 10", "");
    let stage = account(&mail_server, vec![once, for_ever]).await;
    subscribe(&stage, "loud", true).await;
    for _ in 0..10 {
        let _ = stage.publish_batch(&[(CREATED, "{}"); 1_000]).await.expect_status(202);
    }
    let failed = "postroad_deliveries_failed_total{reason=\"exhausted\"} 10000";
    poll_for(failed, async || {
        let figures = stage.server.get("/metrics").await.expect("the server answers").text();
        figures.lines().any(|line| line == failed).then_some(())
    })
    .await;
    for text in told(&mut mail_server).await {
        assert!(
            text.contains(" more.") && text.matches("dlv_").count() == 10,
            "it names five, twice: {text}"
        );
    }
    assert!(mail_server.come().is_empty(), "what failed behind that gathers for ten minutes");
}
