//! The groups that take events: which delivery takes those of a subscription with a key, and until when.
//!
//! The table has a row for each, so that a restart does not split what belongs together. What is found here need not be open still:
//! its delivery may have been called off, sent now or deleted, which only its place in the queue tells.
//!
//! **Invariant:** each group here has its row, and each row its group here.

use std::collections::{BTreeMap, BTreeSet};

use postroad_domain::{
    SubscriptionNo, Timestamp,
    limits::{OPEN_GROUPS_MAX, OPEN_GROUPS_PER_SUBSCRIPTION_MAX},
};
use postroad_store::GroupKey;
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
};

/// All groups that take events.
#[derive(Debug, Default)]
pub(crate) struct OpenGroups {
    by_key: BTreeMap<(SubscriptionNo, GroupKey), OpenGroup>,
    by_end: BTreeSet<(Timestamp, SubscriptionNo, GroupKey)>,
    counts: BTreeMap<SubscriptionNo, usize>,
}

/// A group that takes events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenGroup {
    /// Its delivery.
    pub(crate) delivery_no: i64,
    /// It takes none from then on.
    pub(crate) closes_at: Timestamp,
    /// What else is known of it; read when it is asked for.
    pub(crate) contents: Option<Contents>,
    /// When the latest of its events may be sent, as its row says it: not known of a row from before this was kept, and not kept where
    /// its place in the queue tells, as it is later than the end of its window.
    pub(crate) noted_ready_at: Option<Timestamp>,
}

/// What a group holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contents {
    /// Events.
    pub(crate) events: u32,
    /// Bytes of their data.
    pub(crate) bytes: u64,
    /// When the latest of them may be sent.
    pub(crate) ready_at: Timestamp,
    /// When its delivery ends at the latest.
    pub(crate) expires_at: Timestamp,
}

impl OpenGroups {
    /// Reads them all.
    pub(crate) fn load(db: &Connection) -> Result<Self, Fault> {
        let mut groups = Self::default();
        let rows = query::list(db, sql::LOAD_OPEN_GROUPS, (), |row| {
            let closes_at = Timestamp::from_micros(row.get(3)?);
            let noted_ready_at = row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros);
            let group = OpenGroup { delivery_no: row.get(2)?, closes_at, contents: None, noted_ready_at };
            Ok((SubscriptionNo(row.get(0)?), GroupKey(row.get(1)?), group))
        })?;
        for (sub_no, key, group) in rows {
            groups.keep(sub_no, key, group);
        }
        Ok(groups)
    }

    /// The group that was opened last for this key.
    pub(crate) fn get(&self, sub_no: SubscriptionNo, key: GroupKey) -> Option<OpenGroup> {
        self.by_key.get(&(sub_no, key)).copied()
    }

    /// Notes what it holds now.
    pub(crate) fn set_contents(
        &mut self,
        db: &Connection,
        (sub_no, key): (SubscriptionNo, GroupKey),
        contents: Contents,
    ) -> Result<(), Fault> {
        let Some(group) = self.by_key.get_mut(&(sub_no, key)) else { return Ok(()) };
        group.contents = Some(contents);
        let ready_at = contents.ready_at;
        if ready_at <= group.closes_at && group.noted_ready_at != Some(ready_at) {
            group.noted_ready_at = Some(ready_at);
            query::run(db, sql::OPEN_GROUP_READY, (sub_no.0, key.0, ready_at.as_micros()))?;
        }
        Ok(())
    }

    /// Opens a group in the place of the last one with this key. Where there are too many it is not noted: no event joins it.
    pub(crate) fn open(
        &mut self,
        db: &Connection,
        (sub_no, key): (SubscriptionNo, GroupKey),
        group: OpenGroup,
    ) -> Result<(), Fault> {
        let is_new = !self.by_key.contains_key(&(sub_no, key));
        let of_subscription = self.counts.get(&sub_no).copied().unwrap_or_default();
        let is_full =
            of_subscription >= OPEN_GROUPS_PER_SUBSCRIPTION_MAX || self.by_key.len() >= OPEN_GROUPS_MAX;
        if is_new && is_full {
            return Ok(());
        }
        let ready_at = group.noted_ready_at.map(Timestamp::as_micros);
        let row = (sub_no.0, key.0, group.delivery_no, group.closes_at.as_micros(), ready_at);
        query::run(db, sql::OPEN_GROUP_PUT, row)?;
        self.keep(sub_no, key, group);
        Ok(())
    }

    /// Nothing joins the group with this key any more.
    pub(crate) fn close(
        &mut self,
        db: &Connection,
        (sub_no, key): (SubscriptionNo, GroupKey),
    ) -> Result<(), Fault> {
        query::run(db, sql::OPEN_GROUP_DELETE, (sub_no.0, key.0))?;
        self.forget(sub_no, key);
        Ok(())
    }

    /// The group whose window was over first, if it is over.
    pub(crate) fn first_over(&self, at: Timestamp) -> Option<(SubscriptionNo, GroupKey)> {
        self.by_end.first().filter(|(end, ..)| *end <= at).map(|(_, sub_no, key)| (*sub_no, *key))
    }

    /// A group of a subscription.
    pub(crate) fn any_of(&self, sub_no: SubscriptionNo) -> Option<GroupKey> {
        let first = (sub_no, GroupKey([0; 16]));
        let next = self.by_key.range(first..).next();
        next.filter(|((of, _), _)| *of == sub_no).map(|((_, key), _)| *key)
    }

    fn keep(&mut self, sub_no: SubscriptionNo, key: GroupKey, group: OpenGroup) {
        self.forget(sub_no, key);
        self.by_end.insert((group.closes_at, sub_no, key));
        self.by_key.insert((sub_no, key), group);
        *self.counts.entry(sub_no).or_default() += 1;
    }

    fn forget(&mut self, sub_no: SubscriptionNo, key: GroupKey) {
        let Some(group) = self.by_key.remove(&(sub_no, key)) else { return };
        self.by_end.remove(&(group.closes_at, sub_no, key));
        if let Some(count) = self.counts.get_mut(&sub_no) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&sub_no);
            }
        }
    }
}

impl OpenGroup {
    /// When it is due if nothing more happens to it.
    pub(crate) fn due(&self, contents: Contents) -> Timestamp {
        self.closes_at.max(contents.ready_at)
    }
}
