//! What the demo shows.

use std::{fmt::Write as _, io, net::SocketAddr, path::Path, time::Duration};

use postroad_domain::{Timestamp, time::duration_text};

use super::{
    tail::{Next, Outcome, Shown},
    tenants::DemoTenant,
};
use crate::output;

/// The tenant whose event types are free, so that anybody's event goes.
const TENANT: &str = "standard";
const DAY_MS: i64 = 24 * 3_600_000;
// What a terminal understands; the last one goes back to its own.
const BOLD: &str = "\x1b[1m";
const GOOD: &str = "\x1b[32m";
const BAD: &str = "\x1b[31m";
const QUIET: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// What is told at the start.
pub(super) struct Introduction<'a> {
    /// Where the server listens.
    pub(super) address: SocketAddr,
    /// The server's URL.
    pub(super) server: &'a str,
    /// The key that may do everything.
    pub(super) admin_key: &'a str,
    /// The demo's tenants.
    pub(super) tenants: &'a [DemoTenant],
    /// Where the data is meanwhile.
    pub(super) folder: &'a Path,
    /// Time between two sample events.
    pub(super) sample_every: Duration,
}

/// Says what is running and how to join in. The first line is the one of `serve`.
///
/// Errors: nobody reads it.
pub(super) fn introduce(what: &Introduction<'_>) -> io::Result<()> {
    let Introduction { address, server, admin_key, tenants, folder, sample_every } = what;
    let mut pages = String::new();
    for DemoTenant { id, title, .. } in *tenants {
        let _ = writeln!(pages, "    {id:<11}  {title:<18}  {server}/inspector/{id}/requests");
    }
    output::line(format_args!(
        "listening on http://{address}
admin key: {admin_key}

  data  {folder} (removed at the end)

There is a tenant for each profile, subscribed to all of its events. See in a browser what its receiver gets, and
make it fail with one click:

{pages}
Publish an event of your own, then see what became of it:

  curl {server}/v1/tenants/{TENANT}/events -H 'Authorization: Bearer {admin_key}' -d '{example}'
  curl '{server}/v1/tenants/{TENANT}/deliveries?limit=3' -H 'Authorization: Bearer {admin_key}'

A sample event is published every {seconds} seconds. Attempts as they are made (Ctrl-C ends the demo):

  time (UTC)    tenant       type                          result       ms  attempt",
        folder = folder.display(),
        example = r#"{"type":"order.created","data":{"id":"ord_1","total":"42.00"}}"#,
        seconds = sample_every.as_secs(),
    ))
}

/// Shows attempts.
pub(super) struct Screen {
    /// It is a terminal whose user wants colours.
    pub(super) has_colours: bool,
}

impl Screen {
    /// One line for one attempt.
    ///
    /// Errors: nobody reads it.
    pub(super) fn show(&self, shown: &Shown) -> io::Result<()> {
        output::line(self.line(shown))
    }

    fn line(&self, shown: &Shown) -> String {
        let Shown { at, tenant, event_type, number, took, outcome } = shown;
        let Outcome { result, is_good, why, next } = outcome;
        let time = self.in_colour(QUIET, &time_of_day(*at));
        let result = format!("{result:<8}");
        let result = self.in_colour(if *is_good { GOOD } else { BAD }, &result);
        let ms = took.as_millis();
        let mut line = format!("  {time}  {tenant:<11}  {event_type:<28}  {result}  {ms:>5}  #{number}");
        if let Some(next) = next {
            let _ = write!(line, "  {}", self.in_colour(BOLD, &in_words(*next, shown)));
        }
        if let Some(why) = why {
            let _ = write!(line, "  {}", self.in_colour(QUIET, &format!("({why})")));
        }
        line
    }

    fn in_colour(&self, colour: &str, text: &str) -> String {
        if self.has_colours { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
    }
}

/// What comes after an attempt, and what to do where nothing does by itself.
fn in_words(next: Next, shown: &Shown) -> String {
    let rest = |until: Timestamp| duration_text(whole_seconds(until.since(shown.at.after(shown.took))));
    match next {
        Next::Attempt(due) => format!("next attempt in {}, at {}", rest(due), time_of_day(due)),
        Next::NotBefore(until, why) => {
            format!("next attempt not before {}, in {}: {why}", time_of_day(until), rest(until))
        }
        Next::Held(subscription) => format!(
            "the subscription is inactive now, and nothing goes out. To go on: PATCH \
             /v1/tenants/{}/subscriptions/{subscription} {{\"active\":true}}",
            shown.tenant
        ),
        Next::End(reason) => format!("no further attempt: {}", reason.as_str()),
    }
}

/// Rounded up.
fn whole_seconds(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

fn time_of_day(at: Timestamp) -> String {
    let ms = at.as_millis().rem_euclid(DAY_MS);
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use postroad_domain::{Reason, SubscriptionId};
    use postroad_engine::Wait;

    use super::*;

    fn attempt(result: &str, why: Option<&str>, next: Option<Next>) -> Shown {
        let outcome =
            Outcome { result: result.to_owned(), is_good: next.is_none(), why: why.map(str::to_owned), next };
        Shown {
            at: Timestamp::parse("2026-11-21T09:05:07.042Z").unwrap(),
            tenant: "leadhub".to_owned(),
            event_type: "lead.created".to_owned(),
            number: 1,
            took: Duration::from_millis(12),
            outcome,
        }
    }

    fn plain(shown: &Shown) -> String {
        Screen { has_colours: false }.line(shown)
    }

    #[test]
    fn an_attempt_is_one_readable_line() {
        assert_eq!(
            plain(&attempt("200", None, None)),
            "  09:05:07.042  leadhub      lead.created                  200          12  #1"
        );
    }

    #[test]
    fn a_failure_says_why_and_when_the_next_attempt_is_or_that_there_is_none() {
        let due = Timestamp::parse("2026-11-21T09:05:12.000Z").unwrap();
        let line = plain(&attempt("connect", Some("connection refused"), Some(Next::Attempt(due))));
        assert!(line.ends_with("#1  next attempt in 5s, at 09:05:12.000  (connection refused)"), "{line}");
        let line = plain(&attempt("503", None, Some(Next::End(Reason::Exhausted))));
        assert!(line.ends_with("#1  no further attempt: exhausted"), "{line}");
    }

    #[test]
    fn after_a_410_the_line_says_that_nothing_goes_out_and_how_to_go_on() {
        let subscription = SubscriptionId::at_least(Timestamp::parse("2026-11-21T08:00:00Z").unwrap());
        let line = plain(&attempt("410", None, Some(Next::Held(subscription))));
        let words = format!(
            "#1  the subscription is inactive now, and nothing goes out. To go on: PATCH \
             /v1/tenants/leadhub/subscriptions/{subscription} {{\"active\":true}}"
        );
        assert!(line.ends_with(&words), "{line}");
    }

    #[test]
    fn a_receiver_that_asked_for_a_rest_has_its_time_shown_and_not_that_of_the_schedule() {
        let until = Timestamp::parse("2026-11-21T09:06:07.000Z").unwrap();
        let line = plain(&attempt("503", None, Some(Next::NotBefore(until, Wait::RetryAfter))));
        let words = "#1  next attempt not before 09:06:07.000, in 1m: the receiver asked for a rest";
        assert!(line.contains(words), "{line}");
    }

    #[test]
    fn colours_are_there_only_when_they_are_wanted() {
        let shown = attempt("200", None, None);
        assert!(!plain(&shown).contains('\x1b'));
        assert!(Screen { has_colours: true }.line(&shown).contains("\x1b[32m200"));
    }
}
