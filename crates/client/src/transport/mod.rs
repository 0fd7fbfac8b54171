//! One call: its request, its deadline, its repeats, its answer.
//!
//! **Invariant:** a call is repeated only where a second time has no second effect: its own kind says so ([`Repeat`]), or
//! not one byte of it was sent, or the server said that it was too busy to begin.

mod answer;
mod exchange;
mod rng;
mod wait;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};

pub(crate) use self::{
    answer::Answer,
    exchange::{Connections, connect},
    rng::SharedRng,
};
use crate::{error::Error, retries::Retries, timer::Timer};

/// Whether a call may be made twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// A second time changes nothing: reading, setting, publishing with a key.
    Harmless,
    /// A second time would be a second thing: creating, testing, rotating.
    Harmful,
}

/// A call to make.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// With its query, from the slash on.
    pub(crate) path: String,
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// JSON.
    pub(crate) body: Option<Bytes>,
    pub(crate) repeat: Repeat,
}

impl Call {
    /// `GET path`.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, Repeat::Harmless)
    }

    /// A call without a body.
    pub(crate) fn new(method: Method, path: impl Into<String>, repeat: Repeat) -> Self {
        Self { method, path: path.into(), header: None, body: None, repeat }
    }

    /// The same with a JSON body.
    pub(crate) fn json(self, body: &impl serde::Serialize) -> Result<Self, Error> {
        Ok(Self { body: Some(serde_json::to_vec(body)?.into()), ..self })
    }
}

/// What does not change over the life of a client.
pub(crate) struct Settings {
    pub(crate) server: String,
    pub(crate) authorization: HeaderValue,
    pub(crate) retries: Retries,
    pub(crate) answer_bytes_max: usize,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) rng: SharedRng,
}

/// The connections to one server with one key.
pub(crate) struct Transport {
    settings: Settings,
    connections: Connections,
}

impl Transport {
    pub(crate) fn new(settings: Settings, connections: Connections) -> Self {
        Self { settings, connections }
    }

    /// A name that nobody else has: 128 random bits in hexadecimal.
    pub(crate) fn fresh_key(&self) -> String {
        self.settings.rng.name()
    }

    /// Makes the call. Whatever it ends with, it ends by `deadline`.
    pub(crate) async fn call(&self, call: Call, deadline: Duration) -> Result<Answer, Error> {
        let mut last = None;
        tokio::select! {
            ended = self.repeat(&call, &mut last) => ended,
            // Why the attempts failed says more than that the time is over.
            () = self.settings.timer.pause(deadline) => Err(last.unwrap_or_else(|| Error::Timeout {
                server: self.settings.server.clone(),
                deadline,
            })),
        }
    }

    /// Makes attempts until one succeeds or no further one may be made; `last` is why the last one failed.
    async fn repeat(&self, call: &Call, last: &mut Option<Error>) -> Result<Answer, Error> {
        let mut made = 0;
        loop {
            let failed = match self.exchange(call).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            made += 1;
            match wait::before_next(&failed, made, call.repeat, &self.settings) {
                Some(gap) => {
                    *last = Some(failed);
                    self.settings.timer.pause(gap).await;
                }
                // A thing that an attempt before this one erased is gone, as was wanted.
                None if made > 1 && call.method == Method::DELETE && failed.status() == Some(404) => {
                    return Ok(Answer::nothing(&self.settings.server));
                }
                None => return Err(failed),
            }
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Transport").field("server", &self.settings.server).finish_non_exhaustive()
    }
}
