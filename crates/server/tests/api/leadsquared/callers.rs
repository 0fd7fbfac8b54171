//! Who may call, how often, and with which methods.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::{Account, LEAD, call_with, check, pair_of, webhook};
use crate::app::{ACME, ADMIN_KEY, Reply};

const UNAUTHORIZED: &str = "MXUnAuthorizedAccessException";
const FORBIDDEN: &str = "MXUnauthorizedRequestException";
const NO_CALL: &str = "MXInvalidAPICallException";
const TOO_OFTEN: &str = "MXAPIRateLimitExceededException";

/// The access key and the secret key of a pair.
fn halves(pair: &str) -> (&str, &str) {
    let (access, secret) = pair.split_once('&').unwrap();
    (access.strip_prefix("accessKey=").unwrap(), secret.strip_prefix("secretKey=").unwrap())
}

#[tokio::test]
async fn whoever_does_not_bring_a_whole_pair_is_refused_and_told_nothing_of_it() {
    let account = Account::new().await;
    let other = pair_of(&account.app, &account.tenant, json!(["subscriptions:read"])).await;
    let ((access, secret), (other_access, other_secret)) = (halves(&account.pair), halves(&other));
    let key = account.app.key(json!({"name": "x", "scopes": ["subscriptions:read"]})).await;
    for query in [
        String::new(),
        format!("accessKey={access}"),
        format!("secretKey={secret}"),
        format!("accessKey={access}&secretKey="),
        format!("accessKey={access}&secretKey={other_secret}"),
        format!("accessKey={other_access}&secretKey={secret}"),
        format!("accessKey={secret}&secretKey={access}"),
        format!("accessKey={access}&secretKey={secret}&secretKey={secret}"),
        format!("accessKey={access}x&secretKey={secret}"),
        format!("accesskey={access}&secretkey={secret}"),
        format!("accessKey={key}&secretKey={key}"),
        format!("accessKey={ADMIN_KEY}&secretKey={ADMIN_KEY}"),
    ] {
        let reply = call_with(&account.app, &query, "Retrieve", "{}").await;
        check(&reply, 401, UNAUTHORIZED, "");
        assert!(!reply.json().to_string().contains("postroad_"), "{query}");
    }
    // A key of the other kind opens nothing here either where the header has it.
    let request =
        Request::post("/v2/Webhook.svc/Retrieve").header("authorization", format!("Bearer {ADMIN_KEY}"));
    let reply = account.app.call(request.body(Body::from("{}")).unwrap()).await;
    check(&reply, 401, UNAUTHORIZED, "`accessKey` and `secretKey` must stand in the query");
    call_with(&account.app, &format!("{}&more=1", account.pair), "Retrieve", "{}").await.expect(200);
}

#[tokio::test]
async fn a_pair_that_was_revoked_or_has_expired_opens_nothing() {
    let account = Account::new().await;
    let keys = format!("{}/keys", account.tenant);
    let body = json!({
        "name": "short", "kind": "leadsquared", "scopes": ["subscriptions:read"],
        "expires_at": "2026-11-21T01:00:00Z",
    });
    let made = account.app.post(&keys, body).await.expect(201);
    let [access, secret] = ["access_key", "secret_key"].map(|name| made[name].as_str().unwrap());
    let short = format!("accessKey={access}&secretKey={secret}");
    call_with(&account.app, &short, "Retrieve", "{}").await.expect(200);
    account.app.clock.advance(Duration::from_secs(3_600));
    let reply = call_with(&account.app, &short, "Retrieve", "{}").await;
    check(&reply, 401, UNAUTHORIZED, "expired at 2026-11-21T01:00:00Z");

    let listed = account.app.get(&keys).await.expect(200);
    assert_eq!(listed["data"][0]["kind"], "leadsquared");
    assert!(!listed.to_string().contains("postroad_"), "{listed}");
    account.retrieve(json!({})).await;
    let id = listed["data"][0]["id"].as_str().unwrap();
    account.app.delete(&format!("{keys}/{id}")).await.expect(204);
    check(&account.call("Retrieve", json!({})).await, 401, UNAUTHORIZED, "was revoked");
}

#[tokio::test]
async fn each_call_needs_its_scope() {
    let account = Account::new().await;
    let id = account.create(webhook(LEAD)).await;
    let reader = pair_of(&account.app, &account.tenant, json!(["subscriptions:read"])).await;
    let writer = pair_of(&account.app, &account.tenant, json!(["subscriptions:write"])).await;
    let publisher = pair_of(&account.app, &account.tenant, json!(["events:write", "deliveries:read"])).await;
    let delete = async |pair: &str| account.get(&format!("Delete?webhookId={id}&{pair}")).await;
    for pair in [&reader, &publisher] {
        for call in ["Create", "Update"] {
            check(&call_with(&account.app, pair, call, "{").await, 403, FORBIDDEN, "`subscriptions:write`");
        }
        check(&delete(pair).await, 403, FORBIDDEN, "`subscriptions:write`");
    }
    for pair in [&writer, &publisher] {
        check(&call_with(&account.app, pair, "Retrieve", "{").await, 403, FORBIDDEN, "`subscriptions:read`");
    }
    call_with(&account.app, &reader, "Retrieve", "{}").await.expect(200);
    call_with(&account.app, &writer, "Create", &webhook(LEAD).to_string()).await.expect(200);
    delete(&writer).await.expect(200);
}

#[tokio::test]
async fn the_account_is_that_of_the_pair_and_sees_no_other() {
    let account = Account::new().await;
    let id = account.create(webhook(LEAD)).await;
    let body = json!({"profile": "leadsquared", "options": {}});
    account.app.put("/v1/tenants/other", body).await.expect(201);
    let scopes = json!(["subscriptions:read", "subscriptions:write"]);
    let other = pair_of(&account.app, "/v1/tenants/other", scopes).await;
    let found = call_with(&account.app, &other, "Retrieve", "{}").await.expect(200);
    assert_eq!(found["RecordCount"], 0);
    let update = json!({"WebhookId": id, "Description": "mine"}).to_string();
    let reply = call_with(&account.app, &other, "Update", &update).await;
    check(&reply, 400, "MXInvalidDataTypeException", "is the id of no webhook of this account");
    let reply = account.get(&format!("Delete?webhookId={id}&{other}")).await;
    check(&reply, 400, "MXInvalidDataTypeException", "is the id of no webhook of this account");
    assert_eq!(account.webhook(&id).await["Description"], "");
}

#[tokio::test]
async fn an_account_that_has_another_profile_now_has_this_api_no_more() {
    let account = Account::new().await;
    account.retrieve(json!({})).await;
    account.app.put(&account.tenant, json!({"profile": "standard"})).await.expect(200);
    check(&account.call("Retrieve", json!({})).await, 403, FORBIDDEN, "another profile now");
    account.app.delete(&account.tenant).await.expect(204);
    check(&account.call("Retrieve", json!({})).await, 401, UNAUTHORIZED, "is not valid");
}

#[tokio::test]
async fn a_pair_calls_25_times_in_any_five_seconds_and_another_pair_has_its_own_25() {
    let account = Account::new().await;
    let other = pair_of(&account.app, &account.tenant, json!(["subscriptions:read"])).await;
    let call = async || account.call("Retrieve", json!({})).await;
    for _ in 0..20 {
        call().await.expect(200);
    }
    account.app.clock.advance(Duration::from_secs(4));
    for _ in 0..5 {
        call().await.expect(200);
    }
    let refused = call().await;
    check(&refused, 429, TOO_OFTEN, "as often as it may");
    assert_eq!(refused.header("retry-after"), "1");
    check(&account.get(&format!("Delete?webhookId=x&{}", account.pair)).await, 429, TOO_OFTEN, "");
    call_with(&account.app, &other, "Retrieve", "{}").await.expect(200);
    // The first 20 are over, the 5 of a moment ago are not.
    account.app.clock.advance(Duration::from_secs(1));
    for _ in 0..20 {
        call().await.expect(200);
    }
    let refused = call().await;
    check(&refused, 429, TOO_OFTEN, "as often as it may");
    assert_eq!(refused.header("retry-after"), "4");
}

#[tokio::test]
async fn each_call_has_one_method_and_what_is_no_call_is_told_so() {
    let account = Account::new().await;
    let id = account.create(webhook(LEAD)).await;
    let send = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        account.app.call(request.body(Body::empty()).unwrap()).await
    };
    let of = |reply: &Reply| (reply.status.as_u16(), reply.header("allow").to_owned());
    for call in ["Create", "Update", "Retrieve"] {
        for method in ["GET", "PUT", "DELETE", "HEAD"] {
            let reply = send(method, &format!("/v2/Webhook.svc/{call}?{}", account.pair)).await;
            assert_eq!(of(&reply), (405, "POST".to_owned()), "{method} {call}");
        }
    }
    for method in ["POST", "DELETE", "HEAD"] {
        let reply = send(method, &format!("/v2/Webhook.svc/Delete?webhookId={id}&{}", account.pair)).await;
        assert_eq!(of(&reply), (405, "GET".to_owned()), "{method}");
        if method != "HEAD" {
            check(&reply, 405, NO_CALL, "This call takes GET and no other method.");
        }
    }
    for path in ["", "/", "/create", "/Create/", "/Webhooks.Get", "/Delete/x"] {
        for method in ["GET", "POST"] {
            let reply = send(method, &format!("/v2/Webhook.svc{path}?{}", account.pair)).await;
            check(&reply, 404, NO_CALL, "There are POST Create, POST Update, POST Retrieve and GET Delete.");
        }
    }
    assert_eq!(account.webhook(&id).await["WebhookId"], json!(id));
}

#[tokio::test]
async fn a_product_that_has_little_of_this_one_can_have_its_api_too() {
    let account = Account::of("market", json!({})).await;
    let id = account.create(webhook("7")).await;
    let shown = account.webhook(&id).await;
    assert_eq!((&shown["EventCode"], &shown["EventName"]), (&json!("sold"), &json!("sold")));
    check(
        &account.call("Create", webhook("")).await,
        400,
        "MXInvalidDataTypeException",
        "`WebhookEvent` is required.",
    );
    // Where the profile lets `/v1` name several events, they stay.
    account.app.patch(&account.native(&id), json!({"events": ["sold", "bought"]})).await.expect(200);
    account.call("Update", json!({"WebhookId": id, "Description": "both"})).await.expect(200);
    let native = account.app.get(&account.native(&id)).await.expect(200);
    assert_eq!((&native["events"], &native["description"]), (&json!(["sold", "bought"]), &json!("both")));
    let second = account.create(webhook("bought")).await;
    assert_eq!(account.webhook(&second).await["WebhookEvent"], Value::Null);
    let mut body = webhook("7");
    body["ActivityEvent"] = json!("22");
    let reply = account.call("Create", body).await;
    check(&reply, 400, "MXInvalidDataTypeException", "`ActivityEvent` is not an option");
    // No other tenant of another profile has it.
    let body = json!({"name": "x", "kind": "leadsquared", "scopes": ["subscriptions:read"]});
    account.app.post(&format!("{ACME}/keys"), body).await.expect(422);
}
