//! A trial: one store that lives through power cuts in a row, beside one in memory that has none and says what is
//! expected.
//!
//! **Invariant:** what the store acknowledged, the other one did too; at most one operation is open when the power goes,
//! and after the reboot it was either done completely or not at all. The callers of both remember the same: what was
//! answered, and what they found when the store was opened.

mod actor;
mod conditions;
mod configure;
mod loss;
mod picture;
mod planner;
mod step;
mod stories;

use std::{sync::Arc, time::Duration};

use actor::{Actor, Places};
pub(crate) use conditions::{Conditions, Latest, Tally};
pub(crate) use loss::Loss;
use picture::Picture;
use planner::Planner;
use postroad_store::{Store, memory::MemoryStore};
use postroad_store_sqlite::{Options, SqliteStore};
use rand::RngExt;
use step::{Action, Write};
use tempfile::TempDir;

use crate::{
    common,
    power_cut::{
        computer::{Computer, Cut, Survival},
        vfs::Vfs,
    },
};

/// Bytes of log that the store lets pass before it moves them.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// How long a trial waits for a checkpoint that should have been called.
const PATIENCE: Duration = Duration::from_secs(2);

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
        let mut trial = Self::begin(conditions).await?;
        for _ in 0..conditions.lives {
            trial.plan_cut();
            if let Some(actor) = trial.live().await? {
                trial.end_with_a_cut(actor);
            }
            trial.tally.at_stake += usize::from(trial.has_something_to_lose().await?);
            trial.reboot();
        }
        // At last two lives without a cut: the store goes on working, and closes well.
        for _ in 0..2 {
            trial.places = trial.live().await?.map(Actor::end).unwrap_or_default();
        }
        Ok(trial.tally)
    }

    async fn begin(conditions: Conditions) -> Result<Self, Loss> {
        let memory = Arc::new(MemoryStore::embedded());
        let trial = Self {
            conditions,
            vfs: Vfs::register(),
            folder: tempfile::tempdir().expect("the machine has room for a folder"),
            planner: Planner::new(conditions.seed, conditions.data_bytes_max),
            expected: Actor::begin(memory, Places::default()).await?,
            places: Places::default(),
            met_in_database: false,
            open: None,
            tally: Tally::default(),
        };
        if conditions.lies {
            trial.computer().state().disk.lie();
        }
        Ok(trial)
    }

    /// Whether what was acknowledged can be told from an empty store.
    async fn has_something_to_lose(&self) -> Result<bool, Loss> {
        let empty = Picture::of(&MemoryStore::embedded()).await?;
        Ok(empty.difference_to(&Picture::of(&*self.expected.store).await?).is_some())
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
        // What a gone receiver held and gave free again was in no answer: this caller finds it only by looking, too.
        self.expected.look().await?;
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
                Action::Write(write) => self.write_and_wait(actor, write).await?,
                Action::Checkpoint(way) if self.conditions.checkpoints => self.checkpoint(way)?,
                Action::Checkpoint(_) => {}
            }
        }
        Ok(())
    }

    /// Writes, and mostly waits for the checkpoint that this calls for: when the store goes on writing meanwhile, the log
    /// does not begin anew.
    async fn write_and_wait(&mut self, actor: &mut Actor, write: Write) -> Result<(), Loss> {
        let waits = self.planner.rng().random_bool(0.7);
        let ended_before = self.computer().checkpoints_ended(&self.database());
        let bytes_before = actor.store.stats().pending_bytes;
        self.write(actor, write).await?;
        let calls = bytes_before < CHECKPOINT_BYTES && actor.store.stats().pending_bytes >= CHECKPOINT_BYTES;
        if waits && calls {
            self.computer().wait_for_checkpoint(&self.database(), ended_before, PATIENCE);
            self.tally.own_checkpoints += 1;
        }
        Ok(())
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
        let mut found = Picture::of(store).await?;
        for (sum, count) in self.tally.groups.iter_mut().zip(found.groups) {
            *sum += count;
        }
        if !found.carried_twice.is_empty() {
            return Err(Loss::Twice(std::mem::take(&mut found.carried_twice)));
        }
        let open = self.open.take();
        let Some(without) = found.difference_to(&Picture::of(&*self.expected.store).await?) else {
            self.tally.undone += usize::from(open.is_some());
            return Ok(());
        };
        let Some(open) = open else { return Err(Loss::Different { difference: without }) };
        self.expected.perform_unheard(&open).await?;
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
