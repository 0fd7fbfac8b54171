//! The live tail: what becomes of deliveries, attempt by attempt, read from the engine's own lists.
//!
//! **Invariant:** each attempt is shown once, in the order of its delivery. Memory is bounded: a delivery that has ended is
//! forgotten with the page that it stood on. Under a flood the oldest of what came between two looks are not shown: this
//! is for people, who could not read them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use postroad_domain::{
    Attempt, Clock, DeliveryId, Reason, Status, SubscriptionId, TenantId, Timestamp, attempt::Answer,
    delivery::Delivery, limits::PAGE_ITEMS,
};
use postroad_engine::{DeliveryFilter, Engine, EventOutcome, LookupError, StoreError, Wait};

/// Between two looks: short for a person, long for the store.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Deliveries that wait for another attempt and are looked after, in each tenant.
const WAITING_MAX: usize = 200;

/// One attempt, with what comes after it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// When it began.
    pub(super) at: Timestamp,
    /// Whose delivery it was.
    pub(super) tenant: String,
    /// What happened in the tenant.
    pub(super) event_type: String,
    /// 1 for the first.
    pub(super) number: u32,
    /// How long it took.
    pub(super) took: Duration,
    /// How it went.
    pub(super) outcome: Outcome,
}

/// How an attempt went.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The status, or the class of the error.
    pub(super) result: String,
    /// It was taken.
    pub(super) is_good: bool,
    /// Why not, where the status does not say it.
    pub(super) why: Option<String>,
    /// What happens next, where something does.
    pub(super) next: Option<Next>,
}

/// What happens to a delivery after a failure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Another attempt, at this time.
    Attempt(Timestamp),
    /// Another attempt, not before this time: all of its subscription waits for longer than its own schedule says.
    NotBefore(Timestamp, Wait),
    /// None until this subscription is active again: its receiver said that it is gone, or has not passed a handshake.
    Held(SubscriptionId),
    /// Nothing.
    End(Reason),
}

/// What was shown of each delivery that may still be met.
pub(super) struct Tail {
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    seen: HashMap<TenantId, HashMap<DeliveryId, Seen>>,
}

struct Seen {
    attempts: u32,
    waits_until: Option<Timestamp>,
}

impl Tail {
    /// A tail that begins with what is there already.
    pub(super) fn new(engine: Arc<Engine>, clock: Arc<dyn Clock>) -> Self {
        Self { engine, clock, seen: HashMap::new() }
    }

    /// The attempts since the last call, oldest first; waits until there are some.
    ///
    /// Errors: the store cannot be read.
    pub(super) async fn next(&mut self) -> Result<Vec<Shown>, StoreError> {
        loop {
            let shown = self.look().await?;
            if !shown.is_empty() {
                return Ok(shown);
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) -> Result<Vec<Shown>, StoreError> {
        let tenants = self.engine.configuration().list_tenants(None, None, PAGE_ITEMS.max).await?.items;
        self.seen.retain(|id, _| tenants.iter().any(|tenant| tenant.id == *id));
        let mut shown = Vec::new();
        for tenant in tenants {
            match self.look_at(&tenant.id, &mut shown).await {
                // Deleted in this moment.
                Ok(()) | Err(LookupError::NoTenant | LookupError::NotFound) => {}
                Err(LookupError::Store(error)) => return Err(error),
            }
        }
        shown.sort_by_key(|shown| shown.at);
        Ok(shown)
    }

    async fn look_at(&mut self, tenant: &TenantId, shown: &mut Vec<Shown>) -> Result<(), LookupError> {
        let now = self.clock.now();
        let newest = self
            .engine
            .history()
            .list_deliveries(tenant, DeliveryFilter::default(), None, PAGE_ITEMS.max)
            .await?;
        let seen = self.seen.entry(tenant.clone()).or_default();
        let is_due = |seen: &Seen| seen.waits_until.is_some_and(|until| until <= now);
        let on_page = |id: &DeliveryId| newest.items.iter().any(|delivery| delivery.id == *id);
        let again: Vec<_> =
            seen.iter().filter(|(id, seen)| is_due(seen) && !on_page(id)).map(|(id, _)| *id).collect();
        let has_more = |delivery: &&Delivery| {
            let known = seen.get(&delivery.id).map_or(0, |seen| seen.attempts);
            delivery.attempts > known
        };
        let changed: Vec<_> = newest.items.iter().filter(has_more).map(|delivery| delivery.id).collect();
        for id in changed.into_iter().chain(again) {
            self.show(tenant, id, shown).await?;
        }
        let seen = self.seen.entry(tenant.clone()).or_default();
        let is_waiting = |seen: &Seen| seen.waits_until.is_some();
        let mut room = WAITING_MAX;
        seen.retain(|id, seen| {
            let keep = on_page(id) || is_waiting(seen) && room > 0;
            room -= usize::from(keep && !on_page(id));
            keep
        });
        Ok(())
    }

    async fn show(
        &mut self,
        tenant: &TenantId,
        id: DeliveryId,
        shown: &mut Vec<Shown>,
    ) -> Result<(), LookupError> {
        let view = self.engine.history().delivery(tenant, id).await?;
        let seen = self.seen.get(tenant).and_then(|seen| seen.get(&id));
        let known = seen.map_or(0, |seen| seen.attempts);
        let waits_until = view.delivery.due_at.filter(|_| view.delivery.finished_at.is_none());
        let last = view.attempts.last().map_or(known, |attempt| attempt.number);
        let after_last = if last > known { self.next_of(tenant, &view.delivery).await? } else { None };
        let now_seen = Seen { attempts: view.delivery.attempts, waits_until };
        self.seen.entry(tenant.clone()).or_default().insert(id, now_seen);
        let fresh = view.attempts.iter().filter(|attempt| attempt.number > known);
        shown.extend(fresh.map(|attempt| {
            let next = after_last.filter(|_| attempt.number == last);
            Shown {
                at: attempt.at,
                tenant: tenant.to_string(),
                event_type: view.delivery.event_type.to_string(),
                number: attempt.number,
                took: attempt.duration,
                outcome: outcome(attempt, next, view.delivery.status),
            }
        }));
        Ok(())
    }

    /// What comes after the newest attempt of a delivery.
    async fn next_of(&self, tenant: &TenantId, delivery: &Delivery) -> Result<Option<Next>, StoreError> {
        Ok(match (delivery.status, delivery.reason, delivery.due_at) {
            (Status::Queued, _, Some(due)) => Some(self.wait_of(tenant, delivery, due).await?),
            (Status::Failed | Status::Cancelled, Some(reason), _) => Some(Next::End(reason)),
            _ => None,
        })
    }

    /// What a delivery waits for that is due at `due`: what holds all of its subscription back only the engine knows.
    async fn wait_of(
        &self,
        tenant: &TenantId,
        delivery: &Delivery,
        due: Timestamp,
    ) -> Result<Next, StoreError> {
        let explained =
            self.engine.history().explain(tenant, delivery.id.first_event(), None, PAGE_ITEMS.max).await;
        let explained = match explained {
            Ok(page) => page.items,
            // Deleted in this moment.
            Err(LookupError::NoTenant | LookupError::NotFound) => Vec::new(),
            Err(LookupError::Store(error)) => return Err(error),
        };
        let of_this = explained.into_iter().find(|explained| explained.delivery == Some(delivery.id));
        Ok(match of_this.map(|explained| explained.outcome) {
            Some(EventOutcome::Pending { why: Wait::ReceiverGone | Wait::Verification, .. }) => {
                Next::Held(delivery.subscription)
            }
            Some(EventOutcome::Pending {
                until: Some(until),
                why: why @ (Wait::RetryAfter | Wait::Breaker),
                ..
            }) => Next::NotBefore(until, why),
            _ => Next::Attempt(due),
        })
    }
}

fn outcome(attempt: &Attempt, next: Option<Next>, status: Status) -> Outcome {
    let (result, why) = match &attempt.answer {
        Answer::Response(response) => (response.status.to_string(), None),
        Answer::Error { class, message } => (class.as_str().to_owned(), Some(message.clone())),
    };
    // What counts as a success is for the profile to say: a delivery that waits or has failed was not taken.
    let is_good = next.is_none() && matches!(status, Status::Succeeded);
    Outcome { result, is_good, why, next }
}
