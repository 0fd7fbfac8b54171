//! Gives the room of free pages back to the disk: the database is written anew beside itself and takes its own place.
//!
//! **Invariants:**
//! * nobody else has the folder: its lock is held from the beginning to the end;
//! * the old file stays whole until the new one is complete and synced, and one rename decides between them;
//! * the log is gone before that rename: it belongs to the old file and would damage the new one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use crate::{
    error::{CompactError, Fault, OpenError},
    files::{ballast::free_bytes, connect::database_path, gauges::PAGE_BYTES, lock::FolderLock},
    migrations,
};

/// How large the database was and is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before_bytes: u64,
    /// Now.
    pub after_bytes: u64,
}

/// Writes the database of a folder anew without its free pages.
///
/// # Errors
/// [`CompactError`] tells whether the folder is in use, the disk has no room for the new file, or something failed. The
/// old file is in its place then.
pub fn compact(data_dir: &Path) -> Result<Compacted, CompactError> {
    let path = database_path(data_dir);
    let at = |path: &Path, source| OpenError::Folder { path: path.to_owned(), source };
    // Before the lock, which would make the folder.
    fs::metadata(&path).map_err(|source| at(&path, source))?;
    let _lock = FolderLock::take(data_dir)?;
    let fresh = data_dir.join("postroad.db.compact");
    // A crash may have left one; nobody else writes it.
    remove_if_there(&fresh).map_err(|source| at(&fresh, source))?;
    let db = open(&path)?;
    migrations::expect_current(&db, &path)?;
    empty_log(&db)?;
    let before_bytes = fs::metadata(&path).map_err(|source| at(&path, source))?.len();
    let needed = needed_bytes(&db)?;
    let free = free_bytes(data_dir).map_err(|source| at(data_dir, source))?;
    if free < needed {
        return Err(CompactError::NoRoom { needed, free });
    }
    let written = write_anew(db, &path, &fresh);
    if written.is_err() {
        // What is left of it is of no use; the old file is in its place.
        remove_if_there(&fresh).ok();
    }
    let after_bytes = written?;
    File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(|source| at(data_dir, source))?;
    Ok(Compacted { before_bytes, after_bytes })
}

/// Writes the new file and puts it into the old one's place; answers its bytes.
fn write_anew(db: Connection, path: &Path, fresh: &Path) -> Result<u64, CompactError> {
    let at = |path: &Path, source| OpenError::Folder { path: path.to_owned(), source };
    db.execute("VACUUM INTO ?1", (fresh.display().to_string(),)).map_err(Fault::from)?;
    let file = File::open(fresh).map_err(|source| at(fresh, source))?;
    // Who compacts may be another user than the one who serves, and must not lock that one out.
    fs::metadata(path).and_then(|old| give_to_same(&file, &old)).map_err(|source| at(fresh, source))?;
    file.sync_all().map_err(|source| at(fresh, source))?;
    let bytes = file.metadata().map_err(|source| at(fresh, source))?.len();
    db.close().map_err(|(_, error)| Fault::from(error))?;
    let log = beside(path, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(CompactError::LogLeft { path: log });
    }
    // Who still reads the old file keeps its log's index; the new file gets one of its own.
    for left in [log, beside(path, "-shm")] {
        remove_if_there(&left).map_err(|source| at(&left, source))?;
    }
    fs::rename(fresh, path).map_err(|source| at(path, source))?;
    Ok(bytes)
}

/// Gives the file the owner and the permissions that another one has.
#[cfg(unix)]
fn give_to_same(file: &File, other: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let own = file.metadata()?;
    let mut permissions = other.permissions();
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        match fchown(file, Some(other.uid()), Some(other.gid())) {
            // Its owner, who stands in none of its groups: the group that it has now must not gain anything.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && own.uid() == other.uid() => {
                permissions.set_mode(permissions.mode() & !0o070);
            }
            given => given?,
        }
    }
    // Behind the change of owner, which may take some of them away.
    file.set_permissions(permissions)
}

/// Gives the file the permissions that another one has.
#[cfg(not(unix))]
fn give_to_same(file: &File, other: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(other.permissions())
}

fn open(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

fn empty_log(db: &Connection) -> Result<(), Fault> {
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0))?;
    if busy {
        Err(Fault::Busy("somebody reads the database: a backup or a check; wait for its end"))
    } else {
        Ok(())
    }
}

/// What the new file takes at most: the pages that hold something.
fn needed_bytes(db: &Connection) -> Result<u64, Fault> {
    let pages = |text| db.query_row(text, (), |row| row.get::<_, u64>(0));
    Ok(pages("PRAGMA page_count")?.saturating_sub(pages("PRAGMA freelist_count")?) * PAGE_BYTES)
}

/// The file that SQLite keeps beside a database under this ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
