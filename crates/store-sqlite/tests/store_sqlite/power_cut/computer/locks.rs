//! What the connections to one file share while there is power: locks, and the memory that holds the log's index.
//!
//! All connections are in this process, so this is the whole truth; a power cut takes all of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, atomic::AtomicU64},
};

use super::Refusal;

/// An open file of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HandleNo(pub(crate) u64);

/// How firmly a connection holds a file; the words are SQLite's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    None,
    /// Reads; others may read too.
    Shared,
    /// Will write; others may still begin to read.
    Reserved,
    /// Waits for the readers that are there; nobody else begins.
    Pending,
    /// Writes, alone.
    Exclusive,
}

/// How a slot of the shared memory is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotLock {
    Shared,
    Exclusive,
}

/// Slots of the shared memory that can be locked.
const SLOTS: usize = 8;
/// The slot that SQLite locks while it moves the log into the database.
const CHECKPOINT_SLOT: usize = 1;

/// A piece of shared memory. Its place never changes while anybody uses it; words are atomic because connections on
/// several threads write to them.
pub(crate) type Region = Arc<[AtomicU64]>;

/// What is shared about one file.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Who holds the file, and how; no entry for [`Level::None`].
    levels: BTreeMap<HandleNo, Level>,
    slots: [Slot; SLOTS],
    regions: Vec<Region>,
    /// Who uses the shared memory.
    users: BTreeSet<HandleNo>,
    checkpoints_ended: usize,
}

#[derive(Debug, Default)]
struct Slot {
    sharers: BTreeSet<HandleNo>,
    owner: Option<HandleNo>,
}

impl Locks {
    /// Holds the file more firmly, or refuses. Who wants it alone and finds readers is left waiting for them.
    pub(crate) fn raise(&mut self, who: HandleNo, wanted: Level) -> Result<(), Refusal> {
        if self.level_of(who) >= wanted {
            return Ok(());
        }
        let others = self.levels.iter().filter(|(other, _)| **other != who).map(|(_, level)| *level).max();
        let others = others.unwrap_or(Level::None);
        let tolerated = match wanted {
            Level::None | Level::Shared => Level::Reserved,
            Level::Reserved | Level::Pending => Level::Shared,
            Level::Exclusive => Level::None,
        };
        if others <= tolerated {
            self.levels.insert(who, wanted);
            return Ok(());
        }
        if wanted == Level::Exclusive && others == Level::Shared {
            self.levels.insert(who, Level::Pending);
        }
        Err(Refusal::Busy)
    }

    /// Holds the file less firmly.
    pub(crate) fn lower(&mut self, who: HandleNo, wanted: Level) {
        if wanted == Level::None {
            self.levels.remove(&who);
        } else if self.level_of(who) > wanted {
            self.levels.insert(who, wanted);
        }
    }

    /// Whether anybody is going to write.
    pub(crate) fn is_reserved(&self) -> bool {
        self.levels.values().any(|level| *level >= Level::Reserved)
    }

    /// Locks slots, all or none.
    pub(crate) fn lock_slots(
        &mut self,
        who: HandleNo,
        range: Range<usize>,
        lock: SlotLock,
    ) -> Result<(), Refusal> {
        let is_free = |slot: &Slot| {
            let nobody_owns = slot.owner.is_none_or(|owner| owner == who);
            nobody_owns && (lock == SlotLock::Shared || slot.sharers.iter().all(|sharer| *sharer == who))
        };
        if !self.slots[range.clone()].iter().all(is_free) {
            return Err(Refusal::Busy);
        }
        for slot in &mut self.slots[range] {
            match lock {
                SlotLock::Shared => {
                    slot.sharers.insert(who);
                }
                SlotLock::Exclusive => slot.owner = Some(who),
            }
        }
        Ok(())
    }

    /// Unlocks slots.
    pub(crate) fn unlock_slots(&mut self, who: HandleNo, range: Range<usize>) {
        let ends_checkpoint =
            range.contains(&CHECKPOINT_SLOT) && self.slots[CHECKPOINT_SLOT].owner == Some(who);
        self.checkpoints_ended += usize::from(ends_checkpoint);
        for slot in &mut self.slots[range] {
            slot.sharers.remove(&who);
            slot.owner = slot.owner.filter(|owner| *owner != who);
        }
    }

    /// How often the log was moved so far, to its end or not.
    pub(crate) fn checkpoints_ended(&self) -> usize {
        self.checkpoints_ended
    }

    /// A region of the shared memory; `None` when it is not there and shall not be made.
    pub(crate) fn region(
        &mut self,
        who: HandleNo,
        index: usize,
        bytes: usize,
        extends: bool,
    ) -> Option<&Region> {
        self.users.insert(who);
        while extends && self.regions.len() <= index {
            let words = bytes.div_ceil(size_of::<AtomicU64>());
            self.regions.push((0..words).map(|_| AtomicU64::new(0)).collect());
        }
        self.regions.get(index)
    }

    /// Gives the shared memory back; it goes with its last user.
    pub(crate) fn leave_memory(&mut self, who: HandleNo) {
        self.unlock_slots(who, 0..SLOTS);
        self.users.remove(&who);
        if self.users.is_empty() {
            self.regions.clear();
        }
    }

    /// The connection closed the file.
    pub(crate) fn release(&mut self, who: HandleNo) {
        self.lower(who, Level::None);
        self.leave_memory(who);
    }

    fn level_of(&self, who: HandleNo) -> Level {
        self.levels.get(&who).copied().unwrap_or(Level::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: HandleNo = HandleNo(1);
    const TWO: HandleNo = HandleNo(2);

    #[test]
    fn who_wants_to_write_waits_for_readers_and_keeps_new_ones_out() {
        let mut locks = Locks::default();
        locks.raise(ONE, Level::Shared).unwrap();
        locks.raise(TWO, Level::Shared).unwrap();
        locks.raise(ONE, Level::Reserved).unwrap();
        assert_eq!(locks.raise(TWO, Level::Reserved), Err(Refusal::Busy));
        assert_eq!(locks.raise(ONE, Level::Exclusive), Err(Refusal::Busy));
        assert_eq!(locks.raise(HandleNo(3), Level::Shared), Err(Refusal::Busy));
        locks.lower(TWO, Level::None);
        locks.raise(ONE, Level::Exclusive).unwrap();
        assert!(locks.is_reserved());
        locks.release(ONE);
        locks.raise(TWO, Level::Exclusive).unwrap();
    }

    #[test]
    fn slots_are_locked_all_or_none() {
        let mut locks = Locks::default();
        locks.lock_slots(ONE, 4..5, SlotLock::Shared).unwrap();
        locks.lock_slots(TWO, 4..5, SlotLock::Shared).unwrap();
        assert_eq!(locks.lock_slots(ONE, 3..8, SlotLock::Exclusive), Err(Refusal::Busy));
        locks.lock_slots(TWO, 3..4, SlotLock::Exclusive).unwrap();
        locks.unlock_slots(TWO, 0..8);
        assert_eq!(locks.checkpoints_ended(), 0);
        locks.lock_slots(ONE, 3..8, SlotLock::Exclusive).unwrap();
        assert_eq!(locks.lock_slots(TWO, 7..8, SlotLock::Shared), Err(Refusal::Busy));
    }

    #[test]
    fn shared_memory_goes_with_its_last_user() {
        let mut locks = Locks::default();
        assert!(locks.region(ONE, 0, 32_768, false).is_none());
        let first = Arc::clone(locks.region(ONE, 1, 32_768, true).unwrap());
        assert!(Arc::ptr_eq(&first, locks.region(TWO, 1, 32_768, false).unwrap()));
        locks.leave_memory(ONE);
        assert!(locks.region(TWO, 0, 32_768, false).is_some());
        locks.release(TWO);
        assert!(locks.region(ONE, 0, 32_768, false).is_none());
    }
}
