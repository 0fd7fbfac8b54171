//! What a receiver's answer means for the delivery, as its profile and its subscription see it.

use std::time::Duration;

use postroad_domain::{Reason, Timestamp, delivery::Input, limits::RETRY_AFTER_MAX};
use postroad_egress::{OutboundResponse, SendError};
use postroad_store::Next;

use crate::configuration::endpoint::AttemptSettings;

/// What an answer means for the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver took it.
    Succeeded,
    /// It did not.
    Failed {
        /// The rest that the receiver asks for.
        retry_after: Option<Duration>,
        /// The receiver says that it will never take anything again.
        gone: bool,
    },
    /// Nobody asked it: the way out is shut for everybody, and worth another try after this.
    NotTried {
        /// From now on.
        pause: Duration,
    },
}

/// The input of the state machine (`postroad_domain::delivery::transition`) that an outcome carries out.
pub(crate) const fn input_of(next: Next) -> Input {
    match next {
        Next::Succeeded => Input::Succeed,
        Next::Queued { .. } | Next::InPlace { .. } => Input::Postpone,
        Next::Failed(Reason::Expired) => Input::Expire,
        Next::Failed(_) => Input::Exhaust,
    }
}

/// The status decides, not the body.
pub(crate) fn judge(
    result: &Result<OutboundResponse, SendError>,
    settings: &AttemptSettings,
    now: Timestamp,
) -> Verdict {
    let response = match result {
        Ok(response) => response,
        Err(SendError { shut_for: Some(pause), .. }) => return Verdict::NotTried { pause: *pause },
        Err(_) => return Verdict::Failed { retry_after: None, gone: false },
    };
    let status = response.status;
    if settings.success.contains(status) {
        return Verdict::Succeeded;
    }
    let may_ask = settings.honours_retry_after && matches!(status, 429 | 503);
    Verdict::Failed {
        retry_after: may_ask.then(|| retry_after(response, now)).flatten(),
        gone: settings.gone_deactivates && status == 410,
    }
}

/// `Retry-After` in seconds or as an HTTP date, bounded by a day. What is neither is ignored.
fn retry_after(response: &OutboundResponse, now: Timestamp) -> Option<Duration> {
    let value = response.headers.get("retry-after")?;
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean a longer rest than any that is granted.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    }
    let moment = httpdate::parse_http_date(value).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let moment = Timestamp::default().after(moment);
    Some(moment.since(now).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use postroad_domain::{Repeat, RetryPolicy};
    use postroad_profile::Success;

    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Verdict {
        let settings = AttemptSettings {
            retry: RetryPolicy::standard_webhooks(),
            timeout: Duration::from_secs(15),
            success: Success::parse(["2xx"]).unwrap(),
            gone_deactivates: true,
            honours_retry_after: true,
            repeat: Repeat::Always,
        };
        answered_by(&settings, status, retry_after)
    }

    fn answered_by(settings: &AttemptSettings, status: u16, retry_after: Option<&str>) -> Verdict {
        let headers = retry_after.map(|value| ("Retry-After", value));
        let response = OutboundResponse {
            status,
            headers: headers.into_iter().collect(),
            body: Bytes::new(),
            truncated: false,
            repeated: false,
        };
        judge(&Ok(response), settings, Timestamp::from_millis(784_111_777_000))
    }

    #[test]
    fn only_2xx_is_success_and_410_means_gone() {
        for status in [200, 201, 204, 299] {
            assert_eq!(answered(status, None), Verdict::Succeeded);
        }
        for status in [100, 301, 302, 400, 404, 429, 500, 503, 600] {
            assert_eq!(answered(status, None), Verdict::Failed { retry_after: None, gone: false });
        }
        assert_eq!(answered(410, None), Verdict::Failed { retry_after: None, gone: true });
    }

    #[test]
    fn a_profile_may_ignore_what_a_receiver_asks_for_and_have_its_own_success() {
        let settings = AttemptSettings {
            retry: RetryPolicy::standard_webhooks(),
            timeout: Duration::from_secs(15),
            success: Success::parse(["200"]).unwrap(),
            gone_deactivates: false,
            honours_retry_after: false,
            repeat: Repeat::Always,
        };
        assert_eq!(answered_by(&settings, 200, None), Verdict::Succeeded);
        for (status, retry_after) in [(201, None), (410, None), (429, Some("5")), (503, Some("5"))] {
            let expected = Verdict::Failed { retry_after: None, gone: false };
            assert_eq!(answered_by(&settings, status, retry_after), expected, "{status}");
        }
    }

    #[test]
    fn a_receivers_wish_for_rest_is_read_as_seconds_or_date_and_bounded_by_a_day() {
        for (value, seconds) in [
            ("5", Some(5)),
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("100000000000000", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
            ("inf", None),
            ("1e14", None),
            ("-1", None),
            ("", None),
        ] {
            let expected = Verdict::Failed { retry_after: seconds.map(Duration::from_secs), gone: false };
            assert_eq!(answered(429, Some(value)), expected, "{value}");
            assert_eq!(answered(503, Some(value)), expected, "{value}");
        }
        assert_eq!(answered(500, Some("5")), Verdict::Failed { retry_after: None, gone: false });
    }
}
