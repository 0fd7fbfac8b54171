//! Everything that a store answers, by public ids: two stores that hold the same give the same picture.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use bytes::Bytes;
use postroad_domain::{
    Attempt, DeliveryId, Event, EventId, EventOffset, EventType, ProfileNo, RegisteredType, Status,
    Subscription, SubscriptionNo, SubscriptionVersion, Tenant, TenantNo, Timestamp, delivery::Delivery,
    tenant::TenantSpec,
};
use postroad_store::{
    DeliveryFilter, EventFilter, Group, LaneKey, ListDeliveries, ListEvents, ListTenants, LogEntry,
    QueuedDelivery, ReadLog, Refill, SettingKey, Store, StoreError, StoredProfile, WaitingLanes,
};

/// The end of what does not end.
const EVER: Timestamp = Timestamp::from_micros(i64::MAX);
/// Items that one page is asked for.
const PAGE: usize = 250;
/// Characters of a fact that a report shows.
const CHARS_SHOWN: usize = 600;
/// Differences that a report shows.
const DIFFERENCES_SHOWN: usize = 4;

/// Facts by name.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    facts: BTreeMap<String, Fact>,
    /// The delivery that brings an event to a subscription. No trial sends anything a second time, so there is one.
    carried: BTreeMap<(SubscriptionNo, EventId), DeliveryId>,
    /// Events that are in two of them.
    pub(crate) carried_twice: Vec<String>,
    /// Groups of several events: those that wait, have ended, and were called off.
    pub(crate) groups: [usize; 3],
}

#[derive(Debug, PartialEq)]
enum Fact {
    Tenant(Tenant),
    TenantVersion(Option<TenantSpec>),
    Subscription(Subscription),
    SubscriptionVersion(Option<SubscriptionVersion>),
    EventType(RegisteredType),
    Profile(StoredProfile),
    Event(Event),
    Delivery(Delivery, Vec<Attempt>),
    /// The events that a delivery carries, in their order, and what its first attempt sent, where that was kept.
    Carried(Vec<EventId>, Option<Bytes>),
    Lane(Vec<Place>),
    LaneWaits(Timestamp),
    Fanout {
        next_number: u16,
        targets: usize,
    },
    Log(Vec<LogEntry>, EventOffset),
    Waiting(u64),
    Setting(Option<Vec<u8>>),
}

#[derive(Debug, PartialEq)]
struct Place {
    delivery: DeliveryId,
    version: i64,
    due: Timestamp,
    expires_at: Timestamp,
    tries: u32,
    attempts: u32,
    event: EventId,
    group: Option<Group>,
}

impl Picture {
    /// Takes a picture of all that there is.
    pub(crate) async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let mut picture = Self::default();
        for tenant in tenants(store).await? {
            picture.add_configuration(store, &tenant).await?;
            picture.add_events(store, tenant.no).await?;
            picture.add_log(store, &tenant).await?;
            picture.add_deliveries(store, tenant.no).await?;
        }
        for fanout in store.open_fanouts(None, PAGE).await? {
            let fact = Fact::Fanout { next_number: fanout.next_number, targets: fanout.targets.len() };
            picture.add(format!("fan-out of {}", fanout.event_id), fact);
        }
        for profile in store.latest_profiles().await? {
            let name = format!("profile {}", profile.name);
            picture.add(name, Fact::Profile(StoredProfile { no: ProfileNo(0), ..profile }));
        }
        picture.add("backlog", Fact::Waiting(store.backlog().await?.waiting));
        picture.add("setting", Fact::Setting(store.setting(SettingKey::AdminKeyHash).await?));
        Ok(picture)
    }

    /// What differs, in words; `None` when nothing does.
    pub(crate) fn difference_to(&self, expected: &Self) -> Option<String> {
        let names =
            self.facts.keys().chain(expected.facts.keys().filter(|name| !self.facts.contains_key(*name)));
        let differing: Vec<&String> =
            names.filter(|name| self.facts.get(*name) != expected.facts.get(*name)).collect();
        let mut report = String::new();
        for name in differing.iter().take(DIFFERENCES_SHOWN) {
            let (found, wanted) = (shown(self.facts.get(*name)), shown(expected.facts.get(*name)));
            writeln!(report, "{name}:\n  found    {found}\n  expected {wanted}").ok()?;
        }
        (!differing.is_empty()).then(|| format!("{} facts differ\n{report}", differing.len()))
    }

    async fn add_configuration(&mut self, store: &dyn Store, tenant: &Tenant) -> Result<(), StoreError> {
        let mut names = BTreeMap::new();
        let Some(snapshot) = store.config_snapshot_by_no(tenant.no).await? else { return Ok(()) };
        for event_type in snapshot.event_types {
            let name = format!("event type {} of {}", event_type.name, tenant.id);
            self.add(name, Fact::EventType(event_type));
        }
        for subscription in snapshot.subscriptions {
            self.add_versions(store, &subscription).await?;
            let lane = LaneKey { tenant_no: tenant.no, subscription_no: subscription.no };
            names.insert(lane, subscription.id);
            let places = store.refill(everything_in(lane, EVER)).await?.deliveries;
            self.add(format!("lane of {}", subscription.id), Fact::Lane(places.iter().map(place).collect()));
            // Numbers are the store's own.
            let (no, tenant_no) = (SubscriptionNo(0), TenantNo(0));
            let fact = Fact::Subscription(Subscription { no, tenant_no, ..subscription });
            self.add(format!("subscription {}", names[&lane]), fact);
        }
        for waiting in store.waiting_lanes(WaitingLanes { after: None, limit: 1_000 }).await? {
            if let Some(id) = names.get(&waiting.lane) {
                self.add(format!("head of {id}"), Fact::LaneWaits(waiting.next_due));
            }
        }
        for version in 1..=tenant.version {
            let fact = Fact::TenantVersion(store.tenant_version(tenant.no, version).await?);
            self.add(format!("version {version} of {}", tenant.id), fact);
        }
        self.add(format!("tenant {}", tenant.id), Fact::Tenant(Tenant { no: TenantNo(0), ..tenant.clone() }));
        Ok(())
    }

    async fn add_versions(&mut self, store: &dyn Store, of: &Subscription) -> Result<(), StoreError> {
        for version in 1..=of.version {
            let found = store.subscription_version(of.tenant_no, of.no, version).await?;
            self.add(format!("version {version} of {}", of.id), Fact::SubscriptionVersion(found));
        }
        Ok(())
    }

    async fn add_events(&mut self, store: &dyn Store, tenant_no: TenantNo) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let list = ListEvents { tenant_no, filter: EventFilter::default(), after, limit: PAGE };
            let page = store.list_events(list).await?;
            for event in page.items {
                self.add(format!("event {}", event.id), Fact::Event(event));
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The log with the offset of the next event, and what of it is found by each type.
    async fn add_log(&mut self, store: &dyn Store, tenant: &Tenant) -> Result<(), StoreError> {
        let (log, end) = log(store, tenant.no, Vec::new()).await?;
        let types: BTreeSet<_> = log.iter().map(|entry| entry.event_type.clone()).collect();
        for event_type in types {
            let name = format!("{event_type} in the log of {}", tenant.id);
            let (of_type, end) = self::log(store, tenant.no, vec![event_type]).await?;
            self.add(name, Fact::Log(of_type, end));
        }
        self.add(format!("log of {}", tenant.id), Fact::Log(log, end));
        Ok(())
    }

    async fn add_deliveries(&mut self, store: &dyn Store, tenant_no: TenantNo) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let list = ListDeliveries { tenant_no, filter: DeliveryFilter::default(), after, limit: PAGE };
            let page = store.list_deliveries(list).await?;
            for delivery in page.items {
                let attempts = store.attempts(tenant_no, delivery.id).await?;
                // Of one event it is in the list already.
                let is_group = delivery.event_count > 1;
                let of_group =
                    if is_group { store.delivery_events(tenant_no, delivery.id).await? } else { Vec::new() };
                let mut carried: Vec<_> = of_group.iter().map(|event| event.id).collect();
                if is_group {
                    self.groups[match delivery.status {
                        Status::Queued | Status::Delivering => 0,
                        Status::Succeeded | Status::Failed => 1,
                        Status::Cancelled => 2,
                    }] += 1;
                } else {
                    carried.clone_from(&delivery.events);
                }
                let body = store.stored_body(tenant_no, delivery.id).await?.map(|stored| stored.body.clone());
                for event in &carried {
                    let of = (delivery.subscription_no, *event);
                    if let Some(before) = self.carried.insert(of, delivery.id) {
                        self.carried_twice.push(format!("{event} is in {before} and in {}", delivery.id));
                    }
                }
                self.add(format!("events of {}", delivery.id), Fact::Carried(carried, body));
                self.add(
                    format!("delivery {}", delivery.id),
                    Fact::Delivery(Delivery { subscription_no: SubscriptionNo(0), ..delivery }, attempts),
                );
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn add(&mut self, name: impl Into<String>, fact: Fact) {
        self.facts.insert(name.into(), fact);
    }
}

async fn log(
    store: &dyn Store,
    tenant_no: TenantNo,
    types: Vec<EventType>,
) -> Result<(Vec<LogEntry>, EventOffset), StoreError> {
    let mut entries = Vec::new();
    let mut from = EventOffset(0);
    loop {
        let read = ReadLog { tenant_no, from, types: types.clone(), limit: PAGE };
        let Some(log) = store.read_log(read).await? else { return Ok((entries, EventOffset::FIRST)) };
        entries.extend(log.entries);
        if log.next == from {
            return Ok((entries, log.end));
        }
        from = log.next;
    }
}

/// Every delivery that may be handed out.
pub(crate) async fn waiting(store: &dyn Store) -> Result<Vec<QueuedDelivery>, StoreError> {
    let mut waiting = Vec::new();
    for found in store.waiting_lanes(WaitingLanes { after: None, limit: 1_000 }).await? {
        waiting.extend(store.refill(everything_in(found.lane, EVER)).await?.deliveries);
    }
    Ok(waiting)
}

async fn tenants(store: &dyn Store) -> Result<Vec<Tenant>, StoreError> {
    Ok(store.list_tenants(ListTenants { profile: None, after: None, limit: PAGE }).await?.items)
}

/// Everything that waits in a lane and is due by then.
pub(super) fn everything_in(lane: LaneKey, due_by: Timestamp) -> Refill {
    Refill { lane, due_by, held: Vec::new(), limit: usize::MAX, bytes_max: usize::MAX }
}

fn place(waiting: &QueuedDelivery) -> Place {
    Place {
        delivery: waiting.id,
        version: waiting.subscription_version,
        due: waiting.due,
        expires_at: waiting.expires_at,
        tries: waiting.tries,
        attempts: waiting.attempts,
        event: waiting.event.id,
        group: waiting.group,
    }
}

fn shown(fact: Option<&Fact>) -> String {
    let text = fact.map_or_else(|| "nothing".to_owned(), |fact| format!("{fact:?}"));
    text.chars().take(CHARS_SHOWN).collect()
}
