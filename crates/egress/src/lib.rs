//! The only place that opens outbound sockets: policy, resolve, dial, TLS, client.
//!
//! ```text
//! exchange(request) ─▶ target ─▶ pool ──(no idle connection)──▶ connector ─▶ guard ─▶ Dial::connect ─▶ TLS
//!     URL as written    │                                       every address judged,    the checked address
//!                       └──▶ request, one deadline ─▶ response, read to its limits
//! ```
//!
//! **Invariant:** an address is dialled only after [`AddressPolicy::judge`] let it pass, and it is the judged address
//! that is dialled, never the name again. **Invariant:** one deadline covers the whole exchange. **Invariant:** no part
//! of a receiver's answer is unbounded: head, headers, body, time.
//!
//! Lacking on purpose: redirects are never followed (a redirect is a way around the guard and a second exchange in
//! one attempt), no cookies, no decompression, no proxy from the environment. What a status means and when to try again
//! is for the engine.

mod client;
mod connector;
mod dial;
mod exchange;
mod failure;
mod guard;
mod link;
mod policy;
mod response;
mod resting;
mod spelling;
mod system_dial;
mod target;
mod tls;

pub use client::{EgressConfig, HttpEgress, StartError};
pub use dial::{Dial, Stream};
pub use exchange::{Egress, OutboundRequest, OutboundResponse, SendError};
pub use policy::{AddressPolicy, Blocked, Why};
pub use system_dial::SystemDial;
