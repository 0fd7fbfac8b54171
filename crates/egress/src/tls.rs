//! TLS as a client: the platform's roots, or those beside them that the configuration names.

use std::{io, sync::Arc};

use rustls::{
    ClientConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName},
};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use crate::dial::Stream;

/// A connector without client certificate. HTTP/1.1 is the only protocol offered. Errors: no root at all, or an extra one
/// that is not a certificate.
pub(crate) fn connector(extra_roots: Vec<CertificateDer<'static>>) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra_roots, Arc::clone(&provider))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // The verifier of the platform is a full one: "dangerous" is rustls' word for every verifier not its own.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Wraps a stream after a handshake with `host`.
pub(crate) async fn handshake(
    connector: &TlsConnector,
    host: &str,
    stream: Box<dyn Stream>,
) -> io::Result<Box<dyn Stream>> {
    let name = server_name(host).map_err(io::Error::other)?;
    Ok(Box::new(connector.connect(name, stream).await?))
}

/// The name the certificate must be for. The dot that ends an absolute name belongs to DNS; no certificate has it.
fn server_name(host: &str) -> Result<ServerName<'static>, InvalidDnsNameError> {
    Ok(ServerName::try_from(host.strip_suffix('.').unwrap_or(host))?.to_owned())
}
