//! A file as one connection has it open: the safe half of the calls on files.

use std::{
    ffi::{c_int, c_void},
    ops::Range,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rusqlite::ffi;

use crate::power_cut::computer::{Computer, FileNo, HandleNo, Level, Refusal, Region, SlotLock};

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    /// It is created where it is not there.
    pub(super) creates: bool,
    /// The first sync makes all names of the folder certain, whether the file was there or not.
    pub(super) syncs_folder: bool,
    /// The file shall be gone once it is closed.
    pub(super) is_doomed: bool,
}

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    computer: Arc<Computer>,
    no: FileNo,
    handle: HandleNo,
    /// The next sync is one of the folder too.
    syncs_folder: AtomicBool,
    /// Set when the file shall be gone once it is closed.
    doomed_name: Option<String>,
}

/// An answer in SQLite's numbers.
pub(super) fn code_of(answer: Result<(), Refusal>) -> c_int {
    match answer {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refusal::PowerLost | Refusal::NotFound) => ffi::SQLITE_IOERR,
        Err(Refusal::Busy) => ffi::SQLITE_BUSY,
    }
}

impl OpenFile {
    /// Opens a file.
    pub(super) fn open(
        computer: Arc<Computer>,
        name: Option<&str>,
        opening: Opening,
    ) -> Result<Self, Refusal> {
        let (no, handle) = computer.state().open(name, opening.creates)?;
        let doomed_name = name.filter(|_| opening.is_doomed).map(ToOwned::to_owned);
        let syncs_folder = AtomicBool::new(opening.syncs_folder);
        Ok(Self { computer, no, handle, syncs_folder, doomed_name })
    }

    /// Fills the buffer; what lies behind the end of the file is zeros.
    pub(super) fn read(&self, offset: usize, buffer: &mut [u8]) -> c_int {
        match self.computer.state().disk.file(self.no) {
            Ok(file) => {
                let count = file.read(offset, buffer);
                buffer[count..].fill(0);
                if count == buffer.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
            }
            Err(refusal) => code_of(Err(refusal)),
        }
    }

    /// Writes.
    pub(super) fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Refusal> {
        self.computer.state().disk.change(self.no, |file| file.write(offset, bytes))
    }

    /// Cuts the file.
    pub(super) fn truncate(&self, bytes: usize) -> Result<(), Refusal> {
        self.computer.state().disk.change(self.no, |file| file.truncate(bytes))
    }

    /// Makes it certain.
    pub(super) fn sync(&self) -> Result<(), Refusal> {
        self.computer.state().disk.sync(self.no, self.syncs_folder.swap(false, Relaxed))
    }

    /// Its bytes.
    pub(super) fn len(&self) -> Result<usize, Refusal> {
        self.computer.state().disk.file(self.no).map(crate::power_cut::computer::File::len)
    }

    /// Holds it more firmly.
    pub(super) fn raise(&self, wanted: Level) -> Result<(), Refusal> {
        self.computer.state().locks_with_power(self.no)?.raise(self.handle, wanted)
    }

    /// Holds it less firmly.
    pub(super) fn lower(&self, wanted: Level) {
        self.computer.unlock(self.no, |locks| locks.lower(self.handle, wanted));
    }

    /// Whether anybody is going to write to it.
    pub(super) fn is_reserved(&self) -> Result<bool, Refusal> {
        Ok(self.computer.state().locks_with_power(self.no)?.is_reserved())
    }

    /// The address of a region of the shared memory; null when it is not there and shall not be made.
    pub(super) fn map(&self, index: usize, bytes: usize, extends: bool) -> Result<*mut c_void, Refusal> {
        let mut state = self.computer.state();
        let region = state.locks_with_power(self.no)?.region(self.handle, index, bytes, extends);
        Ok(region.map_or(ptr::null_mut(), |region: &Region| region.as_ptr().cast_mut().cast()))
    }

    /// Locks slots of the shared memory.
    pub(super) fn lock_slots(&self, range: Range<usize>, lock: SlotLock) -> Result<(), Refusal> {
        self.computer.state().locks_with_power(self.no)?.lock_slots(self.handle, range, lock)
    }

    /// Unlocks slots of the shared memory.
    pub(super) fn unlock_slots(&self, range: Range<usize>) {
        self.computer.unlock(self.no, |locks| locks.unlock_slots(self.handle, range));
    }

    /// Gives the shared memory back.
    pub(super) fn unmap(&self) {
        self.computer.unlock(self.no, |locks| locks.leave_memory(self.handle));
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let Some(name) = &self.doomed_name {
            // Without power there is nothing to delete, and a file that is gone already is gone.
            self.computer.state().disk.delete(name, false).ok();
        }
        self.computer.close(self.no, self.handle);
    }
}
