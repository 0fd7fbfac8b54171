//! What is done in the background and by the operator's commands.

pub(crate) mod audit;
pub(crate) mod backup;
pub mod check;
pub(crate) mod compact;
pub mod inspect;
pub(crate) mod prune;
pub(crate) mod sweep;
