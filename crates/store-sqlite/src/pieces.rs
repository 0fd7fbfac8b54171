//! A checkpoint's writes in pieces: each is on the disk before the next begins.
//!
//! SQLite writes all pages of a checkpoint into the operating system's memory and syncs them in the end. The disk then has
//! a hundred megabytes to write at once, and a commit that comes meanwhile waits behind all of it: 50 to 70 ms were
//! measured. In pieces it waits for one of them.
//!
//! SQLite's own door for it is used, the table of system calls of its file system for Unix. **Invariant:** what is written,
//! where, and what a call answers stay the same, but that a write that fails behind the call is told; only threads that asked
//! for pieces wait. Where the operating system
//! cannot be asked to write a part of a file, nothing changes.

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::write_in_pieces;
#[cfg(target_os = "linux")]
pub(crate) use linux::write_in_pieces;

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        cell::Cell,
        ffi::{c_int, c_void},
        io, mem,
        sync::Once,
    };

    use rusqlite::ffi;

    use crate::limits::CHECKPOINT_PIECE_BYTES;

    thread_local! {
        /// Bytes that were written since the last piece; `None` on threads that did not ask for pieces.
        static WRITTEN: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// From now on what SQLite writes on this thread goes to the disk in pieces.
    pub(crate) fn write_in_pieces() {
        static REPLACED: Once = Once::new();
        REPLACED.call_once(replace_write);
        WRITTEN.set(Some(0));
    }

    /// Puts [`pwrite`] in the place of the system's. Only the file system for Unix has it: others are left alone.
    fn replace_write() {
        // SAFETY: the name is a text; the file system that is found lives as long as the process.
        let Some(vfs) = (unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()).as_mut() }) else { return };
        let Some(set) = vfs.xSetSystemCall else { return };
        for name in [c"pwrite", c"pwrite64"] {
            // SAFETY: SQLite calls it by the signature of the call that it replaces.
            unsafe { set(vfs, name.as_ptr(), Some(as_system_call(pwrite))) };
        }
    }

    type PositionedWrite = unsafe extern "C" fn(c_int, *const c_void, usize, libc::off_t) -> isize;

    fn as_system_call(call: PositionedWrite) -> unsafe extern "C" fn() {
        // SAFETY: pointers to functions are of one size; SQLite turns it back before it calls.
        unsafe { mem::transmute(call) }
    }

    unsafe extern "C" fn pwrite(
        file: c_int,
        data: *const c_void,
        bytes: usize,
        offset: libc::off_t,
    ) -> isize {
        // SAFETY: SQLite's arguments are handed on as they are.
        let written = unsafe { libc::pwrite(file, data, bytes, offset) };
        let (Some(before), Ok(now)) = (WRITTEN.get(), usize::try_from(written)) else { return written };
        let together = before + now;
        if together < CHECKPOINT_PIECE_BYTES {
            WRITTEN.set(Some(together));
            return written;
        }
        WRITTEN.set(Some(0));
        // The operating system tells of a failed write once. Kept from SQLite it would be lost: the sync in the end would
        // succeed, and the log begin anew.
        if finish_piece(file) { written } else { -1 }
    }

    /// Waits until what was written of the file is on the disk; whether it is. The reason is left where a failed call
    /// leaves it.
    fn finish_piece(file: c_int) -> bool {
        const WHOLE: libc::c_uint = libc::SYNC_FILE_RANGE_WAIT_BEFORE
            | libc::SYNC_FILE_RANGE_WRITE
            | libc::SYNC_FILE_RANGE_WAIT_AFTER;
        // SAFETY: a call without pointers.
        let is_done = unsafe { libc::sync_file_range(file, 0, 0, WHOLE) } == 0;
        is_done || is_not_to_be_had(io::Error::last_os_error().raw_os_error())
    }

    /// A file system that cannot do this has written nothing and lost nothing: the sync in the end writes all.
    fn is_not_to_be_had(reason: Option<c_int>) -> bool {
        matches!(reason, Some(libc::ENOSYS | libc::EINVAL | libc::ESPIPE))
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    /// Nothing to ask for here.
    pub(crate) fn write_in_pieces() {}
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use crate::limits::CHECKPOINT_PIECE_BYTES;

    #[test]
    fn a_checkpoint_of_many_pieces_leaves_a_whole_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        writer.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())).unwrap();
        writer.execute_batch("CREATE TABLE t (data BLOB)").unwrap();
        let row = vec![7; CHECKPOINT_PIECE_BYTES];
        for _ in 0..8 {
            writer.execute("INSERT INTO t VALUES (?)", [&row]).unwrap();
        }
        super::write_in_pieces();
        let frames_moved: (i64, i64) = writer
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| Ok((row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!(frames_moved.0, frames_moved.1, "all of the log is in the database");
        drop(writer);
        let reader = Connection::open(&path).unwrap();
        let sum: i64 = reader.query_row("SELECT sum(length(data)) FROM t", (), |row| row.get(0)).unwrap();
        assert_eq!(sum, 8 * row.len() as i64);
        let verdict: String = reader.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
    }
}
