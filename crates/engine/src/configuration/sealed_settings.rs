//! Settings of customers that are secret: encrypted before they go to the store, opened again behind it.
//!
//! Of a subscription these are the values of its headers, its authorization, the key of its client certificate and the
//! values of the options that its profile keeps like a secret; of a tenant the last of these, among them the endpoints that it keeps.
//! They rest in one
//! ciphertext in the field `sealed`, and their places are empty meanwhile.
//!
//! **Invariant:** what the engine hands on is open or, where it does not open, says so by a `sealed` that is still there:
//! nothing is ever sent with empty values in the place of secret ones. **Invariant:** what was written in plain by an
//! earlier version is read as it is; its next change writes it sealed.
//!
//! Lacking on purpose: a subscription's URL. The whole of it is looked up, compared and shown.

use postroad_domain::{Subscription, SubscriptionId, SubscriptionSpec, Tenant, TenantId, tenant::TenantSpec};
use postroad_profile::Profile;
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::configuration::{
    options::options_of,
    secret_box::{SecretBox, SecretError},
};

/// What is inside.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct SecretSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorization: Option<String>,
    /// The values, in the order of the headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_key: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
}

/// The settings of a subscription as they rest.
pub(super) fn seal_subscription(
    mut spec: SubscriptionSpec,
    id: SubscriptionId,
    profile: &Profile,
    secrets: &SecretBox,
    rng: &mut impl Rng,
) -> SubscriptionSpec {
    let options = take_secret_options(&mut spec.options, profile);
    let inside = match spec.push_mut() {
        Some(push) => SecretSettings {
            authorization: push.authorization.take(),
            headers: push.headers.iter_mut().map(|header| std::mem::take(&mut header.value)).collect(),
            client_key: push.tls.as_mut().and_then(|tls| tls.client_key.take()),
            options,
        },
        None => SecretSettings { options, ..SecretSettings::default() },
    };
    spec.sealed = inside.seal(&bound_to_subscription(id), secrets, rng);
    spec
}

/// Puts the secret settings of a subscription back. On an error nothing is changed.
pub(crate) fn open_subscription(
    spec: &mut SubscriptionSpec,
    id: SubscriptionId,
    secrets: &SecretBox,
) -> Result<(), SecretError> {
    let Some(sealed) = &spec.sealed else { return Ok(()) };
    let inside = SecretSettings::open(sealed, &bound_to_subscription(id), secrets)?;
    if let Some(push) = spec.push_mut() {
        if inside.headers.len() != push.headers.len() {
            return Err(SecretError::DoesNotOpen);
        }
        for (header, value) in push.headers.iter_mut().zip(inside.headers) {
            header.value = value;
        }
        push.authorization = inside.authorization;
        if let Some(tls) = &mut push.tls {
            tls.client_key = inside.client_key;
        }
    }
    put_options_back(&mut spec.options, inside.options);
    spec.sealed = None;
    Ok(())
}

/// The settings of a tenant as they rest.
pub(super) fn seal_tenant(
    mut spec: TenantSpec,
    id: &TenantId,
    profile: &Profile,
    secrets: &SecretBox,
    rng: &mut impl Rng,
) -> TenantSpec {
    let options = take_secret_options(&mut spec.options, profile);
    let inside = SecretSettings { options, ..SecretSettings::default() };
    spec.sealed = inside.seal(&bound_to_tenant(id), secrets, rng);
    spec
}

/// Puts the secret settings of a tenant back. On an error nothing is changed.
pub(crate) fn open_tenant(
    spec: &mut TenantSpec,
    id: &TenantId,
    secrets: &SecretBox,
) -> Result<(), SecretError> {
    let Some(sealed) = &spec.sealed else { return Ok(()) };
    let inside = SecretSettings::open(sealed, &bound_to_tenant(id), secrets)?;
    put_options_back(&mut spec.options, inside.options);
    spec.sealed = None;
    Ok(())
}

impl SecretSettings {
    /// `None` where there is nothing to hide.
    fn seal(&self, bound_to: &[u8], secrets: &SecretBox, rng: &mut impl Rng) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        let text = serde_json::to_vec(self).expect("texts and JSON values can be written as JSON");
        Some(secrets.seal_text(&Zeroizing::new(text), bound_to, rng))
    }

    fn open(sealed: &str, bound_to: &[u8], secrets: &SecretBox) -> Result<Self, SecretError> {
        let text = secrets.open_text(sealed, bound_to)?;
        serde_json::from_slice(&text).map_err(|_| SecretError::DoesNotOpen)
    }
}

/// Takes the values of secret options out and leaves `null` in their places, so that the others keep theirs.
fn take_secret_options(options: &mut String, profile: &Profile) -> Map<String, Value> {
    let mut all = options_of(options);
    let is_secret =
        |name: &str| profile.options.iter().any(|option| option.is_sealed() && option.name == name);
    let secret = all.iter_mut().filter(|(name, _)| is_secret(name));
    let taken: Map<_, _> = secret.map(|(name, value)| (name.clone(), value.take())).collect();
    if !taken.is_empty() {
        *options = Value::Object(all).to_string();
    }
    taken
}

fn put_options_back(options: &mut String, taken: Map<String, Value>) {
    if !taken.is_empty() {
        let mut all = options_of(options);
        all.extend(taken);
        *options = Value::Object(all).to_string();
    }
}

/// Another word before the id than a secret has, so that neither opens in the place of the other.
fn bound_to_subscription(id: SubscriptionId) -> Vec<u8> {
    [b"settings of ", id.as_bytes().as_slice()].concat()
}

fn bound_to_tenant(id: &TenantId) -> Vec<u8> {
    [b"settings of tenant ", id.as_str().as_bytes()].concat()
}

/// A subscription that is open, or stays as it is with a line in the log.
pub(crate) fn opened(mut subscription: Subscription, secrets: &SecretBox) -> Subscription {
    if let Err(error) = open_subscription(&mut subscription.spec, subscription.id, secrets) {
        tracing::error!(%error, subscription = %subscription.id, "the settings of a subscription cannot be read");
    }
    subscription
}

/// Opens a tenant, which otherwise stays as it is with a line in the log.
pub(crate) fn open_tenant_or_log(tenant: &mut Tenant, secrets: &SecretBox) {
    if let Err(error) = open_tenant(&mut tenant.spec, &tenant.id, secrets) {
        tracing::error!(%error, tenant = %tenant.id, "the options of a tenant cannot be read");
    }
}
