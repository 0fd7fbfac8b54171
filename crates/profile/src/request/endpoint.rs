//! `[request.endpoint]`: where a subscription that names one of its tenant's endpoints is sent, and what every request to one has.

use super::{HeaderRule, Parameter, headers, parameters, read_methods};
use crate::{
    options::{OptionSchema, OptionType, named_option},
    reader::Section,
    template::{Compiler, Scope},
};

/// What holds for subscriptions that are sent to an endpoint of their tenant.
#[derive(Clone, Debug)]
pub struct EndpointRules {
    /// The option of the subscription that names it; where it is set, there is no URL.
    pub option: String,
    /// The option of the tenant that holds all of them.
    pub list: String,
    /// The methods that such a subscription may choose from; the first is the default.
    pub methods: Vec<String>,
    /// Behind the others of the profile.
    pub(crate) headers: Vec<HeaderRule>,
    /// Behind the other parameters of the profile.
    pub(crate) query: Vec<Parameter>,
}

impl EndpointRules {
    /// The headers that every request to an endpoint has besides.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|header| header.name.as_str())
    }

    /// Whether each request to an endpoint has this header.
    pub(crate) fn writes(&self, name: &str) -> bool {
        headers::writes(&self.headers, name)
    }
}

/// Reads it; `None` without the section, or where it is at fault. `methods` and `headers` are those of the request.
pub(super) fn read(
    request: &Section<'_>,
    compiler: &mut Compiler<'_>,
    options: &[OptionSchema],
    (methods, written): (&[String], &[HeaderRule]),
) -> Option<EndpointRules> {
    let is_endpoint = |option: &&OptionSchema| option.value_type == OptionType::Endpoint;
    let Some(section) = request.section("endpoint") else {
        if let Some(option) = options.iter().find(is_endpoint) {
            let why =
                format!("is missing: without it nothing is sent to what `options.{}` names", option.name);
            request.invalid("endpoint", why);
        }
        return None;
    };
    if !section.has("option") {
        section.missing("option");
    }
    let rules = EndpointRules {
        option: named_option(&section, "option").unwrap_or_default(),
        list: String::new(),
        methods: if section.has("methods") { read_methods(&section) } else { methods.to_vec() },
        headers: headers::read(&section, compiler, Scope::ENDPOINT),
        query: parameters::read(&section, "query", compiler, Scope::ENDPOINT),
    };
    if rules.methods.iter().any(|method| !methods.contains(method)) {
        section.invalid("methods", format!("must be some of the request's: {}", methods.join(", ")));
    }
    if let Some(twice) = rules.headers.iter().find(|header| headers::writes(written, &header.name)) {
        section.invalid("headers", format!("has {}, which `request.headers` writes already", twice.name));
    }
    if options.iter().filter(is_endpoint).count() > 1 {
        section.invalid("option", "is one: let the profile have no other option of the type `endpoint`");
    }
    let named = options.iter().filter(is_endpoint).find(|option| option.name == rules.option);
    match named {
        Some(named) => Some(EndpointRules { list: named.from.clone()?, ..rules }),
        None => {
            section.invalid("option", "must name an option of the type `endpoint`");
            None
        }
    }
}
