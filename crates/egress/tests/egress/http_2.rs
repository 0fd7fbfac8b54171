//! HTTP/2 where it is asked for and offered, against hyper's server.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use postroad_domain::{ErrorClass, Headers, HttpVersion, TlsSettings};
use postroad_egress::{AddressPolicy, Channel, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{Barrier, Notify},
    time::{Instant, advance},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    certificates::{Issuer, authority, server_config, trusting},
    floods::read_request,
    network::{Hosts, Network, list, network, post},
};

pub(crate) const TARGET: &str = "https://hook.example/x?a=1";
/// Where its host is.
pub(crate) const ADDRESS: &str = "93.184.216.34:443";

pub(crate) fn acceptor(issuer: &Issuer, protocols: &[&[u8]]) -> TlsAcceptor {
    let mut config = server_config(issuer, "hook.example", None);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

pub(crate) fn sender(network: &Arc<Network>) -> HttpEgress {
    network.name("hook.example", &["93.184.216.34"]);
    HttpEgress::new(EgressConfig::new(AddressPolicy::default()), Arc::clone(network) as Arc<dyn Dial>)
        .unwrap()
}

pub(crate) fn request(tls: &TlsSettings) -> OutboundRequest {
    let headers = list(&[("X-Team", "crm"), ("Content-Type", "application/json")]);
    OutboundRequest { channel: Channel::of(Some(tls), HttpVersion::Two), headers, ..post(TARGET) }
}

pub(crate) async fn accept(hosts: &mut Hosts, acceptor: &TlsAcceptor) -> TlsStream<DuplexStream> {
    acceptor.accept(hosts.accept().await.0).await.unwrap()
}

/// Serves a connection with HTTP/2 until it closes.
pub(crate) async fn serve<F, R>(stream: TlsStream<DuplexStream>, answer: F)
where
    F: Fn(Request<Incoming>) -> R,
    R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let service = service_fn(|request| {
        let answered = answer(request);
        async move { Ok::<_, std::convert::Infallible>(answered.await) }
    });
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Serves each connection with HTTP/2. The first one answers "1", the second one "2" and so on.
async fn serve_all(hosts: &mut Hosts, acceptor: &TlsAcceptor) {
    let mut running = tokio::task::JoinSet::new();
    loop {
        let stream = hosts.accept().await.0;
        let (acceptor, number) = (acceptor.clone(), running.len() + 1);
        running.spawn(async move {
            // Who has dialled may have no use for the connection any more.
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, |_| async move { Response::new(Full::from(number.to_string())) }).await;
            }
        });
    }
}

pub(crate) fn plain(text: &'static str) -> Response<Full<Bytes>> {
    Response::new(Full::from(text))
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_offers_it_gets_one_request_of_http_2_as_it_was_written() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2", b"http/1.1"]));
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let serving = async {
        serve(accept(&mut hosts, &acceptor).await, move |request| {
            let keep = Arc::clone(&keep);
            async move {
                let (head, body) = request.into_parts();
                *keep.lock().unwrap() = Some((head, body.collect().await.unwrap().to_bytes()));
                plain("thanks")
            }
        })
        .await;
    };
    let outcome = tokio::select! {
        outcome = egress.exchange(request(&trusting(&issuer))) => outcome.unwrap(),
        () = serving => panic!("the connection was closed"),
    };
    assert_eq!((outcome.status, outcome.body.as_ref(), outcome.truncated), (200, &b"thanks"[..], false));
    let (head, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!((head.version, body.as_ref()), (Version::HTTP_2, &b"{}"[..]));
    assert_eq!(head.uri.to_string(), TARGET);
    let named = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!((named("x-team"), named("content-length"), named("host")), (Some("crm"), Some("2"), None));
}

#[tokio::test(start_paused = true)]
async fn many_exchanges_at_a_time_share_one_connection() {
    const MANY: usize = 20;
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let (all_there, count) = (Arc::new(Barrier::new(MANY)), Arc::new(AtomicUsize::new(0)));
    let serving = async {
        let together = Arc::clone(&all_there);
        serve(accept(&mut hosts, &acceptor).await, move |_| {
            let (together, first) = (Arc::clone(&together), count.fetch_add(1, Ordering::SeqCst) == 0);
            async move {
                if !first {
                    together.wait().await;
                }
                plain("")
            }
        })
        .await;
    };
    let exchanges = async {
        egress.exchange(request(&settings)).await.unwrap();
        let (egress, mut running) = (Arc::new(egress), tokio::task::JoinSet::new());
        for _ in 0..MANY {
            let (egress, request) = (Arc::clone(&egress), request(&settings));
            running.spawn(async move { egress.exchange(request).await });
        }
        while let Some(outcome) = running.join_next().await {
            assert_eq!(outcome.unwrap().unwrap().status, 200);
        }
    };
    tokio::select! { () = exchanges => {}, () = serving => panic!("the connection was closed") }
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_offer_it_gets_http_1() {
    let issuer = authority();
    for protocols in [&[&b"http/1.1"[..]][..], &[]] {
        let (network, mut hosts) = network();
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, protocols));
        let settings = trusting(&issuer);
        let (outcome, head) = tokio::join!(egress.exchange(request(&settings)), async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            let mut head = Vec::new();
            while !head.ends_with(b"{}") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            stream.flush().await.unwrap();
            String::from_utf8(head).unwrap()
        });
        assert_eq!(outcome.unwrap().status, 200);
        assert!(head.starts_with("POST /x?a=1 HTTP/1.1\r\nX-Team: crm\r\n"), "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_offered_http_2_who_was_not_asked_for() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2", b"http/1.1"]));
    let channel = Channel::of(Some(&trusting(&issuer)), HttpVersion::One);
    let asked = OutboundRequest { channel, ..post(TARGET) };
    let (outcome, ()) = tokio::join!(egress.exchange(asked), async {
        let mut stream = accept(&mut hosts, &acceptor).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
    });
    outcome.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_long_body_is_cut_without_a_word_to_the_other_exchanges_of_the_connection() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let serving = async {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        serve(accept(&mut hosts, &acceptor).await, move |request| {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                if request.headers().contains_key("x-team") {
                    return Response::new(Full::from(vec![b'x'; 1_000_000]));
                }
                begun.notify_one();
                go_on.notified().await;
                plain("patient")
            }
        })
        .await;
    };
    let quiet = || OutboundRequest { headers: Headers::new(), ..request(&settings) };
    let exchanges = async {
        // The first one makes the connection, so that the two that follow share it.
        assert!(egress.exchange(request(&settings)).await.unwrap().truncated);
        let (patient, ()) = tokio::join!(egress.exchange(quiet()), async {
            begun.notified().await;
            let cut = egress.exchange(request(&settings)).await.unwrap();
            assert_eq!((cut.truncated, cut.body.len()), (true, 16 * 1024));
            go_on.notify_one();
        });
        assert_eq!(patient.unwrap().body.as_ref(), b"patient");
    };
    tokio::select! { () = exchanges => {}, () = serving => panic!("the connection was closed") }
    assert_eq!(network.dialled().len(), 1);
}

/// A connection whose other side has read one request and then says that it closes and has looked at none.
async fn goes_away(mut stream: TlsStream<DuplexStream>) {
    const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    read_request(&mut stream).await;
    stream.write_all(&GO_AWAY).await.unwrap();
    stream.flush().await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_a_closing_connection_did_not_look_at_is_sent_over_another() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let serving = async {
        let closing = tokio::spawn(goes_away(accept(&mut hosts, &acceptor).await));
        serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await;
        closing.await.unwrap();
    };
    let outcome = tokio::select! {
        outcome = egress.exchange(request(&settings)) => outcome,
        () = serving => panic!("the connection was closed"),
    };
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_one_too_many_is_sent_once_more_and_not_again() {
    let issuer = authority();
    for (refusals, expected) in [(1, Ok(200)), (2, Err(ErrorClass::Connect))] {
        let (network, mut hosts) = network();
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
        let settings = trusting(&issuer);
        let serving = async {
            let mut running = tokio::task::JoinSet::new();
            for number in 1.. {
                let stream = accept(&mut hosts, &acceptor).await;
                running.spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        if number <= refusals {
                            respond.send_reset(h2::Reason::REFUSED_STREAM);
                        } else {
                            respond.send_response(Response::new(()), true).unwrap();
                        }
                    }
                });
            }
        };
        let outcome = tokio::select! {
            outcome = egress.exchange(request(&settings)) => outcome,
            () = serving => panic!("the connection was closed"),
        };
        let repeated = match &outcome {
            Ok(response) => response.repeated,
            Err(failed) => failed.repeated,
        };
        assert!(repeated);
        assert_eq!(network.dialled().len(), 2, "each time over a connection of its own");
        assert_eq!(outcome.map(|response| response.status).map_err(|failed| failed.class), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_breaks_off_or_falls_silent_fails_the_exchange_by_its_class() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let serving = async {
        let mut connection = h2::server::handshake(accept(&mut hosts, &acceptor).await).await.unwrap();
        let mut held = Vec::new();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            if held.is_empty() {
                respond.send_reset(h2::Reason::INTERNAL_ERROR);
            }
            held.push(respond);
        }
    };
    let exchanges = async {
        let broken = egress.exchange(request(&settings)).await.unwrap_err();
        assert_eq!(broken.class, ErrorClass::Connect, "{broken}");
        assert!(broken.message.starts_with("the receiver broke off before it had answered"), "{broken}");
        let silent = egress.exchange(request(&settings)).await.unwrap_err();
        assert_eq!(silent.class, ErrorClass::Timeout, "{silent}");
    };
    tokio::select! { () = exchanges => {}, () = serving => panic!("the connection was closed") }
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_connection_of_http_2_is_given_up_for_a_new_one_in_time() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let serving = async {
        let mut running = tokio::task::JoinSet::new();
        loop {
            let stream = accept(&mut hosts, &acceptor).await;
            running.spawn(serve(stream, |_| async { plain("") }));
        }
    };
    let exchanges = async {
        for _ in 0..30 {
            egress.exchange(request(&settings)).await.unwrap();
            advance(Duration::from_secs(10)).await;
        }
    };
    tokio::select! { () = exchanges => {}, () = serving => {} }
    assert_eq!(network.dialled().len(), 2, "five minutes of exchanges");
}

#[tokio::test(start_paused = true)]
async fn many_who_need_a_connection_at_once_make_one() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (Arc::new(sender(&network)), acceptor(&issuer, &[b"h2"]));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (egress, request) = (Arc::clone(&egress), request(&trusting(&issuer)));
        running.spawn(async move { egress.exchange(request).await });
    }
    let exchanges = async {
        while let Some(outcome) = running.join_next().await {
            assert_eq!(outcome.unwrap().unwrap().status, 200);
        }
    };
    let serving = async { serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await };
    tokio::select! { () = exchanges => {}, () = serving => panic!("the connection was closed") }
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_dial_that_fails_costs_one_exchange_and_not_those_who_waited_for_it() {
    const MANY: usize = 20;
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (Arc::new(sender(&network)), acceptor(&issuer, &[b"h2"]));
    network.refuses_once(ADDRESS);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let (egress, request) = (Arc::clone(&egress), request(&trusting(&issuer)));
        running.spawn(async move { egress.exchange(request).await });
    }
    let exchanges = async {
        let mut failed = Vec::new();
        while let Some(outcome) = running.join_next().await {
            failed.extend(outcome.unwrap().err());
        }
        let messages: Vec<_> = failed.iter().map(|failed| failed.message.as_str()).collect();
        assert_eq!(messages, [format!("cannot connect to {ADDRESS}: connection refused")]);
        assert_eq!(network.dialled().len(), MANY, "one dial each");
        egress.exchange(request(&trusting(&issuer))).await.unwrap();
        assert_eq!(network.dialled().len(), MANY, "one of the connections is kept");
    };
    tokio::select! { () = exchanges => {}, () = serve_all(&mut hosts, &acceptor) => {} }
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_a_dial_that_failed_dials_once_and_who_comes_later_dials_again() {
    let issuer = authority();
    let (network, _hosts) = network();
    let egress = sender(&network);
    network.refuses(ADDRESS);
    let settings = trusting(&issuer);
    for round in 1..=2 {
        let (one, two) =
            tokio::join!(egress.exchange(request(&settings)), egress.exchange(request(&settings)));
        assert_eq!(one, two);
        let failed = one.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Connect);
        assert_eq!(failed.message, "cannot connect to 93.184.216.34:443: connection refused");
        assert_eq!(network.dialled().len(), 2 * round);
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_serves_while_a_new_one_is_dialled_whatever_comes_of_the_dials() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let exchanges = async {
        // Which connection has answered, after how much waiting for it.
        let ask = async || {
            let begun = Instant::now();
            let answer = egress.exchange(request(&settings)).await.unwrap();
            for _ in 0..100 {
                // For a dial in the background.
                tokio::task::yield_now().await;
            }
            (String::from_utf8(answer.body.to_vec()).unwrap(), begun.elapsed())
        };
        let by = |name: &str| (name.to_owned(), Duration::ZERO);
        assert_eq!(ask().await, by("1"));
        network.is_silent_at(ADDRESS);
        while network.dialled().len() < 2 {
            advance(Duration::from_secs(5)).await;
            assert_eq!(ask().await, by("1"));
        }
        advance(Duration::from_secs(5)).await;
        assert_eq!((ask().await, network.dialled().len()), (by("1"), 2), "one dial at a time");
        network.answers_again(ADDRESS);
        network.refuses(ADDRESS);
        advance(Duration::from_secs(5)).await;
        assert_eq!((ask().await, network.dialled().len()), (by("1"), 3));
        network.answers_again(ADDRESS);
        advance(Duration::from_secs(10)).await;
        assert_eq!((ask().await, network.dialled().len()), (by("1"), 4));
        assert_eq!((ask().await, network.dialled().len()), (by("2"), 4));
    };
    tokio::select! { () = exchanges => {}, () = serve_all(&mut hosts, &acceptor) => {} }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_cannot_be_renewed_is_not_used_for_ever() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let exchanges = async {
        let begun = Instant::now();
        while egress.exchange(request(&settings)).await.is_ok() {
            network.refuses(ADDRESS);
            advance(Duration::from_secs(5)).await;
        }
        let served_for = begun.elapsed();
        let (min, max) = (Duration::from_secs(200), Duration::from_secs(240));
        assert!((min..=max).contains(&served_for), "{served_for:?}");
        assert!(network.dialled().len() <= 10, "{} dials", network.dialled().len());
    };
    tokio::select! { () = exchanges => {}, () = serve_all(&mut hosts, &acceptor) => {} }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_dial_that_is_given_up_makes_one() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    network.is_silent_at("93.184.216.34:443");
    let hasty = OutboundRequest { deadline: Duration::from_secs(3), ..request(&trusting(&issuer)) };
    let exchanges = async {
        let (hasty, patient) = tokio::join!(
            async {
                let outcome = egress.exchange(hasty).await;
                network.answers_again("93.184.216.34:443");
                outcome
            },
            egress.exchange(request(&trusting(&issuer)))
        );
        assert_eq!(hasty.unwrap_err().class, ErrorClass::Timeout);
        assert_eq!(patient.unwrap().status, 200);
    };
    let serving = async { serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await };
    tokio::select! { () = exchanges => {}, () = serving => panic!("the connection was closed") }
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http_2_that_nobody_uses_is_closed_after_its_time() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let exchange = async {
        egress.exchange(request(&trusting(&issuer))).await.unwrap();
        tokio::time::Instant::now()
    };
    let serving = async {
        serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await;
        tokio::time::Instant::now()
    };
    let (answered, closed) = tokio::join!(exchange, serving);
    let waited = closed - answered;
    assert!((Duration::from_secs(55)..=Duration::from_secs(56)).contains(&waited), "{waited:?}");
}
