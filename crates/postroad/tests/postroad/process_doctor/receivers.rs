//! The way to a receiver.

use postroad_testkit::{Answer, Receiver};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use super::stage::{assert_line, doctor};

const LOOPBACK: [&str; 2] = ["--allow-subnet", "127.0.0.0/8"];

async fn way_to(url: &str, further: &[&str]) -> crate::common::Ended {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["--url", url];
    arguments.extend(further);
    doctor(folder.path(), &arguments).await
}

#[tokio::test]
async fn a_receiver_that_answers_is_well_whatever_it_answers() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::status(500));
    let ended = way_to(&receiver.url("/hook"), &LOOPBACK).await;
    assert_line(
        &ended,
        "url: rules",
        "ok",
        "(allow-subnet: 127.0.0.0/8; no egress-proxy), not by the flags of a server",
    );
    assert_line(&ended, "url: name", "ok", "127.0.0.1 (");
    assert_line(&ended, "url: guard", "ok", "may be called (");
    assert_line(&ended, "url: dial", "ok", &format!("{} (", receiver.address()));
    assert_line(&ended, "url: http", "ok", "HEAD is answered with 500");
    assert_eq!(receiver.received()[0].method, "HEAD");
}

#[tokio::test]
async fn each_step_that_fails_says_what_to_do() {
    let receiver = Receiver::start().await;
    let blocked = way_to(&receiver.url("/hook"), &[]).await;
    assert_line(&blocked, "url: rules", "ok", "allow-subnet: none");
    assert_line(&blocked, "url: guard", "fail", "--allow-subnet 127.0.0.1/32");
    assert!(receiver.received().is_empty());

    let dead = way_to("http://127.0.0.1:9/", &LOOPBACK).await;
    assert_line(&dead, "url: dial", "fail", "cannot connect to 127.0.0.1:9");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let without_tls = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let (plain, _stream) = tokio::join!(way_to(&url, &LOOPBACK), without_tls);
    assert_line(&plain, "url: tls", "fail", "failed: it answered without TLS. Should the URL");
    assert!(plain.stdout.contains("To do: see to the receiver's certificate"), "{}", plain.stdout);

    receiver.answer("/", Answer::raw("HELO\r\n\r\n"));
    let foreign = way_to(&receiver.url("/"), &LOOPBACK).await;
    assert_line(&foreign, "url: http", "fail", "does not speak HTTP/1.1");

    let nowhere = way_to("http://no-such-host.invalid/", &LOOPBACK).await;
    assert_line(&nowhere, "url: name", "fail", "cannot resolve no-such-host.invalid");
}
