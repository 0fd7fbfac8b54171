//! What a mail says: the notices of a closed digest, with what the log knows of the deliveries.

use postroad_domain::{DeliveryId, Reason, Status, TenantNo, Timestamp, attempt::Answer};
use postroad_mail::{FailedDelivery, Happened, Report, ReportEntry, TENANT_ENTRIES_MAX};
use postroad_store::{Notice, NoticeKind, StoreError};

use super::service::NotifyingService;
use crate::configuration::{cache::TenantConfig, endpoint::Endpoint};

impl NotifyingService {
    /// What the contacts of a tenant are told; `None` where there is nothing left to tell.
    pub(super) async fn report(&self, config: &TenantConfig) -> Result<Option<Report>, StoreError> {
        let mut notices = self.store.closed_notices(config.tenant.no).await?;
        // What stops first, then what is about to.
        notices.sort_by_key(|notice| match notice.kind {
            NoticeKind::Gone | NoticeKind::Failing => 0,
            NoticeKind::Warned => 1,
            NoticeKind::Failed => 2,
        });
        let mut entries = Vec::new();
        let mut more = 0;
        for notice in notices {
            let Some(endpoint) = config.endpoint(notice.subscription_no) else { continue };
            if entries.len() == TENANT_ENTRIES_MAX {
                more += 1;
            } else if let Some(entry) = self.entry(config, endpoint, notice).await? {
                entries.push(entry);
            }
        }
        let tenant =
            config.tenant.spec.name.as_deref().map_or_else(|| config.tenant.id.to_string(), one_line);
        let product = config.profile.profile.title.clone();
        Ok((!entries.is_empty()).then_some(Report { product, tenant, entries, more }))
    }

    async fn entry(
        &self,
        config: &TenantConfig,
        endpoint: &Endpoint,
        notice: Notice,
    ) -> Result<Option<ReportEntry>, StoreError> {
        let Notice { kind, count, first_at, last_at, deliveries, .. } = notice;
        let subscription = &endpoint.subscription;
        let mut first_at = first_at;
        let happened = match kind {
            NoticeKind::Failed => {
                let mut named = Vec::new();
                for id in deliveries {
                    named.extend(self.failed_delivery(config, id).await?);
                }
                Happened::Failed { count, deliveries: named }
            }
            NoticeKind::Warned => {
                let now = self.store.subscription(config.tenant.no, subscription.id).await?;
                // It has recovered, or is inactive by now, which another notice says.
                let failures = now.filter(|now| now.spec.active).and_then(|now| now.failures);
                let Some(failures) = failures else { return Ok(None) };
                first_at = failures.since;
                let limit = endpoint.profile.profile.delivery.deactivate_after_failures;
                let left = limit.map(|limit| limit.saturating_sub(failures.count).max(1));
                let until = self.deactivate_after.map(|after| failures.since.after(after));
                Happened::Warned { when: when(left, until) }
            }
            NoticeKind::Failing => Happened::Failing,
            NoticeKind::Gone => Happened::Gone,
        };
        let call = (kind != NoticeKind::Failed).then(|| {
            let url = self.url_of(config, &format!("subscriptions/{}", subscription.id));
            let is_inactive = matches!(kind, NoticeKind::Failing | NoticeKind::Gone);
            if is_inactive { format!("PATCH {url} {{\"active\": true}}") } else { format!("GET {url}") }
        });
        let labels = &config.profile.profile.words.labels;
        let name = subscription.spec.name.clone().filter(|name| !name.is_empty());
        Ok(Some(ReportEntry {
            happened,
            word: labels.get("subscription").cloned().unwrap_or_else(|| "Webhook".to_owned()),
            name: name.map_or_else(|| subscription.id.to_string(), |name| one_line(&name)),
            host: host_of(endpoint),
            first_at: moment(first_at),
            last_at: moment(last_at),
            call,
        }))
    }

    /// A delivery that failed; `None` where it is forgotten, or has not failed any more.
    async fn failed_delivery(
        &self,
        config: &TenantConfig,
        id: DeliveryId,
    ) -> Result<Option<FailedDelivery>, StoreError> {
        let tenant_no = config.tenant.no;
        let Some(delivery) = self.store.delivery(tenant_no, id).await? else { return Ok(None) };
        // It was sent again by hand.
        if delivery.status != Status::Failed {
            return Ok(None);
        }
        let entry = config.profile.profile.catalogue.entry(delivery.event_type.as_str());
        let title = entry.and_then(|entry| entry.title.clone());
        Ok(Some(FailedDelivery {
            event: one_line(&title.unwrap_or_else(|| delivery.event_type.to_string())),
            id: id.to_string(),
            how: self.how(tenant_no, id, delivery.reason).await?,
            call: format!("GET {}", self.url_of(config, &format!("deliveries/{id}"))),
        }))
    }

    /// How it ended.
    async fn how(&self, no: TenantNo, id: DeliveryId, reason: Option<Reason>) -> Result<String, StoreError> {
        if reason == Some(Reason::BacklogFull) {
            return Ok("too much waited, and it was the oldest".to_owned());
        }
        let attempts = self.store.attempts(no, id).await?;
        let Some(last) = attempts.last() else {
            return Ok("its time was over before it could be sent".to_owned());
        };
        let answer = match &last.answer {
            Answer::Response(response) => format!("the receiver answered {}", response.status),
            Answer::Error { class, .. } => format!("no answer ({})", class.as_str()),
        };
        let times =
            if attempts.len() == 1 { "1 attempt".to_owned() } else { format!("{} attempts", attempts.len()) };
        Ok(format!("{answer} ({times})"))
    }

    fn url_of(&self, config: &TenantConfig, path: &str) -> String {
        format!("{}/v1/tenants/{}/{path}", self.public_url, config.tenant.id)
    }
}

/// A customer's text as a part of a sentence: nothing in it begins a line, and nothing turns the direction of what follows.
pub(super) fn one_line(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars().map(|letter| if letter.is_control() || turns(letter) { ' ' } else { letter }).collect()
}

/// The host that a subscription sends to: the rest of a URL may hold a secret.
pub(super) fn host_of(endpoint: &Endpoint) -> Option<String> {
    let host = endpoint.url.as_ref()?.host_and_port()?;
    Some(host.rsplit_once(':').map_or(host.clone(), |(host, _)| host.to_owned()))
}

fn when(left: Option<u32>, until: Option<Timestamp>) -> String {
    let failures = left.map(|left| match left {
        1 => "after 1 more failed delivery".to_owned(),
        left => format!("after {left} more failed deliveries"),
    });
    let until = until.map(|until| format!("with the next one that fails after {} UTC", moment(until)));
    match (failures, until) {
        (Some(failures), Some(until)) => format!("{failures}, or {until}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "if they go on failing".to_owned(),
    }
}

/// A moment to the second, in UTC.
fn moment(at: Timestamp) -> String {
    let text = Timestamp::from_millis(at.as_micros() / 1_000_000 * 1_000).to_string();
    text.trim_end_matches('Z').replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_name_cannot_forge_a_line_of_a_mail() {
        assert_eq!(one_line("evil\r\nBcc: x\u{0}\u{1b}[31m\u{202e}gnp\u{2028}é"), "evil  Bcc: x  [31m gnp é");
    }

    #[test]
    fn a_moment_is_written_to_the_second() {
        assert_eq!(moment(Timestamp::from_micros(1_764_583_200_123_456)), "2025-12-01 10:00:00");
    }

    #[test]
    fn a_warning_says_when_by_each_rule_that_there_is() {
        let until = Some(Timestamp::from_millis(1_764_583_200_000));
        for (left, until, expected) in [
            (Some(1), None, "after 1 more failed delivery"),
            (Some(5), None, "after 5 more failed deliveries"),
            (None, until, "with the next one that fails after 2025-12-01 10:00:00 UTC"),
            (
                Some(5),
                until,
                "after 5 more failed deliveries, or with the next one that fails after 2025-12-01 10:00:00 UTC",
            ),
        ] {
            assert_eq!(when(left, until), expected);
        }
    }
}
