//! How many bytes settings take.

use std::io;

use serde::Serialize;

/// Bytes of settings, as a store keeps them.
pub(crate) fn stored_bytes(settings: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, settings) {
        Ok(()) => counter.0,
        // It cannot be stored either.
        Err(_) => usize::MAX,
    }
}

/// Counts what is written and keeps nothing of it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
