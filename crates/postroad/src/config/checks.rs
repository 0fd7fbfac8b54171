//! From the text of a value to what it means: one function for each kind of value.
//!
//! A refusal reads on after the value: `"foo" must be …`. It never repeats the value, which may be a secret.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use postroad_domain::{
    EndpointUrl, Invalid,
    limits::{DEACTIVATE_AFTER_MAX, DEACTIVATE_AFTER_MIN},
};
use postroad_egress::EgressProxy;
use postroad_engine::{SecretBox, SecretError};
use tracing_subscriber::filter::{Directive, LevelFilter};
use zeroize::Zeroizing;

use super::LogFormat;

/// The longest time a server may take to stop; every supervisor has long killed it by then.
const SHUTDOWN_GRACE_MAX: Duration = Duration::from_secs(3600);
/// A shorter retention is a slip of the pen.
const RETENTION_MIN: Duration = Duration::from_secs(1);
/// An empty database has some of these already.
const RETENTION_BYTES_MIN: u64 = 64 << 20;

/// Checks the one value of a key that is no list.
pub(super) fn one<T>(values: &[String], check: fn(&str) -> Result<T, Invalid>) -> Result<T, Invalid> {
    match values {
        [value] => check(value),
        _ => Err(Invalid::new("must be one value, not a list")),
    }
}

/// An address with a port.
pub(super) fn listen(text: &str) -> Result<SocketAddr, Invalid> {
    let refused = "must be an IP address and a port, such as 127.0.0.1:8080 or [::]:8080";
    text.parse().map_err(|_| Invalid::new(refused))
}

/// A path.
pub(super) fn folder(text: &str) -> Result<PathBuf, Invalid> {
    if text.is_empty() { Err(Invalid::new("must name a folder")) } else { Ok(PathBuf::from(text)) }
}

/// What can stand behind `Bearer` in a header.
pub(super) fn admin_key(text: &str) -> Result<Zeroizing<String>, Invalid> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Invalid::new(
            "must be visible ASCII characters without a space, since it travels in a header",
        ));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Subnets, each value one or several with commas between them. An address stands for itself alone.
pub(super) fn subnets(values: &[String]) -> Result<Vec<IpNet>, Invalid> {
    let texts = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    texts.map(subnet).collect()
}

fn subnet(text: &str) -> Result<IpNet, Invalid> {
    let alone = || text.parse::<IpAddr>().map(IpNet::from).ok();
    text.parse().ok().or_else(alone).ok_or_else(|| {
        Invalid::new("must be a subnet such as 10.20.0.0/16 or fd00::/8, or several with commas between them")
    })
}

/// The proxy that receivers are called through.
pub(super) fn egress_proxy(text: &str) -> Result<EgressProxy, Invalid> {
    EgressProxy::parse(text)
}

/// Scheme, host and port; links are made by putting a path behind them.
pub(super) fn public_url(text: &str) -> Result<EndpointUrl, Invalid> {
    let url = EndpointUrl::parse(text)?;
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    if behind_scheme.trim_end_matches('/').contains(['/', '?', '#']) {
        return Err(Invalid::new("must end after the host or port, as in https://hooks.example.com"));
    }
    Ok(url)
}

/// Where traces go.
pub(super) fn collector(text: &str) -> Result<EndpointUrl, Invalid> {
    if cfg!(feature = "opentelemetry") {
        return EndpointUrl::parse(text);
    }
    Err(Invalid::new("cannot be used: this program was built without the feature opentelemetry"))
}

/// A part of a whole.
pub(super) fn share(text: &str) -> Result<f64, Invalid> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| Invalid::new("must be a number from 0 to 1, such as 0.05"))
}

/// Whether something is on.
pub(super) fn switch(text: &str) -> Result<bool, Invalid> {
    text.parse().map_err(|_| Invalid::new("must be true or false"))
}

/// The keys of the store's secrets.
pub(super) fn secret_key(text: &str) -> Result<SecretBox, Invalid> {
    SecretBox::parse(text).map_err(|error| match error {
        SecretError::BadKey { entry, problem } => Invalid::new(format!(
            "must be ID:BASE64, or several with commas between them, with the base64 of 32 bytes each; entry {entry} \
             {problem}"
        )),
        other => Invalid::new(format!("cannot be used: {other}")),
    })
}

/// `text` or `json`.
pub(super) fn log_format(text: &str) -> Result<LogFormat, Invalid> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Invalid::new("must be text or json")),
    }
}

/// A filter of log lines. A word without `=` must be a level: a filter would take a misspelt one for the name of a part
/// of the program, and then be silent about everything else.
pub(super) fn log_level(text: &str) -> Result<String, Invalid> {
    let is_part = |part: &str| match part.split_once('=') {
        Some(_) => Directive::from_str(part).is_ok(),
        None => !part.is_empty() && LevelFilter::from_str(part).is_ok(),
    };
    if text.split(',').all(|part| is_part(part.trim())) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "must be off, error, warn, info, debug or trace, or a list with parts of the program such as \
         info,postroad_engine=debug",
    ))
}

/// How long stopping may take.
pub(super) fn grace(text: &str) -> Result<Duration, Invalid> {
    let time = duration(text).filter(|time| *time <= SHUTDOWN_GRACE_MAX);
    time.ok_or_else(|| Invalid::new("must be a time of at most 1h, such as 500ms, 10s or 2m"))
}

/// How long events are kept; `None` for ever.
pub(super) fn retention(text: &str) -> Result<Option<Duration>, Invalid> {
    if text == "forever" {
        return Ok(None);
    }
    let time = duration(text).filter(|time| *time >= RETENTION_MIN);
    time.map(Some)
        .ok_or_else(|| Invalid::new("must be a time of at least 1s, such as 12h or 30d, or forever"))
}

/// How long deliveries of a subscription fail until it becomes inactive.
pub(super) fn deactivate_after(text: &str) -> Result<Duration, Invalid> {
    let time = duration(text).filter(|time| (DEACTIVATE_AFTER_MIN..=DEACTIVATE_AFTER_MAX).contains(time));
    time.ok_or_else(|| Invalid::new("must be a time from 1h to 90d, such as 12h or 5d"))
}

/// How much is kept.
pub(super) fn retention_bytes(text: &str) -> Result<u64, Invalid> {
    let size = size(text).filter(|size| *size >= RETENTION_BYTES_MIN);
    size.ok_or_else(|| Invalid::new("must be a size of at least 64MiB, such as 500MiB or 50GiB"))
}

/// A whole number of bytes with its unit.
fn size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit {
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// A whole number with its unit.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        "d" => number.checked_mul(24 * 3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_an_end() {
        assert_eq!(grace("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(grace("2m"), Ok(Duration::from_secs(120)));
        for text in ["", "10", "s", "-1s", "1.5s", "2h", "99999999999999999999s", "18446744073709551615h"] {
            grace(text).unwrap_err();
        }
    }

    #[test]
    fn events_are_kept_for_a_time_and_up_to_a_size() {
        assert_eq!(retention("30d"), Ok(Some(Duration::from_secs(30 * 86_400))));
        assert_eq!(retention("forever"), Ok(None));
        for text in ["", "0d", "500ms", "30", "30 d", "-1d", "ever"] {
            retention(text).unwrap_err();
        }
        assert_eq!(retention_bytes("64MiB"), Ok(64 << 20));
        assert_eq!(retention_bytes("2TB"), Ok(2_000_000_000_000));
        for text in ["", "1MiB", "100", "50gib", "1.5GiB", "99999999TiB"] {
            retention_bytes(text).unwrap_err();
        }
    }

    #[test]
    fn a_subscription_fails_for_an_hour_at_least() {
        assert_eq!(deactivate_after("60m"), Ok(Duration::from_secs(3_600)));
        assert_eq!(deactivate_after("90d"), Ok(Duration::from_secs(90 * 86_400)));
        for text in ["", "0", "5", "59m", "91d", "-5d", "never", "5 d"] {
            deactivate_after(text).unwrap_err();
        }
    }

    #[test]
    fn a_misspelt_level_is_not_taken_for_a_part_of_the_program() {
        for text in ["info", "WARN", "warn,postroad_engine=debug", "off"] {
            assert_eq!(log_level(text), Ok(text.to_owned()));
        }
        for text in ["", "inof", "info,", "postroad_engine", "a=loud"] {
            log_level(text).unwrap_err();
        }
    }

    #[test]
    fn subnets_come_one_by_one_or_with_commas() {
        let values = ["10.0.0.0/8, fd00::/8".to_owned(), "127.0.0.1".to_owned()];
        let texts: Vec<_> = subnets(&values).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"]);
        subnets(&["10.0.0.0/33".to_owned()]).unwrap_err();
    }

    #[test]
    fn a_public_url_has_no_path() {
        for text in ["https://hooks.example.com", "http://[::1]:8080/"] {
            assert_eq!(public_url(text).unwrap().as_str(), text);
        }
        for text in ["hooks.example.com", "https://a.example/b", "https://a.example?b", "ftp://a.example"] {
            public_url(text).unwrap_err();
        }
    }
}
