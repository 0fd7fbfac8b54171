//! How a time is written: with how many digits, in which zone.

use std::sync::LazyLock;

use jiff::{
    fmt::temporal::DateTimePrinter,
    tz::{TimeZone, TimeZoneDatabase},
};
use postroad_domain::Timestamp;

use super::{fact::Fact, filter_error::FilterError};

/// The zones that are part of the program: what a machine has installed must not change a request.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time a value stands for: a time, or a text that is one.
pub(crate) fn of(fact: &Fact<'_>) -> Result<Timestamp, FilterError> {
    match fact {
        Fact::Time(moment) => Ok(*moment),
        other => {
            let text = other.to_string();
            Timestamp::parse(text.trim_matches('"')).ok_or(FilterError::NotATime(text))
        }
    }
}

/// `rfc3339`, `rfc3339(digits)`, `rfc3339(digits, zone)`.
pub(crate) fn rfc3339_filter<'a>(fact: &Fact<'_>, arguments: &[Fact<'_>]) -> Result<Fact<'a>, FilterError> {
    let wrong =
        FilterError::Arguments("`rfc3339` takes the digits behind the second (0 to 6) and a time zone");
    let (digits, zone) = match arguments {
        [] => (None, None),
        [Fact::Integer(digits)] => (Some(*digits), None),
        [Fact::Integer(digits), zone] => (Some(*digits), Some(zone.to_string())),
        _ => return Err(wrong),
    };
    let digits = match digits {
        None => None,
        Some(digits) => Some(u8::try_from(digits).ok().filter(|digits| *digits <= 6).ok_or(wrong)?),
    };
    Ok(Fact::Text(rfc3339(of(fact)?, digits, zone.as_deref())?.into()))
}

/// RFC 3339 with the digits behind the second, cut and not rounded. UTC is written `Z`, another zone by its offset.
pub(crate) fn rfc3339(
    moment: Timestamp,
    digits: Option<u8>,
    zone: Option<&str>,
) -> Result<String, FilterError> {
    let instant =
        jiff::Timestamp::from_microsecond(cut(moment, digits).as_micros()).unwrap_or(jiff::Timestamp::MAX);
    let printer = DateTimePrinter::new().precision(digits);
    match zone {
        None | Some("UTC") => Ok(printer.timestamp_to_string(&instant)),
        Some(name) => {
            let zone = ZONES.get(name).map_err(|_| FilterError::UnknownZone(name.to_owned()))?;
            Ok(with_offset(&printer, &instant, &zone))
        }
    }
}

fn with_offset(printer: &DateTimePrinter, instant: &jiff::Timestamp, zone: &TimeZone) -> String {
    printer.timestamp_with_offset_to_string(instant, zone.to_offset(*instant))
}

/// A time is not reached before it is there: `10:30:00.9` in whole seconds is `10:30:00`, also before 1970.
fn cut(moment: Timestamp, digits: Option<u8>) -> Timestamp {
    let step = digits.map_or(1, |digits| 10_i64.pow(6 - u32::from(digits.min(6))));
    Timestamp::from_micros(moment.as_micros().div_euclid(step).saturating_mul(step))
}
