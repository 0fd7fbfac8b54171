//! `postroad replay`: sends again what a subscription did not get, and watches it.
//!
//! **Invariant:** the job is the server's. Whatever happens to this command, it goes on; only `--cancel` ends it.

mod follow;
mod moment;

use anyhow::Context;
use postroad_client::{NewReplay, ReplaySelection, TenantHandle};
use postroad_domain::{Clock, TenantId, Timestamp};

use self::follow::{Follower, Screen};
use super::{
    CommandError,
    remote::{self, Remote},
};
use crate::{ambient::SystemClock, output, signals};

/// What the command line of `replay` said; unchecked.
#[derive(Clone, Debug, Default)]
pub struct ReplayArguments {
    /// Whose.
    pub tenant: String,
    /// What to do.
    pub task: ReplayTask,
    /// Where.
    pub remote: Remote,
}

/// What `replay` is to do.
#[derive(Clone, Debug)]
pub enum ReplayTask {
    /// Begin a replay.
    Begin {
        /// To which subscription.
        subscription: String,
        /// A moment, or how long ago.
        since: String,
        /// A moment, or how long ago.
        until: Option<String>,
        /// `failed`, `missing` or `all`.
        selection: String,
        /// Only count.
        dry_run: bool,
    },
    /// Call one off.
    Cancel {
        /// Which.
        id: String,
    },
}

impl Default for ReplayTask {
    fn default() -> Self {
        Self::Cancel { id: String::new() }
    }
}

/// Does what was asked. `variable` looks into the environment.
///
/// Errors: the arguments make no sense, the server refused, or the replay could not go on.
pub async fn run(
    arguments: ReplayArguments,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), CommandError> {
    let tenant = remote::tenant(&arguments.tenant)?;
    let client = arguments.remote.client(&variable)?;
    let handle = client.tenant(tenant.as_str());
    match arguments.task {
        ReplayTask::Cancel { id } => cancel(&handle, &id).await,
        ReplayTask::Begin { subscription, since, until, selection, dry_run } => {
            let clock = SystemClock::new();
            let replay = request(clock.now(), &since, until.as_deref(), selection)?;
            if dry_run {
                return count(&handle, &subscription, replay).await;
            }
            begin(&handle, &tenant, &subscription, &replay, &clock).await
        }
    }
}

fn request(
    now: Timestamp,
    since: &str,
    until: Option<&str>,
    selection: String,
) -> Result<NewReplay, CommandError> {
    let read = |flag: &str, text: &str| {
        moment::read(text, now).map_err(|problem| CommandError::Usage(format!("--{flag} {text:?} {problem}")))
    };
    let replay = NewReplay::since(read("since", since)?.to_string(), ReplaySelection::from(selection));
    Ok(match until {
        Some(until) => replay.until(read("until", until)?.to_string()),
        None => replay,
    })
}

/// The whole sentence on standard output, the number first: for people and for scripts.
async fn count(handle: &TenantHandle, subscription: &str, replay: NewReplay) -> Result<(), CommandError> {
    let counted =
        handle.subscriptions().replay(subscription, &replay.dry_run()).await.map_err(remote::failed)?;
    let sentence = match (counted.count_is_exact, counted.count) {
        (false, count) => {
            format!(
                "{count} deliveries or more would be sent again: counting all takes too long; nothing was sent"
            )
        }
        (true, 1) => "1 delivery would be sent again; nothing was sent".to_owned(),
        (true, count) => format!("{count} deliveries would be sent again; nothing was sent"),
    };
    output::line(sentence).context("cannot write to standard output")?;
    Ok(())
}

async fn begin(
    handle: &TenantHandle,
    tenant: &TenantId,
    subscription: &str,
    replay: &NewReplay,
    clock: &SystemClock,
) -> Result<(), CommandError> {
    // From here on a Ctrl-C ends the watching and nothing else.
    let stop = signals::stop_token(|| {}).context("signals cannot be received")?;
    let begun = handle.subscriptions().replay(subscription, replay).await.map_err(remote::failed)?;
    let id = begun.id.clone().context("the server's answer names no replay")?;
    output::line(&id).context("cannot write to standard output")?;
    let screen = Screen::of_standard_error();
    let mut follower = Follower { replays: handle.replays(), screen, clock };
    tokio::select! {
        ended = follower.follow(begun) => ended,
        () = stop.cancelled() => {
            follower.screen.end();
            Err(CommandError::Interrupted(format!(
                "The replay goes on at the server. To cancel it: postroad replay --tenant {tenant} --cancel {id}"
            )))
        }
    }
}

async fn cancel(handle: &TenantHandle, id: &str) -> Result<(), CommandError> {
    handle.replays().cancel(id).await.map_err(remote::failed)?;
    output::note(format_args!("{id} is cancelled; what it has queued by now goes out"));
    Ok(())
}
