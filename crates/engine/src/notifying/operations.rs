//! Events of the operator's own tenant: what happens to the subscriptions of all others.
//!
//! **Invariants:**
//! * of a subscription each kind is published once a minute at most, the first at once;
//! * what happens to the deliveries of these events raises none.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{TenantId, Timestamp, subscription::Failures};
use postroad_store::StoreError;
use serde_json::{Map, Value, json};

use super::{
    report::{host_of, one_line},
    service::NotifyingService,
};
use crate::{
    accepting::publish::{PublishError, PublishEvent},
    operations::{Noted, NotedKey, Occurrence},
};

/// Between two events of a kind for a subscription.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// Before what could not be written is published again.
const AGAIN: Duration = Duration::from_secs(1);

/// What became of an occurrence.
enum Told {
    /// It is published, or there is nothing to publish.
    Done,
    /// It can be written later.
    Later,
    /// There is no operator's tenant.
    Nobody,
}

impl NotifyingService {
    /// Publishes what the operator should hear of, until it is ended.
    pub(super) async fn keep_publishing(self: Arc<Self>) {
        let mut told: BTreeMap<NotedKey, Timestamp> = BTreeMap::new();
        loop {
            let now = self.commit_clock.now();
            told.retain(|_, at| now.since(*at) < TOLD_EVERY);
            let taken = self.operations.take(|key| !told.contains_key(&key));
            let mut failed = false;
            let mut is_nobody_there = false;
            for (key, noted) in taken {
                // Asked once a round.
                if is_nobody_there {
                    continue;
                }
                match self.publish(key, noted).await {
                    Told::Done => _ = told.insert(key, self.commit_clock.now()),
                    Told::Nobody => is_nobody_there = true,
                    Told::Later => {
                        failed = true;
                        self.operations.put_back(key, noted);
                    }
                }
            }
            if failed || is_nobody_there {
                // What happens meanwhile is taken together.
                self.clock.sleep(AGAIN).await;
                continue;
            }
            let keys = self.operations.keys();
            let next = keys.iter().map(|key| told.get(key).map_or(now, |at| at.after(TOLD_EVERY))).min();
            tokio::select! {
                // Whichever it is, the same follows.
                biased;
                () = self.operations.arrived() => {}
                () = self.sleep_until(next) => {}
            }
        }
    }

    async fn publish(&self, (lane, kind): NotedKey, (occurrence, at): Noted) -> Told {
        let operator = TenantId::operations();
        let unread = |error: StoreError| {
            tracing::warn!(%error, "what happened could not be read for the operator");
            Told::Later
        };
        match self.configs.by_id(&operator).await {
            Ok(Some(_)) => {}
            Ok(None) => return Told::Nobody,
            Err(error) => return unread(error),
        }
        let config = match self.configs.by_no(lane.tenant_no).await {
            Ok(config) => config,
            Err(error) => return unread(error),
        };
        // What is gone needs nobody's attention; and an operator who cannot be reached is not told so over and over.
        let Some(config) = config.filter(|config| !config.tenant.id.is_operations()) else {
            return Told::Done;
        };
        let Some(endpoint) = config.endpoint(lane.subscription_no) else { return Told::Done };
        let subscription = &endpoint.subscription;
        let host = host_of(endpoint);
        let name = subscription.spec.name.clone();
        let shown = name.as_deref().map_or_else(|| subscription.id.to_string(), one_line);
        let mut data = Map::new();
        data.insert("tenant".to_owned(), json!(config.tenant.id.as_str()));
        let fields = json!({"id": subscription.id.to_string(), "name": name, "host": host});
        data.insert("subscription".to_owned(), fields);
        let subject = format!("{} of {} ({})", shown, config.tenant.id, host.as_deref().unwrap_or_default());
        data.insert("text".to_owned(), Value::String(sentence(occurrence, &subject)));
        add_facts(&mut data, occurrence);
        let event = PublishEvent {
            event_type: kind.event_type().to_owned(),
            data: Bytes::from(Value::Object(data).to_string()),
            tags: Vec::new(),
            attributes: Bytes::new(),
            occurred_at: Some(at),
            deliver_at: None,
            idempotency: None,
            trace: None,
        };
        let mut published = self.accepting.publish_own(&operator, vec![event]).await;
        match published.pop() {
            Some(Err(PublishError::Store(_) | PublishError::Overloaded)) => Told::Later,
            Some(Err(PublishError::NoTenant)) | None => Told::Nobody,
            Some(Err(error)) => {
                tracing::warn!(%error, event_type = kind.event_type(), "the operator's tenant does not take an event");
                Told::Done
            }
            Some(Ok(_)) => Told::Done,
        }
    }
}

/// What happened, in a sentence: what a chat shows.
fn sentence(occurrence: Occurrence, subject: &str) -> String {
    match occurrence {
        Occurrence::Failed(Failures { count: 1, .. }) => format!("A delivery failed: {subject}."),
        Occurrence::Failed(Failures { count, since }) => {
            format!("{count} deliveries have failed without a success since {since}: {subject}.")
        }
        Occurrence::Recovered => format!("Deliveries succeed again: {subject}."),
        Occurrence::Disabled(..) => format!("The subscription is inactive now: {subject}."),
        Occurrence::Growing(backlog) => format!(
            "{} deliveries wait, more than {} % of what may: {subject}.",
            backlog.deliveries, backlog.percent
        ),
    }
}

/// What is known of it, as fields.
fn add_facts(data: &mut Map<String, Value>, occurrence: Occurrence) {
    let failures = |failures: Failures| json!({"count": failures.count, "since": failures.since.to_string()});
    let mut add = |name: &str, value| _ = data.insert(name.to_owned(), value);
    match occurrence {
        Occurrence::Failed(facts) => add("failures", failures(facts)),
        Occurrence::Recovered => {}
        Occurrence::Disabled(reason, facts) => {
            add("reason", json!(reason.as_str()));
            add("failures", facts.map_or(Value::Null, failures));
        }
        Occurrence::Growing(backlog) => {
            add("waiting", json!(backlog.deliveries));
            add("bytes", json!(backlog.bytes));
            add("percent_of_budget", json!(backlog.percent));
        }
    }
}
