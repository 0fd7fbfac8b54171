//! Work that nobody asks for: sweeping, forgetting, figures of the backlog.

pub(crate) mod maintenance;
pub(crate) mod retention;
