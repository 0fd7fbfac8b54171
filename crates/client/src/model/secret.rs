//! Secrets: shown to whoever asks for them by name, and to no log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that no debug output shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("********")
    }
}

/// The current secret of a subscription.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SubscriptionSecret {
    /// What requests are signed with; `None` where there is none.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// What receivers verify with, where they need only that (ed25519).
    #[serde(default)]
    pub public_key: Option<String>,
}
