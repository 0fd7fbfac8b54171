//! The calls that SQLite makes on the file system as a whole.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr, slice,
    sync::Arc,
    time::Duration,
};

use rusqlite::ffi;

use super::{
    file_calls::Handle,
    open_file::{OpenFile, Opening, code_of},
};
use crate::power_cut::computer::{Computer, Refusal};

/// Noon of 2026-11-21 in SQLite's count of milliseconds since noon in Greenwich on November 24, 4714 B.C.
const NOON: ffi::sqlite3_int64 = 212_662_022_400_000;

/// Files whose first sync syncs their folder too. SQLite's own file system asks only whether they may be created, not
/// whether they were.
const SYNCS_FOLDER: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

pub(super) unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the file system it was registered with.
    let computer = unsafe { computer(vfs) };
    // SAFETY: a name that is given is a text that outlives this call.
    let name = (!name.is_null()).then(|| unsafe { text(name) });
    let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
    let opening = Opening {
        creates,
        syncs_folder: creates && flags & SYNCS_FOLDER != 0,
        is_doomed: flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0,
    };
    let opened = OpenFile::open(computer, name, opening);
    let (handle, code) = match opened {
        Ok(opened) => (Handle::of(opened), ffi::SQLITE_OK),
        Err(Refusal::NotFound) => (Handle::closed(), ffi::SQLITE_CANTOPEN),
        Err(refusal) => (Handle::closed(), code_of(Err(refusal))),
    };
    // SAFETY: SQLite passes room for a handle, as large as the registration said.
    unsafe { file.cast::<Handle>().write(handle) };
    if !out_flags.is_null() {
        // SAFETY: the pointer is not null, so it is one to a number.
        unsafe { *out_flags = flags };
    }
    code
}

pub(super) unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    syncs_folder: c_int,
) -> c_int {
    // SAFETY: SQLite passes the file system it was registered with, and a text.
    let (computer, name) = unsafe { (computer(vfs), text(name)) };
    match computer.state().disk.delete(name, syncs_folder != 0) {
        Err(Refusal::NotFound) => ffi::SQLITE_IOERR_DELETE_NOENT,
        answer => code_of(answer),
    }
}

pub(super) unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the file system it was registered with, and a text.
    let (computer, name) = unsafe { (computer(vfs), text(name)) };
    let is_there = match computer.state().disk.len_of(name) {
        // SQLite's own file system takes an empty file for none when it is asked whether there is one.
        Ok(bytes) => bytes > 0 || flags != ffi::SQLITE_ACCESS_EXISTS,
        Err(Refusal::NotFound) => false,
        Err(refusal) => return code_of(Err(refusal)),
    };
    // SAFETY: SQLite passes a pointer to a number.
    unsafe { *out = c_int::from(is_there) };
    ffi::SQLITE_OK
}

/// Paths are names here, and complete.
pub(super) unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a text.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if usize::try_from(room).is_ok_and(|room| name.len() <= room) {
        // SAFETY: `out` has room for as many bytes as were just compared, and is no part of `name`.
        unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast(), out, name.len()) };
        return ffi::SQLITE_OK;
    }
    ffi::SQLITE_CANTOPEN
}

/// SQLite takes its chance from the machine's own file system; this one has none to give.
pub(super) unsafe extern "C" fn randomness(
    _: *mut ffi::sqlite3_vfs,
    count: c_int,
    out: *mut c_char,
) -> c_int {
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: SQLite passes room for so many bytes.
    unsafe { slice::from_raw_parts_mut(out.cast::<u8>(), count) }.fill(0);
    0
}

/// SQLite waits only for locks, so a lock that is given up ends the waiting.
pub(super) unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    let span = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    // SAFETY: SQLite passes the file system it was registered with.
    unsafe { computer(vfs) }.wait_for_unlock(span);
    micros
}

pub(super) unsafe extern "C" fn current_time(
    _: *mut ffi::sqlite3_vfs,
    out: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes a pointer to a number.
    unsafe { *out = NOON };
    ffi::SQLITE_OK
}

/// # Safety
/// `vfs` must be one that [`super::Vfs::register`] registered and that is not dropped.
unsafe fn computer(vfs: *mut ffi::sqlite3_vfs) -> Arc<Computer> {
    // SAFETY: the caller promises that the structure is alive.
    let computer: *mut c_void = unsafe { (*vfs).pAppData };
    let computer = computer.cast_const().cast::<Computer>();
    // SAFETY: the pointer came from an `Arc` that the registration still holds; the count grows by the one made here.
    unsafe {
        Arc::increment_strong_count(computer);
        Arc::from_raw(computer)
    }
}

/// # Safety
/// `text` must end with a zero byte and live as long as its reader uses it.
unsafe fn text<'a>(text: *const c_char) -> &'a str {
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_str().expect("the tests' paths are UTF-8")
}
