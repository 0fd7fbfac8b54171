//! What must hold for any bytes at all. The fuzz target and the tests of `postroad-profile` check this same function.

use postroad_profile::ecmascript_json::canonical;

/// No bytes make the canonical form panic, and each canonical form is its own.
///
/// # Panics
///
/// Where that does not hold.
pub(crate) fn fuzz_one(data: &[u8]) {
    match canonical(data) {
        Ok(once) => assert_eq!(canonical(&once).as_ref(), Ok(&once)),
        Err(error) => assert!(error.at.offset_bytes <= data.len(), "{error}"),
    }
}
