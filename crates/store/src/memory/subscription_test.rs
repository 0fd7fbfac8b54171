//! Tests of subscriptions, written when they are over.

use std::sync::Arc;

use postroad_domain::{
    Event, Reason,
    delivery::{Birth, StoredStatus},
};

use super::state::{DeliveryRow, State, lane};
use crate::RecordTest;

impl State {
    pub(super) fn record_test(&mut self, test: RecordTest) -> bool {
        let lane = lane(test.tenant_no, test.subscription_no);
        let lives = self.subscriptions.get(&lane).is_some_and(|row| !row.deleted);
        if self.tenant_by_no(test.tenant_no).is_none() || !lives {
            return false;
        }
        let event = Arc::new(Event {
            id: test.event_id,
            event_type: test.event_type,
            accepted_at: test.at,
            occurred_at: None,
            tags: Vec::new(),
            attributes: test.attributes,
            data: test.data,
            deliveries: 1,
            profile: Some(test.profile),
            tenant_version: test.tenant_version,
            trace: None,
            test: true,
        });
        let number = self.next_number();
        self.event_numbers.insert((test.tenant_no, test.event_id), number);
        let id = test.event_id.delivery(1);
        let row = DeliveryRow {
            no: self.delivery_number(test.tenant_no, id),
            id,
            lane,
            subscription_version: test.subscription_version,
            event: Arc::clone(&event),
            members: Vec::new(),
            body: None,
            status: StoredStatus::born(if test.succeeded { Birth::TestSucceed } else { Birth::TestFail }),
            reason: (!test.succeeded).then_some(Reason::Exhausted),
            attempts: vec![test.attempt],
            created_at: test.at,
            finished_at: Some(test.finished_at),
            place: None,
        };
        self.events.insert((test.tenant_no, test.event_id), event);
        self.deliveries.insert((test.tenant_no, row.id), row);
        self.note(test.tenant_no, test.finished_at, test.audit);
        true
    }
}
