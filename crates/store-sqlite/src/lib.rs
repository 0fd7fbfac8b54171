//! The embedded store: one SQLite database in a data folder, one process on it.
//!
//! One thread writes; it makes each commit of the engine one durable transaction and remembers what it would otherwise
//! have to ask. A few connections read beside it, each for at most 250 ms. Another thread moves the log into the
//! database. `docs/data-model.md` lists the tables, and each query with the index it uses.
//!
//! The code has wings, and every arrow between them goes down (`cargo xtask tidy` checks it, and that no modules form a circle):
//!
//! ```text
//! store          the operations of the seam: each handed to a reader, to the writer, or to the writer for maintenance
//! maintenance    forgetting, sweeping, the audit's old entries; backup, check, compact, inspect
//! writer         the thread, its memory (known), commits, every change of a row that a caller asks for
//! reading        every answer that is read from the tables, and the newest entries that are in no table yet (unlisted)
//! files          what lies in the data folder: connections, the lock, the log and its checkpoints, the ballast
//! sql codec migrations    the texts and how they are run, the compact form of columns, the tables' history
//! ```
//!
//! Below all of them lie `numbers` (events and deliveries), `log_no` (offsets), `codes` (statuses, reasons), `error`, `limits` and `options`.
//! The writer's memory holds what maintenance must hear of each commit, as plain data (`writer/forgetting`, `writer/held`): the
//! walks that use it are in `maintenance`.
//!
//! **Invariants:**
//! * what was answered is on the disk: the log is synced with each commit;
//! * no read and no step of the sweep grows with what waits in a lane;
//! * when the disk is full nothing is half written, and the store recovers by itself once there is room.
//!
//! On purpose there are no leases here: one node owns everything, and the lock of the folder sees to it.

mod codec;
mod codes;
mod error;
mod files;
mod limits;
mod log_no;
mod maintenance;
mod migrations;
mod numbers;
mod options;
mod reading;
pub mod sql;
mod store;
mod turns;
mod writer;

pub use error::{CompactError, OpenError};
pub use maintenance::{
    backup::backup,
    check,
    compact::{Compacted, compact},
    inspect,
};
pub use options::Options;
pub use store::SqliteStore;
