//! One handshake: the request, the exchange, the judgement, and its place in the log.

use std::sync::Arc;

use bytes::Bytes;
use postroad_domain::{Attempt, ErrorClass, Event, EventType, Headers, Repeat, RequestHead, attempt::Answer};
use postroad_egress::{OutboundRequest, SendError};
use postroad_profile::{AttemptFacts, ExpectedAnswer, Handshake};
use postroad_store::{NewAudit, RecordTest, StoreError};

use super::making::{Handshakes, Outcome, Round};
use crate::{
    configuration::{
        endpoint::{Made, RequestError},
        handshakes::{
            log::{HandshakeRecord, detail},
            sample_event,
        },
    },
    sending::attempt::answer_of,
};

/// A handshake that was made, as far as it went.
struct Exchanged {
    attempt: Attempt,
    body: String,
    result: Result<(), String>,
}

impl Handshakes {
    /// Makes one and logs it.
    pub(super) async fn make_one<'a>(
        &self,
        round: &Round<'a>,
        (number, handshake): (usize, &'a Handshake),
        audit: Option<NewAudit>,
    ) -> Result<Outcome<'a>, StoreError> {
        let at = self.commit_clock.now();
        let id = self.ids.event(at);
        let selected = &round.endpoint.subscription.spec.events;
        let Some(event) = sample_event(round.config, selected, (id, at)) else {
            return Ok(Outcome {
                handshake,
                result: Err("there is no event type".to_owned()),
                is_logged: true,
            });
        };
        let Exchanged { attempt, body, result } = self.exchange(round, handshake, &event).await;
        self.metrics.attempted(&attempt);
        let record = HandshakeRecord {
            handshake: number,
            method: handshake.method.clone(),
            blocking: handshake.blocking,
            passed: result.is_ok(),
            detail: result.as_ref().err().map(|why| detail(why)),
            body,
        };
        let subscription = &round.endpoint.subscription;
        let test = RecordTest {
            audit,
            tenant_no: subscription.tenant_no,
            event_id: id,
            event_type: EventType::handshake(),
            attributes: Bytes::new(),
            data: record.to_data(),
            tenant_version: event.tenant_version,
            profile: round.endpoint.profile.no,
            subscription_no: subscription.no,
            subscription_version: subscription.version,
            at,
            attempt,
            succeeded: result.is_ok(),
            finished_at: self.commit_clock.now(),
        };
        let is_logged = self.store.record_test(test).await?;
        Ok(Outcome { handshake, result, is_logged })
    }

    async fn exchange(&self, round: &Round<'_>, handshake: &Handshake, event: &Event) -> Exchanged {
        let attempts = &self.dispatcher.attempts;
        let (at, started) = (attempts.clock.now(), attempts.clock.monotonic());
        let (request, body, answered) =
            match self.begin(round, handshake, event, AttemptFacts { number: 1, at }) {
                Ok((mut request, head, expected)) => {
                    // Twice would be two handshakes.
                    request.repeat = Repeat::Unsent;
                    let body = String::from_utf8_lossy(&request.body).into_owned();
                    (head, body, Ok((attempts.egress.exchange(request).await, expected)))
                }
                Err(error) => {
                    let nothing =
                        RequestHead { method: String::new(), url: String::new(), headers: Headers::new() };
                    (nothing, String::new(), Err(format!("no request can be made: {error}")))
                }
            };
        let (repeated, answer, result) = match answered {
            Ok((response, expected)) => {
                let repeated = match &response {
                    Ok(response) => response.repeated,
                    Err(failed) => failed.repeated,
                };
                let answer = answer_of(response);
                let result = judge(&answer, &expected);
                (repeated, answer, result)
            }
            Err(why) => (false, answer_of(Err(SendError::new(ErrorClass::Protocol, why.clone()))), Err(why)),
        };
        let attempt = Attempt {
            id: self.ids.attempt(),
            number: 1,
            at,
            duration: attempts.clock.monotonic().saturating_sub(started),
            repeated,
            request,
            answer,
        };
        Exchanged { attempt, body, result }
    }

    fn begin(
        &self,
        round: &Round<'_>,
        handshake: &Handshake,
        event: &Event,
        attempt: AttemptFacts,
    ) -> Result<(OutboundRequest, RequestHead, ExpectedAnswer), RequestError> {
        let endpoint = round.endpoint;
        let begun = self.ids.with_rng(|rng| endpoint.begin_handshake(handshake, event, (attempt, rng)))?;
        let made = Made { exact: begun.request, profile: Arc::clone(&endpoint.profile) };
        let (request, head) = endpoint.outbound(made)?;
        Ok((request, head, begun.expected))
    }
}

fn judge(answer: &Answer, expected: &ExpectedAnswer) -> Result<(), String> {
    match answer {
        Answer::Response(response) => expected.judge(response),
        Answer::Error { class, message } => Err(format!("no answer ({}): {message}", class.as_str())),
    }
}
