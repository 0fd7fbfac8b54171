//! Certificates and keys out of PEM text.

use std::sync::Arc;

use postroad_domain::{Invalid, limits::TLS_CERTIFICATES_MAX};
use rustls::{
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    sign::SigningKey,
};

/// What the first line of every kind of private key holds.
const KEY_LABEL: &str = "PRIVATE KEY-----";
const ENCRYPTED_LABELS: [&str; 2] = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];

/// The certificates of a text, one at least. Errors: there is none, too many, or one that is no PEM.
pub(super) fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, Invalid> {
    if text.contains(KEY_LABEL) {
        return Err(Invalid::new("holds a private key, which would be shown: put that into `client_key`"));
    }
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let found = found.map_err(|error| Invalid::new(format!("is not PEM: {}", in_words(&error))))?;
    match found.len() {
        0 => Err(Invalid::new("holds no certificate: it must be PEM, -----BEGIN CERTIFICATE----- and so on")),
        1..=TLS_CERTIFICATES_MAX => Ok(found),
        many => Err(Invalid::new(format!("holds {many} certificates; {TLS_CERTIFICATES_MAX} are allowed"))),
    }
}

/// The key of a text. Errors: there is none, it is encrypted, or of a kind that is not known.
pub(super) fn key(text: &str, provider: &CryptoProvider) -> Result<Arc<dyn SigningKey>, Invalid> {
    if ENCRYPTED_LABELS.iter().any(|label| text.contains(label)) {
        return Err(Invalid::new("is encrypted: give it without its passphrase (openssl pkey -in FILE)"));
    }
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            Invalid::new("holds no key: it must be PEM, -----BEGIN PRIVATE KEY----- and so on")
        }
        error => Invalid::new(format!("is not PEM: {}", in_words(&error))),
    })?;
    let kinds =
        "is not a key that can be used: RSA of 2048 bits or more, ECDSA P-256, P-384 or P-521, or Ed25519";
    provider.key_provider.load_private_key(key).map_err(|_| Invalid::new(kinds))
}

/// Without the text that was given, which may be a key.
fn in_words(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "an -----END line is missing",
        pem::Error::IllegalSectionStart { .. } => "a -----BEGIN line is not whole",
        pem::Error::Base64Decode(_) => "what stands between -----BEGIN and -----END is not base64",
        _ => "it cannot be read",
    }
}
