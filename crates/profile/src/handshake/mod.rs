//! Handshakes: exchanges by which a profile tries whether a receiver is the one that it is meant to be, before or beside what is
//! delivered to it.
//!
//! [`Profile::handshakes_due`] tells which are made; [`Profile::begin_handshake`] makes the request and what its answer must be
//! ([`ExpectedAnswer`]), which judges what came. The language is in `docs/profiles.md`.
//!
//! **Invariant:** what is expected is fixed before anything is sent, and compared exactly: nothing that the receiver sends is a
//! template or a pattern.
//!
//! What it lacks on purpose: the exchange itself, and what follows from its outcome.

mod answer;
mod begin;
mod due;
mod read;

use rand::Rng;

pub(crate) use self::read::{Around, read};
pub use self::{answer::ExpectedAnswer, begin::BegunHandshake};
use crate::{
    policy::Success,
    request::{Content, HeaderRule, Parameter},
    secret::Encoding,
    template::{Condition, Template, Variable},
};

/// What happened to a subscription that handshakes are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// It was created.
    Created,
    /// It has another URL.
    Url,
    /// It has another secret.
    Secret,
    /// It was inactive, and somebody wants it active.
    Enabled,
}

/// One exchange with a receiver.
#[derive(Debug)]
pub struct Handshake {
    /// When it is made.
    pub on: Vec<Occasion>,
    /// `HEAD`.
    pub method: String,
    /// Whether nothing is sent to the receiver until it has passed.
    pub blocking: bool,
    /// The line on which it stands.
    pub(crate) line: usize,
    pub(crate) query: Vec<Parameter>,
    pub(crate) headers: Vec<HeaderRule>,
    pub(crate) content: Option<Content>,
    challenge: Option<ChallengeForm>,
    signature: RequestSignature,
    /// What is signed, in the place of what a delivery signs and of the challenge.
    message: Option<Template>,
    when: Option<Condition>,
    expect: Expectation,
}

/// How the random text of a handshake is made.
#[derive(Clone, Copy, Debug)]
struct ChallengeForm {
    bytes: usize,
    encoding: Encoding,
}

/// How the request of a handshake is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestSignature {
    /// Not at all.
    None,
    /// With the keys that sign now.
    Right,
    /// With a random key of the same form.
    Wrong,
}

/// What the answer must be.
#[derive(Debug)]
struct Expectation {
    status: Success,
    parts: Vec<ExpectedPart>,
    /// What `signature` and `digest` in the parts sign, in the place of the handshake's own message.
    message: Option<Template>,
}

/// One part of the answer and the texts of which it must be one.
#[derive(Debug)]
struct ExpectedPart {
    place: Place,
    texts: Vec<Template>,
}

/// Where something is expected in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The whole body.
    Body,
    /// A value in the JSON of the body, by its JSON pointer.
    Json(String),
    /// One of the headers of that name.
    Header(String),
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Self; 4] = [Self::Created, Self::Url, Self::Secret, Self::Enabled];

    /// The word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Url => "url",
            Self::Secret => "secret",
            Self::Enabled => "enabled",
        }
    }
}

impl Handshake {
    /// Whether one of the occasions is among its own; any is, where none is given.
    pub fn is_on(&self, occasions: Option<&[Occasion]>) -> bool {
        occasions.is_none_or(|occasions| occasions.iter().any(|occasion| self.on.contains(occasion)))
    }

    /// What is expected, in words: `2xx`, `the body`, `the header X-Secret`.
    pub fn expectations(&self) -> Vec<String> {
        let statuses = self.expect.status.patterns().join(" or ");
        let parts = self.expect.parts.iter().map(|part| part.place.to_string());
        std::iter::once(statuses).chain(parts).collect()
    }

    /// How its request is signed, in words.
    pub fn signature_in_words(&self) -> &'static str {
        match self.signature {
            RequestSignature::None => "unsigned",
            RequestSignature::Right => "signed",
            RequestSignature::Wrong => "signed with a wrong key",
        }
    }

    /// Whether request or answer need the secret of the subscription.
    fn signs(&self) -> bool {
        self.signature != RequestSignature::None || self.expect.reads_signature()
    }
}

impl Expectation {
    /// Whether a part holds a signature that the receiver makes.
    fn reads_signature(&self) -> bool {
        self.parts.iter().flat_map(|part| &part.texts).any(reads_signature)
    }
}

fn reads_signature(text: &Template) -> bool {
    text.reads(&Variable::Signature) || text.reads(&Variable::Digest)
}

impl ChallengeForm {
    fn make(self, rng: &mut impl Rng) -> String {
        let mut bytes = vec![0; self.bytes];
        rng.fill_bytes(&mut bytes);
        self.encoding.encode(&bytes)
    }
}
