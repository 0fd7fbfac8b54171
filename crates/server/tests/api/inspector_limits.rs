//! The inspector under people who send, wait and read too much at once.

use std::sync::Arc;

use axum::body::Body;
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
async fn only_so_many_answers_of_all_bins_wait() {
    let app = App::new().await;
    let bins = INSPECTOR_ANSWERS_WAITING_MAX / INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX;
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
    assert!(said.contains("2048 answers of all bins are waiting"), "{said}");
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
async fn bodies_that_come_in_at_once_are_bounded_and_whoever_is_too_many_is_told() {
    let app = App::new().await;
    let mut hanging = JoinSet::new();
    for bin in 0..INSPECTOR_BODIES_BYTES_MAX / INSPECTOR_BODY_BYTES_MAX {
        let begun = Coming::of([vec![b'x'; INSPECTOR_BODY_BYTES_MAX].into()]).stalling(&Arc::default());
        send(&app, bin, begun.into(), &mut hanging);
    }
    let said = until_answered(&app, 100, 503).await;
    assert!(said.contains("more is being sent to the inspector at once than it holds"), "{said}");
    hanging.shutdown().await;
    until_answered(&app, 100, 200).await;
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
async fn pages_that_nobody_takes_do_not_pile_up() {
    let app = App::new().await;
    for _ in 0..3 {
        call(&app, "POST", "/inspect/bin-number-0", vec![0_u8; INSPECTOR_BODY_BYTES_MAX]).await.expect(200);
    }
    let get = || {
        let request = Request::get("/inspector/bin-number-0/requests?format=json").body(Body::empty());
        app.router.clone().oneshot(request.unwrap())
    };
    let mut held = Vec::new();
    let refused = loop {
        let response = get().await.unwrap();
        if response.status() != 200 {
            break response;
        }
        held.push(response);
    };
    assert_eq!((refused.status().as_u16(), held.len()), (503, 3));
    let problem = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&problem).contains("on their way to their readers"));
    held.pop();
    assert_eq!(get().await.unwrap().status(), 200);
}
