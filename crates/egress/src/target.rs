//! From the URL as it was written to the request target: who is called is what the URL standard reads, what is asked for
//! is what the customer wrote.
//!
//! **Invariant:** the host that is judged, dialled and named in `Host` comes from one parser only. Two parsers that
//! disagree about where the host ends are the oldest way around a guard.

use std::sync::Arc;

use http::uri::{PathAndQuery, Scheme};
use http::{Uri, uri};
use postroad_domain::{EndpointUrl, ErrorClass, Hashed};
use url::Url;

use crate::exchange::SendError;

/// Whom a request goes to and what it asks for.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) place: Arc<Hashed<Place>>,
    pub(crate) uri: Uri,
}

/// Where connections lead to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) is_https: bool,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    /// Of a URL. Errors: as [`uri_of`].
    pub(crate) fn of(url: &EndpointUrl) -> Result<Self, SendError> {
        let uri = uri_of(url)?;
        Ok(Self { place: Arc::new(Hashed::new(Place::of(&uri))), uri })
    }

    /// The host and the port, where it is not the scheme's own.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// As the customer wrote them.
    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |target| target.as_str())
    }
}

impl Place {
    pub(crate) fn of(uri: &Uri) -> Self {
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        Self { is_https, host: host_of(uri).to_owned(), port: port_of(uri) }
    }
}

/// The URL with its host in normal form and its path and query untouched. Errors: `Protocol` for what HTTP cannot carry.
pub(crate) fn uri_of(url: &EndpointUrl) -> Result<Uri, SendError> {
    let parsed = Url::parse(url.as_str()).map_err(|_| unsendable("it is not a URL"))?;
    let host = parsed.host_str().ok_or_else(|| unsendable("it has no host"))?;
    let mut parts = uri::Parts::default();
    parts.scheme = Some(if parsed.scheme() == "https" { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(match parsed.port() {
        Some(port) => format!("{host}:{port}").parse().map_err(|_| unsendable("its host is not valid"))?,
        None => host.parse().map_err(|_| unsendable("its host is not valid"))?,
    });
    parts.path_and_query = Some(path_and_query(url.as_str())?);
    Uri::from_parts(parts).map_err(|_| unsendable("it is not valid in HTTP"))
}

/// The host of a URI without the brackets of a literal IPv6 address.
pub(crate) fn host_of(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port of a URI, or its scheme's own.
pub(crate) fn port_of(uri: &Uri) -> u16 {
    let is_https = uri.scheme() == Some(&Scheme::HTTPS);
    uri.port_u16().unwrap_or(if is_https { 443 } else { 80 })
}

fn path_and_query(text: &str) -> Result<PathAndQuery, SendError> {
    let (_, rest) = text.split_once("://").ok_or_else(|| unsendable("it lacks the // before its host"))?;
    let host_len = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    if host_len == 0 {
        return Err(unsendable("it has more than two slashes before its host"));
    }
    let target = rest[host_len..].split('#').next().unwrap_or_default();
    let target = match target.as_bytes().first() {
        None => return Ok(PathAndQuery::from_static("/")),
        // A query right behind the host: HTTP wants a path before it.
        Some(b'?') => format!("/{target}").parse(),
        Some(b'\\') => return Err(unsendable("it has a backslash where its path begins")),
        Some(_) => target.parse(),
    };
    target.map_err(|_| unsendable("its path or query holds a character that must be percent-encoded"))
}

fn unsendable(why: &str) -> SendError {
    SendError::new(ErrorClass::Protocol, format!("the URL cannot be sent as it is written: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Result<(String, String), SendError> {
        let uri = uri_of(&EndpointUrl::parse(text).unwrap())?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        Ok((authority, uri.path_and_query().map(ToString::to_string).unwrap_or_default()))
    }

    #[test]
    fn the_target_is_what_the_customer_wrote() {
        for (text, authority, path_and_query) in [
            ("https://h", "h", "/"),
            ("https://h#f", "h", "/"),
            ("https://h?a=1", "h", "/?a=1"),
            ("https://h/?", "h", "/?"),
            ("https://H:443/A/../b/./c//d", "h", "/A/../b/./c//d"),
            ("http://h:8080/x?k=A%2fB&k=%7e&e=&&=x+y#frag?no", "h:8080", "/x?k=A%2fB&k=%7e&e=&&=x+y"),
            ("http://h/%2e%2e/%zz/{\"a\"}?q={'b'}|^`[]\\", "h", "/%2e%2e/%zz/{\"a\"}?q={'b'}|^`[]\\"),
            ("http://0x7f.1/x", "127.0.0.1", "/x"),
            ("http://[0:0::1]:80/x", "[::1]", "/x"),
            ("http://@h/x", "h", "/x"),
            ("http://h/a@b:c", "h", "/a@b:c"),
        ] {
            assert_eq!(target(text), Ok((authority.to_owned(), path_and_query.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_http_cannot_carry_is_refused_and_not_repaired() {
        for text in [
            "http:h/x",
            "http:/h/x",
            "http:///h/x",
            "http:\\\\h/x",
            "http://h\\@other/x",
            "http://h/a<b",
            "http://h/?a<b",
        ] {
            assert_eq!(target(text).unwrap_err().class, ErrorClass::Protocol, "{text}");
        }
    }
}
