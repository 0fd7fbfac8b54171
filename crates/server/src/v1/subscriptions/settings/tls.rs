//! Client certificate, its key, and the authorities that are trusted.

use postroad_domain::{Invalid, TlsSettings, limits::TLS_PEM_BYTES_MAX};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    check::{Field, Shape},
    v1::options::{MASK, MASK_IS_NO_VALUE},
};

/// The fields of `delivery.tls`.
pub(super) const SHAPE: Shape = Shape::of(&["client_certificate", "client_key", "ca"]);

/// Who Postroad is in TLS, and whom it trusts. Only with a URL of https.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TlsSettings)]
pub(crate) struct TlsJson {
    /// PEM: the certificate that the receiver is shown, then those between it and its root. Only with `client_key`.
    #[schema(max_length = 32768)]
    client_certificate: Option<String>,
    /// PEM: the key of the certificate, without a passphrase. Shown as `********`.
    #[schema(max_length = 32768)]
    client_key: Option<String>,
    /// PEM: the authorities that may sign the receiver's certificate, in place of those that the machine trusts.
    #[schema(max_length = 32768)]
    ca: Option<String>,
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
}

/// Checks `delivery.tls` as far as no certificate is looked into. One that names nothing is the same as none.
pub(super) fn read(field: Field<'_>) -> Option<TlsSettings> {
    let mut tls = field.object(&SHAPE)?;
    let mut pem = |name| tls.field(name).map_or(Some(None), |field| field.parsed(parse_pem).map(Some));
    let [certificate, key, ca] = ["client_certificate", "client_key", "ca"].map(&mut pem);
    let settings = TlsSettings { client_certificate: certificate?, client_key: key?, ca: ca? };
    (settings != TlsSettings::default()).then_some(settings)
}

fn parse_pem(text: &str) -> Result<String, Invalid> {
    if text == MASK {
        return Err(Invalid::new(MASK_IS_NO_VALUE));
    }
    if text.len() > TLS_PEM_BYTES_MAX {
        return Err(Invalid::new(format!("is longer than {TLS_PEM_BYTES_MAX} bytes")));
    }
    Ok(text.to_owned())
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
