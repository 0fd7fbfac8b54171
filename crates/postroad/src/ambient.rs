//! The machine's clock, chance and limits. Everything else gets them as arguments.

use std::{
    io,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use postroad_domain::{Clock, Timestamp, time::Sleep};
use rand::{
    SeedableRng,
    rngs::{StdRng, SysError, SysRng},
};

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else takes as an argument"
    )]
    #[expect(
        clippy::new_without_default,
        reason = "two clocks made by default would not agree on their beginning"
    )]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else takes as an argument"
    )]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(0).after(since_1970)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, span: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(span))
    }
}

/// A generator that begins with chance from the operating system.
///
/// Errors: the system has none to give.
pub fn rng() -> Result<StdRng, SysError> {
    StdRng::try_from_rng(&mut SysRng)
}

/// Lets this process have as many files and connections open as the system allows it: the usual soft limit of 1,024 is
/// less than the exchanges that may be under way at a time. Answers the limit that holds now.
///
/// Errors: the system refuses to tell or to change the limit.
pub fn raise_open_files_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes into `limit`, which lives through it, and nothing else.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the call only reads `limit`, which lives through it.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}
