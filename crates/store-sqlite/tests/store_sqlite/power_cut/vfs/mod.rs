//! The computer as a file system of SQLite's.
//!
//! **Invariant:** everything that is not safe is in this module, and each call does no more than turn SQLite's pointers
//! into Rust's types; what a call means is told in [`crate::power_cut::computer`].
//!
//! On purpose there is no memory mapping of files: SQLite then reads and writes by calls that can be counted.

mod file_calls;
mod open_file;
mod system_calls;

use std::{
    ffi::{CString, c_int},
    mem,
    path::Path,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use rusqlite::{Connection, OpenFlags, ffi};

use crate::power_cut::{computer::Computer, vfs::file_calls::Handle};

/// Bytes that a path may have, its end included.
const PATH_BYTES_MAX: c_int = 1_024;

/// A registered file system on a computer of its own; unregistered when it is dropped.
#[derive(Debug)]
pub(crate) struct Vfs {
    computer: Arc<Computer>,
    name: CString,
    /// From a box.
    registered: *mut ffi::sqlite3_vfs,
}

impl Vfs {
    /// Registers a file system under a new name.
    pub(crate) fn register() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Relaxed);
        let name = CString::new(format!("power-cut-{number}")).expect("a number holds no zero byte");
        let computer = Arc::new(Computer::default());
        let registered = Box::into_raw(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<Handle>()).expect("a handle is small"),
            mxPathname: PATH_BYTES_MAX,
            pNext: ptr::null_mut(),
            zName: name.as_ptr(),
            pAppData: Arc::as_ptr(&computer).cast_mut().cast(),
            xOpen: Some(system_calls::open),
            xDelete: Some(system_calls::delete),
            xAccess: Some(system_calls::access),
            xFullPathname: Some(system_calls::full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(system_calls::randomness),
            xSleep: Some(system_calls::sleep),
            xCurrentTime: None,
            xGetLastError: None,
            xCurrentTimeInt64: Some(system_calls::current_time),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the structure lies in a box, its name and its computer on the heap; all three stay where they are until
        // `drop` has unregistered it.
        let code = unsafe { ffi::sqlite3_vfs_register(registered, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "a file system can be registered");
        Self { computer, name, registered }
    }

    /// The computer below.
    pub(crate) fn computer(&self) -> &Computer {
        &self.computer
    }

    /// Its name at SQLite.
    pub(crate) fn name(&self) -> &str {
        self.name.to_str().expect("the name is ASCII")
    }

    /// Opens a plain connection, and creates the database where there is none.
    pub(crate) fn connect(&self, path: impl AsRef<Path>) -> rusqlite::Result<Connection> {
        Connection::open_with_flags_and_vfs(path, OpenFlags::default(), self.name())
    }
}

impl Drop for Vfs {
    fn drop(&mut self) {
        if self.computer.has_open_files() {
            // A test that fails may leave a connection behind, which still points to all of this: it stays for ever.
            mem::forget((Arc::clone(&self.computer), mem::take(&mut self.name)));
            return;
        }
        // SAFETY: it was registered by `register` from a box, and without an open file no connection uses it.
        unsafe {
            ffi::sqlite3_vfs_unregister(self.registered);
            drop(Box::from_raw(self.registered));
        }
    }
}
