//! What a caller says of a webhook, and the draft that the engine checks.
//!
//! Three rules of the product's API are here because only this API has the fields that they are about: `WebhookProperties` is a text
//! that holds a JSON object; the events of activities need `ActivityEvent` beside it; the two name the same type of activity.

use postroad_domain::{
    CustomHeader, Subscription,
    limits::{CUSTOM_HEADERS_MAX, NAME_CHARS_MAX},
    subscription::Push,
};
use postroad_engine::{FieldProblem, HeaderDraft, PushDraft, SubscriptionDraft, TargetDraft};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    names,
    shown::{self, Kind},
    words::{PageUrls, Word, code_of},
};
use crate::{
    check::{BoundedVec, Faults, body},
    v1::options::{MASK, MASK_IS_NO_VALUE},
};

body! {
    /// A webhook.
    #[derive(Serialize)]
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    pub(super) struct WebhookBody {
        Type: Option<String>,
        Description: Option<String>,
        URL: String,
        Method: Option<String>,
        ContentType: Option<String>,
        WebhookEvent: Word,
        ActivityEvent: Option<Word>,
        LandingPageUrls: Option<PageUrls>,
        IsSpecificLandingPage: Option<bool>,
        NotifyOnFailure: Option<bool>,
        WebhookProperties: Option<String>,
        CustomHeaders: Option<BoundedVec<HeaderBody, CUSTOM_HEADERS_MAX>>,
    }
}

body! {
    /// A header that is added to each request.
    #[derive(Serialize)]
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    pub(super) struct HeaderBody {
        Key: String,
        Value: String,
    }
}

impl WebhookBody {
    /// A webhook as its writer would say it again: what a change is put on.
    pub(super) fn of(subscription: &Subscription, push: &Push) -> Self {
        let options: Map<String, Value> =
            serde_json::from_str(&subscription.spec.options).unwrap_or_default();
        let text = |name: &str| options.get(name).and_then(Value::as_str).map(str::to_owned);
        let header = |CustomHeader { name, value }: &CustomHeader| HeaderBody {
            Key: name.clone(),
            Value: value.clone(),
        };
        let urls = shown::landing_page_urls(&options);
        Self {
            Type: Some(Kind::of(push).word().to_owned()),
            Description: subscription.spec.description.clone(),
            URL: push.url.as_ref().map_or_else(String::new, |url| url.as_str().to_owned()),
            Method: push.method.clone(),
            ContentType: push.content_type.clone(),
            WebhookEvent: Word(subscription.spec.events.first().map(ToString::to_string).unwrap_or_default()),
            ActivityEvent: text("activity_event").map(Word),
            LandingPageUrls: Some(PageUrls(urls)),
            IsSpecificLandingPage: options.get("is_specific_landing_page").and_then(Value::as_bool),
            NotifyOnFailure: Some(push.notify_on_failure),
            WebhookProperties: text("webhook_properties"),
            CustomHeaders: Some(push.headers.iter().map(header).collect()),
        }
    }

    /// The draft: what this API can say, put on what is said already. `faults` are those of the reading, by the names of the API.
    pub(super) fn onto(
        self,
        base: SubscriptionDraft,
        profile: &Profile,
        faults: Faults,
    ) -> SubscriptionDraft {
        let event = self.WebhookEvent.clone().given().map(|event| code_of(profile, event));
        let calls_function =
            serde_json::from_str(&base.options).is_ok_and(|options| profile.names_endpoint(&options));
        self.note_faults(calls_function, &faults);
        let options = self.options_onto(&base.options);
        let push = match base.target {
            TargetDraft::Push(Some(push)) => *push,
            TargetDraft::Push(None) | TargetDraft::Pull => PushDraft::default(),
        };
        let headers = self.CustomHeaders.map(BoundedVec::into_inner).unwrap_or_default();
        let push = PushDraft {
            // A function has its URL from the account.
            url: (!(calls_function && self.URL.is_empty())).then_some(self.URL),
            method: self.Method,
            content_type: self.ContentType,
            headers: headers.into_iter().map(HeaderDraft::from).collect(),
            notify_on_failure: self.NotifyOnFailure.unwrap_or_default(),
            ..push
        };
        // Another profile with this API may let a subscription have several events: they stay until another one is said.
        let events = match event {
            Some(event) if base.events.first() != Some(&event) => vec![event],
            Some(_) | None => base.events,
        };
        let by_draft =
            |problem: FieldProblem| FieldProblem { field: names::to_draft(&problem.field), ..problem };
        SubscriptionDraft {
            description: self.Description,
            target: TargetDraft::Push(Some(Box::new(push))),
            events,
            options,
            unreadable: faults.into_problems().into_iter().map(by_draft).collect(),
            ..base
        }
    }

    /// Adds a fault where the event is missing, or the type of activity beside it. Both are asked for where one of them is said: what
    /// `/v1` made without them can be changed here all the same.
    pub(super) fn note_missing(&self, profile: &Profile, faults: &Faults) {
        let has_type = self.ActivityEvent.clone().and_then(Word::given).is_some();
        let event = self.WebhookEvent.clone().given().map(|event| code_of(profile, event));
        faults.then(|faults| match event {
            None => faults.add("WebhookEvent", "is required"),
            Some(event) if is_of_activities(&event) && !has_type => {
                let message = "is required for the events of activities, beside `WebhookProperties`";
                faults.add("ActivityEvent", message);
            }
            Some(_) => {}
        });
    }

    /// Adds a fault for each further thing that only this API can find.
    fn note_faults(&self, calls_function: bool, faults: &Faults) {
        match self.Type.as_deref() {
            // The form of a webhook that calls a function says so itself.
            Some("Webhook") if calls_function => {
                faults.add(
                    "Type",
                    "cannot become Webhook by this API: set `delivery.url` and `options.type` by /v1",
                );
            }
            None | Some("Webhook") => {}
            Some("Lapp") if calls_function => {}
            // The product's API has no field for the function.
            Some("Lapp") => faults.add(
                "Type",
                "cannot become Lapp by this API, which cannot name a function: use `options.lapp` of /v1",
            ),
            Some(_) => faults.add("Type", "must be Webhook"),
        }
        for (index, header) in self.CustomHeaders.iter().flat_map(BoundedVec::iter).enumerate() {
            if header.Value == MASK {
                faults.add(&format!("CustomHeaders[{index}].Value"), MASK_IS_NO_VALUE);
            }
        }
    }

    /// Adds a fault where `WebhookProperties` is no JSON object, or names another type of activity. Only for whom says one of them: `/v1`
    /// takes any text.
    pub(super) fn note_properties(&self, faults: &Faults) {
        let type_of_properties = self.WebhookProperties.as_deref().and_then(|text| activity_of(text, faults));
        let own_type = self.ActivityEvent.clone().and_then(Word::given);
        if let (Some(own), Some(other)) = (own_type, type_of_properties)
            && own != other
        {
            // They may be as long as the body.
            let short = |text: String| text.chars().take(NAME_CHARS_MAX).collect::<String>();
            let (own, other) = (short(own), short(other));
            let message = format!("is {own}, and {other} in `WebhookProperties`: write the same in both");
            faults.add("ActivityEvent", message);
        }
    }

    /// The options of a subscription with those that this API can say. One that is not said goes back to its default.
    fn options_onto(&self, options: &str) -> String {
        let mut options: Map<String, Value> = serde_json::from_str(options).unwrap_or_default();
        let urls = self.LandingPageUrls.as_ref().map(|urls| urls.0.clone()).filter(|urls| !urls.is_empty());
        let properties = self.WebhookProperties.clone().filter(|text| !text.trim().is_empty());
        let said = [
            ("activity_event", self.ActivityEvent.clone().and_then(Word::given).map(Value::from)),
            ("landing_page_urls", urls.map(Value::from)),
            ("is_specific_landing_page", self.IsSpecificLandingPage.map(Value::from)),
            ("webhook_properties", properties.map(Value::from)),
        ];
        for (name, value) in said {
            match value {
                Some(value) => drop(options.insert(name.to_owned(), value)),
                None => drop(options.remove(name)),
            }
        }
        Value::Object(options).to_string()
    }
}

impl From<HeaderBody> for HeaderDraft {
    fn from(HeaderBody { Key: name, Value: value }: HeaderBody) -> Self {
        Self { name, value }
    }
}

/// Whether the events of this name are activities: the part before the first `_` ends in `Activity`.
fn is_of_activities(code: &str) -> bool {
    code.split('_').next().is_some_and(|trigger| trigger.ends_with("Activity"))
}

/// The type of activity that `WebhookProperties` name, which must be a JSON object.
fn activity_of(properties: &str, faults: &Faults) -> Option<String> {
    if properties.trim().is_empty() {
        return None;
    }
    let Ok(properties) = serde_json::from_str::<Map<String, Value>>(properties) else {
        faults.add("WebhookProperties", "must be a text that holds a JSON object");
        return None;
    };
    match properties.get("ActivityEvent")? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
