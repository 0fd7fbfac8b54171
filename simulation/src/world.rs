//! What a story keeps over all lives of its node: how far each person has come, and who has which id.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use postroad_domain::{SubscriptionId, TenantId};
use tokio::sync::Notify;

use crate::{
    clock::StoryClock,
    journal::{Answer, Call, Journal, What},
    network::Network,
    plan::{Events, Plan, Step},
    store::DurableState,
};

/// The world of a story.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) clock: StoryClock,
    pub(crate) journal: Journal,
    pub(crate) network: Network,
    pub(crate) durable: DurableState,
    /// The id of each subscription that was created.
    ids: Mutex<Vec<Option<SubscriptionId>>>,
    /// The next step of each thread, and how much of it is done.
    places: Mutex<Vec<(usize, u64)>>,
    /// What each thread publishes and has no answer to: an event of these, by its place among them.
    unanswered: Mutex<Vec<Option<(Events, u64)>>>,
    calls: AtomicU32,
    /// Calls that are not answered yet, in this life.
    open_calls: AtomicUsize,
    answered: Notify,
    /// Nobody asks for anything more, in this life.
    is_stopping: AtomicBool,
    /// Leaps of the wall that were made.
    leaps: AtomicUsize,
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let clock = StoryClock::default();
        let journal = Journal::new(clock.clone());
        let network = Network::new(plan.seed, &plan.hosts, plan.calm_from, journal.clone(), clock.clone());
        let durable = DurableState::new(plan.store, plan.backlog_max);
        Self {
            clock,
            journal,
            network,
            durable,
            ids: Mutex::new(vec![None; plan.subscriptions.len()]),
            places: Mutex::new(vec![(0, 0); plan.threads.len()]),
            unanswered: Mutex::new(vec![None; plan.threads.len()]),
            calls: AtomicU32::new(0),
            open_calls: AtomicUsize::new(0),
            answered: Notify::new(),
            is_stopping: AtomicBool::new(false),
            leaps: AtomicUsize::new(0),
            plan,
        }
    }

    /// A new life begins: what was asked in the last one is answered by nobody.
    pub(crate) fn begin_life(&self) {
        self.open_calls.store(0, Relaxed);
        self.is_stopping.store(false, Relaxed);
    }

    /// Nobody asks any more.
    pub(crate) fn stop_asking(&self) {
        self.is_stopping.store(true, Relaxed);
    }

    /// Ends when everything that was asked is answered.
    pub(crate) async fn all_answered(&self) {
        while self.open_calls.load(Relaxed) > 0 {
            self.answered.notified().await;
        }
    }

    /// The next step of a thread, with how much of it is done; it counts as taken from now on, so that nobody does the same
    /// again after a crash.
    pub(crate) fn take_step(&self, thread: usize) -> Option<(&Step, u64)> {
        if self.is_stopping.load(Relaxed) {
            return None;
        }
        let mut places = self.places.lock();
        let (step, done) = places[thread];
        let found = self.plan.threads[thread].steps.get(step)?;
        let is_last = match found {
            Step::Publish(events) => done + 1 >= events.count,
            _ => true,
        };
        places[thread] = if is_last { (step + 1, 0) } else { (step, done + 1) };
        Some((found, done))
    }

    /// When the wall leaps next.
    pub(crate) fn next_leap(&self) -> Option<Duration> {
        self.plan.leaps.get(self.leaps.load(Relaxed)).map(|(at, _)| *at)
    }

    /// Moves the wall if it is time; answers whether it was.
    pub(crate) fn leap_if_due(&self) -> bool {
        let next = self.plan.leaps.get(self.leaps.load(Relaxed));
        let Some((_, leap)) = next.filter(|(at, _)| *at <= self.clock.elapsed()) else { return false };
        self.leaps.fetch_add(1, Relaxed);
        self.clock.leap(leap.seconds * 1_000_000);
        self.journal.note(What::Leapt(leap.seconds));
        true
    }

    /// What a thread has no answer to, for whoever publishes it again.
    pub(crate) fn unanswered(&self, thread: usize) -> Option<(Events, u64)> {
        self.unanswered.lock()[thread]
    }

    /// A thread publishes this, or has its answer.
    pub(crate) fn set_unanswered(&self, thread: usize, event: Option<(Events, u64)>) {
        self.unanswered.lock()[thread] = event;
    }

    /// Asks for something.
    pub(crate) async fn ask(&self, call: Call, asked: impl Future<Output = Answer>) -> Answer {
        let number = self.calls.fetch_add(1, Relaxed);
        self.open_calls.fetch_add(1, Relaxed);
        self.journal.note(What::Asks(number, call));
        let answer = asked.await;
        self.journal.note(What::Answers(number, answer.clone()));
        self.open_calls.fetch_sub(1, Relaxed);
        self.answered.notify_one();
        answer
    }

    pub(crate) fn set_id(&self, subscription: usize, id: SubscriptionId) {
        self.ids.lock()[subscription] = Some(id);
    }

    pub(crate) fn id(&self, subscription: usize) -> Option<SubscriptionId> {
        self.ids.lock()[subscription]
    }

    /// Waits until a moment of the story.
    pub(crate) async fn until(&self, moment: Duration) {
        let rest = moment.saturating_sub(self.clock.elapsed());
        tokio::time::sleep(rest).await;
    }
}

/// The id of a tenant.
pub(crate) fn tenant_id(tenant: usize) -> TenantId {
    TenantId::parse(&format!("t{tenant}")).expect("this is the id of a tenant")
}

/// A world that tasks share.
pub(crate) type Shared = Arc<World>;
