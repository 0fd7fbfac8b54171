//! What the comparisons with other implementations share.

pub(crate) mod json_texts;
pub(crate) mod node;
pub(crate) mod signature;
