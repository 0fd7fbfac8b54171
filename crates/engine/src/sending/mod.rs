//! Sending deliveries: which is next (`lanes`), the slots that take turns (`dispatch`), one exchange (`attempt`) and what
//! became of it (`verdict`).

pub(crate) mod attempt;
pub(crate) mod dispatch;
pub(crate) mod lanes;
pub(crate) mod test_delivery;
pub(crate) mod verdict;
