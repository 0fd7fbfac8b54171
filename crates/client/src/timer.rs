//! Waiting, as an argument: the machine's timer by default, one that a test turns by hand where it is given.

use std::{fmt, future::Future, pin::Pin, time::Duration};

/// A future that ends when its span has passed.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the client waits with: for the deadline of a call, and between two attempts of it.
pub trait Timer: Send + Sync + 'static {
    /// Ends when `span` has passed.
    fn pause(&self, span: Duration) -> Pause;
}

/// The timer of the tokio runtime that the client is used in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuntimeTimer;

impl Timer for RuntimeTimer {
    fn pause(&self, span: Duration) -> Pause {
        Box::pin(tokio::time::sleep(span))
    }
}

impl fmt::Debug for dyn Timer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Timer")
    }
}
