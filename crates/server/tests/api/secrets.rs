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
    let signatures = app.exchange().await.request.headers["webhook-signature"].to_str().unwrap().to_owned();
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
    let signatures = app.exchange().await.request.headers["webhook-signature"].to_str().unwrap().to_owned();
    assert_eq!(signatures.split(' ').count(), 1);
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
