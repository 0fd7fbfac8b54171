//! The memory store passes the suite of all stores, and fails when it is told to.

mod faults;
mod memory;
