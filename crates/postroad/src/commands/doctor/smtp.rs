//! The mail server: whether it can be reached, speaks TLS as agreed, and lets the server log in. No mail is sent.

use std::time::Duration;

use postroad_domain::Clock;
use postroad_mail::{MailError, SmtpMailer};

use super::report::Check;
use crate::config::Config;

/// What a server that answers needs at most.
const TIME_MAX: Duration = Duration::from_secs(20);

pub(super) async fn check(config: &Config, clock: &dyn Clock) -> Check {
    let (Some(server), Some(sender)) = (config.smtp_url.clone(), config.mail_from.clone()) else {
        return Check::ok("smtp", "not configured: contacts are told nothing");
    };
    let connecting = async { SmtpMailer::new(server, sender)?.try_connection().await };
    let connected = tokio::select! {
        connected = connecting => connected,
        () = clock.sleep(TIME_MAX) => {
            Err(MailError::Server(format!("it did not answer within {} s", TIME_MAX.as_secs())))
        }
    };
    match connected {
        Ok(()) => Check::ok("smtp", "the mail server takes mail from here"),
        Err(error) => Check::fail(
            "smtp",
            error.to_string(),
            "correct smtp-url (smtps:// is TLS from the first byte, ?tls=none no encryption), or see to the mail server; \
             until then contacts are told nothing",
        ),
    }
}
