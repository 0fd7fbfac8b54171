//! What lies in the data folder, and the connections to it.

pub(crate) mod ballast;
pub(crate) mod beside;
pub(crate) mod checkpoint;
pub(crate) mod connect;
pub(crate) mod gauges;
pub(crate) mod lock;
pub(crate) mod pieces;
