//! The figures on a listener of their own, and who may read them on the API's.

use bytes::Bytes;
use http::Method;
use postroad_testkit::{ServerOptions, TestServer, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::common::{Program, serve};

async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn the_listener_of_the_figures_has_them_without_a_key_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(serve(folder.path(), &["--metrics-listen", "127.0.0.1:0"]));
    program.server().await;
    let line = program.line_with("metrics on ").await;
    let address = line.trim_start_matches("metrics on http://").trim_end_matches("/metrics").to_owned();
    let figures = get(&address, "/metrics").await;
    assert!(
        figures.starts_with("HTTP/1.1 200 OK\r\n") && figures.contains("postroad_lanes 0\n"),
        "{figures}"
    );
    assert!(get(&address, "/v1/tenants").await.starts_with("HTTP/1.1 404 "));
    program.signal(libc::SIGTERM);
    assert_eq!(program.end().await.code, Some(0));
}

#[tokio::test]
async fn the_address_of_the_api_gives_them_to_their_own_key() {
    let arguments = ["--metrics-key", "met_1234567890", "--metrics-per-tenant"].map(str::to_owned).to_vec();
    let server =
        TestServer::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await.unwrap();
    let get = async |path: &str, key| server.call(Method::GET, path, key, &[], Bytes::new()).await.unwrap();
    assert_eq!(get("/metrics", None).await.status, 401);
    let figures = get("/metrics", Some("met_1234567890")).await.expect_status(200).text();
    assert!(figures.contains("postroad_tenant_events_accepted_total{tenant=\"_others\"} 0\n"), "{figures}");
    assert_eq!(get("/v1/tenants", Some("met_1234567890")).await.status, 401);
}
