//! What tests are made of: a clock turned by hand, a receiver that answers by a script, and the real server as a
//! process with a client for it.
//!
//! **Invariant:** nothing here waits for a span of time to pass. What a test waits for is a signal (a request has
//! arrived, a sleeper is registered, a process has ended) or, where another process gives none, its answer to a question
//! asked again ([`poll`]). A wait that never ends panics after [`PATIENCE`] with what did happen. For development only:
//! no shipped crate depends on this one.

pub mod clock;
pub mod patience;
pub mod poll;
pub mod process;
pub mod raw;
pub mod receiver;
pub mod server;
mod wire;

pub use clock::ManualClock;
pub use patience::{PATIENCE, rounds, within};
pub use poll::poll_for;
pub use receiver::{Answer, Gate, Received, Receiver};
pub use server::{ADMIN_KEY, Reply, ServerOptions, TestServer, binary};
