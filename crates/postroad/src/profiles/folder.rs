//! Reading one profile's folder from disk.
//!
//! **Invariants:** nothing outside the folder is read, wherever links lead; what is read has an end. Files and folders
//! whose names begin with a dot are left out: they belong to editors and systems, and what a link needs of them is read
//! through the link.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The most files and folders in a profile's folder.
const ENTRIES_MAX: usize = 2_000;
/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The most bytes of all files together.
const FOLDER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Why a folder cannot be read as a profile's.
#[derive(Debug, Error)]
pub enum ProfileFolderError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too many files; most likely it is the wrong folder.
    #[error("{}: holds more than {ENTRIES_MAX} files and folders, the most that a profile may have", folder.display())]
    TooManyFiles {
        /// The profile's folder.
        folder: PathBuf,
    },
    /// A file is too large.
    #[error("{}: is larger than 1 MiB, the most that a file of a profile may have", path.display())]
    FileTooLarge {
        /// Which.
        path: PathBuf,
    },
    /// All files together are too large.
    #[error("{}: holds more than 16 MiB, the most that a profile may have", folder.display())]
    FolderTooLarge {
        /// The profile's folder.
        folder: PathBuf,
    },
    /// A file is not UTF-8.
    #[error("{}:{line}: is not UTF-8 text", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
        /// The line of the first byte that is none, from 1.
        line: usize,
    },
    /// A file's name is not UTF-8.
    #[error("{}: has a name that is not UTF-8 text", path.display())]
    NameNotText {
        /// Which.
        path: PathBuf,
    },
    /// A link leads out of the folder.
    #[error("{}: leads out of {}; a profile is read from its own folder only", path.display(), folder.display())]
    LeadsOut {
        /// The link.
        path: PathBuf,
        /// The profile's folder.
        folder: PathBuf,
    },
    /// A pipe, a socket or a device.
    #[error("{}: is neither a file nor a folder", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
}

/// All files below a folder, by their path within it with `/` between the parts.
///
/// # Errors
///
/// [`ProfileFolderError`]: the first that is met.
pub fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, ProfileFolderError> {
    // The folder of a file named without one: `profile.toml`.
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let root = here.canonicalize().map_err(|source| unreadable(folder, source))?;
    let mut reading = Reading { folder, root, entries: 0, bytes: 0, files: BTreeMap::new() };
    reading.read_all()?;
    Ok(reading.files)
}

/// The names in a folder in their order, without those that begin with a dot.
pub(super) fn names(folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    let mut names: Vec<_> = names.collect::<io::Result<_>>()?;
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort_unstable();
    Ok(names)
}

/// What has been read so far.
struct Reading<'a> {
    /// As the caller wrote it, for complaints.
    folder: &'a Path,
    /// The same without links.
    root: PathBuf,
    entries: usize,
    bytes: u64,
    files: BTreeMap<String, String>,
}

impl Reading<'_> {
    /// Folders are kept in a list and not on the stack: a link to the folder that it stands in would fill it.
    fn read_all(&mut self) -> Result<(), ProfileFolderError> {
        let mut waiting = vec![(String::new(), self.root.clone())];
        while let Some((prefix, folder)) = waiting.pop() {
            let names = names(&folder).map_err(|source| unreadable(&self.folder.join(&prefix), source))?;
            for name in names {
                let shown = self.folder.join(&prefix).join(&name);
                let Some(name) = name.to_str() else {
                    return Err(ProfileFolderError::NameNotText { path: shown });
                };
                let path = format!("{prefix}{name}");
                let target = self.inside(&folder.join(name), &shown)?;
                self.count_entry()?;
                if target.is_dir() {
                    waiting.push((path + "/", target));
                } else {
                    let text = self.read_text(&target, shown)?;
                    self.files.insert(path, text);
                }
            }
        }
        Ok(())
    }

    /// Where a path leads to, which must be inside the folder.
    fn inside(&self, path: &Path, shown: &Path) -> Result<PathBuf, ProfileFolderError> {
        let target = path.canonicalize().map_err(|source| unreadable(shown, source))?;
        if target.starts_with(&self.root) {
            return Ok(target);
        }
        Err(ProfileFolderError::LeadsOut { path: shown.to_owned(), folder: self.folder.to_owned() })
    }

    fn count_entry(&mut self) -> Result<(), ProfileFolderError> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX {
            return Err(ProfileFolderError::TooManyFiles { folder: self.folder.to_owned() });
        }
        Ok(())
    }

    fn read_text(&mut self, target: &Path, shown: PathBuf) -> Result<String, ProfileFolderError> {
        let is_file = fs::metadata(target).map_err(|source| unreadable(&shown, source))?.is_file();
        // Opening a pipe would wait for its other end.
        if !is_file {
            return Err(ProfileFolderError::NotAFile { path: shown });
        }
        let mut bytes = Vec::new();
        let read = File::open(target).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        let size = read.map_err(|source| unreadable(&shown, source))? as u64;
        if size > FILE_BYTES_MAX {
            return Err(ProfileFolderError::FileTooLarge { path: shown });
        }
        self.bytes += size;
        if self.bytes > FOLDER_BYTES_MAX {
            return Err(ProfileFolderError::FolderTooLarge { folder: self.folder.to_owned() });
        }
        String::from_utf8(bytes).map_err(|error| {
            let text_bytes = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + text_bytes.iter().filter(|byte| **byte == b'\n').count();
            ProfileFolderError::NotText { path: shown, line }
        })
    }
}

fn unreadable(path: &Path, source: io::Error) -> ProfileFolderError {
    ProfileFolderError::Unreadable { path: path.to_owned(), source }
}
