//! What the system lets a process have: files and memory.

use std::fs;

use postroad_domain::limits::EXCHANGES_MAX;

use super::report::Check;
use crate::{commands::data::bytes, machine};

/// A connection of each exchange, one of each that rests in the pool, and the callers' own.
const OPEN_FILES_ADVISED: u64 = 4 * EXCHANGES_MAX as u64;
/// Fewer are used up by the database and a handful of callers.
const OPEN_FILES_MIN: u64 = 256;
/// What a server under load comes to (docs/performance.md), with room for its neighbours.
const MEMORY_BYTES_ADVISED: u64 = 512 << 20;

pub(super) fn check() -> Vec<Check> {
    vec![open_files(), memory()]
}

fn open_files() -> Check {
    const NAME: &str = "open files";
    let remedy =
        format!("raise the hard limit to {OPEN_FILES_ADVISED}: LimitNOFILE= of systemd, or ulimit -Hn");
    match machine::open_files_max() {
        Ok(count) if count < OPEN_FILES_MIN => Check::fail(
            NAME,
            format!("only {count} are allowed: the server runs out of them at once"),
            remedy,
        ),
        Ok(count) if count < OPEN_FILES_ADVISED => Check::warn(
            NAME,
            format!("{count} are allowed: fewer than all exchanges need that may be under way"),
            remedy,
        ),
        Ok(count) => Check::ok(NAME, format!("{count} are allowed")),
        Err(error) => Check::warn(NAME, format!("the system does not tell the limit: {error}"), remedy),
    }
}

fn memory() -> Check {
    const NAME: &str = "memory";
    let advised = bytes(MEMORY_BYTES_ADVISED);
    match machine::memory_max(|path| fs::read_to_string(path).ok()) {
        Some(count) if count < MEMORY_BYTES_ADVISED => Check::warn(
            NAME,
            format!("{} are allowed: under load the system may kill the server", bytes(count)),
            format!("allow {advised} or more"),
        ),
        Some(count) => Check::ok(NAME, format!("{} are allowed", bytes(count))),
        None => Check::warn(
            NAME,
            "the system does not tell the limit",
            format!("see to it that {advised} are free"),
        ),
    }
}
