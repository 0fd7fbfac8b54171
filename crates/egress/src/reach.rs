//! Whether the operator's proxy can be used: told to the log when it changes, and how long it is not worth a try.
//!
//! **Invariant:** the log hears of it once in a while, however many exchanges fail, and alone learns where the proxy is.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::proxy::ProxyError;

/// Before the next try: as long as it has been shut already, within these bounds.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Between two warnings: a proxy that takes some connections and refuses others changes with each.
const WARNING_PAUSE: Duration = Duration::from_secs(60);

/// How the proxy was found last.
#[derive(Debug, Default)]
pub(crate) struct Reach(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    shut_since: Option<Instant>,
    warned_at: Option<Instant>,
    /// The log was told that it is shut, and not yet that it is open again.
    is_told: bool,
}

impl Reach {
    /// A tunnel was made, or not for this reason. Answers how long the way is shut for everybody, if it is.
    pub(crate) fn told(&self, failed: Option<&ProxyError>) -> Option<Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failed.filter(|error| error.is_for_all()) {
            Some(error) => Some(state.shut(error)),
            None => {
                state.open();
                None
            }
        }
    }
}

impl State {
    fn shut(&mut self, error: &ProxyError) -> Duration {
        let now = Instant::now();
        let since = *self.shut_since.get_or_insert(now);
        if self.warned_at.is_none_or(|at| now - at >= WARNING_PAUSE) {
            (self.warned_at, self.is_told) = (Some(now), true);
            tracing::warn!(%error, "nothing can be sent; deliveries wait, and no attempt is counted");
        }
        (now - since).clamp(PAUSE_MIN, PAUSE_MAX)
    }

    fn open(&mut self) {
        self.shut_since = None;
        if std::mem::take(&mut self.is_told) {
            tracing::info!("the egress proxy can be used again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::time::advance;

    use super::*;

    fn unreachable() -> ProxyError {
        ProxyError::Unreachable {
            proxy: "10.0.0.9:3128".to_owned(),
            source: io::ErrorKind::ConnectionRefused.into(),
        }
    }

    fn refused() -> ProxyError {
        ProxyError::Refused {
            proxy: "10.0.0.9:3128".to_owned(),
            target: "hook.example:443".to_owned(),
            status: 503,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_longer_it_is_shut_the_less_often_it_is_tried_and_any_answer_of_its_own_opens_it() {
        let reach = Reach::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pause = reach.told(Some(&unreachable())).unwrap();
            pauses.push(pause.as_secs());
            advance(pause).await;
        }
        assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 30, 30]);
        for opened in [None, Some(&refused())] {
            assert_eq!(reach.told(opened), None);
            assert_eq!(reach.told(Some(&unreachable())), Some(PAUSE_MIN));
            advance(PAUSE_MAX).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_log_is_told_once_a_minute_at_most() {
        let reach = Reach::default();
        let warned_at = || reach.0.lock().unwrap().warned_at;
        let mut warnings = Vec::new();
        for _ in 0..121 {
            reach.told(Some(&unreachable()));
            warnings.extend(warned_at());
            reach.told(None);
            advance(Duration::from_secs(1)).await;
        }
        warnings.dedup();
        assert_eq!(warnings.len(), 3);
    }
}
