//! Replays: begun, followed, called off, and refused.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::{self, Refused},
};

const SINCE: &str = "2026-11-20T00:00:00Z";

/// Bodies that are understood and not valid, each with the field and a part of the sentence.
const BAD_BODIES: &[(&str, &str, &str)] = &[
    (r#"{"status": "failed"}"#, "since", "is required"),
    (r#"{"since": "2026-11-20T00:00:00Z"}"#, "status", "is required: one of failed, missing, all"),
    (r#"{"since": "yesterday", "status": "failed"}"#, "since", "RFC 3339"),
    (r#"{"since": 5, "status": "failed"}"#, "since", "must be a string"),
    (r#"{"since": "2026-11-20T00:00:00Z", "until": "2026-11-20", "status": "all"}"#, "until", "RFC 3339"),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "until": "2026-11-19T00:00:00Z", "status": "all"}"#,
        "until",
        "later",
    ),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "until": "2026-11-20T00:00:00Z", "status": "all"}"#,
        "until",
        "later",
    ),
    (r#"{"since": "2031-01-01T00:00:00Z", "status": "all"}"#, "since", "in the future"),
    (r#"{"since": "2031-01-01T00:00:00Z", "status": "all", "dry_run": true}"#, "since", "in the future"),
    (r#"{"since": "2026-11-20T00:00:00Z", "status": "lost"}"#, "status", "one of failed, missing, all"),
    (r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "dry_run": "yes"}"#, "dry_run", "true or false"),
    (r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "pace": 5}"#, "pace", "must be an object"),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "pace": {"count": 1}}"#,
        "pace.per",
        "is required",
    ),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "pace": {"count": 0, "per": "1s"}}"#,
        "pace.count",
        "from 1 to 10000",
    ),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "pace": {"count": 10001, "per": "1s"}}"#,
        "pace.count",
        "from 1 to 10000",
    ),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "pace": {"count": 1, "per": "0s"}}"#,
        "pace.per",
        "from 100ms to 24h",
    ),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "pace": {"count": 1, "per": "8d"}}"#,
        "pace.per",
        "from 100ms to 24h",
    ),
    (
        r#"{"since": "2026-11-20T00:00:00Z", "status": "all", "dryrun": true}"#,
        "dryrun",
        "did you mean `dry_run`?",
    ),
    ("[]", "", "must be an object"),
];

/// A subscription with one attempt, and events whose attempt failed; answers the subscription's path.
async fn with_failed(app: &App, count: usize) -> String {
    let body = json!({"delivery": {"url": "https://a.example"}, "retry": {"attempts": 1}});
    let (path, _) = app.subscribe_in(ACME, body).await;
    for number in 0..count {
        let event = app.publish(json!({"type": "a", "data": number})).await;
        let delivery = app.delivery_of(&event).await;
        app.exchange().await.answer(500, b"");
        app.reaches(&delivery, "failed").await;
    }
    path
}

/// Turns the clock until the replay has this status.
async fn until(app: &App, replay: &str, status: &str) -> Value {
    loop {
        let view = app.get(replay).await.expect(200);
        if view["status"] == status {
            return view;
        }
        tokio::task::yield_now().await;
        app.clock.advance(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn a_replay_is_counted_begun_followed_and_listed() {
    let app = App::new().await;
    let path = with_failed(&app, 2).await;
    let body = json!({"since": SINCE, "status": "failed", "dry_run": true});
    let dry = app.post(&format!("{path}/replay"), body).await.expect(200);
    assert_eq!((&dry["id"], &dry["count"]), (&json!(null), &json!(2)));
    assert_eq!((&dry["count_is_exact"], &dry["status"]), (&json!(true), &json!(null)));
    let body = json!({"since": SINCE, "status": "failed", "pace": {"count": 100, "per": "1m"}});
    let begun = app.post(&format!("{path}/replay"), body).await.expect(202);
    assert!(begun["id"].as_str().unwrap().starts_with("rpl_"));
    assert!(path.ends_with(begun["subscription"].as_str().unwrap()));
    assert_eq!((&begun["count"], &begun["status"]), (&json!(2), &json!("running")));
    assert_eq!((&begun["selection"], &begun["since"]), (&json!("failed"), &json!(SINCE)));
    assert_eq!(begun["pace"], json!({"count": 100, "per": "1m"}));
    let replay = format!("{ACME}/replays/{}", begun["id"].as_str().unwrap());
    let done = until(&app, &replay, "done").await;
    assert_eq!((&done["examined"], &done["replayed"], &done["skipped"]), (&json!(2), &json!(2), &json!(0)));
    assert!(done["finished_at"].is_string() && done["reason"].is_null());
    for _ in 0..2 {
        app.exchange().await.answer(200, b"");
    }
    let list = app.get(&format!("{ACME}/replays")).await.expect(200);
    assert_eq!((&list["data"], &list["next"]), (&json!([done]), &json!(null)));
}

#[tokio::test]
async fn a_replay_is_cancelled_once() {
    let app = App::new().await;
    let path = with_failed(&app, 2).await;
    let body = json!({"since": SINCE, "status": "all", "pace": {"count": 1, "per": "1h"}});
    let begun = app.post(&format!("{path}/replay"), body.clone()).await.expect(202);
    let again = app.post(&format!("{path}/replay"), body).await;
    refusal::check(&again, 409, "replay_running", "", begun["id"].as_str().unwrap(), "twice");
    let replay = format!("{ACME}/replays/{}", begun["id"].as_str().unwrap());
    let cancelled = app.delete(&replay).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["id"]), (&json!("cancelled"), &begun["id"]));
    assert_eq!(app.get(&replay).await.expect(200)["status"], "cancelled");
    refusal::check(&app.delete(&replay).await, 409, "replay_finished", "", "nothing to cancel", "twice");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_field() {
    let app = App::new().await;
    let path = format!("{}/replay", with_failed(&app, 1).await);
    for (body, field, says) in BAD_BODIES.iter().copied() {
        let refused =
            Refused { method: "POST", path: &path, body, status: 422, code: "invalid", field, says };
        refused.check(&app).await;
    }
    let broken = Refused {
        method: "POST",
        path: &path,
        body: "{",
        status: 400,
        code: "malformed_json",
        field: "",
        says: "not JSON",
    };
    broken.check(&app).await;
    assert_eq!(app.get(&format!("{ACME}/replays")).await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn nothing_is_replayed_to_an_inactive_or_deleted_subscription() {
    let app = App::new().await;
    let path = with_failed(&app, 1).await;
    app.patch(&path, json!({"active": false})).await.expect(200);
    for dry_run in [false, true] {
        let body = json!({"since": SINCE, "status": "all", "dry_run": dry_run});
        let reply = app.post(&format!("{path}/replay"), body).await;
        refusal::check(&reply, 409, "subscription_inactive", "", "Set it active first", "inactive");
    }
    app.delete(&path).await;
    for dry_run in [false, true] {
        let body = json!({"since": SINCE, "status": "all", "dry_run": dry_run});
        let reply = app.post(&format!("{path}/replay"), body).await;
        refusal::check(&reply, 409, "subscription_inactive", "", "was deleted", "deleted");
    }
}

#[tokio::test]
async fn a_tenant_has_so_many_running_replays() {
    let app = App::new().await;
    app.publish(json!({"type": "a", "data": 1})).await;
    app.publish(json!({"type": "a", "data": 2})).await;
    let mut last = String::new();
    let body = json!({"since": SINCE, "status": "missing", "pace": {"count": 1, "per": "24h"}});
    for number in 0..6 {
        let subscription = json!({"delivery": {"url": format!("https://{number}.example")}});
        let (path, _) = app.subscribe_in(ACME, subscription).await;
        last = path.clone();
        if number < 5 {
            app.post(&format!("{path}/replay"), body.clone()).await.expect(202);
        }
    }
    let reply = app.post(&format!("{last}/replay"), body).await;
    refusal::check(&reply, 409, "too_many_replays", "", "5 replays", "the sixth");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = App::new().await;
    let path = with_failed(&app, 2).await;
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    let body = json!({"since": SINCE, "status": "failed", "pace": {"count": 1, "per": "1h"}});
    let begun = app.post(&format!("{path}/replay"), body.clone()).await.expect(202);
    let id = begun["id"].as_str().unwrap();
    for replay in [
        format!("/v1/tenants/other/replays/{id}"),
        format!("/v1/tenants/nobody/replays/{id}"),
        format!("{ACME}/replays/rpl_00000000000000000000000000"),
        format!("{ACME}/replays/nonsense"),
    ] {
        for method in ["GET", "DELETE"] {
            let reply = app.send(method, &replay, "").await;
            refusal::check(&reply, 404, "not_found", "", "There is no such", &replay);
        }
    }
    let foreign = path.replace("acme", "other");
    for subscription in [foreign, format!("{ACME}/subscriptions/sub_00000000000000000000000000")] {
        let reply = app.post(&format!("{subscription}/replay"), body.clone()).await;
        refusal::check(&reply, 404, "not_found", "", "There is no such subscription", &subscription);
    }
    app.get("/v1/tenants/nobody/replays").await.expect(404);
}

#[tokio::test]
async fn replays_are_listed_page_by_page_newest_first() {
    let app = App::new().await;
    let path = with_failed(&app, 1).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let body = json!({"since": SINCE, "status": "missing"});
        let begun = app.post(&format!("{path}/replay"), body).await.expect(202);
        let id = begun["id"].as_str().unwrap().to_owned();
        until(&app, &format!("{ACME}/replays/{id}"), "done").await;
        ids.insert(0, id);
        app.clock.advance(Duration::from_millis(5));
    }
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{ACME}/replays?limit=1{cursor}")).await.expect(200);
        let items = page["data"].as_array().unwrap();
        paged.extend(items.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, ids);
    let events = app.get(&format!("{ACME}/deliveries?limit=1")).await.expect(200);
    let foreign = events["next"].as_str().unwrap_or("nonsense").to_owned();
    for cursor in ["nonsense", &foreign] {
        let list = format!("{ACME}/replays?cursor={cursor}");
        refusal::check(&app.get(&list).await, 400, "bad_cursor", "cursor", "`next` of a page", &list);
    }
    let list = format!("{ACME}/replays?limit=many");
    refusal::check(&app.get(&list).await, 422, "invalid", "limit", "from 1 to 250", &list);
}
