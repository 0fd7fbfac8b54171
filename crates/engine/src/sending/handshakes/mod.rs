//! Handshakes: exchanges by which a profile tries a receiver (`docs/profiles.md`). Which a change asks for is in
//! [`crate::configuration::handshakes`]; here they are made, behind the change's answer (`background`) or since somebody asks for it.
//!
//! Each is one exchange of at most one request that a receiver can act on, and is logged as a test. What all of them came to is the
//! subscription's verification.
//!
//! **Invariant:** a subscription that is unverified becomes active only when every handshake that must pass, and that was made
//! together, has passed. One that sends goes on sending whatever a handshake says: somebody who tries it again must not stop it.

mod background;
mod exchange;
pub(super) mod making;
pub(crate) mod verify;
