//! Receivers that are offered HTTP/2 and choose HTTP/1.1, or say nothing: they are served as all others of HTTP/1.1.

use std::{sync::Arc, time::Duration};

use postroad_domain::{ErrorClass, HttpVersion, TlsSettings};
use postroad_egress::{
    AddressPolicy, Channel, Dial, Egress, EgressConfig, EgressProxy, HttpEgress, OutboundRequest,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::advance,
};
use tokio_rustls::server::TlsStream;

use crate::{
    certificates::{authority, client_settings, trusting},
    http_2::{TARGET, accept, acceptor, plain, request, sender, serve},
    network::{list, network, post},
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const HTTP_1: &[&[u8]] = &[b"http/1.1"];

/// The next request on a connection, which is answered.
async fn answer(stream: &mut TlsStream<DuplexStream>) -> String {
    answer_with(stream, OK).await
}

async fn answer_with(stream: &mut TlsStream<DuplexStream>, answer: &[u8]) -> String {
    let seen = until(stream, "{}").await;
    stream.write_all(answer).await.unwrap();
    stream.flush().await.unwrap();
    seen
}

async fn until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut seen = String::new();
    while !seen.ends_with(end) {
        seen.push(char::from(stream.read_u8().await.unwrap()));
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn the_next_request_takes_the_same_connection_whether_the_receiver_chose_or_said_nothing() {
    let issuer = authority();
    for protocols in [HTTP_1, &[]] {
        let (network, mut hosts) = network();
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, protocols));
        let settings = trusting(&issuer);
        let (outcome, mut stream) = tokio::join!(egress.exchange(request(&settings)), async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            answer(&mut stream).await;
            stream
        });
        outcome.unwrap();
        for _ in 0..3 {
            let (outcome, _) = tokio::join!(egress.exchange(request(&settings)), answer(&mut stream));
            assert_eq!(outcome.unwrap().status, 200);
        }
        assert_eq!(network.dialled().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn headers_arrive_in_their_spelling_and_in_their_places() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, HTTP_1));
    let headers = list(&[("X-Tag", "1"), ("user-AGENT", "LeadHub/3"), ("x-TAG", "2"), ("ETag", "")]);
    let request = OutboundRequest { headers, ..request(&trusting(&issuer)) };
    let (outcome, seen) = tokio::join!(egress.exchange(request), async {
        answer(&mut accept(&mut hosts, &acceptor).await).await
    });
    outcome.unwrap();
    assert_eq!(
        seen,
        "POST /x?a=1 HTTP/1.1\r\nX-Tag: 1\r\nuser-AGENT: LeadHub/3\r\nx-TAG: 2\r\nETag:\r\n\
         Host: hook.example\r\nContent-Length: 2\r\n\r\n{}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_refused_before_anybody_is_dialled() {
    let (network, _hosts) = network();
    let egress = sender(&network);
    let headers = list(&[("X-A", "1\r\nX-Evil: 2")]);
    let refused = egress.exchange(OutboundRequest { headers, ..request(&TlsSettings::default()) }).await;
    let words = "the request cannot be sent: the value of X-A holds a control character";
    assert_eq!(refused.unwrap_err().message, words);
    assert_eq!(network.dialled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_another_name_or_authority_fails_the_exchange() {
    let (issuer, stranger) = (authority(), authority());
    for (target, trusted) in [("https://other.example/", &issuer), (TARGET, &stranger)] {
        let (network, mut hosts) = network();
        network.name("other.example", &["93.184.216.35"]);
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, HTTP_1));
        let asked = OutboundRequest { url: post(target).url, ..request(&trusting(trusted)) };
        let (outcome, _) =
            tokio::join!(egress.exchange(asked), async { acceptor.accept(hosts.accept().await.0).await });
        let failed = outcome.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Tls, "{failed}");
        assert!(failed.message.starts_with("the TLS handshake with "), "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn its_connections_carry_no_request_of_another_certificate_authority_or_version() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, HTTP_1));
    let ours = trusting(&issuer);
    let certified = |name| TlsSettings { ca: ours.ca.clone(), ..client_settings(&authority(), name) };
    let channels = [
        Channel::of(Some(&ours), HttpVersion::Two),
        Channel::of(Some(&ours), HttpVersion::One),
        Channel::of(Some(&certified("one")), HttpVersion::Two),
        Channel::of(Some(&certified("two")), HttpVersion::Two),
    ];
    let mut streams = Vec::new();
    for channel in &channels {
        let asked = OutboundRequest { channel: channel.clone(), ..post(TARGET) };
        let (outcome, stream) = tokio::join!(egress.exchange(asked), async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            answer(&mut stream).await;
            stream
        });
        outcome.unwrap();
        streams.push(stream);
    }
    for (channel, stream) in channels.iter().zip(&mut streams) {
        let asked = OutboundRequest { channel: channel.clone(), ..post(TARGET) };
        let (outcome, _) = tokio::join!(egress.exchange(asked), answer(stream));
        outcome.unwrap();
    }
    assert_eq!(network.dialled().len(), channels.len());
}

#[tokio::test(start_paused = true)]
async fn many_at_a_time_have_a_connection_each_and_keep_them() {
    const MANY: usize = 5;
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (Arc::new(sender(&network)), acceptor(&issuer, HTTP_1));
    let settings = trusting(&issuer);
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..MANY {
            let (egress, request) = (Arc::clone(&egress), request(&settings));
            running.spawn(async move { egress.exchange(request).await });
        }
        while streams.len() < MANY {
            streams.push(accept(&mut hosts, &acceptor).await);
        }
        // None is answered before all are there: none can have taken the connection of another.
        for stream in &mut streams {
            until(stream, "{}").await;
        }
        for stream in &mut streams {
            stream.write_all(OK).await.unwrap();
            stream.flush().await.unwrap();
        }
        while let Some(outcome) = running.join_next().await {
            assert_eq!(outcome.unwrap().unwrap().status, 200);
        }
    }
    assert_eq!(network.dialled().len(), MANY);
}

#[tokio::test(start_paused = true)]
async fn those_who_need_a_connection_to_a_known_receiver_dial_at_the_same_time() {
    const MANY: usize = 5;
    let issuer = authority();
    // After minutes of exchanges over a kept connection, and after minutes of silence, in which it is closed.
    for (exchanges, step_s, dials) in [(5, 25, MANY - 1), (0, 240, MANY)] {
        let (network, mut hosts) = network();
        let (egress, acceptor) = (Arc::new(sender(&network)), acceptor(&issuer, HTTP_1));
        let settings = trusting(&issuer);
        let (outcome, mut stream) = tokio::join!(egress.exchange(request(&settings)), async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            answer(&mut stream).await;
            stream
        });
        outcome.unwrap();
        let step = Duration::from_secs(step_s);
        for _ in 0..exchanges {
            advance(step).await;
            let (outcome, _) = tokio::join!(egress.exchange(request(&settings)), answer(&mut stream));
            outcome.unwrap();
        }
        advance(step).await;
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..MANY {
            let (egress, request) = (Arc::clone(&egress), request(&settings));
            running.spawn(async move { egress.exchange(request).await });
        }
        // All of them are there, and with none has a handshake begun that could tell the others anything.
        let mut dialled = Vec::new();
        while dialled.len() < dials {
            dialled.push(hosts.accept().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_its_receiver_closed_costs_no_attempt() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, HTTP_1));
    let settings = trusting(&issuer);
    for _ in 0..2 {
        // The connection is dropped behind its answer.
        let (outcome, _) = tokio::join!(egress.exchange(request(&settings)), async {
            answer(&mut accept(&mut hosts, &acceptor).await).await
        });
        assert_eq!(outcome.unwrap().status, 200);
    }
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_learns_http_2_gets_it_on_its_next_connection() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, before) = (sender(&network), acceptor(&issuer, HTTP_1));
    let after = acceptor(&issuer, &[b"h2", b"http/1.1"]);
    let settings = trusting(&issuer);
    let closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (outcome, _) = tokio::join!(egress.exchange(request(&settings)), async {
        answer_with(&mut accept(&mut hosts, &before).await, closing).await
    });
    outcome.unwrap();
    let exchanges = async {
        for _ in 0..2 {
            assert_eq!(egress.exchange(request(&settings)).await.unwrap().body.as_ref(), b"two");
        }
    };
    let serving = async { serve(accept(&mut hosts, &after).await, |_| async { plain("two") }).await };
    tokio::select! { () = exchanges => {}, () = serving => panic!("the connection was closed") }
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_answer_meets_the_deadline_and_a_broken_connection_has_its_class() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, HTTP_1));
    let hasty = || OutboundRequest { deadline: Duration::from_secs(3), ..request(&trusting(&issuer)) };
    let (outcome, _stream) = tokio::join!(egress.exchange(hasty()), accept(&mut hosts, &acceptor));
    assert_eq!(outcome.unwrap_err().class, ErrorClass::Timeout);
    let (outcome, ()) = tokio::join!(egress.exchange(hasty()), async {
        let mut stream = accept(&mut hosts, &acceptor).await;
        until(&mut stream, "{}").await;
        stream.shutdown().await.unwrap();
    });
    let failed = outcome.unwrap_err();
    assert_eq!(failed.class, ErrorClass::Connect);
    assert_eq!(failed.message, "the receiver closed the connection before it had answered");
}

#[tokio::test(start_paused = true)]
async fn without_tls_nobody_can_choose_and_http_1_is_spoken_on_a_kept_connection() {
    let (network, mut hosts) = network();
    let egress = sender(&network);
    let asked =
        || OutboundRequest { url: post("http://hook.example/x").url, ..request(&TlsSettings::default()) };
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (outcome, (mut host, seen)) = tokio::join!(egress.exchange(asked()), hosts.answer(answer));
    outcome.unwrap();
    assert!(seen.starts_with("POST /x HTTP/1.1\r\nX-Team: crm\r\n"), "{seen}");
    let (outcome, _) = tokio::join!(egress.exchange(asked()), host.answer(answer));
    outcome.unwrap();
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_connection_through_a_proxys_tunnel_is_handed_over_and_kept_too() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let config = EgressConfig {
        proxy: Some(EgressProxy::parse("http://10.0.0.9:3128").unwrap()),
        ..EgressConfig::new(AddressPolicy::default())
    };
    let egress = HttpEgress::new(config, Arc::clone(&network) as Arc<dyn Dial>).unwrap();
    let acceptor = acceptor(&issuer, HTTP_1);
    let settings = trusting(&issuer);
    let (outcome, (mut stream, connect, seen)) = tokio::join!(egress.exchange(request(&settings)), async {
        let mut host = hosts.accept().await;
        let connect = until(&mut host.0, "\r\n\r\n").await;
        host.write("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let mut stream = acceptor.accept(host.0).await.unwrap();
        let seen = answer(&mut stream).await;
        (stream, connect, seen)
    });
    outcome.unwrap();
    assert_eq!(connect, "CONNECT hook.example:443 HTTP/1.1\r\nHost: hook.example:443\r\n\r\n");
    assert!(seen.starts_with("POST /x?a=1 HTTP/1.1\r\nX-Team: crm\r\n"), "{seen}");
    let (outcome, _) = tokio::join!(egress.exchange(request(&settings)), answer(&mut stream));
    outcome.unwrap();
    assert_eq!(network.dialled(), ["10.0.0.9:3128"]);
}
