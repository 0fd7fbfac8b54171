//! The memory of deliveries that wait for their turn: how much of it each tenant holds, and whose lane is refilled next.
//!
//! **Invariant:** a tenant takes more only while it holds less than is free for all others ([`FairQueue`]). So together they hold no
//! more than the bound and the last delivery of each refill that was under way then. Who may not take more waits: the store has what
//! waits.

use postroad_domain::TenantNo;
use postroad_store::{LaneKey, QueuedDelivery};
use rustc_hash::FxHashMap;

use super::fair_queue::FairQueue;

/// What a delivery takes beside its data: the structures that lead to it.
const OVERHEAD_BYTES: usize = 512;

/// Data of this size is counted once, however many deliveries share it. For less the search would cost more than it finds.
const SHARED_BYTES_MIN: usize = 16 * 1024;

/// The memory that a delivery takes for itself.
pub(super) fn bytes_of(delivery: &QueuedDelivery) -> usize {
    let tags = delivery.event.tags.iter().map(String::len).sum::<usize>();
    delivery.bytes() + tags + OVERHEAD_BYTES
}

/// What waits in memory, over all lanes.
#[derive(Debug)]
pub(super) struct Memory {
    bytes_max: usize,
    bytes: usize,
    deliveries: usize,
    /// Large data of events, by its place in memory: how many deliveries share it.
    shared: FxHashMap<usize, u32>,
    /// The bytes that each tenant holds, and its lanes that want a refill.
    thirsty: FairQueue<LaneKey>,
}

impl Memory {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            bytes: 0,
            deliveries: 0,
            shared: FxHashMap::default(),
            thirsty: FairQueue::default(),
        }
    }

    /// Bytes that are held, with those that refills under way may bring.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Deliveries that are held.
    pub(super) fn deliveries(&self) -> usize {
        self.deliveries
    }

    /// Bytes that the tenant may take now.
    pub(super) fn room(&self, no: TenantNo) -> usize {
        self.free().saturating_sub(self.thirsty.held(no))
    }

    /// A delivery comes into memory.
    pub(super) fn took(&mut self, delivery: &QueuedDelivery) {
        let bytes = bytes_of(delivery) - self.shared_with_others(delivery, true);
        self.deliveries += 1;
        self.reserve(delivery.lane.tenant_no, bytes);
    }

    /// A delivery leaves it.
    pub(super) fn gave(&mut self, delivery: &QueuedDelivery) {
        let bytes = bytes_of(delivery) - self.shared_with_others(delivery, false);
        self.deliveries -= 1;
        self.release(delivery.lane.tenant_no, bytes);
    }

    /// A refill begins that may bring so many bytes.
    pub(super) fn reserve(&mut self, no: TenantNo, bytes: usize) {
        self.bytes += bytes;
        self.thirsty.change(no, |held| held + bytes);
    }

    /// It is over; what it brought is taken by itself.
    pub(super) fn release(&mut self, no: TenantNo, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.thirsty.change(no, |held| held.saturating_sub(bytes));
    }

    /// The lane wants a refill. It is not in here yet.
    pub(super) fn wants_refill(&mut self, lane: LaneKey) {
        self.thirsty.push(lane.tenant_no, lane);
    }

    /// The lane that is refilled next: tenants take turns, and within a tenant its lanes. It is in here no more.
    pub(super) fn next_thirsty(&mut self) -> Option<LaneKey> {
        self.thirsty.pop(self.free())
    }

    fn free(&self) -> usize {
        self.bytes_max.saturating_sub(self.bytes)
    }

    /// How much of the delivery's data is counted with another delivery that shares it: with one that is here when it comes, with
    /// one that stays when it goes.
    fn shared_with_others(&mut self, delivery: &QueuedDelivery, comes: bool) -> usize {
        let data = &delivery.event.data;
        if data.len() < SHARED_BYTES_MIN {
            return 0;
        }
        let place = data.as_ptr().addr();
        let sharers = self.shared.entry(place).or_default();
        let others = if comes { *sharers } else { sharers.saturating_sub(1) };
        *sharers = if comes { *sharers + 1 } else { others };
        if *sharers == 0 {
            self.shared.remove(&place);
        }
        if others > 0 { data.len() } else { 0 }
    }
}
