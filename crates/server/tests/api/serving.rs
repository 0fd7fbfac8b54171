//! The server on a real socket: what happens to clients when it stops, and when there are too many.

use postroad_server::{HeaderSpelling, Serving, serve};
use postroad_testkit::within;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::app::{ADMIN_KEY, App};

const SERVING: Serving = Serving { spelling: HeaderSpelling::Forgotten, connections_max: 10 };
const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: t\r\n\r\n";

fn request(body: &str) -> String {
    format!(
        "POST /v1/tenants/acme/events HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {ADMIN_KEY}\r\ncontent-length: \
         {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_nobody_new_is_let_in() {
    let app = App::new().await;
    let held = app.store.hold_commits();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let server = tokio::spawn(serve(listener, app.router.clone(), SERVING, stopped));

    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(request(r#"{"type":"a","data":1}"#).as_bytes()).await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    within("the commit to begin", held.wait_for(1)).await;
    stop.send(()).unwrap();
    let mut nothing = String::new();
    within("the idle connection's end", idle.read_to_string(&mut nothing)).await.unwrap();
    assert_eq!(nothing, "");
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");

    drop(held);
    let mut answer = String::new();
    within("the answer", busy.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    within("the server's end", server).await.unwrap().unwrap();
}

/// Reads one answer to [`LIVE`].
async fn answer(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = within("an answer", client.read_buf(&mut answer)).await.unwrap();
        assert_ne!(read, 0, "the connection ended");
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_closes_and_a_stop_does_not_wait_for_it() {
    let app = App::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let serving = Serving { connections_max: 1, ..SERVING };
    let server = tokio::spawn(serve(listener, app.router.clone(), serving, stopped));

    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(LIVE).await.unwrap();
    for _ in 0..10 {
        first.write_all(LIVE).await.unwrap();
        assert!(answer(&mut first).await.starts_with("HTTP/1.1 200"));
    }
    let too_early = second.try_read(&mut [0; 1]);
    assert_eq!(too_early.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200"));

    let _third = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    within("the server's end", server).await.unwrap().unwrap();
}
