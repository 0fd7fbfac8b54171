//! The endpoints that a tenant keeps under names, when its settings are replaced: whether each may be called, what its subscriptions
//! need of them, and which subscriptions lead elsewhere from then on.

use std::sync::Arc;

use postroad_domain::{EndpointUrl, Subscription, SubscriptionVersion, TenantId, tenant::TenantSpec};
use postroad_profile::{EndpointRules, FieldProblem, NamedEndpoint, Profile};
use postroad_store::{Redirected, StoreError};
use tokio::task::JoinSet;

use super::{
    cache::TenantConfig,
    handshakes::{Asked, Happening},
    options::options_of,
    service::{ConfigurationService, refuse_url},
};

/// Subscriptions that one refusal names.
const NAMED_MAX: usize = 3;

/// A subscription that leads elsewhere by a change of its tenant.
pub(super) struct Redirection {
    subscription: Subscription,
    asked: Option<Asked>,
}

impl Redirection {
    /// As it is written.
    pub(super) fn to_store(&self) -> Redirected {
        Redirected { id: self.subscription.id, ask: self.asked.as_ref().map(|asked| asked.ask) }
    }
}

impl ConfigurationService {
    /// What the guard refuses of the URLs that the tenant's endpoints do not have yet. It may take its time, so it is asked before
    /// anybody else has to wait for the tenant.
    pub(super) async fn refused_endpoints(
        &self,
        id: &TenantId,
        profile: &Profile,
        spec: &TenantSpec,
    ) -> Result<Vec<FieldProblem>, StoreError> {
        let Some(rules) = profile.endpoint_rules() else { return Ok(Vec::new()) };
        let before = self.configs.by_id(id).await?;
        let known = before.as_ref().map_or(&[][..], |before| &before.named_endpoints);
        let mut looks = JoinSet::new();
        for (index, endpoint) in profile.endpoints_of(&options_of(&spec.options)).into_iter().enumerate() {
            if known.iter().any(|known| known.url == endpoint.url) {
                continue;
            }
            let egress = Arc::clone(&self.egress);
            looks.spawn(async move { (index, refuse_url(&*egress, &endpoint.url).await) });
        }
        let mut refused: Vec<_> = looks.join_all().await;
        refused.sort_by_key(|(index, _)| *index);
        let problems = refused.into_iter().filter_map(|(index, why)| {
            Some(FieldProblem { field: url_field(rules, index), message: format!("is refused: {}", why?) })
        });
        Ok(problems.collect())
    }

    /// The subscriptions of a tenant whose endpoint is another one in its settings to be, and the handshakes that they ask for.
    pub(super) fn redirections(&self, before: &TenantConfig, spec: &TenantSpec) -> Vec<Redirection> {
        let profile = &before.profile.profile;
        if before.named_endpoints.is_empty() {
            return Vec::new();
        }
        let endpoints = profile.endpoints_of(&options_of(&spec.options));
        let redirected = before.sent_to_named().filter_map(|(subscription, old)| {
            let new = endpoints.iter().find(|new| new.name == old.name)?;
            let version = || SubscriptionVersion {
                spec: subscription.spec.clone(),
                secrets: subscription.secrets.clone(),
            };
            let asked = (new.url != old.url).then(|| {
                let happening = Happening::moved(subscription);
                self.handshakes_asked((before, spec), (subscription.id, &version()), happening)
            });
            let subscription = subscription.clone();
            (new != old).then(|| Redirection { subscription, asked: asked.flatten() })
        });
        redirected.collect()
    }

    /// Has its handshakes made, behind the answer.
    pub(super) fn order_redirection(&self, Redirection { subscription, asked }: Redirection) {
        self.order_handshakes_of(asked, &subscription, subscription.version + 1);
    }
}

/// What a tenant's subscriptions do not let happen to its endpoints: that one is removed that they are sent to, or gets a URL that
/// they may not be sent to.
pub(super) fn refuse_endpoints(
    before: &TenantConfig,
    profile: &Profile,
    spec: &TenantSpec,
) -> Vec<FieldProblem> {
    let Some(rules) = profile.endpoint_rules() else { return Vec::new() };
    let options = options_of(&spec.options);
    let endpoints = profile.endpoints_of(&options);
    let mut problems = Vec::new();
    for old in &before.named_endpoints {
        let users = || before.sent_to_named().filter(|(_, named)| named.name == old.name);
        let found = endpoints.iter().position(|new| new.name == old.name);
        let Some(index) = found else {
            if let Some(users) = told(users().map(|(subscription, _)| subscription)) {
                let message = format!(
                    "has no {} any more, to which {users} sends: keep it in the list, or have its subscriptions name another one \
                     first",
                    old.name
                );
                problems.push(FieldProblem { field: format!("options.{}", rules.list), message });
            }
            continue;
        };
        let needs_https = users().map(|(subscription, _)| subscription).filter(|subscription| {
            let own = options_of(&subscription.spec.options);
            let has_certificates = subscription.spec.push().is_some_and(|push| push.tls.is_some());
            has_certificates
                || profile.check_options(&options, &own).is_ok_and(|options| profile.requires_https(&options))
        });
        if is_cleartext(&endpoints[index])
            && old.url != endpoints[index].url
            && let Some(users) = told(needs_https)
        {
            let message = format!("must begin with https://, as {users} needs it");
            problems.push(FieldProblem { field: url_field(rules, index), message });
        }
    }
    problems
}

fn is_cleartext(endpoint: &NamedEndpoint) -> bool {
    !EndpointUrl::is_https(&endpoint.url)
}

fn url_field(rules: &EndpointRules, index: usize) -> String {
    format!("options.{}[{index}].url", rules.list)
}

/// A few of them by their ids, and how many there are besides; `None` for none.
fn told<'a>(subscriptions: impl Iterator<Item = &'a Subscription>) -> Option<String> {
    let ids: Vec<_> = subscriptions.map(|subscription| subscription.id.to_string()).collect();
    let (named, more) = ids.split_at(ids.len().min(NAMED_MAX));
    let named = named.join(", ");
    match (ids.len(), more.len()) {
        (0, _) => None,
        (1, _) => Some(format!("the subscription {named}")),
        (_, 0) => Some(format!("each of the subscriptions {named}")),
        (_, more) => Some(format!("each of the subscriptions {named} and {more} more")),
    }
}
