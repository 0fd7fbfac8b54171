//! What contacts are told: the digest of a tenant as a mail.

use std::fmt::{self, Display};

use askama::Template;
use postroad_domain::Timestamp;

use crate::Letter;

/// Subscriptions that a mail tells of; the others it counts.
pub const TENANT_ENTRIES_MAX: usize = 20;

/// What happened to the subscriptions of a tenant.
#[derive(Clone, Debug)]
pub struct Report {
    /// The product's name, as its customers know it.
    pub product: String,
    /// The tenant, as its product calls it.
    pub tenant: String,
    /// What happened, at most [`TENANT_ENTRIES_MAX`].
    pub entries: Vec<ReportEntry>,
    /// How much more did.
    pub more: usize,
}

/// What happened to a subscription.
#[derive(Clone, Debug)]
pub struct ReportEntry {
    /// What.
    pub happened: Happened,
    /// What the product calls a subscription: `Webhook`.
    pub word: String,
    /// Its name, or its id.
    pub name: String,
    /// The host that it sends to; `None` where it is gone.
    pub host: Option<String>,
    /// When for the first time, in UTC.
    pub first_at: String,
    /// When for the last time, in UTC.
    pub last_at: String,
    /// The call that shows it or activates it again.
    pub call: Option<String>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// Deliveries failed for good.
    Failed {
        /// How many.
        count: u32,
        /// Some of them.
        deliveries: Vec<FailedDelivery>,
    },
    /// It becomes inactive unless a delivery succeeds.
    Warned {
        /// When: `after 5 more failed deliveries`, `on 2026-12-05 at 10:00:00 UTC`.
        when: String,
    },
    /// It is inactive, as its deliveries kept failing.
    Failing,
    /// It is inactive, as its receiver said that it is gone.
    Gone,
}

/// A delivery that failed.
#[derive(Clone, Debug)]
pub struct FailedDelivery {
    /// The event's type, as the product calls it.
    pub event: String,
    /// Its id.
    pub id: String,
    /// How it ended: `the receiver answered 500 (3 attempts)`.
    pub how: String,
    /// The call that shows it.
    pub call: String,
}

impl Report {
    /// The mail to a contact.
    pub fn letter(&self, id: String, to: String, at: Timestamp) -> Letter {
        // Writing into memory does not fail.
        let html = Page { report: self }.render().unwrap_or_default();
        Letter { id, to, at, subject: self.subject(), text: self.to_string(), html }
    }

    fn subject(&self) -> String {
        let product = &self.product;
        match &self.entries[..] {
            [only] if self.more == 0 => {
                let (word, name) = (only.word.to_lowercase(), &only.name);
                match &only.happened {
                    Happened::Failed { count: 1, .. } => {
                        format!("{product}: a delivery of the {word} “{name}” failed")
                    }
                    Happened::Failed { count, .. } => {
                        format!("{product}: {count} deliveries of the {word} “{name}” failed")
                    }
                    Happened::Warned { .. } => format!("{product}: the {word} “{name}” keeps failing"),
                    Happened::Failing | Happened::Gone => {
                        format!("{product}: the {word} “{name}” is inactive")
                    }
                }
            }
            several => {
                format!("{product}: {} problems with webhooks of {}", several.len() + self.more, self.tenant)
            }
        }
    }
}

/// As plain text.
impl Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            write!(out, "{} “{}”", entry.word, entry.name)?;
            if let Some(host) = &entry.host {
                write!(out, " ({host})")?;
            }
            writeln!(out, ": {}\n", entry.sentence())?;
            for delivery in entry.deliveries() {
                let FailedDelivery { event, id, how, call } = delivery;
                writeln!(out, "  {event}, {id}: {how}\n  {call}\n")?;
            }
            if entry.unnamed() > 0 {
                writeln!(out, "  and {} more.\n", entry.unnamed())?;
            }
            if let Some(call) = &entry.call {
                writeln!(out, "  {call}\n")?;
            }
        }
        if self.more > 0 {
            writeln!(out, "{} more have problems.\n", self.more)?;
        }
        let Self { tenant, product, .. } = self;
        writeln!(out, "You get this mail because your address is a contact of {tenant} at {product}.")
    }
}

/// As a page.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
}

impl ReportEntry {
    fn sentence(&self) -> String {
        let Self { first_at, last_at, .. } = self;
        let inactive = |why: &str| {
            format!(
                "inactive since {last_at} UTC, because {why}. Nothing is sent to it until it is activated again."
            )
        };
        match &self.happened {
            Happened::Failed { count: 1, .. } => format!("a delivery failed at {first_at} UTC."),
            Happened::Failed { count, .. } => {
                format!("{count} deliveries failed between {first_at} and {last_at} UTC.")
            }
            Happened::Warned { when } => format!(
                "deliveries have been failing without a success since {first_at} UTC. It becomes inactive {when}, unless one succeeds."
            ),
            Happened::Failing => inactive("its deliveries kept failing"),
            Happened::Gone => inactive("the receiver answered that it is gone (410)"),
        }
    }

    fn deliveries(&self) -> &[FailedDelivery] {
        match &self.happened {
            Happened::Failed { deliveries, .. } => deliveries,
            Happened::Warned { .. } | Happened::Failing | Happened::Gone => &[],
        }
    }

    /// Deliveries that failed and are not named.
    fn unnamed(&self) -> usize {
        match &self.happened {
            Happened::Failed { count, deliveries } => (*count as usize).saturating_sub(deliveries.len()),
            Happened::Warned { .. } | Happened::Failing | Happened::Gone => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, happened: Happened) -> ReportEntry {
        let call = "PATCH https://hooks.example.com/v1/tenants/acme/subscriptions/sub_1".to_owned();
        ReportEntry {
            call: (!matches!(happened, Happened::Failed { .. })).then_some(call),
            happened,
            word: "Webhook".to_owned(),
            name: name.to_owned(),
            host: Some("crm.example.com".to_owned()),
            first_at: "2026-12-01 10:00:00".to_owned(),
            last_at: "2026-12-01 10:05:00".to_owned(),
        }
    }

    fn failed(count: u32) -> Happened {
        let delivery = FailedDelivery {
            event: "Lead Creation".to_owned(),
            id: "dlv_1".to_owned(),
            how: "the receiver answered 500 (3 attempts)".to_owned(),
            call: "GET https://hooks.example.com/v1/tenants/acme/deliveries/dlv_1".to_owned(),
        };
        Happened::Failed { count, deliveries: vec![delivery] }
    }

    fn letter(entries: Vec<ReportEntry>, more: usize) -> Letter {
        let report = Report { product: "LeadHub".to_owned(), tenant: "acme".to_owned(), entries, more };
        report.letter("1.2".to_owned(), "jo@example.com".to_owned(), Timestamp::default())
    }

    #[test]
    fn a_mail_of_one_failure_says_what_failed_how_and_how_to_see_it() {
        let letter = letter(vec![entry("CRM sync", failed(1))], 0);
        assert_eq!(letter.subject, "LeadHub: a delivery of the webhook “CRM sync” failed");
        let expected = "\
Webhook “CRM sync” (crm.example.com): a delivery failed at 2026-12-01 10:00:00 UTC.

  Lead Creation, dlv_1: the receiver answered 500 (3 attempts)
  GET https://hooks.example.com/v1/tenants/acme/deliveries/dlv_1

You get this mail because your address is a contact of acme at LeadHub.
";
        assert_eq!(letter.text, expected);
    }

    #[test]
    fn a_digest_names_each_subscription_and_counts_what_it_does_not_name() {
        let entries = vec![
            entry("CRM sync", failed(12)),
            entry("b", Happened::Warned { when: "after 5 more failed deliveries".to_owned() }),
            entry("c", Happened::Failing),
            ReportEntry { host: None, call: None, ..entry("d", Happened::Gone) },
        ];
        let letter = letter(entries, 3);
        assert_eq!(letter.subject, "LeadHub: 7 problems with webhooks of acme");
        for text in [
            "12 deliveries failed between 2026-12-01 10:00:00 and 2026-12-01 10:05:00 UTC.",
            "  and 11 more.",
            "Webhook “b” (crm.example.com): deliveries have been failing without a success since 2026-12-01 10:00:00 UTC. It becomes inactive after 5 more failed deliveries, unless one succeeds.",
            "Webhook “c” (crm.example.com): inactive since 2026-12-01 10:05:00 UTC, because its deliveries kept failing.",
            "Webhook “d”: inactive since 2026-12-01 10:05:00 UTC, because the receiver answered that it is gone (410).",
            "3 more have problems.",
        ] {
            assert!(letter.text.contains(text), "{text}\n\n{}", letter.text);
        }
        for text in [
            "<b>CRM sync</b>",
            "and 11 more",
            "becomes inactive after 5 more",
            "kept failing",
            "410",
            "3 more have problems",
        ] {
            assert!(letter.html.contains(text), "{text}\n\n{}", letter.html);
        }
    }

    #[test]
    fn names_are_text_and_no_markup() {
        let letter = letter(vec![entry("<img src=x onerror=alert(1)>", failed(1))], 0);
        assert!(!letter.html.contains("<img") && letter.html.contains("img src=x"), "{}", letter.html);
    }
}
