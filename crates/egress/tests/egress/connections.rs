//! Which connections are made, used again and given up.

use std::{sync::Arc, time::Duration};

use postroad_domain::ErrorClass;
use postroad_egress::{AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest};
use tokio::time::{Instant, advance};

use crate::network::{Host, Network, egress, network, post};

const TARGET: &str = "http://93.184.216.34/hook";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// One exchange over a connection that is there already.
async fn exchange_over(egress: &impl Egress, host: &mut Host) {
    let (outcome, _request) = tokio::join!(egress.exchange(post(TARGET)), host.answer(OK));
    assert_eq!(outcome.unwrap().status, 200);
    settle().await;
}

/// Lets the tasks of the pool take the connection back.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_exchanges_use_one_connection() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, (mut host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    settle().await;
    exchange_over(&egress, &mut host).await;
    assert_eq!(network.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_connection_is_given_up_while_an_exchange_of_a_minute_still_ends_within_five() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (told, mut ages) = tokio::sync::mpsc::unbounded_channel();
    let serving = tokio::spawn(async move {
        loop {
            let mut host = hosts.accept().await;
            let began = Instant::now();
            let mut age = Duration::ZERO;
            while host.answer_if_asked(OK).await {
                age = began.elapsed();
            }
            told.send(age).unwrap();
        }
    });
    for _ in 0..60 {
        egress.exchange(post(TARGET)).await.unwrap();
        settle().await;
        advance(Duration::from_secs(10)).await;
    }
    serving.abort();
    for _ in 0..2 {
        let age = ages.recv().await.unwrap();
        assert!((Duration::from_secs(120)..=Duration::from_secs(240)).contains(&age), "{age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_its_time_in_the_pool() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, (host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    let began = Instant::now();
    host.closed().await;
    assert!(began.elapsed() <= Duration::from_secs(121), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_closed_by_the_receiver_between_two_exchanges_costs_no_attempt() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, (host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    settle().await;
    // The client has not yet seen the close when it takes the connection.
    drop(host);
    let (outcome, _host) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_an_unfinished_body_is_closed_and_not_used_again() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let unfinished = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    let (outcome, (host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(unfinished));
    assert!(outcome.unwrap().truncated);
    host.closed().await;
    let (outcome, _host) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_is_given_up_closes_its_connection() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let host = {
        let exchange = egress.exchange(post(TARGET));
        tokio::pin!(exchange);
        tokio::select! {
            outcome = &mut exchange => panic!("nobody answered: {outcome:?}"),
            host = async { let mut host = hosts.accept().await; host.read_request().await; host } => host,
        }
    };
    host.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_names_the_address() {
    let (network, _hosts) = network();
    network.refuses("93.184.216.34:80");
    let failed = egress(&network).exchange(post(TARGET)).await.unwrap_err();
    assert_eq!(failed.class, ErrorClass::Connect);
    assert_eq!(failed.message, "cannot connect to 93.184.216.34:80: connection refused");
}

#[tokio::test(start_paused = true)]
async fn the_addresses_of_a_name_are_tried_in_turn() {
    let (network, mut hosts) = network();
    network.name("hook.example", &["2606:4700::1", "8.8.4.4", "8.8.8.8"]);
    network.refuses("[2606:4700::1]:80");
    let egress = egress(&network);
    let (outcome, _host) = tokio::join!(egress.exchange(post("http://hook.example/")), hosts.answer(OK));
    outcome.unwrap();
    assert_eq!(network.dialled(), ["[2606:4700::1]:80", "8.8.4.4:80"]);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_answer_costs_a_quarter_of_a_second_and_not_the_deadline() {
    let (network, mut hosts) = network();
    network.name("hook.example", &["2606:4700::1", "8.8.4.4"]);
    network.is_silent_at("[2606:4700::1]:80");
    let egress = egress(&network);
    let began = Instant::now();
    let (outcome, _host) = tokio::join!(egress.exchange(post("http://hook.example/")), hosts.answer(OK));
    outcome.unwrap();
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_host_that_lets_nobody_connect_meets_the_deadline() {
    let (network, _hosts) = network();
    network.is_silent_at("93.184.216.34:80");
    let request = OutboundRequest { deadline: Duration::from_secs(3), ..post(TARGET) };
    let began = Instant::now();
    assert_eq!(egress(&network).exchange(request).await.unwrap_err().class, ErrorClass::Timeout);
    assert!(began.elapsed() <= Duration::from_millis(3_010), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_name_with_a_crowd_of_addresses_is_tried_at_eight_of_them() {
    let (network, _hosts) = network();
    let crowd: Vec<_> = (1..=50).map(|number| format!("8.8.8.{number}")).collect();
    network.name("hook.example", &crowd.iter().map(String::as_str).collect::<Vec<_>>());
    crowd.iter().for_each(|ip| network.refuses(&format!("{ip}:80")));
    let failed = egress(&network).exchange(post("http://hook.example/")).await.unwrap_err();
    assert_eq!(failed.class, ErrorClass::Connect);
    assert_eq!(network.dialled().len(), 8);
}

/// The client under test with another number and time of connections that wait.
fn keeping(network: &Arc<Network>, pool_idle_max: usize, pool_idle_timeout: Duration) -> HttpEgress {
    let usual = EgressConfig::new(AddressPolicy::default());
    let config = EgressConfig { pool_idle_max, pool_idle_timeout, ..usual };
    HttpEgress::new(config, Arc::clone(network) as Arc<dyn Dial>).unwrap()
}

#[tokio::test(start_paused = true)]
async fn of_more_waiting_connections_than_allowed_over_all_hosts_the_one_that_waited_longest_closes_at_once()
{
    let (network, mut hosts) = network();
    let egress = keeping(&network, 2, Duration::from_secs(60));
    let began = Instant::now();
    let mut waiting = Vec::new();
    for address in ["8.8.8.1", "8.8.8.2"] {
        let request = post(&format!("http://{address}/"));
        let (outcome, (host, _)) = tokio::join!(egress.exchange(request), hosts.answer(OK));
        outcome.unwrap();
        settle().await;
        waiting.push(host);
    }
    // Used again: now the second one has waited longest.
    let (outcome, _) = tokio::join!(egress.exchange(post("http://8.8.8.1/")), waiting[0].answer(OK));
    outcome.unwrap();
    settle().await;
    let (outcome, _host) = tokio::join!(egress.exchange(post("http://8.8.8.3/")), hosts.answer(OK));
    outcome.unwrap();
    waiting.pop().unwrap().closed().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let (outcome, _) = tokio::join!(egress.exchange(post("http://8.8.8.1/")), waiting[0].answer(OK));
    outcome.unwrap();
    assert_eq!(network.dialled(), ["8.8.8.1:80", "8.8.8.2:80", "8.8.8.3:80"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_under_way_is_never_closed_for_those_that_wait() {
    let (network, mut hosts) = network();
    let egress = keeping(&network, 0, Duration::from_secs(60));
    let busy = async {
        let (outcome, ()) = tokio::join!(egress.exchange(post("http://8.8.8.1/")), async {
            let mut host = hosts.accept().await;
            host.read_request().await;
            for _ in 0..3 {
                let (outcome, _host) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
                outcome.unwrap();
                settle().await;
            }
            host.write(OK).await;
            host.closed().await;
        });
        outcome.unwrap()
    };
    assert_eq!(busy.await.status, 200);
    assert_eq!(network.dialled().len(), 4, "none may wait, so each exchange dials");
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_connection_that_was_just_asked_to_close_costs_no_attempt() {
    let (network, mut hosts) = network();
    let egress = keeping(&network, 1, Duration::from_secs(60));
    let (outcome, (_first, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    settle().await;
    let (outcome, (_second, _)) = tokio::join!(egress.exchange(post("http://8.8.8.2/")), hosts.answer(OK));
    outcome.unwrap();
    // The first connection was asked and its task has not run since.
    let (outcome, _third) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    assert_eq!(outcome.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn no_connection_lives_longer_than_five_minutes_however_long_the_pool_keeps_it() {
    let (network, mut hosts) = network();
    let egress = keeping(&network, 10, Duration::from_secs(120));
    let (outcome, (mut host, _)) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
    outcome.unwrap();
    let began = Instant::now();
    settle().await;
    for _ in 0..10 {
        advance(Duration::from_secs(11)).await;
        let (outcome, is_asked) = tokio::join!(
            tokio::time::timeout(Duration::from_secs(1), egress.exchange(post(TARGET))),
            host.answer_if_asked(OK)
        );
        if !is_asked {
            break;
        }
        outcome.unwrap().unwrap();
        settle().await;
    }
    host.closed().await;
    assert!(began.elapsed() <= Duration::from_secs(300), "{:?}", began.elapsed());
}
