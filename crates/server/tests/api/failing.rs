//! Subscriptions whose deliveries fail: how that is shown, and how they become active again.

use postroad_domain::{Clock, time::parse_time};
use postroad_testkit::within;
use serde_json::{Value, json};

use crate::app::App;

/// A subscription of a profile by which three failures make it inactive, and its tenant's path.
async fn subscribed(app: &App) -> (String, String) {
    let tenant = app.tenant("kiln", json!({})).await;
    let (path, created) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://k.example"}})).await;
    assert!(created.get("failures").is_none() && created.get("inactive_reason").is_none(), "{created}");
    (tenant, path)
}

/// An event whose delivery is answered so; answers the event's path.
async fn answered(app: &App, tenant: &str, status: u16, reaches: &str) -> String {
    let event = app.post(&format!("{tenant}/events"), json!({"type": "fired", "data": {}})).await.expect(202);
    app.exchange().await.answer(status, b"");
    let event = event["id"].as_str().unwrap();
    let page = app.get(&format!("{tenant}/deliveries?event={event}")).await.expect(200);
    let delivery = page["data"][0]["id"].as_str().unwrap();
    app.reaches(&format!("{tenant}/deliveries/{delivery}"), reaches).await;
    format!("{tenant}/events/{event}")
}

async fn inactive(app: &App, path: &str) -> Value {
    let inactive = async {
        loop {
            let reply = app.get(path).await;
            let tag = reply.header("etag").to_owned();
            let shown = reply.expect(200);
            if shown["active"] == false {
                assert_eq!(tag, "\"v1.failing\"");
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    within("an inactive subscription", inactive).await
}

#[tokio::test]
async fn failures_are_shown_with_their_number_and_since_when() {
    let app = App::new().await;
    let (tenant, path) = subscribed(&app).await;
    let before = app.get(&path).await.expect(200);
    let since = app.clock.now();
    for count in 1..=2 {
        answered(&app, &tenant, 500, "failed").await;
        let shown = app.get(&path).await.expect(200);
        assert_eq!(shown["failures"]["count"], count);
        assert!(parse_time(shown["failures"]["since"].as_str().unwrap()).unwrap() >= since);
        let listed = app.get(&format!("{tenant}/subscriptions")).await.expect(200);
        assert_eq!(listed["data"][0]["failures"], shown["failures"]);
    }
    answered(&app, &tenant, 200, "succeeded").await;
    assert_eq!(app.get(&path).await.expect(200), before);
}

#[tokio::test]
async fn a_subscription_that_failed_too_often_says_so_and_is_activated_by_a_patch() {
    let app = App::new().await;
    let (tenant, path) = subscribed(&app).await;
    for _ in 0..3 {
        answered(&app, &tenant, 500, "failed").await;
    }
    let shown = inactive(&app, &path).await;
    assert_eq!((&shown["inactive_reason"], &shown["version"]), (&json!("failing"), &json!(1)));
    assert_eq!((&shown["failures"]["count"], &shown["inactive_since"]), (&json!(3), &shown["updated_at"]));

    let missed =
        app.post(&format!("{tenant}/events"), json!({"type": "fired", "data": {}})).await.expect(202);
    assert_eq!(missed["deliveries"], 0);
    let explain = format!("{tenant}/events/{}/explain", missed["id"].as_str().unwrap());
    let told = app.get(&explain).await.expect(200)["data"][0].clone();
    assert_eq!((&told["outcome"], &told["why"]), (&json!("inactive"), &json!("failing")));
    assert_eq!(told["at"], shown["inactive_since"]);
    let entries = app.get("/v1/audit?action=subscription.failing").await.expect(200);
    assert_eq!(entries["data"][0]["actor"], "system");
    let figures = String::from_utf8(app.get("/metrics").await.body.to_vec()).unwrap();
    assert!(
        figures.contains("postroad_subscriptions_deactivated_total{reason=\"failing\"} 1\n"),
        "{figures}"
    );

    let renamed = app.patch(&path, json!({"name": "x"})).await;
    assert_eq!(renamed.header("etag"), "\"v2.failing\"");
    assert_eq!(renamed.expect(200)["failures"]["count"], 3);
    let active = app.patch(&path, json!({"active": true})).await;
    assert_eq!(active.header("etag"), "\"v3\"");
    let active = active.expect(200);
    for gone in ["failures", "inactive_reason", "inactive_since"] {
        assert!(active.get(gone).is_none(), "{gone}");
    }
    answered(&app, &tenant, 500, "failed").await;
    assert_eq!(app.get(&path).await.expect(200)["failures"]["count"], 1);
}

#[tokio::test]
async fn a_profile_says_after_how_many_failures() {
    let app = App::new().await;
    for (name, failures) in [("kiln", json!(3)), ("standard", json!(null))] {
        let shown = app.get(&format!("/v1/profiles/{name}")).await.expect(200);
        assert_eq!(shown["policy"]["deactivate_after_failures"], failures, "{name}");
    }
}
