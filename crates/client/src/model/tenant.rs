//! Tenants: the customer accounts of your product.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What you may set of a tenant.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct TenantSettings {
    profile: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    options: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_bytes: Option<u64>,
}

impl TenantSettings {
    /// A tenant whose receivers expect the wire format of this profile: `standard`.
    pub fn of_profile(profile: &str) -> Self {
        Self {
            profile: profile.to_owned(),
            name: None,
            contacts: Vec::new(),
            options: Value::Null,
            retention: None,
            retention_bytes: None,
        }
    }

    /// A name that people see.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Mail addresses of those who look after it. They are told by mail when deliveries fail.
    pub fn contacts(self, contacts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { contacts: contacts.into_iter().map(Into::into).collect(), ..self }
    }

    /// The profile's own options, an object.
    pub fn options(self, options: Value) -> Self {
        Self { options, ..self }
    }

    /// How long its events are kept: `30d`.
    pub fn retention(self, span: impl Into<String>) -> Self {
        Self { retention: Some(span.into()), ..self }
    }

    /// Bytes of its events' data that are kept.
    pub fn retention_bytes(self, bytes: u64) -> Self {
        Self { retention_bytes: Some(bytes), ..self }
    }
}

/// A tenant.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Tenant {
    /// Your own name for it.
    pub id: String,
    /// The wire format that its receivers expect.
    pub profile: String,
    /// A name that people see.
    #[serde(default)]
    pub name: Option<String>,
    /// Mail addresses of those who look after it. They are told by mail when deliveries fail.
    #[serde(default)]
    pub contacts: Vec<String>,
    /// The profile's own options; those that are secret are masked.
    #[serde(default)]
    pub options: Value,
    /// How long its events are kept, where that is said of this tenant.
    #[serde(default)]
    pub retention: Option<String>,
    /// Bytes of its events' data that are kept, where that is said of this tenant.
    #[serde(default)]
    pub retention_bytes: Option<u64>,
    /// When it was created.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl Tenant {
    /// Its settings, to change some and put them back: what is not put back is lost. Options that are secret are masked,
    /// and the server takes no mask for a value.
    pub fn settings(&self) -> TenantSettings {
        TenantSettings {
            profile: self.profile.clone(),
            name: self.name.clone(),
            contacts: self.contacts.clone(),
            options: self.options.clone(),
            retention: self.retention.clone(),
            retention_bytes: self.retention_bytes,
        }
    }
}
