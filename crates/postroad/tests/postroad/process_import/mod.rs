//! `postroad import svix`: from an imitation of the other server into the real one of ours.

mod carried;
mod imitation;
mod refused;
mod stage;

use crate::common;
