//! The variables of the language: their names, when they have a value, and how the rest of the crate calls them.

use super::scope::Scope;

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    EventId,
    EventUuid,
    EventType,
    EventTitle,
    EventGroup,
    EventData,
    EventAttributes,
    /// One declared attribute, by its name.
    EventAttribute(String),
    EventTags,
    EventAcceptedAt,
    EventOccurredAt,
    EventMoment,
    EventsCount,
    EventsData,
    MessageId,
    DeliveryId,
    DeliveryUuid,
    DeliveryCreatedAt,
    DeliveryGrouped,
    SubscriptionId,
    SubscriptionUuid,
    SubscriptionName,
    SubscriptionUrl,
    TenantId,
    TenantName,
    /// One declared option, by its place in the profile.
    Option(usize),
    AttemptNumber,
    AttemptAt,
    RequestMethod,
    Body,
    Signature,
    Digest,
    Challenge,
    EndpointName,
    EndpointApiKey,
}

/// Every variable with a fixed name. Options and attributes have the names that the profile declares.
pub(crate) const VARIABLES: [(&str, Variable); 33] = [
    ("event.id", Variable::EventId),
    ("event.uuid", Variable::EventUuid),
    ("event.type", Variable::EventType),
    ("event.title", Variable::EventTitle),
    ("event.group", Variable::EventGroup),
    ("event.data", Variable::EventData),
    ("event.attributes", Variable::EventAttributes),
    ("event.tags", Variable::EventTags),
    ("event.accepted_at", Variable::EventAcceptedAt),
    ("event.occurred_at", Variable::EventOccurredAt),
    ("event.moment", Variable::EventMoment),
    ("events.count", Variable::EventsCount),
    ("events.data", Variable::EventsData),
    ("message.id", Variable::MessageId),
    ("delivery.id", Variable::DeliveryId),
    ("delivery.uuid", Variable::DeliveryUuid),
    ("delivery.created_at", Variable::DeliveryCreatedAt),
    ("delivery.grouped", Variable::DeliveryGrouped),
    ("subscription.id", Variable::SubscriptionId),
    ("subscription.uuid", Variable::SubscriptionUuid),
    ("subscription.name", Variable::SubscriptionName),
    ("subscription.url", Variable::SubscriptionUrl),
    ("tenant.id", Variable::TenantId),
    ("tenant.name", Variable::TenantName),
    ("attempt.number", Variable::AttemptNumber),
    ("attempt.at", Variable::AttemptAt),
    ("request.method", Variable::RequestMethod),
    ("body", Variable::Body),
    ("signature", Variable::Signature),
    ("digest", Variable::Digest),
    ("challenge", Variable::Challenge),
    ("endpoint.name", Variable::EndpointName),
    ("endpoint.api_key", Variable::EndpointApiKey),
];

/// The names that one profile's templates may use: the fixed ones, its options and its attributes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) options: Vec<String>,
    pub(crate) attributes: Vec<String>,
}

impl Names {
    /// The variable of a whole name: `event.data`, but not `event.data.id`.
    pub(crate) fn find(&self, name: &str) -> Option<Variable> {
        if let Some(option) = name.strip_prefix("options.") {
            return self.options.iter().position(|candidate| candidate == option).map(Variable::Option);
        }
        if let Some(attribute) = name.strip_prefix("event.attributes.") {
            let declared = self.attributes.iter().find(|candidate| *candidate == attribute)?;
            return Some(Variable::EventAttribute(declared.clone()));
        }
        VARIABLES.iter().find(|(candidate, _)| *candidate == name).map(|(_, variable)| variable.clone())
    }

    /// The name and variable that a path begins with: those of `event.data.id` are of `event.data`.
    pub(crate) fn find_beginning(&self, path: &str) -> Option<(String, Variable)> {
        let mut name = path;
        loop {
            match (self.find(name), name.rsplit_once('.')) {
                // All attributes are declared: what is not one of them is a mistake.
                (Some(Variable::EventAttributes), _) if name != path => return None,
                (Some(variable), _) => return Some((name.to_owned(), variable)),
                (None, Some((shorter, _))) => name = shorter,
                (None, None) => return None,
            }
        }
    }

    /// The name of a variable.
    pub(crate) fn name_of(&self, variable: &Variable) -> String {
        let all = self.all();
        all.into_iter().find(|name| self.find(name).as_ref() == Some(variable)).unwrap_or_default()
    }

    /// Every name, for the nearest one in a complaint.
    pub(crate) fn all(&self) -> Vec<String> {
        let fixed = VARIABLES.iter().map(|(name, _)| (*name).to_owned());
        let options = self.options.iter().map(|name| format!("options.{name}"));
        let attributes = self.attributes.iter().map(|name| format!("event.attributes.{name}"));
        fixed.chain(options).chain(attributes).collect()
    }
}

impl Variable {
    /// Whether it is of one event: of the first one where the delivery carries several.
    pub(crate) fn is_of_event(&self) -> bool {
        match self {
            Self::EventId
            | Self::EventUuid
            | Self::EventType
            | Self::EventTitle
            | Self::EventGroup
            | Self::EventData
            | Self::EventAttributes
            | Self::EventAttribute(_)
            | Self::EventTags
            | Self::EventAcceptedAt
            | Self::EventOccurredAt
            | Self::EventMoment => true,
            Self::EventsCount
            | Self::EventsData
            | Self::MessageId
            | Self::DeliveryId
            | Self::DeliveryUuid
            | Self::DeliveryCreatedAt
            | Self::DeliveryGrouped
            | Self::SubscriptionId
            | Self::SubscriptionUuid
            | Self::SubscriptionName
            | Self::SubscriptionUrl
            | Self::TenantId
            | Self::TenantName
            | Self::Option(_)
            | Self::AttemptNumber
            | Self::AttemptAt
            | Self::RequestMethod
            | Self::Body
            | Self::Signature
            | Self::Digest
            | Self::Challenge
            | Self::EndpointName
            | Self::EndpointApiKey => false,
        }
    }

    /// Whether it is of all events of the delivery.
    pub(crate) fn is_of_events(&self) -> bool {
        matches!(self, Self::EventsCount | Self::EventsData)
    }

    /// Why the variable has no value in the scope; `None` when it has one.
    pub(crate) fn absent_in(&self, scope: Scope) -> Option<&'static str> {
        match self {
            Self::AttemptNumber | Self::AttemptAt | Self::RequestMethod if !scope.attempt => {
                Some("it belongs to one attempt, and this part is made once for all attempts")
            }
            Self::DeliveryId
            | Self::DeliveryUuid
            | Self::DeliveryCreatedAt
            | Self::DeliveryGrouped
            | Self::MessageId
            | Self::EventsCount
            | Self::EventsData
                if !scope.delivery =>
            {
                Some("the event belongs to no delivery yet")
            }
            Self::Body if !scope.body => Some("the body is not made yet"),
            Self::Signature if !scope.signature => Some("the signature is not made yet"),
            Self::Digest if !scope.digest => Some("it stands only in `value` of a signature"),
            Self::EndpointName | Self::EndpointApiKey if !scope.endpoint => {
                Some("it stands only in headers and query of `request.endpoint`")
            }
            Self::Challenge if !scope.challenge => Some("it stands only in a handshake that has a challenge"),
            _ => None,
        }
    }
}
