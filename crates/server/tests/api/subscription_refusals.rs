//! What a subscription cannot be.

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::{Refused, fields},
};

const SUBSCRIPTIONS: &str = "/v1/tenants/acme/subscriptions";
const URL: &str = "https://example.com";

async fn refuse(app: &App, body: &Value, field: &str, says: &str) {
    let body = body.to_string();
    let (method, path) = ("POST", SUBSCRIPTIONS);
    Refused { method, path, body: &body, status: 422, code: "invalid", field, says }.check(app).await;
}

#[tokio::test]
async fn a_setting_that_is_not_valid_is_refused_by_its_field() {
    let app = App::new().await;
    for (name, value, field, says) in [
        ("name", json!(""), "name", "1 to 255 characters"),
        ("name", json!("n".repeat(256)), "name", "1 to 255 characters"),
        ("description", json!("d".repeat(4_097)), "description", "0 to 4096 characters"),
        ("active", json!("yes"), "active", "must be true or false, not a string"),
        ("events", json!("a"), "events", "must be a list, not a string"),
        ("events", json!(["a", "b c"]), "events[1]", "must be 1 to 128 letters, digits"),
        ("events", json!(["a", ""]), "events[1]", "1 to 255 characters"),
        ("events", json!(["a", "e".repeat(256)]), "events[1]", "1 to 255 characters"),
        ("events", json!([7]), "events[0]", "must be a string, not a number"),
        ("events", json!(vec!["a"; 501]), "events", "holds 501 values; 500 are allowed"),
        ("tag_sets", json!(["a"]), "tag_sets[0]", "must be a list"),
        ("tag_sets", json!([["a"], ["b", ""]]), "tag_sets[1][1]", "1 to 128 characters"),
        ("tag_sets", json!(vec![["a"]; 101]), "tag_sets", "100 are allowed"),
        ("tag_sets", json!([["a"], []]), "tag_sets[1]", "is empty"),
        ("concurrency", json!(0), "concurrency", "from 1 to 1000"),
        ("concurrency", json!(1_001), "concurrency", "from 1 to 1000"),
        ("concurrency", json!(1.5), "concurrency", "must be a whole number"),
        ("concurrency", json!("8"), "concurrency", "must be a number, not a string"),
        ("retry", json!(3), "retry", "must be an object, not a number"),
        ("retry", json!({"attempts": 31}), "retry.attempts", "from 1 to 30"),
        ("retry", json!({"backoff": ["10s", "soon"]}), "retry.backoff[1]", "such as 500ms, 10s"),
        ("retry", json!({"backoff": ["8d"]}), "retry.backoff[0]", "must be from 0s to 7d"),
        ("retry", json!({"backoff": [10]}), "retry.backoff[0]", "must be a string, not a number"),
        ("retry", json!({"backoff": vec!["1s"; 30]}), "retry.backoff", "29 are allowed"),
        ("retry", json!({"attempts": 2, "backoff": []}), "retry.backoff", "is empty"),
        ("retry", json!({"atempts": 2}), "retry.atempts", "did you mean `attempts`?"),
        ("timeout", json!("500ms"), "timeout", "must be from 1s to 1m"),
        ("timeout", json!("61s"), "timeout", "must be from 1s to 1m"),
        ("timeout", json!(15), "timeout", "must be a string, not a number"),
        ("success", json!("2xx"), "success", "must be a list, not a string"),
        ("success", json!([]), "success", "is empty"),
        ("success", json!([200]), "success[0]", "must be a string, not a number"),
        ("success", json!(["2xx", ""]), "success[1]", "1 to 16 characters"),
        ("success", json!(vec!["200"; 21]), "success", "20 are allowed"),
        ("success", json!(["2xx", "302"]), "success", "a redirect is never a success"),
        ("options", json!([]), "options", "must be an object, not a list"),
        ("options", json!({"signature": "md5"}), "options.signature", "must be one of"),
        ("options", json!({"sign": 1}), "options.sign", "the nearest one is signature"),
        ("secret", json!("geheim"), "secret", "24 to 64 random bytes"),
        ("secret", json!(1), "secret", "must be a string"),
        ("event", json!(["a"]), "event", "did you mean `events`?"),
    ] {
        let mut body = json!({"delivery": {"url": URL}});
        body[name] = value;
        refuse(&app, &body, field, says).await;
    }
}

#[tokio::test]
async fn a_delivery_that_cannot_be_made_is_refused_by_its_field() {
    let app = App::new().await;
    refuse(&app, &json!({}), "delivery", "is required").await;
    refuse(&app, &json!({"delivery": URL}), "delivery", "must be an object, not a string").await;
    for (name, value, field, says) in [
        ("url", json!(null), "delivery.url", "is required"),
        ("url", json!(7), "delivery.url", "must be a string"),
        ("url", json!("example.com"), "delivery.url", "such as https://example.com/hook"),
        ("url", json!("ftp://example.com"), "delivery.url", "only http and https"),
        ("url", json!("https://a:b@example.com"), "delivery.url", "delivery.authorization"),
        ("url", json!("https://blocked.example"), "delivery.url", "is refused: its address is private"),
        ("method", json!("GET"), "delivery.method", "POST, PUT, PATCH"),
        ("method", json!("post"), "delivery.method", "POST, PUT, PATCH"),
        ("method", json!(""), "delivery.method", "1 to 255 characters"),
        ("method", json!(7), "delivery.method", "must be a string, not a number"),
        ("content_type", json!("text/xml"), "delivery.content_type", "must be application/json"),
        ("content_type", json!(false), "delivery.content_type", "must be a string"),
        ("authorization", json!("a\r\nb"), "delivery.authorization", "line break"),
        ("authorization", json!(""), "delivery.authorization", "1 to 4096 bytes"),
        (
            "authorization",
            json!("********"),
            "delivery.authorization",
            "is the mask of a value that was not shown",
        ),
        ("http_version", json!("3"), "delivery.http_version", "must be \"1.1\" or \"2\""),
        ("http_version", json!(2), "delivery.http_version", "must be a string, not a number"),
        ("tls", json!("x"), "delivery.tls", "must be an object, not a string"),
        ("tls", json!({"cert": "x"}), "delivery.tls.cert", "known: client_certificate, client_key, ca"),
        ("tls", json!({"ca": 1}), "delivery.tls.ca", "must be a string, not a number"),
        ("tls", json!({"ca": "x".repeat(32_769)}), "delivery.tls.ca", "longer than 32768 bytes"),
        ("tls", json!({"ca": "x"}), "delivery.tls.ca", "holds no certificate: it must be PEM"),
        (
            "tls",
            json!({"client_key": "x"}),
            "delivery.tls.client_certificate",
            "required beside `client_key`",
        ),
        ("tls", json!({"client_key": "********"}), "delivery.tls.client_key", "write the value itself"),
        ("type", json!("poll"), "delivery.type", "must be push"),
        ("type", json!("pull"), "delivery.type", "not available in this version"),
        ("uri", json!("x"), "delivery.uri", "did you mean `url`?"),
        ("headers", json!({}), "delivery.headers", "must be a list, not an object"),
        ("headers", json!(["x"]), "delivery.headers[0]", "must be an object"),
    ] {
        let mut body = json!({"delivery": {"url": URL}});
        body["delivery"][name] = value;
        refuse(&app, &body, field, says).await;
    }
}

#[tokio::test]
async fn a_header_that_must_not_be_sent_is_refused_by_name_or_value() {
    let app = App::new().await;
    let good = json!({"name": "X-A", "value": "1"});
    for (header, field, says) in [
        (json!({"name": "Host", "value": "x"}), "name", "which Postroad itself writes"),
        (json!({"name": "webhook-signature", "value": "x"}), "name", "which this profile writes itself"),
        (
            json!({"name": "transfer_encoding", "value": "x"}),
            "name",
            "many gateways read as transfer-encoding",
        ),
        (json!({"name": "webhook_signature", "value": "x"}), "name", "take for a header of this profile"),
        (json!({"name": "a b", "value": "x"}), "name", "that HTTP does not allow"),
        (json!({"name": "X-B", "value": "a\nb"}), "value", "line break"),
        (json!({"name": "X-B", "value": 1}), "value", "must be a string"),
        (json!({"name": "X-B", "value": "********"}), "value", "give the value itself"),
        (json!({"name": "X-B"}), "value", "is required"),
        (json!({"value": "x"}), "name", "is required"),
        (json!({"name": "X-B", "value": "x", "vale": 1}), "vale", "did you mean `value`?"),
    ] {
        let body = json!({"delivery": {"url": URL, "headers": [good, good, header]}});
        refuse(&app, &body, &format!("delivery.headers[2].{field}"), says).await;
    }
    let many = json!({"delivery": {"url": URL, "headers": vec![good; 31]}});
    refuse(&app, &many, "delivery.headers", "30 are allowed").await;
}

#[tokio::test]
async fn a_rate_limit_names_a_count_and_a_span_within_bounds() {
    let app = App::new().await;
    for (limit, field, says) in [
        (json!({"count": 5}), "rate_limit.per", "is required"),
        (json!({"per": "1s"}), "rate_limit.count", "is required"),
        (json!({"count": 0, "per": "1s"}), "rate_limit.count", "1"),
        (json!({"count": 10_001, "per": "1s"}), "rate_limit.count", "10000"),
        (json!({"count": 5, "per": "1ms"}), "rate_limit.per", "from 100ms to 24h"),
        (json!({"count": 5, "per": "1s", "burst": 2}), "rate_limit.burst", "known: count, per"),
    ] {
        let body = json!({"delivery": {"url": URL}, "rate_limit": limit});
        refuse(&app, &body, field, says).await;
    }
    refuse(&app, &json!({"delivery": {"url": URL}, "ordered": "yes"}), "ordered", "true or false").await;
}

#[tokio::test]
async fn what_is_not_built_yet_is_refused_and_not_ignored() {
    let app = App::new().await;
    for name in ["filter", "transform"] {
        let mut body = json!({"delivery": {"url": URL}});
        body[name] = json!(false);
        refuse(&app, &body, name, "is not available in this version").await;
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_parsed_is_refused_with_its_place() {
    let app = App::new().await;
    for (body, code, says) in [
        ("{\"delivery\":\n{", "malformed_json", "line 2 column 1"),
        (
            r#"{"delivery":{"url":"https://a","url":"https://b"}}"#,
            "duplicate_key",
            "`url` stands twice at line 1",
        ),
        (r#"{"name":"a","name":"b"}"#, "duplicate_key", "`name` stands twice"),
        (&"[".repeat(1_000), "malformed_json", "line 1 column 128"),
    ] {
        let (method, path) = ("POST", SUBSCRIPTIONS);
        Refused { method, path, body, status: 400, code, field: "", says }.check(&app).await;
    }
    let large = " ".repeat(256 * 1024 + 1);
    let says = "262144 bytes";
    let (path, code) = (SUBSCRIPTIONS, "body_too_large");
    Refused { method: "POST", path, body: &large, status: 413, code, field: "", says }.check(&app).await;
}

#[tokio::test]
async fn all_faults_come_at_once_each_with_its_path() {
    let app = App::new().await;
    let body = json!({
        "delivery": {"url": "x", "headers": [{"name": "Host", "value": "\n"}, {}]},
        "events": ["", "ok", 3], "concurrency": 0, "colour": 1,
    });
    let reply = app.post(&format!("{ACME}/subscriptions"), body).await;
    let mut found = fields(&reply);
    found.sort();
    assert_eq!(
        found,
        [
            "colour",
            "concurrency",
            "delivery.headers[0].name",
            "delivery.headers[1].name",
            "delivery.headers[1].value",
            "delivery.url",
            "events[0]",
            "events[2]",
        ]
    );
}

#[tokio::test]
async fn what_is_no_json_of_the_right_kind_and_what_is_out_of_bounds_is_told_together() {
    let app = App::new().await;
    let body = json!({
        "name": 7, "delivery": {"url": true, "method": "GET", "headers": [{"name": "webhook-id", "value": 1}]},
        "concurrency": "8", "timeout": "61s", "rate_limit": {"count": [], "per": "25h"}, "events": [1, "", "a b"],
    });
    let reply = app.post(&format!("{ACME}/subscriptions"), body).await;
    let problem = reply.expect(422);
    let said = |field: &str| -> Vec<String> {
        let errors = problem["errors"].as_array().unwrap().iter();
        let of_it = errors.filter(|error| error["field"] == field);
        of_it.map(|error| error["message"].as_str().unwrap().to_owned()).collect()
    };
    for (field, expected) in [
        ("name", "must be a string, not a number"),
        ("delivery.url", "must be a string, not true or false"),
        ("delivery.method", "must be one of POST, PUT, PATCH with this profile"),
        ("delivery.headers[0].name", "is webhook-id, which this profile writes itself: remove it"),
        ("delivery.headers[0].value", "must be a string, not a number"),
        ("concurrency", "must be a number, not a string"),
        ("timeout", "must be from 1s to 1m"),
        ("rate_limit.count", "must be a number, not a list"),
        ("rate_limit.per", "must be from 100ms to 24h"),
        ("events[0]", "must be a string, not a number"),
        ("events[1]", "must have 1 to 255 characters"),
    ] {
        assert_eq!(said(field), [expected], "{field}: {problem}");
    }
    assert_eq!(said("events[2]").len(), 1);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 12, "{problem}");
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_by_its_count_whatever_it_holds() {
    let app = App::new().await;
    let zeros = |count: usize| json!(vec![0; count]);
    let of_delivery = |headers: Value| json!({"delivery": {"url": URL, "headers": headers}});
    let of_backoff = |backoff: Value| json!({"delivery": {"url": URL}, "retry": {"backoff": backoff}});
    let with = |name: &str, list: Value| json!({"delivery": {"url": URL}, name: list});
    for (method, path, body, field, says) in [
        ("POST", "/events", json!({"type": "a", "data": 1, "tags": zeros(100_000)}), "tags", (100_000, 32)),
        ("POST", "/subscriptions", with("events", zeros(501)), "events", (501, 500)),
        ("POST", "/subscriptions", with("tag_sets", zeros(101)), "tag_sets", (101, 100)),
        ("POST", "/subscriptions", with("tag_sets", json!([["a"], zeros(33)])), "tag_sets[1]", (33, 32)),
        ("POST", "/subscriptions", with("success", zeros(21)), "success", (21, 20)),
        ("POST", "/subscriptions", of_backoff(zeros(30)), "retry.backoff", (30, 29)),
        ("POST", "/subscriptions", of_delivery(zeros(31)), "delivery.headers", (31, 30)),
        ("POST", "/keys", json!({"name": "x", "scopes": zeros(7)}), "scopes", (7, 6)),
        ("PUT", "", json!({"profile": "standard", "contacts": zeros(21)}), "contacts", (21, 20)),
    ] {
        let reply = app.send(method, &format!("{ACME}{path}"), body.to_string()).await;
        let message = format!("holds {} values; {} are allowed", says.0, says.1);
        let errors = reply.expect(422)["errors"].clone();
        assert_eq!(errors, json!([{"field": field, "message": message}]), "{path} {field}");
    }
}

#[tokio::test]
async fn a_subscription_that_is_pulled_is_understood_and_not_available() {
    let app = App::new().await;
    for delivery in [
        json!({"type": "pull"}),
        json!({"type": "pull", "max_batch_bytes": 524_288, "start": "end"}),
        json!({"type": "pull", "url": URL}),
    ] {
        let reply = app.post(&format!("{ACME}/subscriptions"), json!({"delivery": delivery})).await;
        let errors = reply.expect(422)["errors"].clone();
        let message = "is not available in this version as pull: write push";
        assert_eq!(errors, json!([{"field": "delivery.type", "message": message}]), "{delivery}");
    }
    refuse(&app, &json!({"delivery": {"url": URL, "start": "end"}}), "delivery.start", "is not known here")
        .await;
}
