//! A tenant as a whole: what events are matched against. It may be large, so it is read in pieces that are short readings each; all of
//! them must find the same version of the configuration.

use postroad_domain::{RegisteredType, Subscription, Tenant, TenantId, TenantNo};
use rusqlite::Connection;

use crate::{
    error::Fault,
    limits::PIECE_BYTES,
    reading::{
        event_types, subscriptions,
        tenants::{by_id, read},
    },
    sql::{self, query},
};

/// Which tenant.
pub(crate) enum Asked {
    /// By the caller's name for it.
    Id(TenantId),
    /// By its number.
    No(TenantNo),
}

/// A place within the settings of a tenant, event types first.
pub(crate) enum Position {
    /// Behind the event type of this name.
    EventType(String),
    /// Behind the subscription with this number.
    Subscription(i64),
}

/// A piece of the settings.
#[derive(Default)]
pub(crate) struct Piece {
    pub(crate) event_types: Vec<RegisteredType>,
    pub(crate) subscriptions: Vec<Subscription>,
    /// Where the next one begins; `None` behind the last.
    pub(crate) next: Option<Position>,
}

/// The tenant itself.
pub(crate) fn tenant(db: &Connection, asked: &Asked) -> Result<Option<Tenant>, Fault> {
    match asked {
        Asked::Id(id) => by_id(db, id),
        Asked::No(no) => query::find(db, sql::TENANT_BY_NO, (no.0,), read),
    }
}

/// The piece behind a position; `None` when the tenant has another version of its configuration by now, or is gone.
pub(crate) fn piece(
    db: &Connection,
    (no, config_version): (TenantNo, i64),
    position: &Position,
) -> Result<Option<Piece>, Fault> {
    let current = query::find(db, sql::TENANT_CONFIG_VERSION, (no.0,), |row| Ok(row.get::<_, i64>(0)?))?;
    if current != Some(config_version) {
        return Ok(None);
    }
    let mut piece = Piece::default();
    let mut bytes_left = PIECE_BYTES;
    let mut behind = 0;
    match position {
        Position::EventType(name) => {
            let more = event_types::behind(db, no, name, &mut bytes_left, &mut piece.event_types)?;
            if more {
                let last =
                    piece.event_types.last().map_or(name.clone(), |last| last.name.as_str().to_owned());
                piece.next = Some(Position::EventType(last));
                return Ok(Some(piece));
            }
        }
        Position::Subscription(no) => behind = *no,
    }
    if subscriptions::behind(db, no, behind, &mut bytes_left, &mut piece.subscriptions)? {
        let last = piece.subscriptions.last().map_or(behind, |last| last.no.0);
        piece.next = Some(Position::Subscription(last));
    }
    Ok(Some(piece))
}
