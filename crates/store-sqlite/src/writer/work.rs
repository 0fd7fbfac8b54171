//! What a job of the writer works on.

use postroad_domain::Clock;
use postroad_store::Change;
use rusqlite::Connection;

use crate::{
    reading::unlisted::{ListingChanges, Unlisted},
    writer::known::Known,
};

/// What a job works on, within its transaction.
pub(crate) struct Work<'a> {
    /// The writing connection.
    pub(crate) db: &'a Connection,
    /// The writer's memory.
    pub(crate) known: &'a mut Known,
    /// The newest entries of listings, as of the last commit.
    pub(crate) unlisted: &'a Unlisted,
    /// Entries of which a batch is made.
    pub(crate) listing_batch_entries: usize,
    /// What this job does to listings.
    pub(crate) listings: ListingChanges,
    /// What this job changes, for the feed.
    pub(crate) announced: Vec<Change>,
    /// Somebody wants to hear of events.
    pub(crate) wants_events: bool,
    /// Tells how long a step takes.
    pub(crate) clock: &'a dyn Clock,
}
