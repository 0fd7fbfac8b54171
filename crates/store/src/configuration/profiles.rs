//! Profiles as they were: each content that was ever in use, by its digest, so that what a delivery sent can be made again
//! after its profile has changed.

use postroad_domain::{ProfileNo, Timestamp};

/// Keeps a profile's files.
#[derive(Clone, Debug)]
pub struct PutProfile {
    /// The profile's name.
    pub name: String,
    /// SHA-256 over the files.
    pub digest: [u8; 32],
    /// The files, in the caller's form.
    pub files: Vec<u8>,
    /// Now.
    pub at: Timestamp,
}

/// A profile that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProfile {
    /// Its number.
    pub no: ProfileNo,
    /// Its name.
    pub name: String,
    /// SHA-256 over the files.
    pub digest: [u8; 32],
    /// The files, in the form that they were given in.
    pub files: Vec<u8>,
    /// When it was last put: the newest of a name is the one that was used last.
    pub put_at: Timestamp,
}
