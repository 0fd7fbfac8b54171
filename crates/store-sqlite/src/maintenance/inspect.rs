//! A look at a data folder from outside, for somebody who looks for what is wrong with it.
//!
//! **Invariant:** nothing is changed, not even for a moment: no lock is taken, no file comes to be beside a database that
//! no server uses, and one that a server uses is read as its other readers do. Lacking on purpose: the rules that
//! [`check`](crate::check) knows, because they read every row.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

pub use crate::files::ballast::free_bytes;
use postroad_store::SettingKey;
use rusqlite::{Connection, OpenFlags};

use crate::{
    error::{Fault, OpenError},
    files::{beside, connect::database_path, lock},
    migrations,
    reading::settings,
    sql::query,
};

/// Larger databases take too long for a look.
const QUICK_CHECK_BYTES_MAX: u64 = 256 << 20;

/// What a look at a database tells.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Where it lies.
    pub path: PathBuf,
    /// How large its file is.
    pub database_bytes: u64,
    /// How much of it is free pages, which are used again before the file grows.
    pub free_bytes: u64,
    /// How large its log is.
    pub log_bytes: u64,
    /// The version of its schema, which is the one that this Postroad works with.
    pub schema_version: i64,
    /// With which the server proves that it has the right secret key; `None` before its first start.
    pub secret_key_check: Option<Vec<u8>>,
    /// What is wrong with its pages, in SQLite's words; empty for nothing, `None` where it is too large for a look.
    pub page_faults: Option<Vec<String>>,
}

/// Looks at the database of a folder; `None` where there is none yet.
///
/// # Errors
/// [`OpenError`] when it is no database of this version, or cannot be read.
pub fn inspect(folder: &Path) -> Result<Option<Inspection>, OpenError> {
    let path = database_path(folder);
    let database_bytes = match fs::metadata(&path) {
        Ok(about) => about.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::Folder { path, source }),
    };
    let log_bytes = size_of(&log_path(&path));
    let db = if log_bytes == 0 { resting(&path)? } else { beside::reader(folder)? };
    migrations::expect_current(&db, &path)?;
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let free_bytes = number("freelist_count")? * number("page_size")?;
    let schema_version = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let is_small = database_bytes <= QUICK_CHECK_BYTES_MAX;
    Ok(Some(Inspection {
        secret_key_check: settings::get(&db, SettingKey::SecretKeyCheck)?,
        page_faults: is_small.then(|| page_faults(&db)).transpose()?,
        path,
        database_bytes,
        free_bytes,
        log_bytes,
        schema_version,
    }))
}

/// How often the table of locks is read at most.
const LOCK_TABLE_READS: usize = 5;

/// The process that has the folder open.
pub fn holder(folder: &Path) -> Option<u32> {
    let lock = fs::metadata(folder.join(lock::FILE_NAME)).ok()?;
    // The system hands the table out page by page, and forgets an entry while other processes give up theirs: one that is not
    // there in one reading may be there in the next, and never the other way round.
    let found = |_| holder_of(&fs::read_to_string("/proc/locks").ok()?, lock.ino());
    (0..LOCK_TABLE_READS).find_map(found)
}

/// The process that locks a file as a whole, in the table of locks that proc(5) tells of. A file is known by its number; the
/// device before it differs between what the table and `stat` say on some file systems.
fn holder_of(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", process, file, ..] = fields[..] else { return None };
        let is_it = file.rsplit(':').next().is_some_and(|number| number.parse() == Ok(inode));
        is_it.then(|| process.parse().ok()).flatten()
    })
}

/// A database whose log is empty: all of it is in the file, which can be read without a lock or an index of the log.
fn resting(path: &Path) -> Result<Connection, Fault> {
    let text = path.to_string_lossy();
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?)
}

fn page_faults(db: &Connection) -> Result<Vec<String>, Fault> {
    let faults = match query::list(db, "PRAGMA quick_check(3)", (), |row| Ok(row.get::<_, String>(0)?)) {
        // A page that is no page at all is an error and no verdict.
        Err(fault) if fault.is_damage() => vec![fault.to_string()],
        other => other?,
    };
    Ok(if faults == ["ok"] { Vec::new() } else { faults })
}

fn log_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    PathBuf::from(path)
}

fn size_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_by_the_files_number() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 fd:01:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 22 08:02:78 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 33 fd:01:77 0 EOF\n4: FLOCK  ADVISORY  READ 44 00:1f:79 0 EOF\n";
        assert_eq!(holder_of(locks, 77), Some(33));
        assert_eq!(holder_of(locks, 78), Some(22));
        assert_eq!(holder_of(locks, 79), None);
    }
}
