//! Errors of operations on tenants.

use postroad_engine::PutTenantError;

use crate::{
    check::nearest,
    precondition::IfMatch,
    problem::{Code, Problem},
};

impl Problem {
    /// Of [`postroad_engine::Engine::put_tenant`].
    pub(crate) fn of_put_tenant(error: PutTenantError, asked: &str) -> Self {
        match error {
            PutTenantError::UnknownProfile { known } => {
                let hint = nearest(asked, known.iter().map(String::as_str));
                let hint = hint.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
                let message = format!("is not a profile{hint}; known: {}", known.join(", "));
                Self::invalid_field("profile", message)
            }
            PutTenantError::Invalid(problems) => problems.into(),
            PutTenantError::HasSubscriptions => Self::new(
                Code::TenantHasSubscriptions,
                "The profile of a tenant that has subscriptions cannot be changed: its receivers expect what they were \
                 made for. Delete the subscriptions first, or create another tenant.",
            ),
            PutTenantError::Stale => IfMatch::failed("tenant"),
            PutTenantError::Store(error) => error.into(),
        }
    }
}
