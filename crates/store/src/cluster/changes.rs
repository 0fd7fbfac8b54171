//! The feed of changes: what every node must forget or look at.
//!
//! A store announces a change after the transaction that made it is durable and before the operation is answered, in the
//! order of commits. Changes that another node makes come later, as soon as the store learns of them, and at the latest before
//! it answers a commit as stale because of them ([`crate::AcceptResult::Stale`]). Whoever reads does the same in both cases, so
//! one node and many have the same code.
//!
//! A reader may get a change twice, or one that changed nothing. What another node changed may still be unknown here for as long
//! as a store needs to learn of it.
//!
//! A reader asks for the kinds of changes it wants and takes them in one of two ways:
//! * a cache calls [`Changes::catch_up`] before each look-up. When that returns, everything was applied that this node's
//!   operations had announced before the call: whoever got the answer to a change sees it, and no answer waits for a cache. While
//!   nothing changes it costs one look at an atomic;
//! * a task waits for [`Changes::next`].
//!
//! What a cache reads from the store while changes come may be older than they are: it must keep it by
//! [`Changes::catch_up_then`], and only where no change named it since the reading began.
//!
//! **Invariants:**
//! * a reader holds at most [`CHANGES_WAITING_MAX`] changes; beyond that it gets [`Change::Everything`] in their place;
//! * a change that nobody wants costs one look at an atomic ([`Feed::wants`]).

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Weak,
        atomic::{
            AtomicU8, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use parking_lot::{Mutex, RwLock};
use postroad_domain::{TenantNo, limits::CHANGES_WAITING_MAX};
use tokio::sync::Notify;

use crate::LaneKey;

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The configuration of a tenant: itself, its subscriptions or its event types. Or the tenant was deleted, with its
    /// subscriptions and its keys.
    Tenant(TenantNo),
    /// A key was created or revoked; it is named by its hash ([`crate::StoredKey::hash`]).
    Key([u8; 32]),
    /// A lane must be looked at: what its subscription says was changed, its receiver is gone, something was queued in it that no
    /// answer to a commit announced, or what waits in it was called off.
    Lane(LaneKey),
    /// More waited in a lane than may: the oldest deliveries that waited in it were failed, all with a number
    /// ([`QueuedDelivery::handle`](crate::QueuedDelivery::handle)) up to this one. What memory holds of them must not be sent.
    Overflowed(LaneKey, i64),
    /// Events of a tenant were committed.
    Events(TenantNo),
    /// What waits for a tenant may have been called off: it or one of its subscriptions was deleted, or one is paused. A sweep
    /// finds work.
    CalledOff(TenantNo),
    /// There is something to tell the contacts of a tenant ([`crate::Notices`]).
    Noticed(TenantNo),
    /// The reader fell behind, or the store cannot tell what changed: all that the reader remembers may be old.
    Everything,
}

/// The kinds of changes that a reader wants. [`Change::Everything`] belongs to each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeKinds(u8);

/// Where a store announces changes.
#[derive(Debug, Default)]
pub struct Feed {
    readers: RwLock<Vec<Weak<Reader>>>,
    /// The kinds that some reader wants.
    wanted: AtomicU8,
}

/// A reader of the feed. It gets what is announced from its making on.
#[derive(Debug)]
pub struct Changes(Arc<Reader>);

#[derive(Debug)]
struct Reader {
    kinds: ChangeKinds,
    waiting: Mutex<Waiting>,
    /// Changes that wait or are being applied, as of the last time the lock of `waiting` was held; zero when none is.
    unapplied: AtomicUsize,
    /// Held while changes are applied: whoever comes meanwhile waits until they have taken effect.
    turn: Mutex<()>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: VecDeque<Change>,
    /// Changes that were taken and have not taken effect yet.
    taken: usize,
}

impl ChangeKinds {
    /// [`Change::Tenant`].
    pub const TENANTS: Self = Self(1);
    /// [`Change::Key`].
    pub const KEYS: Self = Self(2);
    /// [`Change::Lane`] and [`Change::Overflowed`].
    pub const LANES: Self = Self(4);
    /// [`Change::Events`].
    pub const EVENTS: Self = Self(8);
    /// [`Change::CalledOff`].
    pub const CALLED_OFF: Self = Self(16);
    /// [`Change::Noticed`].
    pub const NOTICES: Self = Self(32);
    /// All of them.
    pub const ALL: Self = Self(63);

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    const fn hold(self, change: Change) -> bool {
        let kind = match change {
            Change::Tenant(_) => Self::TENANTS,
            Change::Key(_) => Self::KEYS,
            Change::Lane(_) | Change::Overflowed(..) => Self::LANES,
            Change::Events(_) => Self::EVENTS,
            Change::CalledOff(_) => Self::CALLED_OFF,
            Change::Noticed(_) => Self::NOTICES,
            Change::Everything => Self::ALL,
        };
        self.0 & kind.0 != 0
    }
}

impl Feed {
    /// A new reader.
    pub fn changes(&self, kinds: ChangeKinds) -> Changes {
        let reader = Arc::new(Reader {
            kinds,
            waiting: Mutex::default(),
            unapplied: AtomicUsize::default(),
            turn: Mutex::default(),
            arrived: Notify::default(),
        });
        let mut readers = self.readers.write();
        readers.retain(|known| known.strong_count() > 0);
        readers.push(Arc::downgrade(&reader));
        let living = readers.iter().filter_map(Weak::upgrade);
        self.wanted.store(living.fold(0, |kinds, reader| kinds | reader.kinds.0), Relaxed);
        Changes(reader)
    }

    /// Whether somebody may want changes of that kind; otherwise none needs to be announced.
    pub fn wants(&self, kind: ChangeKinds) -> bool {
        self.wanted.load(Relaxed) & kind.0 != 0
    }

    /// Announces what a durable transaction changed. To be called in the order of commits, and before any of them is
    /// answered.
    pub fn announce(&self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        for reader in self.readers.read().iter().filter_map(Weak::upgrade) {
            if changes.iter().any(|change| reader.kinds.hold(*change)) {
                reader.add(changes.iter().copied().filter(|change| reader.kinds.hold(*change)));
            }
        }
    }
}

impl Changes {
    /// Applies what was announced before the call and was not applied yet. When it returns, all of that has taken effect,
    /// also what another caller was applying. `apply` must not call it again.
    pub fn catch_up(&self, mut apply: impl FnMut(Change)) {
        if self.0.unapplied.load(SeqCst) != 0 {
            self.catch_up_then(&mut apply, || ());
        }
    }

    /// The same, and then `keep`, before anybody applies what is announced later. So what `keep` puts into a cache is named by
    /// a change that was applied before, which it can see, or by one that is applied behind it. Neither may call the reader.
    pub fn catch_up_then<T>(&self, mut apply: impl FnMut(Change), keep: impl FnOnce() -> T) -> T {
        let _turn = self.0.turn.lock();
        loop {
            let taken = self.0.update(|waiting| {
                let taken = mem::take(&mut waiting.changes);
                waiting.taken = taken.len();
                taken
            });
            if taken.is_empty() {
                return keep();
            }
            taken.into_iter().for_each(&mut apply);
        }
    }

    /// The next change. For one task at a time, which may call [`Self::catch_up`] in between; nothing is lost when it
    /// stops waiting.
    pub async fn next(&self) -> Change {
        loop {
            if let Some(change) = self.0.update(|waiting| waiting.changes.pop_front()) {
                return change;
            }
            self.0.arrived.notified().await;
        }
    }
}

impl Reader {
    fn add(&self, changes: impl Iterator<Item = Change>) {
        self.update(|waiting| {
            for change in changes {
                waiting.add(change);
            }
        });
        self.arrived.notify_one();
    }

    fn update<T>(&self, update: impl FnOnce(&mut Waiting) -> T) -> T {
        let mut waiting = self.waiting.lock();
        let answer = update(&mut waiting);
        self.unapplied.store(waiting.changes.len() + waiting.taken, SeqCst);
        answer
    }
}

impl Waiting {
    fn add(&mut self, change: Change) {
        match self.changes.back() {
            // What waits says so already.
            Some(last) if *last == change || *last == Change::Everything => {}
            _ if change == Change::Everything || self.changes.len() == CHANGES_WAITING_MAX => {
                self.changes.clear();
                self.changes.push_back(Change::Everything);
            }
            _ => self.changes.push_back(change),
        }
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::SubscriptionNo;

    use super::*;

    const LANE: Change = Change::Lane(LaneKey { tenant_no: TenantNo(1), subscription_no: SubscriptionNo(2) });

    fn taken(changes: &Changes) -> Vec<Change> {
        let mut taken = Vec::new();
        changes.catch_up(|change| taken.push(change));
        taken
    }

    #[test]
    fn a_reader_gets_the_kinds_it_wants_in_their_order_from_its_making_on() {
        let feed = Feed::default();
        feed.announce(&[Change::Tenant(TenantNo(1))]);
        let some = feed.changes(ChangeKinds::TENANTS.and(ChangeKinds::KEYS));
        let all = feed.changes(ChangeKinds::ALL);
        feed.announce(&[Change::Key([7; 32]), LANE]);
        feed.announce(&[Change::Events(TenantNo(3)), Change::Tenant(TenantNo(3))]);
        assert_eq!(taken(&some), [Change::Key([7; 32]), Change::Tenant(TenantNo(3))]);
        assert_eq!(taken(&all).len(), 4);
        assert_eq!(taken(&some), []);
    }

    #[test]
    fn a_reader_that_falls_behind_holds_everything_and_no_more() {
        let feed = Feed::default();
        let slow = feed.changes(ChangeKinds::TENANTS);
        let most = i64::try_from(CHANGES_WAITING_MAX).unwrap();
        (0..most).for_each(|no| feed.announce(&[Change::Tenant(TenantNo(no))]));
        assert_eq!(taken(&slow).len(), CHANGES_WAITING_MAX);
        (0..=2 * most).for_each(|no| feed.announce(&[Change::Tenant(TenantNo(no))]));
        assert_eq!(taken(&slow), [Change::Everything]);
        feed.announce(&[Change::Tenant(TenantNo(1)), Change::Tenant(TenantNo(1)), LANE]);
        assert_eq!(
            taken(&slow),
            [Change::Tenant(TenantNo(1))],
            "it goes on as before, and says nothing twice"
        );
        feed.announce(&[Change::Tenant(TenantNo(1)), Change::Everything]);
        assert_eq!(taken(&slow), [Change::Everything]);
    }

    #[test]
    fn what_nobody_wants_need_not_be_announced() {
        let feed = Feed::default();
        assert!(!feed.wants(ChangeKinds::TENANTS));
        let cache = feed.changes(ChangeKinds::TENANTS);
        assert!(feed.wants(ChangeKinds::TENANTS) && !feed.wants(ChangeKinds::EVENTS));
        drop(cache);
        let _pull = feed.changes(ChangeKinds::EVENTS);
        assert!(!feed.wants(ChangeKinds::TENANTS) && feed.wants(ChangeKinds::EVENTS));
    }

    #[test]
    fn whoever_catches_up_waits_for_what_another_is_applying() {
        let feed = Feed::default();
        let cache = feed.changes(ChangeKinds::ALL);
        feed.announce(&[LANE]);
        let is_applied = std::sync::atomic::AtomicBool::new(false);
        let (begin, begun) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let (cache, is_applied) = (&cache, &is_applied);
            scope.spawn(move || {
                cache.catch_up(|_| {
                    begin.send(()).unwrap();
                    std::thread::yield_now();
                    is_applied.store(true, SeqCst);
                });
            });
            begun.recv().unwrap();
            cache.catch_up(|change| unreachable!("{change:?} is taken already"));
            assert!(is_applied.load(SeqCst));
        });
    }

    #[test]
    fn what_is_announced_while_something_is_kept_is_applied_behind_it() {
        let feed = Feed::default();
        let cache = feed.changes(ChangeKinds::ALL);
        feed.announce(&[LANE]);
        let order = Mutex::new(Vec::new());
        let (begin, begun) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let (cache, order) = (&cache, &order);
            scope.spawn(move || {
                cache.catch_up_then(
                    |_| order.lock().push("what came before"),
                    || {
                        begin.send(()).unwrap();
                        std::thread::yield_now();
                        order.lock().push("kept");
                    },
                );
            });
            begun.recv().unwrap();
            feed.announce(&[LANE]);
            cache.catch_up(|_| order.lock().push("what came behind"));
        });
        assert_eq!(order.into_inner(), ["what came before", "kept", "what came behind"]);
    }

    #[tokio::test]
    async fn a_change_that_a_reader_does_not_want_does_not_wake_it() {
        let feed = Feed::default();
        let changes = feed.changes(ChangeKinds::TENANTS);
        feed.announce(&[LANE]);
        assert!(!is_ready_now(changes.0.arrived.notified()));
        feed.announce(&[LANE, Change::Tenant(TenantNo(1))]);
        assert!(is_ready_now(changes.0.arrived.notified()));
    }

    /// Whether it is ready at once.
    fn is_ready_now(future: impl Future<Output = ()>) -> bool {
        let future = std::pin::pin!(future);
        future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn a_task_waits_for_the_next_change() {
        let feed = Feed::default();
        let changes = feed.changes(ChangeKinds::LANES);
        let (change, ()) = tokio::join!(changes.next(), async { feed.announce(&[LANE]) });
        assert_eq!(change, LANE);
        feed.announce(&[LANE, Change::Everything]);
        assert_eq!(changes.next().await, Change::Everything, "it says more than what it stands for");
    }
}
