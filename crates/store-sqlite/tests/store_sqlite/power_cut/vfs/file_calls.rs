//! The calls that SQLite makes on an open file.

use std::{
    ffi::{c_int, c_void},
    ops::Range,
    ptr, slice,
    sync::atomic::{Ordering::SeqCst, fence},
};

use rusqlite::ffi;

use super::open_file::{OpenFile, code_of};
use crate::power_cut::computer::{Level, SlotLock};

/// What SQLite holds of an open file: its own part first, as it asks for.
#[repr(C)]
pub(super) struct Handle {
    base: ffi::sqlite3_file,
    /// From a box; null when the file could not be opened.
    open: *mut OpenFile,
}

impl Handle {
    /// A handle that [`close`] will free.
    pub(super) fn of(open: OpenFile) -> Self {
        let base = ffi::sqlite3_file { pMethods: &raw const METHODS };
        Self { base, open: Box::into_raw(Box::new(open)) }
    }

    /// A handle that SQLite leaves alone: without methods it calls none, not even to close.
    pub(super) fn closed() -> Self {
        Self { base: ffi::sqlite3_file { pMethods: ptr::null() }, open: ptr::null_mut() }
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// # Safety
/// `file` must be a handle made by [`Handle::of`] that is not closed.
unsafe fn opened<'a>(file: *mut ffi::sqlite3_file) -> &'a OpenFile {
    // SAFETY: as the caller promises. Only shared references are ever made, and `close` comes last.
    unsafe { &*(*file.cast::<Handle>()).open }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once and calls nothing on it afterwards, so the box is ours again.
    drop(unsafe { Box::from_raw((*file.cast::<Handle>()).open) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    bytes: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes room for so many bytes, which nobody else uses during the call.
    let buffer = unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), size(bytes)) };
    // SAFETY: SQLite calls this on open files only.
    unsafe { opened(file) }.read(size(offset), buffer)
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes so many bytes, which nobody changes during the call.
    let bytes = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), size(count)) };
    // SAFETY: SQLite calls this on open files only.
    code_of(unsafe { opened(file) }.write(size(offset), bytes))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, bytes: ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    code_of(unsafe { opened(file) }.truncate(size(bytes)))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    code_of(unsafe { opened(file) }.sync())
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    let length = unsafe { opened(file) }.len();
    code_of(length.map(|bytes| {
        // SAFETY: SQLite passes a pointer to a number.
        unsafe { *out = ffi::sqlite3_int64::try_from(bytes).expect("a file fits into memory") };
    }))
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    code_of(unsafe { opened(file) }.raise(level(wanted)))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    unsafe { opened(file) }.lower(level(wanted));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    let reserved = unsafe { opened(file) }.is_reserved();
    code_of(reserved.map(|reserved| {
        // SAFETY: SQLite passes a pointer to a number.
        unsafe { *out = c_int::from(reserved) };
    }))
}

/// There is nothing to ask beyond the calls above.
unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

/// As SQLite's own file system for unix says.
unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As SQLite's own file system for unix says: a write that is cut off damages nothing beside it.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    index: c_int,
    bytes: c_int,
    extends: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    let mapped = unsafe { opened(file) }.map(size(index), size(bytes), extends != 0);
    code_of(mapped.map(|address| {
        // SAFETY: SQLite passes a pointer to a pointer.
        unsafe { *out = address };
    }))
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    let open = unsafe { opened(file) };
    let range: Range<usize> = size(first)..size(first + count);
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        open.unlock_slots(range);
        return ffi::SQLITE_OK;
    }
    let exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    code_of(open.lock_slots(range, if exclusive { SlotLock::Exclusive } else { SlotLock::Shared }))
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    fence(SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: SQLite calls this on open files only.
    unsafe { opened(file) }.unmap();
    ffi::SQLITE_OK
}

fn level(number: c_int) -> Level {
    match number {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

fn size(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or_else(|_| panic!("SQLite counts from zero"))
}
