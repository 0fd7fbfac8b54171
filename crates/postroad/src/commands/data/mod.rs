//! `postroad backup`, `check` and `compact`: work on a data folder beside the server or in its place.
//!
//! They find the folder as `serve` does: by flag, environment or configuration file.

pub mod backup;
pub mod check;
pub mod compact;

use std::{io, path::PathBuf};

use anyhow::anyhow;
use postroad_store_sqlite::OpenError;

use super::{CommandError, read_layers};
use crate::config::{Config, Given, Purpose};

/// What to do where the folder is most likely not the one that was meant.
const OTHER_FOLDER: &str =
    "Name the server's data folder with --data-dir, or its configuration file with --config";

/// The configuration, as far as it concerns the data.
fn config(flags: &Given) -> Result<Config, CommandError> {
    Ok(read_layers(Purpose::Serve, flags)?.load_for_data()?)
}

/// The data folder that the configuration names.
fn data_dir(flags: &Given) -> Result<PathBuf, CommandError> {
    Ok(config(flags)?.data_dir)
}

/// Why the database of the folder cannot be opened, and what to do where there is none.
fn refused(error: OpenError) -> anyhow::Error {
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    let is_absent = matches!(&error, OpenError::Folder { source, .. } if kinds.contains(&source.kind()));
    if is_absent { anyhow!("{error}. {OTHER_FOLDER}") } else { anyhow::Error::msg(error) }
}

/// Bytes for people: with one digit behind the point in the largest unit that leaves a number before it.
pub(in crate::commands) fn bytes(count: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", count as f64 / size as f64),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_largest_unit_that_fits() {
        assert_eq!(bytes(1_023), "1023 bytes");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(10 << 30), "10.0 GiB");
    }
}
