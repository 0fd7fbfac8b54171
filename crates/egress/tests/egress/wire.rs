//! What arrives at the receiver, byte for byte.

use bytes::Bytes;
use http::Method;
use postroad_domain::ErrorClass;
use postroad_egress::{Egress, OutboundRequest};

use crate::network::{egress, list, network, post, seen_of};

#[tokio::test(start_paused = true)]
async fn a_request_is_what_the_engine_wrote_plus_host_and_length() {
    let headers = list(&[("content-type", "application/json"), ("x-key", "a  b")]);
    let body = Bytes::from_static(b"{ \"a\" : 1.0 }");
    let request = OutboundRequest { headers, body, ..post("http://hook.example:8080/x") };
    assert_eq!(
        seen_of(request).await,
        "POST /x HTTP/1.1\r\ncontent-type: application/json\r\nx-key: a  b\r\n\
         Host: hook.example:8080\r\nContent-Length: 13\r\n\r\n{ \"a\" : 1.0 }"
    );
}

#[tokio::test(start_paused = true)]
async fn path_and_query_arrive_as_written_and_a_fragment_does_not() {
    for (target, line) in [
        ("http://hook.example", "POST / HTTP/1.1"),
        ("http://HOOK.example?a=1", "POST /?a=1 HTTP/1.1"),
        ("http://hook.example/?", "POST /? HTTP/1.1"),
        ("http://hook.example/a/../b/./c//d;e=f", "POST /a/../b/./c//d;e=f HTTP/1.1"),
        ("http://hook.example/%2F%2f?k=A%2fB&k=&&=x+y%20#frag", "POST /%2F%2f?k=A%2fB&k=&&=x+y%20 HTTP/1.1"),
        ("http://hook.example/{\"x\"}?t={'a':1}|^`[]~", "POST /{\"x\"}?t={'a':1}|^`[]~ HTTP/1.1"),
    ] {
        let seen = seen_of(post(target)).await;
        assert_eq!(seen.lines().next(), Some(line), "{target}");
        assert!(seen.contains("\r\nHost: hook.example\r\n"), "{seen}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_url_that_http_cannot_carry_is_not_repaired() {
    let (network, _hosts) = network();
    let refused = egress(&network).exchange(post("http://93.184.216.34/a<b>?secret=1")).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Protocol);
    assert!(!refused.message.contains("secret"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn get_and_head_carry_no_body() {
    for method in [Method::GET, Method::HEAD] {
        let request =
            OutboundRequest { method: method.clone(), body: Bytes::new(), ..post("http://hook.example/") };
        assert_eq!(seen_of(request).await, format!("{method} / HTTP/1.1\r\nHost: hook.example\r\n\r\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_head_ends_with_its_head() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let request =
        OutboundRequest { method: Method::HEAD, body: Bytes::new(), ..post("http://93.184.216.34/") };
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let (outcome, _host) = tokio::join!(egress.exchange(request), hosts.answer(answer));
    let response = outcome.unwrap();
    assert_eq!((response.status, response.body.len(), response.truncated), (200, 0, false));
}

#[tokio::test(start_paused = true)]
async fn a_post_without_body_says_so() {
    let request = OutboundRequest { body: Bytes::new(), ..post("http://hook.example/") };
    assert_eq!(seen_of(request).await, "POST / HTTP/1.1\r\nHost: hook.example\r\nContent-Length: 0\r\n\r\n");
}
