//! `/v1/tenants/{tenant}/subscriptions/{id}/secret`

use serde_json::json;

use crate::{
    app::{ACME, App},
    refusal::{self, Refused},
};

async fn subscribed(app: &App) -> (String, String) {
    let created = app.subscribe_to("https://example.com").await;
    let path = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    (path, created["secret"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_secret_is_shown_where_it_is_asked_for_and_nowhere_else() {
    let app = App::new().await;
    let (path, secret) = subscribed(&app).await;
    assert_eq!(app.get(&format!("{path}/secret")).await.expect(200), json!({"secret": secret}));
    for reply in [
        app.get(&path).await,
        app.patch(&path, json!({"name": "x"})).await,
        app.get(&format!("{ACME}/subscriptions")).await,
    ] {
        assert!(!String::from_utf8_lossy(&reply.body).contains(&secret));
    }
}

#[tokio::test]
async fn while_the_grace_lasts_requests_carry_a_signature_of_each_secret() {
    let app = App::new().await;
    let (path, old) = subscribed(&app).await;
    let rotated = app.send("POST", &format!("{path}/secret/rotate"), "").await.expect(200);
    assert_ne!(rotated["secret"], old);
    assert_eq!(app.get(&format!("{path}/secret")).await.expect(200), rotated);
    app.publish(json!({"type": "a", "data": 1})).await;
    let signatures = app.exchange().await.header("webhook-signature").unwrap().to_owned();
    assert_eq!(signatures.split(' ').count(), 2);
}

#[tokio::test]
async fn a_rotation_takes_the_callers_secret_and_no_grace() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = json!({"secret": own, "grace": "0s"});
    assert_eq!(app.post(&format!("{path}/secret/rotate"), body).await.expect(200), json!({"secret": own}));
    app.publish(json!({"type": "a", "data": 1})).await;
    let signatures = app.exchange().await.header("webhook-signature").unwrap().to_owned();
    assert_eq!(signatures.split(' ').count(), 1);
}

#[tokio::test]
async fn an_optional_secret_is_null_until_it_is_given_and_null_removes_it() {
    let app = App::new().await;
    let tenant = app.tenant("leadhub", json!({})).await;
    let body = json!({"name": "x", "events": ["lead.created"], "delivery": {"url": "https://e.com"}});
    let (path, created) = app.subscribe_in(&tenant, body).await;
    assert_eq!((&created["secret"], created.get("public_key")), (&json!(null), None));
    assert_eq!(app.get(&path).await.expect(200)["secret"], json!(null));
    assert_eq!(app.get(&format!("{path}/secret")).await.expect(200), json!({"secret": null}));

    let rotated = app.post(&format!("{path}/secret/rotate"), json!({"secret": "s3cr3t"})).await.expect(200);
    assert_eq!(rotated, json!({"secret": "s3cr3t"}));
    assert_eq!(app.get(&path).await.expect(200)["secret"], "********");
    let both = app.patch(&path, json!({"name": "two", "secret": null})).await;
    // Settings and secret change in one version.
    assert_eq!(both.header("etag"), "\"v3\"");
    let both = both.expect(200);
    assert_eq!((&both["name"], &both["secret"]), (&json!("two"), &json!(null)));

    app.post(&format!("{path}/secret/rotate"), json!({})).await.expect(200);
    let alone = app.patch(&path, json!({"secret": null})).await.expect(200);
    assert_eq!((&alone["secret"], &alone["version"]), (&json!(null), &json!(5)));
    // Where there is none, nothing is to be removed.
    app.patch(&path, json!({"secret": null, "name": "three"})).await.expect(200);
    app.post(&format!("{tenant}/events"), json!({"type": "lead.created", "data": {}})).await.expect(202);
    assert_eq!(app.exchange().await.header("x-leadhub-signature"), None);
}

#[tokio::test]
async fn a_secret_that_cannot_be_removed_leaves_the_rest_of_the_patch_undone() {
    let app = App::new().await;
    let tenant = app.tenant("leadhub", json!({})).await;
    let body = json!({
        "name": "x", "events": ["lead.created"], "secret": "s3cr3t", "delivery": {"url": "https://e.com"},
    });
    let (path, created) = app.subscribe_in(&tenant, body).await;
    assert_eq!(created["secret"], "s3cr3t");
    app.patch(&path, json!({"secret": null, "events": ["lead.made"]})).await.expect(422);
    let shown = app.get(&path).await.expect(200);
    assert_eq!((&shown["secret"], &shown["version"]), (&json!("********"), &json!(1)));
}

#[tokio::test]
async fn a_profile_with_one_signature_rotates_at_once() {
    let app = App::new().await;
    let tenant = app.tenant("leanbe", json!({})).await;
    let (path, created) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await;
    assert_eq!(created["secret"].as_str().unwrap().len(), 64);
    let rotate = format!("{path}/secret/rotate");
    let reply = app.post(&rotate, json!({"grace": "1h"})).await;
    refusal::check(&reply, 422, "invalid", "grace", "carries one signature", "a grace");
    app.post(&rotate, json!({"grace": "0s"})).await.expect(200);
    let own = json!({"secret": "leanbe-test-secret"});
    assert_eq!(app.post(&rotate, own.clone()).await.expect(200), own);
    for _ in 0..6 {
        app.post(&rotate, json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_profile_that_does_not_sign_has_no_secret() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let (path, created) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await;
    assert_eq!(created["secret"], json!(null));
    assert_eq!(app.get(&format!("{path}/secret")).await.expect(200), json!({"secret": null}));
    let reply = app.post(&format!("{path}/secret/rotate"), json!({})).await;
    refusal::check(&reply, 422, "invalid", "secret", "does not sign", "rotate");
}

#[tokio::test]
async fn a_rotation_that_cannot_be_is_refused() {
    let app = App::new().await;
    let (path, _) = subscribed(&app).await;
    let path = format!("{path}/secret/rotate");
    for (body, field, says) in [
        (r#"{"grace":"8d"}"#, "grace", "must be from 0s to 7d"),
        (r#"{"grace":"soon"}"#, "grace", "such as 500ms"),
        (r#"{"secret":"whsec_short"}"#, "secret", "24 to 64 random bytes"),
        (r#"{"graze":"1h"}"#, "graze", "did you mean `grace`?"),
        ("[]", "", "must be an object"),
    ] {
        Refused { method: "POST", path: &path, body, status: 422, code: "invalid", field, says }
            .check(&app)
            .await;
    }
    for _ in 0..4 {
        app.post(&path, json!({})).await.expect(200);
    }
    let reply = app.post(&path, json!({})).await;
    refusal::check(&reply, 409, "too_many_secrets", "", "set `grace` to 0s", "the sixth");
}
