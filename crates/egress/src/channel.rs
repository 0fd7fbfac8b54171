//! What a request asks of its connection beyond the usual.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use postroad_domain::{HttpVersion, TlsSettings};

/// Tells channels apart: two with the same identity may share connections, others never do.
pub(crate) type Identity = [u8; SHA256_OUTPUT_LEN];

/// Who the sender is in TLS, whom it trusts, and which HTTP it offers. Requests of the same channel share connections.
#[derive(Debug)]
pub struct Channel {
    pub(crate) tls: TlsSettings,
    pub(crate) http_version: HttpVersion,
    pub(crate) identity: Identity,
}

impl Channel {
    /// The channel for these settings; `None` where the usual connections do: without certificates, over HTTP/1.1.
    /// Whether the settings can be used is seen by [`check_tls`](crate::check_tls), and by the first exchange.
    pub fn of(tls: Option<&TlsSettings>, http_version: HttpVersion) -> Option<Arc<Self>> {
        if tls.is_none() && http_version == HttpVersion::One {
            return None;
        }
        let tls = tls.cloned().unwrap_or_default();
        let identity = identity_of(&tls, http_version);
        Some(Arc::new(Self { tls, http_version, identity }))
    }
}

/// A digest and no cheaper hash: who finds two settings with one identity would send over another's connections.
fn identity_of(tls: &TlsSettings, http_version: HttpVersion) -> Identity {
    let mut context = Context::new(&SHA256);
    for part in [&tls.client_certificate, &tls.client_key, &tls.ca] {
        // With its length before it, so that no two lists of parts are the same bytes.
        let part = part.as_deref().unwrap_or_default();
        context.update(&part.len().to_le_bytes());
        context.update(part.as_bytes());
    }
    context.update(http_version.as_str().as_bytes());
    let mut identity = Identity::default();
    identity.copy_from_slice(context.finish().as_ref());
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_needs_no_channel_and_each_setting_is_a_channel_of_its_own() {
        assert!(Channel::of(None, HttpVersion::One).is_none());
        let text = |text: &str| Some(text.to_owned());
        let tls = |client_certificate, client_key, ca| TlsSettings { client_certificate, client_key, ca };
        let settings = [
            (tls(text("a"), text("b"), None), HttpVersion::One),
            (tls(text("a"), text("b"), None), HttpVersion::Two),
            (tls(text("ab"), None, None), HttpVersion::One),
            (tls(text("a"), None, text("b")), HttpVersion::One),
            (tls(None, None, None), HttpVersion::Two),
        ];
        let identity =
            |(tls, version): &(TlsSettings, HttpVersion)| Channel::of(Some(tls), *version).unwrap().identity;
        for (index, one) in settings.iter().enumerate() {
            assert_eq!(identity(one), identity(one));
            assert!(settings[..index].iter().all(|other| identity(other) != identity(one)), "{index}");
        }
    }
}
