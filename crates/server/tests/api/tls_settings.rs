//! Client certificates, trusted authorities and the version of HTTP of a subscription.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::Refused,
};

const URL: &str = "https://example.com";
const MASK: &str = "********";

/// A certificate that signs itself and its key, as PEM.
fn certificate(name: &str, last_year: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(last_year, 12, 31));
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn with_tls(url: &str, tls: &Value) -> Value {
    json!({"delivery": {"url": url, "tls": tls}})
}

#[tokio::test]
async fn a_client_key_is_taken_used_and_never_shown() {
    let app = App::new().await;
    let (chain, key) = certificate("a", 2096);
    let tls = json!({"client_certificate": chain, "client_key": key, "ca": chain});
    let (path, created) = app.subscribe_in(ACME, with_tls(URL, &tls)).await;
    let masked = json!({"client_certificate": chain, "client_key": MASK, "ca": chain});
    let shown = [created, app.get(&path).await.expect(200), app.get("/v1/subscriptions").await.expect(200)];
    for answer in &shown {
        assert!(!answer.to_string().contains("PRIVATE KEY"), "{answer}");
    }
    assert_eq!(shown[0]["delivery"]["tls"], masked);
    assert_eq!(shown[1]["delivery"]["tls"], masked);
    app.publish(json!({"type": "a", "data": {}})).await;
    let exchange = app.exchange().await;
    assert!(exchange.request.channel.is_some());
    exchange.answer(200, b"");
}

#[tokio::test]
async fn a_patch_that_does_not_name_the_key_keeps_it() {
    let app = App::new().await;
    let (chain, key) = certificate("a", 2096);
    let tls = json!({"client_certificate": chain, "client_key": key});
    let (path, _) = app.subscribe_in(ACME, with_tls(URL, &tls)).await;
    for patch in [
        json!({"name": "x"}),
        json!({"delivery": {"method": "PUT"}}),
        json!({"delivery": {"tls": {"ca": chain}}}),
        json!({"delivery": {"tls": {"client_certificate": chain, "client_key": MASK, "ca": null}}}),
    ] {
        let after = app.patch(&path, patch.clone()).await.expect(200);
        assert_eq!(after["delivery"]["tls"]["client_key"], MASK, "{patch}");
    }
    // The key that is kept must fit the certificate that is new.
    let (other_chain, other_key) = certificate("b", 2096);
    let patch = json!({"delivery": {"tls": {"client_certificate": other_chain}}});
    let problem = app.patch(&path, patch).await.expect(422);
    assert_eq!(problem["errors"][0]["field"], "delivery.tls.client_key", "{problem}");
    let both = json!({"client_certificate": other_chain, "client_key": other_key});
    app.patch(&path, json!({"delivery": {"tls": both}})).await.expect(200);
    for removed in [json!({"client_certificate": null, "client_key": null}), Value::Null] {
        let after = app.patch(&path, json!({"delivery": {"tls": removed}})).await.expect(200);
        assert_eq!(after["delivery"]["tls"], Value::Null);
    }
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_refused_by_their_field() {
    let app = App::new().await;
    let ((chain, key), (old, old_key)) = (certificate("a", 2096), certificate("old", 2021));
    let (_, other_key) = certificate("b", 2096);
    let good = json!({"client_certificate": chain, "client_key": key});
    for (url, tls, field, says) in [
        ("http://example.com", &good, "", "needs a URL of https"),
        (URL, &json!({"client_certificate": chain}), ".client_key", "is required beside"),
        (
            URL,
            &json!({"client_certificate": chain, "client_key": other_key}),
            ".client_key",
            "does not belong",
        ),
        (
            URL,
            &json!({"client_certificate": old, "client_key": old_key}),
            ".client_certificate",
            "2021-12-31",
        ),
        (URL, &json!({"ca": old}), ".ca", "expired at 2021-12-31T00:00:00Z"),
        (URL, &json!({"ca": format!("{chain}{key}")}), ".ca", "holds a private key, which would be shown"),
    ] {
        let body = with_tls(url, tls).to_string();
        let (path, field) = (format!("{ACME}/subscriptions"), format!("delivery.tls{field}"));
        let (method, status, code) = ("POST", 422, "invalid");
        Refused { method, path: &path, body: &body, status, code, field: &field, says }.check(&app).await;
    }
}

#[tokio::test]
async fn a_patch_names_only_what_there_is_in_tls() {
    let app = App::new().await;
    let (path, _) = app.subscribe_in(ACME, json!({"delivery": {"url": URL}})).await;
    let body = json!({"delivery": {"tls": {"key": null}}}).to_string();
    let (method, field, says) = ("PATCH", "delivery.tls.key", "is not known here");
    Refused { method, path: &path, body: &body, status: 422, code: "invalid", field, says }.check(&app).await;
}

#[tokio::test]
async fn the_version_of_http_is_the_profiles_unless_the_subscription_says_otherwise() {
    let app = App::new().await;
    let (path, created) = app.subscribe_in(ACME, json!({"delivery": {"url": URL}})).await;
    assert_eq!(created["delivery"]["http_version"], "1.1");
    app.publish(json!({"type": "a", "data": {}})).await;
    let exchange = app.exchange().await;
    assert!(exchange.request.channel.is_none(), "the usual costs nothing");
    exchange.answer(200, b"");
    for (url, is_asked) in [(URL, true), ("http://example.com", false)] {
        let patch = json!({"delivery": {"url": url, "http_version": "2"}});
        assert_eq!(app.patch(&path, patch).await.expect(200)["delivery"]["http_version"], "2");
        app.publish(json!({"type": "a", "data": {}})).await;
        let exchange = app.exchange().await;
        assert_eq!(exchange.request.channel.is_some(), is_asked, "cleartext is always HTTP/1.1");
        exchange.answer(200, b"");
    }
    let patch = json!({"delivery": {"http_version": null}});
    assert_eq!(app.patch(&path, patch).await.expect(200)["delivery"]["http_version"], "1.1");
}
