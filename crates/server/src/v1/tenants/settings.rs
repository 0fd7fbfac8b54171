//! What a caller may set of a tenant.

use postroad_domain::{limits::CONTACTS_MAX, tenant::TenantSpec};
use postroad_engine::{Engine, TenantDraft};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

use crate::{
    check::{BoundedVec, Faults, body, duration_text, read_body},
    v1::options,
};

body! {
    /// What a caller may set of a tenant.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct TenantSettings {
        /// The profile: the product whose wire format this tenant's receivers expect.
        pub(super) profile: String,
        /// A name that people see.
        name: Option<String>,
        /// Mail addresses of those who look after it; at most 20. They are told by mail when a
        /// subscription becomes inactive by itself, and of failures where one has `notify_on_failure`.
        #[schema(required = false, value_type = Vec<String>)]
        contacts: Option<BoundedVec<String, CONTACTS_MAX>>,
        /// The profile's own options: its option schema says which there are. Those that are secret are shown as `********`.
        #[schema(required = false, value_type = Object)]
        options: Option<Map<String, Value>>,
        /// How long its events are kept with their deliveries and attempts: `12h`, `30d`. Not longer than what the
        /// installation and the profile keep, and not shorter than a delivery may wait.
        #[schema(required = false)]
        retention: Option<String>,
        /// Bytes of its events' data that are kept; above it the oldest go, whatever their age.
        #[schema(required = false, value_type = Option<u64>)]
        retention_bytes: Option<Number>,
    }
}

impl TenantSettings {
    /// As it is shown.
    pub(super) fn of(spec: TenantSpec, profile: Option<&Profile>) -> Self {
        let options = options::shown(&spec.options, profile);
        Self {
            profile: spec.profile,
            name: spec.name,
            contacts: Some(spec.contacts.into_iter().collect()),
            options: Some(options),
            retention: spec.retention.map(duration_text),
            retention_bytes: spec.retention_bytes.map(Number::from),
        }
    }
}

/// Reads a body. With the profile that it names, a mask is known from a value.
pub(super) fn read(body: Value, engine: &Engine) -> TenantDraft {
    let faults = Faults::default();
    let settings: TenantSettings = read_body(body, &faults);
    let options = options::text_of(settings.options);
    if let Some(loaded) = engine.configuration().profile(&settings.profile) {
        options::note_masks(&options, &loaded.profile, &faults);
    }
    TenantDraft {
        profile: settings.profile,
        name: settings.name,
        contacts: settings.contacts.map(BoundedVec::into_inner).unwrap_or_default(),
        options,
        retention: settings.retention,
        retention_bytes: settings.retention_bytes,
        mask: Some(options::MASK),
        unreadable: faults.into_problems(),
    }
}
