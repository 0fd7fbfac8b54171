//! From the facts to the request of a handshake and to the answer that it must have.

use bytes::Bytes;
use rand::Rng;

use super::{
    ExpectedPart, Handshake, RequestSignature,
    answer::{ExpectedAnswer, ExpectedTexts},
    reads_signature,
};
use crate::{
    Profile,
    error::RenderError,
    input::{AttemptFacts, ExactRequest, RenderInput},
    request::{self, Rendering, Style},
    secret::SecretKey,
    signature::SignatureRules,
    template::{Facts, Template, Variable},
};

/// A handshake that can be made now.
#[derive(Clone, Debug)]
pub struct BegunHandshake {
    /// What is sent.
    pub request: ExactRequest,
    /// What must come back.
    pub expected: ExpectedAnswer,
}

impl Profile {
    /// The request of one of [`Profile::handshakes`] and the answer that it must have. `rng` makes the challenge, and the key of a
    /// handshake that is signed wrongly.
    ///
    /// # Errors
    ///
    /// [`RenderError`]; nothing may be sent then.
    pub fn begin_handshake(
        &self,
        handshake: &Handshake,
        input: &RenderInput<'_>,
        attempt: AttemptFacts,
        rng: &mut impl Rng,
    ) -> Result<BegunHandshake, RenderError> {
        let challenge = handshake.challenge.map(|form| form.make(rng));
        let wrong = self.wrong_keys(handshake, input, rng)?;
        let keys = match handshake.signature {
            RequestSignature::None => &[],
            RequestSignature::Right => input.secrets,
            RequestSignature::Wrong => wrong.as_slice(),
        };
        let facts = Facts {
            attempt: Some(&attempt),
            // Query and headers that it takes from a delivery come out as there.
            method: Some(self.method(input)),
            challenge: challenge.as_deref(),
            ..self.facts(input)
        };
        let (body, signature) = self.body_and_signature(handshake, keys, &facts)?;
        let facts = Facts { body: Some(&body), signature: signature.as_deref(), ..facts };
        let rendering = Rendering { environment: &self.environment, facts: &facts };
        let mut query = String::new();
        let (headers, parameters) = self.request.further_for(&input.subscription);
        let parameters = handshake.query.iter().chain(parameters);
        request::render_parameters(parameters, Style::Query, &rendering, &mut query)?;
        let headers = (&handshake.headers[..], headers);
        let headers = request::write_headers(headers, handshake.content.as_ref(), &rendering)?;
        let expected = self.expected(handshake, Facts { signature: None, ..facts })?;
        let request = ExactRequest {
            method: handshake.method.clone(),
            url: request::decorated(input.subscription.url, &query),
            headers,
            body: Bytes::from(body),
        };
        Ok(BegunHandshake { request, expected })
    }

    /// As in a delivery: the signature may be part of the body where it does not cover the body.
    fn body_and_signature(
        &self,
        handshake: &Handshake,
        keys: &[SecretKey],
        facts: &Facts<'_>,
    ) -> Result<(String, Option<String>), RenderError> {
        let write_body = |facts: &Facts<'_>| -> Result<String, RenderError> {
            let mut body = String::new();
            if let Some(content) = &handshake.content {
                content.render(&Rendering { environment: &self.environment, facts }, &mut body)?;
            }
            Ok(body)
        };
        let Some(rules) = self.signature.as_ref().filter(|_| !keys.is_empty()) else {
            return Ok((write_body(facts)?, None));
        };
        let message = handshake.message.as_ref().unwrap_or(&rules.message);
        if message.reads(&Variable::Body) {
            let body = write_body(facts)?;
            let signature =
                self.write_signature(rules, (message, keys), &Facts { body: Some(&body), ..facts.again() })?;
            return Ok((body, signature));
        }
        let signature = self.write_signature(rules, (message, keys), facts)?;
        let body = write_body(&Facts { signature: signature.as_deref(), ..facts.again() })?;
        Ok((body, signature))
    }

    /// A random key in the place of each that signs, of the same scheme.
    fn wrong_keys(
        &self,
        handshake: &Handshake,
        input: &RenderInput<'_>,
        rng: &mut impl Rng,
    ) -> Result<Vec<SecretKey>, RenderError> {
        if handshake.signature != RequestSignature::Wrong {
            return Ok(Vec::new());
        }
        let schemes = input.secrets.iter().filter_map(|key| self.schemes().get(key.scheme));
        let random = schemes.map(|scheme| {
            let secret = scheme.key.generate(rng);
            self.secret_key(&secret, Some(&scheme.name)).map_err(|_| RenderError::NoSecret)
        });
        random.collect()
    }

    /// A part that holds a signature may be that of any key that signs now: the receiver may not know the newest yet.
    fn expected(&self, handshake: &Handshake, facts: Facts<'_>) -> Result<ExpectedAnswer, RenderError> {
        let parts = handshake.expect.parts.iter().map(|part| self.expected_texts(handshake, part, &facts));
        let parts = parts.collect::<Result<_, _>>()?;
        Ok(ExpectedAnswer { status: handshake.expect.status.clone(), parts })
    }

    fn expected_texts(
        &self,
        handshake: &Handshake,
        part: &ExpectedPart,
        facts: &Facts<'_>,
    ) -> Result<ExpectedTexts, RenderError> {
        let mut any_of = Vec::new();
        for text in &part.texts {
            let signer = self.signature.as_ref().filter(|_| reads_signature(text));
            let Some(rules) = signer else {
                any_of.push(text.to_text(&self.environment, facts)?);
                continue;
            };
            for key in facts.input.secrets {
                any_of.push(self.expected_of_key(handshake, (text, rules, key), facts)?);
            }
        }
        Ok(ExpectedTexts { place: part.place.clone(), any_of })
    }

    fn expected_of_key(
        &self,
        handshake: &Handshake,
        (text, rules, key): (&Template, &SignatureRules, &SecretKey),
        facts: &Facts<'_>,
    ) -> Result<String, RenderError> {
        let own = handshake.expect.message.as_ref().or(handshake.message.as_ref());
        let message = match (own, facts.challenge) {
            (Some(message), _) => message.to_text(&self.environment, facts)?,
            (None, Some(challenge)) => challenge.to_owned(),
            (None, None) => rules.message.to_text(&self.environment, facts)?,
        };
        let scheme = rules.schemes.get(key.scheme).ok_or(RenderError::NoSecret)?;
        let digest = key.key.sign(message.as_bytes(), scheme.encoding);
        let mut signature = String::new();
        scheme.value.render(&self.environment, &facts.with_digest(&digest), &mut signature)?;
        let facts = Facts { signature: Some(&signature), digest: Some(&digest), ..facts.again() };
        Ok(text.to_text(&self.environment, &facts)?)
    }
}
