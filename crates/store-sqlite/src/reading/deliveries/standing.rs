//! Where a delivery stands when a mark called it off and its row does not say so yet.

use std::collections::HashMap;

use postroad_domain::{Reason, Status, SubscriptionNo, Timestamp};
use rusqlite::Connection;

use super::found::Found;
use crate::{
    codes,
    error::Fault,
    sql::{self, query},
};

/// A mark as readers see it.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    /// What was called off.
    pub(crate) generation: i64,
    /// Why.
    pub(crate) reason: Reason,
    /// Since when.
    pub(crate) at: Timestamp,
}

/// The marks of the subscriptions that a reading meets, each looked up once. There are none nearly always.
pub(crate) struct Marks<'a> {
    db: &'a Connection,
    known: HashMap<SubscriptionNo, Vec<Mark>>,
}

impl<'a> Marks<'a> {
    /// Marks as of this picture of the database.
    pub(crate) fn new(db: &'a Connection) -> Self {
        Self { db, known: HashMap::new() }
    }

    /// Makes a delivery say what its mark says, or until when it is not tried at its place.
    pub(crate) fn show(&mut self, found: &mut Found) -> Result<(), Fault> {
        if let Some(mark) = self.over(found)? {
            found.delivery.status = Status::Cancelled;
            found.delivery.reason = Some(mark.reason);
            found.delivery.due_at = None;
            found.delivery.finished_at = Some(mark.at);
        } else if found.delivery.status == Status::Queued {
            let not_before =
                query::find(self.db, sql::QUEUE_FIND, found.place_in(found.generation), |row| {
                    Ok(row.get::<_, Option<i64>>(0)?)
                })?;
            let not_before = not_before.flatten().map(Timestamp::from_micros);
            found.delivery.due_at = not_before.or(found.delivery.due_at);
        }
        Ok(())
    }

    /// The mark that called a waiting delivery off.
    pub(crate) fn over(&mut self, found: &Found) -> Result<Option<Mark>, Fault> {
        if found.delivery.status != Status::Queued {
            return Ok(None);
        }
        for mark in self.of(found.lane.subscription_no)? {
            let place = found.place_in(mark.generation);
            if query::find(self.db, sql::QUEUE_FIND, place, |_| Ok(()))?.is_some() {
                return Ok(Some(mark));
            }
        }
        Ok(None)
    }

    fn of(&mut self, sub_no: SubscriptionNo) -> Result<Vec<Mark>, Fault> {
        if let Some(known) = self.known.get(&sub_no) {
            return Ok(known.clone());
        }
        let marks = query::list(self.db, sql::MARK_LIST, (sub_no.0,), |row| {
            let at = Timestamp::from_micros(row.get(2)?);
            Ok(Mark { generation: row.get(0)?, reason: codes::reason_of(row.get(1)?)?, at })
        })?;
        self.known.insert(sub_no, marks.clone());
        Ok(marks)
    }
}
