//! Watching a replay: one line that is renewed on a terminal, and plain lines where nobody looks.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use anyhow::anyhow;
use postroad_client::{Error, Replay, ReplaySelection, ReplayStatus, Replays};
use postroad_domain::Clock;

use crate::{
    ambient::SystemClock,
    commands::{CommandError, remote},
    output::{self, counted},
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

/// `replayed 120 of 5000; looked at 123 events`, and at the end what came of it.
fn progress(replay: &Replay) -> String {
    if replay.status == Some(ReplayStatus::Done) {
        return result(replay);
    }
    let about = if replay.count_is_exact { "" } else { "at least " };
    format!("replayed {} of {about}{}; looked at {}", replay.replayed, replay.count, looked_at(replay))
}

/// `done: 3 deliveries go out again; looked at 5 events, 2 of them not concerned`
fn result(replay: &Replay) -> String {
    // What was missing goes out for the first time.
    let again = if replay.selection == Some(ReplaySelection::Missing) { "" } else { " again" };
    let sent = match replay.replayed {
        0 => format!("nothing goes out{again}"),
        1 => format!("1 delivery goes out{again}"),
        count => format!("{count} deliveries go out{again}"),
    };
    let skipped = match replay.skipped {
        0 => String::new(),
        count => format!("; looked at {}, {count} of them not concerned", looked_at(replay)),
    };
    format!("done: {sent}{skipped}")
}

/// What the selection goes through: `5 events`.
fn looked_at(replay: &Replay) -> String {
    match replay.selection {
        Some(ReplaySelection::Failed) => {
            counted(replay.examined, "unsuccessful delivery", "unsuccessful deliveries")
        }
        _ => counted(replay.examined, "event", "events"),
    }
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(replay: Value) -> String {
        let replay: Replay = serde_json::from_value(replay).unwrap();
        progress(&replay)
    }

    #[test]
    fn what_is_under_way_is_told_with_how_much_was_looked_at() {
        let mut replay = json!({
            "status": "running", "selection": "all", "count": 5000, "replayed": 120, "examined": 123,
        });
        assert_eq!(told(replay.clone()), "replayed 120 of 5000; looked at 123 events");
        replay["count_is_exact"] = json!(false);
        assert_eq!(told(replay), "replayed 120 of at least 5000; looked at 123 events");
    }

    #[test]
    fn at_the_end_what_was_passed_over_is_no_contradiction_to_what_goes_out() {
        for (selection, replayed, examined, skipped, expected) in [
            ("all", 3, 5, 2, "3 deliveries go out again; looked at 5 events, 2 of them not concerned"),
            ("missing", 3, 5, 2, "3 deliveries go out; looked at 5 events, 2 of them not concerned"),
            (
                "failed",
                1,
                2,
                1,
                "1 delivery goes out again; looked at 2 unsuccessful deliveries, 1 of them not concerned",
            ),
            ("failed", 3, 3, 0, "3 deliveries go out again"),
            ("missing", 0, 1, 1, "nothing goes out; looked at 1 event, 1 of them not concerned"),
        ] {
            let replay = json!({
                "status": "done", "selection": selection, "count": 3,
                "replayed": replayed, "examined": examined, "skipped": skipped,
            });
            assert_eq!(told(replay), format!("done: {expected}"));
        }
    }
}
