//! Power cuts: what the store answered must be there after any of them.
//!
//! Killing a process leaves the system's memory of its files alone, so it cannot show a missing sync. Here SQLite works
//! on a disk that forgets: a cut at any call that changes it leaves what was synced, and of the rest nothing or any part.

mod computer;
mod plain;
mod store;
mod trial;
mod vfs;
