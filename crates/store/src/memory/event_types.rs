//! Event types that tenants add to their profile's.

use super::state::{State, TenantRow};
use crate::{DeleteEventType, PutEventType, PutEventTypeError};

impl State {
    pub(super) fn put_event_type(&mut self, put: PutEventType) -> Result<bool, PutEventTypeError> {
        let row = self.tenants.get_mut(&put.tenant_no).filter(|row| !row.deleted);
        let TenantRow { event_types, .. } = row.ok_or(PutEventTypeError::NoTenant)?;
        let is_new = !event_types.contains_key(&put.event_type.name);
        if is_new && event_types.len() >= put.max {
            return Err(PutEventTypeError::TooMany { max: put.max });
        }
        event_types.insert(put.event_type.name.clone(), put.event_type);
        self.config_changed(put.tenant_no);
        self.note(put.tenant_no, put.at, put.audit);
        Ok(is_new)
    }

    pub(super) fn delete_event_type(&mut self, delete: &DeleteEventType) -> bool {
        let row = self.tenants.get_mut(&delete.tenant_no).filter(|row| !row.deleted);
        let was_there = row.is_some_and(|row| row.event_types.remove(&delete.name).is_some());
        if was_there {
            self.config_changed(delete.tenant_no);
            self.note(delete.tenant_no, delete.at, delete.audit.clone());
        }
        was_there
    }
}
