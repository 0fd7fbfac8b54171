//! Replays: jobs that send a subscription again what it did not get.

mod cancel;
mod get;
mod list;
mod start;

use postroad_domain::{Replay, replay::ReplayCount};
use postroad_engine::NewReplay;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::rate_limit::RateLimitSettings;
use crate::state::ServerState;

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(start::start_replay))
        .routes(routes!(list::list_replays))
        .routes(routes!(get::get_replay, cancel::cancel_replay))
}

/// A replay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replay)]
pub(crate) struct ReplayJson {
    /// Its id; null for a dry run.
    id: Option<String>,
    /// To which subscription.
    subscription: String,
    /// What is sent again: `failed`, `missing` or `all`.
    selection: &'static str,
    /// Of events accepted at this time or later.
    #[schema(format = DateTime)]
    since: String,
    /// Of events accepted before this time; null for all before the replay began.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// At most so many deliveries are queued within a span.
    pace: RateLimitSettings,
    /// Deliveries that it is about, as counted when it began.
    count: u64,
    /// False when counting took too long: then there are at least `count`.
    count_is_exact: bool,
    /// `running`, `done`, `cancelled` or `failed`; null for a dry run.
    status: Option<&'static str>,
    /// Why it failed: `subscription_inactive` or `subscription_deleted`.
    reason: Option<&'static str>,
    /// Events, or failed deliveries, that were looked at so far.
    examined: u64,
    /// Deliveries that were queued so far.
    replayed: u64,
    /// Of those looked at, the ones for which nothing was queued.
    skipped: u64,
    /// When it began; null for a dry run.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// When it ended; null while it runs and for a dry run.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

impl ReplayJson {
    fn of(replay: &Replay) -> Self {
        Self {
            id: Some(replay.id.to_string()),
            subscription: replay.subscription.to_string(),
            selection: replay.selection.as_str(),
            since: replay.since.to_string(),
            until: replay.until.map(|until| until.to_string()),
            pace: RateLimitSettings::of(replay.pace),
            count: replay.count.deliveries,
            count_is_exact: replay.count.is_exact,
            status: Some(replay.status.as_str()),
            reason: replay.status.reason(),
            examined: replay.progress.examined,
            replayed: replay.progress.replayed,
            skipped: replay.progress.skipped,
            created_at: Some(replay.created_at.to_string()),
            finished_at: replay.finished_at.map(|moment| moment.to_string()),
        }
    }

    /// What a replay would be about.
    fn of_dry_run(new: &NewReplay, count: ReplayCount) -> Self {
        Self {
            id: None,
            subscription: new.subscription.to_string(),
            selection: new.selection.as_str(),
            since: new.since.to_string(),
            until: new.until.map(|until| until.to_string()),
            pace: RateLimitSettings::of(new.pace),
            count: count.deliveries,
            count_is_exact: count.is_exact,
            status: None,
            reason: None,
            examined: 0,
            replayed: 0,
            skipped: 0,
            created_at: None,
            finished_at: None,
        }
    }
}
