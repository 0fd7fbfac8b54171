//! What a subscription asks of its connections beyond the usual: who it is in TLS, whom it trusts, which HTTP it speaks, and
//! whether a request whose kept connection ended goes out once more.
//!
//! Lacking on purpose: whether certificates and keys can be used. That is for `egress`, which has a TLS library.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The newest version of HTTP that is offered to an https receiver. Cleartext is always HTTP/1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.1 only.
    #[default]
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2 where the receiver offers it, else HTTP/1.1.
    #[serde(rename = "2")]
    Two,
}

impl HttpVersion {
    /// Every version with its word in the API and in profiles.
    pub const WORDS: [(&'static str, Self); 2] = [("1.1", Self::One), ("2", Self::Two)];

    /// The version of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, version)| *version)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "1.1",
            Self::Two => "2",
        }
    }
}

/// What happens to a request whose kept connection ends before a byte of the answer. Receivers close the connections that wait
/// whenever they like, often just when a request comes; the same request then goes out once more, at once, over a new
/// connection, within the same deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// It goes out once more, although the receiver may have got it: deliveries are made at least once in any case.
    #[default]
    Always,
    /// It goes out once more only where the receiver cannot have acted on it: nothing of it was written, or HTTP/2 says that
    /// it was not processed. For receivers that count requests, or that must not get one twice.
    Unsent,
}

impl Repeat {
    /// Every rule with its word in profiles.
    pub const WORDS: [(&'static str, Self); 2] = [("always", Self::Always), ("unsent", Self::Unsent)];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Unsent => "unsent",
        }
    }
}

/// A client certificate and the authorities that are trusted, each as PEM text. At least one of them is given, and
/// certificate and key only together.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSettings {
    /// The certificate that is shown to the receiver, then those between it and its root.
    #[serde(default)]
    pub client_certificate: Option<String>,
    /// The key of that certificate. A secret.
    #[serde(default)]
    pub client_key: Option<String>,
    /// The authorities that may sign the receiver's certificate, in place of those that the machine trusts.
    #[serde(default)]
    pub ca: Option<String>,
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |text: &Option<String>| text.is_some();
        out.debug_struct("TlsSettings")
            .field("client_certificate", &given(&self.client_certificate))
            .field("client_key", &given(&self.client_key))
            .field("ca", &given(&self.ca))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_and_written_in_the_same_word() {
        for (word, version) in HttpVersion::WORDS {
            assert_eq!((HttpVersion::parse(word), version.as_str()), (Some(version), word));
            assert_eq!(serde_json::to_string(&version).unwrap(), format!("{word:?}"));
        }
        assert_eq!(HttpVersion::parse("3"), None);
    }

    #[test]
    fn each_rule_of_repeating_has_the_word_that_is_read() {
        for (word, rule) in Repeat::WORDS {
            assert_eq!(rule.as_str(), word);
        }
    }

    #[test]
    fn a_log_line_does_not_show_a_key() {
        let settings = TlsSettings { client_key: Some("secret".to_owned()), ..TlsSettings::default() };
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
