//! Stories of a few steps, told on purpose: what a caller remembers over a power cut.
//!
//! A caller that remembers more than the other one asks for something else, and then the answers differ though both
//! stores are right.

use bytes::Bytes;
use postroad_domain::{DeliveryId, EventId, EventType, Reason, TenantId};
use postroad_store::Next;

use super::{
    Actor, Conditions, Latest, Survival, Trial,
    step::{EventPlan, OutcomePlan, Step, SubscriptionName, Waiting, Write},
};
use crate::power_cut::computer::Cut;

/// Nothing happens by chance.
const QUIET: Conditions = Conditions {
    seed: 0,
    torn: true,
    lies: false,
    checkpoints: false,
    data_bytes_max: 0,
    lives: 0,
    steps: 0,
    cuts: [Latest::Call(1); 3],
};
/// More changing calls than one small commit makes.
const CALLS_OF_A_COMMIT: u64 = 60;

/// A trial with one subscription.
struct Story {
    trial: Trial,
    subscription: SubscriptionName,
}

impl Story {
    async fn begin() -> (Self, Actor) {
        let mut trial = Trial::begin(QUIET).await.unwrap();
        let tenant = TenantId::parse("tenant-0").unwrap();
        let subscription = SubscriptionName { tenant: tenant.clone(), id: trial.planner.id() };
        let mut story = Self { trial, subscription: subscription.clone() };
        let mut actor = story.open().await;
        story.tell(&mut actor, Step::PutTenant { tenant, name: "name".to_owned() }).await;
        story.tell(&mut actor, Step::CreateSubscription { subscription }).await;
        (story, actor)
    }

    /// Opens the store and compares.
    async fn open(&mut self) -> Actor {
        let opened = self.trial.live().await.unwrap_or_else(|loss| panic!("{loss}"));
        opened.expect("there is power")
    }

    /// Does one thing; both stores answer the same, unless the power goes.
    async fn tell(&mut self, actor: &mut Actor, step: Step) {
        let write = Write { at: self.trial.planner.tick(), step };
        self.trial.write(actor, write).await.unwrap_or_else(|loss| panic!("{loss}"));
    }

    /// The power goes while nothing is being done, or went before; all that was written is left.
    async fn reboot(&mut self, actor: Actor) -> Actor {
        self.trial.computer().plan(Cut::at(0));
        self.trial.places = actor.end();
        self.trial.computer().reboot(&mut Survival::all());
        self.open().await
    }

    /// An event for the subscription, whose delivery is created at once or by a later step.
    async fn publish(&mut self, actor: &mut Actor, served_at_once: usize) -> DeliveryId {
        let id = EventId::for_event(self.trial.planner.tick(), self.trial.planner.rng());
        let event = EventPlan {
            tenant: self.subscription.tenant.clone(),
            id,
            event_type: EventType::parse("lead.created").unwrap(),
            tags: Vec::new(),
            attributes: Bytes::new(),
            data: Bytes::from_static(b"{}"),
            idempotency: None,
            wanted_by: vec![(self.subscription.id, Waiting::default())],
            served_at_once,
        };
        self.tell(actor, Step::Commit { events: vec![event], outcomes: Vec::new() }).await;
        id.delivery(1)
    }

    async fn deactivate(&mut self, actor: &mut Actor) {
        self.tell(actor, Step::Deactivate { subscription: self.subscription.clone() }).await;
    }

    async fn record(&mut self, actor: &mut Actor, delivery: DeliveryId, next: Next) {
        let attempt = self.trial.planner.attempt(next);
        let outcomes = vec![OutcomePlan { delivery, attempt, next, when_due: false, body: None }];
        self.tell(actor, Step::Commit { events: Vec::new(), outcomes }).await;
    }
}

#[tokio::test]
async fn a_delivery_that_was_held_when_it_came_is_known_to_both_callers_after_a_reboot() {
    let (mut story, mut actor) = Story::begin().await;
    let delivery = story.publish(&mut actor, 0).await;
    // It is created while its receiver is gone, so the answer does not name it; then it may go out.
    story.deactivate(&mut actor).await;
    story.tell(&mut actor, Step::FanOut { targets_each: 1 }).await;
    let subscription = story.subscription.clone();
    story.tell(&mut actor, Step::SetActive { subscription, active: true }).await;
    let mut actor = story.reboot(actor).await;
    story.record(&mut actor, delivery, Next::Failed(Reason::Exhausted)).await;
    story.reboot(actor).await;
}

#[tokio::test]
async fn an_outcome_that_nobody_heard_of_and_that_survived_is_known_to_no_caller() {
    let mut survived = 0;
    for calls in 1..CALLS_OF_A_COMMIT {
        let (mut story, mut actor) = Story::begin().await;
        let delivery = story.publish(&mut actor, 1).await;
        story.deactivate(&mut actor).await;
        story.trial.computer().plan(Cut::at(calls));
        let later = Next::Queued { due: story.trial.planner.tick(), tries: 1 };
        story.record(&mut actor, delivery, later).await;
        let mut actor = story.reboot(actor).await;
        survived += story.trial.tally.done;
        // Nobody may look into a lane whose receiver is gone: both callers still name the place it had before.
        story.record(&mut actor, delivery, Next::Succeeded).await;
        story.reboot(actor).await;
    }
    assert!(survived > 0);
}
