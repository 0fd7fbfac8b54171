//! Mail to contacts: when a digest is closed, and what becomes of each mail.
//!
//! The first notice of a tenant is mailed soon; what follows gathers, for longer each time, until nothing has happened for as long. So
//! an outage of any size is a handful of mails to each contact, and a single failure is one.
//!
//! **Invariants:**
//! * what became of a mail is written before the next is sent, also where the store does not take it at once; so a crash sends at most
//!   one of them twice;
//! * a mail is tried for a day at most, and one that the server does not bear keeps no other waiting for longer than its try;
//! * nothing of a delivery's way waits for mail.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Timestamp, limits::MAIL_TRIED_MAX};
use postroad_mail::{Letter, MailError, Mailer};
use postroad_store::{
    AskMail, Changes, CloseDigest, DueDigest, DueMail, Mail, MailNo, MailSettled, StoreError,
};

use super::service::NotifyingService;

/// After its first notice a digest stays open so long: what fails once mostly fails more often.
const GATHERED: Duration = Duration::from_secs(5);
/// Between two mails to a contact, while things go on happening.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(10 * 60), Duration::from_secs(60 * 60), Duration::from_secs(4 * 60 * 60)];
/// Before a mail is tried again that the server put off.
const AGAIN: [Duration; 5] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(3 * 60 * 60),
];
/// Before the server is called again that could not be reached; twice as long each time, up to the last.
const SERVER_PAUSE: Duration = Duration::from_secs(60);
const SERVER_PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// One conversation with the server. What it is waited for and not longer it may have taken all the same: it is tried again, less often
/// each time.
const MAIL_TIME_MAX: Duration = Duration::from_secs(120);
/// Digests and mails that are read at a time.
const AT_A_TIME: usize = 50;
/// Before the store is asked again that did not answer.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// What a round came to.
#[derive(Debug, PartialEq, Eq)]
enum Round {
    /// There may be more to do now.
    More,
    /// Nothing is due before that moment, or at all.
    Until(Option<Timestamp>),
    /// The server takes no mail.
    ServerFailed,
}

/// What became of a mail, until the store has written it.
type Unsettled = Option<(MailNo, MailSettled)>;

impl NotifyingService {
    /// Sends what is to be told, until it is ended.
    pub(super) async fn keep_mailing(self: Arc<Self>, noticed: Changes) {
        let (mut server_pause, mut unsettled) = (SERVER_PAUSE, None);
        loop {
            // What is announced from here on is seen by the next round.
            noticed.catch_up(drop);
            match self.round(&mut unsettled).await {
                Ok(Round::More) => server_pause = SERVER_PAUSE,
                Ok(Round::Until(next)) => {
                    server_pause = SERVER_PAUSE;
                    tokio::select! {
                        // Whichever it is, the same follows.
                        biased;
                        _ = noticed.next() => {}
                        () = self.sleep_until(next) => {}
                    }
                }
                Ok(Round::ServerFailed) => {
                    self.clock.sleep(server_pause).await;
                    server_pause = (2 * server_pause).min(SERVER_PAUSE_MAX);
                }
                Err(error) => {
                    tracing::warn!(%error, "the store did not take or say what to mail; it is asked again");
                    self.clock.sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    async fn round(&self, unsettled: &mut Unsettled) -> Result<Round, StoreError> {
        // Nothing is sent while it cannot be written what became of the last one: it would be sent again.
        self.settle(unsettled).await?;
        let now = self.commit_clock.now();
        let ask = AskMail { digests_due_by: now.before(GATHERED), mails_due_by: now, limit: AT_A_TIME };
        let DueMail { digests, mails, next_digest, next_mail } = self.store.due_mail(ask).await?;
        let did_something = !digests.is_empty() || !mails.is_empty();
        let mut failed_for = None;
        let mut server_failed = false;
        for mail in mails {
            let tenant = mail.tenant_no;
            let server_works = self.send(mail, unsettled).await?;
            // Of one tenant it may be the mail that it does not bear.
            server_failed = !server_works && failed_for.is_some_and(|other| other != tenant);
            if server_failed {
                break;
            }
            failed_for = if server_works { None } else { failed_for.or(Some(tenant)) };
        }
        for digest in digests {
            self.close(digest, now).await?;
        }
        if server_failed {
            return Ok(Round::ServerFailed);
        }
        if did_something {
            return Ok(Round::More);
        }
        Ok(Round::Until([next_digest.map(|due| due.after(GATHERED)), next_mail].into_iter().flatten().min()))
    }

    /// Makes mails of a digest. Where nobody can be told, or no mail can be sent, it is forgotten: what is told days later helps
    /// nobody.
    async fn close(&self, digest: DueDigest, at: Timestamp) -> Result<(), StoreError> {
        let DueDigest { tenant_no, due, allowed_at, step } = digest;
        let config = self.configs.by_no(tenant_no).await?.filter(|_| self.mailer.is_some());
        let recipients = config.map(|config| config.tenant.spec.contacts.clone()).unwrap_or_default();
        let pause = |step: u32| PAUSES[(step as usize).min(PAUSES.len() - 1)];
        let was_calm = due.since(allowed_at) >= pause(step) || recipients.is_empty();
        let step = if was_calm { 0 } else { (step + 1).min(PAUSES.len() as u32 - 1) };
        let close = CloseDigest { tenant_no, recipients, at, again_at: at.after(pause(step)), step };
        let replaced = self.store.close_digest(close).await?;
        if replaced > 0 {
            self.metrics.mails_given_up(replaced);
            tracing::warn!(
                tenant = tenant_no.0,
                replaced,
                "mails to contacts could not be sent before the next ones"
            );
        }
        Ok(())
    }

    /// Tries a mail. Answers whether the server takes mail at all.
    async fn send(&self, mail: Mail, unsettled: &mut Unsettled) -> Result<bool, StoreError> {
        let now = self.commit_clock.now();
        let again = AGAIN[(mail.tries as usize).min(AGAIN.len() - 1)];
        let Some(mailer) = &self.mailer else {
            return self.done(mail.no, unsettled).await;
        };
        if now.since(mail.made_at) >= MAIL_TRIED_MAX {
            self.metrics.mails_given_up(1);
            tracing::warn!(
                tenant = mail.tenant_no.0,
                "a mail to a contact is given up: it could not be sent for a day"
            );
            return self.done(mail.no, unsettled).await;
        }
        let sent = match self.letter(&mail).await {
            Ok(Some(letter)) => self.hand_over(&**mailer, &letter).await,
            // There is nobody or nothing to tell it of any more.
            Ok(None) => return self.done(mail.no, unsettled).await,
            // Behind the others: it may be only what this one tells.
            Err(error) => Err(MailError::PutOff(error.to_string())),
        };
        let (outcome, settled) = match &sent {
            Ok(()) => ("sent", MailSettled::Done),
            Err(MailError::Refused(_)) => ("refused", MailSettled::Done),
            Err(MailError::PutOff(_) | MailError::Server(_)) => {
                ("put_off", MailSettled::Again(self.commit_clock.now().after(again)))
            }
        };
        self.metrics.mailed(outcome);
        if let Err(error) = &sent {
            let Mail { tenant_no, tries, .. } = mail;
            // Not whom to: addresses of people do not belong into a log.
            tracing::warn!(%error, tenant = tenant_no.0, tries, outcome, "a mail to a contact was not taken");
        }
        *unsettled = Some((mail.no, settled));
        self.settle(unsettled).await?;
        Ok(!matches!(sent, Err(MailError::Server(_))))
    }

    /// Nothing more becomes of a mail.
    async fn done(&self, no: MailNo, unsettled: &mut Unsettled) -> Result<bool, StoreError> {
        *unsettled = Some((no, MailSettled::Done));
        self.settle(unsettled).await?;
        Ok(true)
    }

    async fn settle(&self, unsettled: &mut Unsettled) -> Result<(), StoreError> {
        if let Some((no, settled)) = *unsettled {
            self.store.settle_mail(no, settled).await?;
            *unsettled = None;
        }
        Ok(())
    }

    async fn hand_over(&self, mailer: &dyn Mailer, letter: &Letter) -> Result<(), MailError> {
        tokio::select! {
            biased;
            sent = mailer.send(letter) => sent,
            () = self.clock.sleep(MAIL_TIME_MAX) => {
                Err(MailError::Server(format!("it did not answer within {} s", MAIL_TIME_MAX.as_secs())))
            }
        }
    }

    /// The mail as it is sent; `None` where its tenant or what it tells of is gone, or its recipient is no contact any more.
    async fn letter(&self, mail: &Mail) -> Result<Option<Letter>, StoreError> {
        let Some(config) = self.configs.by_no(mail.tenant_no).await? else { return Ok(None) };
        if !config.tenant.spec.contacts.contains(&mail.recipient) {
            return Ok(None);
        }
        let report = self.report(&config).await?;
        let id = format!("{}.{}", mail.made_at.as_micros(), mail.no.0);
        Ok(report.map(|report| report.letter(id, mail.recipient.clone(), mail.made_at)))
    }
}
