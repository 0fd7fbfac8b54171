//! A copy of the database as it is at one moment, made while a server goes on writing.
//!
//! It is copied in a single step: one reading transaction from the first page to the last. A copy in small steps begins
//! anew with each commit and never ends under load. While it lasts the server cannot begin its log anew, so the log grows
//! by what is written meanwhile, and shrinks afterwards by itself.

use std::path::Path;

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use crate::{
    error::{Fault, OpenError},
    files::{beside, pieces},
};

/// Copies the database of a folder into the file `into`, which is new or empty. It is not synced here. Answers its bytes.
///
/// # Errors
/// [`OpenError`] when there is no database of this version, or it cannot be copied.
pub fn backup(data_dir: &Path, into: &Path) -> Result<u64, OpenError> {
    let source = beside::reader(data_dir)?;
    let mut copy = new_file(into)?;
    // A server's commits would wait behind the whole copy on its way to the disk.
    pieces::write_in_pieces();
    if Backup::new(&source, &mut copy)?.step(-1)? != StepResult::Done {
        return Err(Fault::Busy("the database was locked for too long").into());
    }
    drop(copy);
    let refused = |source| OpenError::Folder { path: into.to_owned(), source };
    Ok(std::fs::metadata(into).map_err(refused)?.len())
}

/// Opens a file that nobody needs when this fails half way: nothing is synced and nothing can be rolled back.
fn new_file(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.pragma_update(None, "synchronous", "OFF")?;
    db.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    Ok(db)
}
