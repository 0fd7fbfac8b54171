//! What contacts must still be told: what is noted, how it gathers in digests, and the mails that are made of them.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    Reason, Subscription, SubscriptionSpec, Tenant, TenantNo, Timestamp, limits::NOTICE_DELIVERIES_MAX,
    subscription::Failures,
};

use super::{
    World,
    world::{lane_of, outcome, spec},
};
use crate::{
    AskMail, BacklogBudget, CancelDelivery, Change, ChangeKinds, CloseDigest, Deactivation, DueDigest,
    DueMail, GrowingBacklog, Mail, MailSettled, Next, Notice, NoticeKind, Store, SubscriptionChange,
    WarnContacts,
};

const EXHAUSTED: Next = Next::Failed(Reason::Exhausted);

fn asking() -> SubscriptionSpec {
    let mut spec = spec();
    spec.push_mut().unwrap().notify_on_failure = true;
    spec
}

/// A subscription that asks for notices.
async fn asks(world: &mut World, tenant: &Tenant) -> Subscription {
    let created = world.subscription(tenant).await;
    world.change(&created, SubscriptionChange::Spec(Box::new(asking()))).await
}

/// So many deliveries of it fail in one commit; answers when.
async fn fail(world: &mut World, tenant: &Tenant, of: &Subscription, count: usize) -> Timestamp {
    let mut outcomes = Vec::new();
    for _ in 0..count {
        let queued = world.accept_one(tenant, of).await;
        outcomes.push(world.outcome(&queued, EXHAUSTED));
    }
    world.commit(Vec::new(), outcomes, Vec::new()).await;
    world.now()
}

async fn due(world: &World) -> DueMail {
    let by = world.now();
    let ask = AskMail { digests_due_by: by, mails_due_by: by, limit: 100 };
    world.store.due_mail(ask).await.unwrap()
}

async fn close(world: &mut World, tenant: &Tenant, recipients: &[&str], again_at: Timestamp, step: u32) {
    let recipients = recipients.iter().map(|&recipient| recipient.to_owned()).collect();
    let close = CloseDigest { tenant_no: tenant.no, recipients, at: world.tick(), again_at, step };
    world.store.close_digest(close).await.unwrap();
}

async fn closed(world: &World, tenant_no: TenantNo) -> Vec<Notice> {
    world.store.closed_notices(tenant_no).await.unwrap()
}

/// What the tenant's contacts are told of what was noted until now.
async fn told(world: &mut World, tenant: &Tenant) -> Vec<Notice> {
    let again_at = world.now();
    close(world, tenant, &["jo@example.com"], again_at, 0).await;
    let notices = closed(world, tenant.no).await;
    for mail in due(world).await.mails {
        world.store.settle_mail(mail.no, MailSettled::Done).await.unwrap();
    }
    notices
}

pub async fn deliveries_that_fail_are_noted_where_the_subscription_asks_for_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, silent) = world.tenant_with_subscription().await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &silent, 2).await;
    assert_eq!(due(&world).await, DueMail::default(), "nobody asked");
    let first = world.accept_one(&tenant, &loud).await;
    world.record(&first, EXHAUSTED).await;
    let first_at = world.now();
    let postponed = world.accept_one(&tenant, &loud).await;
    let again = world.now().after(Duration::from_secs(1));
    world.record(&postponed, Next::Queued { due: again, tries: 1 }).await;
    let expired = world.accept_one(&tenant, &loud).await;
    world.commit_outcome(outcome(&expired, None, Next::Failed(Reason::Expired))).await;
    let last_at = world.now();
    let digest = DueDigest { tenant_no: tenant.no, due: first_at, allowed_at: Timestamp::default(), step: 0 };
    assert_eq!(due(&world).await, DueMail { digests: vec![digest], ..DueMail::default() });
    let expected = Notice {
        subscription_no: loud.no,
        kind: NoticeKind::Failed,
        count: 2,
        first_at,
        last_at,
        deliveries: vec![first.id, expired.id],
    };
    assert_eq!(told(&mut world, &tenant).await, [expected]);
}

pub async fn a_notice_names_the_first_deliveries_and_counts_all(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &loud, NOTICE_DELIVERIES_MAX - 1).await;
    fail(&mut world, &tenant, &loud, 3).await;
    fail(&mut world, &tenant, &loud, 1).await;
    let told = told(&mut world, &tenant).await;
    let figures = (told[0].count as usize, told[0].deliveries.len());
    assert_eq!(figures, (NOTICE_DELIVERIES_MAX + 3, NOTICE_DELIVERIES_MAX));
}

pub async fn what_was_called_off_is_not_noted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    let queued = world.accept_one(&tenant, &loud).await;
    let at = world.tick();
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at };
    world.store.cancel_delivery(cancel).await.unwrap();
    world.record(&queued, EXHAUSTED).await;
    let paused = world.accept_one(&tenant, &loud).await;
    world
        .change(&loud, SubscriptionChange::Spec(Box::new(SubscriptionSpec { active: false, ..asking() })))
        .await;
    world.record(&paused, EXHAUSTED).await;
    assert_eq!(due(&world).await, DueMail::default());
}

pub async fn a_subscription_that_asks_no_more_is_not_noted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    let silent = world.change(&loud, SubscriptionChange::Spec(Box::new(spec()))).await;
    fail(&mut world, &tenant, &silent, 1).await;
    assert_eq!(due(&world).await, DueMail::default());
}

pub async fn what_its_budget_fails_is_noted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    let mut oldest = Vec::new();
    for _ in 0..3 {
        oldest.push(world.accept_one(&tenant, &loud).await.id);
    }
    let budget = BacklogBudget { deliveries: 1, bytes: u64::MAX };
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 2);
    let told = told(&mut world, &tenant).await;
    oldest.truncate(2);
    assert_eq!((told[0].kind, told[0].count, &told[0].deliveries), (NoticeKind::Failed, 2, &oldest));
}

pub async fn a_subscription_that_becomes_inactive_by_itself_is_noted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, failing) = world.tenant_with_subscription().await;
    let gone = world.subscription(&tenant).await;
    let since = fail(&mut world, &tenant, &failing, 1).await;
    let why = Deactivation::Failing(Failures { count: 1, since });
    assert!(world.deactivate_for(&failing, why).await);
    assert!(world.deactivate(&gone).await);
    assert!(!world.deactivate(&gone).await, "once");
    let kinds = |notice: &Notice| (notice.subscription_no, notice.kind, notice.count);
    let told: Vec<_> = told(&mut world, &tenant).await.iter().map(kinds).collect();
    assert_eq!(told, [(failing.no, NoticeKind::Failing, 1), (gone.no, NoticeKind::Gone, 1)]);
}

pub async fn contacts_are_warned_once_of_the_same_failures(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let lane = lane_of(&subscription);
    let since = fail(&mut world, &tenant, &subscription, 1).await;
    let warn = |world: &mut World, since| WarnContacts { lane, since, at: world.tick() };
    for (of, expected) in [(since.after(Duration::from_secs(1)), false), (since, true), (since, false)] {
        let warn = warn(&mut world, of);
        assert_eq!(world.store.warn_contacts(warn).await.unwrap(), expected);
    }
    let queued = world.accept_one(&tenant, &subscription).await;
    world.record(&queued, Next::Succeeded).await;
    let warning = warn(&mut world, since);
    assert!(!world.store.warn_contacts(warning).await.unwrap(), "it fails no more");
    let since = fail(&mut world, &tenant, &subscription, 1).await;
    let warning = warn(&mut world, since);
    assert!(world.store.warn_contacts(warning).await.unwrap(), "these are others");
    let told = told(&mut world, &tenant).await;
    assert_eq!((told[0].kind, told[0].count), (NoticeKind::Warned, 2));
}

pub async fn a_digest_becomes_one_mail_for_each_contact(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &loud, 1).await;
    let again_at = world.now().after(Duration::from_secs(60));
    close(&mut world, &tenant, &["jo@example.com", "al@example.com"], again_at, 3).await;
    let made_at = world.now();
    let DueMail { digests, mails, next_digest, next_mail } = due(&world).await;
    assert_eq!((digests, next_digest, next_mail), (Vec::new(), None, None));
    let expected = |mail: &Mail, recipient: &str| {
        let recipient = recipient.to_owned();
        Mail { no: mail.no, tenant_no: tenant.no, recipient, made_at, tries: 0 }
    };
    assert_eq!(mails, [expected(&mails[0], "jo@example.com"), expected(&mails[1], "al@example.com")]);
    assert_ne!(mails[0].no, mails[1].no);
    let told = closed(&world, tenant.no).await;
    // What happens meanwhile is not in these mails, and waits for all of them and for its moment.
    fail(&mut world, &tenant, &loud, 2).await;
    assert_eq!(closed(&world, tenant.no).await, told);
    world.store.settle_mail(mails[0].no, MailSettled::Done).await.unwrap();
    assert_eq!(closed(&world, tenant.no).await, told, "the other contact is told the same");
    let waits = due(&world).await;
    assert_eq!((waits.mails.as_slice(), waits.digests, waits.next_digest), (&mails[1..], Vec::new(), None));
    close(&mut world, &tenant, &["jo@example.com"], again_at, 0).await;
    assert_eq!(
        due(&world).await.mails,
        mails[1..],
        "while mail waits that was not tried no digest is closed"
    );
    world.store.settle_mail(mails[1].no, MailSettled::Done).await.unwrap();
    world.store.settle_mail(mails[1].no, MailSettled::Done).await.unwrap();
    assert_eq!(closed(&world, tenant.no).await, []);
    assert_eq!(due(&world).await, DueMail { next_digest: Some(again_at), ..DueMail::default() });
    world.advance(Duration::from_secs(60));
    let digest = DueDigest { tenant_no: tenant.no, due: again_at, allowed_at: again_at, step: 3 };
    assert_eq!(due(&world).await.digests, [digest]);
}

pub async fn a_digest_for_nobody_is_forgotten(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &loud, 1).await;
    let again_at = world.now();
    close(&mut world, &tenant, &[], again_at, 0).await;
    assert_eq!(due(&world).await, DueMail::default());
    assert_eq!(closed(&world, tenant.no).await, []);
    fail(&mut world, &tenant, &loud, 1).await;
    assert_eq!(told(&mut world, &tenant).await[0].count, 1);
}

pub async fn a_mail_that_could_not_be_sent_waits_and_counts_its_tries(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &loud, 1).await;
    let again_at = world.now();
    close(&mut world, &tenant, &["jo@example.com"], again_at, 0).await;
    let mail = due(&world).await.mails.remove(0);
    let again = world.now().after(Duration::from_secs(60));
    world.store.settle_mail(mail.no, MailSettled::Again(again)).await.unwrap();
    assert_eq!(due(&world).await, DueMail { next_mail: Some(again), ..DueMail::default() });
    world.advance(Duration::from_secs(60));
    assert_eq!(due(&world).await.mails, [Mail { tries: 1, ..mail }]);
}

pub async fn what_is_due_is_asked_for_in_parts(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let mut tenants = Vec::new();
    for id in ["a", "b", "c"] {
        let tenant = world.tenant(id).await;
        let loud = asks(&mut world, &tenant).await;
        let at = fail(&mut world, &tenant, &loud, 1).await;
        tenants.push((tenant, at));
    }
    let by = world.now();
    let ask = |limit| AskMail { digests_due_by: by, mails_due_by: Timestamp::default(), limit };
    let part = world.store.due_mail(ask(2)).await.unwrap();
    let nos: Vec<_> = part.digests.iter().map(|digest| digest.tenant_no).collect();
    assert_eq!((nos, part.next_digest), (vec![tenants[0].0.no, tenants[1].0.no], Some(tenants[2].1)));
    let earlier = AskMail { digests_due_by: tenants[0].1, ..ask(2) };
    let part = world.store.due_mail(earlier).await.unwrap();
    assert_eq!((part.digests.len(), part.next_digest), (1, Some(tenants[1].1)));
}

pub async fn whoever_waits_for_notices_hears_of_them(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    let changes = world.store.changes(ChangeKinds::NOTICES);
    let heard = || {
        let mut heard = Vec::new();
        changes.catch_up(|change| heard.push(change));
        heard
    };
    let queued = world.accept_one(&tenant, &loud).await;
    assert_eq!(heard(), []);
    world.record(&queued, EXHAUSTED).await;
    assert_eq!(heard(), [Change::Noticed(tenant.no)]);
    world.deactivate(&loud).await;
    assert_eq!(heard(), [Change::Noticed(tenant.no)]);
}

pub async fn a_deleted_tenant_leaves_no_notice_and_no_mail(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &loud, 1).await;
    let again_at = world.now();
    close(&mut world, &tenant, &["jo@example.com"], again_at, 0).await;
    fail(&mut world, &tenant, &loud, 1).await;
    world.delete_tenant(&tenant).await;
    world.sweep_all(100).await;
    assert_eq!(due(&world).await, DueMail::default());
    assert_eq!(closed(&world, tenant.no).await, []);
}

pub async fn a_commit_says_which_subscriptions_recovered(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let (second, third) = (world.subscription(&tenant).await, world.subscription(&tenant).await);
    fail(&mut world, &tenant, &first, 2).await;
    fail(&mut world, &tenant, &second, 1).await;
    let mut outcomes = Vec::new();
    for (subscription, next) in [
        (&second, Next::Succeeded),
        (&third, Next::Succeeded),
        (&first, Next::Succeeded),
        (&second, EXHAUSTED),
    ] {
        let queued = world.accept_one(&tenant, subscription).await;
        outcomes.push(world.outcome(&queued, next));
    }
    let committed = world.commit(Vec::new(), outcomes, Vec::new()).await;
    assert_eq!(committed.recovered, [lane_of(&first)], "the second fails again, and the third never failed");
    let queued = world.accept_one(&tenant, &first).await;
    let outcomes = vec![world.outcome(&queued, Next::Succeeded)];
    assert_eq!(world.commit(Vec::new(), outcomes, Vec::new()).await.recovered, []);
}

pub async fn a_backlog_that_grows_is_told_share_by_share(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let budget = BacklogBudget { deliveries: 20, bytes: u64::MAX };
    let mut waiting = Vec::new();
    let mut told = Vec::new();
    for _ in 0..20 {
        waiting.push(world.accept_one(&tenant, &subscription).await);
        for GrowingBacklog { lane, deliveries, percent, .. } in world.sweep_within(budget, 10).await.growing {
            assert_eq!(lane, lane_of(&subscription));
            told.push((deliveries, percent));
        }
    }
    assert_eq!(told, [(2, 10), (10, 50), (18, 90)], "each share once");
    for queued in waiting.drain(..).rev().take(16) {
        world.record(&queued, Next::Succeeded).await;
    }
    assert_eq!(world.sweep_within(budget, 10).await.growing, []);
    for _ in 0..6 {
        world.accept_one(&tenant, &subscription).await;
    }
    let growing = world.sweep_within(budget, 10).await.growing;
    let told: Vec<_> = growing.iter().map(|growing| (growing.deliveries, growing.percent)).collect();
    assert_eq!(told, [(10, 50)], "it had gone back to 20 per cent and grows again");
}

pub async fn a_mail_that_cannot_be_sent_is_replaced_by_the_next_digest(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let loud = asks(&mut world, &tenant).await;
    fail(&mut world, &tenant, &loud, 1).await;
    let again_at = world.now();
    close(&mut world, &tenant, &["jo@example.com", "full@example.com"], again_at, 0).await;
    let mails = due(&world).await.mails;
    let later = world.now().after(Duration::from_secs(60));
    world.store.settle_mail(mails[0].no, MailSettled::Done).await.unwrap();
    world.store.settle_mail(mails[1].no, MailSettled::Again(later)).await.unwrap();
    let at = fail(&mut world, &tenant, &loud, 2).await;
    assert_eq!(due(&world).await.digests.len(), 1, "one full mailbox keeps nothing from the others");
    let again_at = world.now();
    let recipients = vec!["jo@example.com".to_owned(), "full@example.com".to_owned()];
    let closing = CloseDigest { tenant_no: tenant.no, recipients, at: world.tick(), again_at, step: 0 };
    assert_eq!(world.store.close_digest(closing).await.unwrap(), 1);
    let told = closed(&world, tenant.no).await;
    assert_eq!((told.len(), told[0].count, told[0].first_at), (1, 2, at), "what is told is new");
    let to: Vec<_> = due(&world).await.mails.into_iter().map(|mail| (mail.recipient, mail.tries)).collect();
    assert_eq!(to, [("jo@example.com".to_owned(), 0), ("full@example.com".to_owned(), 0)]);
}

pub async fn a_deleted_subscription_leaves_no_notice(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let (loud, other) = (asks(&mut world, &tenant).await, asks(&mut world, &tenant).await);
    fail(&mut world, &tenant, &loud, 1).await;
    fail(&mut world, &tenant, &other, 1).await;
    world.delete(&loud).await;
    let told: Vec<_> = told(&mut world, &tenant).await.iter().map(|notice| notice.subscription_no).collect();
    assert_eq!(told, [other.no]);
}
