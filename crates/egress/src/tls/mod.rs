//! TLS as a client: trusting what the platform trusts, or whom the settings of a channel name, and with the certificate
//! that they hold.

mod check;
mod material;

use std::{io, sync::Arc};

use postroad_domain::{ErrorClass, HttpVersion, TlsSettings};
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVersions,
    client::{WantsClientCert, WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName},
    sign::{CertifiedKey, SingleCertAndKey},
};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

pub use self::check::{TlsFault, check_tls};
use crate::{channel::Channel, dial::Stream, exchange::SendError};

const HTTP_1: &[u8] = b"http/1.1";
const HTTP_2: &[u8] = b"h2";

/// What all connectors have in common.
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    machine: Arc<Verifier>,
}

impl Tls {
    /// Errors: no root at all, or an extra one that is not a certificate.
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let machine = Verifier::new_with_extra_roots(extra_roots, Arc::clone(&provider))?;
        Ok(Self { provider, machine: Arc::new(machine) })
    }

    /// Without client certificate; HTTP/1.1 is the only protocol offered.
    pub(crate) fn usual(&self) -> Result<TlsConnector, rustls::Error> {
        let config = trusting(self.builder()?, Arc::clone(&self.machine) as _).with_no_client_auth();
        Ok(offering(config, HttpVersion::One))
    }

    /// As the channel wants it. Errors: its settings cannot be used.
    pub(crate) fn of(&self, channel: &Channel) -> Result<TlsConnector, SendError> {
        self.connector(channel).map_err(|why| {
            SendError::new(ErrorClass::Tls, format!("the settings of delivery.tls cannot be used: {why}"))
        })
    }

    fn connector(&self, channel: &Channel) -> Result<TlsConnector, String> {
        let verifier = self.verifier(&channel.tls)?;
        let builder = trusting(self.builder().map_err(|error| error.to_string())?, verifier);
        let config = match self.client_key(&channel.tls)? {
            Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
            None => builder.with_no_client_auth(),
        };
        Ok(offering(config, channel.http_version))
    }

    fn builder(&self) -> Result<ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
        let builder: ConfigBuilder<ClientConfig, WantsVersions> =
            ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        builder.with_safe_default_protocol_versions()
    }

    fn verifier(&self, settings: &TlsSettings) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let Some(authorities) = &settings.ca else { return Ok(Arc::clone(&self.machine) as _) };
        let mut roots = RootCertStore::empty();
        for authority in material::certificates(authorities).map_err(|why| format!("`ca` {why}"))? {
            roots.add(authority).map_err(|error| format!("`ca` cannot be used: {error}"))?;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider)).build();
        verifier.map(|verifier| verifier as _).map_err(|error| format!("`ca` cannot be used: {error}"))
    }

    fn client_key(&self, settings: &TlsSettings) -> Result<Option<CertifiedKey>, String> {
        let Some((chain, key)) = settings.client_certificate.as_ref().zip(settings.client_key.as_ref())
        else {
            return Ok(None);
        };
        let chain = material::certificates(chain).map_err(|why| format!("`client_certificate` {why}"))?;
        let key = material::key(key, &self.provider).map_err(|why| format!("`client_key` {why}"))?;
        Ok(Some(CertifiedKey::new(chain, key)))
    }
}

fn trusting(
    builder: ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    // These verifiers are full ones: "dangerous" is rustls' word for every verifier that it does not make itself.
    builder.dangerous().with_custom_certificate_verifier(verifier)
}

fn offering(mut config: ClientConfig, newest: HttpVersion) -> TlsConnector {
    config.alpn_protocols = match newest {
        HttpVersion::One => vec![HTTP_1.to_vec()],
        HttpVersion::Two => vec![HTTP_2.to_vec(), HTTP_1.to_vec()],
    };
    TlsConnector::from(Arc::new(config))
}

/// Wraps a stream after a handshake with `host`, and says whether it is to carry HTTP/2.
pub(crate) async fn handshake(
    connector: &TlsConnector,
    host: &str,
    stream: Box<dyn Stream>,
) -> io::Result<(Box<dyn Stream>, bool)> {
    let name = server_name(host).map_err(io::Error::other)?;
    let stream = connector.connect(name, stream).await?;
    let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
    Ok((Box::new(stream), is_http_2))
}

/// Why a handshake with `host` failed, for people.
pub(crate) fn why_failed(host: &str, error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        // What came is no record of TLS: most often the port of plain HTTP.
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => format!(
            "the TLS handshake with {host} failed: it answered without TLS. Should the URL begin with http:// or name another port?"
        ),
        _ => format!("the TLS handshake with {host} failed: {error}"),
    }
}

/// The name the certificate must be for. The dot that ends an absolute name belongs to DNS; no certificate has it.
fn server_name(host: &str) -> Result<ServerName<'static>, InvalidDnsNameError> {
    Ok(ServerName::try_from(host.strip_suffix('.').unwrap_or(host))?.to_owned())
}
