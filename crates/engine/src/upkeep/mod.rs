//! Work that nobody asks for: sweeping, forgetting, figures of the backlog.

mod audit;
mod maintenance;
pub(crate) mod retention;
pub(crate) mod service;
