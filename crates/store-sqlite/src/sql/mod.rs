//! Every SQL text that runs while Postroad works, by name, in files by subject; those that append a group of rows are made of
//! the ones for a single row (`rows.rs`). `docs/data-model.md` lists each with the index it uses and the rows it touches;
//! `tests/plans.rs` asks SQLite for each plan and compares.
//!
//! **Invariant:** none of them scans a table, except the four that fill the writer's memory when the store is opened.

/// Makes a constant of each text, and a list of all of them with their names.
macro_rules! queries {
    ($list:ident: $($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*

        /// Each of these with its name.
        pub(super) const $list: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

mod accepting;
mod configuration;
mod forgetting;
mod installation;
mod keys_and_audit;
mod log;
pub(crate) mod query;
mod reading;
mod replays;
pub(crate) mod rows;
mod sending;
mod sweeping;

pub use self::{
    accepting::*, configuration::*, forgetting::*, installation::*, keys_and_audit::*, log::*, reading::*,
    replays::*, sending::*, sweeping::*,
};

/// Every query with its name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lists = [
        accepting::ACCEPTING,
        configuration::CONFIGURATION,
        forgetting::FORGETTING,
        installation::INSTALLATION,
        keys_and_audit::KEYS_AND_AUDIT,
        log::LOG,
        reading::READING,
        replays::REPLAYS,
        sending::SENDING,
        sweeping::SWEEPING,
    ];
    lists.into_iter().flatten().copied()
}
