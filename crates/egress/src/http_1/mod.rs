//! HTTP/1.1 as far as a sender of webhooks needs it: one request, one answer, and the connection waits for the next.
//!
//! ```text
//! exchange ─▶ pool ──(none waits)──▶ connector, or what the search for HTTP/2 has opened
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
mod error;
mod pool;
mod request;
mod response;

use std::sync::Arc;

use bytes::Bytes;
use postroad_domain::Headers;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use self::{
    connection::{Connection, Unsent},
    pool::Pool,
    response::Head,
};
pub(crate) use self::{error::Http1Error, request::write_head};
use crate::{
    channel::Identity,
    connector::{Opened, Route},
    keeping::{Keeping, Key},
};

/// Makes exchanges of HTTP/1.1 and keeps their connections.
pub(crate) struct Http1 {
    route: Arc<Route>,
    pool: Arc<Pool>,
    keeping: Keeping,
}

/// One request, and whose connections it may use.
pub(crate) struct Asked<'a> {
    pub(crate) key: &'a Key,
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

impl Http1 {
    /// Over `route`.
    pub(crate) fn new(route: Arc<Route>, keeping: Keeping) -> Self {
        Self { route, pool: Arc::new(Pool::new(keeping)), keeping }
    }

    /// Sends a request and reads the head of its answer.
    ///
    /// # Errors
    ///
    /// [`Http1Error`]; the request may have arrived all the same.
    pub(crate) async fn ask(&self, asked: &Asked<'_>, tls: &TlsConnector) -> Result<Answered, Http1Error> {
        if let Some(answered) = self.ask_waiting(asked).await? {
            return Ok(answered);
        }
        let opened = self.route.open(tls, &asked.key.place).await?;
        self.ask_over(opened, asked).await
    }

    /// The same over a connection that waits; `None` where none does, and nothing was sent.
    pub(crate) async fn ask_waiting(&self, asked: &Asked<'_>) -> Result<Option<Answered>, Http1Error> {
        while let Some(mut connection) = self.pool.take(asked.key) {
            match connection.send(asked.head, asked.body).await {
                Ok(()) => return answer(connection, asked).await.map(Some),
                // A receiver often closes a waiting connection just when it is taken. Nothing of the request has left.
                Err(Unsent { is_begun: false, .. }) => {}
                Err(unsent) => return Err(unsent.error.into()),
            }
        }
        Ok(None)
    }

    /// The same over a new connection, whose receiver has not chosen another version of HTTP.
    pub(crate) async fn ask_over(&self, opened: Opened, asked: &Asked<'_>) -> Result<Answered, Http1Error> {
        let mut connection = Connection::new(opened);
        connection.expect_silence()?;
        connection.send(asked.head, asked.body).await.map_err(|unsent| unsent.error)?;
        answer(connection, asked).await
    }

    /// Reads the body of an answer to its limit or until `deadline`, and lets go of the connection. Says what was kept,
    /// and whether it was cut.
    pub(crate) async fn finish(&self, rest: Rest, deadline: Instant) -> (Bytes, bool) {
        let Rest { head, key, mut connection } = rest;
        let mut kept = Vec::new();
        let reading = body::read(&mut connection, head.framing, &mut kept);
        let is_whole = timeout_at(deadline, reading).await.unwrap_or(false);
        let is_young = connection.age() <= self.keeping.reused_until_age;
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

async fn answer(mut connection: Connection, asked: &Asked<'_>) -> Result<Answered, Http1Error> {
    let (head, headers) = connection.read_head(asked.is_head).await?;
    Ok(Answered { headers, rest: Rest { head, key: asked.key.clone(), connection } })
}

/// Sends a request of the method HEAD over a connection of its own and answers the status. Nothing is kept.
///
/// # Errors
///
/// [`Http1Error`]; the request may have arrived all the same.
pub(crate) async fn ask_once(opened: Opened, head: &[u8]) -> Result<u16, Http1Error> {
    let mut connection = Connection::new(opened);
    connection.expect_silence()?;
    connection.send(head, &[]).await.map_err(|unsent| unsent.error)?;
    let (head, _headers) = connection.read_head(true).await?;
    connection.close();
    Ok(head.status)
}
