//! HTTP/2 for the channels that ask for it, over connections of hyper's.
//!
//! ```text
//! open ─▶ receivers ──(no connection)──▶ dial ─▶ connector ─▶ HTTP/2: the connection, for all who ask meanwhile
//!             │                                      └──────▶ HTTP/1.1: the opened stream, for whoever dialled
//!             └──▶ connection ─▶ ask
//! ```
//!
//! **Invariants**
//! * A connection made for one channel never carries a request of another.
//! * There is one connection for each channel and place, which carries all exchanges, and it is used no longer than its
//!   time, so that no balancer is held for ever.
//! * HTTP/2 is spoken only where the receiver chose it during the handshake of TLS. What else is opened is handed out, for
//!   [`http_1`](crate::http_1).

mod connection;
mod error;
mod receivers;
mod request;

use std::sync::Arc;

use tokio_rustls::TlsConnector;

use self::receivers::{Found, Receivers};
pub(crate) use self::{
    connection::{Connection, Unanswered, finish},
    error::{Http2Error, deepest},
    request::outgoing,
};
use crate::{
    channel::Identity,
    connector::{Opened, Route},
    keeping::{Keeping, Key},
};

/// Makes connections of HTTP/2 and keeps them.
pub(crate) struct Http2 {
    route: Arc<Route>,
    receivers: Arc<Receivers>,
}

/// A way to a receiver.
pub(crate) enum Dialled {
    /// It speaks HTTP/2.
    Http2(Connection),
    /// It was offered HTTP/2 and did not choose it.
    Http1(Opened),
}

impl Http2 {
    /// Over `route`.
    pub(crate) fn new(route: Arc<Route>, keeping: Keeping) -> Self {
        Self { route, receivers: Arc::new(Receivers::new(keeping)) }
    }

    /// The connection that is there already.
    pub(crate) fn open(&self, key: &Key) -> Option<Connection> {
        self.receivers.open(key)
    }

    /// A new connection. Those who ask for the same one meanwhile share it, and share the failure. Only those whose receiver
    /// is known to choose HTTP/1.1 dial at the same time, since each of them needs a connection.
    ///
    /// # Errors
    ///
    /// [`Http2Error`]; nothing was sent.
    pub(crate) async fn dial(&self, key: &Key, tls: &TlsConnector) -> Result<Dialled, Http2Error> {
        let receiver = self.receivers.receiver(key);
        let mut own = None;
        let found = receiver.get_or_init(|| async {
            match self.dial_alone(key, tls).await {
                Ok(Dialled::Http2(connection)) => Found::Http2(connection),
                Ok(Dialled::Http1(opened)) => {
                    own = Some(opened);
                    Found::Http1
                }
                Err(error) => Found::Failed(error),
            }
        });
        match (found.await, own) {
            (Found::Http2(connection), _) => Ok(Dialled::Http2(connection.clone())),
            (Found::Failed(error), _) => Err(error.clone()),
            (Found::Http1, Some(opened)) => Ok(Dialled::Http1(opened)),
            (Found::Http1, None) => Ok(match self.dial_alone(key, tls).await? {
                // It has learnt to since.
                Dialled::Http2(connection) => Dialled::Http2(self.receivers.keep(key, connection)),
                opened => opened,
            }),
        }
    }

    async fn dial_alone(&self, key: &Key, tls: &TlsConnector) -> Result<Dialled, Http2Error> {
        let opened = self.route.open(tls, &key.place).await?;
        if opened.is_http_2 {
            return Ok(Dialled::Http2(Connection::over(opened).await?));
        }
        Ok(Dialled::Http1(opened))
    }

    /// A connection is good for no other exchange. Those on it go on.
    pub(crate) fn give_up(&self, key: &Key, connection: &Connection) {
        self.receivers.give_up(key, connection);
    }

    /// Gives up the connections of a channel.
    pub(crate) fn forget(&self, identity: Identity) {
        self.receivers.forget(identity);
    }
}
