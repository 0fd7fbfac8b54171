//! How headers arrive at the receiver: spelling, order and number, byte for byte.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use postroad_domain::ErrorClass;
use postroad_egress::{AddressPolicy, Egress, EgressConfig, HttpEgress, OutboundRequest, SystemDial};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::network::{egress, list, network, post, seen_of};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A POST of `{}` with these headers.
fn with(headers: &[(&str, &str)]) -> OutboundRequest {
    OutboundRequest { headers: list(headers), ..post("http://hook.example/") }
}

/// The header lines that the host saw.
async fn lines_of(request: OutboundRequest) -> Vec<String> {
    let seen = seen_of(request).await;
    let (head, _body) = seen.split_once("\r\n\r\n").unwrap();
    head.split("\r\n").skip(1).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn headers_arrive_in_the_spelling_and_order_that_were_given() {
    let headers = [
        ("X-LeadHub-Signature", "t=1,v1=ab"),
        ("Content-Type", "application/json"),
        ("x-lower", "1"),
        ("X-UPPER", "2"),
        ("user-AGENT", "LeadHub/3"),
        ("ETag", "W/\"1\""),
        ("Authorization", "Bearer key"),
    ];
    let given = headers.iter().map(|(name, value)| format!("{name}: {value}"));
    let added = ["Host: hook.example", "Content-Length: 2"].map(str::to_owned);
    assert_eq!(lines_of(with(&headers)).await, given.chain(added).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn several_headers_of_one_name_keep_their_places_each_in_its_own_spelling() {
    let headers = [("X-Tag", "1"), ("X-TAG", "2"), ("X-Other", "-"), ("x-tag", "3"), ("X-Tag", "2")];
    assert_eq!(
        lines_of(with(&headers)).await,
        [
            "X-Tag: 1",
            "X-TAG: 2",
            "X-Other: -",
            "x-tag: 3",
            "X-Tag: 2",
            "Host: hook.example",
            "Content-Length: 2"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_own_user_agent_is_the_only_one_and_none_is_added() {
    let own = lines_of(with(&[("User-Agent", "LeadHub/3")])).await;
    assert_eq!(own, ["User-Agent: LeadHub/3", "Host: hook.example", "Content-Length: 2"]);
    assert_eq!(lines_of(with(&[])).await, ["Host: hook.example", "Content-Length: 2"]);
}

#[tokio::test(start_paused = true)]
async fn values_arrive_as_they_are_and_an_empty_one_keeps_its_line() {
    let lines = lines_of(with(&[("X-Empty", ""), ("X-Text", "Grüße,  \"x\"\t;")])).await;
    assert_eq!(lines[0], "X-Empty:");
    // The host of these tests reads bytes: what was UTF-8 is UTF-8.
    let bytes: Vec<u8> = lines[1].chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    assert_eq!(String::from_utf8(bytes).unwrap(), "X-Text: Grüße,  \"x\"\t;");
}

#[tokio::test(start_paused = true)]
async fn names_that_steer_a_connection_are_spelt_like_all_others() {
    let headers = [("Upgrade", "h2c"), ("Expect", "-"), ("TE", "trailers"), ("Keep-Alive", "-")];
    let lines = lines_of(with(&headers)).await;
    assert_eq!(lines[..4], ["Upgrade: h2c", "Expect: -", "TE: trailers", "Keep-Alive: -"]);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_headers_and_a_very_long_name_arrive() {
    let long = format!("X-{}", "Long".repeat(5_000));
    let names: Vec<_> = (0..150).map(|number| format!("X-Number-{number}")).chain([long]).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
    let lines = lines_of(with(&headers)).await;
    for (line, name) in lines.iter().zip(&names) {
        assert_eq!(*line, format!("{name}: v"));
    }
    assert_eq!(lines.len(), names.len() + 2);
}

#[tokio::test(start_paused = true)]
async fn a_get_names_its_host_in_title_case_too() {
    let request = OutboundRequest { method: Method::GET, body: Bytes::new(), ..with(&[("X-A", "1")]) };
    assert_eq!(lines_of(request).await, ["X-A: 1", "Host: hook.example"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_a_header_is_not_sent_at_all() {
    let (network, _hosts) = network();
    let egress = egress(&network);
    for (headers, words) in [
        (("X A", "1"), "\"X A\" is not a name that HTTP allows for a header"),
        (("X-A", "1\r\nX-Evil: 2"), "the value of X-A holds a control character"),
        (("Content-Length", "0"), "Content-Length follows from its URL and body"),
    ] {
        let request = OutboundRequest { headers: list(&[headers]), ..post("http://93.184.216.34/") };
        let refused = egress.exchange(request).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Protocol);
        assert_eq!(refused.message, format!("the request cannot be sent: {words}"));
    }
    assert!(network.dialled().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_begun_anew_on_another_connection_keeps_its_spelling() {
    let (network, mut hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    let egress = egress(&network);
    let (outcome, (host, _)) = tokio::join!(egress.exchange(with(&[("X-A", "1")])), hosts.answer(OK));
    outcome.unwrap();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    // The client has not yet seen the close when it takes the connection.
    drop(host);
    let (outcome, (_host, seen)) = tokio::join!(egress.exchange(with(&[("X-A", "1")])), hosts.answer(OK));
    outcome.unwrap();
    assert!(seen.contains("\r\nX-A: 1\r\nHost: hook.example\r\nContent-Length: 2\r\n\r\n"), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_of_http_1_0_reads_the_same_spelling_on_a_connection_for_each_exchange() {
    let (network, mut hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    let egress = egress(&network);
    let keeps = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n";
    for _ in 0..2 {
        let (outcome, (host, seen)) =
            tokio::join!(egress.exchange(with(&[("X-A", "1")])), hosts.answer(keeps));
        outcome.unwrap();
        assert!(seen.contains("X-A: 1\r\nHost: hook.example\r\nContent-Length: 2\r\n"), "{seen}");
        host.closed().await;
    }
}

#[tokio::test]
async fn a_socket_of_the_system_receives_the_same_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let policy =
        AddressPolicy { allow_subnets: vec!["127.0.0.0/8".parse().unwrap()], ..AddressPolicy::default() };
    let egress = HttpEgress::new(EgressConfig::new(policy), Arc::new(SystemDial::new().unwrap())).unwrap();
    let headers = list(&[("X-LeadHub-Signature", "s"), ("User-Agent", "LeadHub/3"), ("x-Tag", "1")]);
    let request = OutboundRequest { headers, ..post(&format!("http://{address}/hook")) };
    let expected = format!(
        "POST /hook HTTP/1.1\r\nX-LeadHub-Signature: s\r\nUser-Agent: LeadHub/3\r\nx-Tag: 1\r\n\
         Host: {address}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let (outcome, seen) = tokio::join!(egress.exchange(request), seen_at(&listener, expected.len()));
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(seen, expected);
}

/// The first bytes that arrive; they are answered.
async fn seen_at(listener: &TcpListener, bytes: usize) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut seen = vec![0; bytes];
    stream.read_exact(&mut seen).await.unwrap();
    stream.write_all(OK.as_bytes()).await.unwrap();
    String::from_utf8(seen).unwrap()
}
