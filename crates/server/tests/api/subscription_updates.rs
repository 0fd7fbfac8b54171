//! `PATCH /v1/tenants/{tenant}/subscriptions/{id}`

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::{self, Refused},
};

async fn subscribed(app: &App) -> (String, Value) {
    let body = json!({
        "name": "one", "delivery": {"url": "https://example.com", "headers": [{"name": "X-A", "value": "1"}]},
        "events": ["a", "b"], "timeout": "20s", "retry": {"attempts": 3, "backoff": ["1s", "2s"]},
    });
    let created = app.subscribe(body).await;
    let path = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    let shown = app.get(&path).await.expect(200);
    (path, shown)
}

#[tokio::test]
async fn a_patch_is_merged_as_rfc_7396_says() {
    for (patch, changed) in [
        (json!({}), json!({})),
        (json!({"name": "two"}), json!({"name": "two"})),
        (json!({"name": null}), json!({"name": null})),
        (json!({"events": ["c"]}), json!({"events": ["c"]})),
        (json!({"events": null}), json!({"events": []})),
        (json!({"timeout": null, "retry": null}), json!({"timeout": null, "retry": null})),
        (json!({"retry": {"attempts": 9}}), json!({"retry": {"attempts": 9, "backoff": ["1s", "2s"]}})),
        (json!({"concurrency": 2}), json!({"concurrency": 2})),
        (json!({"retry": {"attempts": null}}), json!({"retry": {"attempts": null, "backoff": ["1s", "2s"]}})),
        (json!({"success": ["200"]}), json!({"success": ["200"]})),
        (json!({"options": null}), json!({})),
        (json!({"options": {"signature": "hmac-sha256"}}), json!({"options": {"signature": "hmac-sha256"}})),
    ] {
        let app = App::new().await;
        let (path, mut expected) = subscribed(&app).await;
        let before = expected.clone();
        let reply = app.patch(&path, patch.clone()).await;
        for (name, value) in changed.as_object().unwrap() {
            expected[name] = value.clone();
        }
        // What changes nothing is no version.
        let version = if expected == before { 1 } else { 2 };
        expected["version"] = json!(version);
        assert_eq!(reply.header("etag"), format!("\"v{version}\""), "{patch}");
        assert_eq!(reply.expect(200), expected, "{patch}");
        assert_eq!(app.get(&path).await.expect(200), expected, "{patch}");
    }
}

#[tokio::test]
async fn a_patch_within_the_delivery_leaves_the_rest_of_it_alone() {
    let app = App::new().await;
    let (path, before) = subscribed(&app).await;
    let patch = json!({"delivery": {"method": "PATCH", "authorization": "Bearer x"}});
    let after = app.patch(&path, patch).await.expect(200);
    let mut expected = before["delivery"].clone();
    expected["method"] = json!("PATCH");
    expected["authorization"] = json!("Bearer x");
    assert_eq!(after["delivery"], expected);
}

#[tokio::test]
async fn a_pause_and_an_activation_are_patches() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    let paused = app.patch(&path, json!({"active": false})).await.expect(200);
    assert_eq!((&paused["active"], &paused["inactive_reason"]), (&json!(false), &json!("paused")));
    assert_eq!(paused["inactive_since"], "2026-11-21T00:00:00Z");
    let active = app.patch(&path, json!({"active": true})).await.expect(200);
    assert_eq!((&active["active"], active.get("inactive_reason")), (&json!(true), None));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_shown_and_can_be_activated_again() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    app.exchange().await.answer(410, b"");
    let delivery = app.delivery_of(&event).await;
    app.reaches(&delivery, "queued").await;
    let gone = app.get(&path).await.expect(200);
    assert_eq!((&gone["active"], &gone["inactive_reason"]), (&json!(false), &json!("gone")));
    let active = app.patch(&path, json!({"active": true})).await.expect(200);
    assert_eq!(active.get("inactive_reason"), None);
}

#[tokio::test]
async fn a_patch_that_cannot_be_is_refused_by_its_field() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    for (body, field, says) in [
        ("[]", "", "must be an object"),
        ("null", "", "must be an object"),
        (r#"{"nmae":"x"}"#, "nmae", "did you mean `name`?"),
        (r#"{"nmae":null}"#, "nmae", "did you mean `name`?"),
        (r#"{"delivery":{"uri":null}}"#, "delivery.uri", "did you mean `url`?"),
        (r#"{"retry":{"tries":null}}"#, "retry.tries", "known: attempts, backoff"),
        (r#"{"options":{"x":1}}"#, "options.x", "is not an option of this profile"),
        (r#"{"options":7}"#, "options", "must be an object"),
        (r#"{"events":["a b"]}"#, "events[0]", "cannot be the name of an event type"),
        (r#"{"delivery":{"authorization":"********"}}"#, "delivery.authorization", "give the value itself"),
        (
            r#"{"delivery":{"headers":[{"name":"a","value":"1"},{"name":"b","value":"********"}]}}"#,
            "delivery.headers[1].value",
            "is the mask of a value that was not shown to you: give the value itself",
        ),
        (r#"{"delivery":{"method":"GET"}}"#, "delivery.method", "POST, PUT, PATCH"),
        (r#"{"success":[]}"#, "success", "is empty"),
        (r#"{"filter":null}"#, "filter", "is not available in this version"),
        (r#"{"version":7}"#, "version", "is not known here"),
        (r#"{"delivery":null}"#, "delivery", "is required"),
        (r#"{"delivery":{"url":null}}"#, "delivery.url", "is required"),
        (r#"{"delivery":{"url":"https://blocked.example"}}"#, "delivery.url", "is refused"),
        (r#"{"concurrency":0}"#, "concurrency", "from 1 to 1000"),
        (r#"{"secret":"whsec_x"}"#, "secret", "secret/rotate"),
        (r#"{"secret":"********"}"#, "secret", "secret/rotate"),
        (r#"{"secret":null}"#, "secret", "cannot be removed"),
        (r#"{"name":"two","secret":null}"#, "secret", "cannot be removed"),
        (r#"{"options":{"signature":"ed25519"}}"#, "options.signature", "is fixed at creation"),
    ] {
        let (method, path) = ("PATCH", path.as_str());
        Refused { method, path, body, status: 422, code: "invalid", field, says }.check(&app).await;
    }
    let (method, body, code) = ("PATCH", "{\"name\":", "malformed_json");
    Refused { method, path: &path, body, status: 400, code, field: "", says: "line 1" }.check(&app).await;
}

#[tokio::test]
async fn two_changes_at_the_same_time_both_count() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    let slow = app.patch(&path, json!({"delivery": {"url": "https://slow.example"}}));
    let (reply, ()) = tokio::join!(slow, async {
        let check = app.slow_check().await;
        app.patch(&path, json!({"name": "in between"})).await.expect(200);
        drop(check);
        drop(app.slow_check().await);
    });
    let both = reply.expect(200);
    assert_eq!((&both["name"], &both["version"]), (&json!("in between"), &json!(3)));
    assert_eq!(both["delivery"]["url"], "https://slow.example");
}

#[tokio::test]
async fn a_change_that_is_overtaken_twice_is_a_conflict() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    let slow = app.patch(&path, json!({"delivery": {"url": "https://slow.example"}}));
    let (reply, ()) = tokio::join!(slow, async {
        for name in ["first", "second"] {
            let check = app.slow_check().await;
            app.patch(&path, json!({"name": name})).await.expect(200);
            drop(check);
        }
    });
    refusal::check(&reply, 409, "subscription_changed", "", "Read it and try again", "overtaken");
    let shown = app.get(&path).await.expect(200);
    assert_eq!(
        (&shown["name"], &shown["delivery"]["url"]),
        (&json!("second"), &json!("https://example.com"))
    );
}
