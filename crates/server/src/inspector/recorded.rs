//! One request that a bin got.

use std::net::SocketAddr;

use bytes::Bytes;
use postroad_domain::Timestamp;

use super::refusal::Refusal;

/// Bytes that a request takes beside its texts: the places where they are kept.
const OVERHEAD_BYTES: usize = 512;
/// The same for one header.
const HEADER_OVERHEAD_BYTES: usize = 64;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    /// When its head was read.
    pub(super) at: Timestamp,
    /// Its method, whatever it may be.
    pub(super) method: String,
    /// Its path as it was written.
    pub(super) path: String,
    /// What stood behind the question mark, as it was written.
    pub(super) query: Option<String>,
    /// In the order and spelling of the sender; bytes that are not UTF-8 are replaced.
    pub(super) headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub(super) body: Bytes,
    /// How long the body was.
    pub(super) body_bytes: usize,
    /// The body broke off or was not in time.
    pub(super) is_incomplete: bool,
    /// Where it came from; `None` for a delivery that was handed over within the process.
    pub(super) remote: Option<SocketAddr>,
    /// The status that it was answered with.
    pub(super) answered: u16,
    /// Why that was not what the bin was told to answer.
    pub(super) refusal: Option<Refusal>,
}

impl Recorded {
    /// Whether the body that is kept is not all of the body that was sent.
    pub(super) fn is_truncated(&self) -> bool {
        self.is_incomplete || self.body.len() < self.body_bytes
    }

    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes_with(usize::MAX)
    }

    /// The same where no more than so many bytes of the body count.
    pub(super) fn bytes_with(&self, body_bytes_max: usize) -> usize {
        let header = |(name, value): &(String, String)| name.len() + value.len() + HEADER_OVERHEAD_BYTES;
        let headers: usize = self.headers.iter().map(header).sum();
        let head = self.method.len() + self.path.len() + self.query.as_ref().map_or(0, String::len);
        OVERHEAD_BYTES + head + headers + self.body.len().min(body_bytes_max)
    }

    /// The value of the first header of that name.
    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    }
}
