//! Client certificate, its key, and the authorities that are trusted.

use postroad_domain::TlsSettings;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    check::{Faults, body},
    v1::options::{MASK, MASK_IS_NO_VALUE},
};

body! {
    /// Who Postroad is in TLS, and whom it trusts. Only with a URL of https.
    #[derive(Debug, Serialize, ToSchema)]
    #[schema(as = TlsSettings)]
    pub(crate) struct TlsJson {
        /// PEM: the certificate that the receiver is shown, then those between it and its root. Only with `client_key`.
        client_certificate: Option<String>,
        /// PEM: the key of the certificate, without a passphrase. Shown as `********`.
        client_key: Option<String>,
        /// PEM: the authorities that may sign the receiver's certificate, in place of those that the machine trusts.
        ca: Option<String>,
    }
}

impl TlsJson {
    /// With its key.
    pub(super) fn of(settings: &TlsSettings) -> Self {
        let TlsSettings { client_certificate, client_key, ca } = settings.clone();
        Self { client_certificate, client_key, ca }
    }

    /// With a mask in the place of its key.
    pub(super) fn masked(self) -> Self {
        Self { client_key: self.client_key.map(|_| MASK.to_owned()), ..self }
    }

    /// Adds a fault for each mask that stands where a value is wanted.
    pub(super) fn note_masks(&self, faults: &Faults) {
        let Self { client_certificate, client_key, ca } = self;
        for (name, text) in
            [("client_certificate", client_certificate), ("client_key", client_key), ("ca", ca)]
        {
            if text.as_deref() == Some(MASK) {
                faults.add(&format!("delivery.tls.{name}"), MASK_IS_NO_VALUE);
            }
        }
    }
}

impl From<TlsJson> for TlsSettings {
    fn from(TlsJson { client_certificate, client_key, ca }: TlsJson) -> Self {
        Self { client_certificate, client_key, ca }
    }
}

/// Takes the mask of the key out of a patch of a subscription where there is a key now: it says that the key stays.
pub(super) fn drop_mask(patch: &mut Value, current: Option<&TlsSettings>) {
    let has_key = current.is_some_and(|current| current.client_key.is_some());
    if let Some(Value::Object(tls)) = patch.pointer_mut("/delivery/tls")
        && has_key
    {
        tls.retain(|name, value| name != "client_key" || value != MASK);
    }
}
