//! The bytes of one file: those that no power cut takes, and what was written since.

use super::survival::Survival;

/// A file of a disk that keeps nothing unless it is told to.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// What is on the disk for certain.
    synced: Vec<u8>,
    /// What everybody reads while there is power.
    current: Vec<u8>,
    /// What leads from the first to the second, in the order of the calls.
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { bytes: usize },
}

impl File {
    /// Fills the buffer from `offset` on; answers how many bytes there were.
    pub(crate) fn read(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let there = self.current.get(offset..).unwrap_or_default();
        let count = there.len().min(buffer.len());
        buffer[..count].copy_from_slice(&there[..count]);
        count
    }

    /// Writes; a gap behind the end becomes zeros.
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        overwrite(&mut self.current, offset, bytes);
        self.pending.push(Change::Write { offset, bytes: bytes.to_vec() });
    }

    /// Cuts the file; one that is shorter stays so.
    pub(crate) fn truncate(&mut self, bytes: usize) {
        self.current.truncate(bytes);
        self.pending.push(Change::Truncate { bytes });
    }

    /// Makes everything so far certain.
    pub(crate) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            apply(&mut self.synced, &change);
        }
    }

    /// Bytes as everybody sees them.
    pub(crate) fn len(&self) -> usize {
        self.current.len()
    }

    /// The power is gone: what survives is what is there, and certain.
    pub(crate) fn survive(&mut self, survival: &mut Survival) {
        for change in self.pending.drain(..) {
            if let Some(kept) = kept_part(change, survival) {
                apply(&mut self.synced, &kept);
            }
        }
        self.current.clone_from(&self.synced);
    }
}

/// A disk writes its sectors in any order, and one write may end in its middle.
fn kept_part(change: Change, survival: &mut Survival) -> Option<Change> {
    match change {
        Change::Write { offset, mut bytes } => {
            bytes.truncate(survival.bytes_kept(offset, bytes.len()));
            (!bytes.is_empty()).then_some(Change::Write { offset, bytes })
        }
        Change::Truncate { .. } => survival.is_kept().then_some(change),
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, bytes } => overwrite(content, *offset, bytes),
        Change::Truncate { bytes } => content.truncate(*bytes),
    }
}

fn overwrite(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strictly_only_what_was_synced_survives() {
        let mut file = File::default();
        file.write(0, b"synced");
        file.sync();
        file.write(0, b"S");
        file.truncate(3);
        assert_eq!(file.len(), 3);
        file.survive(&mut Survival::strict());
        let mut buffer = [0; 10];
        assert_eq!(file.read(0, &mut buffer), 6);
        assert_eq!(&buffer[..6], b"synced");
    }

    #[test]
    fn torn_any_of_what_was_not_synced_survives_up_to_the_edge_of_a_sector() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let mut file = File::default();
            file.write(100, &[1; 1_000]);
            file.survive(&mut Survival::torn(seed));
            lengths.insert(file.len());
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [0, 512, 1_024, 1_100]);
    }

    #[test]
    fn a_later_write_may_survive_an_earlier_one_that_is_lost() {
        let survived = |seed| {
            let mut file = File::default();
            file.write(0, &[1]);
            file.write(1, &[2]);
            file.survive(&mut Survival::torn(seed));
            let mut buffer = [0; 2];
            file.read(0, &mut buffer);
            buffer
        };
        assert!((0..100).any(|seed| survived(seed) == [0, 2]));
    }
}
