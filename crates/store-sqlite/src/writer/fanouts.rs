//! Large fan-outs that are not finished: their events, kept from step to step, and their end.

use std::{collections::HashMap, sync::Arc};

use postroad_domain::{Event, EventId, TenantNo};
use rusqlite::Connection;

use crate::{
    error::Fault,
    reading::events,
    sql::{self, query},
};

/// Bytes of events that are kept from one step of their fan-outs to the next.
const EVENTS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What an event takes beside its data, its attributes and its tags.
const EVENT_OVERHEAD_BYTES: usize = 1_024;

/// The events of fan-outs that are under way, as far as there is room for them: all deliveries of one hold the same.
#[derive(Debug, Default)]
pub(crate) struct FanoutEvents {
    events: HashMap<(TenantNo, EventId), (i64, Arc<Event>)>,
    bytes: usize,
}

impl FanoutEvents {
    /// An event with its number; `None` when it is gone.
    pub(crate) fn event(
        &mut self,
        db: &Connection,
        tenant_no: TenantNo,
        id: EventId,
    ) -> Result<Option<(i64, Arc<Event>)>, Fault> {
        if let Some(known) = self.events.get(&(tenant_no, id)) {
            return Ok(Some(known.clone()));
        }
        let Some(event_no) = events::number(db, tenant_no, id)? else { return Ok(None) };
        let Some(event) = events::by_number(db, event_no)? else { return Ok(None) };
        let (bytes, event) = (bytes_of(&event), Arc::new(event));
        if bytes <= EVENTS_BYTES_MAX {
            if self.bytes + bytes > EVENTS_BYTES_MAX {
                *self = Self::default();
            }
            self.bytes += bytes;
            self.events.insert((tenant_no, id), (event_no, Arc::clone(&event)));
        }
        Ok(Some((event_no, event)))
    }

    /// Its fan-out is over.
    pub(crate) fn forget(&mut self, tenant_no: TenantNo, id: EventId) {
        if let Some((_, event)) = self.events.remove(&(tenant_no, id)) {
            self.bytes -= bytes_of(&event);
        }
    }
}

fn bytes_of(event: &Event) -> usize {
    EVENT_OVERHEAD_BYTES + event.bytes() + event.tags.iter().map(String::len).sum::<usize>()
}

/// Ends the fan-out of an event, if it has one.
pub(crate) fn close(db: &Connection, event_no: i64) -> Result<(), Fault> {
    if query::run(db, sql::FANOUT_DELETE, (event_no,))? > 0 {
        query::run(db, sql::FANOUT_TARGETS_DELETE, (event_no,))?;
    }
    Ok(())
}
