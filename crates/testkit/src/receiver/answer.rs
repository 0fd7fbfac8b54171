//! What a receiver does with a request, as a test writes it down.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::Received;

/// One answer of the script: a response or a way to misbehave.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) kind: Kind,
    pub(super) gate: Option<Gate>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Respond { status: u16, headers: Vec<(String, String)>, body: Bytes },
    Raw(Bytes),
    Hang,
    Close,
    Trickle { status: u16, gap: Duration },
    Endless { status: u16 },
    Made(Maker),
}

/// Makes an answer of the request.
#[derive(Clone)]
pub(super) struct Maker(Arc<dyn Fn(&Received) -> Answer + Send + Sync>);

impl fmt::Debug for Maker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Maker")
    }
}

impl Kind {
    /// The status that it begins with.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Respond { status, .. } | Self::Trickle { status, .. } | Self::Endless { status } => {
                Some(*status)
            }
            Self::Raw(_) | Self::Hang | Self::Close | Self::Made(_) => None,
        }
    }
}

impl Answer {
    /// A response with this status and no body.
    pub fn status(status: u16) -> Self {
        Self::of(Kind::Respond { status, headers: Vec::new(), body: Bytes::new() })
    }

    /// Exactly these bytes, then the connection closes: for what is not HTTP.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::of(Kind::Raw(bytes.into()))
    }

    /// Reads the request and never answers; the connection stays open until the sender gives up.
    pub fn hang() -> Self {
        Self::of(Kind::Hang)
    }

    /// Reads the request and closes the connection without a word.
    pub fn close() -> Self {
        Self::of(Kind::Close)
    }

    /// The head at once, then one byte of a body of a gigabyte after each `gap`: never silent and never done.
    pub fn trickle(status: u16, gap: Duration) -> Self {
        Self::of(Kind::Trickle { status, gap })
    }

    /// The head, then a body that goes on as fast as the sender reads.
    pub fn endless(status: u16) -> Self {
        Self::of(Kind::Endless { status })
    }

    /// What follows from the request: for what a sender asks that nobody knows before.
    pub fn made(make: impl Fn(&Received) -> Self + Send + Sync + 'static) -> Self {
        Self::of(Kind::Made(Maker(Arc::new(make))))
    }

    /// The answer to this request.
    pub(super) fn for_request(self, request: &Received) -> Self {
        match self.kind {
            Kind::Made(Maker(make)) => Self { gate: self.gate, ..make(request) },
            kind => Self { kind, ..self },
        }
    }

    /// Adds a header line to a response; without effect on the other kinds.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Kind::Respond { headers, .. } = &mut self.kind {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sets the body of a response; without effect on the other kinds.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        if let Kind::Respond { body, .. } = &mut self.kind {
            *body = bytes.into();
        }
        self
    }

    /// Holds the answer back until the test lets it through the gate.
    #[must_use]
    pub fn after(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    fn of(kind: Kind) -> Self {
        Self { kind, gate: None }
    }
}

/// Where answers wait for the test. Shut at first; clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    passes: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { passes: Arc::new(Semaphore::new(0)) }
    }
}

impl Gate {
    /// Lets the next `count` answers through, those that wait first.
    pub fn release(&self, count: usize) {
        self.passes.add_permits(count);
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.passes.close();
    }

    pub(super) async fn pass(&self) {
        // An error says that the gate stands open.
        if let Ok(pass) = self.passes.acquire().await {
            pass.forget();
        }
    }
}
