//! The way out through a proxy of the operator's: CONNECT for every connection, http and https alike.
//!
//! **Invariant:** the proxy never sees a request, only bytes through a tunnel: the same code writes requests with and
//! without one. Lacking on purpose: names are not resolved here, the proxy does that, and so the verdict on their
//! addresses is the proxy's. TLS to the proxy itself and other kinds of proxies.

use std::{fmt, io};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use postroad_domain::Invalid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;
use zeroize::Zeroizing;

use crate::dial::Stream;

/// Bytes of the head of the proxy's answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
const FORM: &str =
    "must be a URL such as http://proxy.example.com:3128, or with http://user:password@ before the host";

/// The operator's proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct EgressProxy {
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<Zeroizing<String>>,
}

impl EgressProxy {
    /// Reads `http://[user:password@]host[:port]`; the password may be percent-encoded.
    ///
    /// Errors: it is not such a URL; the value is not repeated, since it may hold a password.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let url = Url::parse(text).map_err(|_| Invalid::new(FORM))?;
        if url.scheme() != "http" {
            return Err(Invalid::new(
                "must begin with http://: the way to the proxy itself is not encrypted",
            ));
        }
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|host| is_bare && !host.is_empty()).ok_or(Invalid::new(FORM))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(Invalid::new(FORM))?;
        Ok(Self { host, port, authorization: authorization(&url)? })
    }

    /// Asks the proxy behind `stream` for a tunnel to a host and port. From then on the stream is the host's.
    pub(crate) async fn tunnel(
        &self,
        mut stream: Box<dyn Stream>,
        host: &str,
        port: u16,
    ) -> Result<Box<dyn Stream>, ProxyError> {
        let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
        if let Some(authorization) = &self.authorization {
            for part in ["Proxy-Authorization: ", authorization, "\r\n"] {
                request.push_str(part);
            }
        }
        request.push_str("\r\n");
        let broken = |source| ProxyError::Broken { proxy: self.to_string(), source };
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;
        let head = read_head(&mut stream).await.map_err(broken)?;
        match head.status {
            Some(200..=299) if head.goes_on => Err(ProxyError::Early { proxy: self.to_string(), target }),
            Some(200..=299) => Ok(stream),
            Some(407) => Err(ProxyError::Credentials { proxy: self.to_string() }),
            Some(status) => Err(ProxyError::Refused { proxy: self.to_string(), target, status }),
            None => Err(ProxyError::NotHttp { proxy: self.to_string() }),
        }
    }
}

impl fmt::Display for EgressProxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(out, "[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// `Basic …` of the user and password in the URL (RFC 7617); none without a user.
fn authorization(url: &Url) -> Result<Option<Zeroizing<String>>, Invalid> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user: Vec<u8> = percent_decode_str(url.username()).collect();
    if user.contains(&b':') {
        return Err(Invalid::new("has a user name with a colon, which Basic authentication cannot carry"));
    }
    let mut pair = Zeroizing::new(user);
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Ok(Some(Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)))))
}

/// The head of the proxy's answer.
struct Head {
    /// `None` where it is not HTTP.
    status: Option<u16>,
    /// There is more behind it.
    goes_on: bool,
}

async fn read_head(stream: &mut Box<dyn Stream>) -> io::Result<Head> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= HEAD_BYTES_MAX {
            return Ok(Head { status: None, goes_on: true });
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(&head);
    let ends_there = parsed.is_ok_and(|parsed| parsed == httparse::Status::Complete(head.len()));
    Ok(Head { status: response.code, goes_on: !ends_there })
}

/// Why there is no tunnel, for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error("cannot reach the egress proxy {proxy}: {source}")]
    Unreachable { proxy: String, source: io::Error },
    #[error("the egress proxy {proxy} broke the connection off before it had answered: {source}")]
    Broken { proxy: String, source: io::Error },
    #[error("the egress proxy {proxy} wants other credentials (status 407): set them in --egress-proxy")]
    Credentials { proxy: String },
    #[error("the egress proxy {proxy} refused to connect to {target} (status {status})")]
    Refused { proxy: String, target: String, status: u16 },
    #[error("the egress proxy {proxy} does not answer as an HTTP proxy: look at --egress-proxy")]
    NotHttp { proxy: String },
    #[error("through the egress proxy {proxy} {target} spoke before it was asked anything")]
    Early { proxy: String, target: String },
}

impl ProxyError {
    /// Whether it is the same for all receivers. What the proxy says of one receiver, also that it cannot reach it, is that
    /// receiver's; so is a connection that it breaks off, since nobody knows why.
    pub(crate) fn is_for_all(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Credentials { .. } | Self::NotHttp { .. } => true,
            Self::Broken { .. } | Self::Refused { .. } | Self::Early { .. } => false,
        }
    }

    /// The same for tenants, to whom the operator's network is no business.
    pub(crate) fn for_tenants(&self) -> String {
        let what = match self {
            Self::Unreachable { .. } => "cannot be reached",
            Self::Broken { .. } => "broke the connection off before it had answered",
            Self::Credentials { .. } => "does not let the server through (status 407)",
            Self::NotHttp { .. } => "does not answer as an HTTP proxy",
            Self::Refused { target, status, .. } => {
                return format!(
                    "the operator's egress proxy refused to connect to {target} (status {status})"
                );
            }
            Self::Early { target, .. } => return format!("{target} spoke before it was asked anything"),
        };
        format!("the operator's egress proxy {what}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port_with_or_without_credentials() {
        for (text, shown, authorization) in [
            ("http://proxy.example:3128", "proxy.example:3128", None),
            ("http://proxy.example/", "proxy.example:80", None),
            ("http://10.0.0.1:8888", "10.0.0.1:8888", None),
            ("http://[::1]:3128", "[::1]:3128", None),
            ("http://ann:p%40ss@proxy.example:3128", "proxy.example:3128", Some("Basic YW5uOnBAc3M=")),
            ("http://ann@proxy.example:3128", "proxy.example:3128", Some("Basic YW5uOg==")),
        ] {
            let proxy = EgressProxy::parse(text).unwrap();
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(proxy.authorization.as_ref().map(|value| value.as_str()), authorization, "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_repeated() {
        for text in [
            "",
            "proxy.example:3128",
            "https://proxy.example",
            "socks5://proxy.example",
            "http://",
            "http://proxy.example:0",
            "http://proxy.example/path",
            "http://proxy.example/?q",
            "http://ann%3A:secret@proxy.example",
        ] {
            let refused = EgressProxy::parse(text).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
