//! The wire contracts of products, pure: what a profile says becomes exact bytes. No I/O, no async, no ambient time or
//! chance.
//!
//! [`Profile::load`] checks the files of a profile (the language is in `docs/profiles.md`); [`Profile::shape`] makes of an
//! event what is the same in every attempt, [`Profile::sign`] the request of one attempt; [`Profile::begin_handshake`] makes the
//! request by which a receiver is tried, and what it must answer.
//!
//! **Invariant:** the same input always gives the same bytes, so that what is signed, sent and logged is one buffer.
//!
//! **Invariant:** a loaded profile has no unknown key, no undefined variable, and has made a request of each of its
//! examples.
//!
//! What it lacks on purpose: reading folders (the caller does), sending, and knowing any product by its name.

mod algorithm;
mod built_in;
mod catalogue;
pub mod ecmascript_json;
mod endpoints;
mod error;
mod examples;
mod group;
mod grouping;
mod handshake;
mod ingest;
mod input;
mod json;
mod load;
mod option_schema;
mod options;
mod policy;
mod problem;
mod profile;
mod reader;
mod render;
mod request;
mod rules;
mod secret;
mod signature;
mod source;
mod template;
mod words;

pub use algorithm::Algorithm;
pub use built_in::built_in;
pub use catalogue::{Catalogue, EventEntry, ExampleOrigin};
pub use endpoints::EndpointChoice;
pub use error::RenderError;
pub use group::{GroupLimits, GroupPolicy, GroupRules};
pub use handshake::{BegunHandshake, ExpectedAnswer, Handshake, Occasion};
pub use ingest::{DataRefusal, IngestChecks};
pub use input::{
    AttemptFacts, DeliveryFacts, ExactRequest, RenderInput, Shaped, SubscriptionFacts, TenantFacts,
};
pub use options::{
    FieldProblem, NamedEndpoint, OptionCondition, OptionOwner, OptionSchema, OptionType, OptionValues,
};
pub use policy::{DeliveryPolicy, Success};
pub use problem::{ProblemKind, ProfileProblem, near_word, nearest_words};
pub use profile::Profile;
pub use request::EndpointRules;
pub use rules::{Field, FieldRule, FieldRules, Presence};
pub use secret::{Encoding, KeyForm, SecretKey, SecretRules, SecretSupply, SecretUse};
pub use signature::{Scheme, SignatureRules};
pub use source::ProfileSource;
pub use template::{FilterError, TemplateError, TemplateFault};
