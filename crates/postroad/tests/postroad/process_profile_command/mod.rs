//! `postroad profile`, and what `serve` says about profiles from disk: what is printed and how it ends.

mod bad_profiles;
mod check;
mod folder;
mod handshakes;
mod serve;
mod show;

use crate::common;
