//! Watching a replay: one line that is renewed on a terminal, and plain lines where nobody looks.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use anyhow::anyhow;
use postroad_client::{Error, Replay, ReplayStatus, Replays};
use postroad_domain::Clock;

use crate::{
    ambient::SystemClock,
    commands::{CommandError, remote},
    output,
};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(500);

/// What watches.
pub(super) struct Follower<'a> {
    pub(super) replays: Replays,
    pub(super) screen: Screen,
    pub(super) clock: &'a SystemClock,
}

impl Follower<'_> {
    /// Asks until the replay has ended.
    ///
    /// Errors: it was cancelled or could not go on, or the server refused to tell.
    pub(super) async fn follow(&mut self, mut replay: Replay) -> Result<(), CommandError> {
        let id = replay.id.clone().unwrap_or_default();
        loop {
            self.screen.show(&progress(&replay));
            match replay.status.clone().unwrap_or(ReplayStatus::Running) {
                ReplayStatus::Done => break,
                ReplayStatus::Cancelled => return self.ended("it was cancelled".to_owned()),
                ReplayStatus::Failed => return self.ended(reason(&replay)),
                _ => {}
            }
            self.clock.sleep(PAUSE).await;
            replay = match self.replays.get(&id).await {
                Ok(replay) => replay,
                // The server may be starting again; the job is kept there.
                Err(error @ (Error::Connection { .. } | Error::Timeout { .. })) => {
                    self.screen.show(&error.to_string());
                    replay
                }
                Err(error) => {
                    self.screen.end();
                    return Err(remote::failed(error));
                }
            };
        }
        self.screen.end();
        Ok(())
    }

    fn ended(&mut self, why: String) -> Result<(), CommandError> {
        self.screen.end();
        Err(CommandError::Failed(anyhow!("{why}")))
    }
}

fn reason(replay: &Replay) -> String {
    match replay.reason.as_deref() {
        Some("subscription_inactive") => {
            "it could not go on: the subscription is not active any more".to_owned()
        }
        Some("subscription_deleted") => "it could not go on: the subscription was deleted".to_owned(),
        Some(reason) => format!("it could not go on: {reason}"),
        None => "it could not go on".to_owned(),
    }
}

/// `replayed 120 of 5000, skipped 3`
fn progress(replay: &Replay) -> String {
    let word = if replay.status == Some(ReplayStatus::Done) { "done: " } else { "" };
    let about = if replay.count_is_exact { "" } else { "at least " };
    format!("{word}replayed {} of {about}{}, skipped {}", replay.replayed, replay.count, replay.skipped)
}

/// Standard error, as a terminal or not.
pub(super) struct Screen {
    is_terminal: bool,
    last: String,
}

impl Screen {
    pub(super) fn of_standard_error() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), last: String::new() }
    }

    /// Shows a line, unless it stands there already.
    fn show(&mut self, line: &str) {
        if self.last == line {
            return;
        }
        line.clone_into(&mut self.last);
        if self.is_terminal {
            // Back to the beginning, over what stands there. When nobody reads, there is nobody left to tell.
            let mut out = io::stderr().lock();
            let _ = write!(out, "\r\u{1b}[K{line}").and_then(|()| out.flush());
        } else {
            output::note(line);
        }
    }

    /// Leaves the line that is renewed as it is.
    pub(super) fn end(&mut self) {
        if self.is_terminal && !self.last.is_empty() {
            output::note("");
        }
        self.last.clear();
    }
}
