//! The clock: whether it goes on, agrees with the server's, and has not gone back since the data was written.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use postroad_domain::{Clock, Timestamp};

use super::{report::Check, server::Server};

const NAME: &str = "clock";
/// The header tells whole seconds, and the way takes its time.
const DRIFT_USUAL: Duration = Duration::from_secs(3);
/// Receivers refuse signatures that are five minutes off; somebody's clock may be off too.
const DRIFT_MAX: Duration = Duration::from_secs(60);
/// This program was not written before.
const EARLIEST: i64 = 1_767_225_600;
const SET_IT: &str =
    "set it, and keep it right with chrony or systemd-timesyncd: receivers refuse signatures of another time";

pub(super) async fn check(clock: &impl Clock, folder: &Path, server: Option<&Server>) -> Check {
    let (now, begun) = (clock.now(), clock.monotonic());
    if now.as_secs() < EARLIEST {
        return Check::fail(NAME, format!("it says {now}"), SET_IT);
    }
    if let Some(ahead) = newest(folder).map(|written| written.since(now)).filter(|ahead| *ahead > DRIFT_USUAL)
    {
        let finding = format!("the data was written {} from now: it has gone back", seconds(ahead));
        return Check::warn(NAME, finding, SET_IT);
    }
    let of_server = match server {
        Some(server) => server.client.server_time().await.ok(),
        None => None,
    };
    if clock.monotonic() < begun {
        return Check::fail(
            NAME,
            "the monotonic clock goes back",
            "look after the machine or its hypervisor",
        );
    }
    match of_server {
        None => Check::ok(NAME, format!("{now}; no server to compare it with")),
        Some(theirs) => compare(now, moment(theirs)),
    }
}

fn compare(ours: Timestamp, theirs: Timestamp) -> Check {
    let drift = ours.since(theirs).max(theirs.since(ours));
    let finding = format!("it is {} off the server's, which says {theirs}", seconds(drift));
    if drift > DRIFT_MAX {
        Check::fail(NAME, finding, SET_IT)
    } else if drift > DRIFT_USUAL {
        Check::warn(NAME, finding, SET_IT)
    } else {
        Check::ok(NAME, format!("{ours}, as the server's"))
    }
}

/// When something in the folder was last written.
fn newest(folder: &Path) -> Option<Timestamp> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let written = entries.filter_map(|entry| entry.metadata().ok()?.modified().ok());
    written.max().map(moment)
}

fn moment(time: SystemTime) -> Timestamp {
    Timestamp::from_micros(0).after(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_by_what_the_header_rounds() {
        let at = Timestamp::from_millis(1_800_000_000_000);
        for (drift, begins) in [(0, "ok"), (3, "ok"), (4, "warn"), (60, "warn"), (61, "fail")] {
            let drift = Duration::from_secs(drift);
            for line in [compare(at, at.after(drift)), compare(at, at.before(drift))] {
                assert!(line.to_string().starts_with(begins), "{line}");
            }
        }
    }
}
