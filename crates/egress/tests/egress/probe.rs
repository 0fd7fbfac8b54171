//! The way to a URL, step by step.

use postroad_domain::{EndpointUrl, ErrorClass};
use postroad_egress::{AddressPolicy, EgressProxy, Probe, Stage, Step};

use crate::network::network;

const PUBLIC: &str = "93.184.215.14";

fn stages(steps: &[Step]) -> Vec<Stage> {
    steps.iter().map(|step| step.stage).collect()
}

fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_answers_has_every_step() {
    let (network, mut hosts) = network();
    network.name("hooks.example.com", &[PUBLIC]);
    let probe = Probe::new(AddressPolicy::default(), None, network).unwrap();
    let url = url("http://hooks.example.com/in?token=1");
    let answered = hosts.answer("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
    let (steps, (_host, head)) = tokio::join!(probe.walk(&url), answered);
    assert_eq!(stages(&steps), [Stage::Resolve, Stage::Judge, Stage::Connect, Stage::Http]);
    assert_eq!(steps[0].outcome.as_deref(), Ok(PUBLIC));
    assert_eq!(steps[3].outcome.as_deref(), Ok("HEAD is answered with 405 Method Not Allowed"));
    assert_eq!(
        head,
        "HEAD /in?token=1 HTTP/1.1\r\nUser-Agent: postroad-doctor\r\nHost: hooks.example.com\r\n\r\n"
    );
}

#[tokio::test(start_paused = true)]
async fn the_step_that_fails_is_the_last_one() {
    let (network, hosts) = network();
    network.name("inside.example.com", &["10.0.0.7"]);
    network.name("shut.example.com", &[PUBLIC]);
    network.refuses(&format!("{PUBLIC}:80"));
    network.name("plain.example.com", &["93.184.215.15"]);
    drop(hosts);
    let probe = Probe::new(AddressPolicy::default(), None, network.clone()).unwrap();
    for (text, stage, class, words) in [
        ("http://nowhere.example.com", Stage::Resolve, ErrorClass::Dns, "cannot resolve nowhere.example.com"),
        ("http://inside.example.com", Stage::Judge, ErrorClass::Blocked, "--allow-subnet 10.0.0.7/32"),
        (
            "http://shut.example.com",
            Stage::Connect,
            ErrorClass::Connect,
            "cannot connect to 93.184.215.14:80",
        ),
    ] {
        let steps = probe.walk(&url(text)).await;
        let last = steps.last().unwrap();
        let error = last.outcome.as_ref().unwrap_err();
        assert_eq!((last.stage, error.class), (stage, class), "{text}");
        assert!(error.message.contains(words), "{}", error.message);
    }
    assert_eq!(network.dialled(), [format!("{PUBLIC}:80")], "what is blocked is not dialled");
}

#[tokio::test(start_paused = true)]
async fn who_answers_with_something_else_is_said_not_to_speak_http_1_1() {
    let (network, mut hosts) = network();
    network.name("hooks.example.com", &[PUBLIC]);
    let probe = Probe::new(AddressPolicy::default(), None, network).unwrap();
    let url = url("http://hooks.example.com/in");
    let (steps, _host) = tokio::join!(probe.walk(&url), hosts.answer("220 mail.example.com ESMTP\r\n\r\n"));
    let error = steps.last().unwrap().outcome.as_ref().unwrap_err();
    assert_eq!(error.class, ErrorClass::Protocol);
    assert!(error.message.starts_with("the receiver does not speak HTTP/1.1: "), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn through_a_proxy_the_way_is_a_tunnel() {
    let (network, mut hosts) = network();
    network.name("proxy.example.com", &[PUBLIC]);
    let proxy = EgressProxy::parse("http://proxy.example.com:3128").unwrap();
    let probe = Probe::new(AddressPolicy::default(), Some(proxy), network.clone()).unwrap();
    let url = url("http://hooks.example.com/in");
    let played = async {
        let (mut host, connect) = hosts.answer("HTTP/1.1 200 OK\r\n\r\n").await;
        let head = host.answer("HTTP/1.1 204 No Content\r\n\r\n").await;
        (host, connect, head)
    };
    let (steps, (_host, connect, head)) = tokio::join!(probe.walk(&url), played);
    assert_eq!(stages(&steps), [Stage::Judge, Stage::Connect, Stage::Http]);
    assert!(steps.iter().all(|step| step.outcome.is_ok()), "{steps:?}");
    assert!(connect.starts_with("CONNECT hooks.example.com:80 HTTP/1.1"), "{connect}");
    assert!(head.starts_with("HEAD /in HTTP/1.1"), "{head}");
    assert_eq!(network.resolved(), ["proxy.example.com"]);
}
