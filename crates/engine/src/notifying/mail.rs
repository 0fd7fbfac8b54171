//! Mail to contacts: when a digest is closed, and what becomes of each mail.
//!
//! The first notice of a tenant is mailed soon; what follows gathers, for longer each time, until nothing has happened for as long. So
//! an outage of any size is a handful of mails to each contact, and a single failure is one.
//!
//! **Invariants:**
//! * what became of a mail is written before further mails are sent, also where the store does not take it at once; so a crash sends
//!   none twice but those that were under way, [`AT_ONCE`] at most;
//! * a mail is tried for a day at most. Tenants take turns: of each one mail is under way at a time, and however many a tenant has, and
//!   however slow the server is with them, another tenant's mail waits for one try of theirs;
//! * nothing of a delivery's way waits for mail.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use postroad_domain::{Timestamp, limits::MAIL_TRIED_MAX};
use postroad_mail::{Letter, MailError, Mailer};
use postroad_store::{
    AskMail, Changes, CloseDigest, DueDigest, DueMail, Mail, MailNo, MailSettled, StoreError,
};

use tokio::task::JoinSet;

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
const AT_A_TIME: usize = 1_000;
/// Mails that are under way at the same time, each of another tenant.
const AT_ONCE: usize = 8;
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

/// What became of mails, until the store has written it.
type Unsettled = Vec<(MailNo, MailSettled)>;

/// What a try came to.
struct Tried {
    no: MailNo,
    settled: MailSettled,
    /// Whether the server took mail at all; `None` where it was not asked.
    server_works: Option<bool>,
}

impl NotifyingService {
    /// Sends what is to be told, until it is ended.
    pub(super) async fn keep_mailing(self: Arc<Self>, noticed: Changes) {
        let (mut server_pause, mut unsettled) = (SERVER_PAUSE, Unsettled::new());
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

    async fn round(self: &Arc<Self>, unsettled: &mut Unsettled) -> Result<Round, StoreError> {
        // Nothing is sent while it cannot be written what became of earlier ones: they would be sent again.
        self.settle(unsettled).await?;
        let now = self.commit_clock.now();
        let ask = AskMail { digests_due_by: now.before(GATHERED), mails_due_by: now, limit: AT_A_TIME };
        let DueMail { digests, mails, next_digest, next_mail } = self.store.due_mail(ask).await?;
        let did_something = !digests.is_empty() || !mails.is_empty();
        let server_works = self.send_one_of_each(mails, unsettled).await;
        self.settle(unsettled).await?;
        for digest in digests {
            self.close(digest, now).await?;
        }
        if !server_works {
            return Ok(Round::ServerFailed);
        }
        if did_something {
            return Ok(Round::More);
        }
        Ok(Round::Until([next_digest.map(|due| due.after(GATHERED)), next_mail].into_iter().flatten().min()))
    }

    /// Tries the first mail of each tenant, some at the same time. Answers whether the server takes mail at all: where it failed for one
    /// tenant alone, it may be the mail that it does not bear.
    async fn send_one_of_each(self: &Arc<Self>, mails: Vec<Mail>, unsettled: &mut Unsettled) -> bool {
        let mut tenants = BTreeSet::new();
        let mut waiting = mails.into_iter().filter(|mail| tenants.insert(mail.tenant_no));
        let mut under_way = JoinSet::new();
        let (mut failed, mut answered) = (0, false);
        loop {
            // Where nothing can be written, or nobody answers, no more begin.
            while under_way.len() < AT_ONCE && unsettled.is_empty() && (failed < 2 || answered) {
                let Some(mail) = waiting.next() else { break };
                let service = Arc::clone(self);
                under_way.spawn(async move { service.send(mail).await });
            }
            let Some(tried) = under_way.join_next().await else { break };
            let Ok(Tried { no, settled, server_works }) = tried else { continue };
            failed += usize::from(server_works == Some(false));
            answered |= server_works == Some(true);
            unsettled.push((no, settled));
            if let Err(error) = self.settle(unsettled).await {
                tracing::warn!(%error, "it could not be written what became of a mail; no more are sent until it is");
            }
        }
        failed < 2 || answered
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

    /// Tries a mail.
    async fn send(&self, mail: Mail) -> Tried {
        let Mail { no, tenant_no, tries, .. } = mail;
        let done = Tried { no, settled: MailSettled::Done, server_works: None };
        let Some(mailer) = &self.mailer else { return done };
        if self.commit_clock.now().since(mail.made_at) >= MAIL_TRIED_MAX {
            self.metrics.mails_given_up(1);
            tracing::warn!(
                tenant = tenant_no.0,
                "a mail to a contact is given up: it could not be sent for a day"
            );
            return done;
        }
        let (sent, is_asked) = match self.letter(&mail).await {
            Ok(Some(letter)) => (self.hand_over(&**mailer, &letter).await, true),
            // There is nobody or nothing to tell it of any more.
            Ok(None) => return done,
            // Behind the others: it may be only what this one tells.
            Err(error) => (Err(MailError::PutOff(error.to_string())), false),
        };
        let again = AGAIN[(tries as usize).min(AGAIN.len() - 1)];
        let (outcome, settled) = match &sent {
            Ok(()) => ("sent", MailSettled::Done),
            Err(MailError::Refused(_)) => ("refused", MailSettled::Done),
            Err(MailError::PutOff(_) | MailError::Server(_)) => {
                ("put_off", MailSettled::Again(self.commit_clock.now().after(again)))
            }
        };
        self.metrics.mailed(outcome);
        if let Err(error) = &sent {
            // Not whom to: addresses of people do not belong into a log.
            tracing::warn!(%error, tenant = tenant_no.0, tries, outcome, "a mail to a contact was not taken");
        }
        let server_works = is_asked.then_some(!matches!(sent, Err(MailError::Server(_))));
        Tried { no, settled, server_works }
    }

    async fn settle(&self, unsettled: &mut Unsettled) -> Result<(), StoreError> {
        while let Some((no, settled)) = unsettled.last().copied() {
            self.store.settle_mail(no, settled).await?;
            unsettled.pop();
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
