//! The page of a bin, from `templates/inspector.html`.
//!
//! **Invariant:** it loads nothing from anywhere and runs one script, its own; whatever a sender wrote is escaped text.

use std::error::Error;

use askama::Template;
use http::{HeaderName, header};

use super::{hints, pretty::pretty};
use crate::{
    inspector::{
        Inspector,
        bins::{Numbered, Page},
        name::BinName,
        recorded::Recorded,
        refusal::Refusal,
    },
    problem::{Code, Problem},
};

/// The one script of the page.
const SCRIPT: &str = include_str!("page/live.js");
/// Lets the browser run that script, by its SHA-256, and no other.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action \
                      'none'; frame-ancestors 'none'; script-src 'sha256-tj4vIbhiAsuh/cIY3RE+szdmUOP0aVlKgLhPnIHF9aA='";
/// Bytes of a body that the page shows; JSON has the rest.
pub(super) const SHOWN_BODY_BYTES_MAX: usize = 64 * 1024;
/// How much longer a body may become by line breaks; beyond it is shown as it came.
const PRETTY_TIMES_MAX: usize = 4;

#[derive(Template)]
#[template(path = "inspector.html")]
struct InspectorPage<'a> {
    bin: &'a str,
    url: String,
    answer: String,
    version: &'a str,
    requests: Vec<Shown<'a>>,
    older: Option<String>,
    is_first: bool,
    script: &'static str,
}

struct Shown<'a> {
    number: u64,
    time: String,
    request: &'a Recorded,
    from: String,
    headers: Vec<ShownHeader<'a>>,
    refused: Option<String>,
    signed: Option<String>,
    body: String,
    is_pretty: bool,
    note: Option<String>,
}

struct ShownHeader<'a> {
    name: &'a str,
    value: &'a str,
    hint: Option<&'static str>,
}

/// The page. `tag` changes whenever the bin does.
pub(super) fn render(
    inspector: &Inspector,
    bin: &BinName,
    page: &Page,
    next: Option<String>,
    is_first: bool,
    tag: &str,
) -> Result<String, Problem> {
    let html = InspectorPage {
        bin: bin.as_str(),
        url: inspector.bin_url(bin.as_str()),
        answer: page.answer.in_words(),
        version: tag.trim_matches('"'),
        requests: page.requests.iter().map(shown).collect(),
        older: next,
        is_first,
        script: SCRIPT,
    };
    html.render().map_err(|error| failed(&error))
}

/// What is told of the page beside it.
pub(super) fn headers(tag: &str) -> [(HeaderName, &str); 6] {
    [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "accept"),
        (header::ETAG, tag),
    ]
}

/// A page of texts and numbers can be made; where it cannot, the log knows why.
pub(super) fn failed(error: &dyn Error) -> Problem {
    tracing::error!(%error, "the inspector's page could not be made");
    Problem::new(Code::Internal, "The page could not be made. The server's log says why.")
}

fn shown((number, request): &Numbered) -> Shown<'_> {
    let (body, is_pretty, note) = shown_body(request);
    Shown {
        number: *number,
        time: time_of_day(&request.at.to_string()),
        request,
        from: request.remote.map_or("this server".to_owned(), |address| address.ip().to_string()),
        headers: request.headers.iter().map(shown_header).collect(),
        refused: request.refusal.map(Refusal::why),
        signed: hints::of_request(request),
        body,
        is_pretty,
        note,
    }
}

fn shown_header((name, value): &(String, String)) -> ShownHeader<'_> {
    ShownHeader { name, value, hint: hints::of_header(name) }
}

/// The body for people, whether line breaks were added, and what else there is to know about it.
fn shown_body(request: &Recorded) -> (String, bool, Option<String>) {
    let Ok(text) = std::str::from_utf8(&request.body) else {
        let note =
            format!("{} bytes that are not text: the JSON form has them as base64.", request.body_bytes);
        return (String::new(), false, Some(note));
    };
    if request.is_truncated() {
        let note = format!("Only {} of {} bytes are kept.", text.len(), request.body_bytes);
        return (beginning(text), false, Some(note));
    }
    if text.len() > SHOWN_BODY_BYTES_MAX {
        let note = format!("The beginning of {} bytes: the JSON form has all of them.", text.len());
        return (beginning(text), false, Some(note));
    }
    match pretty(text).filter(|pretty| pretty.len() <= PRETTY_TIMES_MAX * text.len() && pretty != text) {
        Some(pretty) => (pretty, true, None),
        None => (text.to_owned(), false, None),
    }
}

fn beginning(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN_BODY_BYTES_MAX.min(text.len()));
    text[..end].to_owned()
}

/// `2026-11-22T03:20:01.123Z` as `03:20:01.123`; the page shows the whole of it as a title.
fn time_of_day(moment: &str) -> String {
    let time = moment.split_once('T').map_or(moment, |(_, time)| time).trim_end_matches('Z');
    time.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest;
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn the_policy_lets_exactly_the_script_of_the_page_run() {
        let hash = STANDARD.encode(digest::digest(&digest::SHA256, SCRIPT.as_bytes()));
        assert!(POLICY.ends_with(&format!("script-src 'sha256-{hash}'")), "{hash}");
    }
}
