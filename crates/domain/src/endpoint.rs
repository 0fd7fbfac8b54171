//! Where a push subscription sends to: the URL and the customer's own headers, checked once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    headers,
    invalid::Invalid,
    limits::{HEADER_VALUE_BYTES_MAX, URL_CHARS_MAX},
};

/// An http or https URL without credentials, kept exactly as it was written: its query reaches the receiver without a
/// change. Whether its host may be called is for the guard in `egress`, at each attempt.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// Checks a URL.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > URL_CHARS_MAX {
            return Err(Invalid::new(format!("is longer than {URL_CHARS_MAX} characters")));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new(
                "holds a space or a character outside ASCII: write it percent-encoded, as in %20",
            ));
        }
        let url = url::Url::parse(text).map_err(|error| {
            Invalid::new(format!("is not a URL ({error}): write one such as https://example.com/hook"))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Invalid::new(format!(
                "has the scheme {}: only http and https can be called",
                url.scheme()
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::new(
                "holds a user name or password: put them into `delivery.authorization` instead",
            ));
        }
        if url.port() == Some(0) {
            return Err(Invalid::new("has the port 0, which cannot be called"));
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of https.
    pub fn is_https(&self) -> bool {
        self.0.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }

    /// The host in lower case and the port, the scheme's own where none is written: `example.com:443`.
    pub fn host_and_port(&self) -> Option<String> {
        let url = url::Url::parse(&self.0).ok()?;
        Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
    }
}

impl TryFrom<String> for EndpointUrl {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<EndpointUrl> for String {
    fn from(url: EndpointUrl) -> Self {
        url.0
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A query may hold the customer's key; logs show the rest only.
        write!(out, "{}", self.0.split(['?', '#']).next().unwrap_or_default())
    }
}

/// A header that the customer adds to each request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomHeader {
    /// As the customer wrote it.
    pub name: String,
    /// Visible ASCII, spaces and tabs inside.
    pub value: String,
}

/// A URL whose query holds no values any more: customers put keys there.
pub fn masked_query(url: &str) -> String {
    let Some((before, query)) = url.split_once('?') else { return url.to_owned() };
    let mask = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => format!("{name}=***"),
        None if pair.is_empty() => String::new(),
        // A key alone may stand without a name.
        None => "***".to_owned(),
    };
    let masked: Vec<String> = query.split('&').map(mask).collect();
    format!("{before}?{}", masked.join("&"))
}

/// Names that are ours to write: a customer's value would break the framing. Those that a profile writes, such as its
/// signature's, are its own to reserve.
const RESERVED_NAMES: [&str; 11] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

impl CustomHeader {
    /// Checks a header's name and value.
    pub fn parse(name: &str, value: &str) -> Result<Self, Invalid> {
        if name.len() > 128 || !headers::is_name(name) {
            return Err(Invalid::new(
                "has a name that HTTP does not allow: use letters, digits and hyphens, at most 128",
            ));
        }
        if let Some(reserved) = RESERVED_NAMES.iter().find(|reserved| headers::is_same_name(name, reserved)) {
            return Err(Invalid::new(if name.eq_ignore_ascii_case(reserved) {
                format!("sets {name}, which Postroad itself writes: remove it")
            } else {
                format!(
                    "sets {name}, which many gateways read as {reserved}, a header that Postroad itself writes: give it another name"
                )
            }));
        }
        if value.len() > HEADER_VALUE_BYTES_MAX {
            return Err(Invalid::new(format!("has a value longer than {HEADER_VALUE_BYTES_MAX} bytes")));
        }
        check_header_value(value)?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// Checks the value of a header: visible ASCII with spaces and tabs between, so that no value can start a new line.
pub fn check_header_value(value: &str) -> Result<(), Invalid> {
    let visible = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t');
    if !visible || value.trim_matches([' ', '\t']) != value {
        return Err(Invalid::new(
            "has a value with a line break, a character outside ASCII, or a space at its edge: remove it",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_query_are_masked_and_its_names_are_not() {
        for (url, masked) in [
            ("https://example.com/a", "https://example.com/a"),
            ("https://example.com/a?", "https://example.com/a?"),
            ("https://example.com/a?key=1&b=&c=x=y", "https://example.com/a?key=***&b=***&c=***"),
            ("https://example.com/?token&&x=1", "https://example.com/?***&&x=***"),
        ] {
            assert_eq!(masked_query(url), masked);
        }
    }

    #[test]
    fn a_url_stays_as_it_was_written() {
        for text in ["https://h/x?key=A%2FB&k=1#frag", "http://127.0.0.1:9000", "https://[::1]/a/../b"] {
            assert_eq!(EndpointUrl::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_url_that_cannot_be_called_is_refused_with_the_remedy() {
        for (text, hint) in [
            ("", "https://example.com/hook"),
            ("example.com/hook", "https://example.com/hook"),
            ("ftp://example.com", "only http and https"),
            ("file:///etc/passwd", "only http and https"),
            ("https://user:pw@example.com/", "delivery.authorization"),
            ("https://user@example.com/", "delivery.authorization"),
            ("https://example.com/a b", "percent-encoded"),
            ("https://bücher.example/", "percent-encoded"),
            ("https://example.com:0/", "port 0"),
            ("https:///", "https://example.com/hook"),
        ] {
            let refused = EndpointUrl::parse(text).unwrap_err().to_string();
            assert!(refused.contains(hint), "{text}: {refused}");
        }
    }

    #[test]
    fn a_customers_header_cannot_break_the_framing() {
        for name in ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "te"] {
            let refused = CustomHeader::parse(name, "x").unwrap_err().to_string();
            assert!(refused.contains("Postroad itself writes"), "{name}: {refused}");
        }
        for name in ["content_length", "Transfer_Encoding", "KEEP_ALIVE", "content_type"] {
            let refused = CustomHeader::parse(name, "x").unwrap_err().to_string();
            assert!(
                refused.contains("many gateways read as") && refused.contains("another name"),
                "{refused}"
            );
        }
        CustomHeader::parse("x_key", "x").unwrap();
        for (name, value) in
            [("", "x"), ("a b", "x"), ("a:b", "x"), ("ok", "a\r\nHost: b"), ("ok", "é"), ("ok", " x")]
        {
            CustomHeader::parse(name, value).unwrap_err();
        }
        assert_eq!(CustomHeader::parse("X-Key", "a b\tc").unwrap().value, "a b\tc");
    }

    #[test]
    fn a_log_line_does_not_show_the_query() {
        let url = EndpointUrl::parse("https://h/x?key=secret").unwrap();
        assert_eq!(format!("{url:?}"), "https://h/x");
    }
}
