//! Whether the request of an exchange goes out a second time.
//!
//! **Invariant:** it does so once at most, and only where no byte of an answer has come.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use postroad_domain::Repeat;

/// The second time that a request goes out, as far as there is one.
#[derive(Debug)]
pub(crate) struct Repeating {
    rule: Repeat,
    /// Only the exchange itself writes it; as an atomic it may be told of in several places.
    is_done: AtomicBool,
}

impl Repeating {
    pub(crate) const fn new(rule: Repeat) -> Self {
        Self { rule, is_done: AtomicBool::new(false) }
    }

    /// A kept connection has taken something of the request and ended before a byte of the answer. Whether the request goes out
    /// once more, over a new one.
    pub(crate) fn after_end(&self) -> bool {
        self.rule == Repeat::Always && self.once()
    }

    /// The receiver says that it has not processed the request. Whether it goes out once more, over a new connection.
    pub(crate) fn after_refusal(&self) -> bool {
        self.once()
    }

    /// Whether it went out twice.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    fn once(&self) -> bool {
        !self.is_done.swap(true, Ordering::Relaxed)
    }
}

/// Whether an error says that the other end has ended a connection, in order or not.
pub(crate) fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
