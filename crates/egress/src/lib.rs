//! The only place that opens outbound sockets: policy, resolve, dial, TLS, client.
//!
//! ```text
//! exchange(request) ─▶ target ─▶ http_1 ──(no connection waits)──▶ connector ─▶ guard ─▶ Dial::connect ─▶ proxy ─▶ TLS
//!     URL as written    │       or http_2                every address judged, the checked address   if there is one
//!                       │          └─▶ http_1, where the receiver does not choose HTTP/2 in TLS
//!                       └──▶ request, one deadline ─▶ response, read to its limits
//! ```
//!
//! **Invariant:** an address is dialled only after [`AddressPolicy::judge`] let it pass, and it is the judged address
//! that is dialled, never the name again; through the operator's proxy only literal addresses are judged here, and what a
//! name leads to is the proxy's to judge. **Invariant:** a connection carries requests of one owner only, from its dial to its
//! end, whatever version of HTTP it speaks; what is known of names, and sessions of TLS, are shared. **Invariant:** one deadline covers the whole exchange. **Invariant:** no part
//! of a receiver's answer is unbounded: head, headers, body, time.
//!
//! Lacking on purpose: redirects are never followed (a redirect is a way around the guard and a second exchange in
//! one attempt), no cookies, no decompression, no proxy from the environment. What a status means and when to try again
//! is for the engine.

mod channel;
mod channels;
mod client;
mod connector;
mod dial;
mod exchange;
mod exchanges;
mod failure;
mod guard;
mod http_1;
mod http_2;
mod keeping;
mod names;
mod policy;
mod probe;
mod proxy;
mod reach;
mod repeating;
mod response;
mod sendable;
mod system_dial;
mod target;
mod tls;

pub use channel::Channel;
pub use client::{EgressConfig, HttpEgress, StartError};
pub use dial::{Dial, Resolved, Stream};
pub use exchange::{Egress, OutboundRequest, OutboundResponse, Owner, SendError};
pub use policy::{AddressPolicy, Blocked, Why};
pub use probe::{Probe, Stage, Step};
pub use proxy::EgressProxy;
pub use system_dial::SystemDial;
pub use tls::{TlsFault, check_tls};
