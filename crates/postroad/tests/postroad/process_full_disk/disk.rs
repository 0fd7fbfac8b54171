//! A small disk of our own: a tmpfs that a test fills to its last byte.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Room for the server's ballast of 64 MiB, which it takes in only where twice as much is free, and for its data.
const SIZE: &str = "size=176m";

/// A mounted tmpfs; it is unmounted in the end.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one; `None` where that is not allowed, after a remark.
    pub(crate) fn mount() -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "postroad-test"]).arg(folder.path());
        let output = mount.output().expect("there is a mount command");
        if output.status.success() {
            return Some(Self { folder });
        }
        let reason = String::from_utf8_lossy(&output.stderr);
        println!("skipped: a small disk cannot be mounted here ({})", reason.trim());
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room there is, to the last page.
    pub(crate) fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("the filler is made while there is room");
        for chunk in [vec![0; 1024 * 1024], vec![0; 4096]] {
            loop {
                match filler.write_all(&chunk) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("the filler cannot be written: {error}"),
                }
            }
        }
    }

    /// Gives it back.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.folder.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            println!("{} could not be unmounted", self.folder.path().display());
        }
    }
}
