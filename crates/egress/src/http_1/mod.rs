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
//! * A connection carries one exchange at a time, and in all its life those of one owner. It waits for the next one only when
//!   the answer ended where its head said, no other reading of the head was possible, and nothing came behind it.
//! * A request of which a byte was written is written a second time only over a new connection, only when the kept one that took
//!   it has ended before a byte of the answer, and only where its sender allows it.
//! * What a receiver sends is bounded: its head, its headers, its interim answers, its body, its trailers, its time; and each
//!   byte of it is looked at once, however small the pieces are in which it comes.
//!
//! Lacking on purpose: pipelining, `Expect: 100-continue`, upgrades, keeping connections of HTTP/1.0.

mod body;
mod connection;
mod error;
mod pool;
mod request;
mod response;
mod said;
mod search;
mod status;

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
    repeating::Repeating,
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
    pub(crate) repeating: &'a Repeating,
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
    /// The headers in lower case, and the rest.
    pub(crate) fn into_parts(self) -> (Headers, Rest) {
        (self.headers, self.rest)
    }
}

impl Rest {
    /// The status of the answer.
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    /// Headers were left out, or are not as they came.
    pub(crate) fn is_cut(&self) -> bool {
        self.head.is_cut
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

    /// The same over a connection that waits; `None` where the request is to go out over a new one: none waits, or the one that
    /// did has ended before a byte of the answer.
    pub(crate) async fn ask_waiting(&self, asked: &Asked<'_>) -> Result<Option<Answered>, Http1Error> {
        while let Some(mut connection) = self.pool.take(asked.key) {
            let failed = match connection.send(asked.head, asked.body).await {
                Ok(()) => match connection.read_head(asked.is_head).await {
                    Ok((head, headers)) => return Ok(Some(answered(head, headers, connection, asked))),
                    Err(failed) => failed,
                },
                // A receiver often closes a waiting connection just when it is taken. Nothing of the request has left.
                Err(Unsent { is_begun: false, .. }) => continue,
                Err(unsent) => unsent.error.into(),
            };
            if connection.is_unanswered() && failed.is_end() && asked.repeating.after_end() {
                return Ok(None);
            }
            return Err(failed);
        }
        Ok(None)
    }

    /// The same over a new connection, whose receiver has not chosen another version of HTTP.
    pub(crate) async fn ask_over(&self, opened: Opened, asked: &Asked<'_>) -> Result<Answered, Http1Error> {
        let mut connection = Connection::new(opened);
        connection.expect_silence()?;
        connection.send(asked.head, asked.body).await.map_err(|unsent| unsent.error)?;
        let (head, headers) = connection.read_head(asked.is_head).await?;
        Ok(answered(head, headers, connection, asked))
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
            self.pool.put(key, connection, head.keeps_for);
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

fn answered(head: Head, headers: Headers, connection: Connection, asked: &Asked<'_>) -> Answered {
    Answered { headers, rest: Rest { head, key: asked.key.clone(), connection } }
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
