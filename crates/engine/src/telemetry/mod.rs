//! What the engine tells about itself: figures, traces, whether it can take work.

pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod trace;
