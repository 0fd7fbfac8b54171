//! Sending deliveries: which is next (`lanes`), the slots that take turns (`dispatch`), one exchange (`attempt`) and what
//! became of it (`verdict`); what the lanes hear of the store's feed (`changes`); subscriptions that become inactive by what is
//! answered (`deactivation`, by the rules of `failing`); and trying a subscription (`test_delivery`), also by the handshakes of its
//! profile (`handshakes`).

pub(crate) mod attempt;
mod changes;
mod deactivation;
pub(crate) mod dispatch;
mod failing;
pub(crate) mod handshakes;
pub(crate) mod lanes;
pub(crate) mod send_now;
pub(crate) mod service;
pub(crate) mod test_delivery;
pub(crate) mod verdict;
