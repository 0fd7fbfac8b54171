//! The inspector: a webhook tester. What is sent to `/inspect/{bin}` is recorded and answered as the bin was told to;
//! `/inspector/{bin}/requests` shows it, as a page and as JSON.
//!
//! **Invariants**
//! * Whoever knows a bin's name sees what it holds; names that [`api`] makes cannot be guessed.
//! * What is kept is bounded in number, bytes and time; of too much whoever has most pays, and what comes from outside
//!   leaves a half to the deliveries of this server: see [`bins`].
//! * What is under way is bounded too, with a share for each network that calls and one for this server: bodies that come,
//!   answers that wait, pages that go.
//! * What a bin answers can do nothing to our own pages, which are of the same origin: see [`answer`].
//! * Several headers of one name stand together; apart from that, headers are shown in the order and spelling in which
//!   they came.
//!
//! On purpose nothing of it is written to the store: a restart empties it.

mod answer;
mod api;
mod bins;
mod holder;
mod holding;
mod name;
mod receiver;
mod recorded;
mod refusal;

use std::sync::Arc;

use parking_lot::Mutex;
use postroad_domain::{
    Clock, EndpointUrl,
    limits::{
        INSPECTOR_ANSWERS_WAITING_MAX, INSPECTOR_BIN_CHARS, INSPECTOR_BODIES_BYTES_MAX,
        INSPECTOR_PAGES_BYTES_MAX,
    },
};
use postroad_engine::{Amount, Shares};
use rand::rngs::StdRng;

pub(crate) use self::api::routes;
use self::{bins::Bins, holder::Holder};

/// What every path that records begins with.
pub const INSPECT_PREFIX: &str = "/inspect/";

/// The inspector of a server; clones are the same one.
#[derive(Clone)]
pub struct Inspector(Arc<Shared>);

struct Shared {
    bins: Mutex<Bins>,
    /// Bytes of bodies that are being read.
    bodies: Shares<Holder>,
    /// Bytes of pages that are being sent.
    pages: Shares<Holder>,
    /// Answers that wait.
    waiting: Shares<Holder>,
    rng: Mutex<StdRng>,
    clock: Arc<dyn Clock>,
    public_url: String,
    name_chars_min: usize,
}

/// What an inspector is made with.
pub struct InspectorParts {
    /// Tells when a request came, and waits before an answer.
    pub clock: Arc<dyn Clock>,
    /// Makes the names of new bins.
    pub rng: StdRng,
    /// Where this server is reached: bins' addresses are made by putting a path behind it.
    pub public_url: EndpointUrl,
    /// Whether names of any length are taken, for `postroad dev`, where nobody guesses.
    pub short_names: bool,
}

impl Inspector {
    /// An inspector without bins.
    pub fn new(parts: InspectorParts) -> Self {
        let InspectorParts { clock, rng, public_url, short_names } = parts;
        Self(Arc::new(Shared {
            bins: Mutex::new(Bins::default()),
            bodies: Shares::new(Amount::of_bytes(INSPECTOR_BODIES_BYTES_MAX)),
            pages: Shares::new(Amount::of_bytes(INSPECTOR_PAGES_BYTES_MAX)),
            waiting: Shares::new(Amount { places: INSPECTOR_ANSWERS_WAITING_MAX, bytes: 0 }),
            rng: Mutex::new(rng),
            clock,
            public_url: public_url.as_str().trim_end_matches('/').to_owned(),
            name_chars_min: if short_names { 1 } else { INSPECTOR_BIN_CHARS.min },
        }))
    }

    /// The address that a bin's senders are given.
    pub fn bin_url(&self, bin: &str) -> String {
        format!("{}{INSPECT_PREFIX}{bin}", self.0.public_url)
    }

    /// The address of the page that shows a bin.
    pub fn page_url(&self, bin: &str) -> String {
        format!("{}{}", self.0.public_url, page_path(bin))
    }
}

/// The path of a bin's page.
fn page_path(bin: &str) -> String {
    format!("/inspector/{bin}/requests")
}
