//! A trial: one store that lives through power cuts in a row, beside one in memory that has none and says what is
//! expected.
//!
//! **Invariant:** what the store acknowledged, the other one did too; at most one operation is open when the power goes,
//! and after the reboot it was either done completely or not at all.

mod actor;
mod picture;
mod planner;
mod step;

use std::{ops::AddAssign, sync::Arc, time::Duration};

use actor::{Actor, Places};
use picture::Picture;
use planner::Planner;
use postroad_store::{Store, StoreError, memory::MemoryStore};
use postroad_store_sqlite::{OpenError, Options, SqliteStore};
use rand::RngExt;
use step::{Action, Write};
use tempfile::TempDir;
use thiserror::Error;

use crate::{
    common,
    computer::{Computer, Cut, Survival},
    vfs::Vfs,
};

/// What a trial is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    /// Decides on everything.
    pub(crate) seed: u64,
    /// Any part of what was not synced may survive, not only nothing.
    pub(crate) torn: bool,
    /// A sync does nothing.
    pub(crate) lies: bool,
    /// The log is moved now and then by a connection beside the store; else by the store alone.
    pub(crate) checkpoints: bool,
    /// Bytes that an event may have.
    pub(crate) data_bytes_max: usize,
    /// Power cuts.
    pub(crate) lives: usize,
    /// Operations between two of them, at most.
    pub(crate) steps: usize,
    /// When the cut comes at the latest; one of these is chosen for each life.
    pub(crate) cuts: [Latest; 3],
}

/// When a cut comes at the latest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Latest {
    /// At the n-th changing call to the disk.
    Call(u64),
    /// At the n-th to the database itself, which only checkpoints write to.
    CallToDatabase(u64),
}

/// Bytes of log that the store lets pass before it moves them.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// How long a trial waits for a checkpoint that should have been called.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a trial met: a trial that met nothing proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Operations that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Cuts while the store was opened.
    pub(crate) cut_opening: usize,
    /// Cuts while a connection beside the store moved the log.
    pub(crate) cut_checkpointing: usize,
    /// Cuts while the store was closed, which moves the log too.
    pub(crate) cut_closing: usize,
    /// Operations that a cut met and that were done all the same.
    pub(crate) done: usize,
    /// Operations that a cut met and of which nothing was left.
    pub(crate) undone: usize,
    /// Cuts while the store moved its log by itself beside its commits.
    pub(crate) cut_own_checkpoint: usize,
    /// Checkpoints of the store's own that the next operation waited for, so that the log began anew.
    pub(crate) own_checkpoints: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.cut_opening += other.cut_opening;
        self.cut_checkpointing += other.cut_checkpointing;
        self.cut_closing += other.cut_closing;
        self.done += other.done;
        self.undone += other.undone;
        self.cut_own_checkpoint += other.cut_own_checkpoint;
        self.own_checkpoints += other.own_checkpoints;
    }
}

/// A promise that was broken.
#[derive(Debug, Error)]
pub(crate) enum Loss {
    /// The store could not be opened on what survived.
    #[error("it does not open: {0}")]
    NotOpened(#[from] OpenError),
    /// An operation failed while there was power.
    #[error("an operation failed: {0}")]
    Failed(#[from] StoreError),
    /// SQLite failed while there was power.
    #[error("SQLite failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The store said something else than the one in memory.
    #[error("{write} answered\n{found}\nand not\n{expected}")]
    Answer { write: Box<Write>, found: String, expected: String },
    /// The store holds something else than the one in memory, which did what was acknowledged and no more.
    #[error("{difference}")]
    Different { difference: String },
    /// An operation met the cut, and the store holds something else than both without and with it.
    #[error("without the open operation: {without}\nwith it: {with}\nthe open operation: {open}")]
    Half { open: Box<Write>, without: String, with: String },
    /// SQLite's own check of the file.
    #[error("the file is broken: {0}")]
    Broken(String),
}

/// A trial that is under way.
pub(crate) struct Trial {
    conditions: Conditions,
    vfs: Vfs,
    folder: TempDir,
    planner: Planner,
    /// The store in memory.
    expected: Actor,
    /// What the caller of the other one remembers.
    places: Places,
    /// The coming cut is one at a call to the database.
    met_in_database: bool,
    /// What was being done when the power went.
    open: Option<Write>,
    tally: Tally,
}

impl Trial {
    /// Runs a trial to its end, or to the first broken promise.
    pub(crate) async fn run(conditions: Conditions) -> Result<Tally, Loss> {
        let memory = Arc::new(MemoryStore::embedded());
        let mut trial = Self {
            conditions,
            vfs: Vfs::register(),
            folder: tempfile::tempdir().expect("the machine has room for a folder"),
            planner: Planner::new(conditions.seed, conditions.data_bytes_max),
            expected: Actor::begin(memory, Places::new()).await?,
            places: Places::new(),
            met_in_database: false,
            open: None,
            tally: Tally::default(),
        };
        if conditions.lies {
            trial.computer().state().disk.lie();
        }
        for _ in 0..conditions.lives {
            trial.plan_cut();
            if let Some(actor) = trial.live().await? {
                trial.end_with_a_cut(actor);
            }
            trial.reboot();
        }
        // At last two lives without a cut: the store goes on working, and closes well.
        for _ in 0..2 {
            trial.places = trial.live().await?.map(Actor::end).unwrap_or_default();
        }
        Ok(trial.tally)
    }

    fn plan_cut(&mut self) {
        let latest = self.conditions.cuts[self.planner.rng().random_range(0..3)];
        let (calls_max, file) = match latest {
            Latest::Call(calls) => (calls, None),
            Latest::CallToDatabase(calls) => (calls, Some(self.database())),
        };
        self.met_in_database = file.is_some();
        let calls = self.planner.rng().random_range(1..=calls_max);
        self.computer().plan(Cut { calls, file });
    }

    /// Opens the store, compares, and works on; `None` when the power went before the store was open.
    async fn live(&mut self) -> Result<Option<Actor>, Loss> {
        let options = Options {
            vfs: Some(self.vfs.name().to_owned()),
            ballast_bytes: 0,
            ..common::options(self.folder.path())
        };
        let store: Arc<dyn Store> = match SqliteStore::open(options) {
            Ok(store) => Arc::new(store),
            Err(_) if self.computer().is_cut() => {
                self.tally.cut_opening += 1;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let mut actor = Actor::begin(store, std::mem::take(&mut self.places)).await?;
        self.compare(&*actor.store).await?;
        self.check_file()?;
        self.work(&mut actor).await?;
        Ok(Some(actor))
    }

    async fn work(&mut self, actor: &mut Actor) -> Result<(), Loss> {
        let repeats = self.planner.repeats();
        self.write(actor, repeats).await?;
        for _ in 0..self.conditions.steps {
            if self.computer().is_cut() {
                return Ok(());
            }
            match self.planner.next() {
                Action::Write(write) => {
                    let before = self.computer().checkpoints_ended(&self.database());
                    self.write(actor, write).await?;
                    self.wait_for_own_checkpoint(&*actor.store, before);
                }
                Action::Checkpoint(way) if self.conditions.checkpoints => self.checkpoint(way)?,
                Action::Checkpoint(_) => {}
            }
        }
        Ok(())
    }

    /// Sometimes waits for the store to move its log to the end: else it goes on writing meanwhile, and the log does not
    /// begin anew.
    fn wait_for_own_checkpoint(&mut self, store: &dyn Store, before: usize) {
        if store.stats().wal_bytes < CHECKPOINT_BYTES || self.planner.rng().random_bool(0.3) {
            return;
        }
        self.computer().wait_for_checkpoint(&self.database(), before, PATIENCE);
        self.tally.own_checkpoints += 1;
    }

    /// The power goes while nothing is being done, while the store is closed, or after that.
    fn end_with_a_cut(&mut self, actor: Actor) {
        let was_cut = self.computer().is_cut();
        self.tally.cut_own_checkpoint += usize::from(was_cut && self.met_in_database);
        let calls = match self.planner.rng().random_range(0..3) {
            _ if was_cut => None,
            0 => Some(0),
            1 => Some(self.planner.rng().random_range(1..40)),
            _ => None,
        };
        if let Some(calls) = calls {
            self.computer().plan(Cut::at(calls));
        }
        let is_idle = self.computer().is_cut();
        self.places = actor.end();
        self.tally.cut_closing += usize::from(!is_idle && self.computer().is_cut());
    }

    /// Everything acknowledged is there, and of the one operation that was open everything or nothing.
    async fn compare(&mut self, store: &dyn Store) -> Result<(), Loss> {
        let found = Picture::of(store).await?;
        let open = self.open.take();
        let Some(without) = found.difference_to(&Picture::of(&*self.expected.store).await?) else {
            self.tally.undone += usize::from(open.is_some());
            return Ok(());
        };
        let Some(open) = open else { return Err(Loss::Different { difference: without }) };
        self.expected.perform(&open).await?;
        if let Some(with) = found.difference_to(&Picture::of(&*self.expected.store).await?) {
            return Err(Loss::Half { open: Box::new(open), without, with });
        }
        self.tally.done += 1;
        Ok(())
    }

    fn check_file(&self) -> Result<(), Loss> {
        let db = self.vfs.connect(self.database())?;
        let verdict: String = db.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(Loss::Broken(verdict)) }
    }

    async fn write(&mut self, actor: &mut Actor, write: Write) -> Result<(), Loss> {
        match actor.perform(&write).await {
            Ok(found) => {
                self.tally.acknowledged += 1;
                let expected = self.expected.perform(&write).await?;
                if found != expected {
                    return Err(Loss::Answer { write: Box::new(write), found, expected });
                }
            }
            Err(_) if self.computer().is_cut() => self.open = Some(write),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Moves the log by a connection beside the store: its own checkpoints need more log than a trial writes.
    fn checkpoint(&mut self, way: &str) -> Result<(), Loss> {
        let moved = self
            .vfs
            .connect(self.database())
            .and_then(|db| db.query_row(&format!("PRAGMA wal_checkpoint({way})"), (), |_| Ok(())));
        self.tally.cut_checkpointing += usize::from(self.computer().is_cut());
        match moved {
            Err(error) if !self.computer().is_cut() => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn reboot(&mut self) {
        let mut survival = if self.conditions.torn {
            Survival::torn(self.planner.rng().random())
        } else {
            Survival::strict()
        };
        self.computer().reboot(&mut survival);
    }

    fn computer(&self) -> &Computer {
        self.vfs.computer()
    }

    fn database(&self) -> String {
        self.folder.path().join("postroad.db").display().to_string()
    }
}
