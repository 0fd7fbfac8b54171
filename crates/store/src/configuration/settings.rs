//! Small values kept for the whole installation.

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SettingKey {
    /// Hash of the admin key.
    AdminKeyHash,
    /// A known text encrypted with the secret key: proves at start that the right key is there.
    SecretKeyCheck,
}

impl SettingKey {
    /// The key in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdminKeyHash => "admin_key_hash",
            Self::SecretKeyCheck => "secret_key_check",
        }
    }
}
