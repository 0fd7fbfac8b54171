//! A file of no use but its size: when the disk is full it is deleted, and what was already sent can be recorded.

use std::{
    ffi::CString,
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

/// The ballast of a data folder.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    bytes: u64,
    is_released: bool,
}

impl Ballast {
    /// The ballast of a folder; it is not there before [`Ballast::take_in`].
    pub(crate) fn new(folder: &Path, bytes: u64) -> Self {
        Self { path: folder.join("ballast"), bytes, is_released: false }
    }

    /// Gives the ballast's room back to the disk; answers whether there was any.
    pub(crate) fn release(&mut self) -> bool {
        let released = self.bytes > 0 && fs::remove_file(&self.path).is_ok();
        if released {
            self.is_released = true;
            tracing::warn!(bytes = self.bytes, "the disk is full: the ballast was released");
        }
        released
    }

    /// It was given up and could not be taken in again: what is free is for outcomes, not for new events.
    pub(crate) fn is_missed(&self) -> bool {
        self.is_released
    }

    /// Allocates the ballast unless it is there. With less than twice its size free it stays out: else it would take
    /// the very room that was just made, and be given back at the next commit. A failure is not one of the store.
    pub(crate) fn take_in(&mut self) {
        if self.bytes == 0 || self.is_there() {
            return;
        }
        match free_bytes(self.path.parent().unwrap_or(&self.path)) {
            Ok(free) if free >= 2 * self.bytes => {
                if let Err(error) = self.allocate() {
                    tracing::warn!(%error, "the ballast could not be allocated");
                    fs::remove_file(&self.path).ok();
                } else {
                    self.is_released = false;
                }
            }
            Ok(free) => tracing::warn!(free, "there is no room for the ballast"),
            Err(error) => tracing::warn!(%error, "the disk does not tell its room"),
        }
    }

    fn is_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes)
    }

    fn allocate(&self) -> io::Result<()> {
        let file = File::create(&self.path)?;
        let length = libc::off_t::try_from(self.bytes).map_err(io::Error::other)?;
        // A file that is only made long holds no blocks and would free none.
        // SAFETY: the descriptor belongs to `file`, which lives through the call.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) } {
            0 => file.sync_all(),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}

/// Bytes that this process may still write to the disk of a folder.
///
/// # Errors
/// The system does not tell: there is no such folder.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: `statvfs` holds numbers only, for which zero is a value.
    let mut figures: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero byte and both pointers live through the call.
    match unsafe { libc::statvfs(path.as_ptr(), &raw mut figures) } {
        0 => Ok(figures.f_bavail * figures.f_frsize),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_ballast_holds_real_blocks_and_gives_them_back_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::new(folder.path(), 1024 * 1024);
        assert!(!ballast.release());
        ballast.take_in();
        let file = fs::metadata(folder.path().join("ballast")).unwrap();
        assert_eq!(file.len(), 1024 * 1024);
        assert!(file.blocks() * 512 >= 1024 * 1024);
        assert!(ballast.release() && ballast.is_missed());
        assert!(!ballast.release());
        ballast.take_in();
        assert!(!ballast.is_missed());
    }
}
