//! HTTP/1.1 as receivers really speak it: where bodies end, which connections go on, who answers early.

use bytes::Bytes;
use postroad_domain::ErrorClass;
use postroad_egress::{Egress, OutboundRequest};
use tokio::io::AsyncReadExt;

use crate::network::{Host, egress, exchange_with, network, post};

const TARGET: &str = "http://93.184.216.34/hook";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The body that comes of an answer, and whether the connection carries another exchange.
async fn body_and_next(answer: &str) -> (String, bool) {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, (mut host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(answer));
    let response = outcome.unwrap();
    assert!(!response.truncated, "{answer}");
    let again = async {
        tokio::select! {
            is_asked = host.answer_if_asked(OK) => is_asked,
            (_host, _) = hosts.answer(OK) => false,
        }
    };
    let (outcome, is_used_again) = tokio::join!(egress.exchange(post(TARGET)), again);
    if is_used_again {
        assert_eq!(outcome.unwrap().status, 200);
    }
    assert_eq!(network.dialled().len(), if is_used_again { 1 } else { 2 }, "{answer}");
    (String::from_utf8(response.body.to_vec()).unwrap(), is_used_again)
}

#[tokio::test(start_paused = true)]
async fn a_connection_goes_on_after_each_way_of_ending_a_body() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", ""),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\n\r\n",
            "abcde",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n000\r\nx-sum: 1\r\n\r\n",
            "0123456789",
        ),
        (
            "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
            "",
        ),
    ] {
        assert_eq!(body_and_next(answer).await, (body.to_owned(), true), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_next_answer_could_be_mistaken_carries_none() {
    for (answer, body) in [
        // Something stands where the next answer would begin.
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", "ok"),
        // Two ways to read where the body ends.
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "ok",
        ),
        // A body is announced where none can be, or it comes.
        ("HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\n\r\nok", ""),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", ""),
        (
            "HTTP/1.1 103 Early Hints\r\ncontent-length: 2\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "ok",
        ),
        // Some readers take the first word on the encoding, and some the last.
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "ok",
        ),
        // The receiver says so.
        ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\nok", "ok"),
        // What follows is no HTTP.
        ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", ""),
    ] {
        assert_eq!(body_and_next(answer).await, (body.to_owned(), false), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_length_ends_with_the_connection() {
    let response = exchange_with(|mut host| async move {
        host.answer("HTTP/1.1 200 OK\r\n\r\nall of it").await;
    });
    let response = response.await.unwrap();
    assert_eq!((&response.body[..], response.truncated), (&b"all of it"[..], false));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_byte_by_byte_is_the_same() {
    let response = exchange_with(|mut host| async move {
        host.read_request().await;
        let answer =
            "HTTP/1.1 200 OK\r\nX-A: 1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nt: v\r\n\r\n";
        for byte in answer.bytes() {
            host.write([byte]).await;
            tokio::task::yield_now().await;
        }
    });
    let response = response.await.unwrap();
    assert_eq!((response.status, &response.body[..], response.truncated), (200, &b"ok"[..], false));
    assert_eq!(response.headers.iter().next(), Some(("x-a", "1")));
}

/// Larger than a pipe holds.
fn large() -> OutboundRequest {
    OutboundRequest { body: Bytes::from(vec![b'x'; 1024 * 1024]), ..post(TARGET) }
}

/// Reads the beginning of a request and answers it.
async fn answer_early(host: &mut Host) {
    host.0.read_exact(&mut [0; 64]).await.unwrap();
    host.write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_answers_before_it_has_the_whole_request_is_heard() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, host) = tokio::join!(egress.exchange(large()), async {
        let mut host = hosts.accept().await;
        answer_early(&mut host).await;
        host
    });
    assert_eq!(outcome.unwrap().status, 413);
    // What is left of the request must not become the beginning of the next one.
    host.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_answers_and_closes_before_it_has_the_whole_request_is_heard_too() {
    let response = exchange_large(|mut host| async move { answer_early(&mut host).await }).await;
    assert_eq!(response.unwrap().status, 413);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_closes_before_it_has_the_whole_request_is_a_failure_of_the_connection() {
    let failed = exchange_large(|mut host| async move {
        host.0.read_exact(&mut [0; 64]).await.unwrap();
    });
    assert_eq!(failed.await.unwrap_err().class, ErrorClass::Connect);
}

#[tokio::test(start_paused = true)]
async fn a_large_request_arrives_whole_at_a_receiver_that_reads_slowly_and_hints_meanwhile() {
    let response = exchange_large(|mut host| async move {
        let head = "POST /hook HTTP/1.1\r\nHost: 93.184.216.34\r\nContent-Length: 1048576\r\n\r\n";
        let mut request = vec![0; head.len() + 1024 * 1024];
        host.0.read_exact(&mut request[..head.len()]).await.unwrap();
        host.write("HTTP/1.1 100 Continue\r\n\r\n").await;
        host.0.read_exact(&mut request[head.len()..]).await.unwrap();
        assert!(request.starts_with(head.as_bytes()) && request.ends_with(&[b'x'; 1024]));
        host.write(OK).await;
    });
    assert_eq!(response.await.unwrap().status, 200);
}

async fn exchange_large<F: Future<Output = ()>>(
    script: impl FnOnce(Host) -> F,
) -> Result<postroad_egress::OutboundResponse, postroad_egress::SendError> {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, ()) = tokio::join!(egress.exchange(large()), async {
        script(hosts.accept().await).await;
    });
    outcome
}

#[tokio::test(start_paused = true)]
async fn trailers_and_chunks_without_end_are_cut() {
    let long = "x".repeat(20_000);
    for rest in
        [format!("2\r\nok\r\n0\r\n{long}"), format!("2\r\nok\r\n2;{long}"), "2\r\nok2\r\nok".to_owned()]
    {
        let response = exchange_with(|mut host| async move {
            host.answer(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}")).await;
            host.closed().await;
        });
        let response = response.await.unwrap();
        assert_eq!((response.status, &response.body[..], response.truncated), (200, &b"ok"[..], true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_its_receiver_closed_is_let_go_of_soon() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, (mut host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    // Only its sending half: whether ours is closed can still be seen.
    tokio::io::AsyncWriteExt::shutdown(&mut host.0).await.unwrap();
    let began = tokio::time::Instant::now();
    host.closed().await;
    assert!(began.elapsed() <= std::time::Duration::from_secs(11), "{:?}", began.elapsed());
}
