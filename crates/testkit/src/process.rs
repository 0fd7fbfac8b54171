//! What the kernel tells about another process, from `/proc`. Linux only, on purpose.

use std::{io, time::Duration};

/// Memory and processor time of one process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory now, in bytes.
    pub rss_bytes: u64,
    /// The most resident memory it ever had, in bytes.
    pub rss_bytes_peak: u64,
    /// Processor time in user and kernel mode, of all its threads, to the hundredth of a second.
    pub cpu: Duration,
}

/// Reads the usage of the process `pid`.
///
/// # Errors
///
/// When there is no such process, or its files do not have the form that proc(5) promises.
pub fn usage(pid: u32) -> io::Result<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    Ok(Usage {
        rss_bytes: kibibytes(&status, "VmRSS:").ok_or_else(|| unexpected("no VmRSS"))?,
        rss_bytes_peak: kibibytes(&status, "VmHWM:").ok_or_else(|| unexpected("no VmHWM"))?,
        cpu: processor_time(&stat).ok_or_else(|| unexpected("stat is cut off"))?,
    })
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1_024)
}

/// The kernel counts in ticks of 10 ms towards programs on every architecture that Rust's tier 1 names.
const TICK: Duration = Duration::from_millis(10);

fn processor_time(stat: &str) -> Option<Duration> {
    // The command's name may hold spaces and brackets: the fields begin after the last bracket.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    let (user, kernel) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(TICK * user.checked_add(kernel)?)
}

fn unexpected(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_its_own_usage() {
        let own = usage(std::process::id()).unwrap();
        assert!(own.rss_bytes > 100_000 && own.rss_bytes_peak >= own.rss_bytes, "{own:?}");
    }

    #[test]
    fn the_name_of_a_command_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(processor_time(stat), Some(Duration::from_millis(420)));
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert_eq!(usage(u32::MAX).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
