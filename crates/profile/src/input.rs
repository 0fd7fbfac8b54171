//! What a rendering starts from and what comes out: everything is an argument, nothing is asked for.

use bytes::Bytes;
use postroad_domain::{CustomHeader, DeliveryId, Event, Headers, SubscriptionId, Timestamp};

use crate::{
    options::{NamedEndpoint, OptionValues},
    secret::SecretKey,
};

/// The facts that one request is made of.
#[derive(Clone, Copy)]
pub struct RenderInput<'a> {
    /// The event, or the first of a group.
    pub event: &'a Event,
    /// The other events of a group, in their order.
    pub more_events: &'a [Event],
    /// The delivery is a group, also when it carries one event: its body is a list.
    pub grouped: bool,
    /// The delivery.
    pub delivery: DeliveryFacts,
    /// Where it goes.
    pub subscription: SubscriptionFacts<'a>,
    /// Whose it is.
    pub tenant: TenantFacts<'a>,
    /// The options of tenant and subscription, checked and filled in by [`crate::Profile::check_options`].
    pub options: &'a OptionValues,
    /// The keys that sign now, the current one first. Empty where the subscription has no secret.
    pub secrets: &'a [SecretKey],
}

/// The delivery that carries the request.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryFacts {
    /// Its id.
    pub id: DeliveryId,
    /// When it was made: the render time, the same in every attempt.
    pub created_at: Timestamp,
}

/// What the customer configured.
#[derive(Clone, Copy)]
pub struct SubscriptionFacts<'a> {
    /// Its id.
    pub id: SubscriptionId,
    /// The name that people see.
    pub name: Option<&'a str>,
    /// The URL exactly as it was written.
    pub url: &'a str,
    /// The endpoint of the tenant that it names, whose URL is the one above; `None` where the URL is its own.
    pub endpoint: Option<&'a NamedEndpoint>,
    /// The method the customer chose; `None` for the profile's first.
    pub method: Option<&'a str>,
    /// The content type the customer chose; `None` for the profile's first.
    pub content_type: Option<&'a str>,
    /// The customer's own headers, duplicates and order kept.
    pub headers: &'a [CustomHeader],
    /// The whole value of `Authorization`.
    pub authorization: Option<&'a str>,
}

/// The customer account.
#[derive(Clone, Copy, Debug)]
pub struct TenantFacts<'a> {
    /// The caller's own id of it.
    pub id: &'a str,
    /// The name that people see.
    pub name: Option<&'a str>,
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptFacts {
    /// 1 for the first.
    pub number: u32,
    /// When it begins.
    pub at: Timestamp,
}

/// What is made once and stays the same in every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shaped {
    /// The text whose bytes are sent, and signed where the profile signs the body; not sent with a method that has no body.
    pub body: String,
    /// The signature text of a profile with `sign = "once"`; `None` without a secret, and where each attempt signs.
    pub signature: Option<String>,
}

/// The request, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactRequest {
    /// `POST`.
    pub method: String,
    /// The URL that is called: the customer's own, then what the profile appends, without a fragment.
    pub url: String,
    /// Names and values in the order they are sent; the names in the profile's and the customer's own spelling.
    pub headers: Headers,
    /// The body; empty for none.
    pub body: Bytes,
}
