//! Options that a profile keeps like a secret: taken, sent, never shown.

use serde_json::{Value, json};

use crate::app::{App, Reply};

fn shows(reply: &Reply, text: &str) -> bool {
    String::from_utf8_lossy(&reply.body).contains(text)
}

/// What the next request says the option is.
async fn sent(app: &App, tenant: &str) -> String {
    app.post(&format!("{tenant}/events"), json!({"type": "job.done", "data": {"id": 1}})).await.expect(202);
    let exchange = app.exchange().await;
    let key = exchange.header("x-workshop-key").unwrap().to_owned();
    exchange.answer(200, b"");
    key
}

#[tokio::test]
async fn a_secret_option_of_a_subscription_is_masked_wherever_it_is_shown() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let body = json!({"delivery": {"url": "https://e.com"}, "options": {"password": "pass-word"}});
    let created = app.post(&format!("{tenant}/subscriptions"), body).await;
    let path = format!("{tenant}/subscriptions/{}", created.json()["id"].as_str().unwrap());
    let masked = json!({"password": "********"});
    for reply in [created, app.get(&path).await, app.get(&format!("{tenant}/subscriptions")).await] {
        assert!(!shows(&reply, "pass-word") && shows(&reply, &masked.to_string()), "{reply:?}");
    }
    // A patch that does not name it, and one that gives back what was shown, leave it as it is.
    for patch in [json!({"name": "x"}), json!({"options": masked})] {
        assert_eq!(app.patch(&path, patch).await.expect(200)["options"], masked);
        assert_eq!(sent(&app, &tenant).await, "pass-word");
    }
    app.patch(&path, json!({"options": {"password": "other"}})).await.expect(200);
    assert_eq!(sent(&app, &tenant).await, "other");
    assert_eq!(app.patch(&path, json!({"options": null})).await.expect(200)["options"], json!({}));
    assert_eq!(sent(&app, &tenant).await, "none");
}

#[tokio::test]
async fn a_secret_option_of_a_tenant_is_masked_wherever_it_is_shown() {
    let app = App::new().await;
    let path = "/v1/tenants/t";
    let body = json!({"profile": "workshop", "options": {"password": "pass-word"}});
    for reply in [app.put(path, body).await, app.get(path).await, app.get("/v1/tenants").await] {
        assert!(!shows(&reply, "pass-word") && shows(&reply, r#"{"password":"********"}"#), "{reply:?}");
    }
    app.subscribe_in(path, json!({"delivery": {"url": "https://e.com"}})).await;
    assert_eq!(sent(&app, path).await, "pass-word");
}

#[tokio::test]
async fn a_mask_is_never_taken_for_a_value() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let url = json!({"url": "https://e.com"});
    let masked = json!({"password": "********"});
    let (path, _) = app.subscribe_in(&tenant, json!({"delivery": url})).await;
    for reply in [
        app.post(&format!("{tenant}/subscriptions"), json!({"delivery": url, "options": masked})).await,
        app.patch(&path, json!({"options": masked})).await,
        app.put(&tenant, json!({"profile": "workshop", "options": masked})).await,
    ] {
        let problem: Value = reply.expect(422);
        assert_eq!(problem["errors"][0]["field"], "options.password", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("write the value itself"), "{problem}");
    }
}
