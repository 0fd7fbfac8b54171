//! Where a subscription is sent: to a URL of its own, or to an endpoint that its tenant keeps under a name, where the option of the
//! profile that does so names one. A new endpoint becomes the tenant's together with the subscription.

use std::sync::Arc;

use postroad_domain::{
    AuditAction, EndpointUrl, Subscription, SubscriptionSpec, TenantId, Timestamp,
    limits::REQUEST_BODY_BYTES_MAX, subscription::Push, tenant::TenantSpec,
};
use postroad_profile::{EndpointChoice, EndpointRules, FieldProblem, NamedEndpoint, Profile};
use postroad_store::TenantChange;
use serde_json::Value;

use super::secrets::problem;
use crate::{
    audit::{AuditedChange, fields::fields_of_tenant, origin::Origin},
    configuration::{
        cache::TenantConfig,
        draft::Faults,
        options::options_of,
        service::{ConfigurationService, refuse_url},
    },
};

/// The options of a tenant to which subscriptions add no more endpoints: all of them must go into one call that sets them.
const OPTIONS_BYTES_MAX: usize = REQUEST_BODY_BYTES_MAX / 2;

/// A subscription that was checked.
pub(super) struct Checked {
    pub(super) spec: SubscriptionSpec,
    pub(super) destination: Destination,
}

/// Where a subscription leads.
pub(super) struct Destination {
    /// `None` where it is kept as it was, and leads nowhere.
    pub(super) url: Option<EndpointUrl>,
    /// The field that says so.
    pub(super) field: String,
    /// An endpoint that its tenant does not have yet.
    pub(super) adds: Option<Arc<NamedEndpoint>>,
}

impl Destination {
    fn of(profile: &Profile, push: Option<&Push>, choice: EndpointChoice) -> Self {
        let own = || push.and_then(|push| push.url.clone());
        let option = profile.endpoint_rules().map(|rules| format!("options.{}", rules.option));
        let option = option.unwrap_or_default();
        match choice {
            EndpointChoice::None => Self { url: own(), field: "delivery.url".to_owned(), adds: None },
            EndpointChoice::Known(known) => Self { url: Some(known.url.clone()), field: option, adds: None },
            EndpointChoice::New(new) => {
                Self { url: Some(new.url.clone()), field: format!("{option}.url"), adds: Some(new) }
            }
        }
    }

    /// What is said of it where the guard refuses it.
    pub(super) fn refused(&self, why: &str) -> Option<FieldProblem> {
        let is_option = self.field.starts_with("options.");
        let message = if self.adds.is_some() {
            format!("is refused: {why}")
        } else {
            format!("names an endpoint whose URL is refused: {why}")
        };
        is_option.then(|| problem(&self.field, message))
    }
}

/// An address that must not be called.
pub(super) enum Refused {
    /// That of the subscription's own URL.
    Own(String),
    /// That of an endpoint that it names.
    Named(FieldProblem),
}

/// What a draft says of endpoints. From here on it names the endpoint, also where it has said all of a new one.
pub(super) fn choose(
    config: &TenantConfig,
    spec: &mut SubscriptionSpec,
) -> Result<EndpointChoice, Vec<FieldProblem>> {
    let profile = &config.profile.profile;
    let Some(rules) = profile.endpoint_rules() else { return Ok(EndpointChoice::None) };
    let mut own = options_of(&spec.options);
    let field = format!("options.{}", rules.option);
    if profile.names_endpoint(&own) && config.tenant.spec.sealed.is_some() {
        let why = "cannot be looked up: what the tenant keeps encrypted does not open";
        return Err(vec![problem(&field, why.to_owned())]);
    }
    let choice = profile.choose_endpoint(&own, &config.named_endpoints)?;
    let named = match &choice {
        EndpointChoice::None => return Ok(choice),
        EndpointChoice::Known(named) | EndpointChoice::New(named) => named,
    };
    let is_added = matches!(choice, EndpointChoice::New(_));
    if is_added && with_endpoint(&config.tenant.spec, rules, named).options.len() > OPTIONS_BYTES_MAX {
        let why =
            format!("is one too many: the tenant's options would be longer than {OPTIONS_BYTES_MAX} bytes");
        return Err(vec![problem(&field, why)]);
    }
    let name = Value::from(named.name.as_str());
    if own.get(&rules.option) != Some(&name) {
        own.insert(rules.option.clone(), name);
        spec.options = Value::Object(own).to_string();
    }
    Ok(choice)
}

/// There is a URL, or an endpoint in its place, and not both. The choice is `None` where it is at fault; `is_bare` says that nothing was
/// said of the delivery at all.
pub(super) fn check(
    profile: &Profile,
    push: Option<&Push>,
    (choice, is_bare): (Option<EndpointChoice>, bool),
    faults: &mut Faults,
) -> Destination {
    let option = profile.endpoint_rules().map(|rules| format!("options.{}", rules.option));
    let has_url = push.is_some_and(|push| push.url.is_some());
    let is_settled = choice.is_none() || option.as_ref().is_some_and(|option| faults.names(option));
    let choice = choice.unwrap_or(EndpointChoice::None);
    let is_named = !matches!(choice, EndpointChoice::None);
    match (has_url, is_named) {
        // What is wrong with the option is known, and whether a URL belongs beside it follows from that.
        (true, true) | (false, false) if is_settled => {}
        (true, true) => {
            let option = option.as_deref().unwrap_or_default();
            let why =
                format!("has no place beside `{option}`, which says where to send: leave one of them out");
            faults.add("delivery.url", why);
        }
        (false, false) if is_bare && option.is_none() => faults.add("delivery", "is required"),
        (false, false) => {
            let unless = option.map(|option| format!(", or `{option}` in its place")).unwrap_or_default();
            faults.add("delivery.url", format!("is required{unless}"));
        }
        (true, false) | (false, true) => {}
    }
    Destination::of(profile, push, choice)
}

/// Certificates and keys; what is as it was may have run out since.
pub(super) fn check_tls(
    push: &Push,
    destination: &Destination,
    (before, now): (Option<&Subscription>, Timestamp),
    faults: &mut Faults,
) {
    let Some(settings) = &push.tls else { return };
    if destination.url.as_ref().is_some_and(|url| !url.is_https()) {
        faults.add("delivery.tls", "needs a URL of https: cleartext has no certificates");
    }
    let before = before.and_then(|before| before.spec.push()).and_then(|push| push.tls.as_ref());
    for fault in postroad_egress::check_tls(settings, before, now) {
        faults.add(&format!("delivery.tls.{}", fault.field), fault.why.to_string());
    }
}

/// A profile, or an option of it, may want https.
pub(super) fn check_https(
    config: &TenantConfig,
    spec: &SubscriptionSpec,
    destination: &Destination,
    faults: &mut Faults,
) {
    let profile = &config.profile.profile;
    let tenant = options_of(&config.tenant.spec.options);
    let Ok(options) = profile.check_options(&tenant, &options_of(&spec.options)) else { return };
    let is_cleartext = destination.url.as_ref().is_some_and(|url| !url.is_https());
    if is_cleartext && profile.requires_https(&options) {
        let names_it = destination.field.starts_with("options.") && destination.adds.is_none();
        let why = if names_it { "names an endpoint whose URL must begin with" } else { "must begin with" };
        faults.add(&destination.field, format!("{why} https:// here"));
    }
}

/// The destination of what is kept as it was, which nobody checks.
pub(super) fn kept(profile: &Profile, push: Option<&Push>, choice: Option<EndpointChoice>) -> Destination {
    Destination::of(profile, push, choice.unwrap_or(EndpointChoice::None))
}

/// The settings of a tenant with one more endpoint.
fn with_endpoint(spec: &TenantSpec, rules: &EndpointRules, new: &NamedEndpoint) -> TenantSpec {
    let mut options = options_of(&spec.options);
    match options.get_mut(&rules.list) {
        Some(Value::Array(list)) => list.push(new.to_json()),
        _ => {
            options.insert(rules.list.clone(), Value::Array(vec![new.to_json()]));
        }
    }
    TenantSpec { options: Value::Object(options).to_string(), ..spec.clone() }
}

impl ConfigurationService {
    /// A name that does not resolve now may do so later; an address that must not be called is refused at once.
    pub(super) async fn check_url(&self, destination: &Destination) -> Result<(), Refused> {
        let Some(url) = &destination.url else { return Ok(()) };
        match refuse_url(&*self.egress, url).await {
            None => Ok(()),
            Some(why) => Err(destination.refused(&why).map_or(Refused::Own(why), Refused::Named)),
        }
    }

    /// The settings of the tenant with the endpoint that a subscription adds, before they are sealed.
    pub(super) fn tenant_with(
        &self,
        config: &TenantConfig,
        adds: Option<&Arc<NamedEndpoint>>,
    ) -> Option<TenantSpec> {
        let rules = config.profile.profile.endpoint_rules()?;
        Some(with_endpoint(&config.tenant.spec, rules, adds?))
    }

    /// That change as it is written.
    pub(super) fn tenant_change(
        &self,
        by: &Origin,
        config: &TenantConfig,
        changed: Option<TenantSpec>,
    ) -> Option<TenantChange> {
        let (profile, id): (_, &TenantId) = (&config.profile.profile, &config.tenant.id);
        let changed = changed?;
        let change = AuditedChange::of(AuditAction::TenantChanged, id)
            .before(fields_of_tenant(&config.tenant.spec, profile))
            .after(fields_of_tenant(&changed, profile));
        let audit = Some(self.audit_of(by, change));
        Some(TenantChange { spec: self.sealed_tenant(changed, id, profile), audit })
    }
}
