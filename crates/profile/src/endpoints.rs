//! What a profile says of endpoints that its tenants keep under names ([`EndpointRules`]): which there are, and which of them a
//! subscription is sent to.

use std::sync::Arc;

use postroad_domain::limits::ENDPOINTS_MAX;
use serde_json::{Map, Value};

use crate::{
    Profile,
    options::{FieldProblem, NamedEndpoint, read_list},
    problem::nearest,
    request::EndpointRules,
};

/// What a subscription says of the endpoints of its tenant.
#[derive(Clone, Debug)]
pub enum EndpointChoice {
    /// Nothing: it has a URL of its own.
    None,
    /// It is sent to one of them.
    Known(Arc<NamedEndpoint>),
    /// It is sent to one that is to be added to them.
    New(Arc<NamedEndpoint>),
}

impl Profile {
    /// What holds for subscriptions that are sent to an endpoint of their tenant; `None` where each has a URL.
    pub fn endpoint_rules(&self) -> Option<&EndpointRules> {
        self.request.endpoint.as_ref()
    }

    /// The methods that a subscription may choose from; the first is the default. `to_endpoint` for one that names an endpoint of its
    /// tenant.
    pub fn methods_to(&self, to_endpoint: bool) -> &[String] {
        let rules = self.endpoint_rules().filter(|_| to_endpoint);
        rules.map_or(self.methods(), |rules| &rules.methods)
    }

    /// Whether each request to an endpoint of a tenant has this header, so that a subscription that is sent to one cannot have its
    /// own of that name.
    pub fn writes_to_endpoint(&self, name: &str) -> bool {
        self.endpoint_rules().is_some_and(|rules| rules.writes(name))
    }

    /// The endpoints of a tenant with these options, which were checked.
    pub fn endpoints_of(&self, tenant: &Map<String, Value>) -> Vec<Arc<NamedEndpoint>> {
        let list = self.endpoint_rules().and_then(|rules| tenant.get(&rules.list));
        list.into_iter().flat_map(read_list).map(Arc::new).collect()
    }

    /// Puts the key that is kept in the place of each mask in a tenant's list of endpoints, where one with that name and that URL is
    /// kept: whoever is shown masks may send them back. With another URL the key would go somewhere else.
    ///
    /// # Errors
    ///
    /// A mask stands for nothing that is kept.
    pub fn keep_endpoint_keys(
        &self,
        tenant: &mut Map<String, Value>,
        kept: &[Arc<NamedEndpoint>],
        mask: &str,
    ) -> Result<(), Vec<FieldProblem>> {
        let Some(rules) = self.endpoint_rules() else { return Ok(()) };
        let mut problems = Vec::new();
        let list = tenant.get_mut(&rules.list).and_then(Value::as_array_mut);
        for (index, item) in list.into_iter().flatten().enumerate() {
            let Some(mut said) = NamedEndpoint::read("", item).ok().filter(|said| said.api_key == mask)
            else {
                continue;
            };
            match kept.iter().find(|known| known.name == said.name && known.url == said.url) {
                Some(known) => {
                    said.api_key.clone_from(&known.api_key);
                    *item = said.to_json();
                }
                None => problems.push(FieldProblem {
                    field: format!("options.{}[{index}].api_key", rules.list),
                    message: "is only a mask, and no endpoint with this name and URL has a key: write the value itself".to_owned(),
                }),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Whether a subscription with these options is sent to an endpoint of its tenant.
    pub fn names_endpoint(&self, subscription: &Map<String, Value>) -> bool {
        self.endpoint_rules().is_some_and(|rules| subscription.contains_key(&rules.option))
    }

    /// The endpoint that a subscription with these options is sent to; `None` where it names none that there is.
    pub fn endpoint_named(
        &self,
        subscription: &Map<String, Value>,
        endpoints: &[Arc<NamedEndpoint>],
    ) -> Option<Arc<NamedEndpoint>> {
        let name = subscription.get(&self.endpoint_rules()?.option)?.as_str()?;
        endpoints.iter().find(|endpoint| endpoint.name == name).cloned()
    }

    /// The same of options as they are stored; for a profile without endpoints they are not read.
    pub fn endpoint_named_in(
        &self,
        subscription: &str,
        endpoints: &[Arc<NamedEndpoint>],
    ) -> Option<Arc<NamedEndpoint>> {
        if endpoints.is_empty() {
            return None;
        }
        self.endpoint_named(&serde_json::from_str(subscription).ok()?, endpoints)
    }

    /// What a subscription with these options says. A whole endpoint is a new one unless the tenant has it already, with the same URL
    /// and key.
    ///
    /// # Errors
    ///
    /// There is no endpoint of that name; or one of the name of a new one, or no room for it; or what is said is no endpoint.
    pub fn choose_endpoint(
        &self,
        subscription: &Map<String, Value>,
        endpoints: &[Arc<NamedEndpoint>],
    ) -> Result<EndpointChoice, Vec<FieldProblem>> {
        let Some(rules) = self.endpoint_rules() else { return Ok(EndpointChoice::None) };
        let field = format!("options.{}", rules.option);
        let named = |name: &str| endpoints.iter().find(|endpoint| endpoint.name == name);
        let refuse =
            |field: &str, message: String| Err(vec![FieldProblem { field: field.to_owned(), message }]);
        match subscription.get(&rules.option) {
            None => Ok(EndpointChoice::None),
            Some(Value::String(name)) => match named(name) {
                Some(known) => Ok(EndpointChoice::Known(Arc::clone(known))),
                None => refuse(&field, unknown(name, endpoints, &rules.list)),
            },
            Some(whole) => {
                let new = NamedEndpoint::read(&field, whole)?;
                match named(&new.name) {
                    Some(known) if **known == new => Ok(EndpointChoice::Known(Arc::clone(known))),
                    Some(_) => refuse(
                        &format!("{field}.name"),
                        format!(
                            "is taken: the tenant's `options.{}` has one of that name with another URL or key. Write the name alone \
                             to use that one, or give the new one another name",
                            rules.list
                        ),
                    ),
                    None if endpoints.len() >= ENDPOINTS_MAX => refuse(
                        &field,
                        format!(
                            "is one too many: the tenant's `options.{}` has {ENDPOINTS_MAX} already, which is the most it may have",
                            rules.list
                        ),
                    ),
                    None => Ok(EndpointChoice::New(Arc::new(new))),
                }
            }
        }
    }
}

fn unknown(name: &str, endpoints: &[Arc<NamedEndpoint>], list: &str) -> String {
    let names = endpoints.iter().map(|endpoint| endpoint.name.as_str());
    let hint =
        nearest(name, names).map(|nearest| format!("; the nearest one is {nearest}")).unwrap_or_default();
    format!("is none of the tenant's `options.{list}`{hint}. Give `name`, `url` and `api_key` to add one")
}
