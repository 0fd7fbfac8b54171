//! [`Hashed`]: a value that knows its hash.
//!
//! The one place of this crate with chance of its own: it decides where a value lies in a map, and nothing that can be seen.

use std::{
    hash::{BuildHasher, Hash, Hasher, RandomState},
    ops::Deref,
    sync::LazyLock,
};

/// One for the process, so that equal values have equal hashes.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A value with its hash, computed when it was made: for names that others choose and that are looked up many times more
/// often than they are made. The hash is the standard one, which withstands chosen collisions, so a map of these may use the
/// cheapest hasher there is.
#[derive(Clone, Debug)]
pub struct Hashed<T> {
    value: T,
    hash: u64,
}

impl<T: Hash> Hashed<T> {
    /// Computes the hash.
    pub fn new(value: T) -> Self {
        let hash = KEYS.hash_one(&value);
        Self { value, hash }
    }
}

impl<T> Deref for Hashed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Hashed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.value == other.value
    }
}

impl<T: Eq> Eq for Hashed<T> {}

impl<T> Hash for Hashed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn equal_values_are_found_and_others_are_not() {
        let known: HashSet<_> = ["a", "b"].map(Hashed::new).into();
        assert!(known.contains(&Hashed::new("a")));
        assert!(!known.contains(&Hashed::new("c")));
        assert_eq!(known.iter().map(|name| name.len()).sum::<usize>(), 2);
    }

    #[test]
    fn values_of_one_hash_are_told_apart() {
        let of = |value| Hashed { value, hash: 7 };
        assert_ne!(of("a"), of("b"));
    }
}
