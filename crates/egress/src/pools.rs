//! One pool of connections for the usual exchanges, and one for each channel that asks for something else: the pool of
//! the client knows connections by scheme, host and port only, so what is told apart beyond that is a pool of its own.
//!
//! **Invariant:** a connection made for one channel never carries a request of another. **Invariant:** there are at most
//! so many pools, and connections that rest are counted over all of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use postroad_domain::{ErrorClass, HttpVersion};

use crate::{
    channel::{Channel, Identity},
    connector::{Connector, Route},
    exchange::SendError,
    tls::Tls,
};

/// Bytes of a response's head, and of the body that wait to be read.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one HTTP/2 response that wait to be read, and of all on one connection.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// An HTTP/2 connection that is silent while exchanges wait on it is asked for a sign of life: otherwise all of them, and
/// all that follow, would wait for one that is lost.
const ALIVE_ASKED_AFTER: Duration = Duration::from_secs(10);
const ALIVE_ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// A client with its pool.
pub(crate) type Pool = Client<Connector, Full<Bytes>>;

/// How connections wait for the next exchange.
#[derive(Clone, Copy)]
pub(crate) struct Keeping {
    pub(crate) idle_per_host: usize,
    pub(crate) idle_time: Duration,
}

/// All pools.
pub(crate) struct Pools {
    pub(crate) usual: Pool,
    route: Arc<Route>,
    tls: Tls,
    keeping: Keeping,
    channels_max: usize,
    channels: Mutex<Channels>,
}

#[derive(Default)]
struct Channels {
    /// Grows with each use.
    turn: u64,
    /// With the turn of their last use.
    pools: HashMap<Identity, (u64, Pool)>,
}

impl Pools {
    /// Errors: TLS cannot be set up.
    pub(crate) fn new(
        route: Arc<Route>,
        tls: Tls,
        keeping: Keeping,
        channels_max: usize,
    ) -> Result<Self, rustls::Error> {
        let usual = pool(Connector::new(Arc::clone(&route), tls.usual()?), keeping, HttpVersion::One);
        Ok(Self { usual, route, tls, keeping, channels_max, channels: Mutex::default() })
    }

    /// The pool of a channel, a new one where it has none. Errors: its settings cannot be used.
    pub(crate) fn of(&self, channel: &Channel) -> Result<Pool, SendError> {
        if let Some(pool) = self.known(&channel.identity) {
            return Ok(pool);
        }
        let tls = self.tls.of(channel).map_err(|why| SendError {
            class: ErrorClass::Tls,
            message: format!("the settings of delivery.tls cannot be used: {why}"),
        })?;
        let pool = pool(Connector::new(Arc::clone(&self.route), tls), self.keeping, channel.http_version);
        Ok(self.keep(channel.identity, pool))
    }

    fn known(&self, identity: &Identity) -> Option<Pool> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.turn += 1;
        let turn = channels.turn;
        let (last, pool) = channels.pools.get_mut(identity)?;
        *last = turn;
        Some(pool.clone())
    }

    /// Keeps a pool, unless another exchange has kept one meanwhile: then it is that one.
    fn keep(&self, identity: Identity, pool: Pool) -> Pool {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.turn += 1;
        let turn = channels.turn;
        let kept = channels.pools.entry(identity).or_insert((turn, pool)).1.clone();
        if channels.pools.len() > self.channels_max {
            // Its connections close when the exchanges on them are over.
            let oldest =
                channels.pools.iter().min_by_key(|(_, (last, _))| *last).map(|(identity, _)| *identity);
            oldest.and_then(|oldest| channels.pools.remove(&oldest));
        }
        kept
    }
}

fn pool(connector: Connector, keeping: Keeping, newest: HttpVersion) -> Pool {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(keeping.idle_time)
        .pool_max_idle_per_host(keeping.idle_per_host)
        // A receiver often closes an idle connection just when we take it. The client repeats only a request of
        // which it has not written a byte, so nothing can arrive twice by it.
        .retry_canceled_requests(true)
        // The status decides: one malformed header must not turn a delivered event into one that is sent again.
        .http1_ignore_invalid_headers_in_responses(true)
        // Headers are limited to 100 by hyper's default; to set the number would only move them to the heap.
        .http1_max_buf_size(READ_BUFFER_BYTES_MAX);
    if newest == HttpVersion::Two {
        builder
            .timer(TokioTimer::new())
            .http2_max_header_list_size(READ_BUFFER_BYTES_MAX as u32)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_keep_alive_interval(ALIVE_ASKED_AFTER)
            .http2_keep_alive_timeout(ALIVE_ANSWER_TIME_MAX);
    }
    builder.build(connector)
}
