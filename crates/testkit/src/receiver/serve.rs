//! The receiver's side of its connections: read, record, answer.

use std::{io, sync::Arc};

use bytes::Bytes;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
    time::MissedTickBehavior,
};

use super::{Answer, Received, Shared, answer::Kind};
use crate::wire::Reader;

/// The length that a trickling answer promises.
const TRICKLE_BYTES: usize = 1024 * 1024 * 1024;

/// Accepts for ever. The connections live in this future, so they end with it.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let open = Open::new(Arc::clone(&shared));
        connections.spawn(async move {
            // A connection that breaks is what many tests are about; the record says what had arrived.
            let _ = converse(stream, &open).await;
        });
    }
}

async fn converse(stream: TcpStream, open: &Open) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut reader = Reader::new(read);
    while let Some(message) = reader.request().await? {
        let mut request = Received::new(message, open.number);
        let answer = open.shared.next_answer(request.path()).for_request(&request);
        request.answered = answer.kind.status();
        open.shared.received.send_modify(|received| received.push(request));
        if !perform(answer, &mut reader, &mut write).await? {
            break;
        }
    }
    Ok(())
}

/// Gives one answer; `false` when the connection is to end.
async fn perform(
    answer: Answer,
    reader: &mut Reader<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
) -> io::Result<bool> {
    if let Some(gate) = answer.gate {
        gate.pass().await;
    }
    match answer.kind {
        Kind::Respond { status, headers, body } => {
            respond(write, status, &headers, body).await?;
            return Ok(true);
        }
        Kind::Raw(bytes) => write.write_all(&bytes).await?,
        Kind::Hang => reader.until_closed().await?,
        Kind::Close => {}
        Kind::Trickle { status, gap } => trickle(write, status, gap).await?,
        Kind::Endless { status } => endless(write, status).await?,
        // It was made before.
        Kind::Made(_) => {}
    }
    Ok(false)
}

async fn respond(
    write: &mut (impl AsyncWrite + Unpin),
    status: u16,
    headers: &[(String, String)],
    body: Bytes,
) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {status} Scripted\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    // A script that names a length means that one, also when it lies.
    let has_length = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if !has_length && status >= 200 && status != 204 && status != 304 {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    write.write_all(&bytes).await
}

async fn trickle(write: &mut OwnedWriteHalf, status: u16, gap: std::time::Duration) -> io::Result<()> {
    write
        .write_all(format!("HTTP/1.1 {status} Slow\r\nContent-Length: {TRICKLE_BYTES}\r\n\r\n").as_bytes())
        .await?;
    let mut ticks = tokio::time::interval(gap);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write.write_all(b".").await?;
    }
}

async fn endless(write: &mut OwnedWriteHalf, status: u16) -> io::Result<()> {
    let chunk = format!("4000\r\n{}\r\n", ".".repeat(0x4000)).into_bytes();
    write
        .write_all(format!("HTTP/1.1 {status} Endless\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes())
        .await?;
    loop {
        write.write_all(&chunk).await?;
    }
}

/// Counts a connection as open for as long as it lives.
struct Open {
    shared: Arc<Shared>,
    number: usize,
}

impl Open {
    fn new(shared: Arc<Shared>) -> Self {
        let mut number = 0;
        shared.connections.send_modify(|connections| {
            connections.accepted += 1;
            connections.open += 1;
            number = connections.accepted;
        });
        Self { shared, number }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.connections.send_modify(|connections| connections.open -= 1);
    }
}
