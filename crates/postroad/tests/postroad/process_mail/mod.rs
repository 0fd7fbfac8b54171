//! Mail to contacts through a real mail server, and through some that refuse, hang, lie and cut.

use postroad_testkit::{Answer, Receiver, ServerOptions, TestServer, poll_for};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::mail_server::{MailServer, arguments};

const LOGIN: &str = "bot:s3cret%2Fwith%40signs@";

/// A server that mails, a tenant with these contacts, and a subscription whose receiver fails each delivery.
struct Office {
    server: TestServer,
    receiver: Receiver,
}

impl Office {
    async fn open(arguments: Vec<String>, environment: Vec<(String, String)>, contacts: &[&str]) -> Self {
        let server =
            TestServer::start_with(ServerOptions { arguments, environment, ..ServerOptions::default() });
        let server = server.await.unwrap_or_else(|error| panic!("{error:#}"));
        let receiver = Receiver::start().await;
        receiver.answer("/hook", Answer::status(500));
        let office = Self { server, receiver };
        let put = json!({"profile": "standard", "name": "Acme Inc.", "contacts": contacts});
        let _ = office.server.put_json("/v1/tenants/acme", &put).await.unwrap().expect_status(201);
        office.subscribe("/hook", true).await;
        office
    }

    async fn subscribe(&self, path: &str, notify_on_failure: bool) {
        let body = json!({
            "name": path, "delivery": {"type": "push", "url": self.receiver.url(path)},
            "notify_on_failure": notify_on_failure, "retry": {"attempts": 1},
        });
        let created = self.server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap();
        let _ = created.expect_status(201);
    }

    async fn publish(&self, count: usize) {
        let events = vec![json!({"type": "order.created", "data": {"a": 1}}); count];
        let body = json!({"events": events});
        let reply = self.server.post_json("/v1/tenants/acme/events/batch", &body).await.unwrap();
        let _ = reply.expect_status(202);
    }

    /// Waits until so many deliveries have this status.
    async fn reach(&self, status: &str, count: usize) {
        poll_for("the ends of deliveries", async || {
            let path = format!("/v1/tenants/acme/deliveries?status={status}&limit=250");
            let list: Value = self.server.get(&path).await.unwrap().expect_status(200).json();
            (list["data"].as_array().unwrap().len() >= count).then_some(())
        })
        .await;
    }

    /// Waits until a figure has this value.
    async fn figure(&self, name: &str, value: u64) {
        let line = format!("postroad_{name} {value}");
        poll_for(&line, async || {
            let figures = self.server.get("/metrics").await.unwrap().expect_status(200).text();
            figures.lines().any(|known| known == line).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_told_over_starttls_and_over_tls_by_whoever_logs_in() {
    for (protection, scheme) in [("starttls", "smtp"), ("smtps", "smtps")] {
        let mut mail_server = MailServer::start(&[protection, "login"]);
        let url = mail_server.url(scheme, LOGIN, "");
        let office = Office::open(arguments(&url), mail_server.trust(), &["jo@example.com"]).await;
        office.publish(1).await;
        let mail = mail_server.next().await;
        assert_eq!((&mail["encrypted"], &mail["user"]), (&json!(true), &json!("bot")), "{mail:#}");
        assert_eq!((&mail["from"], &mail["to"]), (&json!("hooks@example.com"), &json!(["jo@example.com"])));
        let headers = &mail["headers"];
        assert_eq!(headers["subject"], "Standard Webhooks: a delivery of the webhook “/hook” failed");
        assert_eq!(
            (&headers["from"], &headers["to"]),
            (&json!("Webhooks <hooks@example.com>"), &json!("jo@example.com"))
        );
        assert_eq!(headers["auto-submitted"], "auto-generated");
        assert!(headers["message-id"].as_str().unwrap().ends_with("@example.com>"), "{headers:#}");
        for kind in ["text", "html"] {
            let text = mail[kind].as_str().unwrap();
            let call = "GET https://hooks.example.com/v1/tenants/acme/deliveries/dlv_";
            for part in
                ["order.created", "the receiver answered 500 (1 attempt)", call, "a contact of Acme Inc."]
            {
                assert!(text.contains(part), "{part}\n{text}");
            }
        }
        office.figure("mails_total{outcome=\"sent\"}", 1).await;
        let log = office.server.log();
        assert!(!log.contains("s3cret") && !log.contains("jo@example.com"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_offer_starttls_or_whose_certificate_is_not_trusted_gets_no_mail() {
    for (protection, trusted) in [("plain", true), ("starttls", false)] {
        let mut mail_server = MailServer::start(&[protection]);
        let environment = if trusted { mail_server.trust() } else { Vec::new() };
        let url = mail_server.url("smtp", "", "");
        let office = Office::open(arguments(&url), environment, &["jo@example.com"]).await;
        office.publish(1).await;
        office.figure("mails_total{outcome=\"put_off\"}", 1).await;
        assert!(mail_server.come().is_empty(), "{protection}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_the_server_refuses_keeps_none_from_the_others() {
    let mut mail_server = MailServer::start(&["plain"]);
    let contacts = ["nobody@example.com", "later@example.com", "cut@example.com", "jo@example.com"];
    let office = Office::open(mail_server.arguments(), Vec::new(), &contacts).await;
    office.publish(1).await;
    for outcome in ["refused", "sent"] {
        office.figure(&format!("mails_total{{outcome=\"{outcome}\"}}"), 1).await;
    }
    // The server hung up on one of them: whether it has that mail nobody can tell.
    let recipients: Vec<_> =
        [mail_server.next().await, mail_server.next().await].map(|mail| mail["to"][0].clone()).into();
    assert_eq!(recipients, ["cut@example.com", "jo@example.com"]);
    office.figure("mails_total{outcome=\"put_off\"}", 2).await;
    let log = office.server.log();
    assert!(log.contains("550") && !log.contains("nobody@example.com"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_was_not_sent_when_the_server_died_is_sent_once() {
    let mut mail_server = MailServer::start(&["plain"]);
    let mut office = Office::open(mail_server.arguments(), Vec::new(), &["jo@example.com"]).await;
    office.publish(3).await;
    office.reach("failed", 3).await;
    office.server.kill9().await.unwrap();
    office.server.start_again().await.unwrap();
    let mail = mail_server.next().await;
    assert!(mail["text"].as_str().unwrap().contains("3 deliveries failed"), "{mail:#}");
    office.figure("mails_total{outcome=\"sent\"}", 1).await;
    office.server.kill9().await.unwrap();
    office.server.start_again().await.unwrap();
    // What happens now is told in the next digest, which has to wait: nothing of the first one is left to send.
    office.publish(1).await;
    office.reach("failed", 4).await;
    assert!(mail_server.come().is_empty());
}

/// A mail server that does one thing with whoever comes.
async fn odd_server<F: Future<Output = ()> + Send + 'static>(talk: fn(TcpStream) -> F) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    url
}

async fn never_ends_its_line(mut stream: TcpStream) {
    let endless = vec![b'x'; 64 * 1024];
    while stream.write_all(&endless).await.is_ok() {}
}

async fn says_nonsense(mut stream: TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
    let _ = stream.read_u8().await;
}

async fn closes(stream: TcpStream) {
    drop(stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_lies_or_closes_costs_a_try_and_no_delivery() {
    for url in [
        odd_server(never_ends_its_line).await,
        odd_server(says_nonsense).await,
        odd_server(closes).await,
        "smtp://127.0.0.1:9?tls=none".to_owned(),
    ] {
        let office = Office::open(arguments(&url), Vec::new(), &["jo@example.com"]).await;
        office.subscribe("/healthy", false).await;
        office.publish(1).await;
        office.figure("mails_total{outcome=\"put_off\"}", 1).await;
        office.publish(5).await;
        office.reach("succeeded", 6).await;
        let log = office.server.log();
        assert!(log.contains("a mail to a contact was not taken"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_hangs_keeps_no_delivery_waiting_and_no_stop() {
    // It takes whoever comes, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move { listener.accept().await.unwrap() });
    let mut office = Office::open(arguments(&url), Vec::new(), &["jo@example.com"]).await;
    office.subscribe("/healthy", false).await;
    office.publish(5).await;
    office.reach("failed", 5).await;
    let _hanging = accepted.await.unwrap();
    office.publish(20).await;
    office.reach("succeeded", 25).await;
    let status = office.server.terminate().await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_with_a_line_break_is_refused_and_a_name_cannot_add_a_header() {
    let mut mail_server = MailServer::start(&["plain"]);
    let office = Office::open(mail_server.arguments(), Vec::new(), &["jo@example.com"]).await;
    for contact in ["jo@example.com\r\nBcc: eve@example.com", "jo@example.com\n", "jo @example.com", "jo"] {
        let put = json!({"profile": "standard", "contacts": [contact]});
        let refused =
            office.server.put_json("/v1/tenants/acme", &put).await.unwrap().expect_status(422).json();
        assert_eq!(refused["errors"][0]["field"], "contacts[0]", "{refused}");
    }
    let list: Value = office.server.get("/v1/tenants/acme/subscriptions").await.unwrap().json();
    let path = format!("/v1/tenants/acme/subscriptions/{}", list["data"][0]["id"].as_str().unwrap());
    let name = "x\r\nBcc: eve@example.com\r\n\r\n<b>hello</b>";
    let renamed = office.server.patch_json(&path, &json!({"name": name})).await.unwrap();
    if renamed.status == 200 {
        office.publish(1).await;
        let mail = mail_server.next().await;
        assert_eq!(
            (&mail["to"], &mail["headers"]["bcc"]),
            (&json!(["jo@example.com"]), &Value::Null),
            "{mail:#}"
        );
        assert!(!mail["html"].as_str().unwrap().contains("<b>hello"), "{mail:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_mail_that_cannot_be_end_the_start() {
    for (arguments, sentence) in [
        (vec!["--smtp-url", "smtp://mail.example.com"], "needs mail-from as well"),
        (vec!["--mail-from", "hooks@example.com"], "needs smtp-url as well"),
        (vec!["--smtp-url", "mail.example.com", "--mail-from", "a@b.c"], "must be smtp://"),
        (
            vec!["--smtp-url", "smtp://u:geheim@mail.example.com?tls=none", "--mail-from", "a@b.c"],
            "unencrypted",
        ),
        (vec!["--smtp-url", "smtp://mail.example.com", "--mail-from", "hooks"], "must be an address"),
    ] {
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let started = TestServer::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await;
        let error = format!("{:#}", started.expect_err("it does not start"));
        assert!(error.contains(sentence) && !error.contains("geheim"), "{error}");
    }
}
