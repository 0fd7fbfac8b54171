//! The wire contracts of products, pure: what a profile says becomes exact bytes. No I/O, no async, no ambient time or
//! chance.
//!
//! **Invariant:** the same input always gives the same bytes, so that what is signed, sent and logged is one buffer.

pub mod ecmascript_json;
