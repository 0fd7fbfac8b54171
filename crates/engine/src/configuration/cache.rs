//! What deliveries are matched against and sent with: each tenant's subscriptions, ready to use.
//!
//! The store's feed of changes empties the cache, and nothing else does: each look-up first forgets what changed, whichever
//! node changed it. So whoever was answered a change made on this node sees it. A picture may be older than a change on another
//! node. For routing that is harmless: the accept statement compares versions and nothing is written when they differ.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use postroad_domain::{
    EndpointUrl, EventType, Subscription, SubscriptionId, SubscriptionNo, SubscriptionSpec, Target, Tenant,
    TenantId, TenantNo, Timestamp,
    limits::{
        DELIVERIES_WITH_EVENT_MAX, REQUEST_BODY_BYTES_MAX, SETTINGS_CACHED_BYTES_MAX,
        SUBSCRIPTIONS_PER_TENANT_MAX, TENANT_SETTINGS_BYTES_MAX,
    },
    matching,
};
use postroad_profile::NamedEndpoint;
use postroad_store::{
    Change, ChangeKinds, Changes, ConfigSnapshot, FanoutTarget, LaneKey, Store, StoreError,
};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use rustc_hash::FxHashMap;

use crate::{
    configuration::arriving::Arriving,
    configuration::endpoint::{Endpoint, TenantNow},
    configuration::event_types::EventTypes,
    configuration::locks::{Lock, Locks},
    configuration::profiles::{LoadedProfile, Profiles},
    configuration::retention::{self, Schedule},
    configuration::sealed_settings::{open_tenant_or_log, opened},
    configuration::secret_box::{SecretBox, SecretError},
    configuration::shaping::TenantAsOf,
    configuration::stored_bytes::stored_bytes,
};

/// Names of tenants that are kept; tenants themselves are kept by the bytes of their settings.
const TENANTS_CACHED_MAX: usize = 10_000;
/// A subscription ready for sending holds its settings so often: as they are, to send by, to compare with, to shape with.
const COPIES: usize = 4;
/// What a subscription takes beside them.
const SUBSCRIPTION_OVERHEAD_BYTES: usize = 2_048;
/// What a tenant takes beside its subscriptions.
const TENANT_OVERHEAD_BYTES: usize = 1_024;
/// A tenant's own settings are held so often: as they are, and ready to use.
const OWN_COPIES: usize = 2;
/// The most that a tenant takes; its own settings come in one call.
const TENANT_BYTES_MAX: usize = TENANT_SETTINGS_BYTES_MAX * COPIES
    + REQUEST_BODY_BYTES_MAX * OWN_COPIES
    + SUBSCRIPTIONS_PER_TENANT_MAX * SUBSCRIPTION_OVERHEAD_BYTES
    + TENANT_OVERHEAD_BYTES;
/// Parts of the cache, each with a lock and a part of the bytes: large enough for the largest tenant.
const CACHE_PARTS: usize = 4;
const _: () = assert!(SETTINGS_CACHED_BYTES_MAX / CACHE_PARTS > TENANT_BYTES_MAX * 11 / 10);

/// Where an event goes.
pub(crate) struct Route {
    /// Whom its own commit serves.
    pub(crate) own: Vec<FanoutTarget>,
    /// Whom later commits serve, step by step.
    pub(crate) rest: Vec<FanoutTarget>,
}

impl Route {
    /// A subscription that sends the event together with others.
    pub(crate) fn grouping(&self) -> Option<SubscriptionNo> {
        let mut targets = self.own.iter().chain(&self.rest);
        targets.find(|target| target.group.is_some()).map(|target| target.subscription_no)
    }
}

/// A tenant and its subscriptions.
pub(crate) struct TenantConfig {
    pub(crate) tenant: Tenant,
    pub(crate) profile: Arc<LoadedProfile>,
    /// The event types that may be published.
    pub(crate) event_types: EventTypes,
    /// The endpoints that its options hold.
    pub(crate) named_endpoints: Vec<Arc<NamedEndpoint>>,
    endpoints: Vec<Arc<Endpoint>>,
    /// Pull subscriptions: nothing is routed to them, they read the log.
    pulls: Vec<Subscription>,
    by_no: FxHashMap<SubscriptionNo, usize>,
    /// For each event type that some subscription names: who names it.
    by_type: HashMap<EventType, Vec<usize>>,
    /// Who names no types and gets every event.
    every_type: Vec<usize>,
    /// Bytes of all its settings, as they are stored.
    settings_bytes: usize,
}

impl TenantConfig {
    fn new(mut snapshot: ConfigSnapshot, profile: &Arc<LoadedProfile>, secrets: &SecretBox) -> Self {
        open_tenant_or_log(&mut snapshot.tenant, secrets);
        let mut config = Self {
            tenant: snapshot.tenant,
            profile: Arc::clone(profile),
            event_types: EventTypes::new(profile, snapshot.event_types),
            named_endpoints: Vec::new(),
            endpoints: Vec::with_capacity(snapshot.subscriptions.len()),
            pulls: Vec::new(),
            by_no: FxHashMap::default(),
            by_type: HashMap::new(),
            every_type: Vec::new(),
            settings_bytes: 0,
        };
        config.settings_bytes = config.event_types.own().map(stored_bytes).sum();
        let as_of =
            TenantAsOf::open(&config.tenant.id, &config.tenant.spec, &config.profile.profile, secrets);
        for subscription in snapshot.subscriptions {
            config.settings_bytes += stored_bytes(&subscription.spec);
            config.add(opened(subscription, secrets), &as_of, secrets);
        }
        config.named_endpoints = as_of.map(|as_of| as_of.endpoints).unwrap_or_default();
        config
    }

    fn add(
        &mut self,
        subscription: Subscription,
        as_of: &Result<TenantAsOf, SecretError>,
        secrets: &SecretBox,
    ) {
        let push = match &subscription.spec.target {
            Target::Push(push) => push.clone(),
            Target::Pull(_) => return self.pulls.push(subscription),
        };
        let index = self.endpoints.len();
        self.by_no.insert(subscription.no, index);
        if subscription.spec.events.is_empty() {
            self.every_type.push(index);
        }
        for event_type in &subscription.spec.events {
            self.by_type.entry(event_type.clone()).or_default().push(index);
        }
        let tenant = TenantNow { id: &self.tenant.id, version: self.tenant.version, as_of };
        let endpoint = Endpoint::new((subscription, push), &self.profile, tenant, secrets);
        self.endpoints.push(Arc::new(endpoint));
    }

    /// The push subscriptions that want the event, in the order of their creation. Where they are more than its own commit serves,
    /// it serves those that are ordered, since what a later commit serves may be overtaken. All others are served by later commits, a
    /// few by each, so that other tenants' events do not wait for them.
    pub(crate) fn route(&self, arriving: &Arriving<'_>) -> Route {
        let (event_type, tags) = (arriving.event_type, arriving.tags);
        let named = self.by_type.get(event_type).map_or(&[][..], Vec::as_slice);
        let mut indexes: Vec<usize> = named.iter().chain(&self.every_type).copied().collect();
        indexes.sort_unstable();
        indexes.dedup();
        indexes.retain(|index| matching::wants(&self.endpoints[*index].subscription.spec, event_type, tags));
        let is_large = indexes.len() > DELIVERIES_WITH_EVENT_MAX;
        let is_late = |index: &usize| is_large && !self.endpoints[*index].push.ordered;
        let rest = indexes.extract_if(.., |index| is_late(index));
        let rest: Vec<_> = rest.map(|index| self.endpoints[index].target(arriving)).collect();
        let own = indexes.into_iter().map(|index| self.endpoints[index].target(arriving)).collect();
        Route { own, rest }
    }

    /// Nobody reads what was accepted before, as it is to be forgotten; `None` where the installation's limit alone holds,
    /// which erases and does not hide.
    pub(crate) fn kept_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.own_age().map(|age| now.before(age))
    }

    /// How long its events are kept, where that is shorter than what the installation says.
    pub(crate) fn own_age(&self) -> Option<Duration> {
        retention::own_age(&self.profile.profile, &self.tenant.spec)
    }

    /// By which schedules the tenant has deliveries.
    pub(crate) fn schedules(&self) -> impl Iterator<Item = Schedule> {
        self.endpoints.iter().map(|endpoint| Schedule {
            whose: format!("the subscription {}", endpoint.subscription.id),
            lifetime: endpoint.lifetime(),
        })
    }

    /// Whether it is the same tenant with the same settings of its own: what was checked against it holds.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        (self.tenant.no, self.tenant.version) == (other.tenant.no, other.tenant.version)
    }

    /// Whether settings of so many bytes have room beside the tenant's others, in the place of `replaced` ones.
    pub(crate) fn has_room_for(&self, bytes: usize, replaced: usize) -> bool {
        bytes <= replaced
            || self.settings_bytes - replaced.min(self.settings_bytes) + bytes <= TENANT_SETTINGS_BYTES_MAX
    }

    /// The push subscriptions that name an endpoint of the tenant, each with that.
    pub(crate) fn sent_to_named(&self) -> impl Iterator<Item = (&Subscription, &Arc<NamedEndpoint>)> {
        self.endpoints.iter().filter_map(|endpoint| Some((&endpoint.subscription, endpoint.named.as_ref()?)))
    }

    /// Where a subscription with these settings leads; `None` for one that is pulled, or names what is not there.
    pub(crate) fn url_of<'a>(&'a self, spec: &'a SubscriptionSpec) -> Option<Cow<'a, EndpointUrl>> {
        if let Some(own) = &spec.push()?.url {
            return Some(Cow::Borrowed(own));
        }
        let named = self.profile.profile.endpoint_named_in(&spec.options, &self.named_endpoints)?;
        Some(Cow::Owned(named.url.clone()))
    }

    pub(crate) fn endpoint(&self, no: SubscriptionNo) -> Option<&Arc<Endpoint>> {
        self.by_no.get(&no).map(|index| &self.endpoints[*index])
    }

    pub(crate) fn endpoint_by_id(&self, id: SubscriptionId) -> Option<&Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| endpoint.subscription.id == id)
    }

    /// Whether there are subscriptions, inactive ones too.
    pub(crate) fn has_subscriptions(&self) -> bool {
        !self.endpoints.is_empty() || !self.pulls.is_empty()
    }
}

/// Tenants weigh what they take in memory, about.
#[derive(Clone)]
struct BySettings;

impl Weighter<TenantNo, Arc<TenantConfig>> for BySettings {
    fn weight(&self, _: &TenantNo, config: &Arc<TenantConfig>) -> u64 {
        let of_subscriptions = (config.endpoints.len() + config.pulls.len()) * SUBSCRIPTION_OVERHEAD_BYTES;
        let own = config.tenant.spec.options.len() * OWN_COPIES;
        (config.settings_bytes * COPIES + own + of_subscriptions + TENANT_OVERHEAD_BYTES) as u64
    }
}

/// Tenants share counters by their number's rest.
const SHARDS: usize = 64;

/// All cached tenants.
pub(crate) struct ConfigCache {
    store: Arc<dyn Store>,
    profiles: Arc<Profiles>,
    secrets: Arc<SecretBox>,
    names: Cache<TenantId, TenantNo>,
    configs: Cache<TenantNo, Arc<TenantConfig>, BySettings>,
    changes: Changes,
    /// Grow with each change of a tenant: a picture that was read before a change must not be kept after it.
    drops: [AtomicU64; SHARDS],
    /// Whoever misses reads alone, and those behind it find what it read: one change of a busy tenant is one reading.
    reading_by_id: Locks<TenantId>,
    reading_by_no: Locks<TenantNo>,
    /// Whoever changes a tenant or anything of its settings does it alone, so that what it was before is known exactly; and one
    /// tenant has one change at a time in front of the store's writer.
    changing: Locks<TenantId>,
}

impl ConfigCache {
    pub(crate) fn new(store: Arc<dyn Store>, profiles: Arc<Profiles>, secrets: Arc<SecretBox>) -> Self {
        let changes = store.changes(ChangeKinds::TENANTS);
        Self {
            store,
            profiles,
            secrets,
            changes,
            names: Cache::new(TENANTS_CACHED_MAX),
            configs: configs(),
            drops: std::array::from_fn(|_| AtomicU64::new(0)),
            reading_by_id: Locks::default(),
            reading_by_no: Locks::default(),
            changing: Locks::default(),
        }
    }

    /// A tenant by the caller's name for it.
    pub(crate) async fn by_id(&self, id: &TenantId) -> Result<Option<Arc<TenantConfig>>, StoreError> {
        self.catch_up();
        if let Some(config) = self.cached_by_id(id) {
            return Ok(Some(config));
        }
        let _alone = self.reading_by_id.lock(id).await;
        if let Some(config) = self.cached_by_id(id) {
            return Ok(Some(config));
        }
        let drops = self.drops_now();
        let snapshot = self.store.config_snapshot(id.clone()).await?;
        snapshot.map(|snapshot| self.keep(snapshot, &drops)).transpose()
    }

    /// Until the guard is dropped nobody else on this node changes the tenant or anything of its settings.
    pub(crate) async fn changing(&self, id: &TenantId) -> Lock<'_, TenantId> {
        self.changing.lock(id).await
    }

    /// The subscription behind a lane; `None` when it is gone.
    pub(crate) async fn endpoint(&self, lane: LaneKey) -> Result<Option<Arc<Endpoint>>, StoreError> {
        let config = self.by_no(lane.tenant_no).await?;
        Ok(config.and_then(|config| config.endpoint(lane.subscription_no).cloned()))
    }

    /// The same without reading: `None` also where it would have to be read.
    pub(crate) fn known_endpoint(&self, lane: LaneKey) -> Option<Arc<Endpoint>> {
        self.catch_up();
        self.configs.get(&lane.tenant_no)?.endpoint(lane.subscription_no).cloned()
    }

    /// By how many failures the strictest of all profiles makes a subscription inactive; `None` where none does.
    pub(crate) fn failures_min(&self) -> Option<u32> {
        self.profiles.all().filter_map(|loaded| loaded.profile.delivery.deactivate_after_failures).min()
    }

    /// The picture of the tenant with this number; `None` when it is gone.
    pub(crate) async fn by_no(&self, no: TenantNo) -> Result<Option<Arc<TenantConfig>>, StoreError> {
        self.catch_up();
        match self.configs.get(&no) {
            Some(config) => Ok(Some(config)),
            None => self.read_by_no(no).await,
        }
    }

    async fn read_by_no(&self, no: TenantNo) -> Result<Option<Arc<TenantConfig>>, StoreError> {
        let _alone = self.reading_by_no.lock(&no).await;
        if let Some(config) = self.configs.get(&no) {
            return Ok(Some(config));
        }
        let drops = self.drops_now();
        let snapshot = self.store.config_snapshot_by_no(no).await?;
        snapshot.map(|snapshot| self.keep(snapshot, &drops)).transpose()
    }

    /// A subscription as the store gave it, open.
    pub(crate) fn opened(&self, subscription: Subscription) -> Subscription {
        opened(subscription, &self.secrets)
    }

    /// Forgets what changed.
    fn catch_up(&self) {
        self.changes.catch_up(|change| self.forget(change));
    }

    fn forget(&self, change: Change) {
        match change {
            // Its name may go on leading to its number: that leads nowhere until the picture is read again.
            Change::Tenant(no) => {
                self.drops[shard_of(no)].fetch_add(1, Ordering::AcqRel);
                self.configs.remove(&no);
            }
            Change::Everything => {
                for drops in &self.drops {
                    drops.fetch_add(1, Ordering::AcqRel);
                }
                self.configs.clear();
            }
            Change::Key(_)
            | Change::Lane(_)
            | Change::Overflowed(..)
            | Change::Events(_)
            | Change::CalledOff(_)
            | Change::Noticed(_) => {}
        }
    }

    fn cached_by_id(&self, id: &TenantId) -> Option<Arc<TenantConfig>> {
        self.names.get(id).and_then(|no| self.configs.get(&no))
    }

    fn drops_now(&self) -> [u64; SHARDS] {
        std::array::from_fn(|shard| self.drops[shard].load(Ordering::Acquire))
    }

    fn keep(&self, snapshot: ConfigSnapshot, drops: &[u64; SHARDS]) -> Result<Arc<TenantConfig>, StoreError> {
        let name = &snapshot.tenant.spec.profile;
        // Every profile that was ever in use is in the store: this is a damaged or a foreign database.
        let missing = || StoreError::Internal(format!("the profile {name} of a tenant is not there"));
        let profile = self.profiles.by_name(name).ok_or_else(missing)?;
        let config = Arc::new(TenantConfig::new(snapshot, profile, &self.secrets));
        let (id, no) = (config.tenant.id.clone(), config.tenant.no);
        let keep = || {
            // What changed while it was read is applied by now; what changes from now on is applied behind this.
            if self.drops[shard_of(no)].load(Ordering::Acquire) == drops[shard_of(no)] {
                self.configs.insert(no, Arc::clone(&config));
                self.names.insert(id, no);
            }
        };
        self.changes.catch_up_then(|change| self.forget(change), keep);
        Ok(config)
    }
}

fn configs() -> Cache<TenantNo, Arc<TenantConfig>, BySettings> {
    let options = OptionsBuilder::new()
        .shards(CACHE_PARTS)
        .estimated_items_capacity(TENANTS_CACHED_MAX)
        .weight_capacity(SETTINGS_CACHED_BYTES_MAX as u64)
        .build();
    let options = options.expect("both capacities are given");
    Cache::with_options(options, BySettings, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

fn shard_of(no: TenantNo) -> usize {
    no.0.rem_euclid(SHARDS as i64) as usize
}

#[cfg(test)]
mod tests {
    use postroad_domain::tenant::TenantSpec;
    use postroad_store::{Configuration, PutTenant, memory::MemoryStore};

    use super::*;
    use crate::configuration::profiles::built_in_profiles;

    const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    async fn name(store: &MemoryStore, name: &str) -> Tenant {
        let spec = TenantSpec {
            profile: "standard".to_owned(),
            name: Some(name.to_owned()),
            contacts: Vec::new(),
            options: "{}".to_owned(),
            retention: None,
            retention_bytes: None,
            sealed: None,
        };
        let put = PutTenant { redirected: Vec::new(), id: id(), spec, at: Timestamp::default(), audit: None };
        store.put_tenant(put).await.unwrap().0
    }

    fn id() -> TenantId {
        TenantId::parse("acme").unwrap()
    }

    /// A change between the reading and the keeping of what was read was lost if only the one or the other asked for it.
    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let memory = MemoryStore::embedded();
        let store: Arc<dyn Store> = Arc::new(memory.clone());
        let profiles = Profiles::open(Arc::clone(&store), built_in_profiles(), Timestamp::default());
        let secrets = Arc::new(SecretBox::parse(KEY).unwrap());
        let cache = ConfigCache::new(store, Arc::new(profiles.await.unwrap()), secrets);
        let no = name(&memory, "old").await.no;
        for by_somebody_else in [false, true] {
            let drops = cache.drops_now();
            let read = memory.config_snapshot(id()).await.unwrap().unwrap();
            let new = if by_somebody_else { "newer" } else { "new" };
            name(&memory, new).await;
            if by_somebody_else {
                // Whoever looks something up meanwhile applies the change.
                cache.by_no(TenantNo(no.0 + 1)).await.unwrap();
            }
            cache.keep(read, &drops).unwrap();
            let seen = cache.by_no(no).await.unwrap().unwrap();
            assert_eq!(seen.tenant.spec.name.as_deref(), Some(new));
        }
    }
}
