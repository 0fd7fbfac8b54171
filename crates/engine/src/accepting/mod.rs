//! Accepting events: check, route, hand to the commit, answer.

pub(crate) mod body_room;
pub(crate) mod publish;
pub(crate) mod service;
