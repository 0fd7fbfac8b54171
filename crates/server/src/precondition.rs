//! `If-Match`: a change that is made only if the thing still is what its caller saw (RFC 9110, section 13.1.1).

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use crate::problem::{Code, Problem};

/// What a caller demands of the thing that is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing.
    Absent,
    /// `*`: that it is there.
    Any,
    /// That it has one of these tags.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Whether it holds for a thing with this tag; `None` for one that is not there.
    pub(crate) fn holds(&self, tag: Option<&str>) -> bool {
        match self {
            Self::Absent => true,
            Self::Any => tag.is_some(),
            Self::Tags(tags) => tag.is_some_and(|tag| tags.iter().any(|known| known == tag)),
        }
    }

    /// The refusal when it does not hold.
    pub(crate) fn failed(noun: &str) -> Problem {
        let detail = format!(
            "The {noun} is not, or not any more, what `If-Match` names. Read it: its tag stands in the header `ETag`, such as \
             \"v3\". Look at what changed, and try again."
        );
        Problem::new(Code::PreconditionFailed, detail)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.headers).ok_or_else(|| {
            let message = "must be `*` or tags as in the header `ETag`, such as \"v3\"; leave it out to change whatever is \
                           there";
            Problem::invalid_field("If-Match", message)
        })
    }
}

fn read(headers: &HeaderMap) -> Option<IfMatch> {
    let mut tags = Vec::new();
    let mut found = IfMatch::Absent;
    for value in headers.get_all(header::IF_MATCH) {
        let value = value.to_str().ok()?.trim();
        if value == "*" {
            return Some(IfMatch::Any);
        }
        read_tags(value, &mut tags)?;
        found = IfMatch::Tags(Vec::new());
    }
    Some(if found == IfMatch::Absent { found } else { IfMatch::Tags(tags) })
}

/// A weak tag never matches here (strong comparison), so it is passed over. A header that names no tag at all is a fault of
/// its writer's, who most likely meant the `ETag` of an answer and had none.
fn read_tags(mut rest: &str, tags: &mut Vec<String>) -> Option<()> {
    let mut names_one = false;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return names_one.then_some(());
        }
        names_one = true;
        let strong = rest.strip_prefix("W/");
        let (tag, behind) = strong.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if strong.is_none() {
            tags.push(tag.to_owned());
        }
        rest = behind.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Option<IfMatch> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        read(&headers)
    }

    #[test]
    fn tags_are_read_from_every_form_that_the_standard_has() {
        let tags = |tags: &[&str]| Some(IfMatch::Tags(tags.iter().map(ToString::to_string).collect()));
        assert_eq!(of(&[]), Some(IfMatch::Absent));
        assert_eq!(of(&["*"]), Some(IfMatch::Any));
        assert_eq!(of(&["\"v1\""]), tags(&["v1"]));
        assert_eq!(of(&["\"v1\", \"a,b\" ,\"v3\""]), tags(&["v1", "a,b", "v3"]));
        assert_eq!(of(&["\"v1\"", "W/\"v2\""]), tags(&["v1"]));
        for wrong in ["", ", ,", "v1", "\"v1", "v1\"", "\"v1\" \"v2\"", "w/\"v1\""] {
            assert_eq!(of(&[wrong]), None, "{wrong}");
        }
    }

    #[test]
    fn a_weak_tag_never_matches_and_a_star_wants_that_it_is_there() {
        assert!(!of(&["W/\"v1\""]).unwrap().holds(Some("v1")));
        assert!(of(&["\"v1\""]).unwrap().holds(Some("v1")));
        assert!(!of(&["\"v1\""]).unwrap().holds(None));
        assert!(IfMatch::Any.holds(Some("v1")) && !IfMatch::Any.holds(None));
        assert!(IfMatch::Absent.holds(None));
    }
}
