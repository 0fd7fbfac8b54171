//! A checkpoint's writes in pieces: each is on the disk before the next begins.
//!
//! SQLite writes all pages of a checkpoint into the operating system's memory and syncs them in the end. The disk then has
//! a hundred megabytes to write at once, and a commit that comes meanwhile waits behind all of it: 50 to 70 ms were
//! measured. In pieces it waits for one of them (docs/adr/0007-unsafe-that-earns-its-place.md).
//!
//! SQLite's own door for it is used, the table of system calls of its file system for Unix. **Invariant:** what is written,
//! where, and what a call answers stay the same, but that a write that fails behind the call is told; only threads that asked
//! for pieces wait. Where the operating system cannot be asked to write a part of a file, nothing changes.

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
        /// The piece that is being written; `None` on threads that did not ask for pieces.
        static PIECE: Cell<Option<Piece>> = const { Cell::new(None) };
    }

    /// A part of what a thread writes.
    #[derive(Clone, Copy)]
    struct Piece {
        /// Bytes that were written since the last one.
        bytes: usize,
        /// Brings it to the disk.
        finish: FinishPiece,
    }

    /// Waits until what was written of a file is on the disk; whether it is. The reason is left where a failed call leaves
    /// it.
    pub(super) type FinishPiece = fn(c_int) -> bool;

    /// From now on what SQLite writes on this thread goes to the disk in pieces.
    pub(crate) fn write_in_pieces() {
        write_in_pieces_by(finish_piece);
    }

    /// The same with another way to the disk.
    pub(super) fn write_in_pieces_by(finish: FinishPiece) {
        static REPLACED: Once = Once::new();
        REPLACED.call_once(replace_write);
        PIECE.set(Some(Piece { bytes: 0, finish }));
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
        let (Some(piece), Ok(now)) = (PIECE.get(), usize::try_from(written)) else { return written };
        let bytes = piece.bytes + now;
        if bytes < CHECKPOINT_PIECE_BYTES {
            PIECE.set(Some(Piece { bytes, ..piece }));
            return written;
        }
        PIECE.set(Some(Piece { bytes: 0, ..piece }));
        // The operating system tells of a failed write once. Kept from SQLite it would be lost: the sync in the end would
        // succeed, and the log begin anew.
        if (piece.finish)(file) { written } else { -1 }
    }

    /// See [`FinishPiece`].
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
#[cfg(target_os = "linux")]
mod tests {
    use std::{ffi::c_int, path::Path};

    use rusqlite::{Connection, ffi::ErrorCode};

    use super::linux::{write_in_pieces, write_in_pieces_by};
    use crate::limits::CHECKPOINT_PIECE_BYTES;

    /// A database with a log of many pieces.
    fn logged(path: &Path) -> Connection {
        let writer = Connection::open(path).unwrap();
        writer.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        writer.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())).unwrap();
        writer.execute_batch("CREATE TABLE t (data BLOB)").unwrap();
        (0..8).for_each(|_| add_row(&writer));
        writer
    }

    fn add_row(db: &Connection) {
        db.execute("INSERT INTO t VALUES (?)", [vec![7; CHECKPOINT_PIECE_BYTES]]).unwrap();
    }

    /// Pages in the log, and those of them that are in the database too.
    fn checkpoint(db: &Connection) -> Result<(i64, i64), rusqlite::Error> {
        db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| Ok((row.get(1)?, row.get(2)?)))
    }

    fn assert_whole(path: &Path, rows: usize) {
        let reader = Connection::open(path).unwrap();
        let sum: usize = reader.query_row("SELECT sum(length(data)) FROM t", (), |row| row.get(0)).unwrap();
        assert_eq!(sum, rows * CHECKPOINT_PIECE_BYTES);
        let verdict: String = reader.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
    }

    #[test]
    fn a_checkpoint_of_many_pieces_leaves_a_whole_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let writer = logged(&path);
        write_in_pieces();
        let (logged, moved) = checkpoint(&writer).unwrap();
        assert_eq!(logged, moved, "all of the log is in the database");
        drop(writer);
        assert_whole(&path, 8);
    }

    /// As the system tells of a write that failed behind the call that made it: once.
    fn fail(_: c_int) -> bool {
        // SAFETY: the place of the thread's last error can always be written.
        unsafe { *libc::__errno_location() = libc::EIO };
        write_in_pieces();
        false
    }

    #[test]
    fn a_write_that_fails_behind_a_piece_fails_the_checkpoint_and_the_log_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let writer = logged(&path);
        write_in_pieces_by(fail);
        let failed = checkpoint(&writer).unwrap_err();
        assert_eq!(failed.sqlite_error_code(), Some(ErrorCode::SystemIoFailure), "{failed}");
        // Had the log begun anew here, it would hold this row alone: what the disk lost would be lost.
        add_row(&writer);
        let (logged, moved) = checkpoint(&writer).unwrap();
        assert_eq!(logged, moved);
        let pages = i64::try_from(9 * CHECKPOINT_PIECE_BYTES / 4_096).unwrap();
        assert!(logged >= pages, "{logged} pages are in the log, and {pages} were written");
        drop(writer);
        assert_whole(&path, 9);
    }
}
