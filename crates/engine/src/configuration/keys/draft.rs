//! A key as somebody wants it, and its check.

use std::fmt::Arguments;

use postroad_domain::{
    CredentialKind, Invalid, KeySpec, Scope, Timestamp,
    limits::{KEY_RATE_LIMIT_COUNT, NAME_CHARS_MAX},
    time::parse_time,
};
use postroad_profile::{FieldProblem, Profile};

use crate::configuration::draft::{Faults, RateLimitDraft, text_within};

/// A key to make, unchecked.
#[derive(Clone, Debug)]
pub struct KeyDraft {
    /// A name that people see.
    pub name: String,
    /// The form of the credential, by its word; `None` for a single key.
    pub kind: Option<String>,
    /// What it allows, by the words of the API.
    pub scopes: Vec<String>,
    /// How often it may call.
    pub rate_limit: Option<RateLimitDraft>,
    /// Until when it is valid: a time as RFC 3339 has it.
    pub expires_at: Option<String>,
    /// The fields that could not be read and why. What stands in their places counts for nothing.
    pub unreadable: Vec<FieldProblem>,
}

/// What would be written to make such a key again.
impl From<KeySpec> for KeyDraft {
    fn from(spec: KeySpec) -> Self {
        Self {
            name: spec.name,
            kind: Some(spec.kind.as_str().to_owned()),
            scopes: spec.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
            rate_limit: spec.rate_limit.map(RateLimitDraft::from),
            expires_at: spec.expires_at.map(|moment| moment.to_string()),
            unreadable: Vec::new(),
        }
    }
}

impl KeyDraft {
    /// What is said of a key of a tenant with this profile; `now` is before its end.
    pub(super) fn check(self, profile: &Profile, now: Timestamp) -> Result<KeySpec, Vec<FieldProblem>> {
        let mut faults = Faults::after(self.unreadable);
        let name = faults.check("name", text_within(self.name, 1, NAME_CHARS_MAX));
        if self.scopes.is_empty() {
            faults.add("scopes", "must name at least one scope: a key without any could do nothing");
        }
        let scope = |faults: &mut Faults, field: Arguments<'_>, word: String| {
            faults.check(field, Scope::parse(&word))
        };
        let scopes = faults.list("scopes", (self.scopes, Scope::ALL.len()), scope);
        let kind = self.kind.map_or(Ok(CredentialKind::Api), |word| CredentialKind::parse(&word));
        let kind = faults.check("kind", kind.and_then(|kind| check_kind(kind, profile)));
        let expires_at = self.expires_at.and_then(|text| faults.check("expires_at", parse_time(&text)));
        if expires_at.is_some_and(|end| end <= now) {
            faults.add("expires_at", "must lie in the future");
        }
        let limit = self.rate_limit;
        let rate_limit = limit.and_then(|limit| limit.check("rate_limit", KEY_RATE_LIMIT_COUNT, &mut faults));
        let spec = name.zip(kind).map(|(name, kind)| KeySpec {
            name,
            kind,
            scopes: scopes.into_iter().collect(),
            rate_limit,
            expires_at,
        });
        faults.finish(spec)
    }
}

/// A key that only a product's own API takes would open nothing where the profile has no such API.
fn check_kind(kind: CredentialKind, profile: &Profile) -> Result<CredentialKind, Invalid> {
    match kind.compatible_api() {
        Some(api) if profile.compat != Some(api) => Err(Invalid::new(format!(
            "cannot be {} here: no such API is served to tenants of the profile {} (`compat` in a profile)",
            kind.as_str(),
            profile.name
        ))),
        _ => Ok(kind),
    }
}
