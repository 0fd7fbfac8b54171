//! The request that a profile describes: method, URL, headers, and a body for each content type that it offers.

mod content;
mod endpoint;
mod envelope;
mod headers;
mod parameters;
mod url;

use minijinja::Environment;
use postroad_domain::attempt::sends_body;

pub(crate) use content::{Content, read as read_content};
pub use endpoint::EndpointRules;
pub(crate) use headers::{HeaderRule, read as read_headers, write_headers, writes};
pub(crate) use parameters::{Parameter, Style, read as read_parameters, render as render_parameters};
pub(crate) use url::{decorated, masked};

use crate::{
    error::RenderError,
    input::SubscriptionFacts,
    options::OptionSchema,
    reader::Section,
    template::{Compiler, Condition, Facts, Scope},
};

/// The methods that a request may have.
const METHODS: [&str; 6] = ["POST", "PUT", "PATCH", "GET", "DELETE", "HEAD"];

/// The request of a profile.
#[derive(Clone, Debug)]
pub(crate) struct RequestRules {
    /// The first is the default.
    pub(crate) methods: Vec<String>,
    /// Appended to the customer's query, in this order.
    pub(crate) query: Vec<Parameter>,
    pub(crate) headers: Vec<HeaderRule>,
    /// The first is the default; none means no body.
    pub(crate) contents: Vec<Content>,
    /// One of the methods has no body, whatever the contents.
    pub(crate) may_send_no_body: bool,
    /// What is besides in a request to an endpoint of the tenant.
    pub(crate) endpoint: Option<EndpointRules>,
}

impl RequestRules {
    /// The rules for a request to an endpoint of the tenant; `None` for one to a URL of the subscription's own.
    pub(crate) fn endpoint_for(&self, subscription: &SubscriptionFacts<'_>) -> Option<&EndpointRules> {
        subscription.endpoint.and(self.endpoint.as_ref())
    }

    /// What stands behind the profile's own headers and parameters in a request for this subscription.
    pub(crate) fn further_for(&self, subscription: &SubscriptionFacts<'_>) -> (&[HeaderRule], &[Parameter]) {
        self.endpoint_for(subscription).map_or((&[], &[]), |rules| (&rules.headers, &rules.query))
    }
}

/// What the parts of a request are rendered with.
pub(crate) struct Rendering<'a> {
    pub(crate) environment: &'a Environment<'static>,
    pub(crate) facts: &'a Facts<'a>,
}

impl Rendering<'_> {
    /// Whether a part is there; one without a condition always is.
    pub(crate) fn wants(&self, when: Option<&Condition>) -> Result<bool, RenderError> {
        match when {
            None => Ok(true),
            Some(condition) => Ok(condition.holds(self.environment, self.facts)?),
        }
    }
}

/// Reads `[request]`. `body_scope` is what exists when the body is made.
pub(crate) fn read(
    root: &Section<'_>,
    compiler: &mut Compiler<'_>,
    (options, body_scope): (&[OptionSchema], Scope),
) -> RequestRules {
    let Some(section) = root.section("request") else {
        root.missing("request");
        return RequestRules {
            methods: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            contents: Vec::new(),
            may_send_no_body: false,
            endpoint: None,
        };
    };
    let contents = section.sections("content");
    let methods = read_methods(&section);
    let headers = headers::read(&section, compiler, Scope::HEAD);
    let rules = RequestRules {
        endpoint: endpoint::read(&section, compiler, options, (&methods, &headers)),
        may_send_no_body: !methods.iter().all(|method| sends_body(method)),
        methods,
        query: parameters::read(&section, "query", compiler, Scope::HEAD),
        headers,
        contents: contents.iter().filter_map(|part| content::read(part, compiler, body_scope)).collect(),
    };
    if contents.is_empty() && rules.methods.iter().any(|method| sends_body(method)) {
        section.missing("content");
    }
    rules
}

fn read_methods(section: &Section<'_>) -> Vec<String> {
    let methods = section.texts("methods").unwrap_or_default();
    let methods: Vec<_> = methods.into_iter().map(|method| method.value).collect();
    if methods.iter().any(|method| !METHODS.contains(&method.as_str())) {
        section.invalid("methods", format!("must list some of {}", METHODS.join(", ")));
    }
    if methods.is_empty() { vec!["POST".to_owned()] } else { methods }
}

/// Reads the `when` of a part.
pub(crate) fn read_when(
    section: &Section<'_>,
    compiler: &mut Compiler<'_>,
    scope: Scope,
) -> Option<Condition> {
    section.text("when").and_then(|text| compiler.condition(text, scope))
}
