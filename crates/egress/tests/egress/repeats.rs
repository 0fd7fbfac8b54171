//! A kept connection that ends before a byte of the answer costs no attempt: its request goes out once more, over a new one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use postroad_domain::{ErrorClass, Repeat};
use postroad_egress::{
    AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest, SendError, SystemDial,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, advance, timeout},
};

use crate::{
    certificates::{authority, trusting},
    http_2::{accept, acceptor, plain, request, sender, serve},
    network::{Host, Hosts, egress, network, post},
};

const TARGET: &str = "http://93.184.216.34/hook";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A connection that waits for its next exchange.
async fn kept(egress: &HttpEgress, hosts: &mut Hosts) -> Host {
    let (outcome, (host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    assert!(!outcome.unwrap().repeated);
    host
}

fn only_unsent(request: OutboundRequest) -> OutboundRequest {
    OutboundRequest { repeat: Repeat::Unsent, ..request }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_ends_under_a_request_costs_no_attempt() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut first = kept(&egress, &mut hosts).await;
    let began = Instant::now();
    let (outcome, (lost, (_second, again))) = tokio::join!(egress.exchange(post(TARGET)), async {
        let lost = first.read_request().await;
        drop(first);
        (lost, hosts.answer(OK).await)
    });
    let response = outcome.unwrap();
    assert_eq!((response.status, response.repeated), (200, true));
    assert_eq!(lost, again, "the same request to the byte");
    assert_eq!((began.elapsed(), network.dialled().len()), (Duration::ZERO, 2));
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_out_twice_at_most_and_says_so_when_the_second_time_fails() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut first = kept(&egress, &mut hosts).await;
    let (outcome, ()) = tokio::join!(egress.exchange(post(TARGET)), async {
        first.read_request().await;
        drop(first);
        hosts.accept().await.read_request().await;
    });
    let failed = outcome.unwrap_err();
    assert_eq!((failed.class, failed.repeated), (ErrorClass::Connect, true));
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_several_kept_connections_none_is_tried_after_one_has_ended_under_the_request() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let accepting = async {
        let (mut first, mut second) = (hosts.accept().await, hosts.accept().await);
        first.answer(OK).await;
        second.answer(OK).await;
        (second, first)
    };
    let (one, two, (mut newest, other)) =
        tokio::join!(egress.exchange(post(TARGET)), egress.exchange(post(TARGET)), accepting);
    assert_eq!((one.unwrap().status, two.unwrap().status), (200, 200));
    let (outcome, (_host, _)) = tokio::join!(egress.exchange(post(TARGET)), async {
        newest.read_request().await;
        drop((newest, other));
        hosts.answer(OK).await
    });
    assert!(outcome.unwrap().repeated);
    assert_eq!(network.dialled().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_that_ends_before_the_answer_is_a_failed_attempt() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, _) =
        tokio::join!(egress.exchange(post(TARGET)), async { hosts.accept().await.read_request().await });
    let failed = outcome.unwrap_err();
    assert_eq!((failed.class, failed.repeated), (ErrorClass::Connect, false));
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_begun_is_not_asked_for_again() {
    for begun in ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
        let (network, mut hosts) = network();
        let egress = egress(&network);
        let mut first = kept(&egress, &mut hosts).await;
        let (outcome, ()) = tokio::join!(egress.exchange(post(TARGET)), async {
            first.answer(begun).await;
            drop(first);
        });
        let failed = outcome.unwrap_err();
        assert_eq!((failed.class, failed.repeated), (ErrorClass::Connect, false), "{begun:?}");
        assert_eq!(network.dialled().len(), 1, "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_counts_requests_sends_none_twice() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut first = kept(&egress, &mut hosts).await;
    let (outcome, _) = tokio::join!(egress.exchange(only_unsent(post(TARGET))), async {
        let request = first.read_request().await;
        drop(first);
        request
    });
    let failed = outcome.unwrap_err();
    assert_eq!((failed.class, failed.repeated), (ErrorClass::Connect, false));
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_of_which_nothing_was_written_goes_out_on_another_connection_whatever_the_profile_says() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    drop(kept(&egress, &mut hosts).await);
    let (outcome, _host) = tokio::join!(egress.exchange(only_unsent(post(TARGET))), hosts.answer(OK));
    let response = outcome.unwrap();
    assert_eq!((response.status, response.repeated), (200, false), "the receiver has seen it once");
}

#[tokio::test(start_paused = true)]
async fn the_second_time_has_what_is_left_of_the_deadline() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut first = kept(&egress, &mut hosts).await;
    let began = Instant::now();
    let (outcome, ()) = tokio::join!(egress.exchange(post(TARGET)), async {
        first.read_request().await;
        advance(Duration::from_secs(10)).await;
        drop(first);
        let mut second = hosts.accept().await;
        second.read_request().await;
        second.closed().await;
    });
    let failed: SendError = outcome.unwrap_err();
    assert_eq!((failed.class, failed.repeated), (ErrorClass::Timeout, true));
    assert!(began.elapsed() <= Duration::from_millis(15_010), "{:?}", began.elapsed());
}

/// The client over the machine's own sockets.
fn over_sockets() -> HttpEgress {
    let policy =
        AddressPolicy { allow_subnets: vec!["127.0.0.0/8".parse().unwrap()], ..AddressPolicy::default() };
    let dial: Arc<dyn Dial> = Arc::new(SystemDial::new().unwrap());
    HttpEgress::new(EgressConfig::new(policy), dial).unwrap()
}

/// Reads one request of `{}`.
async fn read_one(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"{}") {
        seen.push(stream.read_u8().await.unwrap());
    }
}

async fn answer_one(stream: &mut TcpStream) {
    read_one(stream).await;
    stream.write_all(OK.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_kept_connection_that_is_reset_or_ended_by_a_real_receiver_costs_no_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", listener.local_addr().unwrap());
    let egress = over_sockets();
    for is_reset in [true, false] {
        let (outcome, mut first) = tokio::join!(egress.exchange(post(&target)), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            answer_one(&mut stream).await;
            stream
        });
        outcome.unwrap();
        let (outcome, second) = tokio::join!(egress.exchange(post(&target)), async {
            read_one(&mut first).await;
            if is_reset {
                first.set_zero_linger().unwrap();
            }
            drop(first);
            let (mut stream, _) = listener.accept().await.unwrap();
            answer_one(&mut stream).await;
            stream
        });
        let response = outcome.unwrap();
        assert_eq!((response.status, response.repeated), (200, true), "reset: {is_reset}");
        // The next round begins with a connection of its own.
        drop(second);
    }
}

/// Reads one request and ends the connection without a word.
async fn ends_under_a_request(
    mut connection: h2::server::Connection<
        tokio_rustls::server::TlsStream<tokio::io::DuplexStream>,
        bytes::Bytes,
    >,
) {
    let _request = connection.accept().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_of_http_2_that_ends_under_a_request_costs_no_attempt_unless_requests_are_counted()
{
    for rule in [Repeat::Always, Repeat::Unsent] {
        let issuer = authority();
        let (network, mut hosts) = network();
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
        let settings = trusting(&issuer);
        let serving = async {
            let stream = accept(&mut hosts, &acceptor).await;
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            respond.send_response(http::Response::new(()), true).unwrap();
            ends_under_a_request(connection).await;
            serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await;
        };
        let exchanges = async {
            egress.exchange(request(&settings)).await.unwrap();
            egress.exchange(OutboundRequest { repeat: rule, ..request(&settings) }).await
        };
        let outcome = tokio::select! { outcome = exchanges => outcome, () = serving => panic!("closed") };
        if rule == Repeat::Always {
            let response = outcome.unwrap();
            assert_eq!((response.status, response.repeated, network.dialled().len()), (200, true, 2));
        } else {
            let failed = outcome.unwrap_err();
            assert_eq!((failed.class, failed.repeated), (ErrorClass::Connect, false), "{failed}");
            assert_eq!(network.dialled().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_refused_goes_out_once_more_over_a_new_connection_also_where_requests_are_counted()
{
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let seen = AtomicUsize::new(0);
    let serving = async {
        let mut running = tokio::task::JoinSet::new();
        loop {
            let stream = accept(&mut hosts, &acceptor).await;
            let refuses_second = seen.fetch_add(1, Ordering::SeqCst) == 0;
            running.spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                let mut number = 0;
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    number += 1;
                    if refuses_second && number == 2 {
                        respond.send_reset(h2::Reason::REFUSED_STREAM);
                    } else {
                        respond.send_response(http::Response::new(()), true).unwrap();
                    }
                }
            });
        }
    };
    let exchanges = async {
        let first = egress.exchange(request(&settings)).await.unwrap();
        let second = egress.exchange(only_unsent(request(&settings))).await.unwrap();
        assert_eq!((first.repeated, second.status, second.repeated), (false, 200, true));
        assert_eq!(network.dialled().len(), 2);
    };
    tokio::select! { () = exchanges => {}, () = serving => {} }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waits_is_ended_before_its_receiver_would_end_it() {
    for (said, from_ms, to_ms) in [
        ("", 55_000, 55_200),
        ("keep-alive: timeout=5\r\n", 4_000, 4_200),
        ("Keep-Alive: timeout=1, max=100\r\n", 500, 700),
        ("keep-alive: timeout=600\r\n", 55_000, 55_200),
        ("keep-alive: timeout=0\r\n", 0, 0),
    ] {
        let (network, mut hosts) = network();
        let egress = egress(&network);
        let answer = format!("HTTP/1.1 200 OK\r\n{said}content-length: 0\r\n\r\n");
        let (outcome, (host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(&answer));
        outcome.unwrap();
        let began = Instant::now();
        host.closed().await;
        let waited_ms = began.elapsed().as_millis();
        assert!((from_ms..=to_ms).contains(&waited_ms), "{said:?}: {waited_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_less_brings_the_end_of_no_other_forward() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let patient = kept(&egress, &mut hosts).await;
    let hasty = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 0\r\n\r\n";
    let (outcome, (hasty, _)) = tokio::join!(egress.exchange(post("http://8.8.8.8/")), hosts.answer(hasty));
    outcome.unwrap();
    let began = Instant::now();
    hasty.closed().await;
    assert!(began.elapsed() <= Duration::from_millis(4_200), "{:?}", began.elapsed());
    let mut patient = patient;
    let (outcome, _) =
        tokio::join!(timeout(Duration::from_secs(1), egress.exchange(post(TARGET))), patient.answer(OK));
    assert_eq!(outcome.unwrap().unwrap().status, 200);
}
