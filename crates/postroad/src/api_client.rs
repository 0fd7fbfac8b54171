//! A client of Postroad's own API, for the commands that talk to a server.
//!
//! It goes through the same door as deliveries do, with every address allowed: the person at the keyboard says where
//! to. On purpose it never repeats a request and follows no redirect.

use std::{fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use postroad_domain::{EndpointUrl, Invalid};
use postroad_egress::{
    AddressPolicy, Egress as _, EgressConfig, HttpEgress, OutboundRequest, SendError, StartError, SystemDial,
};
use serde::Deserialize;
use thiserror::Error;

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Why a call brought no success.
#[derive(Debug, Error)]
pub enum CallError {
    /// The server's URL is not one.
    #[error("the server's URL {0}")]
    BadUrl(Invalid),
    /// The key cannot stand in a header.
    #[error("the key holds a character that a key never has")]
    BadKey,
    /// The client cannot be set up.
    #[error("cannot set up the resolver of names: {0}")]
    Resolver(#[from] io::Error),
    /// The client cannot be set up.
    #[error(transparent)]
    Tls(#[from] StartError),
    /// No answer came.
    #[error("no answer from {server}: {source}")]
    NoAnswer {
        /// The server's URL.
        server: String,
        /// Why not.
        source: SendError,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(Problem),
    /// The server answered something that this API never answers.
    #[error(
        "{server} answered {status} with something that is not Postroad's: is another program listening there?"
    )]
    Strange {
        /// The server's URL.
        server: String,
        /// The HTTP status.
        status: u16,
    },
}

/// A refusal as the server gives it (RFC 9457), for people.
#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    title: String,
    status: u16,
    #[serde(default)]
    detail: Option<String>,
    code: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Deserialize)]
struct FieldError {
    field: String,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (status {}, code {})", self.title, self.status, self.code)?;
        if let Some(detail) = self.detail.as_ref().filter(|detail| **detail != self.title) {
            write!(out, "\n  {detail}")?;
        }
        for error in &self.errors {
            write!(out, "\n  {}: {}", error.field, error.message)?;
        }
        Ok(())
    }
}

/// A client for one server and one key.
pub struct ApiClient {
    egress: HttpEgress,
    server: String,
    headers: Vec<(String, String)>,
}

impl ApiClient {
    /// A client for the server at `server`, a URL to which paths are appended.
    ///
    /// Errors: the URL or the key cannot be one; the machine's resolver or certificates cannot be read.
    pub fn new(server: &str, key: &str) -> Result<Self, CallError> {
        EndpointUrl::parse(server).map_err(CallError::BadUrl)?;
        let authorization = format!("Bearer {key}");
        HeaderValue::from_str(&authorization).map_err(|_| CallError::BadKey)?;
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let everywhere = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        let policy = AddressPolicy { allow_subnets: everywhere, ..AddressPolicy::default() };
        let egress = HttpEgress::new(EgressConfig::new(policy), Arc::new(SystemDial::new()?))?;
        Ok(Self { egress, server: server.trim_end_matches('/').to_owned(), headers })
    }

    /// Sends a JSON body to `path`, which begins with a slash, and answers the body of a 2xx.
    ///
    /// Errors: no answer, or a refusal.
    pub async fn call(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Bytes, CallError> {
        let url = EndpointUrl::parse(&format!("{}{path}", self.server)).map_err(CallError::BadUrl)?;
        let request = OutboundRequest {
            method,
            url,
            headers: self.headers.clone(),
            body: body.into(),
            deadline: DEADLINE,
        };
        let server = || self.server.clone();
        let response = self.egress.exchange(request).await;
        let response = response.map_err(|source| CallError::NoAnswer { server: server(), source })?;
        if (200..300).contains(&response.status) {
            return Ok(response.body);
        }
        Err(serde_json::from_slice(&response.body).map_or_else(
            |_| CallError::Strange { server: server(), status: response.status },
            CallError::Refused,
        ))
    }
}
