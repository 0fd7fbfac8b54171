//! Bytes to a server as a test writes them, for requests that no HTTP library would send.

use std::{io, net::SocketAddr};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    patience::within,
    wire::{Reader, value_of},
};

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    /// The status line: `HTTP/1.1 400 Bad Request`.
    pub status_line: String,
    /// The header lines in their order.
    pub header_lines: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl RawReply {
    /// The status; 0 when the line has none.
    pub fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// The first value of the header `name`, whatever the case of its letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_lines.iter().find_map(|line| value_of(line, name))
    }
}

/// Sends exactly `bytes` on a new connection and reads one response; `None` when the server closes without one.
///
/// # Errors
///
/// When the connection cannot be made or breaks, or what comes back is not HTTP. Panics when nothing comes in
/// [`PATIENCE`](crate::PATIENCE).
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Option<RawReply>> {
    within("the answer to raw bytes", async {
        let mut stream = TcpStream::connect(address).await?;
        // A server may refuse before it has read everything; its answer counts, not that the pipe is broken.
        let _ = stream.write_all(bytes).await;
        let response = Reader::new(stream).response().await?;
        Ok(response.map(|message| RawReply {
            status_line: message.first_line,
            header_lines: message.header_lines,
            body: message.body,
        }))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::{Answer, Receiver};

    #[tokio::test]
    async fn bytes_go_out_as_written_and_the_answer_comes_back() {
        let receiver = Receiver::start().await;
        receiver
            .answer_in_turn("*", [Answer::status(418).header("X-Is", "tea").body("pot"), Answer::close()]);
        let bytes = b"BREW * HTTP/1.1\r\nno colon\r\n\r\n";
        let reply = exchange(receiver.address(), bytes).await.unwrap().unwrap();
        assert_eq!(
            (reply.status(), reply.header("x-is"), reply.body.as_slice()),
            (418, Some("tea"), &b"pot"[..])
        );
        assert_eq!(receiver.received()[0].header_lines, ["no colon"]);
        assert_eq!(exchange(receiver.address(), bytes).await.unwrap(), None);
    }
}
