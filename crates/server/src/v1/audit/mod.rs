//! The audit: who changed what, when and from where.

mod list;

use postroad_domain::AuditEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(list::list_audit))
}

/// One entry of the audit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditJson {
    /// Its id.
    id: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// In which tenant, which may be deleted by now.
    tenant: Option<String>,
    /// Who: `admin`, the id of a key, or `system` for Postroad itself.
    actor: String,
    /// The address of the connection that it came over.
    address: Option<String>,
    /// What was done: `subscription.changed`.
    action: &'static str,
    /// The id or name of what it was done to.
    object: String,
    /// The fields that changed, by their paths, each with `before` and `after`. Secrets are masked and long values cut; of
    /// a very large change the fields are only named. Null where nothing changed, and when the tenant is deleted.
    #[schema(value_type = Option<Object>)]
    changes: Option<Box<RawValue>>,
}

impl AuditJson {
    /// Errors: when the store gives back what is not the JSON that was put in.
    fn of(entry: AuditEntry) -> Result<Self, Problem> {
        let changes = entry.changes.map(RawValue::from_string).transpose().map_err(|error| {
            tracing::error!(%error, "a stored entry of the audit is not JSON");
            Problem::new(Code::Internal, "The audit could not be read. The server's log says why.")
        })?;
        Ok(Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            tenant: entry.tenant.map(String::from),
            actor: entry.actor.to_string(),
            address: entry.address.map(|address| address.to_string()),
            action: entry.action.as_str(),
            object: entry.object,
            changes,
        })
    }
}
