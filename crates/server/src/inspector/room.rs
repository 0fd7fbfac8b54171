//! Room for what is under way: bodies that come, pages that go, answers that wait.
//!
//! **Invariant:** nobody waits for room. Who finds none is told so at once, and a part comes back when it is dropped.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for so many units, whatever they are. Clones are the same room.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A part of a room.
pub(super) struct Part(OwnedSemaphorePermit);

impl Room {
    /// An empty one.
    pub(super) fn of(units: usize) -> Self {
        Self(Arc::new(Semaphore::new(units)))
    }

    /// A part of it, where there is enough left.
    pub(super) fn take(&self, units: usize) -> Option<Part> {
        let units = u32::try_from(units).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(units).ok().map(Part)
    }
}

impl Part {
    /// Puts another part of the same room to it.
    pub(super) fn add(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

/// Bytes with their part of a room, which they hold until the last of them is on the wire.
pub(super) fn holding(bytes: Vec<u8>, part: Part) -> Bytes {
    struct Holding {
        bytes: Box<[u8]>,
        _part: Part,
    }
    impl AsRef<[u8]> for Holding {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }
    // Without what was left over from growing, which nobody counts.
    let bytes = bytes.into_boxed_slice();
    Bytes::from_owner(Holding { bytes, _part: part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_comes_back_with_the_last_of_its_bytes() {
        let room = Room::of(10);
        let mut part = room.take(6).unwrap();
        assert!(room.take(5).is_none());
        part.add(room.take(4).unwrap());
        let bytes = holding(vec![0; 10], part);
        let rest = bytes.slice(9..);
        drop(bytes);
        assert!(room.take(1).is_none());
        drop(rest);
        assert!(room.take(10).is_some());
    }
}
