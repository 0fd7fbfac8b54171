//! How events are sent together.

use postroad_domain::Grouping;
use postroad_engine::GroupDraft;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::check::{body, duration_text};

body! {
    /// The events of a span of time are sent together, in one delivery, whose body is the list of what each alone would have been.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct GroupSettings {
        /// How long a group takes events, from its first one on, such as `60s`; from 1s to 24h.
        window: String,
        /// A group with so many events is full: it is sent, and the next event opens another. Null for the profile's number.
        #[schema(value_type = Option<u32>)]
        max_events: Option<Number>,
        /// The same for the bytes of their data.
        #[schema(value_type = Option<u64>)]
        max_bytes: Option<Number>,
    }
}

impl GroupSettings {
    /// As it is shown.
    pub(super) fn of(own: Grouping) -> Self {
        Self {
            window: duration_text(own.window),
            max_events: own.max_events.map(Number::from),
            max_bytes: own.max_bytes.map(Number::from),
        }
    }
}

impl From<GroupSettings> for GroupDraft {
    fn from(GroupSettings { window, max_events, max_bytes }: GroupSettings) -> Self {
        Self { window, max_events, max_bytes }
    }
}
