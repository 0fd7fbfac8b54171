//! What the built-in webhook tester got.

use serde::Deserialize;

use super::Header;

/// A request that a bin of the inspector got.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct InspectedRequest {
    /// 1 for the first of the bin.
    pub number: u64,
    /// When it came.
    pub at: String,
    /// Its method.
    pub method: String,
    /// Its path as it was written.
    pub path: String,
    /// Its query as it was written.
    #[serde(default)]
    pub query: Option<String>,
    /// In the order and spelling in which they came.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The body as text; `None` when it is none.
    #[serde(default)]
    pub body: Option<String>,
    /// The body's bytes, where they are no text.
    #[serde(default)]
    pub body_base64: Option<String>,
    /// Only the beginning of the body is kept.
    #[serde(default)]
    pub truncated: bool,
    /// Where it came from; `None` for a delivery of this server.
    #[serde(default)]
    pub remote: Option<String>,
    /// The status that it was answered with.
    #[serde(default)]
    pub answered: u16,
}
