//! A subscription with a client certificate, an authority of its own and HTTP/2 against Node's own server.

use std::{fs, path::Path, process::Stdio};

use postroad_testkit::{TestServer, poll_for, within};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, as PEM.
fn certificate(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// The receiver.
struct Peer {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Peer {
    async fn start(folder: &Path, servers: &Authority, clients: &Authority) -> Self {
        let (chain, key) = certificate(servers, "127.0.0.1");
        fs::write(folder.join("server.pem"), chain).unwrap();
        fs::write(folder.join("server.key"), key).unwrap();
        fs::write(folder.join("clients.pem"), clients.pem()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postroad/process_tls/peer.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(folder).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node is installed");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = within("the port of the peer", lines.next_line()).await.unwrap().unwrap();
        Self { _child: child, lines, port: port.parse().unwrap() }
    }

    async fn request(&mut self) -> Value {
        let line = within("a request", self.lines.next_line()).await.unwrap().expect("the peer goes on");
        serde_json::from_str(&line).unwrap()
    }
}

async fn publish(server: &TestServer) -> String {
    let event = json!({"type": "order.created", "data": {"a": 1}});
    let event = server.post_json("/v1/tenants/acme/events", &event).await.unwrap().expect_status(202).json();
    event["id"].as_str().unwrap().to_owned()
}

async fn settled_delivery(server: &TestServer, event: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/tenants/acme/deliveries?event={event}");
    poll_for("the delivery", async || {
        let page = server.get(&path).await.unwrap().expect_status(200).json();
        let id = page["data"][0]["id"].as_str()?.to_owned();
        let delivery = server.get(&format!("/v1/tenants/acme/deliveries/{id}")).await.unwrap().json();
        wanted(&delivery).then_some(delivery)
    })
    .await
}

#[tokio::test]
async fn a_receiver_that_demands_a_certificate_is_reached_over_http_2_and_over_1_1_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (servers, clients) = (authority(), authority());
    let mut peer = Peer::start(folder.path(), &servers, &clients).await;
    let server = TestServer::start().await;
    drop(
        server
            .put_json("/v1/tenants/acme", &json!({"profile": "standard"}))
            .await
            .unwrap()
            .expect_status(201),
    );
    let (chain, key) = certificate(&clients, "postroad of acme");
    let subscription = json!({"delivery": {
        "url": format!("https://127.0.0.1:{}/hook", peer.port),
        "http_version": "2",
        "tls": {"client_certificate": chain, "client_key": key, "ca": servers.pem()},
    }, "retry": {"attempts": 1}});
    let created = server.post_json("/v1/tenants/acme/subscriptions", &subscription).await.unwrap();
    let created = created.expect_status(201).json();
    let path = format!("/v1/tenants/acme/subscriptions/{}", created["id"].as_str().unwrap());

    for _ in 0..3 {
        let event = publish(&server).await;
        let request = peer.request().await;
        assert_eq!(request["version"], "2.0", "{request}");
        assert_eq!(request["subject"], "postroad of acme");
        assert_eq!(request["session"], 1, "one connection carries them all");
        assert!(request["body"].as_str().unwrap().contains("order.created"), "{request}");
        let names = request["names"].as_array().unwrap();
        assert!(names.contains(&json!("webhook-signature")) && !names.contains(&json!("host")), "{request}");
        settled_delivery(&server, &event, |delivery| delivery["status"] == "succeeded").await;
    }

    let older = json!({"delivery": {"http_version": "1.1"}});
    drop(server.patch_json(&path, &older).await.unwrap().expect_status(200));
    publish(&server).await;
    let request = peer.request().await;
    assert_eq!((&request["version"], &request["subject"]), (&json!("1.1"), &json!("postroad of acme")));

    let stranger = json!({"delivery": {"tls": {"ca": authority().pem()}}});
    drop(server.patch_json(&path, &stranger).await.unwrap().expect_status(200));
    let event = publish(&server).await;
    let failed = settled_delivery(&server, &event, |delivery| delivery["status"] == "failed").await;
    assert_eq!(failed["attempts"][0]["error"]["class"], "tls", "{failed}");
}
