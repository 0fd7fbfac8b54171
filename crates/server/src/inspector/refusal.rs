//! Why a request is not answered as its bin was told to: the inspector has limits of its own, and says so.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use postroad_domain::limits::{
    INSPECTOR_ANSWERS_WAITING_MAX, INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX, INSPECTOR_BODY_BYTES_READ_MAX,
};

/// A limit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The body is longer than anything is read.
    BodyTooLong,
    /// More is coming in than the one who sends may have.
    TooMuchComes,
    /// Too many answers of the bin wait.
    BinWaits,
    /// As many answers wait as the one who asks may have.
    ShareWaits,
}

impl Refusal {
    /// The status of the answer.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMuchComes | Self::BinWaits | Self::ShareWaits => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What it says, for people.
    pub(super) fn why(self) -> String {
        match self {
            Self::BodyTooLong => format!("the body is longer than {INSPECTOR_BODY_BYTES_READ_MAX} bytes"),
            Self::TooMuchComes => {
                "more is being sent to the inspector at once than your share of what it holds; send it again"
                    .to_owned()
            }
            Self::BinWaits => format!(
                "{INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX} answers of this bin are waiting, and more may not"
            ),
            Self::ShareWaits => {
                format!(
                    "as many of your answers wait as may, of the {INSPECTOR_ANSWERS_WAITING_MAX} that may wait in all"
                )
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let sentence = format!("The inspector itself answers this, not the bin: {}.\n", self.why());
        (self.status(), sentence).into_response()
    }
}
