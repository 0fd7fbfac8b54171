//! A subscription made ready for sending: opened secrets, parsed headers, its retry schedule.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use postroad_domain::{Event, RequestHead, RetryPolicy, Subscription, Timestamp};
use postroad_egress::OutboundRequest;

use crate::{
    secret_box::{SecretBox, SecretError},
    standard_webhooks::{self, Signer},
};

const USER_AGENT: &str = concat!("Postroad/", env!("CARGO_PKG_VERSION"));
const MASK: &str = "***";

/// A subscription ready for sending.
pub(crate) struct Target {
    pub(crate) subscription: Subscription,
    pub(crate) retry: RetryPolicy,
    method: Method,
    /// What is the same in every request of this version of the subscription.
    headers: HeaderMap,
    /// The current secret's signer first. An error keeps everything of this subscription from being sent unsigned.
    signers: Result<Vec<(Signer, Option<Timestamp>)>, SecretError>,
}

impl Target {
    pub(crate) fn new(subscription: Subscription, secrets: &SecretBox) -> Self {
        let method = subscription.spec.push.method.parse().unwrap_or(Method::POST);
        let headers = static_headers(&subscription);
        let signers = open_signers(&subscription, secrets);
        let retry = subscription.spec.retry_policy();
        Self { subscription, retry, method, headers, signers }
    }

    /// The exact request of one attempt, and its head as the log keeps it.
    pub(crate) fn request(
        &self,
        event: &Event,
        at: Timestamp,
    ) -> Result<(OutboundRequest, RequestHead), SecretError> {
        let signers = self.signers.as_ref().map_err(Clone::clone)?;
        let active =
            signers.iter().filter(|(_, end)| end.is_none_or(|end| at < end)).map(|(signer, _)| signer);
        let body: Bytes = standard_webhooks::body(event);
        let mut headers = self.headers.clone();
        standard_webhooks::write_headers(event.id, at, &body, active, &mut headers);
        let head = self.log_head(&headers);
        let push = &self.subscription.spec.push;
        let request = OutboundRequest {
            method: self.method.clone(),
            url: push.url.clone(),
            headers,
            body,
            deadline: self.subscription.spec.deadline(),
        };
        Ok((request, head))
    }

    /// A customer's own headers are credentials more often than not, whatever their name: the log masks them all.
    fn log_head(&self, headers: &HeaderMap) -> RequestHead {
        let customers = &self.subscription.spec.push.headers;
        let is_customers = |name: &HeaderName| customers.iter().any(|own| name == own.name.as_str());
        let shown = headers.iter().map(|(name, value)| {
            let hidden = *name == header::AUTHORIZATION || is_customers(name);
            let value = if hidden { MASK } else { value.to_str().unwrap_or(MASK) };
            (name.as_str().to_owned(), value.to_owned())
        });
        RequestHead {
            method: self.method.as_str().to_owned(),
            url: self.subscription.spec.push.url.as_str().to_owned(),
            headers: shown.collect(),
        }
    }
}

/// The customer's headers were checked when they came in; a value that does not parse now is left out.
fn static_headers(subscription: &Subscription) -> HeaderMap {
    let push = &subscription.spec.push;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if let Some(Ok(value)) = push.authorization.as_deref().map(HeaderValue::from_str) {
        headers.insert(header::AUTHORIZATION, value);
    }
    // A customer's own `User-Agent` or `Authorization` replaces ours; several of one name of theirs all go out.
    let mut seen = Vec::new();
    for custom in &push.headers {
        let parsed = (custom.name.parse::<HeaderName>(), HeaderValue::from_str(&custom.value));
        if let (Ok(name), Ok(value)) = parsed {
            if !seen.contains(&name) {
                headers.remove(&name);
                seen.push(name.clone());
            }
            headers.append(name, value);
        }
    }
    headers
}

fn open_signers(
    subscription: &Subscription,
    secrets: &SecretBox,
) -> Result<Vec<(Signer, Option<Timestamp>)>, SecretError> {
    let open = |secret: &postroad_domain::SealedSecret| {
        let text = secrets.open(&secret.sealed, subscription.id.as_bytes())?;
        let text = std::str::from_utf8(&text).map_err(|_| SecretError::DoesNotOpen)?;
        let signer =
            Signer::parse(text, subscription.spec.signature).map_err(|_| SecretError::DoesNotOpen)?;
        Ok((signer, secret.expires_at))
    };
    let signers: Vec<_> = subscription.secrets.iter().map(open).collect::<Result<_, _>>()?;
    if signers.is_empty() { Err(SecretError::DoesNotOpen) } else { Ok(signers) }
}
