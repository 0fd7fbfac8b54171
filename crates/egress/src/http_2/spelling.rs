//! The spelling of header names: hyper knows names in lower case only and writes them so, many receivers' documentation
//! and some receivers want `X-LeadHub-Signature`.
//!
//! hyper writes another spelling when a request carries it among its extensions, in a type that is hyper's own. Only its
//! parser makes one: so each list of names is written once as a head, in memory, and read by hyper's server side, which
//! leaves the spelling in the extensions of the request it has read. The list then stays in a cache.
//!
//! **Invariant:** names arrive in their spelling and in their order; several of one name follow the first of them, one
//! line each, because hyper keeps them together. `Host` and `Content-Length` are refused here: they follow from URL and
//! body.

mod learn;

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use postroad_domain::{ErrorClass, Headers};
use quick_cache::{Equivalent, sync::Cache};

use crate::exchange::SendError;

/// Lists of names that are kept; about 10 KiB each.
const LISTS_CACHED_MAX: usize = 1_000;
/// More in one request are a mistake, and hyper's own map ends at 32,768.
const HEADERS_MAX: usize = 1_000;
/// What frames the request. A second word on it would let the receiver see another request than the one sent.
const FRAMING: [HeaderName; 3] = [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// Turns lists of headers into what hyper writes as given.
pub(crate) struct Speller {
    cached: Cache<Names, Arc<Spelling>>,
}

/// What is known of one list of names.
struct Spelling {
    /// In the order of the list.
    names: Vec<HeaderName>,
    /// Holds the spelling for hyper.
    extensions: Extensions,
}

impl Speller {
    pub(crate) fn new() -> Self {
        Self { cached: Cache::new(LISTS_CACHED_MAX) }
    }

    /// The headers for hyper and the extensions that say how to spell them. Errors: `Protocol` for a name or value
    /// that HTTP cannot carry, or one of a header that is not the caller's to write.
    pub(crate) fn spell(&self, headers: &Headers) -> Result<(HeaderMap, Extensions), SendError> {
        let spelling = self.spelling(headers)?;
        let mut map = HeaderMap::with_capacity(headers.len() + FRAMING.len());
        for ((written, value), name) in headers.iter().zip(&spelling.names) {
            let value = HeaderValue::try_from(value)
                .map_err(|_| unsendable(format!("the value of {written} holds a control character")))?;
            map.append(name.clone(), value);
        }
        Ok((map, spelling.extensions.clone()))
    }

    fn spelling(&self, headers: &Headers) -> Result<Arc<Spelling>, SendError> {
        if let Some(known) = self.cached.get(&Asked(headers)) {
            return Ok(known);
        }
        let spelling = Arc::new(Spelling::learn(headers)?);
        let names = headers.iter().map(|(name, _)| name.to_owned()).collect();
        self.cached.insert(Names(names), Arc::clone(&spelling));
        Ok(spelling)
    }
}

impl Spelling {
    fn learn(headers: &Headers) -> Result<Self, SendError> {
        if headers.len() > HEADERS_MAX {
            return Err(unsendable(format!("it has more than {HEADERS_MAX} headers")));
        }
        let names = headers.iter().map(|(name, _)| name_of(name)).collect::<Result<Vec<_>, _>>()?;
        let extensions = learn::extensions_for(headers.iter().map(|(name, _)| name))
            .ok_or_else(|| unsendable("the names of its headers are too long".to_owned()))?;
        Ok(Self { names, extensions })
    }
}

fn name_of(written: &str) -> Result<HeaderName, SendError> {
    let name = HeaderName::from_bytes(written.as_bytes())
        .map_err(|_| unsendable(format!("{written:?} is not a name that HTTP allows for a header")))?;
    if FRAMING.contains(&name) {
        return Err(unsendable(format!("{written} follows from its URL and body")));
    }
    Ok(name)
}

fn unsendable(why: String) -> SendError {
    SendError::new(ErrorClass::Protocol, format!("the request cannot be sent: {why}"))
}

/// A list of names as spelt: the key of the cache.
struct Names(Vec<String>);

/// The same, looked up without a copy.
struct Asked<'a>(&'a Headers);

impl Hash for Names {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|name| name.hash(state));
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|(name, _)| name.hash(state));
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Names {}

impl Equivalent<Names> for Asked<'_> {
    fn equivalent(&self, key: &Names) -> bool {
        self.0.iter().map(|(name, _)| name).eq(key.0.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Headers {
        names.iter().map(|name| (name, "v")).collect()
    }

    fn refusal(headers: &Headers) -> String {
        let refused = Speller::new().spell(headers).unwrap_err();
        assert_eq!(refused.class, ErrorClass::Protocol);
        refused.message
    }

    #[test]
    fn a_list_is_learnt_once_and_each_spelling_is_its_own() {
        let speller = Speller::new();
        for (names, lists_known) in
            [(&["X-A", "X-b"][..], 1), (&["X-A", "X-b"], 1), (&["X-A", "x-B"], 2), (&["X-AX-b"], 3)]
        {
            speller.spell(&list(names)).unwrap();
            assert_eq!(speller.cached.len(), lists_known, "{names:?}");
        }
    }

    #[test]
    fn the_cache_keeps_no_more_lists_than_it_may() {
        let speller = Speller::new();
        for number in 0..2 * LISTS_CACHED_MAX {
            speller.spell(&list(&[&format!("X-{number}")])).unwrap();
        }
        assert!(speller.cached.len() <= LISTS_CACHED_MAX, "{}", speller.cached.len());
    }

    #[test]
    fn what_http_cannot_carry_is_refused_with_words_and_without_the_value() {
        for name in ["", "X A", "X:A", "Ü", "X\r\nY"] {
            let message = refusal(&list(&["Fine", name]));
            assert!(message.ends_with(&format!("{name:?} is not a name that HTTP allows for a header")));
        }
        for value in ["a\r\nX-Evil: 1", "a\nb", "a\0", "\x7f"] {
            let message = refusal(&[("X-Key", value)].into());
            assert_eq!(message, "the request cannot be sent: the value of X-Key holds a control character");
        }
    }

    #[test]
    fn what_frames_the_request_is_not_the_callers_to_write() {
        for name in ["Host", "CONTENT-LENGTH", "transfer-encoding"] {
            assert!(refusal(&list(&[name])).ends_with(&format!("{name} follows from its URL and body")));
        }
    }

    #[test]
    fn a_list_without_end_is_refused() {
        assert!(Speller::new().spell(&list(&["X"; HEADERS_MAX])).is_ok());
        assert!(refusal(&list(&["X"; HEADERS_MAX + 1])).ends_with("it has more than 1000 headers"));
        assert!(refusal(&list(&["X".repeat(60_000).as_str(); 10])).ends_with("headers are too long"));
    }
}
