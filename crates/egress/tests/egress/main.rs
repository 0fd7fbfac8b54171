//! The crate against a network made of pipes: no socket, no name server, and time stands still until everybody waits.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod answers;
mod certificates;
mod channels;
mod chosen_http_1;
mod connections;
mod floods;
mod guard;
mod http_1;
mod http_2;
mod measured;
mod names;
mod network;
mod own_address;
mod owners;
mod probe;
mod proxy;
mod repeats;
mod spelling;
mod system;
mod tls;
mod wire;
