//! Through the operator's proxy: what it is asked, what it may answer, and what is still judged here.

use std::{sync::Arc, time::Duration};

use postroad_domain::ErrorClass;
use postroad_egress::{AddressPolicy, Dial, Egress, EgressConfig, EgressProxy, HttpEgress, SendError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    certificates::{acceptor, authority},
    network::{Host, Network, network, post, url},
};

const PROXY: &str = "http://ann:p%40ss@proxy.example:3128";
const TUNNEL: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn through(network: &Arc<Network>, proxy: &str) -> HttpEgress {
    network.name("proxy.example", &["10.0.0.9"]);
    let proxy = Some(EgressProxy::parse(proxy).unwrap());
    let config = EgressConfig { proxy, ..EgressConfig::new(AddressPolicy::default()) };
    HttpEgress::new(config, Arc::clone(network) as Arc<dyn Dial>).unwrap()
}

/// What the proxy is asked, up to the end of the head.
async fn asked(host: &mut Host) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        text.push(char::from(host.0.read_u8().await.unwrap()));
    }
    text
}

#[tokio::test(start_paused = true)]
async fn http_goes_through_a_tunnel_that_is_asked_for_with_the_credentials() {
    let (network, mut hosts) = network();
    let egress = through(&network, PROXY);
    let exchange = egress.exchange(post("http://hook.example/x?a=1"));
    let (outcome, (connect, request)) = tokio::join!(exchange, async {
        let mut host = hosts.accept().await;
        let connect = asked(&mut host).await;
        host.write(TUNNEL).await;
        (connect, host.answer(OK).await)
    });
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(
        connect,
        "CONNECT hook.example:80 HTTP/1.1\r\nHost: hook.example:80\r\n\
         Proxy-Authorization: Basic YW5uOnBAc3M=\r\n\r\n"
    );
    assert!(request.starts_with("POST /x?a=1 HTTP/1.1\r\n") && !request.contains("Proxy"), "{request}");
    assert_eq!(network.dialled(), ["10.0.0.9:3128"], "the proxy itself is not judged");
    assert_eq!(network.resolved(), ["proxy.example"], "the receiver's name is the proxy's to resolve");
}

#[tokio::test(start_paused = true)]
async fn https_is_encrypted_inside_the_tunnel() {
    let (network, mut hosts) = network();
    let issuer = authority();
    let acceptor = acceptor(&issuer, "hook.example");
    let config = EgressConfig {
        proxy: Some(EgressProxy::parse("http://10.0.0.9:3128").unwrap()),
        extra_roots: vec![issuer.der().clone()],
        ..EgressConfig::new(AddressPolicy::default())
    };
    let egress = HttpEgress::new(config, Arc::clone(&network) as Arc<dyn Dial>).unwrap();
    let (outcome, connect) = tokio::join!(egress.exchange(post("https://hook.example/")), async {
        let mut host = hosts.accept().await;
        let connect = asked(&mut host).await;
        host.write(TUNNEL).await;
        let mut stream = acceptor.accept(host.0).await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(OK.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        connect
    });
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(connect, "CONNECT hook.example:443 HTTP/1.1\r\nHost: hook.example:443\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_connection_through_the_proxy_is_used_again() {
    let (network, mut hosts) = network();
    let egress = through(&network, PROXY);
    let serving = async {
        let mut host = hosts.accept().await;
        asked(&mut host).await;
        host.write(TUNNEL).await;
        host.answer(OK).await;
        host.answer(OK).await;
    };
    let exchanges = async {
        for _ in 0..2 {
            egress.exchange(post("http://hook.example/")).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(serving, exchanges);
    assert_eq!(network.dialled().len(), 1);
}

async fn failure(answer: &str) -> SendError {
    let (network, mut hosts) = network();
    let egress = through(&network, PROXY);
    let (outcome, ()) = tokio::join!(egress.exchange(post("https://hook.example/?key=1")), async {
        let mut host = hosts.accept().await;
        asked(&mut host).await;
        host.write(answer).await;
    });
    outcome.unwrap_err()
}

/// A failure as tenants read it: who failed, and nothing of where the operator's proxy is.
fn check_words(failed: &SendError, says: &str) {
    assert_eq!(failed.class, ErrorClass::Connect, "{failed}");
    assert!(failed.message.contains(says), "{failed}");
    for secret in ["p@ss", "key=1", "proxy.example", "10.0.0.9", "3128"] {
        assert!(!failed.message.contains(secret), "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_proxy_says_of_a_receiver_is_told_as_its_refusal() {
    for (answer, says) in [
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno",
            "the operator's egress proxy refused to connect to hook.example:443 (status 403)",
        ),
        ("HTTP/1.0 502 Bad Gateway\r\n\r\n", "hook.example:443 (status 502)"),
        ("HTTP/1.0 500 Unable to connect\r\n\r\n", "hook.example:443 (status 500)"),
        ("HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.2", "hook.example:443 spoke before it was asked"),
        ("HTTP/1.1 200 OK\r\n", "broke the connection off"),
        ("", "broke the connection off"),
    ] {
        let failed = failure(answer).await;
        check_words(&failed, says);
        assert_eq!(failed.shut_for, None, "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_lets_nobody_through_is_the_reason_and_no_receiver_is() {
    for (answer, says) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
            "does not let the server through (status 407)",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not answer as an HTTP proxy"),
        (&"x".repeat(20_000), "does not answer as an HTTP proxy"),
    ] {
        let failed = failure(answer).await;
        check_words(&failed, says);
        assert_eq!(failed.shut_for, Some(Duration::from_secs(1)), "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_not_there_is_the_reason_and_no_receiver_is() {
    let (network, _hosts) = network();
    network.refuses("10.0.0.9:3128");
    network.is_silent_at("10.0.0.8:3128");
    for proxy in [PROXY, "http://10.0.0.9:3128", "http://10.0.0.8:3128", "http://nowhere.example:3128"] {
        let failed = through(&network, proxy).exchange(post("http://hook.example/")).await.unwrap_err();
        check_words(&failed, "the operator's egress proxy cannot be reached");
        assert_eq!(failed.shut_for, Some(Duration::from_secs(1)), "{proxy}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_comes_back_is_used_at_once() {
    let (network, mut hosts) = network();
    let egress = through(&network, PROXY);
    network.refuses("10.0.0.9:3128");
    egress.exchange(post("http://hook.example/")).await.unwrap_err();
    network.answers_again("10.0.0.9:3128");
    let (outcome, ()) = tokio::join!(egress.exchange(post("http://hook.example/")), async {
        let mut host = hosts.accept().await;
        asked(&mut host).await;
        host.write(TUNNEL).await;
        host.answer(OK).await;
    });
    outcome.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_literal_address_is_judged_here_and_a_name_by_the_proxy() {
    let (network, _hosts) = network();
    let egress = through(&network, PROXY);
    for target in ["http://169.254.169.254/latest", "https://[::1]/", "http://2130706433/"] {
        assert_eq!(egress.check(&url(target)).await.unwrap_err().class, ErrorClass::Blocked, "{target}");
        assert_eq!(egress.exchange(post(target)).await.unwrap_err().class, ErrorClass::Blocked, "{target}");
    }
    egress.check(&url("http://inside.example/")).await.unwrap();
    assert_eq!(network.resolved(), [""; 0]);
    assert_eq!(network.dialled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_literal_address_of_six_stands_in_brackets_before_the_proxy() {
    let (network, mut hosts) = network();
    let egress = through(&network, "http://10.0.0.9:3128");
    let (outcome, connect) = tokio::join!(egress.exchange(post("http://[2606:4700::1]:8080/")), async {
        let mut host = hosts.accept().await;
        let connect = asked(&mut host).await;
        host.write(TUNNEL).await;
        host.answer(OK).await;
        connect
    });
    outcome.unwrap();
    assert_eq!(connect, "CONNECT [2606:4700::1]:8080 HTTP/1.1\r\nHost: [2606:4700::1]:8080\r\n\r\n");
}
