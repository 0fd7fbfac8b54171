//! A connection is one owner's: what a receiver sends too late on it becomes nobody else's answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use postroad_domain::limits::CONNECTIONS_PER_ADDRESS_MAX;
use postroad_egress::{AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest, Owner};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use crate::{
    certificates::{authority, trusting},
    http_2::{accept, acceptor, plain, request, sender, serve},
    network::{Host, Hosts, Network, egress, network, post},
};

const TARGET: &str = "http://93.184.216.34/hook";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn of(owner: u64, request: OutboundRequest) -> OutboundRequest {
    OutboundRequest { owner: Owner(owner), ..request }
}

/// One exchange for which a connection is made.
async fn exchange_over_new(egress: &HttpEgress, hosts: &mut Hosts, owner: u64) -> Host {
    let (outcome, (host, _)) = tokio::join!(egress.exchange(of(owner, post(TARGET))), hosts.answer(OK));
    outcome.unwrap();
    host
}

/// One exchange over a connection that is there.
async fn exchange_over(egress: &HttpEgress, host: &mut Host, owner: u64) {
    let (outcome, _) = tokio::join!(egress.exchange(of(owner, post(TARGET))), host.answer(OK));
    outcome.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_tenants_of_one_receiver_have_each_a_connection_and_keep_it() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut one = exchange_over_new(&egress, &mut hosts, 1).await;
    let mut two = exchange_over_new(&egress, &mut hosts, 2).await;
    for _ in 0..3 {
        exchange_over(&egress, &mut one, 1).await;
        exchange_over(&egress, &mut two, 2).await;
    }
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_misframing_receiver_sends_late_never_becomes_the_answer_to_another_tenant() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut first = exchange_over_new(&egress, &mut hosts, 1).await;
    let unavailable = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let (outcome, _second) = tokio::join!(egress.exchange(of(2, post(TARGET))), async {
        let mut second = hosts.accept().await;
        second.read_request().await;
        // Of the body of an answer that had said it had none: another success, for whoever comes next on this connection.
        first.write(OK).await;
        second.write(unavailable).await;
        second
    });
    assert_eq!(outcome.unwrap().status, 503, "an event is not delivered by the answer to another one");
}

#[tokio::test(start_paused = true)]
async fn two_tenants_of_one_receiver_have_each_a_connection_of_tls_too() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"http/1.1"]));
    let settings = trusting(&issuer);
    let mut streams = Vec::new();
    for owner in [1, 2] {
        let (outcome, stream) = tokio::join!(egress.exchange(of(owner, request(&settings))), async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            let mut seen = Vec::new();
            while !seen.ends_with(b"{}") {
                seen.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(OK.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            stream
        });
        outcome.unwrap();
        streams.push(stream);
    }
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_tenants_of_one_receiver_have_each_a_connection_of_http_2() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let exchanges = async {
        let ask = async |owner| {
            let answer = egress.exchange(of(owner, request(&settings))).await.unwrap();
            String::from_utf8(answer.body.to_vec()).unwrap()
        };
        assert_eq!([ask(1).await, ask(2).await, ask(1).await, ask(2).await], ["1", "2", "1", "2"]);
        assert_eq!(network.dialled().len(), 2);
    };
    let serving = async {
        let mut running = tokio::task::JoinSet::new();
        for number in 1.. {
            let stream = accept(&mut hosts, &acceptor).await;
            running.spawn(serve(stream, move |_| async move {
                Response::new(Full::<Bytes>::from(number.to_string()))
            }));
        }
    };
    tokio::select! { () = exchanges => {}, () = serving => {} }
}

/// The client under test with another number of connections to one address.
fn keeping(network: &Arc<Network>, pool_idle_per_address: usize) -> HttpEgress {
    let config = EgressConfig { pool_idle_per_address, ..EgressConfig::new(AddressPolicy::default()) };
    HttpEgress::new(config, Arc::clone(network) as Arc<dyn Dial>).unwrap()
}

#[tokio::test(start_paused = true)]
async fn of_too_many_that_wait_a_moment_for_one_address_the_one_that_waited_longest_closes_whosever_it_is() {
    let (network, mut hosts) = network();
    let egress = keeping(&network, 2);
    let began = Instant::now();
    let mut one = exchange_over_new(&egress, &mut hosts, 1).await;
    let two = exchange_over_new(&egress, &mut hosts, 2).await;
    // Used again: now the second one has waited longest.
    exchange_over(&egress, &mut one, 1).await;
    let (outcome, (_elsewhere, _)) =
        tokio::join!(egress.exchange(of(4, post("http://8.8.8.8/"))), hosts.answer(OK));
    outcome.unwrap();
    let mut three = exchange_over_new(&egress, &mut hosts, 3).await;
    two.closed().await;
    assert!((1.0..1.2).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    exchange_over(&egress, &mut one, 1).await;
    exchange_over(&egress, &mut three, 3).await;
    assert_eq!(network.dialled().len(), 4);
}

/// A tenant with ten busy lanes to one receiver dialled for every fifth exchange.
#[tokio::test(start_paused = true)]
async fn connections_that_wait_for_less_than_a_moment_are_in_use_and_stay() {
    let (network, mut hosts) = network();
    let egress = keeping(&network, 2);
    let mut busy = Vec::new();
    for owner in 0..8 {
        busy.push(exchange_over_new(&egress, &mut hosts, owner).await);
    }
    for _ in 0..10 {
        tokio::time::advance(Duration::from_millis(500)).await;
        for (host, owner) in busy.iter_mut().zip(0..) {
            exchange_over(&egress, host, owner).await;
        }
    }
    assert_eq!(network.dialled().len(), 8);
    let _ninth = exchange_over_new(&egress, &mut hosts, 8).await;
    busy.remove(0).closed().await;
}

#[tokio::test(start_paused = true)]
async fn many_tenants_of_one_receiver_leave_no_more_connections_open_than_may_wait() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let mut open = Vec::new();
    for owner in 0..CONNECTIONS_PER_ADDRESS_MAX as u64 + 100 {
        open.push(exchange_over_new(&egress, &mut hosts, owner).await);
    }
    let kept = open.split_off(100);
    for closed in open {
        closed.closed().await;
    }
    for (host, owner) in kept.into_iter().zip(100..) {
        exchange_over(&egress, &mut { host }, owner).await;
    }
    assert_eq!(network.dialled().len(), CONNECTIONS_PER_ADDRESS_MAX + 100);
}

#[tokio::test(start_paused = true)]
async fn of_too_many_connections_of_http_2_to_one_address_the_one_used_longest_ago_closes() {
    let issuer = authority();
    let (network, mut hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    let (egress, acceptor) = (keeping(&network, 2), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let (told, mut closed) = tokio::sync::mpsc::unbounded_channel();
    let exchanges = async {
        for (owner, dials) in [(1, 1), (2, 2), (1, 2), (3, 3), (1, 3), (3, 3)] {
            egress.exchange(of(owner, request(&settings))).await.unwrap();
            assert_eq!(network.dialled().len(), dials, "{owner}");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let first = timeout(Duration::from_secs(2), closed.recv()).await;
        assert_eq!(first.unwrap(), Some(2), "the connection of the second owner");
    };
    let serving = async {
        let mut running = tokio::task::JoinSet::new();
        for number in 1.. {
            let (stream, told) = (accept(&mut hosts, &acceptor).await, told.clone());
            running.spawn(async move {
                serve(stream, |_| async { plain("") }).await;
                let _ = told.send(number);
            });
        }
    };
    tokio::select! { () = exchanges => {}, () = serving => {} }
}
