//! A push subscription made ready for sending, as it is now: where to, how often, what success is; and from a shaped
//! delivery the exact request of one attempt.

use std::{sync::Arc, time::Duration};

use http::{Method, header};
use postroad_domain::{
    DeliveryId, EndpointUrl, Event, EventType, Headers, Invalid, Repeat, RequestHead, RetryPolicy,
    Subscription, SubscriptionVersion, TenantId, subscription::Push,
};
use postroad_egress::{Channel, OutboundRequest, Owner};
use postroad_profile::{
    AttemptFacts, BegunHandshake, ExactRequest, Handshake, NamedEndpoint, Occasion, Profile, RenderError,
    RenderInput, SubscriptionFacts, Success,
};
use postroad_store::{FanoutTarget, GroupTarget};
use rand::Rng;
use thiserror::Error;

use crate::{
    configuration::arriving::Arriving,
    configuration::lane_settings::LaneSettings,
    configuration::profiles::LoadedProfile,
    configuration::secret_box::{SecretBox, SecretError},
    configuration::shaping::{Carried, Shaping, ShapingError, ShapingKey, TenantAsOf},
};

const MASK: &str = "***";

/// Why an attempt has no request. Nothing is sent then: never unsigned, never half.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    /// The subscription cannot be used with its profile.
    #[error("{0}")]
    NotReady(String),
    /// The profile could not make a request of this event.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// What the profile made is no request that can be sent.
    #[error("the profile makes {what}, which {why}")]
    Unsendable {
        /// The part.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// How deliveries of a subscription are tried.
pub(crate) struct AttemptSettings {
    pub(crate) retry: RetryPolicy,
    pub(crate) timeout: Duration,
    pub(crate) success: Success,
    /// 410 makes the subscription inactive.
    pub(crate) gone_deactivates: bool,
    /// `Retry-After` of 429 and 503 is honoured.
    pub(crate) honours_retry_after: bool,
    /// What happens to a request whose kept connection ends before a byte of the answer.
    pub(crate) repeat: Repeat,
}

impl AttemptSettings {
    /// The profile's, and what the subscription sets of its own.
    fn of(profile: &Profile, push: &Push) -> Self {
        let policy = &profile.delivery;
        let own_success = push.success.as_ref().map(|patterns| patterns.iter().map(String::as_str));
        Self {
            retry: push.retry.as_ref().map_or_else(|| policy.retry.clone(), |own| own.over(&policy.retry)),
            timeout: push.timeout.unwrap_or(policy.timeout.default),
            success: own_success.and_then(Success::parse).unwrap_or_else(|| policy.success.clone()),
            gone_deactivates: policy.gone_deactivates,
            honours_retry_after: policy.retry_after,
            repeat: policy.repeat,
        }
    }
}

/// How long a delivery of a subscription may wait, from the event to the end of whatever waits: its delay, its group's window, its
/// schedule.
pub(crate) fn lifetime_of(push: &Push, profile: &Profile) -> Duration {
    let own = push.group.map(|group| group.window);
    let window = own.or_else(|| profile.group.as_ref().map(|rules| rules.window)).unwrap_or_default();
    push.delay + window + AttemptSettings::of(profile, push).retry.lifetime()
}

/// A request and the profile that made it, which knows what no log may show.
pub(crate) struct Made {
    pub(crate) exact: ExactRequest,
    pub(crate) profile: Arc<LoadedProfile>,
}

/// The tenant of a subscription, as it is now.
#[derive(Clone, Copy)]
pub(crate) struct TenantNow<'a> {
    pub(crate) id: &'a TenantId,
    pub(crate) version: i64,
    /// An error where what is secret of its settings does not open.
    pub(crate) as_of: &'a Result<TenantAsOf, SecretError>,
}

/// A push subscription ready for sending.
pub(crate) struct Endpoint {
    pub(crate) subscription: Subscription,
    /// How, of the subscription's settings.
    pub(crate) push: Push,
    /// Where to; `None` where the subscription names an endpoint that its tenant does not have.
    pub(crate) url: Option<EndpointUrl>,
    /// The endpoint of its tenant that the subscription names.
    pub(crate) named: Option<Arc<NamedEndpoint>>,
    pub(crate) settings: AttemptSettings,
    pub(crate) profile: Arc<LoadedProfile>,
    pub(crate) tenant: TenantId,
    /// How its lane makes exchanges.
    pub(crate) lane_settings: LaneSettings,
    /// What its exchanges ask of their connections.
    channel: Option<Arc<Channel>>,
    /// The tenant's version that new deliveries are shaped with.
    tenant_version: i64,
    /// Of the versions of today.
    shaping: Result<Arc<Shaping>, String>,
}

/// Cleartext has neither certificates nor a choice of versions.
fn channel_of(push: &Push, url: &EndpointUrl, profile: &Profile) -> Option<Arc<Channel>> {
    let http_version = push.http_version.unwrap_or(profile.delivery.http_version);
    url.is_https().then(|| Channel::of(push.tls.as_ref(), http_version)).flatten()
}

impl Endpoint {
    pub(crate) fn new(
        (subscription, push): (Subscription, Push),
        profile: &Arc<LoadedProfile>,
        tenant: TenantNow<'_>,
        secrets: &SecretBox,
    ) -> Self {
        let version =
            SubscriptionVersion { spec: subscription.spec.clone(), secrets: subscription.secrets.clone() };
        let as_of = tenant.as_of.as_ref();
        let shaping = as_of
            .map_err(|error| ShapingError::Secret(error.clone()))
            .and_then(|as_of| Shaping::new(Arc::clone(profile), as_of, subscription.id, &version, secrets));
        let endpoints = as_of.map_or(&[][..], |as_of| &as_of.endpoints);
        let named = profile.profile.endpoint_named_in(&subscription.spec.options, endpoints);
        let url = push.url.clone().or_else(|| Some(named.as_ref()?.url.clone()));
        Self {
            settings: AttemptSettings::of(&profile.profile, &push),
            shaping: shaping.map(Arc::new).map_err(|error: ShapingError| error.to_string()),
            profile: Arc::clone(profile),
            tenant: tenant.id.clone(),
            lane_settings: LaneSettings::of(
                &subscription,
                &push,
                (url.as_ref(), named.as_deref()),
                &profile.profile.delivery,
            ),
            channel: url.as_ref().and_then(|url| channel_of(&push, url, &profile.profile)),
            tenant_version: tenant.version,
            url,
            named,
            subscription,
            push,
        }
    }

    /// As an event of this moment is routed to it.
    pub(crate) fn target(&self, arriving: &Arriving<'_>) -> FanoutTarget {
        let (group, window) = self.group(arriving);
        let due = arriving.due_behind(self.push.delay);
        let waits_until = due.max(arriving.now.after(window));
        FanoutTarget {
            subscription_no: self.subscription.no,
            subscription_version: self.subscription.version,
            due,
            expires_at: waits_until.after(self.settings.retry.lifetime()),
            group,
        }
    }

    /// How the event is sent together with others, and how long it waits for them at most.
    fn group(&self, arriving: &Arriving<'_>) -> (Option<GroupTarget>, Duration) {
        let alone = (None, Duration::ZERO);
        let Ok(shaping) = &self.shaping else { return alone };
        if !shaping.groups_any() {
            return alone;
        }
        let event = arriving.event();
        let Some(policy) = shaping.grouping(&event.event_type) else { return alone };
        let key = match shaping.group_key(event.id.delivery(1), event) {
            Ok(key) => key,
            Err(error) => {
                tracing::warn!(%error, subscription = %self.subscription.id, "the key of a group cannot be made: the event goes alone");
                return alone;
            }
        };
        let group = GroupTarget {
            key,
            window_ms: u32::try_from(policy.window.as_millis()).unwrap_or(u32::MAX),
            is_aligned: policy.aligned,
            events_max: u16::try_from(policy.max_events).unwrap_or(u16::MAX),
            bytes_max: u32::try_from(policy.max_bytes).unwrap_or(u32::MAX),
        };
        (Some(group), policy.window)
    }

    /// Whether events of this type are sent together.
    pub(crate) fn groups(&self, event_type: &EventType) -> bool {
        self.shaping.as_ref().is_ok_and(|shaping| shaping.grouping(event_type).is_some())
    }

    /// How long a delivery of it may wait, from the event to the end of whatever waits.
    pub(crate) fn lifetime(&self) -> Duration {
        lifetime_of(&self.push, &self.profile.profile)
    }

    /// The versions that a delivery of today is shaped from.
    pub(crate) fn key(&self) -> ShapingKey {
        ShapingKey {
            tenant_no: self.subscription.tenant_no,
            tenant_version: self.tenant_version,
            profile: self.profile.no,
            subscription_no: self.subscription.no,
            subscription_version: self.subscription.version,
        }
    }

    /// The shaping of the versions of today.
    pub(crate) fn shaping(&self) -> Result<&Arc<Shaping>, RequestError> {
        self.shaping.as_ref().map_err(|why| RequestError::NotReady(why.clone()))
    }

    /// The exact request of one attempt. `signer` holds the secrets of today for a profile that signs each attempt.
    pub(crate) fn request(
        &self,
        shaping: &Shaping,
        signer: &Shaping,
        (id, carried): (DeliveryId, Carried<'_>),
        attempt: AttemptFacts,
    ) -> Result<ExactRequest, RequestError> {
        if self.subscription.spec.sealed.is_some() {
            return Err(RequestError::NotReady(SecretError::DoesNotOpen.to_string()));
        }
        let profile = &shaping.profile.profile;
        let shaped = shaping.shape(id, carried)?;
        let fixed = shaping.input(id, carried);
        let secrets = if profile.signs_each_attempt() { signer.keys_at(attempt.at) } else { fixed.secrets };
        let input = RenderInput { secrets, ..self.as_now(fixed)? };
        Ok(profile.sign(&input, shaped, attempt)?)
    }

    /// The facts with what is the subscription's own today.
    fn as_now<'a>(&'a self, fixed: RenderInput<'a>) -> Result<RenderInput<'a>, RequestError> {
        let Some(url) = &self.url else {
            let why = "the endpoint that it names is not one of its tenant's any more";
            return Err(RequestError::NotReady(why.to_owned()));
        };
        let push = &self.push;
        let subscription = SubscriptionFacts {
            url: url.as_str(),
            endpoint: self.named.as_deref(),
            method: push.method.as_deref(),
            headers: &push.headers,
            authorization: push.authorization.as_deref(),
            ..fixed.subscription
        };
        Ok(RenderInput { subscription, ..fixed })
    }

    /// The handshakes of the profile that are made on one of these occasions, by their places; all, whatever the occasion, where
    /// none is given.
    pub(crate) fn handshakes_due(
        &self,
        event: &Event,
        occasions: Option<&[Occasion]>,
    ) -> Result<Vec<usize>, RequestError> {
        let shaping = self.shaping()?;
        let input = self.as_now(shaping.input(event.id.delivery(1), Carried::alone(event)))?;
        Ok(self.profile.profile.handshakes_due(&input, occasions))
    }

    /// The request of a handshake and what must come back; `event` is what its templates read.
    pub(crate) fn begin_handshake(
        &self,
        handshake: &Handshake,
        event: &Event,
        (attempt, rng): (AttemptFacts, &mut impl Rng),
    ) -> Result<BegunHandshake, RequestError> {
        if self.subscription.spec.sealed.is_some() {
            return Err(RequestError::NotReady(SecretError::DoesNotOpen.to_string()));
        }
        let shaping = self.shaping()?;
        let fixed = shaping.input(event.id.delivery(1), Carried::alone(event));
        let input = RenderInput { secrets: shaping.keys_at(attempt.at), ..self.as_now(fixed)? };
        Ok(self.profile.profile.begin_handshake(handshake, &input, attempt, rng)?)
    }

    /// The request as it goes out, and its head as the log keeps it.
    pub(crate) fn outbound(&self, made: Made) -> Result<(OutboundRequest, RequestHead), RequestError> {
        let Made { exact, profile } = made;
        let unsendable = |what| move |why: String| RequestError::Unsendable { what, why };
        let method: Method =
            exact.method.parse().map_err(|_| unsendable("a method")("does not exist".to_owned()))?;
        let url = self.endpoint_url(&exact.url).map_err(|why| unsendable("a URL")(why.to_string()))?;
        let head = self.log_head(&exact, &profile.profile);
        let ExactRequest { headers, body, .. } = exact;
        let request = OutboundRequest {
            // The tenant's number is never given to another one.
            owner: Owner(self.subscription.tenant_no.0.cast_unsigned()),
            method,
            url,
            headers,
            body,
            deadline: self.settings.timeout,
            repeat: self.settings.repeat,
            channel: self.channel.clone(),
        };
        Ok((request, head))
    }

    /// Most profiles leave the customer's URL alone: then it is known to be one.
    fn endpoint_url(&self, url: &str) -> Result<EndpointUrl, Invalid> {
        match &self.url {
            Some(own) if own.as_str() == url => Ok(own.clone()),
            _ => EndpointUrl::parse(url),
        }
    }

    fn own_url(&self) -> &str {
        self.url.as_ref().map_or("", EndpointUrl::as_str)
    }

    /// A request without what its profile keeps like a secret, for somebody who may see everything else of it.
    pub(crate) fn shown(&self, made: Made) -> ExactRequest {
        let Made { exact, profile } = made;
        let profile = &profile.profile;
        let shown = |(name, value): (&str, &str)| {
            let value = if profile.hides_header(name) { MASK } else { value };
            (name.to_owned(), value.to_owned())
        };
        let headers = exact.headers.iter().map(shown).collect();
        let url = profile.url_for_log(self.own_url(), &exact.url, MASK);
        ExactRequest { url, headers, ..exact }
    }

    /// A customer's own headers are credentials more often than not, whatever their name: the log masks them all.
    fn log_head(&self, exact: &ExactRequest, profile: &Profile) -> RequestHead {
        let customers = &self.push.headers;
        let is_hidden = |name: &str| {
            name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str())
                || customers.iter().any(|own| own.name.eq_ignore_ascii_case(name))
                || profile.hides_header(name)
        };
        let mut headers = Headers::with_capacity(exact.headers.len(), exact.headers.bytes());
        headers.extend(
            exact.headers.iter().map(|(name, value)| (name, if is_hidden(name) { MASK } else { value })),
        );
        let url = profile.url_for_log(self.own_url(), &exact.url, MASK);
        RequestHead { method: exact.method.clone(), url, headers }
    }
}
