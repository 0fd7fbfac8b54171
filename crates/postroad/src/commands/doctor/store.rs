//! The database: whether it opens, what version it has, how large its log is.

use postroad_store_sqlite::{OpenError, inspect::Inspection};

use super::report::Check;
use crate::commands::data::bytes;

const NAME: &str = "store";
/// The writer makes room at 256 MiB: a log that is much larger is held open by somebody.
const LOG_BYTES_USUAL: u64 = 384 << 20;

/// What to do about a file whose pages are wrong.
const DAMAGED: &str = "stop the server, put the last backup into the data folder, and look after the disk";

pub(super) fn check(inspected: &Result<Option<Inspection>, OpenError>) -> Check {
    match inspected {
        Ok(None) => Check::ok(NAME, "there is no database yet; the first start creates it"),
        Ok(Some(database)) => of(database),
        Err(error) => Check::fail(NAME, error.to_string(), remedy(error)),
    }
}

fn of(database: &Inspection) -> Check {
    let Inspection { path, database_bytes, log_bytes, schema_version, page_faults, .. } = database;
    if let Some(fault) = page_faults.iter().flatten().next() {
        return Check::fail(NAME, format!("{} is damaged: {fault}", path.display()), DAMAGED);
    }
    let pages = if page_faults.is_some() { "its pages are whole" } else { "postroad check reads all of it" };
    let (size, log) = (bytes(*database_bytes), bytes(*log_bytes));
    let finding = format!("schema version {schema_version}, {size}, {log} in its log; {pages}");
    if *log_bytes > LOG_BYTES_USUAL {
        let remedy = "end what reads the database for long, such as a backup or a check that hangs";
        return Check::warn(NAME, format!("{finding}; the log is larger than it should become"), remedy);
    }
    Check::ok(NAME, finding)
}

/// What to do, where the error itself does not say it.
fn remedy(error: &OpenError) -> &'static str {
    match error {
        OpenError::Newer { .. } => "run the newer Postroad",
        OpenError::Older { .. } => "start the server once",
        OpenError::NotADatabase { .. } => {
            "choose another folder with --data-dir, or put the last backup in its place"
        }
        OpenError::InUse { .. } => "stop the other process",
        OpenError::Damaged(_) => DAMAGED,
        OpenError::Folder { .. } | OpenError::Store(_) => {
            "run as the user that the server runs as; if that does not help, put the last backup in its place"
        }
    }
}
