//! SIGTERM and SIGINT: the first asks for an orderly stop, the second ends the process at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::output;

/// Listens for the two signals from now on. The token is cancelled by the first of them; `at_once` is what must be done
/// before the second ends the process.
///
/// Errors: the system refuses the handlers.
pub fn stop_token(at_once: impl FnOnce() + Send + 'static) -> io::Result<CancellationToken> {
    let mut signals =
        Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        signals.next().await;
        asked.cancel();
        let number = signals.next().await.as_raw_value();
        output::note("a second signal: ending at once; the next start goes on where this one was");
        at_once();
        // Shells expect 128 and the number of the signal from a process that a signal ended.
        std::process::exit(128 + number);
    });
    Ok(stop)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        }
    }
}
