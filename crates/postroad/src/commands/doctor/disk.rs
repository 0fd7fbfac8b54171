//! The disk below the data folder: what is left of it, and whether it is one.

use std::path::Path;

use postroad_store_sqlite::inspect::{Inspection, free_bytes};

use super::report::Check;
use crate::{
    commands::data::bytes,
    machine::{self, FileSystem},
};

/// The log of writes, and what a moment of flood may add to it.
const LOG_BYTES: u64 = 512 << 20;
/// Below this the next commits fail.
const FREE_BYTES_MIN: u64 = 128 << 20;
/// What should be free where no bound says how large the database may become.
const FREE_BYTES_ADVISED: u64 = 2 << 30;

/// `retention_bytes` is how large the database may become.
pub(super) fn check(
    folder: &Path,
    retention_bytes: Option<u64>,
    database: Option<&Inspection>,
) -> Vec<Check> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let used = database
        .map_or(0, |database| database.database_bytes - database.free_bytes.min(database.database_bytes));
    let free = free_bytes(there).map(|free| room(free, used, retention_bytes));
    let kind = machine::file_system(there).map(kind);
    let unknown = |error: std::io::Error| {
        Check::warn("disk", format!("the system tells nothing of it: {error}"), "look after it by hand")
    };
    vec![free.unwrap_or_else(unknown), kind.unwrap_or_else(unknown)]
}

fn room(free: u64, used: u64, retention_bytes: Option<u64>) -> Check {
    let (wanted, budget) = match retention_bytes {
        Some(budget) => {
            let wanted = budget.saturating_sub(used).saturating_add(LOG_BYTES);
            (wanted, format!("the database may grow from {} to {}", bytes(used), bytes(budget)))
        }
        None => (FREE_BYTES_ADVISED, format!("the database has {} and no bound", bytes(used))),
    };
    let finding = format!("{} free; {budget}", bytes(free));
    let remedy = match retention_bytes {
        Some(_) => "make room, or lower --retention-bytes",
        None => "make room, and set --retention-bytes so that old events go before the disk is full",
    };
    if free < FREE_BYTES_MIN {
        Check::fail("disk", finding, remedy)
    } else if free < wanted {
        Check::warn("disk", format!("{finding}, for which {} should be free", bytes(wanted)), remedy)
    } else {
        Check::ok("disk", finding)
    }
}

fn kind(kind: FileSystem) -> Check {
    const NAME: &str = "file system";
    match kind {
        FileSystem::Local => Check::ok(NAME, "a disk of this machine"),
        FileSystem::Network(name) => Check::warn(
            NAME,
            format!("the data lies on {name}: locks and syncs over a network may not hold what they promise"),
            "move the data folder to a disk of this machine",
        ),
        FileSystem::Memory => Check::warn(
            NAME,
            "the data lies in memory: a restart of the machine loses all of it",
            "move the data folder to a disk",
        ),
        FileSystem::Layer => Check::warn(
            NAME,
            "the data lies in a container's own layer: it goes with the container",
            "mount a volume and point --data-dir to it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn the_room_must_be_enough_for_what_the_database_may_become() {
        for (free, used, budget, begins, says) in [
            (100 * GIB, GIB, Some(50 * GIB), "ok", "may grow from 1.0 GiB to 50.0 GiB"),
            (10 * GIB, GIB, Some(50 * GIB), "warn", "49.5 GiB should be free. To do: make room, or lower"),
            (10 * GIB, 49 * GIB, Some(50 * GIB), "ok", ""),
            (GIB / 16, GIB, Some(GIB), "fail", "64.0 MiB free"),
            (GIB, GIB, None, "warn", "set --retention-bytes"),
            (3 * GIB, GIB, None, "ok", "no bound"),
        ] {
            let line = room(free, used, budget).to_string();
            assert!(line.starts_with(begins) && line.contains(says), "{line}");
        }
    }

    #[test]
    fn a_network_is_no_disk() {
        let line = kind(FileSystem::Network("NFS")).to_string();
        assert!(line.starts_with("warn") && line.contains("lies on NFS"), "{line}");
        assert!(kind(FileSystem::Local).to_string().starts_with("ok"));
    }
}
