//! What a running server sends is a Standard Webhook to those who did not write it: the published packages verify it,
//! byte for byte as a raw receiver recorded it.

mod peers;

use bytes::Bytes;
use peers::{Case, openssl_verifies, verdicts};
use postroad_testkit::{ADMIN_KEY, Received, Receiver, TestServer};
use serde_json::{Value, json};

use crate::support::{create_subscription, create_tenant};

/// What a JSON library would not leave as it is: letters beyond ASCII, escapes that need not be, a key twice, numbers
/// in odd forms, spaces.
const ODD_DATA: &str =
    r#"{ "größe":"\u00fc ü \ud83d\ude00 😀 \/", "a":1, "a":  2e0,"n":12345678901234567890.10,"":[ ] }"#;

/// A server with one subscription, and what came to it.
struct Stage {
    server: TestServer,
    receiver: Receiver,
    subscription: Value,
}

impl Stage {
    async fn with_options(options: Value) -> Self {
        let (server, receiver) = (TestServer::start().await, Receiver::start().await);
        create_tenant(&server, "acme").await;
        let further = json!({"options": options});
        let subscription = create_subscription(&server, "acme", &receiver.url("/hook"), further).await;
        Self { server, receiver, subscription }
    }

    fn secret(&self) -> &str {
        self.subscription["secret"].as_str().expect("a new subscription shows its secret")
    }

    /// The path of the subscription's `secret` or what is below it.
    fn path(&self, rest: &str) -> String {
        let id = self.subscription["id"].as_str().expect("a subscription has an id");
        format!("/v1/tenants/acme/subscriptions/{id}/{rest}")
    }

    /// Publishes the odd data and answers the request that it became.
    async fn deliver(&self) -> Received {
        let count = self.receiver.received().len();
        let body = Bytes::from(format!("{{\"type\":\"order.created\",\"data\":{ODD_DATA}}}"));
        let headers = [("content-type", "application/json")];
        let path = "/v1/tenants/acme/events";
        let reply = self.server.call(http::Method::POST, path, Some(ADMIN_KEY), &headers, body).await;
        let _ = reply.expect("the server answers").expect_status(202);
        self.receiver.wait_for(count + 1).await.swap_remove(count)
    }
}

/// Panics unless both packages answer this to each case.
fn expect_all(expected: bool, cases: &[Case]) {
    for (peer, verdicts) in verdicts(cases) {
        for (verdict, case) in verdicts.into_iter().zip(cases) {
            assert_eq!(verdict, expected, "{peer} about {case:?}: {}", String::from_utf8_lossy(&case.body));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_packages_verify_what_was_sent_and_the_data_is_as_it_came() {
    let stage = Stage::with_options(json!({})).await;
    let request = stage.deliver().await;
    assert!(request.text().contains(&format!("\"data\":{ODD_DATA}}}")), "{}", request.text());
    expect_all(true, &[Case::new(stage.secret(), &request)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_bit_anywhere_fails() {
    let stage = Stage::with_options(json!({})).await;
    let request = stage.deliver().await;
    let sent = Case::new(stage.secret(), &request);
    // The lowest bit: so UTF-8 stays UTF-8, and the packages come as far as the signature.
    let flipped = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).expect("ASCII stays ASCII")
    };
    let mut changed: Vec<_> = (0..sent.body.len())
        .map(|at| {
            let mut body = sent.body.clone();
            body[at] ^= 1;
            Case { body, ..sent.clone() }
        })
        .collect();
    changed.extend((0..sent.id.len()).map(|at| Case { id: flipped(&sent.id, at), ..sent.clone() }));
    let last_digit = flipped(&sent.timestamp, sent.timestamp.len() - 1);
    changed.push(Case { timestamp: last_digit, ..sent.clone() });
    // Within base64's alphabet: at anything else a package stumbles before it compares.
    let exchanged = |text: &str, at: usize| {
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    changed.push(Case { signature: exchanged(&sent.signature, "v1,".len()), ..sent.clone() });
    changed.push(Case { secret: exchanged(&sent.secret, "whsec_".len()), ..sent.clone() });
    expect_all(false, &changed);
    expect_all(true, &[sent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_old_secret_still_signs_receivers_with_either_secret_verify() {
    let stage = Stage::with_options(json!({})).await;
    let rotate = stage.path("secret/rotate");
    let rotated = stage.server.post_json(&rotate, &json!({"grace": "1h"})).await.expect("the server answers");
    let rotated = rotated.expect_status(200).json();
    let new = rotated["secret"].as_str().expect("a rotation shows the new secret");
    assert_ne!(new, stage.secret());
    let request = stage.deliver().await;
    expect_all(true, &[Case::new(stage.secret(), &request), Case::new(new, &request)]);

    let ended = stage.server.post_json(&rotate, &json!({"grace": "0s"})).await.expect("the server answers");
    let newest = ended.expect_status(200).json();
    let newest = newest["secret"].as_str().expect("a rotation shows the new secret");
    let request = stage.deliver().await;
    expect_all(true, &[Case::new(newest, &request)]);
    expect_all(false, &[Case::new(new, &request)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_an_ed25519_signature_with_the_public_key_that_the_api_shows() {
    let stage = Stage::with_options(json!({"signature": "ed25519"})).await;
    let request = stage.deliver().await;
    let shown = stage.server.get(&stage.path("secret")).await.expect("the server answers").expect_status(200);
    let shown = shown.json();
    let key = shown["public_key"].as_str().expect("ed25519 has a public key");
    let mut case = Case::new(stage.secret(), &request);
    assert!(openssl_verifies(key, &case, stage.server.folder()));
    case.body[0] ^= 1;
    assert!(!openssl_verifies(key, &case, stage.server.folder()));
}
