//! What is secret of customers' settings is in no file of the data folder, and in no log line.

use std::{fs, path::Path};

use postroad_testkit::{Answer, Receiver, ServerOptions, TestServer};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

/// Puts a secret option into a header and into the query.
const PROFILE: &str = r#"
name = "vault"
title = "Vault"
events = [{ name = "opened" }]

[request]
headers = [{ name = "X-Token", value = "{{ options.token }}" }]
query = [{ name = "token", value = "{{ options.token }}" }]
content = [{ type = "application/json", body = "{{ event.data }}" }]

[request.endpoint]
option = "options.function"
headers = [{ name = "X-Function-Key", value = "{{ endpoint.api_key }}" }]

[options]
functions = { of = "tenant", type = "endpoints" }
function = { of = "subscription", type = "endpoint", from = "options.functions" }
token = { of = "both", type = "text", default = "none", secret = true }
tree = { of = "tenant", type = "object", default = {}, secret = true }
"#;

const PLANTED: [&str; 7] = [
    "planted-authorization",
    "planted-header",
    "planted-token",
    "planted-leaf",
    "planted-renewed",
    "planted-function",
    "planted-new-function",
];

async fn start() -> TestServer {
    let folder = tempfile::tempdir().unwrap().keep();
    fs::create_dir_all(folder.join("vault/examples")).unwrap();
    fs::write(folder.join("vault/profile.toml"), PROFILE).unwrap();
    fs::write(folder.join("vault/examples/opened.json"), "{}").unwrap();
    let arguments = vec!["--profiles".to_owned(), folder.display().to_string()];
    let server =
        TestServer::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await.unwrap();
    fs::remove_dir_all(folder).unwrap();
    server
}

/// The texts that are in one of the files of a folder.
fn found_in(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let has = |text: &&&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found.extend(texts.iter().filter(has).map(|text| format!("{text} in {}", path.display())));
    }
    found
}

async fn publish_and_arrive(server: &TestServer, receiver: &Receiver, count: usize) {
    let event = json!({"type": "opened", "data": {"number": count}});
    drop(server.post_json("/v1/tenants/acme/events", &event).await.unwrap().expect_status(202));
    receiver.wait_for(count).await;
}

#[tokio::test]
async fn secret_settings_arrive_at_the_receiver_and_rest_in_no_file_and_no_log_line() {
    let mut server = start().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::status(200));
    let function =
        |name: &str, key: &str| json!({"name": name, "url": receiver.url("/function"), "api_key": key});
    let functions = json!([function("kept", PLANTED[5])]);
    let tenant =
        json!({"profile": "vault", "options": {"tree": {"leaf": PLANTED[3]}, "functions": functions}});
    drop(server.put_json("/v1/tenants/acme", &tenant).await.unwrap().expect_status(201));
    let subscription = json!({
        "name": "in-the-name",
        "delivery": {
            "url": receiver.url("/hook"),
            "authorization": format!("Bearer {}", PLANTED[0]),
            "headers": [{"name": "X-Key", "value": PLANTED[1]}],
        },
        "options": {"token": PLANTED[2]},
    });
    let created = server.post_json("/v1/tenants/acme/subscriptions", &subscription).await.unwrap();
    let created: Value = created.expect_status(201).json();
    let path = format!("/v1/tenants/acme/subscriptions/{}", created["id"].as_str().unwrap());
    publish_and_arrive(&server, &receiver, 1).await;
    let change = json!({"delivery": {"headers": [{"name": "X-Key", "value": PLANTED[4]}]}});
    drop(server.patch_json(&path, &change).await.unwrap().expect_status(200));
    publish_and_arrive(&server, &receiver, 2).await;
    let client_key = a_client_certificate(&server).await;

    let arrived = receiver.received();
    for (named, key) in [(json!("kept"), PLANTED[5]), (function("brought", PLANTED[6]), PLANTED[6])] {
        let subscription = json!({"options": {"function": named, "token": "none"}, "events": ["opened"]});
        let created = server.post_json("/v1/tenants/acme/subscriptions", &subscription).await.unwrap();
        let id = created.expect_status(201).json()["id"].as_str().unwrap().to_owned();
        let tested = server.post_json(&format!("/v1/tenants/acme/subscriptions/{id}/test"), &json!({})).await;
        drop(tested.unwrap().expect_status(200));
        let sent = receiver.received().pop().unwrap();
        assert_eq!((sent.path(), sent.header("x-function-key")), ("/function", Some(key)));
    }
    assert_eq!(arrived[0].header("authorization"), Some("Bearer planted-authorization"));
    assert_eq!(
        arrived.iter().map(|one| one.header("x-key").unwrap()).collect::<Vec<_>>(),
        [PLANTED[1], PLANTED[4]]
    );
    assert_eq!(arrived[0].header("x-token"), Some(PLANTED[2]));
    let mut planted = PLANTED.to_vec();
    planted.push(&client_key);
    planted_nowhere(&server, &planted);
    // Once more with what the end of the server has written where.
    server.terminate().await.unwrap();
    planted_nowhere(&server, &planted);
}

fn planted_nowhere(server: &TestServer, planted: &[&str]) {
    assert!(!found_in(&server.data_dir(), &["in-the-name"]).is_empty(), "the search finds what is there");
    assert_eq!(found_in(&server.data_dir(), planted), [""; 0]);
    assert!(planted.iter().all(|text| !server.log().contains(text)), "{}", server.log());
}

/// A subscription with a certificate; answers a line of its key.
async fn a_client_certificate(server: &TestServer) -> String {
    let key = KeyPair::generate().unwrap();
    let chain = CertificateParams::new(["postroad".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let key = key.serialize_pem();
    let tls = json!({"client_certificate": chain, "client_key": key});
    let body = json!({"delivery": {"url": "https://127.0.0.1:9/", "tls": tls}});
    drop(server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap().expect_status(201));
    key.lines().nth(1).unwrap().to_owned()
}
