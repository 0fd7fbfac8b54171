//! The inspector under people who send, wait and read too much at once.

use std::{net::SocketAddr, sync::Arc};

use axum::{body::Body, extract::ConnectInfo};
use http::Request;
use http_body_util::BodyExt;
use postroad_domain::limits::{
    INSPECTOR_ANSWERS_WAITING_MAX, INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX, INSPECTOR_BODIES_BYTES_MAX,
    INSPECTOR_BODY_BYTES_MAX, INSPECTOR_PAGE_BYTES_MAX,
};
use postroad_server::{HeaderSpelling, Serving, serve};
use postroad_testkit::within;
use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower::ServiceExt as _;

use crate::{
    app::{App, Reply},
    coming::Coming,
};

/// A request without a key.
async fn call(app: &App, method: &str, path: &str, body: impl Into<Body>) -> Reply {
    app.call(Request::builder().method(method).uri(path).body(body.into()).unwrap()).await
}

/// Has a bin wait before it answers.
async fn delay(app: &App, bin: usize) {
    let path = format!("/inspector/bin-number-{bin}/answer");
    call(app, "PUT", &path, json!({"status": 204, "delay": "90s"}).to_string()).await.expect(200);
}

/// Sends to a bin and does not wait for the answer.
fn send(app: &App, bin: usize, body: Body, under_way: &mut JoinSet<u16>) {
    let request = Request::post(format!("/inspect/bin-number-{bin}")).body(body).unwrap();
    let answered = app.router.clone().oneshot(request);
    under_way.spawn(async move { answered.await.unwrap().status().as_u16() });
}

/// The same from outside.
fn send_from(address: &str, app: &App, bin: usize, body: Body, under_way: &mut JoinSet<u16>) {
    let mut request = Request::post(format!("/inspect/bin-number-{bin}")).body(body).unwrap();
    request.extensions_mut().insert(remote(address));
    let answered = app.router.clone().oneshot(request);
    under_way.spawn(async move { answered.await.unwrap().status().as_u16() });
}

fn remote(address: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(address.parse().unwrap())
}

async fn newest(app: &App, bin: usize) -> u64 {
    let path = format!("/inspector/bin-number-{bin}/requests?format=json&limit=1");
    call(app, "GET", &path, "").await.expect(200)["data"][0]["number"].as_u64().unwrap_or_default()
}

/// Sends requests to a bin until it has answered one with the status; answers what it said.
async fn until_answered(app: &App, bin: usize, status: u16) -> String {
    let answered = async {
        loop {
            let reply = call(app, "POST", &format!("/inspect/bin-number-{bin}"), "x").await;
            if reply.status == status {
                return String::from_utf8(reply.body.to_vec()).unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    within("the answer", answered).await
}

#[tokio::test]
async fn only_so_many_answers_of_a_bin_wait_and_the_next_one_says_why_it_came_at_once() {
    let app = App::new().await;
    delay(&app, 0).await;
    let mut waiting = JoinSet::new();
    for _ in 0..INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX {
        send(&app, 0, Body::empty(), &mut waiting);
    }
    let all_wait = async {
        while newest(&app, 0).await < INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX as u64 {
            tokio::task::yield_now().await;
        }
    };
    within("the answers to wait", all_wait).await;
    let said = until_answered(&app, 0, 503).await;
    assert!(said.contains("256 answers of this bin are waiting"), "{said}");
    let page = call(&app, "GET", "/inspector/bin-number-0/requests", "").await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("not as the bin was told to: 256 answers of this bin are waiting"), "{page}");
    // Whoever hangs up makes room.
    waiting.shutdown().await;
    send(&app, 0, Body::empty(), &mut waiting);
    app.clock.sleepers(1).await;
    let answered = async {
        loop {
            tokio::select! {
                biased;
                answered = waiting.join_next() => return answered.unwrap().unwrap(),
                () = tokio::task::yield_now() => app.clock.advance(std::time::Duration::from_secs(1)),
            }
        }
    };
    assert_eq!(within("the answer in its time", answered).await, 204);
}

#[tokio::test]
async fn of_all_answers_that_wait_one_sender_has_half_and_another_still_finds_places() {
    let app = App::new().await;
    let bins = INSPECTOR_ANSWERS_WAITING_MAX / INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX / 2;
    let mut waiting = JoinSet::new();
    for bin in 0..=bins {
        delay(&app, bin).await;
    }
    for bin in 0..bins {
        for _ in 0..INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX {
            send(&app, bin, Body::empty(), &mut waiting);
        }
    }
    let all_wait = async {
        while newest(&app, bins - 1).await < INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX as u64 {
            tokio::task::yield_now().await;
        }
    };
    within("the answers to wait", all_wait).await;
    let said = until_answered(&app, bins, 503).await;
    assert!(said.contains("as many of your answers wait as may, of the 4096 that may wait in all"), "{said}");
    let sleepers = app.clock.sleeper_count();
    send_from("192.0.2.1:1", &app, bins, Body::empty(), &mut waiting);
    app.clock.sleepers(sleepers + 1).await;
    // A bin that answers at once takes part in nothing.
    until_answered(&app, bins + 1, 200).await;
}

#[tokio::test]
async fn an_answer_that_waits_ends_with_the_connection_of_its_client() {
    let app = App::new().await;
    delay(&app, 0).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving { spelling: HeaderSpelling::Kept, connections_max: 10 };
    let server = tokio::spawn(serve(listener, app.router.clone(), serving, std::future::pending()));
    let before = app.clock.sleeper_count();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"POST /inspect/bin-number-0 HTTP/1.1\r\nhost: t\r\n\r\n").await.unwrap();
    app.clock.sleepers(before + 1).await;
    drop(client);
    let ended = async {
        while app.clock.sleeper_count() > before {
            tokio::task::yield_now().await;
        }
    };
    within("the end of the wait", ended).await;
    server.abort();
}

#[tokio::test]
async fn bodies_that_hang_are_bounded_for_each_sender_and_another_is_heard() {
    let app = App::new().await;
    let (begun, mut hanging) = (Arc::default(), JoinSet::new());
    let half = INSPECTOR_BODIES_BYTES_MAX / INSPECTOR_BODY_BYTES_MAX / 2;
    for bin in 0..half {
        let body = Coming::of([vec![b'x'; INSPECTOR_BODY_BYTES_MAX].into()]).stalling(&begun);
        send_from("192.0.2.1:1", &app, bin, body.into(), &mut hanging);
    }
    let body = || Body::from(vec![b'x'; INSPECTOR_BODY_BYTES_MAX]);
    let mut refused = JoinSet::new();
    let told = async {
        loop {
            send_from("192.0.2.1:2", &app, 100, body(), &mut refused);
            if refused.join_next().await.unwrap().unwrap() == 503 {
                break;
            }
        }
    };
    within("one to be told that its share is taken", told).await;
    let page = call(&app, "GET", "/inspector/bin-number-100/requests", "").await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("more is being sent to the inspector at once than your share"), "{page}");
    // Deliveries of this server, and another network.
    let reply = call(&app, "POST", "/inspect/bin-number-101", vec![b'x'; INSPECTOR_BODY_BYTES_MAX]).await;
    assert_eq!(reply.status, 200);
    send_from("192.0.2.2:1", &app, 102, body(), &mut refused);
    assert_eq!(refused.join_next().await.unwrap().unwrap(), 200);
    hanging.shutdown().await;
    send_from("192.0.2.1:3", &app, 100, body(), &mut refused);
    assert_eq!(refused.join_next().await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn a_page_of_long_bodies_is_short_and_the_next_ones_have_the_rest() {
    let app = App::new().await;
    for _ in 0..10 {
        call(&app, "POST", "/inspect/bin-number-0", vec![b'x'; INSPECTOR_BODY_BYTES_MAX]).await.expect(200);
    }
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/inspector/bin-number-0/requests?format=json&limit=250{cursor}");
        let reply = call(&app, "GET", &path, "").await;
        assert!(reply.body.len() <= INSPECTOR_PAGE_BYTES_MAX + 10_000, "{}", reply.body.len());
        let list = reply.expect(200);
        let data = list["data"].as_array().unwrap();
        numbers.extend(data.iter().map(|request| request["number"].as_u64().unwrap()));
        let Some(next) = list["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(numbers, (1..=10).rev().collect::<Vec<_>>());
    // The page for people shows only beginnings, so all of them go on one.
    let page = call(&app, "GET", "/inspector/bin-number-0/requests", "").await;
    assert!(!String::from_utf8(page.body.to_vec()).unwrap().contains("older ones"));
}

#[tokio::test]
async fn pages_that_nobody_takes_do_not_pile_up_and_keep_no_other_reader_waiting() {
    let app = App::new().await;
    for _ in 0..3 {
        call(&app, "POST", "/inspect/bin-number-0", vec![0_u8; INSPECTOR_BODY_BYTES_MAX]).await.expect(200);
    }
    let get = |reader: &str| {
        let mut request =
            Request::get("/inspector/bin-number-0/requests?format=json").body(Body::empty()).unwrap();
        request.extensions_mut().insert(remote(reader));
        app.router.clone().oneshot(request)
    };
    let mut held = Vec::new();
    let refused = loop {
        let response = get("192.0.2.1:1").await.unwrap();
        if response.status() != 200 {
            break response;
        }
        held.push(response);
    };
    assert_eq!((refused.status().as_u16(), held.len()), (503, 2));
    let problem = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&problem).contains("still on their way to you"));
    assert_eq!(get("192.0.2.2:1").await.unwrap().status(), 200, "another reader");
    held.pop();
    assert_eq!(get("192.0.2.1:2").await.unwrap().status(), 200);
}
