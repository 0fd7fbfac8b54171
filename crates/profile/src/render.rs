//! From the facts to the exact request, in two steps: [`Profile::shape`] makes what is the same in every attempt,
//! [`Profile::sign`] adds what belongs to one.
//!
//! **Invariant:** the signed bytes are the sent bytes: the body is written once, and signing, sending and logging use
//! that one buffer.

use std::borrow::Cow;

use bytes::Bytes;
use postroad_domain::attempt::sends_body;

use crate::{
    Profile,
    error::RenderError,
    input::{AttemptFacts, ExactRequest, RenderInput, Shaped},
    request::{self, Content, Rendering, Style},
    secret::{SecretKey, SecretUse},
    signature::SignatureRules,
    template::{Facts, Template, Variable},
};

/// What is signed is mostly the body and little more: an id, a time.
const MORE_THAN_BODY_BYTES: usize = 128;
/// What a body mostly has beside the data of its event.
const MORE_THAN_DATA_BYTES: usize = 256;

impl Profile {
    /// The whole request of one attempt.
    ///
    /// # Errors
    ///
    /// [`RenderError`]; nothing may be sent then.
    pub fn render(
        &self,
        input: &RenderInput<'_>,
        attempt: AttemptFacts,
    ) -> Result<ExactRequest, RenderError> {
        let shaped = self.shape(input)?;
        self.sign(input, shaped, attempt)
    }

    /// What is the same in every attempt: the body, and the signature of a profile that signs once. The same input
    /// gives the same bytes, so it can be stored or made again.
    ///
    /// # Errors
    ///
    /// [`RenderError`]; nothing may be sent then.
    pub fn shape(&self, input: &RenderInput<'_>) -> Result<Shaped, RenderError> {
        let rules = self.signature.as_ref();
        if self.secret_rules.presence == SecretUse::Generated && input.secrets.is_empty() {
            return Err(RenderError::NoSecret);
        }
        let facts = self.facts(input);
        match rules.filter(|rules| !rules.each_attempt) {
            None => Ok(Shaped { body: self.write_body(&facts)?, signature: None }),
            Some(rules) if self.body_is_signed => {
                let body = self.write_body(&facts)?;
                let facts = Facts { body: Some(&body), ..facts };
                let signature = self.write_signature(rules, of_delivery(rules, input), &facts)?;
                Ok(Shaped { signature, body })
            }
            Some(rules) => {
                let signature = self.write_signature(rules, of_delivery(rules, input), &facts)?;
                let body = self.write_body(&Facts { signature: signature.as_deref(), ..facts })?;
                Ok(Shaped { signature, body })
            }
        }
    }

    /// Adds what belongs to one attempt: URL, headers, and the signature of a profile that signs each attempt.
    ///
    /// # Errors
    ///
    /// [`RenderError`]; nothing may be sent then.
    pub fn sign(
        &self,
        input: &RenderInput<'_>,
        shaped: Shaped,
        attempt: AttemptFacts,
    ) -> Result<ExactRequest, RenderError> {
        let Shaped { mut body, signature } = shaped;
        let method = self.method(input);
        let mut content = self.content(input);
        if self.request.may_send_no_body && !sends_body(method) {
            body.clear();
            content = None;
        }
        let facts =
            Facts { attempt: Some(&attempt), method: Some(method), body: Some(&body), ..self.facts(input) };
        let signature = match &self.signature {
            Some(rules) if rules.each_attempt => {
                self.write_signature(rules, of_delivery(rules, input), &facts)?
            }
            _ => signature,
        };
        if signature.is_none() && self.secret_rules.presence == SecretUse::Generated {
            return Err(RenderError::NoSecret);
        }
        let facts = Facts { signature: signature.as_deref(), ..facts };
        let rendering = Rendering { environment: &self.environment, facts: &facts };
        let mut query = String::new();
        let (headers, parameters) = self.request.further_for(&input.subscription);
        let headers = (&self.request.headers[..], headers);
        let parameters = self.request.query.iter().chain(parameters);
        request::render_parameters(parameters, Style::Query, &rendering, &mut query)?;
        Ok(ExactRequest {
            method: method.to_owned(),
            url: request::decorated(input.subscription.url, &query),
            headers: request::write_headers(headers, content, &rendering)?,
            body: Bytes::from(body),
        })
    }

    pub(crate) fn facts<'a>(&'a self, input: &'a RenderInput<'a>) -> Facts<'a> {
        let grouped = self.is_group(input);
        Facts { grouped, ..Facts::new(input, Some(&self.catalogue), self.canonical_data) }
    }

    fn write_body(&self, facts: &Facts<'_>) -> Result<String, RenderError> {
        let Some(content) = self.content(facts.input) else { return Ok(String::new()) };
        if facts.grouped && !content.wraps_events() {
            return self.write_list(content, facts.input);
        }
        let mut body = String::with_capacity(facts.input.event.data.len() + MORE_THAN_DATA_BYTES);
        content.render(&Rendering { environment: &self.environment, facts }, &mut body)?;
        Ok(body)
    }

    /// A JSON list of what each event of the delivery alone would have been, byte for byte.
    fn write_list(&self, content: &Content, input: &RenderInput<'_>) -> Result<String, RenderError> {
        self.check_listing(content).map_err(RenderError::Grouping)?;
        let events = || std::iter::once(input.event).chain(input.more_events);
        let bytes: usize = events().map(|event| event.data.len() + MORE_THAN_DATA_BYTES).sum();
        let mut list = String::with_capacity(bytes);
        for event in events() {
            list.push(if list.is_empty() { '[' } else { ',' });
            let alone = RenderInput { event, more_events: &[], grouped: false, ..*input };
            let facts = self.facts(&alone);
            content.render(&Rendering { environment: &self.environment, facts: &facts }, &mut list)?;
        }
        list.push(']');
        Ok(list)
    }

    /// The signature text of a message by all keys, the current one first; nothing without keys.
    pub(crate) fn write_signature(
        &self,
        rules: &SignatureRules,
        (message, keys): (&Template, &[SecretKey]),
        facts: &Facts<'_>,
    ) -> Result<Option<String>, RenderError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let is_body = message.as_placeholder().is_some_and(|placeholder| {
            placeholder.variable == Variable::Body && placeholder.filters.is_empty()
        });
        let message = match facts.body.filter(|_| is_body) {
            Some(body) => Cow::Borrowed(body),
            None => {
                let mut text = String::with_capacity(facts.body.map_or(0, str::len) + MORE_THAN_BODY_BYTES);
                message.render(&self.environment, facts, &mut text)?;
                Cow::Owned(text)
            }
        };
        let mut text = String::with_capacity(80);
        for secret in keys {
            let Some(scheme) = rules.schemes.get(secret.scheme) else { continue };
            if !text.is_empty() {
                text.push_str(&rules.separator);
            }
            let digest = secret.key.sign(message.as_bytes(), scheme.encoding);
            scheme.value.render(&self.environment, &facts.with_digest(&digest), &mut text)?;
        }
        Ok(Some(text))
    }

    /// The method of a delivery.
    pub(crate) fn method<'a>(&'a self, input: &RenderInput<'a>) -> &'a str {
        let endpoint = self.request.endpoint_for(&input.subscription);
        let methods = endpoint.map_or(&self.request.methods, |rules| &rules.methods);
        let chosen = input.subscription.method.filter(|method| methods.iter().any(|one| one == method));
        chosen.unwrap_or(&methods[0])
    }

    fn content(&self, input: &RenderInput<'_>) -> Option<&Content> {
        self.content_called(input.subscription.content_type)
    }

    /// The content of that type, else the first.
    pub(crate) fn content_called(&self, chosen: Option<&str>) -> Option<&Content> {
        let contents = &self.request.contents;
        let named = chosen.and_then(|chosen| contents.iter().find(|content| content.is_called(chosen)));
        named.or(contents.first())
    }
}

/// What a delivery signs, and by which keys.
fn of_delivery<'a>(rules: &'a SignatureRules, input: &RenderInput<'a>) -> (&'a Template, &'a [SecretKey]) {
    (&rules.message, input.secrets)
}
