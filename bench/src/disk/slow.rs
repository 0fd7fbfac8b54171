//! The library that slows the disk down: compiled at its first use, put before a program by its environment.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use tempfile::NamedTempFile;

const SOURCE: &str = include_str!("slow.c");
/// What is added to each sync, in microseconds.
const PAUSE_MICROS: u32 = 4_000;

/// The compiled library below `folder`. Its name says which source it was made of, so an older one is not taken.
pub(super) fn library(folder: &Path) -> Result<PathBuf> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, SOURCE.as_bytes());
    let name: String = digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("slow-disk-{name}.so"));
    if !path.exists() {
        compile(folder, &path)?;
    }
    fs::canonicalize(&path).with_context(|| path.display().to_string())
}

fn compile(folder: &Path, path: &Path) -> Result<()> {
    let source =
        tempfile::Builder::new().suffix(".c").tempfile_in(folder).context("a file for the source")?;
    fs::write(source.path(), SOURCE)?;
    // Compiled beside its place and moved there whole: another benchmark may look for it just now.
    let made = source.path().with_extension("so");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o"]).arg(&made).arg(source.path());
    let status = compiler
        .status()
        .context("cannot start `cc`, which compiles the library that slows the disk down")?;
    ensure!(status.success(), "cc cannot compile the library that slows the disk down");
    fs::rename(&made, path).with_context(|| path.display().to_string())
}

/// The environment of a program below the library.
pub(super) fn environment(library: &Path, count: &SyncCount) -> Result<Vec<(String, String)>> {
    let text = |path: &Path| path.to_str().map(str::to_owned).context("a path that is not UTF-8");
    Ok(vec![
        ("LD_PRELOAD".to_owned(), text(library)?),
        ("POSTROAD_BENCH_SYNC_MICROS".to_owned(), PAUSE_MICROS.to_string()),
        ("POSTROAD_BENCH_SYNC_COUNT".to_owned(), text(count.file.path())?),
    ])
}

/// The file in which the library counts the syncs of a program.
#[derive(Debug)]
pub(crate) struct SyncCount {
    file: NamedTempFile,
}

impl SyncCount {
    /// Begins at 0.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let folder = fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
        let file = NamedTempFile::new_in(folder).context("a file for the count of syncs")?;
        fs::write(file.path(), 0_u64.to_ne_bytes())?;
        Ok(Self { file })
    }

    /// The syncs so far.
    pub(crate) fn read(&self) -> Result<u64> {
        let bytes = fs::read(self.file.path()).context("the count of syncs")?;
        let bytes = bytes.first_chunk().context("the count of syncs is cut off")?;
        Ok(u64::from_ne_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_makes_each_sync_of_a_program_slow_and_counts_it() {
        let folder = tempfile::tempdir().unwrap();
        let (library, count) = (library(folder.path()).unwrap(), SyncCount::new(folder.path()).unwrap());
        let began = crate::mark::now_micros();
        let status = Command::new("dd")
            .args(["if=/dev/zero", "bs=512", "count=5", "conv=fsync", "status=none"])
            .arg(format!("of={}", folder.path().join("written").display()))
            .envs(environment(&library, &count).unwrap())
            .status();
        let took = crate::mark::now_micros() - began;
        assert!(status.unwrap().success());
        assert_eq!(count.read().unwrap(), 1);
        assert!(took >= u64::from(PAUSE_MICROS), "{took} µs");
    }

    #[test]
    fn the_library_is_compiled_once() {
        let folder = tempfile::tempdir().unwrap();
        let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        let first = library(folder.path()).unwrap();
        let when = modified(&first);
        let again = library(folder.path()).unwrap();
        assert_eq!((&again, modified(&again)), (&first, when));
    }
}
