//! Names are asked for once and believed for a while.

use std::time::Duration;

use postroad_domain::{
    ErrorClass,
    limits::{NAME_FAILED_TIME, NAME_MISSING_TIME, NAME_TIME},
};
use postroad_egress::Egress;
use tokio::time::advance;

use crate::network::{egress, network, post, url};

const TARGET: &str = "http://hook.example/";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_name_is_asked_for_once_within_the_time_of_its_answer_and_anew_after_it() {
    let (network, _hosts) = network();
    let secs = Duration::from_secs;
    let week = secs(7 * 24 * 3_600);
    for (host, said, believed) in [
        ("usual.example", secs(30), secs(30)),
        ("never.example", Duration::ZERO, NAME_TIME.min),
        ("week.example", week, NAME_TIME.max),
    ] {
        network.name(host, &["93.184.216.34"]);
        network.valid_for(host, said);
        let egress = egress(&network);
        let target = url(&format!("http://{host}/"));
        let asked = || network.resolved().iter().filter(|name| *name == host).count();
        egress.check(&target).await.unwrap();
        advance(believed - Duration::from_millis(1)).await;
        egress.check(&target).await.unwrap();
        assert_eq!(asked(), 1, "{host} within its time");
        advance(Duration::from_millis(1)).await;
        egress.check(&target).await.unwrap();
        assert_eq!(asked(), 2, "{host} after its time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_moved_is_found_when_its_old_answer_has_run_out() {
    let (network, mut hosts) = network();
    network.name("hook.example", &["8.8.8.1"]);
    network.name("hook.example", &["8.8.8.2"]);
    network.valid_for("hook.example", Duration::from_secs(20));
    let egress = egress(&network);
    for pause in [Duration::from_secs(19), Duration::from_secs(1), Duration::ZERO] {
        let (outcome, _host) = tokio::join!(egress.exchange(post(TARGET)), hosts.answer(OK));
        outcome.unwrap();
        advance(pause).await;
    }
    assert_eq!(network.dialled(), ["8.8.8.1:80", "8.8.8.1:80", "8.8.8.2:80"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_is_judged_at_each_dial() {
    let (network, _hosts) = network();
    network.name("inside.example", &["10.0.0.1"]);
    network.valid_for("inside.example", Duration::from_secs(30));
    let egress = egress(&network);
    for _ in 0..2 {
        let refused = egress.exchange(post("http://inside.example/")).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Blocked);
    }
    assert_eq!(network.resolved().len(), 1);
    assert_eq!(network.dialled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_there_is_believed_for_a_short_time() {
    let (network, _hosts) = network();
    let egress = egress(&network);
    for (name, addresses) in [("empty.example", Some(&[][..])), ("missing.example", None)] {
        addresses.into_iter().for_each(|addresses| network.name(name, addresses));
        let target = url(&format!("http://{name}/"));
        let asked = || network.resolved().iter().filter(|known| *known == name).count();
        for (count, pause) in [
            (1, NAME_MISSING_TIME - Duration::from_millis(1)),
            (1, Duration::from_millis(1)),
            (2, Duration::ZERO),
        ] {
            assert_eq!(egress.check(&target).await.unwrap_err().class, ErrorClass::Dns);
            assert_eq!(asked(), count, "{name}");
            advance(pause).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_fails_is_asked_again_after_a_second() {
    let (network, _hosts) = network();
    network.name_server_fails_for("hook.example");
    let egress = egress(&network);
    for (count, pause) in [(1, Duration::ZERO), (1, NAME_FAILED_TIME), (2, Duration::ZERO)] {
        let failed = egress.exchange(post(TARGET)).await.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Dns);
        assert_eq!(failed.message, "cannot resolve hook.example: the name server is out of order");
        assert_eq!(network.resolved().len(), count);
        advance(pause).await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_at_a_time_are_one_question() {
    let (network, _hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    network.answers_late("hook.example", Duration::from_secs(1));
    let (egress, target) = (egress(&network), url(TARGET));
    let (one, two, three) = tokio::join!(egress.check(&target), egress.check(&target), egress.check(&target));
    assert_eq!((one, two, three), (Ok(()), Ok(()), Ok(())));
    assert_eq!(network.resolved().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_gave_up_waiting_leaves_the_question_to_the_next() {
    let (network, _hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    network.answers_late("hook.example", Duration::from_secs(5));
    let (egress, target) = (egress(&network), url(TARGET));
    let impatient = tokio::time::timeout(Duration::from_secs(1), egress.check(&target));
    let (gave_up, answered) = tokio::join!(impatient, egress.check(&target));
    assert!(gave_up.is_err());
    assert_eq!(answered, Ok(()));
}
