//! Telling people: mail to the contacts of tenants (`mail`, made of the store's notices by `report`), and events for the operator
//! (`operations`).
//!
//! What is to be told by mail is written by the store, in the transactions of what it tells; here it is sent. What the operator should
//! hear of is noted in memory, where it happens ([`crate::operations`]), and published here.

mod mail;
mod operations;
mod report;
pub(crate) mod service;
