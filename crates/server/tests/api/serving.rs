//! The server on a real socket: what happens to clients when it stops.

use postroad_server::{HeaderSpelling, serve};
use postroad_testkit::within;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::app::{ADMIN_KEY, App};

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
    let server = tokio::spawn(serve(listener, app.router.clone(), HeaderSpelling::Forgotten, stopped));

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
