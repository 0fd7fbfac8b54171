//! How long a test waits before it gives up, and how often it repeats itself.

use std::{future::Future, time::Duration};

/// How long any wait may take before the test fails. Generous, because a loaded machine is not a fault; it is only ever
/// spent by a test that fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for `future` and panics after [`PATIENCE`], saying `what` never came.
///
/// This is the machine's time: in a runtime whose time is paused, a wait for another process or for a socket would end
/// at once.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}

/// Rounds of a repeated test: `normal`, or `long` when `./test --long` has set `POSTROAD_LONG`.
pub fn rounds(normal: usize, long: usize) -> usize {
    if std::env::var_os("POSTROAD_LONG").is_some() { long } else { normal }
}
