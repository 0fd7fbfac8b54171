//! What is wrong with one field that somebody sent.

/// A field that was refused, in words for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where it stands: `options.product_id`.
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}
