//! The answer to a change that was made.

use postroad_domain::SubscriptionId;
use serde::Serialize;

/// `{"Status":"Success","Message":{"Id":"…"}}`
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Success {
    status: &'static str,
    message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    id: String,
}

impl Success {
    /// With the webhook that it is about.
    pub(super) fn of(id: SubscriptionId) -> Self {
        Self { status: "Success", message: Message { id: id.uuid().to_string() } }
    }
}
