//! `postroad backup`, `check` and `compact`: work on a data folder beside the server or in its place.
//!
//! They find the folder as `serve` does: by flag, environment or configuration file.

pub mod backup;
pub mod check;
pub mod compact;

use std::path::PathBuf;

use super::{CommandError, load_config};
use crate::config::{Given, Purpose};

/// The data folder that the configuration names.
fn data_dir(flags: &Given) -> Result<PathBuf, CommandError> {
    Ok(load_config(Purpose::Serve, flags)?.data_dir)
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
