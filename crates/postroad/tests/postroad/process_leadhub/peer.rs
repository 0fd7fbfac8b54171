//! A receiver of one connection that is nothing but a socket: what it hands out is what was on the wire.

use postroad_testkit::within;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A socket that listens and has not accepted yet.
pub(crate) struct RawPeer {
    listener: TcpListener,
}

/// The bytes of one request.
pub(crate) struct RawRequest {
    /// The request line and the header lines, as sent.
    pub(crate) head: String,
    /// Everything after the empty line.
    pub(crate) body: Vec<u8>,
}

impl RawPeer {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port") }
    }

    /// The URL of `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        let address = self.listener.local_addr().expect("a bound socket has an address");
        format!("http://{address}{path}")
    }

    /// Waits for a request, answers 200 and ends the connection.
    pub(crate) async fn request(self) -> RawRequest {
        let (mut stream, _) = within("a connection", self.listener.accept()).await.expect("a connection");
        let request = within("the request's bytes", read(&mut stream)).await;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer).await.expect("the sender waits for an answer");
        request
    }
}

impl RawRequest {
    /// The value of the header `name`, whatever the case of its letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

async fn read(stream: &mut TcpStream) -> RawRequest {
    let mut bytes = Vec::new();
    loop {
        assert!(stream.read_buf(&mut bytes).await.expect("the sender sends") > 0, "the request is cut off");
        let Some(end) = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD) else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII");
        let request = RawRequest { head, body: bytes[end + END_OF_HEAD.len()..].to_vec() };
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        if request.body.len() >= length.expect("a request says its length") {
            return request;
        }
    }
}
