//! A checked profile: what its files say, and what the rest of Postroad asks it.

use std::sync::Arc;

use minijinja::Environment;
use postroad_domain::{CompatibleApi, Invalid, headers};
use rand::Rng;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{
    catalogue::Catalogue,
    group::GroupRules,
    handshake::Handshake,
    ingest::IngestChecks,
    options::{self, FieldProblem, OptionOwner, OptionSchema, OptionSwitch, OptionValues},
    policy::DeliveryPolicy,
    request::{self, Parameter, RequestRules},
    rules::FieldRules,
    secret::{SecretKey, SecretRules},
    signature::{Scheme, SignatureRules},
    template::Variable,
    words::Words,
};

/// The wire contract of one product, checked. Made by [`Profile::load`].
#[derive(Debug)]
pub struct Profile {
    /// The word by which a tenant names it.
    pub name: String,
    /// The product's name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// SHA-256 over all files: two profiles with the same digest make the same requests.
    pub digest: [u8; 32],
    /// The event types.
    pub catalogue: Catalogue,
    /// How deliveries are tried.
    pub delivery: DeliveryPolicy,
    /// Which events are sent together; `None` for none, unless a subscription says so.
    pub group: Option<GroupRules>,
    /// What is refused at the door.
    pub ingest: IngestChecks,
    /// The options of tenants and subscriptions.
    pub options: Vec<OptionSchema>,
    /// The attributes that events may carry.
    pub attributes: Vec<OptionSchema>,
    /// The standard fields that are required, forbidden or limited.
    pub fields: FieldRules,
    /// Whether there are secrets, and who makes them.
    pub secret_rules: SecretRules,
    /// The product's own words.
    pub words: Words,
    /// The API of the product that is served to its tenants beside our own.
    pub compat: Option<CompatibleApi>,
    pub(crate) https: OptionSwitch,
    pub(crate) canonical_data: bool,
    /// The body is part of what is signed; else the signature may be part of the body.
    pub(crate) body_is_signed: bool,
    pub(crate) request: RequestRules,
    pub(crate) signature: Option<SignatureRules>,
    pub(crate) handshakes: Vec<Handshake>,
    pub(crate) environment: Arc<Environment<'static>>,
}

impl Profile {
    /// The methods a subscription may choose from; the first is the default.
    pub fn methods(&self) -> &[String] {
        &self.request.methods
    }

    /// The content types a subscription may choose from; the first is the default.
    pub fn content_types(&self) -> impl Iterator<Item = &str> {
        self.request.contents.iter().map(|content| content.content_type.as_str())
    }

    /// Whether the profile writes the header, so that a customer's own of that name must be refused.
    pub fn reserves_header(&self, name: &str) -> bool {
        headers::is_same_name(name, "content-type") || request::writes(&self.request.headers, name)
    }

    /// Whether the profile makes the header of what is kept like a secret, an option or the key of an endpoint: no log shows its value.
    pub fn hides_header(&self, name: &str) -> bool {
        let of_handshakes = self.handshakes.iter().flat_map(|handshake| &handshake.headers);
        let to_endpoints = self.endpoint_rules().map_or(&[][..], |rules| &rules.headers);
        let rules = self.request.headers.iter().chain(of_handshakes).chain(to_endpoints);
        let mut of_name = rules.filter(|rule| rule.name.eq_ignore_ascii_case(name));
        of_name.any(|rule| rule.reads_any(self.secret_variables()))
    }

    /// A URL that this profile made of the customer's `own` one, as a log may show it: the values that it put into the
    /// query from what is kept like a secret are masked.
    pub fn url_for_log(&self, own: &str, url: &str, mask: &str) -> String {
        let is_secret = |parameter: &&Parameter| parameter.reads_any(self.secret_variables());
        let of_handshakes = self.handshakes.iter().flat_map(|handshake| &handshake.query);
        let to_endpoints = self.endpoint_rules().map_or(&[][..], |rules| &rules.query);
        let all = self.request.query.iter().chain(of_handshakes).chain(to_endpoints);
        let mut secret = all.filter(is_secret).peekable();
        if secret.peek().is_some() { request::masked(own, url, secret, mask) } else { url.to_owned() }
    }

    /// Whether timestamp and signature are made anew at each attempt.
    pub fn signs_each_attempt(&self) -> bool {
        self.signature.as_ref().is_some_and(|rules| rules.each_attempt)
    }

    /// The ways to sign; the first is the default. Empty for a profile that does not sign.
    pub fn schemes(&self) -> &[Scheme] {
        self.signature.as_ref().map_or(&[], |rules| &rules.schemes)
    }

    /// The key of a secret as it is shown. `scheme` is the name of one of [`Profile::schemes`], `None` for the first.
    ///
    /// # Errors
    ///
    /// No such scheme, or the form that a secret of it has.
    pub fn secret_key(&self, secret: &str, scheme: Option<&str>) -> Result<SecretKey, Invalid> {
        let (index, scheme) = self.scheme(scheme)?;
        Ok(SecretKey { scheme: index, key: scheme.key.parse(secret, scheme.algorithm)? })
    }

    /// A fresh secret as it is shown.
    ///
    /// # Errors
    ///
    /// No such scheme.
    pub fn generate_secret(
        &self,
        scheme: Option<&str>,
        rng: &mut impl Rng,
    ) -> Result<Zeroizing<String>, Invalid> {
        Ok(self.scheme(scheme)?.1.key.generate(rng))
    }

    /// The public key that belongs to a secret, as receivers take it; `None` where the secret is shared.
    pub fn public_key(&self, secret: &SecretKey) -> Option<String> {
        self.schemes().get(secret.scheme)?.key.public_key(&secret.key)
    }

    /// Checks the options of a tenant.
    pub fn check_tenant_options(&self, given: &Map<String, Value>) -> Vec<FieldProblem> {
        let mut problems = options::check(&self.options, OptionOwner::Tenant, given);
        problems.extend(options::check_endpoints(&self.options, given));
        problems
    }

    /// The value of an option of a tenant that has these: its own, else the default. Nothing where neither is there.
    pub fn tenant_option<'v>(&'v self, given: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
        let mut declared = self.options.iter().filter(|option| option.belongs_to(OptionOwner::Tenant));
        let default = || declared.find(|option| option.name == name)?.default.as_ref();
        given.get(name).or_else(default)
    }

    /// Checks the options of tenant and subscription and fills in the defaults.
    ///
    /// # Errors
    ///
    /// Every option that is unknown, missing, or has a value that is not allowed.
    pub fn check_options(
        &self,
        tenant: &Map<String, Value>,
        subscription: &Map<String, Value>,
    ) -> Result<OptionValues, Vec<FieldProblem>> {
        options::resolve(&self.options, tenant, subscription)
    }

    /// The name of the scheme that signs for a subscription with these options: the chosen one, or the first. `None` where
    /// the profile does not sign.
    pub fn scheme_of(&self, subscription_options: &Map<String, Value>) -> Option<&str> {
        let schemes = self.schemes();
        let chosen = subscription_options.get(options::SIGNATURE_OPTION).and_then(Value::as_str);
        let chosen = chosen.filter(|_| schemes.len() > 1);
        let named = chosen.and_then(|chosen| schemes.iter().find(|scheme| scheme.name == chosen));
        named.or(schemes.first()).map(|scheme| scheme.name.as_str())
    }

    /// Whether a subscription with these options may only be sent to over HTTPS.
    pub fn requires_https(&self, options: &OptionValues) -> bool {
        self.https.holds(options)
    }

    /// Every handshake, in the order of the profile.
    pub fn handshakes(&self) -> &[Handshake] {
        &self.handshakes
    }

    /// Checks the attributes of an event.
    pub fn check_attributes(&self, given: &Map<String, Value>) -> Vec<FieldProblem> {
        options::check_attributes(&self.attributes, given)
    }

    /// What no log shows.
    fn secret_variables(&self) -> impl Iterator<Item = Variable> {
        let options = self.options.iter().enumerate().filter(|(_, option)| option.secret);
        let key = self.request.endpoint.as_ref().map(|_| Variable::EndpointApiKey);
        options.map(|(index, _)| Variable::Option(index)).chain(key)
    }

    fn scheme(&self, name: Option<&str>) -> Result<(usize, &Scheme), Invalid> {
        let schemes = self.schemes();
        let index = match name {
            None => Some(0),
            Some(name) => schemes.iter().position(|scheme| scheme.name == name),
        };
        let found = index.and_then(|index| Some((index, schemes.get(index)?)));
        found.ok_or_else(|| {
            let names: Vec<_> = schemes.iter().map(|scheme| scheme.name.as_str()).collect();
            Invalid::new(match names.as_slice() {
                [] => "cannot be set: this profile does not sign".to_owned(),
                names => format!("must be one of {}", names.join(", ")),
            })
        })
    }
}
