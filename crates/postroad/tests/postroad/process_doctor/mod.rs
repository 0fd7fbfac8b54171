//! `postroad doctor`: a deployment that is well, and one planted fault after the other.

mod faults;
mod healthy;
mod receivers;
mod server;
mod stage;

use crate::common;
