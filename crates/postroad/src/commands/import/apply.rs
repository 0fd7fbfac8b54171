//! From what is wanted to what is here: compare, create what is missing, change what differs.

mod difference;

use postroad_client::{
    Client, Error, NewSubscription, Problem, Subscription, TenantEventType, TenantSettings,
};
use postroad_domain::TenantId;

use self::difference::{differs, patch};
use super::{
    plan::{self, WantedSubscription},
    report::{Entry, Outcome, Report},
    source::Application,
};

/// What is carried over to.
pub(super) struct Importer {
    pub(super) client: Client,
    /// The profile of tenants that are new.
    pub(super) profile: String,
    pub(super) is_dry_run: bool,
    /// What each tenant gets.
    pub(super) event_types: Vec<TenantEventType>,
    /// The tenants that this run has been at: two applications must not become one.
    pub(super) tenants: Vec<TenantId>,
}

/// The refusal that concerns one object and no other; everything else ends the run.
fn refusal(error: Error) -> Result<String, Error> {
    match error {
        Error::Problem(problem) if matches!(problem.status, 400 | 404 | 409 | 412 | 413 | 422) => {
            Ok(told(&problem))
        }
        other => Err(other),
    }
}

/// The fields that are not valid, or the sentence.
fn told(problem: &Problem) -> String {
    let fields: Vec<_> =
        problem.errors.iter().map(|error| format!("`{}` {}", error.field, error.message)).collect();
    match (fields.is_empty(), &problem.detail) {
        (false, _) => fields.join("; "),
        (true, Some(detail)) => detail.clone(),
        (true, None) => problem.title.clone(),
    }
}

impl Importer {
    /// Carries an application over. Answers its tenant and whether it is new; `None` when it cannot be one.
    pub(super) async fn tenant(
        &mut self,
        application: &Application,
        report: &mut Report,
    ) -> Result<Option<(TenantId, bool)>, Error> {
        let entry = |tenant: String, outcome, remarks| {
            let (kind, source) = ("tenant", application.id.clone());
            Entry { kind, id: Some(tenant.clone()), tenant, source, outcome, remarks }
        };
        let Some(id) = plan::tenant_id(application) else {
            let why = "neither its uid nor its id can be the id of a tenant".to_owned();
            report.add(entry(application.id.clone(), Outcome::Refused, vec![why]));
            return Ok(None);
        };
        if self.tenants.contains(&id) {
            let why = "another application of this name came before: give one of them another uid".to_owned();
            report.add(entry(id.to_string(), Outcome::Refused, vec![why]));
            return Ok(None);
        }
        self.tenants.push(id.clone());
        match self.put_tenant(&id, &application.name).await {
            Ok(outcome) => {
                report.add(entry(id.to_string(), outcome, Vec::new()));
                Ok(Some((id, outcome == Outcome::Created)))
            }
            Err(error) => {
                let why = refusal(error)?;
                report.add(entry(id.to_string(), Outcome::Refused, vec![why]));
                Ok(None)
            }
        }
    }

    async fn put_tenant(&self, id: &TenantId, name: &str) -> Result<Outcome, Error> {
        let tenants = self.client.tenants();
        let called = |settings: TenantSettings| if name.is_empty() { settings } else { settings.name(name) };
        match tenants.get(id.as_str()).await {
            // A tenant that is here may speak another format by now, and have settings of its own: only its name follows.
            Ok(here) if name.is_empty() || here.name.as_deref() == Some(name) => Ok(Outcome::Unchanged),
            Ok(here) => {
                if !self.is_dry_run {
                    tenants.put(id.as_str(), &called(here.settings())).await?;
                }
                Ok(Outcome::Changed)
            }
            Err(error) if error.status() == Some(404) => {
                if !self.is_dry_run {
                    let settings = called(TenantSettings::of_profile(&self.profile));
                    tenants.put(id.as_str(), &settings).await?;
                }
                Ok(Outcome::Created)
            }
            Err(error) => Err(error),
        }
    }

    /// Carries all event types over into the registry of a tenant.
    pub(super) async fn event_types(
        &self,
        tenant: &TenantId,
        is_new: bool,
        report: &mut Report,
    ) -> Result<(), Error> {
        let registry = self.client.tenant(tenant.as_str()).event_types();
        let here = if is_new { Vec::new() } else { registry.list().items().collect().await? };
        for wanted in &self.event_types {
            let known = here.iter().find(|known| known.name == wanted.name);
            let mut outcome = match known {
                None => Outcome::Created,
                Some(known) if difference::of_event_type(known, wanted) => Outcome::Changed,
                Some(_) => Outcome::Unchanged,
            };
            let mut remarks = Vec::new();
            if outcome != Outcome::Unchanged && !self.is_dry_run {
                // What was added here besides stays.
                let mut merged = known.cloned().unwrap_or_default();
                merged.name.clone_from(&wanted.name);
                merged.description.clone_from(&wanted.description);
                merged.schema.clone_from(&wanted.schema);
                if let Err(error) = registry.put(&merged).await {
                    outcome = Outcome::Refused;
                    remarks.push(refusal(error)?);
                }
            }
            let (kind, tenant, source) = ("event type", tenant.to_string(), wanted.name.clone());
            report.add(Entry { kind, tenant, id: Some(source.clone()), source, outcome, remarks });
        }
        Ok(())
    }

    /// The subscriptions that a tenant has.
    pub(super) async fn subscriptions(
        &self,
        tenant: &TenantId,
        is_new: bool,
    ) -> Result<Vec<Subscription>, Error> {
        if is_new {
            return Ok(Vec::new());
        }
        self.client.tenant(tenant.as_str()).subscriptions().list().page_size(250).items().collect().await
    }

    /// Carries an endpoint over.
    pub(super) async fn subscription(
        &self,
        tenant: &TenantId,
        here: &[Subscription],
        wanted: WantedSubscription,
        report: &mut Report,
    ) -> Result<(), Error> {
        let known = here.iter().find(|known| known.name.as_ref() == Some(&wanted.name));
        let done = match known {
            None => self.create(tenant, &wanted).await,
            Some(known) => self.change(tenant, known, &wanted).await,
        };
        let mut remarks = wanted.remarks;
        let (outcome, id) = match done {
            Ok(done) => done,
            Err(error) => {
                remarks.insert(0, refusal(error)?);
                (Outcome::Refused, known.map(|known| known.id.clone()))
            }
        };
        let (kind, tenant, source) = ("subscription", tenant.to_string(), wanted.endpoint);
        report.add(Entry { kind, tenant, id, source, outcome, remarks });
        Ok(())
    }

    async fn create(
        &self,
        tenant: &TenantId,
        wanted: &WantedSubscription,
    ) -> Result<(Outcome, Option<String>), Error> {
        if self.is_dry_run {
            return Ok((Outcome::Created, None));
        }
        let mut new = NewSubscription::of(wanted.delivery.clone())
            .name(&wanted.name)
            .active(wanted.active)
            .events(&wanted.events)
            .tag_sets(wanted.tag_sets.clone());
        if let Some(description) = &wanted.description {
            new = new.description(description);
        }
        if let Some(limit) = &wanted.rate_limit {
            new = new.rate_limit(limit.count, &limit.per);
        }
        if let Some(secret) = &wanted.secret {
            new = new.secret(secret.clone());
        }
        let created = self.client.tenant(tenant.as_str()).subscriptions().create(&new).await?;
        Ok((Outcome::Created, Some(created.id)))
    }

    async fn change(
        &self,
        tenant: &TenantId,
        known: &Subscription,
        wanted: &WantedSubscription,
    ) -> Result<(Outcome, Option<String>), Error> {
        let subscriptions = self.client.tenant(tenant.as_str()).subscriptions();
        let mut outcome = Outcome::Unchanged;
        if differs(known, wanted) {
            outcome = Outcome::Changed;
            if !self.is_dry_run {
                subscriptions.update(&known.id, &patch(known, wanted)?).await?;
            }
        }
        if let Some(secret) = &wanted.secret {
            let here = subscriptions.secret(&known.id).await?.secret;
            if here.as_ref() != Some(secret) {
                outcome = Outcome::Changed;
                if !self.is_dry_run {
                    // The old one signs on for the profile's usual time, as after any change of secret.
                    subscriptions.rotate_secret(&known.id, Some(secret), None).await?;
                }
            }
        }
        Ok((outcome, Some(known.id.clone())))
    }
}
