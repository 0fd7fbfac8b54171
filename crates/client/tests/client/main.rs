//! What the client makes of a server's answers, against a server that answers by a script.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod answers;
mod lists;
mod repeats;
mod stage;
