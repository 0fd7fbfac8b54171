//! Receivers: what they do with a connection.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::{sleep, timeout},
};

use super::{
    Network, about,
    request::{self, Request},
};
use crate::{journal::What, plan::Behaviour, random::Draws};

/// How long a receiver that is not told otherwise keeps an idle connection.
const KEPT_FOR: Duration = Duration::from_secs(75);

/// What follows an answer.
enum Then {
    /// The next request.
    GoOn,
    /// The connection ends, after so long.
    Close(Duration),
}

/// Serves a connection until it ends.
pub(super) async fn serve(network: Network, host: usize, connection: u64, mut stream: DuplexStream) {
    let mut buffer = Vec::new();
    loop {
        let next = timeout(KEPT_FOR, request::read(&mut stream, &mut buffer)).await;
        let Ok(Ok(Some(request))) = next else { return };
        match answer(&network, host, connection, request, &mut stream).await {
            Some(Then::GoOn) => {}
            Some(Then::Close(after)) => {
                let _ = timeout(after, stream.read_u8()).await;
                return;
            }
            None => return,
        }
    }
}

/// Answers a request; `None` when the connection is gone.
async fn answer(
    network: &Network,
    host: usize,
    connection: u64,
    Request { target, body }: Request,
    stream: &mut DuplexStream,
) -> Option<Then> {
    let number = Network::next(&network.requests);
    let about = about(&target, &body)?;
    drop(body);
    network.journal.note(What::Received(number, connection, about));
    let mut draws = Draws::new(network.seed, "request", number);
    let behaviour = network.behaviour(host);
    let (status, wait, headers, then) = match behaviour {
        Behaviour::Answers { status, after_ms } => {
            (status, draws.millis(after_ms), String::new(), Then::GoOn)
        }
        Behaviour::Fails { percent, status, after_ms } => {
            let wait = draws.millis(after_ms);
            (if draws.chance(percent) { status } else { 200 }, wait, String::new(), Then::GoOn)
        }
        Behaviour::AsksForRest { status, seconds } => (status, Duration::ZERO, rest(seconds), Then::GoOn),
        Behaviour::Throttles { percent, seconds } if draws.chance(percent) => {
            (429, Duration::ZERO, rest(seconds), Then::GoOn)
        }
        Behaviour::Throttles { .. } => (200, Duration::ZERO, String::new(), Then::GoOn),
        Behaviour::ClosesIdle { after_ms } => {
            (200, Duration::ZERO, String::new(), Then::Close(Duration::from_millis(after_ms)))
        }
        // A connection of before: whoever refuses new ones lets the old ones die.
        Behaviour::Silent | Behaviour::Refuses | Behaviour::Unreachable => {
            let mut one = [0];
            // Ends when the client gives up.
            let _ = stream.read(&mut one).await;
            return None;
        }
        Behaviour::Closes => return None,
        Behaviour::Misframes { way } => return misframe(network, number, way, &mut draws, stream).await,
    };
    if !wait.is_zero() {
        sleep(wait).await;
    }
    let answer = format!("HTTP/1.1 {status} Status\r\ncontent-length: 2\r\n{headers}\r\nok");
    stream.write_all(answer.as_bytes()).await.ok()?;
    network.journal.note(What::Responded(number, status, true));
    Some(then)
}

fn rest(seconds: u64) -> String {
    format!("retry-after: {seconds}\r\n")
}

/// An answer whose framing is in doubt, and bytes that come behind it.
async fn misframe(
    network: &Network,
    number: u64,
    way: u8,
    draws: &mut Draws,
    stream: &mut DuplexStream,
) -> Option<Then> {
    let (status, answer) = match way {
        0 => (204, "HTTP/1.1 204 No Content\r\ncontent-length: 38\r\n\r\n"),
        1 => (503, "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
        _ => (503, "HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    };
    stream.write_all(answer.as_bytes()).await.ok()?;
    network.journal.note(What::Responded(number, status, false));
    sleep(draws.millis((1, 40))).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
    Some(Then::GoOn)
}
