//! What is written into the audit of each change. Reading it is in `history`, forgetting what is old in `upkeep`.

pub(crate) mod fields;
pub(crate) mod origin;

use std::fmt::Display;

use postroad_domain::AuditAction;
use postroad_store::NewAudit;

use self::{fields::Fields, origin::Origin};
use crate::ids::IdSource;

/// A change on its way into the audit.
pub(crate) struct AuditedChange {
    action: AuditAction,
    object: String,
    before: Fields,
    after: Fields,
}

impl AuditedChange {
    /// Something was done to the object of this id or name.
    pub(crate) fn of(action: AuditAction, object: impl Display) -> Self {
        Self { action, object: object.to_string(), before: Fields::default(), after: Fields::default() }
    }

    /// What it was.
    pub(crate) fn before(self, before: Fields) -> Self {
        Self { before, ..self }
    }

    /// What it is.
    pub(crate) fn after(self, after: Fields) -> Self {
        Self { after, ..self }
    }

    /// As it is written.
    pub(crate) fn entry(self, by: &Origin, ids: &IdSource) -> NewAudit {
        NewAudit {
            id: ids.audit(),
            actor: by.actor,
            address: by.address,
            action: self.action,
            object: self.object,
            changes: fields::difference(&self.before, &self.after),
        }
    }
}
