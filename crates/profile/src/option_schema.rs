//! What a caller may write in tenants, subscriptions and events of a profile, as one JSON object for forms and clients.

use serde_json::{Map, Value, json};

use crate::{
    Profile,
    options::{OptionOwner, json_schema},
    rules::{Field, FieldRule},
};

impl Profile {
    /// `{tenant, subscription, attributes, fields, secret, methods, content_types}`: the first three are JSON Schemas
    /// (2020-12) of the objects `options` and `attributes`; `fields` has each standard field of a subscription as
    /// `{is, max?}`; `secret` is `{is, supplied, rotation_grace}`; of the two lists the first item is the default.
    pub fn option_schema(&self) -> Value {
        let fields = Field::all().map(|field| (field.as_str().to_owned(), field_rule(self.fields.of(field))));
        json!({
            "tenant": json_schema(&self.options, OptionOwner::Tenant),
            "subscription": json_schema(&self.options, OptionOwner::Subscription),
            // Attributes have one owner, the event; they are declared as of both.
            "attributes": json_schema(&self.attributes, OptionOwner::Both),
            "fields": fields.collect::<Map<_, _>>(),
            "secret": {
                "is": self.secret_rules.presence.as_str(),
                "supplied": self.secret_rules.supplied.as_str(),
                "rotation_grace": self.secret_rules.rotation_grace,
            },
            "methods": self.methods(),
            "content_types": self.content_types().collect::<Vec<_>>(),
        })
    }
}

fn field_rule(rule: FieldRule) -> Value {
    match rule.max {
        Some(max) => json!({ "is": rule.presence.as_str(), "max": max }),
        None => json!({ "is": rule.presence.as_str() }),
    }
}
