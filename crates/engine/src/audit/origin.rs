//! Who does something, and from where: every operation that changes something takes it, so that the audit can tell.

use std::net::IpAddr;

use postroad_domain::Actor;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The address of the connection; `None` where it comes over none.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// Somebody on this machine who holds the admin key.
    pub const ADMIN: Self = Self { actor: Actor::Admin, address: None };
    /// Postroad itself.
    pub const SYSTEM: Self = Self { actor: Actor::System, address: None };
}
