//! The log of each tenant.

use postroad_domain::{EventId, EventOffset, TenantNo, limits::PAGE_ROWS_SCANNED_MAX};

use super::state::State;
use crate::{LogEntry, LogRead, ReadLog};

impl State {
    /// Gives a new event its place in its tenant's log.
    pub(super) fn log_event(&mut self, tenant_no: TenantNo, event: EventId) {
        if let Some(row) = self.tenants.get_mut(&tenant_no) {
            self.log.insert((tenant_no, row.next_offset), event);
            row.next_offset = row.next_offset.next();
        }
    }

    /// Takes an event off its tenant's log.
    pub(super) fn unlog_event(&mut self, tenant_no: TenantNo, event: EventId) {
        self.log.retain(|(no, _), id| (*no, *id) != (tenant_no, event));
    }

    pub(super) fn read_log(&self, read: &ReadLog) -> Option<LogRead> {
        self.tenant_by_no(read.tenant_no)?;
        let end = self.tenants.get(&read.tenant_no)?.next_offset;
        let all = |from| self.log.range((read.tenant_no, from)..(read.tenant_no, end.max(from)));
        let oldest = all(EventOffset(0)).next().map_or(end, |((_, offset), _)| *offset);
        let mut answer = LogRead { entries: Vec::new(), next: read.from, oldest, end };
        for (looks, ((_, offset), id)) in all(read.from).enumerate() {
            if answer.entries.len() == read.limit || looks == PAGE_ROWS_SCANNED_MAX {
                break;
            }
            answer.next = offset.next();
            let Some(event) = self.events.get(&(read.tenant_no, *id)) else { continue };
            let event_type = event.event_type.clone();
            if read.types.is_empty() || read.types.contains(&event_type) {
                answer.entries.push(LogEntry { offset: *offset, event: *id, event_type });
            }
        }
        Some(answer)
    }
}
