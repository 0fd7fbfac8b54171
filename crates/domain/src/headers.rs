//! [`Headers`]: the headers of a message, and what their names and values may hold.

use std::{fmt, slice};

use serde::{Deserialize, Serialize};

/// Whether HTTP allows it as the name of a header: a token (RFC 9110, section 5.6.2).
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| TOKEN[usize::from(byte)])
}

/// Whether it can be sent as the value of a header: a line break in it would be another header.
pub fn is_value(text: &str) -> bool {
    // To the end in any case: so several bytes are looked at at once.
    text.bytes().fold(true, |is_value, byte| is_value & ((byte == b'\t') | !byte.is_ascii_control()))
}

/// Whether two names of headers are the same to a receiver: in whatever case, and with `_` for `-`. Gateways that hand headers
/// on as variables (CGI, WSGI, PHP) fold both signs into one, so that `content_length` arrives as `content-length`.
pub fn is_same_name(one: &str, other: &str) -> bool {
    let fold = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    one.len() == other.len() && one.bytes().map(fold).eq(other.bytes().map(fold))
}

/// What a token is made of, by byte.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut place = 0;
    while place < marks.len() {
        table[marks[place] as usize] = true;
        place += 1;
    }
    table
};

/// Bytes of name and value for which there is room at first. One that is longer costs a copy of what is there.
const USUAL_BYTES: usize = 64;

/// Names and values of headers in their order. All of them are one text, and beside it stands where each ends: every delivery
/// has three sets of these, and a text of its own for each name and value would be most of the memory it asks for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(String, String)>", into = "Vec<(String, String)>")]
pub struct Headers {
    text: String,
    ends: Vec<Ends>,
}

/// Where a header ends in the text; it begins where the one before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    name: usize,
    value: usize,
}

/// Names and values in their order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    text: &'a str,
    start: usize,
    ends: slice::Iter<'a, Ends>,
}

impl Headers {
    /// None.
    pub const fn new() -> Self {
        Self { text: String::new(), ends: Vec::new() }
    }

    /// None, with room for so many of the usual length.
    pub fn with_room_for(count: usize) -> Self {
        Self::with_capacity(count, count * USUAL_BYTES)
    }

    /// None, with room for so many, of so many bytes together.
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all names and values.
    pub const fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Adds a header at the end.
    pub fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name = self.text.len();
        self.text.push_str(value);
        self.ends.push(Ends { name, value: self.text.len() });
    }

    /// Adds a header at the end, its name in lower case.
    pub fn push_lower_case(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.push(name, value);
        self.text[start..start + name.len()].make_ascii_lowercase();
    }

    /// Adds a header whose value is appended to the text by `write`. Errors: those of `write`; nothing is added then.
    pub fn push_with<E>(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.text.len();
        self.text.push_str(name);
        let name = self.text.len();
        if let Err(error) = write(&mut self.text) {
            self.text.truncate(before);
            return Err(error);
        }
        self.ends.push(Ends { name, value: self.text.len() });
        Ok(())
    }

    /// Names and values in their order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { text: &self.text, start: 0, ends: self.ends.iter() }
    }

    /// The value of the first header with this name, in whatever case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let ends = self.ends.next()?;
        let start = std::mem::replace(&mut self.start, ends.value);
        Some((&self.text[start..ends.name], &self.text[ends.name..ends.value]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ends.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Extend<(N, V)> for Headers {
    fn extend<T: IntoIterator<Item = (N, V)>>(&mut self, headers: T) {
        for (name, value) in headers {
            self.push(name.as_ref(), value.as_ref());
        }
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(headers: T) -> Self {
        let mut all = Self::new();
        all.extend(headers);
        all
    }
}

impl<const COUNT: usize> From<[(&str, &str); COUNT]> for Headers {
    fn from(headers: [(&str, &str); COUNT]) -> Self {
        headers.into_iter().collect()
    }
}

impl From<Vec<(String, String)>> for Headers {
    fn from(headers: Vec<(String, String)>) -> Self {
        headers.into_iter().collect()
    }
}

impl From<Headers> for Vec<(String, String)> {
    fn from(headers: Headers) -> Self {
        headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

impl<const COUNT: usize> PartialEq<[(&str, &str); COUNT]> for Headers {
    fn eq(&self, other: &[(&str, &str); COUNT]) -> bool {
        self.iter().eq(other.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tokens_and_values_hold_no_control_character_but_tabs() {
        for byte in 0..=127_u8 {
            let text = char::from(byte).to_string();
            let is_token = byte.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(&text);
            assert_eq!(is_name(&text), is_token, "{byte}");
            assert_eq!(is_value(&format!("a{text}b")), byte == b'\t' || (32..127).contains(&byte), "{byte}");
        }
        assert!(!is_name("") && !is_name("Ü") && is_value("") && is_value("Ü"));
    }

    #[test]
    fn a_name_is_the_same_in_capitals_and_with_underscores() {
        for name in ["content-length", "Content-Length", "content_length", "CONTENT_length"] {
            assert!(is_same_name(name, "content-length"), "{name}");
        }
        assert!(
            !is_same_name("contentlength", "content-length")
                && !is_same_name("content-lengths", "content-length")
        );
    }

    #[test]
    fn they_come_back_in_their_order_and_spelling() {
        let mut headers = Headers::from([("A", "1"), ("", ""), ("a", "…")]);
        headers
            .push_with("b", |value| {
                value.push('2');
                Ok::<_, ()>(())
            })
            .unwrap();
        headers.push_lower_case("C-É", "D");
        assert_eq!(headers, [("A", "1"), ("", ""), ("a", "…"), ("b", "2"), ("c-É", "D")]);
        assert_eq!((headers.len(), headers.bytes(), headers.is_empty()), (5, 13, false));
        assert_eq!((headers.get("B"), headers.get("a"), headers.get("d")), (Some("2"), Some("1"), None));
        assert_eq!(format!("{headers:?}"), r#"[("A", "1"), ("", ""), ("a", "…"), ("b", "2"), ("c-É", "D")]"#);
    }

    #[test]
    fn one_whose_value_cannot_be_written_is_not_added() {
        let mut headers = Headers::from([("a", "1")]);
        let refused = headers.push_with("b", |value| {
            value.push_str("half");
            Err("no")
        });
        assert_eq!(refused, Err("no"));
        headers.push("c", "3");
        assert_eq!(headers, [("a", "1"), ("c", "3")]);
    }

    #[test]
    fn sets_that_differ_only_in_where_their_headers_end_are_not_the_same() {
        assert_ne!(Headers::from([("ab", "c")]), Headers::from([("a", "bc")]));
    }

    #[test]
    fn in_json_they_are_pairs() {
        let headers = Headers::from([("a", "1")]);
        let text = serde_json::to_string(&headers).unwrap();
        assert_eq!((text.as_str(), serde_json::from_str(&text).unwrap()), (r#"[["a","1"]]"#, headers));
    }
}
