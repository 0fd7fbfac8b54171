//! What this store may take of the machine. Units stand last in the names.

use std::time::Duration;

/// Bytes of log after which the checkpointer is called, each time.
pub(crate) const CHECKPOINT_EVERY_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes that a checkpoint hands to the disk at a time: a commit that comes meanwhile waits for so much.
pub(crate) const CHECKPOINT_PIECE_BYTES: usize = 256 * 1024;
/// Bytes of log from which on the checkpointer does not rest until it has caught up with the writer, who then begins it anew.
pub(crate) const LOG_CATCH_UP_BYTES: u64 = 128 * 1024 * 1024;
/// It has caught up when no more of the log is left: the writer is held up while this much is moved.
pub(crate) const LOG_CAUGHT_UP_BYTES: u64 = 2 * 1024 * 1024;
/// Bytes of log at which the writer itself makes room before it goes on, whatever is left.
pub(crate) const LOG_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How long one reading transaction may last: the log cannot shrink below the oldest reader.
pub(crate) const READ_TIME_MAX: Duration = Duration::from_millis(250);
/// Steps of SQLite's machine between two looks at the clock while reading.
pub(crate) const READ_STEPS_PER_LOOK: i32 = 2_000;
/// How long a connection waits for the others.
pub(crate) const BUSY_TIME_MAX: Duration = Duration::from_secs(2);
/// How long the writer waits for readers when it makes room: longer than our own ones may read.
pub(crate) const ROOM_TIME_MAX: Duration = Duration::from_millis(500);
/// The same when the checkpointer has caught up: it will again.
pub(crate) const CAUGHT_UP_TIME_MAX: Duration = Duration::from_millis(2);
/// Reading connections.
pub(crate) const READERS: usize = 4;
/// KiB of pages the writer keeps in memory.
pub(crate) const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// KiB of pages each other connection keeps in memory.
pub(crate) const READER_CACHE_KIB: i64 = 4 * 1024;
/// Prepared statements that each connection keeps.
pub(crate) const STATEMENTS_KEPT: usize = 128;
/// Bytes of the ballast file unless the options say otherwise.
pub(crate) const BALLAST_BYTES: u64 = 64 * 1024 * 1024;
/// Entries of listings that are written in one batch, over many commits.
pub(crate) const LISTING_BATCH_ENTRIES: usize = 50_000;
/// Lanes that one reading transaction looks at.
pub(crate) const LANES_PER_READ: usize = 256;
/// Rows of one held lane that a step of the sweep looks at, at most.
pub(crate) const LOOKS_PER_SWEEP: usize = 1_000;
/// Deliveries that a step of the sweep counts, at most: a millisecond.
pub(crate) const COUNTS_PER_SWEEP: usize = 500;
/// Old entries that get their offsets in a step, at most: a few milliseconds.
pub(crate) const NUMBERS_PER_SWEEP: usize = 1_000;
/// How long a step gives offsets: a slow disk ends it sooner.
pub(crate) const NUMBERING_TIME_MAX: Duration = Duration::from_millis(5);
/// Lanes that it counts, at most.
pub(crate) const LANES_COUNTED_PER_SWEEP: usize = 200;

/// Bytes of a tenant's settings that are read in one reading, apart from the row that reaches them.
pub(crate) const PIECE_BYTES: usize = 1024 * 1024;
