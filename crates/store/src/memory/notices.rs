//! Notices, digests and mails.

use postroad_domain::{DeliveryId, TenantNo, Timestamp, limits::NOTICE_DELIVERIES_MAX};

use super::{
    rows::{DigestRow, MailRow},
    state::State,
};
use crate::{
    AskMail, Change, CloseDigest, DueDigest, DueMail, LaneKey, Mail, MailNo, MailSettled, Notice, NoticeKind,
    WarnContacts,
};

impl State {
    /// Notes that a delivery failed for good, where its subscription asks for it.
    pub(super) fn notice_failure(&mut self, lane: LaneKey, id: DeliveryId, at: Timestamp) {
        if self.subscriptions.get(&lane).is_some_and(|row| row.subscription.spec.notifies()) {
            self.notice(lane, NoticeKind::Failed, Some(id), at);
        }
    }

    /// Notes something of a subscription.
    pub(super) fn notice(&mut self, lane: LaneKey, kind: NoticeKind, id: Option<DeliveryId>, at: Timestamp) {
        let LaneKey { tenant_no, subscription_no } = lane;
        let new =
            Notice { subscription_no, kind, count: 0, first_at: at, last_at: at, deliveries: Vec::new() };
        let notice = self.notices.open.entry((tenant_no, subscription_no, kind)).or_insert(new);
        notice.count = notice.count.saturating_add(1);
        notice.last_at = at;
        let is_known = id.is_some_and(|id| notice.deliveries.contains(&id));
        if notice.deliveries.len() < NOTICE_DELIVERIES_MAX && !is_known {
            notice.deliveries.extend(id);
        }
        let new = DigestRow { due: at, allowed_at: Timestamp::default(), step: 0, is_open: false };
        let digest = self.notices.digests.entry(tenant_no).or_insert(new);
        if !digest.is_open {
            digest.due = digest.allowed_at.max(at);
            digest.is_open = true;
        }
        self.announced.push(Change::Noticed(tenant_no));
    }

    pub(super) fn due_mail(&self, ask: AskMail) -> DueMail {
        let rows = &self.notices;
        let open = rows.digests.iter().filter(|(no, row)| row.is_open && !rows.has_new_mail_for(**no));
        let mut digests: Vec<_> = open
            .map(|(no, row)| DueDigest {
                tenant_no: *no,
                due: row.due,
                allowed_at: row.allowed_at,
                step: row.step,
            })
            .collect();
        digests.sort_by_key(|digest| (digest.due, digest.tenant_no));
        let mut mails: Vec<_> = rows.mails.values().map(|row| (row.due, row.mail.clone())).collect();
        mails.sort_by_key(|(due, mail)| (*due, mail.no));
        let due_digests = digests.iter().filter(|digest| digest.due <= ask.digests_due_by).count();
        let due_mails = mails.iter().filter(|(due, _)| *due <= ask.mails_due_by).count();
        let later_digests = digests.split_off(due_digests.min(ask.limit));
        let later_mails = mails.split_off(due_mails.min(ask.limit));
        DueMail {
            next_digest: later_digests.first().map(|digest| digest.due),
            next_mail: later_mails.first().map(|(due, _)| *due),
            digests,
            mails: mails.into_iter().map(|(_, mail)| mail).collect(),
        }
    }

    pub(super) fn close_digest(&mut self, close: CloseDigest) -> usize {
        let CloseDigest { tenant_no, recipients, at, again_at, step } = close;
        if self.notices.has_new_mail_for(tenant_no) {
            return 0;
        }
        let Some(digest) = self.notices.digests.get_mut(&tenant_no).filter(|digest| digest.is_open) else {
            return 0;
        };
        *digest = DigestRow { due: again_at, allowed_at: again_at, step, is_open: false };
        let before = self.notices.mails.len();
        self.notices.mails.retain(|_, row| row.mail.tenant_no != tenant_no);
        let replaced = before - self.notices.mails.len();
        self.notices.closed.retain(|key, _| key.0 != tenant_no);
        let keys: Vec<_> = self.notices.open.keys().filter(|key| key.0 == tenant_no).copied().collect();
        for key in keys {
            if let Some(notice) = self.notices.open.remove(&key).filter(|_| !recipients.is_empty()) {
                self.notices.closed.insert(key, notice);
            }
        }
        for recipient in recipients {
            let no = MailNo(self.next_number());
            let mail = Mail { no, tenant_no, recipient, made_at: at, tries: 0 };
            self.notices.mails.insert(no, MailRow { mail, due: at });
        }
        replaced
    }

    pub(super) fn closed_notices(&self, no: TenantNo) -> Vec<Notice> {
        let closed = self.notices.closed.iter().filter(|((tenant_no, ..), _)| *tenant_no == no);
        closed.map(|(_, notice)| notice.clone()).collect()
    }

    pub(super) fn settle_mail(&mut self, no: MailNo, settled: MailSettled) {
        let Some(row) = self.notices.mails.get_mut(&no) else { return };
        let tenant_no = row.mail.tenant_no;
        match settled {
            MailSettled::Again(due) => {
                row.due = due;
                row.mail.tries += 1;
            }
            MailSettled::Done => {
                self.notices.mails.remove(&no);
                if !self.notices.has_mail_for(tenant_no) {
                    self.notices.closed.retain(|key, _| key.0 != tenant_no);
                }
            }
        }
    }

    pub(super) fn warn_contacts(&mut self, WarnContacts { lane, since, at }: WarnContacts) -> bool {
        let failures = self.subscriptions.get(&lane).and_then(|row| row.subscription.failures);
        let is_meant = self.may_send(lane) && failures.is_some_and(|failures| failures.since == since);
        if !is_meant || self.notices.warned.get(&lane) == Some(&since) {
            return false;
        }
        self.notices.warned.insert(lane, since);
        self.notice(lane, NoticeKind::Warned, None, at);
        true
    }
}
