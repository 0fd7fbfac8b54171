//! The headers of a request, in the order they are sent: content type, user agent, the profile's, the authorization,
//! the customer's.

use postroad_domain::{Headers, headers};

use super::{Content, Rendering, read_when};
use crate::{
    error::RenderError,
    input::SubscriptionFacts,
    reader::Section,
    template::{Compiler, Condition, Scope, Template, Variable},
};

const USER_AGENT: &str = concat!("Postroad/", env!("CARGO_PKG_VERSION"));

/// Names that no profile may write: they frame the request, or stand elsewhere in the profile.
const RESERVED_NAMES: [&str; 5] =
    ["host", "content-length", "transfer-encoding", "connection", "content-type"];

/// One header of a profile. Several of one name are sent as several lines.
#[derive(Clone, Debug)]
pub(crate) struct HeaderRule {
    /// In the spelling that is sent.
    pub(crate) name: String,
    value: Template,
    when: Option<Condition>,
}

impl HeaderRule {
    /// Whether its value is made with one of these variables.
    pub(crate) fn reads_any(&self, mut variables: impl Iterator<Item = Variable>) -> bool {
        variables.any(|variable| self.value.reads(&variable))
    }
}

/// All headers of one attempt, by the rules for each request, and behind them those for one to an endpoint of the tenant.
pub(crate) fn write_headers(
    (own, of_endpoint): (&[HeaderRule], &[HeaderRule]),
    content: Option<&Content>,
    rendering: &Rendering<'_>,
) -> Result<Headers, RenderError> {
    let subscription = &rendering.facts.input.subscription;
    let rules = Rules { own, of_endpoint };
    let mut headers = Headers::with_room_for(rules.len() + subscription.headers.len() + 3);
    if let Some(content) = content {
        headers.push("Content-Type", &content.content_type);
    }
    if !brings(subscription, "user-agent") && !rules.write("user-agent") {
        headers.push("User-Agent", USER_AGENT);
    }
    for rule in rules.iter() {
        if rendering.wants(rule.when.as_ref())? {
            headers.push_with(&rule.name, |text| {
                let start = text.len();
                rule.value.render(rendering.environment, rendering.facts, text)?;
                check(&rule.name, &text[start..])
            })?;
        }
    }
    write_own(&rules, subscription, &mut headers);
    Ok(headers)
}

/// What the profile writes into one request.
struct Rules<'a> {
    own: &'a [HeaderRule],
    of_endpoint: &'a [HeaderRule],
}

impl<'a> Rules<'a> {
    fn len(&self) -> usize {
        self.own.len() + self.of_endpoint.len()
    }

    fn iter(&self) -> impl Iterator<Item = &'a HeaderRule> {
        self.own.iter().chain(self.of_endpoint)
    }

    fn write(&self, name: &str) -> bool {
        writes(self.own, name) || writes(self.of_endpoint, name)
    }
}

/// The customer's authorization and headers. A name that the profile writes was refused when the subscription was
/// made; where the profile has changed since, the profile's value is the one that counts.
fn write_own(rules: &Rules<'_>, subscription: &SubscriptionFacts<'_>, headers: &mut Headers) {
    let authorization = subscription
        .authorization
        .filter(|_| !brings(subscription, "authorization") && !rules.write("authorization"));
    headers.extend(authorization.map(|value| ("Authorization", value)));
    let own = subscription
        .headers
        .iter()
        .filter(|header| !headers::is_same_name(&header.name, "content-type") && !rules.write(&header.name));
    headers.extend(own.map(|header| (&header.name, &header.value)));
}

fn brings(subscription: &SubscriptionFacts<'_>, name: &str) -> bool {
    subscription.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name))
}

/// Whether one of the rules writes the header, or one that gateways take for it.
pub(crate) fn writes(rules: &[HeaderRule], name: &str) -> bool {
    rules.iter().any(|rule| headers::is_same_name(&rule.name, name))
}

/// A value comes from data too: a line break in it would be another header.
fn check(name: &str, value: &str) -> Result<(), RenderError> {
    if headers::is_value(value) { Ok(()) } else { Err(RenderError::HeaderValue { name: name.to_owned() }) }
}

/// Reads `[[request.headers]]`, or those of a handshake.
pub(crate) fn read(section: &Section<'_>, compiler: &mut Compiler<'_>, scope: Scope) -> Vec<HeaderRule> {
    let headers = section.sections("headers");
    headers.iter().filter_map(|header| read_one(header, compiler, scope)).collect()
}

fn read_one(section: &Section<'_>, compiler: &mut Compiler<'_>, scope: Scope) -> Option<HeaderRule> {
    let value = section.required_text("value").and_then(|text| compiler.template(text, scope));
    let when = read_when(section, compiler, scope);
    let name = section.required_text("name")?.value.to_owned();
    if !headers::is_name(&name) {
        section.invalid("name", "is not a name that HTTP allows");
    }
    let reserved = RESERVED_NAMES.iter().find(|reserved| headers::is_same_name(&name, reserved));
    if let Some(reserved) = reserved.filter(|reserved| !name.eq_ignore_ascii_case(reserved)) {
        let why = format!(
            "is read as {reserved} by many gateways, which Postroad itself writes: give it another name"
        );
        section.invalid("name", why);
    } else if reserved.is_some() {
        section
            .invalid("name", "is written by Postroad itself; the content type stands in `request.content`");
    }
    Some(HeaderRule { name, value: value?, when })
}
