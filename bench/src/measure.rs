//! What is measured around the server: the space it takes, what it writes, and how large its program is.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

/// The bytes of all files below `folder`, by their lengths.
pub(super) fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { folder_bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// The bytes that the process has caused to be written to disks so far: `write_bytes` of proc(5).
pub(super) fn written_bytes(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/io");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let value = text.lines().find_map(|line| line.strip_prefix("write_bytes:"));
    value.and_then(|value| value.trim().parse().ok()).with_context(|| format!("{path} has no write_bytes"))
}

/// The size of a program without its symbols.
pub(super) fn stripped_bytes(program: &Path, folder: &Path) -> Result<u64> {
    let place = tempfile::tempdir_in(folder)?;
    let stripped = place.path().join("stripped");
    let status = Command::new("strip").arg("-o").arg(&stripped).arg(program).status();
    ensure!(status.context("cannot start `strip`")?.success(), "strip cannot read {}", program.display());
    Ok(fs::metadata(stripped)?.len())
}

/// Pages of the write-ahead log that the last checkpoint had folded into the database, as SQLite keeps the number in
/// the log's index (its file format, "The WAL-Index File Format": `nBackfill` at byte 96). `None` when there is no log.
pub(super) fn pages_folded(data_dir: &Path) -> Option<u32> {
    let entries = fs::read_dir(data_dir).ok()?.filter_map(Result::ok);
    let index = entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("-shm"))?;
    let bytes = fs::read(index).ok()?;
    bytes.get(96..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_large_as_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("a"), [0; 10]).unwrap();
        fs::write(folder.path().join("inner/b"), [0; 5]).unwrap();
        assert_eq!(folder_bytes(folder.path()).unwrap(), 15);
    }

    #[test]
    fn a_process_knows_what_it_has_written() {
        let before = written_bytes(std::process::id()).unwrap();
        let folder = tempfile::tempdir_in(".").unwrap();
        fs::write(folder.path().join("a"), vec![0; 100_000]).unwrap();
        assert!(written_bytes(std::process::id()).unwrap() >= before + 100_000);
    }

    #[test]
    fn the_number_of_folded_pages_stands_in_the_index_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pages_folded(folder.path()), None);
        let mut index = vec![0; 136];
        index[96..100].copy_from_slice(&7_u32.to_ne_bytes());
        fs::write(folder.path().join("x.db-shm"), index).unwrap();
        assert_eq!(pages_folded(folder.path()), Some(7));
    }
}
