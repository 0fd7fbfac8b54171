//! Authorities, certificates and the far end of TLS.

use std::sync::Arc;

use postroad_domain::TlsSettings;
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate(issuer: &Issuer, name: &str) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    (certificate, key)
}

/// The far end of TLS with a certificate for `name`.
pub(crate) fn acceptor(issuer: &Issuer, name: &str) -> TlsAcceptor {
    TlsAcceptor::from(Arc::new(server_config(issuer, name, None)))
}

/// The far end of TLS that wants a certificate of the authority `of_clients`, if one is named, and speaks the first of
/// these protocols that the client offers.
pub(crate) fn server_config(issuer: &Issuer, name: &str, of_clients: Option<&Issuer>) -> ServerConfig {
    let (certificate, key) = certificate(issuer, name);
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match of_clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    builder.with_single_cert(chain, key).unwrap()
}

/// The settings of a subscription that shows a certificate of `issuer`.
pub(crate) fn client_settings(issuer: &Issuer, name: &str) -> TlsSettings {
    let (certificate, key) = certificate(issuer, name);
    TlsSettings {
        client_certificate: Some(certificate.pem()),
        client_key: Some(key.serialize_pem()),
        ca: None,
    }
}

/// The settings of a subscription that trusts `authority` only.
pub(crate) fn trusting(authority: &Issuer) -> TlsSettings {
    TlsSettings { ca: Some(authority.pem()), ..TlsSettings::default() }
}
