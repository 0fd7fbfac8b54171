//! What this machine gives a process: the kind of its disk, files, memory. Linux only, on purpose: that is what servers are.

use std::{ffi::CString, io, os::unix::ffi::OsStrExt as _, path::Path};

/// What kind of file system a folder lies on, as far as it matters to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// A disk of this machine, or nothing that is known to be bad.
    Local,
    /// Another machine's, over the network; its name.
    Network(&'static str),
    /// Memory: gone with the machine.
    Memory,
    /// The topmost layer of a container: gone with the container.
    Layer,
}

/// The numbers by which Linux names file systems (statfs(2)).
const NETWORK: [(u64, &str); 11] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB 2"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x0bd0_0bd0, "Lustre"),
    (0x6573_5546, "FUSE"),
];
const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
const OVERLAY: u64 = 0x794c_7630;

impl FileSystem {
    /// By the number.
    fn of(number: u64) -> Self {
        match NETWORK.iter().find(|(known, _)| *known == number) {
            Some((_, name)) => Self::Network(name),
            None if MEMORY.contains(&number) => Self::Memory,
            None if number == OVERLAY => Self::Layer,
            None => Self::Local,
        }
    }
}

/// What the folder lies on.
///
/// Errors: the system does not tell, because there is no such folder.
pub fn file_system(folder: &Path) -> io::Result<FileSystem> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: `statfs` holds numbers only, for which zero is a value.
    let mut figures: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero byte and both pointers live through the call.
    if unsafe { libc::statfs(path.as_ptr(), &raw mut figures) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // The kernel's numbers have 32 bits; the type of the field differs between architectures.
    Ok(FileSystem::of(figures.f_type as u64 & 0xffff_ffff))
}

/// Whether this process may write into a folder.
pub fn may_write(folder: &Path) -> bool {
    let Ok(path) = CString::new(folder.as_os_str().as_bytes()) else { return false };
    // SAFETY: the path ends with a zero byte and lives through the call.
    unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) == 0 }
}

/// How many files and connections a process may have open, as far as it may raise the limit itself.
///
/// Errors: the system refuses to tell.
pub fn open_files_max() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes into `limit`, which lives through it, and nothing else.
    match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } {
        0 => Ok(limit.rlim_max),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How much memory a process may have, in bytes: of the machine, or what its control group leaves of it. `read` reads a
/// file of the system.
pub fn memory_max(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let of_machine = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    });
    let own = read("/proc/self/cgroup").unwrap_or_default();
    let group = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    // Each group is bound by those above it too; within a container the first one is `/`.
    let groups = Path::new(group).ancestors().filter_map(Path::to_str);
    let files = groups.map(|group| format!("/sys/fs/cgroup{}/memory.max", group.trim_end_matches('/')));
    let old = std::iter::once("/sys/fs/cgroup/memory/memory.limit_in_bytes".to_owned());
    let limits = files.chain(old).filter_map(|file| read(&file)?.trim().parse().ok());
    of_machine.into_iter().chain(limits).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_over_the_network_is_known_by_its_number() {
        assert_eq!(FileSystem::of(0x6969), FileSystem::Network("NFS"));
        assert_eq!(FileSystem::of(0x0102_1994), FileSystem::Memory);
        assert_eq!(FileSystem::of(0x794c_7630), FileSystem::Layer);
        assert_eq!(FileSystem::of(0xef53), FileSystem::Local, "ext4");
        file_system(Path::new("/")).unwrap();
        file_system(Path::new("/no/such/folder")).unwrap_err();
    }

    #[test]
    fn the_smallest_limit_of_memory_counts() {
        let machine =
            |path: &str| (path == "/proc/meminfo").then(|| "MemTotal:  2048 kB\nMemFree: 1 kB\n".to_owned());
        assert_eq!(memory_max(machine), Some(2_097_152));
        let grouped = |path: &str| match path {
            "/proc/self/cgroup" => Some("0::/system.slice/postroad.service\n".to_owned()),
            "/sys/fs/cgroup/system.slice/postroad.service/memory.max" => Some("max\n".to_owned()),
            "/sys/fs/cgroup/system.slice/memory.max" => Some("1000000\n".to_owned()),
            path => machine(path),
        };
        assert_eq!(memory_max(grouped), Some(1_000_000));
        assert_eq!(memory_max(|_| None), None);
    }
}
