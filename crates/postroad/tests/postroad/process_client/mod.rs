//! The client crate against the real server: each part of the API once.

mod keys;
mod operator;
mod tour;
