//! One HTTP exchange over the pool, and what can go wrong with it.

use std::{error::Error as StdError, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::CertificateDer};
use rustls_platform_verifier::Verifier;

use super::{Answer, Call, Transport};
use crate::error::Error;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("postroad-client/", env!("CARGO_PKG_VERSION")));

/// A pool of connections, with TLS where the server's URL asks for it.
pub(crate) type Connections = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A pool that trusts what the machine trusts, and `extra_roots` besides.
pub(crate) fn connect(
    extra_roots: Vec<CertificateDer<'static>>,
    idle_max: usize,
) -> Result<Connections, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra_roots, Arc::clone(&provider))?;
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // The verifier of the platform is a full one: "dangerous" is rustls' word for every verifier not its own.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(idle_max).build(connector))
}

impl Transport {
    /// One attempt of a call.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Answer, Error> {
        let request = self.request(call)?;
        let response = self.connections.request(request).await.map_err(|error| self.no_answer(error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.settings.answer_bytes_max).collect().await;
        let body = body.map_err(|error| self.broken_off(head.status.as_u16(), error))?.to_bytes();
        Answer::of(&self.settings.server, head.status, &head.headers, body)
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.settings.server, call.path))
            .header(header::AUTHORIZATION, self.settings.authorization.clone())
            .header(header::ACCEPT, JSON)
            .header(header::USER_AGENT, USER_AGENT);
        if call.body.is_some() {
            request = request.header(header::CONTENT_TYPE, JSON);
        }
        if let Some((name, value)) = &call.header {
            request = request.header(name, value.clone());
        }
        // The server's URL was checked, and everything behind it is encoded; what is left is a path of absurd length.
        request.body(Full::new(call.body.clone().unwrap_or_default())).map_err(|error| Error::Connection {
            server: self.settings.server.clone(),
            is_unsent: true,
            reason: "the path of the call is not valid".to_owned(),
            source: Box::new(error),
        })
    }

    fn no_answer(&self, error: legacy::Error) -> Error {
        let is_unsent = error.is_connect();
        let what = if is_unsent { "cannot connect" } else { "the connection broke before the answer" };
        self.connection(is_unsent, what, Box::new(error))
    }

    fn broken_off(&self, status: u16, error: Box<dyn StdError + Send + Sync>) -> Error {
        if error.is::<LengthLimitError>() {
            let reason = format!("more than {} bytes", self.settings.answer_bytes_max);
            return Error::Unexpected { server: self.settings.server.clone(), status, reason };
        }
        self.connection(false, "the connection broke within the answer", error)
    }

    fn connection(&self, is_unsent: bool, what: &str, source: Box<dyn StdError + Send + Sync>) -> Error {
        let innermost = innermost(&*source);
        let reason = match innermost.downcast_ref::<rustls::Error>() {
            // What came is no record of TLS.
            Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
                format!("{what}: the server answers without TLS. Should its URL begin with http://?")
            }
            _ => format!("{what}: {innermost}"),
        };
        Error::Connection { server: self.settings.server.clone(), is_unsent, reason, source }
    }
}

/// The layers between only say that something below them failed.
fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    std::iter::successors(Some(error), |&error| error.source()).last().unwrap_or(error)
}
