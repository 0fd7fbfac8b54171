//! Replays: begun, carried out step by step, called off.

mod change;
mod progress;
mod step;

pub(crate) use change::{cancel, create};
pub(crate) use step::step;
