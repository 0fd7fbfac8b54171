//! HTTP/2 for the channels that ask for it, over connections of hyper's.
//!
//! ```text
//! open ─▶ receivers ──(no connection)──▶ dial ─▶ connector ─▶ HTTP/2: the connection, for all who ask meanwhile
//!             │                           ▲          └──────▶ HTTP/1.1: the opened stream, for whoever dialled
//!             ├──▶ (it grows old) renew ──┘
//!             └──▶ connection ─▶ ask
//! ```
//!
//! **Invariants**
//! * A connection made for one owner and channel never carries a request of another.
//! * One that a deadline has passed on is given up: nobody waits twice for a receiver that is lost, stalls, or floods. What a
//!   receiver may send is bounded by what the exchanges under way can need.
//! * One connection for each owner, channel and place carries all exchanges, and it is used no longer than its time, so that no
//!   balancer is held for ever. Before this time is over a new one takes its place, if the receiver can be reached.
//! * A dial that fails fails one exchange at most.
//! * HTTP/2 is spoken only where the receiver chose it during the handshake of TLS. What else is opened is handed out, for
//!   [`http_1`](crate::http_1).

mod allowance;
mod connection;
mod error;
mod receivers;
mod request;

use std::sync::Arc;

use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use self::receivers::{Found, Open, RENEWAL_DIAL_TIME_MAX, Receivers};
pub(crate) use self::{
    connection::{Answer, Connection, Unanswered, finish},
    error::{Http2Error, deepest},
    request::outgoing,
};
use crate::{
    channel::Identity,
    connector::{Opened, Route},
    keeping::{Keeping, Key},
};

/// Makes connections of HTTP/2 and keeps them.
#[derive(Clone)]
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

    /// The connection that is there already. Where its age asks for it, a new one is dialled meanwhile, of which nobody waits
    /// for the outcome.
    pub(crate) fn open(&self, key: &Key, tls: &TlsConnector) -> Option<Connection> {
        let Open { connection, is_to_be_renewed } = self.receivers.open(key)?;
        if is_to_be_renewed {
            tokio::spawn(self.clone().renew(key.clone(), tls.clone(), connection.clone()));
        }
        Some(connection)
    }

    /// A new connection. Those who ask for the same one meanwhile wait for it and share it. Where there is none to share,
    /// because the dial failed or the receiver chose HTTP/1.1, each of them dials once for itself.
    ///
    /// # Errors
    ///
    /// [`Http2Error`], of a dial of one's own, while nobody else's has succeeded; nothing was sent.
    pub(crate) async fn dial(&self, key: &Key, tls: &TlsConnector) -> Result<Dialled, Http2Error> {
        match self.dial_or_wait(key, tls).await {
            Err(error) => self.open(key, tls).map(Dialled::Http2).ok_or(error),
            dialled => dialled,
        }
    }

    async fn dial_or_wait(&self, key: &Key, tls: &TlsConnector) -> Result<Dialled, Http2Error> {
        let receiver = self.receivers.receiver(key);
        let mut own = None;
        let look = async || {
            let dialled = self.dial_alone(key, tls).await;
            let found = Found::by(&dialled);
            own = Some(dialled);
            found
        };
        let found = receiver.get_or_init(look).await;
        match (own, found) {
            (Some(dialled), _) => dialled,
            (None, Found::Http2(connection)) => Ok(Dialled::Http2(connection.clone())),
            (None, Found::Http1 | Found::Failed) => Ok(match self.dial_alone(key, tls).await? {
                Dialled::Http2(connection) => Dialled::Http2(self.receivers.keep(key, connection)),
                opened => opened,
            }),
        }
    }

    /// Puts a new connection in the place of `old`. A dial that fails changes nothing.
    async fn renew(self, key: Key, tls: TlsConnector, old: Connection) {
        let dialled = timeout(RENEWAL_DIAL_TIME_MAX, self.dial_alone(&key, &tls)).await;
        if let Ok(Ok(Dialled::Http2(new))) = dialled {
            self.receivers.replace(&key, &old, new);
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
