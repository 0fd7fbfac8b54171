//! The crate against a network made of pipes: no socket, no name server, and time stands still until everybody waits.

mod answers;
mod connections;
mod guard;
mod network;
mod own_address;
mod system;
mod tls;
mod wire;
