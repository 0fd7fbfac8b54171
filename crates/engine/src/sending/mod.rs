//! Sending deliveries: which is next (`lanes`), the slots that take turns (`dispatch`), one exchange (`attempt`) and what
//! became of it (`verdict`); what the lanes hear of the store's feed (`changes`); and trying a subscription (`test_delivery`).

pub(crate) mod attempt;
mod changes;
pub(crate) mod dispatch;
pub(crate) mod lanes;
pub(crate) mod send_now;
pub(crate) mod service;
pub(crate) mod test_delivery;
pub(crate) mod verdict;
