//! The random number generator: for idempotency keys and for the gaps between attempts.

use std::{
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Fills bytes at random.
type Fill = Box<dyn FnMut(&mut [u8]) + Send>;

/// The generator that all calls of a client share.
pub(crate) struct SharedRng(Mutex<Fill>);

impl SharedRng {
    pub(crate) fn new(fill: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(fill)))
    }

    /// 128 bits in hexadecimal.
    pub(crate) fn name(&self) -> String {
        let bytes: [u8; 16] = self.bytes();
        bytes.iter().fold(String::with_capacity(32), |mut name, byte| {
            // Writing to a text cannot fail.
            let _ = write!(name, "{byte:02x}");
            name
        })
    }

    /// A span from a half of `gap` to all of it.
    pub(crate) fn within(&self, gap: Duration) -> Duration {
        let share = f64::from(u32::from_le_bytes(self.bytes())) / f64::from(u32::MAX);
        gap.mul_f64(0.5 + share / 2.0)
    }

    fn bytes<const COUNT: usize>(&self) -> [u8; COUNT] {
        let mut bytes = [0; COUNT];
        // A generator whose caller panicked still gives random bytes.
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_the_given_bytes() {
        let mut next = 0;
        let rng = SharedRng::new(move |bytes| {
            bytes.fill(next);
            next += 1;
        });
        assert_eq!(rng.name(), "00".repeat(16));
        assert_eq!(rng.name(), "01".repeat(16));
    }

    #[test]
    fn a_gap_is_never_shorter_than_its_half_nor_longer_than_itself() {
        for byte in [0, 0x80, 0xff] {
            let gap = SharedRng::new(move |bytes| bytes.fill(byte)).within(Duration::from_secs(2));
            assert!((Duration::from_secs(1)..=Duration::from_secs(2)).contains(&gap), "{gap:?}");
        }
    }
}
