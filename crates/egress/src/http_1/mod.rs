//! HTTP/1.1 as far as a sender of webhooks needs it: one request, one answer, and the connection waits for the next.
//!
//! ```text
//! exchange ─▶ pool ──(none waits)──▶ connector
//!               │                        │
//!               └──▶ connection ◀────────┘   write the request ─▶ read the head ─▶ read the body ─▶ pool, or close
//! ```
//!
//! Ours, because every delivery goes through it: an exchange drives its connection itself, with one write and one read of
//! the system and no task between, and headers go out in the spelling and order in which they were given. What is parsed
//! is parsed by `httparse`, as in hyper.
//!
//! **Invariants**
//! * A connection carries one exchange at a time. It waits for the next one only when the answer ended where its head
//!   said and nothing came behind it.
//! * A request of which a byte was written is not written a second time.
//! * What a receiver sends is bounded: its head, its headers, its body, its trailers, its time.
//!
//! Lacking on purpose: pipelining, `Expect: 100-continue`, upgrades, keeping connections of HTTP/1.0.

mod body;
mod connection;
mod pool;
mod request;
mod response;

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::Headers;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use self::{
    connection::Connection,
    pool::{Key, Pool},
    response::Head,
};
pub(crate) use self::{pool::Keeping, request::write_head};
use crate::{
    channel::Identity,
    connector::{ConnectError, Route},
    target::Target,
};

/// Makes exchanges of HTTP/1.1 and keeps their connections.
pub(crate) struct Http1 {
    route: Arc<Route>,
    pool: Arc<Pool>,
    /// An older connection does not wait for another exchange.
    reused_until_age: Duration,
}

/// One request, and whose connections it may use.
pub(crate) struct Asked<'a> {
    /// The channel; `None` for the usual connections.
    pub(crate) identity: Option<Identity>,
    pub(crate) tls: &'a TlsConnector,
    pub(crate) target: &'a Target,
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
    /// Its method is HEAD, whose answers have no body whatever they say.
    pub(crate) is_head: bool,
}

/// An answer whose body is still to be read.
pub(crate) struct Answered {
    headers: Headers,
    rest: Rest,
}

/// The rest of an answer, and the connection on which it comes.
pub(crate) struct Rest {
    head: Head,
    key: Key,
    connection: Connection,
}

impl Answered {
    /// The status, the headers in lower case, and the body to come.
    pub(crate) fn into_parts(self) -> (u16, Headers, Rest) {
        (self.rest.head.status, self.headers, self.rest)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Http1Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke.
    #[error(transparent)]
    Broken(#[from] io::Error),
    /// It ended before the answer.
    #[error("the connection was closed")]
    Closed,
    /// What came is no answer of HTTP/1.
    #[error("{0}")]
    NotHttp(String),
}

impl Http1 {
    /// Over `route`.
    pub(crate) fn new(route: Arc<Route>, keeping: Keeping, reused_until_age: Duration) -> Self {
        Self { route, pool: Arc::new(Pool::new(keeping)), reused_until_age }
    }

    /// Sends a request and reads the head of its answer.
    ///
    /// # Errors
    ///
    /// [`Http1Error`]; the request may have arrived all the same.
    pub(crate) async fn ask(&self, asked: &Asked<'_>) -> Result<Answered, Http1Error> {
        let key = Key { identity: asked.identity, place: Arc::clone(&asked.target.place) };
        loop {
            let waiting = self.pool.take(&key);
            let is_fresh = waiting.is_none();
            let mut connection = match waiting {
                Some(connection) => connection,
                None => self.connect(asked).await?,
            };
            match connection.send(asked.head, asked.body).await {
                Ok(()) => {}
                // A receiver often closes a waiting connection just when it is taken. Nothing of the request has left.
                Err(unsent) if !is_fresh && !unsent.is_begun => continue,
                Err(unsent) => return Err(unsent.error.into()),
            }
            let (head, headers) = connection.read_head(asked.is_head).await?;
            return Ok(Answered { headers, rest: Rest { head, key, connection } });
        }
    }

    async fn connect(&self, asked: &Asked<'_>) -> Result<Connection, Http1Error> {
        let opened = self.route.open(asked.tls, &asked.target.place).await?;
        let mut connection = Connection::new(opened);
        connection.expect_silence()?;
        Ok(connection)
    }

    /// Reads the body of an answer to its limit or until `deadline`, and lets go of the connection. Says what was kept,
    /// and whether it was cut.
    pub(crate) async fn finish(&self, rest: Rest, deadline: Instant) -> (Bytes, bool) {
        let Rest { head, key, mut connection } = rest;
        let mut kept = Vec::new();
        let reading = body::read(&mut connection, head.framing, &mut kept);
        let is_whole = timeout_at(deadline, reading).await.unwrap_or(false);
        let is_young = connection.age() <= self.reused_until_age;
        if is_whole && head.keeps_connection && is_young && connection.is_at_rest() {
            self.pool.put(key, connection);
        } else {
            connection.close();
        }
        (Bytes::from(kept), !is_whole)
    }

    /// Closes what waits of a channel.
    pub(crate) fn forget(&self, identity: Identity) {
        self.pool.forget(identity);
    }
}
