//! `postroad compact`: gives the room of what was erased back to the disk.

use anyhow::Context;
use postroad_store_sqlite::{CompactError, Compacted, OpenError, compact};

use super::{CommandError, bytes, data_dir, refused};
use crate::{config::Given, output};

/// Writes the database anew, and tells its size before and after.
///
/// Errors: a server has the folder, the disk has no room for a second file, or something failed; the data is unchanged.
pub async fn run(flags: &Given) -> Result<(), CommandError> {
    let data_dir = data_dir(flags)?;
    let compacting = tokio::task::spawn_blocking(move || compact(&data_dir));
    let compacted = compacting.await.context("the compacting broke down")?;
    let Compacted { before_bytes, after_bytes } = compacted.map_err(|error| match error {
        CompactError::Open(in_use @ OpenError::InUse { .. }) => {
            anyhow::anyhow!("{in_use}. Stop the server for the time that this takes")
        }
        CompactError::Open(error) => refused(error),
        other => anyhow::Error::msg(other),
    })?;
    let (before, after) = (bytes(before_bytes), bytes(after_bytes));
    output::line(format_args!("The database had {before} and has {after} now."))
        .context("cannot write to standard output")?;
    Ok(())
}
