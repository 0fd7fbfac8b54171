//! Which variables have a value in which place of a profile.

/// What exists already when a template is rendered. The facts of event, subscription and tenant always do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The delivery, with all of its events.
    pub(crate) delivery: bool,
    /// The attempt under way.
    pub(crate) attempt: bool,
    /// The request's body.
    pub(crate) body: bool,
    /// The signature text.
    pub(crate) signature: bool,
    /// The encoded bytes of one secret's signature.
    pub(crate) digest: bool,
    /// The challenge of a handshake.
    pub(crate) challenge: bool,
    /// The endpoint of the tenant that the request goes to.
    pub(crate) endpoint: bool,
}

impl Scope {
    /// What is made of an event before it belongs to a delivery.
    pub(crate) const EVENT: Self = Self {
        delivery: false,
        attempt: false,
        body: false,
        signature: false,
        digest: false,
        challenge: false,
        endpoint: false,
    };
    /// The body, and whatever is made once.
    pub(crate) const ONCE: Self = Self { delivery: true, ..Self::EVENT };
    /// Headers and URL.
    pub(crate) const HEAD: Self = Self { attempt: true, body: true, signature: true, ..Self::ONCE };
    /// What every request to an endpoint of the tenant has: those of handshakes too, which sign or do not.
    pub(crate) const ENDPOINT: Self = Self { signature: false, endpoint: true, ..Self::HEAD };
}
