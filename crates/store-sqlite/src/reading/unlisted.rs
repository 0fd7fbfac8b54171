//! The newest events and deliveries, before they enter the listing tables.
//!
//! A listing has one entry per row, each in its tenant's or subscription's own place: with a thousand of them nearly
//! every entry falls on a page of its own, and whole pages go to the log. So an accept writes none. The entries stand in
//! memory; when there are enough for a batch, [`crate::writer::listing`] writes them in the order of their places over the
//! following commits (ADR 1).
//!
//! **Invariants:**
//! * every event from the mark on stands here, and every one below it in the table; the same holds for deliveries, by
//!   the number of their event;
//! * a reader asks here *before* its picture of the database begins: what leaves in between is in the picture's table.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;
use postroad_domain::{SubscriptionNo, TenantNo};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::{
    error::Fault,
    log_no::LogPlace,
    numbers::DELIVERY_BITS,
    reading::log_types::PlacesOfRows,
    sql::{self, query},
};

/// Shared by the writer, which changes it after each commit, and the readers.
#[derive(Debug)]
pub(crate) struct Unlisted(RwLock<Lists>);

#[derive(Debug, Default)]
struct Lists {
    /// The number of the first event that is not in the tables.
    mark: i64,
    /// Each in ascending order.
    events: FxHashMap<TenantNo, OfTenant>,
    deliveries: FxHashMap<SubscriptionNo, OfSubscription>,
    entries: usize,
}

/// The second list says of each number of the first where its event stands in the log.
#[derive(Debug, Default)]
struct OfTenant {
    numbers: Arc<Vec<i64>>,
    places: Arc<Vec<LogPlace>>,
}

#[derive(Debug)]
struct OfSubscription {
    tenant_no: TenantNo,
    numbers: Arc<Vec<i64>>,
}

/// What one listing holds beyond its table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    /// The table is read below this number only.
    mark: i64,
    numbers: Arc<Vec<i64>>,
    /// Of events: where each stands in the log.
    places: Arc<Vec<LogPlace>>,
}

/// What a commit did to listings; it takes effect when the commit is durable.
#[derive(Debug, Default)]
pub(crate) struct ListingChanges {
    /// New events.
    pub(crate) events: Vec<(TenantNo, i64, LogPlace)>,
    /// New deliveries.
    pub(crate) deliveries: Vec<(TenantNo, SubscriptionNo, i64)>,
    /// Everything before this event is in the tables now.
    pub(crate) mark: Option<i64>,
    /// Nothing is left of these tenants.
    pub(crate) forgotten: Vec<TenantNo>,
    /// Events that were forgotten or erased.
    pub(crate) pruned_events: Vec<(TenantNo, i64)>,
    /// Their deliveries.
    pub(crate) pruned_deliveries: Vec<(SubscriptionNo, i64)>,
}

impl Unlisted {
    /// Reads what the tables do not hold yet.
    pub(crate) fn load(db: &Connection, mark: i64) -> Result<Self, Fault> {
        let mut lists = Lists { mark, ..Lists::default() };
        let mut places = PlacesOfRows::default();
        let events = query::list(db, sql::LOAD_UNLISTED_EVENTS, (mark,), |row| {
            let tenant_no = TenantNo(row.get(0)?);
            Ok((tenant_no, row.get(1)?, places.read(db, tenant_no, (row, 2))?))
        })?;
        let deliveries = query::list(db, sql::LOAD_UNLISTED_DELIVERIES, (mark << DELIVERY_BITS,), |row| {
            Ok((TenantNo(row.get(0)?), SubscriptionNo(row.get(1)?), row.get(2)?))
        })?;
        lists.apply(ListingChanges { events, deliveries, ..ListingChanges::default() });
        Ok(Self(RwLock::new(lists)))
    }

    /// The newest events of a tenant.
    pub(crate) fn events_of(&self, tenant_no: TenantNo) -> Tail {
        let lists = self.0.read();
        let of = lists.events.get(&tenant_no);
        let lists_of = of.map(|of| (Arc::clone(&of.numbers), Arc::clone(&of.places)));
        let (numbers, places) = lists_of.unwrap_or_default();
        Tail { mark: lists.mark, numbers, places }
    }

    /// The newest deliveries of a subscription.
    pub(crate) fn deliveries_of(&self, sub_no: SubscriptionNo) -> Tail {
        let lists = self.0.read();
        let numbers = lists.deliveries.get(&sub_no).map(|of| Arc::clone(&of.numbers)).unwrap_or_default();
        Tail { mark: lists.mark << DELIVERY_BITS, numbers, places: Arc::default() }
    }

    /// The number of the first event that is not in the tables.
    pub(crate) fn mark(&self) -> i64 {
        self.0.read().mark
    }

    /// How many entries wait for their table.
    pub(crate) fn entries(&self) -> usize {
        self.0.read().entries
    }

    /// Every entry that waits for the event table, in that table's order.
    pub(crate) fn sorted_events(&self) -> Vec<(TenantNo, i64, LogPlace)> {
        let lists = self.0.read();
        let of_each = |(tenant_no, of): (&TenantNo, &OfTenant)| {
            let entries = of.numbers.iter().zip(&*of.places);
            entries.map(|(no, place)| (*tenant_no, *no, *place)).collect::<Vec<_>>()
        };
        let mut entries: Vec<_> = lists.events.iter().flat_map(of_each).collect();
        entries.sort_unstable();
        entries
    }

    /// Every entry that waits for the delivery table, in that table's order.
    pub(crate) fn sorted_deliveries(&self) -> Vec<(SubscriptionNo, i64)> {
        let lists = self.0.read();
        let of_each = |(sub_no, of): (&SubscriptionNo, &OfSubscription)| {
            of.numbers.iter().map(|no| (*sub_no, *no)).collect::<Vec<_>>()
        };
        let mut entries: Vec<_> = lists.deliveries.iter().flat_map(of_each).collect();
        entries.sort_unstable();
        entries
    }

    /// Takes over what a durable commit did.
    pub(crate) fn apply(&self, changes: ListingChanges) {
        self.0.write().apply(changes);
    }
}

impl Lists {
    fn apply(&mut self, changes: ListingChanges) {
        self.entries += changes.events.len();
        for (tenant_no, event_no, place) in changes.events {
            let of = self.events.entry(tenant_no).or_default();
            let is_last = append(&mut of.numbers, event_no);
            debug_assert!(is_last, "events are numbered in the order of their commits");
            Arc::make_mut(&mut of.places).push(place);
        }
        // A late delivery of an event below the mark is in the table already.
        let first = self.mark << DELIVERY_BITS;
        let mut late = Vec::new();
        for (tenant_no, sub_no, delivery_no) in
            changes.deliveries.into_iter().filter(|(_, _, no)| *no >= first)
        {
            self.entries += 1;
            let new = || OfSubscription { tenant_no, numbers: Arc::default() };
            let numbers = &mut self.deliveries.entry(sub_no).or_insert_with(new).numbers;
            if !append(numbers, delivery_no) {
                late.push((sub_no, delivery_no));
            }
        }
        self.merge(late);
        self.prune(changes.pruned_events, changes.pruned_deliveries);
        let removes = changes.mark.is_some() || !changes.forgotten.is_empty();
        for tenant_no in changes.forgotten {
            self.events.remove(&tenant_no);
            self.deliveries.retain(|_, of| of.tenant_no != tenant_no);
        }
        if let Some(mark) = changes.mark {
            self.move_mark(mark);
        }
        if removes {
            let events: usize = self.events.values().map(|of| of.numbers.len()).sum();
            let deliveries: usize = self.deliveries.values().map(|of| of.numbers.len()).sum();
            self.entries = events + deliveries;
        }
    }

    /// Puts late deliveries of a large fan-out or of a replay among the newer ones, in one pass however many they are.
    fn merge(&mut self, late: Vec<(SubscriptionNo, i64)>) {
        for (sub_no, late) in grouped(late) {
            if let Some(of) = self.deliveries.get_mut(&sub_no) {
                let numbers = Arc::make_mut(&mut of.numbers);
                numbers.extend(late);
                // Not the unstable one: this one merges what is in order already.
                numbers.sort();
            }
        }
    }

    /// Takes out what was forgotten.
    fn prune(&mut self, events: Vec<(TenantNo, i64)>, deliveries: Vec<(SubscriptionNo, i64)>) {
        if events.is_empty() && deliveries.is_empty() {
            return;
        }
        for (tenant_no, pruned) in grouped(events) {
            let removed = self.events.get_mut(&tenant_no).map(|of| of.take_out(pruned));
            self.entries -= removed.unwrap_or_default();
        }
        self.events.retain(|_, of| !of.numbers.is_empty());
        for (sub_no, pruned) in grouped(deliveries) {
            let removed = self.deliveries.get_mut(&sub_no).map(|of| take_out(&mut of.numbers, pruned));
            self.entries -= removed.unwrap_or_default();
        }
        self.deliveries.retain(|_, of| !of.numbers.is_empty());
    }

    fn move_mark(&mut self, mark: i64) {
        self.mark = mark;
        self.events.retain(|_, of| of.keep_from(mark));
        self.deliveries.retain(|_, of| keep_from(&mut of.numbers, mark << DELIVERY_BITS));
    }
}

impl OfTenant {
    /// Takes events out; answers how many were there. They are the oldest nearly always.
    fn take_out(&mut self, mut pruned: Vec<i64>) -> usize {
        let before = self.numbers.len();
        if self.numbers.starts_with(&pruned) {
            Arc::make_mut(&mut self.numbers).drain(..pruned.len());
            Arc::make_mut(&mut self.places).drain(..pruned.len());
        } else {
            pruned.sort_unstable();
            let is_kept = |no: &i64| pruned.binary_search(no).is_err();
            let mut kept = self.numbers.iter().map(is_kept);
            Arc::make_mut(&mut self.places).retain(|_| kept.next().unwrap_or_default());
            Arc::make_mut(&mut self.numbers).retain(is_kept);
        }
        before - self.numbers.len()
    }

    /// Drops everything before an event; answers whether something is left.
    fn keep_from(&mut self, first: i64) -> bool {
        let gone = self.numbers.partition_point(|no| *no < first);
        Arc::make_mut(&mut self.numbers).drain(..gone);
        Arc::make_mut(&mut self.places).drain(..gone);
        !self.numbers.is_empty()
    }
}

impl Tail {
    /// The table is read below this number only.
    pub(crate) fn mark(&self) -> i64 {
        self.mark
    }

    /// Events with their places in the log, oldest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (i64, LogPlace)> {
        self.numbers.iter().copied().zip(self.places.iter().copied())
    }

    /// The newest event with its place in the log.
    pub(crate) fn newest(&self) -> Option<(i64, LogPlace)> {
        self.numbers.last().copied().zip(self.places.last().copied())
    }

    /// Up to `limit` numbers of a listing from `first` up to but not including `end`, newest first; `table` reads the
    /// same from the table.
    pub(crate) fn numbers(
        &self,
        first: i64,
        end: i64,
        limit: usize,
        table: impl FnOnce(i64, usize) -> Result<Vec<i64>, Fault>,
    ) -> Result<Vec<i64>, Fault> {
        let below_end = &self.numbers[..self.numbers.partition_point(|no| *no < end)];
        let newest = below_end.iter().rev().take_while(|no| **no >= first).take(limit);
        let mut numbers: Vec<_> = newest.copied().collect();
        let left = limit - numbers.len();
        if left > 0 && first < self.mark {
            numbers.extend(table(end.min(self.mark), left)?);
        }
        Ok(numbers)
    }

    /// Up to `limit` numbers of a listing from `first` on, oldest first; `table` reads the same from the table, up to but
    /// not including a number.
    pub(crate) fn numbers_from(
        &self,
        first: i64,
        limit: usize,
        table: impl FnOnce(i64) -> Result<Vec<i64>, Fault>,
    ) -> Result<Vec<i64>, Fault> {
        let mut numbers = if first < self.mark { table(self.mark)? } else { Vec::new() };
        let left = limit.saturating_sub(numbers.len());
        let newest = &self.numbers[self.numbers.partition_point(|no| *no < first)..];
        numbers.extend(newest.iter().take(left));
        Ok(numbers)
    }

    /// All of it, oldest first.
    pub(crate) fn all(&self) -> &[i64] {
        &self.numbers
    }
}

/// Puts a number behind all others; answers false, and does nothing, when it does not belong there.
fn append(numbers: &mut Arc<Vec<i64>>, no: i64) -> bool {
    let is_last = numbers.last().is_none_or(|last| *last < no);
    if is_last {
        Arc::make_mut(numbers).push(no);
    }
    is_last
}

fn grouped<K: Ord>(entries: Vec<(K, i64)>) -> BTreeMap<K, Vec<i64>> {
    let mut groups = BTreeMap::<K, Vec<i64>>::new();
    for (key, no) in entries {
        groups.entry(key).or_default().push(no);
    }
    groups
}

/// Takes numbers out; answers how many were there. They are the oldest nearly always.
fn take_out(numbers: &mut Arc<Vec<i64>>, mut pruned: Vec<i64>) -> usize {
    let before = numbers.len();
    if numbers.starts_with(&pruned) {
        Arc::make_mut(numbers).drain(..pruned.len());
    } else {
        pruned.sort_unstable();
        Arc::make_mut(numbers).retain(|no| pruned.binary_search(no).is_err());
    }
    before - numbers.len()
}

fn keep_from(numbers: &mut Arc<Vec<i64>>, first: i64) -> bool {
    Arc::make_mut(numbers).retain(|no| *no >= first);
    !numbers.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_no::LogNo;

    fn place(offset: i64) -> LogPlace {
        LogPlace { log_no: LogNo(offset), type_no: 1 }
    }

    #[test]
    fn events_keep_their_places_in_the_log_whatever_goes_around_them() {
        let lists = Unlisted(RwLock::new(Lists::default()));
        let tenant_no = TenantNo(1);
        let entries = || lists.events_of(tenant_no).entries().collect::<Vec<_>>();
        let events = (1..=9).map(|no| (tenant_no, 10 * no, place(no))).collect();
        lists.apply(ListingChanges { events, ..ListingChanges::default() });
        let pruned_events = [10, 20].map(|no| (tenant_no, no)).to_vec();
        lists.apply(ListingChanges { pruned_events, ..ListingChanges::default() });
        let pruned_events = [90, 50, 99].map(|no| (tenant_no, no)).to_vec();
        lists.apply(ListingChanges { pruned_events, ..ListingChanges::default() });
        assert_eq!(entries(), [3, 4, 6, 7, 8].map(|no| (10 * no, place(no))));
        lists.apply(ListingChanges { mark: Some(60), ..ListingChanges::default() });
        assert_eq!(entries(), [6, 7, 8].map(|no| (10 * no, place(no))));
        let pruned_events = [60, 70].map(|no| (tenant_no, no)).to_vec();
        lists.apply(ListingChanges { pruned_events, ..ListingChanges::default() });
        assert_eq!((entries(), lists.entries()), (vec![(80, place(8))], 1));
    }

    fn listed_in_the_table(_: i64, _: usize) -> Result<Vec<i64>, Fault> {
        Ok(vec![2, 1])
    }

    #[test]
    fn a_late_delivery_of_a_listed_event_is_in_the_table_only() {
        let lists = Unlisted(RwLock::new(Lists { mark: 3, ..Lists::default() }));
        let (tenant_no, sub_no) = (TenantNo(1), SubscriptionNo(2));
        let (late, newer) = ((2 << DELIVERY_BITS) + 9, (3 << DELIVERY_BITS) + 1);
        let deliveries = vec![(tenant_no, sub_no, late), (tenant_no, sub_no, newer)];
        lists.apply(ListingChanges { deliveries, ..ListingChanges::default() });
        assert_eq!((lists.entries(), lists.deliveries_of(sub_no).all()), (1, &[newer][..]));
    }

    #[test]
    fn what_a_replay_creates_among_newer_deliveries_stands_and_goes_in_its_order() {
        let lists = Unlisted(RwLock::new(Lists::default()));
        let (tenant_no, sub_no) = (TenantNo(1), SubscriptionNo(2));
        let of = |numbers: &[i64]| numbers.iter().map(|no| (tenant_no, sub_no, *no)).collect::<Vec<_>>();
        for deliveries in [of(&[10, 20, 30, 40]), of(&[15, 11, 35, 45]), of(&[50])] {
            lists.apply(ListingChanges { deliveries, ..ListingChanges::default() });
        }
        assert_eq!(lists.deliveries_of(sub_no).all(), [10, 11, 15, 20, 30, 35, 40, 45, 50]);
        let pruned_deliveries = [30, 11, 45, 99].map(|no| (sub_no, no)).to_vec();
        lists.apply(ListingChanges { pruned_deliveries, ..ListingChanges::default() });
        assert_eq!((lists.entries(), lists.deliveries_of(sub_no).all()), (6, &[10, 15, 20, 35, 40, 50][..]));
    }

    #[test]
    fn a_listing_reads_on_in_the_table_where_memory_ends() {
        let lists = Unlisted(RwLock::new(Lists { mark: 3, ..Lists::default() }));
        let tenant_no = TenantNo(1);
        lists.apply(ListingChanges {
            events: vec![(tenant_no, 3, place(1)), (tenant_no, 5, place(2))],
            ..ListingChanges::default()
        });
        let before = lists.events_of(tenant_no);
        assert_eq!(before.numbers(0, 9, 10, listed_in_the_table).unwrap(), [5, 3, 2, 1]);
        assert_eq!(before.numbers(0, 5, 1, listed_in_the_table).unwrap(), [3]);
        assert_eq!(before.numbers(4, 9, 10, listed_in_the_table).unwrap(), [5]);
        lists.apply(ListingChanges { mark: Some(5), ..ListingChanges::default() });
        assert_eq!((lists.entries(), lists.events_of(tenant_no).all()), (1, &[5][..]));
        assert_eq!(lists.events_of(tenant_no).newest(), Some((5, place(2))));
        assert_eq!(before.all(), [3, 5], "a reader keeps what it asked for");
    }
}
