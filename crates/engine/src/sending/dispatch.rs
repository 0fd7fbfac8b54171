//! Sending: takes turns from the lanes, makes exchanges, hands outcomes to the next commit.
//!
//! One task is one exchange slot. It lives as long as there are turns to take, so a busy node spawns no task per
//! attempt. The lanes themselves are pure ([`super::lanes`]); here they meet clock, store and network.

use std::{pin::pin, sync::Arc, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{
    Attempt, Clock, DeliveryId, Reason, Status, TenantNo, Timestamp, delivery::transition,
    retry::with_retry_after,
};
use postroad_store::{
    Failing, LaneKey, Next, Outcome, QueuedDelivery, Refill, Store, StoreError, WaitingLanes,
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    attempt::{Attempts, Unmade},
    failing::ToJudge,
    lanes::{
        LaneSet,
        types::{Ended, LaneFigures, LaneLimits, LaneStanding, RefillWish, Turn},
    },
    verdict::{Verdict, input_of},
};
use crate::{
    commit::{
        Committer,
        batch::{OutcomeJob, outcome_bytes},
        commit_clock::CommitClock,
        listener::CommitListener,
    },
    configuration::{cache::ConfigCache, endpoint::Endpoint, lane_settings::LaneSettings},
    ids::IdSource,
    operations::{Occurrence, Operations},
    telemetry::{health::Health, metrics::Metrics},
};

/// Before a lane whose refill failed, or whose subscription could not be read, asks again.
pub(super) const REFILL_PAUSE: Duration = Duration::from_millis(500);

/// Turns that are taken in one hold of the lanes' lock.
const TURNS_AT_ONCE: usize = 64;

/// Waiting lanes that are read at a time.
const LANES_PAGE: usize = 1_000;

/// The longest sleep before the lanes' timers are looked at again: while a machine is suspended its monotonic clock may stand
/// still. Nothing else may need that look ([`Metrics::lanes_rescued`]).
const TIMER_SLEEP_MAX: Duration = Duration::from_secs(30);

/// The exchange slots, and the lanes that they take turns from.
pub(crate) struct Dispatcher {
    pub(super) store: Arc<dyn Store>,
    pub(super) attempts: Attempts,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) commit_clock: Arc<CommitClock>,
    pub(super) ids: Arc<IdSource>,
    pub(super) configs: Arc<ConfigCache>,
    committer: Committer,
    health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) operations: Arc<Operations>,
    /// For how long deliveries of a subscription fail until it becomes inactive.
    pub(super) deactivate_after: Option<Duration>,
    pub(super) to_judge: ToJudge,
    lanes: Mutex<LaneSet>,
    /// A timer was set that rings before all others.
    timer_changed: Notify,
    /// Everything that is under way.
    tasks: TaskTracker,
    /// Ends exchanges without an outcome: their deliveries stay queued.
    abandon: CancellationToken,
}

/// What the dispatcher is made from.
pub(crate) struct DispatcherParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) attempts: Attempts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) committer: Committer,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) operations: Arc<Operations>,
    pub(crate) deactivate_after: Option<Duration>,
    pub(crate) limits: LaneLimits,
}

impl CommitListener for Arc<Dispatcher> {
    fn queued(&self, deliveries: Vec<QueuedDelivery>, at: Timestamp) {
        self.change_lanes(|lanes| {
            for delivery in deliveries {
                // What waits for its time, or for further events, is read from the store then.
                if delivery.due > at {
                    lanes.wake(delivery.lane, delivery.due);
                } else {
                    lanes.offer(delivery);
                }
            }
        });
    }

    fn failing(&self, failing: &[Failing], at: Timestamp) {
        self.note_failing(failing, at);
    }

    fn recovered(&self, recovered: &[LaneKey], at: Timestamp) {
        for lane in recovered {
            self.tell_operator(*lane, Occurrence::Recovered, at);
        }
    }

    fn settled<'a>(&self, outcomes: impl Iterator<Item = (&'a Outcome, Option<Timestamp>)>) {
        self.with_lanes(|lanes| {
            for (outcome, next_due) in outcomes {
                self.health.outcome_written(outcome_bytes(outcome));
                lanes.settled(outcome.lane, outcome.id, next_due);
            }
        });
    }

    fn refused<'a>(&self, outcomes: impl Iterator<Item = &'a Outcome>, again_at: Timestamp) {
        let now = self.commit_clock.now();
        self.with_lanes(|lanes| {
            for outcome in outcomes {
                self.health.outcome_written(outcome_bytes(outcome));
                lanes.give_back(outcome.lane, outcome.id, again_at, now);
            }
        });
    }

    fn told_all(&self) {
        self.pump();
    }
}

impl Dispatcher {
    pub(crate) fn new(parts: DispatcherParts) -> Self {
        let DispatcherParts {
            store,
            attempts,
            clock,
            commit_clock,
            ids,
            configs,
            committer,
            health,
            metrics,
            operations,
            deactivate_after,
            limits,
        } = parts;
        Self {
            store,
            attempts,
            clock,
            commit_clock,
            ids,
            configs,
            committer,
            health,
            metrics,
            operations,
            deactivate_after,
            to_judge: ToJudge::default(),
            lanes: Mutex::new(LaneSet::new(limits)),
            timer_changed: Notify::new(),
            tasks: TaskTracker::new(),
            abandon: CancellationToken::new(),
        }
    }

    /// No new exchange starts; those under way may end within `grace` and are then given back.
    pub(crate) async fn stop(&self, grace: Duration) {
        self.tasks.close();
        tokio::select! {
            // Nothing is given back that ends just in time.
            biased;
            () = self.tasks.wait() => {}
            () = self.clock.sleep(grace) => {
                self.abandon.cancel();
                self.tasks.wait().await;
            }
        }
    }

    /// Memory learns which lanes have something to do, and nothing else: what waits stays in the store until its turn.
    pub(crate) async fn wake_waiting_lanes(self: &Arc<Self>) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.store.waiting_lanes(WaitingLanes { after, limit: LANES_PAGE }).await?;
            self.change_lanes(|lanes| {
                page.iter().for_each(|waiting| lanes.wake(waiting.lane, waiting.next_due))
            });
            match page.last() {
                Some(last) if page.len() == LANES_PAGE => after = Some(last.lane),
                _ => return Ok(()),
            }
        }
    }

    /// Somebody sends a delivery again.
    pub(crate) fn wake_for(self: &Arc<Self>, lane: LaneKey, id: DeliveryId, due: Timestamp) {
        self.change_lanes(|lanes| lanes.wake_for(lane, id, due));
    }

    /// A replay sends deliveries again, or for the first time.
    pub(crate) fn wake_for_all(self: &Arc<Self>, lane: LaneKey, ids: &[DeliveryId], due: Timestamp) {
        self.change_lanes(|lanes| ids.iter().for_each(|id| lanes.wake_for(lane, *id, due)));
    }

    /// Something of the lane or its active subscription changed ([`LaneSet::look_again`]).
    pub(super) fn look_again(self: &Arc<Self>, lane: LaneKey, settings: LaneSettings) {
        let now = self.commit_clock.now();
        self.change_lanes(|lanes| lanes.look_again(lane, settings, now));
    }

    /// Nobody knows whether the lane keeps an order, and it waits as if it did.
    async fn look_up(self: &Arc<Self>, lane: LaneKey) {
        match self.configs.endpoint(lane).await {
            Ok(Some(endpoint)) if endpoint.subscription.spec.active => {
                self.look_again(lane, endpoint.lane_settings.clone());
            }
            // Its mark, or its deletion, says what becomes of it; and a head that cannot be looked up waits.
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a subscription could not be read; its lane waits"),
        }
    }

    /// The lanes in memory.
    pub(super) fn lanes_in_memory(&self) -> Vec<LaneKey> {
        self.lanes.lock().keys()
    }

    /// The lanes of a tenant in memory.
    pub(super) fn lanes_of(&self, no: TenantNo) -> Vec<LaneKey> {
        self.lanes.lock().of_tenant(no).collect()
    }

    /// Whether the tenant has lanes in memory.
    pub(super) fn has_lanes_of(&self, no: TenantNo) -> bool {
        self.lanes.lock().of_tenant(no).next().is_some()
    }

    /// The lane's subscription was paused, deleted or is gone: memory forgets what waits, and asks the store once more,
    /// since somebody may have activated it in between.
    pub(super) fn drop_ready(self: &Arc<Self>, lane: LaneKey) {
        let again_at = self.commit_clock.now();
        self.change_lanes(|lanes| lanes.drop_ready(lane, again_at));
    }

    /// The store ended the oldest deliveries that waited in the lane, those up to this number.
    pub(super) fn drop_up_to(self: &Arc<Self>, lane: LaneKey, handle: i64) {
        self.change_lanes(|lanes| lanes.drop_up_to(lane, handle));
    }

    /// Somebody wants what waits to be sent now.
    pub(crate) fn end_pause(self: &Arc<Self>, lane: LaneKey) {
        let now = self.commit_clock.now();
        self.change_lanes(|lanes| lanes.end_pause(lane, now));
    }

    /// One delivery was cancelled.
    pub(crate) fn drop_one(self: &Arc<Self>, lane: LaneKey, id: DeliveryId) {
        let now = self.commit_clock.now();
        self.change_lanes(|lanes| lanes.drop_one(lane, id, now));
    }

    pub(crate) fn is_delivering(&self, lane: LaneKey, id: DeliveryId) -> bool {
        self.lanes.lock().is_delivering(lane, id)
    }

    /// What holds a lane back just now.
    pub(crate) fn standing_of(&self, lane: LaneKey, now: Timestamp) -> LaneStanding {
        self.lanes.lock().standing(lane, now)
    }

    pub(crate) fn figures(&self) -> LaneFigures {
        self.lanes.lock().figures()
    }

    /// Starts every exchange and refill that may start now; answers whether there was any.
    pub(crate) fn pump(self: &Arc<Self>) -> bool {
        let now = self.commit_clock.now();
        let mut turns = Vec::new();
        let mut any = false;
        loop {
            self.with_lanes(|lanes| {
                let next = || self.health.may_send().then(|| lanes.next_turn(now)).flatten();
                turns.extend(std::iter::from_fn(next).take(TURNS_AT_ONCE));
            });
            let may_be_more = turns.len() == TURNS_AT_ONCE;
            any |= !turns.is_empty();
            for turn in turns.drain(..) {
                self.tasks.spawn(Arc::clone(self).send_while_there_are_turns(turn));
            }
            if !may_be_more {
                break;
            }
        }
        self.refill_thirsty(None) || any
    }

    /// Rings the lanes' timers, and starts again what stood still while nothing could be written.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        // When the next timer rings, where only the longest sleep ended before that.
        let mut too_early_for = None;
        loop {
            let now = self.commit_clock.now();
            let next = self.with_lanes(|lanes| lanes.tick(now));
            let found = self.pump();
            // The timer says when something is due, and every change starts what it allows: there was nothing to find.
            if found && too_early_for.is_some_and(|timer: Timestamp| now < timer) {
                self.metrics.lanes_rescued.inc();
                tracing::error!("a lane stood still until a look that nobody asked for: please report this");
            }
            let sleep = next.map(|next| self.clock.sleep(next.since(now).min(TIMER_SLEEP_MAX)));
            too_early_for = tokio::select! {
                biased;
                () = self.timer_changed.notified() => None,
                () = self.health.recovered() => None,
                () = async { match sleep { Some(sleep) => sleep.await, None => std::future::pending().await } } => {
                    next.filter(|next| next.since(now) > TIMER_SLEEP_MAX)
                }
            }
        }
    }

    /// Changes the lanes, and starts what may start then. Whoever changes a lane does it by this: no change may leave something
    /// ready that nobody starts.
    fn change_lanes(self: &Arc<Self>, change: impl FnOnce(&mut LaneSet)) {
        self.with_lanes(change);
        self.pump();
    }

    /// Changes the lanes, and tells the timekeeper when it must wake up earlier.
    pub(super) fn with_lanes<T>(&self, change: impl FnOnce(&mut LaneSet) -> T) -> T {
        let mut lanes = self.lanes.lock();
        let result = change(&mut lanes);
        if lanes.take_first_timer_changed() {
            self.timer_changed.notify_one();
        }
        result
    }

    async fn send_while_there_are_turns(self: Arc<Self>, first: Turn) {
        let mut abandoned = pin!(self.abandon.cancelled());
        let mut next = Some(first);
        while let Some(turn) = next {
            let (lane, id) = (turn.delivery.lane, turn.delivery.id);
            let sent = tokio::select! {
                // An exchange that is over is recorded, also in the moment in which exchanges are given up.
                biased;
                sent = self.send(&turn) => sent,
                () = &mut abandoned => return,
            };
            next = self.exchanged((lane, id), &turn, sent);
        }
    }

    /// Tells the lanes how a turn ended and takes the next one. This happens once for each delivery, so it takes the lock
    /// once.
    fn exchanged(
        self: &Arc<Self>,
        (lane, id): (LaneKey, DeliveryId),
        turn: &Turn,
        sent: Sent,
    ) -> Option<Turn> {
        let now = self.commit_clock.now();
        let (next, wish) = self.with_lanes(|lanes| {
            match &sent {
                Sent::NotTried { pause } => {
                    lanes.not_begun(lane, turn.at);
                    lanes.give_back(lane, id, now.after(*pause), now);
                }
                Sent::Done { ended: Some(ended), .. } => lanes.judged(lane, *ended, now),
                Sent::Done { ended: None, .. } => lanes.not_begun(lane, turn.at),
            }
            lanes.exchanged(lane, &turn.seat);
            (self.health.may_send().then(|| lanes.next_turn(now)).flatten(), lanes.next_refill())
        });
        let is_given_back = matches!(sent, Sent::NotTried { .. });
        // Only behind that: the lane must know of a failure before the commit of its outcome can settle the delivery.
        if let Sent::Done { job, .. } = sent {
            self.health.outcome_waits(outcome_bytes(&job.outcome));
            self.committer.outcome(*job);
        }
        if wish.is_some() {
            self.refill_thirsty(wish);
        }
        // An outcome is told to the lanes behind its commit, and then all is started that may start. Here there is none.
        if is_given_back {
            self.pump();
        }
        next
    }

    /// Starts this refill and all others that may start; answers whether there was any.
    fn refill_thirsty(self: &Arc<Self>, mut wish: Option<RefillWish>) -> bool {
        let mut any = false;
        // What waits stays in the store for the next start.
        if self.health.is_stopping() {
            let again_at = self.commit_clock.now().after(REFILL_PAUSE);
            wish.into_iter()
                .for_each(|wish| self.with_lanes(|lanes| lanes.refill_failed(wish.lane, again_at)));
            return false;
        }
        while let Some(wish) = wish.take().or_else(|| self.with_lanes(LaneSet::next_refill)) {
            any = true;
            self.tasks.spawn(Arc::clone(self).refill(wish));
        }
        any
    }

    /// One turn: an attempt, or the end of a delivery whose time is over.
    async fn send(self: &Arc<Self>, turn: &Turn) -> Sent {
        let delivery = &turn.delivery;
        if delivery.expires_at <= turn.at {
            return Sent::expired(delivery);
        }
        match self.configs.endpoint(delivery.lane).await {
            Ok(Some(endpoint)) if endpoint.subscription.spec.active => self.attempt(turn, &endpoint).await,
            // Paused, gone or deleted: the store's mark decides what becomes of it.
            Ok(_) => Sent::NotTried { pause: REFILL_PAUSE },
            Err(error) => {
                tracing::warn!(%error, "a subscription could not be read; its lane waits");
                Sent::NotTried { pause: REFILL_PAUSE }
            }
        }
    }

    async fn attempt(self: &Arc<Self>, turn: &Turn, endpoint: &Endpoint) -> Sent {
        let Turn { delivery, at: began, settings_version, .. } = turn;
        if *settings_version != Some(endpoint.lane_settings.version) {
            let (lane, settings) = (delivery.lane, endpoint.lane_settings.clone());
            let given_by = (*settings_version, delivery.subscription_version);
            if !self.with_lanes(|lanes| lanes.still_holds(lane, given_by, settings, *began)) {
                return Sent::NotTried { pause: Duration::ZERO };
            }
            // What it allows from now on besides this exchange.
            self.pump();
        }
        let (record, verdict) = match self.attempts.make(delivery.into(), endpoint).await {
            Ok(made) => made,
            Err(Unmade::Unreadable(error)) => {
                tracing::warn!(%error, "what a delivery was created with could not be read; its lane waits");
                return Sent::NotTried { pause: REFILL_PAUSE };
            }
            Err(Unmade::Elsewhere) => return Sent::NotTried { pause: Duration::ZERO },
        };
        let next = match verdict {
            // No attempt: nothing of it is counted or written.
            Verdict::NotTried { pause } => return Sent::NotTried { pause },
            Verdict::Succeeded => Next::Succeeded,
            Verdict::Failed { retry_after, gone } => {
                if gone {
                    self.receiver_is_gone(delivery, endpoint).await;
                }
                self.after_failure(delivery, endpoint, retry_after)
            }
        };
        self.metrics.attempted(&record);
        // Its order may have been given up meanwhile. One that begins waits for no attempt that began before.
        let is_ordered =
            endpoint.push.ordered && self.lanes.lock().keeps_order(delivery.lane).unwrap_or(true);
        let next = if is_ordered { in_its_place(next) } else { next };
        Sent::done(delivery, (record, *began, endpoint.lane_settings.version), next, is_ordered)
    }

    fn after_failure(&self, delivery: &QueuedDelivery, endpoint: &Endpoint, asked: Option<Duration>) -> Next {
        let now = self.commit_clock.now();
        // The receiver asks for the whole subscription, also when this was the delivery's last attempt.
        let asked = asked.filter(|asked| {
            let until = now.after(with_retry_after(Duration::ZERO, Some(*asked)));
            let version = endpoint.lane_settings.version;
            self.with_lanes(|lanes| lanes.rest_asked(delivery.lane, version, until, now))
        });
        let tries = delivery.tries + 1;
        let Some(gap) = self.ids.with_rng(|rng| endpoint.settings.retry.gap_after(tries, rng)) else {
            return Next::Failed(Reason::Exhausted);
        };
        Next::Queued { due: now.after(with_retry_after(gap, asked)), tries }
    }

    async fn refill(self: Arc<Self>, wish: RefillWish) {
        let due_by = self.commit_clock.now();
        let RefillWish { lane, held, limit, bytes_max } = wish;
        let refilled = tokio::select! {
            biased;
            refilled = self.store.refill(Refill { lane, due_by, held, limit, bytes_max }) => refilled,
            () = self.abandon.cancelled() => return,
        };
        match refilled {
            Ok(refilled) => {
                let mut is_unknown = false;
                self.change_lanes(|lanes| is_unknown = lanes.refilled(lane, refilled, due_by));
                if is_unknown {
                    self.look_up(lane).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a lane could not be refilled; it asks again for less");
                let again_at = self.commit_clock.now().after(REFILL_PAUSE);
                self.change_lanes(|lanes| lanes.refill_failed(lane, again_at));
            }
        }
    }
}

/// What became of a turn.
enum Sent {
    /// The delivery is queued as it was. Its lane asks the store again after a pause.
    NotTried { pause: Duration },
    /// What is to be committed, and what the lane must know of the exchange if there was one.
    Done { job: Box<OutcomeJob>, ended: Option<Ended> },
}

impl Sent {
    /// Its time was over before its turn.
    fn expired(delivery: &QueuedDelivery) -> Self {
        let next = Next::Failed(Reason::Expired);
        debug_assert!(transition(Status::Queued, input_of(next)).is_some());
        Self::with(delivery, (None, None), next, false)
    }

    /// An attempt was made; it goes with when it began, and with which version of the subscription. An ordered lane stands still
    /// until the outcome is committed.
    fn done(
        delivery: &QueuedDelivery,
        (attempt, began, version): (Attempt, Timestamp, i64),
        next: Next,
        is_ordered: bool,
    ) -> Self {
        debug_assert!(transition(Status::Delivering, input_of(next)).is_some(), "{next:?}");
        let again_at = if let Next::InPlace { not_before, .. } = next { Some(not_before) } else { None };
        let succeeded = next == Next::Succeeded;
        let ended = Ended { id: delivery.id, succeeded, again_at, version, began, took: attempt.duration };
        Self::with(delivery, (Some(attempt), Some(ended)), next, is_ordered)
    }

    fn with(
        delivery: &QueuedDelivery,
        (attempt, ended): (Option<Attempt>, Option<Ended>),
        next: Next,
        is_ordered: bool,
    ) -> Self {
        let outcome = Outcome {
            lane: delivery.lane,
            id: delivery.id,
            handle: delivery.handle,
            due: delivery.due,
            expires_at: delivery.expires_at,
            tries: delivery.tries,
            attempt,
            body: None,
            next,
        };
        Self::Done { job: Box::new(OutcomeJob { outcome, is_awaited: is_ordered }), ended }
    }
}

/// A delivery of an ordered subscription keeps its place in the queue while it waits for its next attempt: the lane rests
/// until then, so that nothing overtakes it.
fn in_its_place(next: Next) -> Next {
    match next {
        Next::Queued { due, tries } => Next::InPlace { not_before: due, tries },
        next => next,
    }
}
