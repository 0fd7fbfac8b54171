//! Endpoints that a tenant keeps under names, and subscriptions that are sent to one, in LeadSquared's words: Lapps.

use serde_json::{Value, json};

use crate::{
    app::{App, Reply},
    refusal::{self, Refused},
};

const KEY: &str = "key-of-the-function";
const MASK: &str = "********";

fn lapp(name: &str) -> Value {
    json!({"name": name, "url": format!("https://{name}.example/f?a=1"), "api_key": KEY})
}

/// A webhook to a function, or with what else is said.
fn to_lapp(lapp: Value) -> Value {
    json!({"events": ["Lead_Post_Create"], "options": {"type": "lapp", "lapp": lapp, "probe": "off"}})
}

async fn account(app: &App) -> String {
    app.tenant("leadsquared", json!({"lapps": [lapp("score"), lapp("other")]})).await
}

fn shows_the_key(reply: &Reply) -> bool {
    String::from_utf8_lossy(&reply.body).contains(KEY)
}

#[tokio::test]
async fn a_subscription_to_an_endpoint_is_made_shown_tested_and_changed() {
    let app = App::new().await;
    let tenant = account(&app).await;
    let created = app.post(&format!("{tenant}/subscriptions"), to_lapp(json!("score"))).await;
    let path = format!("{tenant}/subscriptions/{}", created.json()["id"].as_str().unwrap());
    for shown in [created.expect(201), app.get(&path).await.expect(200)] {
        assert_eq!(shown["delivery"]["url"], Value::Null, "{shown}");
        assert_eq!(
            (&shown["delivery"]["method"], &shown["options"]["lapp"]),
            (&json!("POST"), &json!("score"))
        );
    }
    // What was read is taken again as it is.
    let read = app.get(&path).await.expect(200);
    let again = json!({"delivery": read["delivery"], "options": read["options"]});
    assert_eq!(app.patch(&path, again).await.expect(200)["updated_at"], read["updated_at"]);

    let preview = app.post(&format!("{path}/preview"), json!({})).await;
    assert!(!shows_the_key(&preview), "{}", preview.json());
    let preview = preview.expect(200);
    assert!(
        preview["url"].as_str().unwrap().starts_with("https://score.example/f?a=1&entityType="),
        "{preview}"
    );

    let test = format!("{path}/test");
    let (tested, ()) = tokio::join!(app.send("POST", &test, ""), async {
        let exchange = app.exchange().await;
        assert_eq!(exchange.header("x-api-key"), Some(KEY));
        exchange.answer(200, b"");
    });
    assert!(!shows_the_key(&tested), "{}", tested.json());
    let logged = app.get(&format!("{tenant}/deliveries/{}", tested.json()["id"].as_str().unwrap())).await;
    assert!(!shows_the_key(&logged), "{}", logged.json());

    let back =
        json!({"delivery": {"url": "https://own.example/"}, "options": {"type": "webhook", "lapp": null}});
    let changed = app.patch(&path, back).await.expect(200);
    assert_eq!(
        (&changed["delivery"]["url"], &changed["options"]["lapp"]),
        (&json!("https://own.example/"), &Value::Null)
    );
    let there = json!({"delivery": null, "options": {"type": "lapp", "lapp": "other"}});
    assert_eq!(app.patch(&path, there).await.expect(200)["options"]["lapp"], "other");
}

#[tokio::test]
async fn the_keys_of_a_tenants_endpoints_are_masked_wherever_they_are_shown() {
    let app = App::new().await;
    let path = "/v1/tenants/t";
    let body = json!({"profile": "leadsquared", "options": {"lapps": [lapp("score")]}});
    for reply in [app.put(path, body).await, app.get(path).await, app.get("/v1/tenants").await] {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(
            !shows_the_key(&reply) && text.contains(MASK) && text.contains("https://score.example/f?a=1"),
            "{text}"
        );
    }
    let created = app.post(&format!("{path}/subscriptions"), to_lapp(lapp("new"))).await;
    assert!(!shows_the_key(&created), "{}", created.json());
    assert_eq!(created.expect(201)["options"]["lapp"], "new");
    let tenant = app.get(path).await.expect(200);
    let masked = json!({"name": "new", "url": "https://new.example/f?a=1", "api_key": MASK});
    assert_eq!(tenant["options"]["lapps"][1], masked);
    let audit = app.get("/v1/audit").await;
    assert!(!shows_the_key(&audit), "{}", audit.json());
    let audit = audit.expect(200);
    let entries = audit["data"].as_array().unwrap();
    let changed = entries.iter().find(|entry| entry["action"] == "tenant.changed").unwrap();
    let after = &changed["changes"]["options.lapps"]["after"];
    assert_eq!(
        after[1],
        json!({"name": "new", "url": "https://new.example/f?a=***", "api_key": MASK}),
        "{changed}"
    );
}

#[tokio::test]
async fn what_cannot_be_of_endpoints_is_refused_by_its_field() {
    let app = App::new().await;
    let tenant = account(&app).await;
    let path = &format!("{tenant}/subscriptions");
    let with = |change: Value| {
        let mut body = to_lapp(json!("score"));
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let mut masked = lapp("new");
    masked["api_key"] = json!(MASK);
    let mut blocked = lapp("new");
    blocked["url"] = json!("https://blocked.example");
    let header = json!({"headers": [{"name": "X_Api_Key", "value": "1"}]});
    for (body, field, says) in [
        (to_lapp(json!("none")), "options.lapp", "none of the tenant's `options.lapps`"),
        (to_lapp(json!(7)), "options.lapp", "must be an object with `name`, `url` and `api_key`"),
        (to_lapp(json!({"name": "new"})), "options.lapp.url", "is required"),
        (to_lapp(masked), "options.lapp.api_key", "write the value itself"),
        (to_lapp(blocked), "options.lapp.url", "is refused: its address is private"),
        (
            to_lapp(json!({"name": "score", "url": "https://e.com", "api_key": "k"})),
            "options.lapp.name",
            "is taken",
        ),
        (
            with(json!({"delivery": {"url": "https://e.com"}})),
            "delivery.url",
            "no place beside `options.lapp`",
        ),
        (with(json!({"delivery": {"method": "GET"}})), "delivery.method", "must be POST where an endpoint"),
        (with(json!({"delivery": header})), "delivery.headers[0].name", "gateways"),
        (with(json!({"options": {"type": "lapp"}})), "options.lapp", "is required where `type` is \"lapp\""),
        (with(json!({"options": {"lapp": "score"}})), "options.lapp", "belongs to `type` \"lapp\""),
        (with(json!({"options": {}})), "delivery.url", "is required, or `options.lapp` in its place"),
    ] {
        let body = &body.to_string();
        Refused { method: "POST", path, body, status: 422, code: "invalid", field, says }.check(&app).await;
    }
    app.subscribe_in(&tenant, to_lapp(json!("score"))).await;
    let options = |lapps: Value| json!({"profile": "leadsquared", "options": {"lapps": lapps}}).to_string();
    let mut masked = lapp("score");
    masked["api_key"] = json!(MASK);
    let mut moved = masked.clone();
    moved["url"] = json!("https://elsewhere.example/");
    for (lapps, field, says) in [
        (json!([lapp("other")]), "options.lapps", "has no score any more, to which the subscription sub_"),
        (json!([moved]), "options.lapps[0].api_key", "write the value itself"),
        (json!([lapp("score"), lapp("blocked")]), "options.lapps[1].url", "is refused"),
        (
            json!([lapp("score"), {"name": "x", "url": "ftp://x", "api_key": "k"}]),
            "options.lapps[1].url",
            "only http",
        ),
    ] {
        let body = &options(lapps);
        Refused { method: "PUT", path: &tenant, body, status: 422, code: "invalid", field, says }
            .check(&app)
            .await;
    }
}

#[tokio::test]
async fn what_a_tenant_shows_of_its_endpoints_can_be_sent_back_and_keeps_their_keys() {
    let app = App::new().await;
    let tenant = account(&app).await;
    app.subscribe_in(&tenant, to_lapp(json!("score"))).await;
    let shown = app.get(&tenant).await.expect(200);
    assert_eq!(shown["options"]["lapps"][0]["api_key"], MASK, "{shown}");
    let body = json!({"profile": "leadsquared", "name": "renamed", "options": shown["options"]});
    app.put(&tenant, body).await.expect(200);
    app.post(&format!("{tenant}/events"), json!({"type": "Lead_Post_Create", "data": {}})).await.expect(202);
    let exchange = app.exchange().await;
    assert!(exchange.header("x-api-key").is_some_and(|key| !key.is_empty() && key != MASK));
    exchange.answer(200, b"");
}

#[tokio::test]
async fn a_webhook_may_have_a_header_of_the_name_that_goes_to_endpoints() {
    let app = App::new().await;
    let tenant = account(&app).await;
    let delivery = json!({"url": "https://own.example", "headers": [{"name": "x-api-key", "value": "own"}]});
    let body = json!({"events": ["Lead_Post_Create"], "options": {"probe": "off"}, "delivery": delivery});
    let (path, _) = app.subscribe_in(&tenant, body).await;
    app.post(&format!("{tenant}/events"), json!({"type": "Lead_Post_Create", "data": {}})).await.expect(202);
    let exchange = app.exchange().await;
    assert_eq!(exchange.header("x-api-key"), Some("own"));
    exchange.answer(200, b"");
    let there = app
        .patch(&path, json!({"delivery": {"url": null}, "options": {"type": "lapp", "lapp": "score"}}))
        .await;
    refusal::check(
        &there,
        422,
        "invalid",
        "delivery.headers[0].name",
        "writes itself",
        "the header would be lost",
    );
}
