//! Every SQL text that runs while Postroad works, by name, in files by subject; those that append a group of rows are made of
//! the ones for a single row (`rows.rs`). `docs/data-model.md` lists each with the index it uses and the rows it touches;
//! `tests/store_sqlite/plans.rs` asks SQLite for each plan and compares.
//!
//! **Invariant:** none of them scans a table, except the four that fill the writer's memory when the store is opened.

use postroad_domain::delivery::{Birth, Input};

/// What a statement does in the life of a delivery (`docs/state-machine.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It writes new deliveries.
    Birth(Birth),
    /// It carries out an input.
    Input(Input),
}

/// A statement.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// What it does in the life of a delivery; empty when it writes no status.
    pub transitions: &'static [Transition],
}

/// Makes a constant of each text, and a list of all of them with their names. A statement that writes the status of a
/// delivery says which births or inputs it carries out: `NAME [Input: Expire | Overflow] = "…"`.
macro_rules! queries {
    ($list:ident: $($(#[$doc:meta])* $name:ident $([$kind:ident: $($what:ident)|+])? = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*

        /// Each of these with its name.
        pub(super) const $list: &[$crate::sql::Query] = &[$($crate::sql::Query {
            name: stringify!($name),
            text: $name,
            transitions: &[$($($crate::sql::Transition::$kind(postroad_domain::delivery::$kind::$what)),+)?],
        }),*];
    };
}

mod accepting;
mod configuration;
mod forgetting;
mod groups;
mod installation;
mod keys_and_audit;
mod log;
mod notices;
pub(crate) mod query;
mod reading;
mod replays;
pub(crate) mod rows;
mod sending;
mod sweeping;

pub use self::{
    accepting::*, configuration::*, forgetting::*, groups::*, installation::*, keys_and_audit::*, log::*,
    notices::*, reading::*, replays::*, sending::*, sweeping::*,
};

/// Every query with its name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    queries().map(|query| (query.name, query.text))
}

/// Every query.
pub fn queries() -> impl Iterator<Item = Query> {
    let lists = [
        accepting::ACCEPTING,
        configuration::CONFIGURATION,
        forgetting::FORGETTING,
        groups::GROUPS,
        installation::INSTALLATION,
        keys_and_audit::KEYS_AND_AUDIT,
        log::LOG,
        notices::NOTICES,
        reading::READING,
        replays::REPLAYS,
        sending::SENDING,
        sweeping::SWEEPING,
    ];
    lists.into_iter().flatten().copied()
}
