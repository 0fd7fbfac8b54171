//! Telling people: mail to contacts, and events for the operator.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use postroad_domain::{
    EventId, RetryOverride, Status, SubscriptionId, SubscriptionSpec, TenantId, tenant::TenantSpec,
};
use postroad_engine::{
    EventFilter, Letter, MailError, Mailer, NewSubscription, Origin, PublishError, Published, PutTenantError,
};
use postroad_store::memory::MemoryStore;
use postroad_testkit::clock::ManualClock;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::world::{World, acme, draft, event, exact_profiles_with, patient, pushed_with, tenant_of, to};

/// Mail that is on its way; the test is the server.
struct Mail {
    letter: Letter,
    answer: oneshot::Sender<Result<(), MailError>>,
}

impl Mail {
    fn take(self) -> Letter {
        self.answer.send(Ok(())).unwrap();
        self.letter
    }

    fn refuse(self, error: MailError) -> Letter {
        self.answer.send(Err(error)).unwrap();
        self.letter
    }
}

struct Postbox(mpsc::UnboundedSender<Mail>);

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let (answer, answered) = oneshot::channel();
        let gone = || MailError::Server("the test is over".to_owned());
        self.0.send(Mail { letter: letter.clone(), answer }).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// A world with contacts, and what is mailed to them.
struct Office {
    world: World,
    post: Mutex<mpsc::UnboundedReceiver<Mail>>,
}

const JO: &str = "jo@example.com";
const AL: &str = "al@example.com";
/// The moments of commits are a little ahead of the clock.
const SOON: Duration = Duration::from_millis(5_001);
const MINUTE: Duration = Duration::from_secs(60);

fn contacts(addresses: &[&str]) -> TenantSpec {
    let contacts = addresses.iter().map(|&address| address.to_owned()).collect();
    TenantSpec { contacts, ..tenant_of("standard", "{}") }
}

impl Office {
    /// The tenant `acme` with these contacts.
    async fn with(addresses: &[&str]) -> Self {
        let office = Self::on(MemoryStore::embedded(), ManualClock::default(), "").await;
        office.set(contacts(addresses)).await;
        office
    }

    /// On a store that was used before; with a further line in the profiles' rules for deliveries.
    async fn on(store: MemoryStore, clock: ManualClock, rule: &str) -> Self {
        let (send, post) = mpsc::unbounded_channel();
        let with_rule = |text: String| text.replace("[delivery]\n", &format!("[delivery]\n{rule}\n"));
        let profiles =
            exact_profiles_with(|name, text| if name == "standard" { with_rule(text) } else { text });
        let world = World::mailing(store, clock, profiles, Some(Arc::new(Postbox(send)))).await;
        Self { world, post: Mutex::new(post) }
    }

    /// Behind a stop.
    async fn restarted(self) -> Self {
        self.world.engine.stop(Duration::ZERO).await;
        Self::on(self.world.store.clone(), self.world.clock.clone(), "").await
    }

    async fn set(&self, spec: TenantSpec) {
        self.world.engine.configuration().put_tenant(&Origin::ADMIN, acme(), spec).await.unwrap();
    }

    /// Fails a delivery of the only subscription.
    async fn fail(&self) -> Published {
        let published = self.world.publish("{}").await;
        self.world.exchange().await.answer(500);
        self.world.reaches(&published, Status::Failed).await;
        self.world.settle().await;
        published
    }

    async fn mail(&self) -> Mail {
        patient("a mail", async { self.post.lock().await.recv().await.unwrap() }).await
    }

    async fn no_mail(&self) {
        self.world.settle().await;
        assert!(self.post.lock().await.try_recv().is_err(), "a mail that must not be");
    }
}

/// Tried once; its contacts are told of failures.
fn loud() -> SubscriptionSpec {
    let once = RetryOverride { attempts: Some(1), backoff: None };
    pushed_with(
        SubscriptionSpec { name: Some("CRM".to_owned()), ..to("https://crm.example/secret-path") },
        |push| {
            push.retry = Some(once);
            push.notify_on_failure = true;
        },
    )
}

fn silent() -> SubscriptionSpec {
    pushed_with(loud(), |push| push.notify_on_failure = false)
}

#[tokio::test]
async fn a_failure_is_told_to_each_contact_once() {
    let office = Office::with(&[JO, AL]).await;
    office.world.subscribe(loud()).await;
    let failed = office.fail().await;
    office.no_mail().await;
    office.world.pass(SOON).await;
    let mut to = Vec::new();
    for _ in 0..2 {
        let letter = office.mail().await.take();
        assert_eq!(letter.subject, "Standard Webhooks: a delivery of the webhook “CRM” failed");
        let id = office.world.delivery_of(&failed).await;
        let call = format!("GET https://hooks.example.com/v1/tenants/acme/deliveries/{id}");
        for text in ["lead.created", "(crm.example)", "the receiver answered 500 (1 attempt)", &call] {
            assert!(letter.text.contains(text) && letter.html.contains(text), "{text}\n{}", letter.text);
        }
        assert!(!letter.text.contains("secret-path"), "a URL may hold a secret");
        to.push(letter.to);
    }
    assert_eq!(to, [JO, AL]);
    office.world.pass(10 * MINUTE).await;
    office.no_mail().await;
}

#[tokio::test]
async fn who_did_not_ask_or_has_no_contacts_is_told_nothing() {
    let office = Office::with(&[JO]).await;
    let subscription = office.world.subscribe(silent()).await.subscription;
    office.fail().await;
    office.world.pass(SOON).await;
    office.no_mail().await;
    office.set(contacts(&[])).await;
    office
        .world
        .engine
        .configuration()
        .delete_subscription(&Origin::ADMIN, &acme(), subscription.id)
        .await
        .unwrap();
    office.world.subscribe(loud()).await;
    office.fail().await;
    office.world.pass(SOON).await;
    office.no_mail().await;
    // What nobody was told is not told later.
    office.set(contacts(&[JO])).await;
    office.world.pass(10 * MINUTE).await;
    office.no_mail().await;
}

#[tokio::test]
async fn an_outage_is_a_handful_of_mails() {
    let office = Office::with(&[JO]).await;
    office.world.subscribe(loud()).await;
    let (mut mails, mut told) = (0, 0);
    // For 75 minutes a failure every 15 s.
    for _ in 0..300 {
        office.fail().await;
        office.world.pass(Duration::from_secs(15)).await;
        office.world.settle().await;
        while let Ok(mail) = office.post.lock().await.try_recv() {
            let text = mail.take().text;
            let count = text.split(": ").nth(1).unwrap().split(' ').next().unwrap();
            told += count.parse().unwrap_or(1);
            mails += 1;
        }
    }
    assert_eq!(mails, 3, "at once, after ten minutes, after an hour more");
    assert!((270..=300).contains(&told), "{told}");
}

#[tokio::test]
async fn after_a_calm_time_a_failure_is_told_at_once_again() {
    let office = Office::with(&[JO]).await;
    office.world.subscribe(loud()).await;
    for _ in 0..3 {
        office.fail().await;
        office.world.pass(SOON).await;
        office.mail().await.take();
        office.world.settle().await;
        office.world.pass(25 * MINUTE).await;
    }
    office.no_mail().await;
}

#[tokio::test]
async fn mail_waits_in_the_store_and_is_sent_once_whatever_stops() {
    let office = Office::with(&[JO, AL]).await;
    office.world.subscribe(loud()).await;
    office.fail().await;
    let office = office.restarted().await;
    office.world.pass(SOON).await;
    assert_eq!(office.mail().await.take().to, JO);
    let unanswered = office.mail().await;
    let office = office.restarted().await;
    drop(unanswered);
    office.world.pass(SOON).await;
    let letter = office.mail().await.take();
    assert_eq!(letter.to, AL);
    office.world.settle().await;
    let office = office.restarted().await;
    office.world.pass(10 * MINUTE).await;
    office.no_mail().await;
}

#[tokio::test]
async fn a_mail_that_is_put_off_is_tried_for_a_day_and_one_that_is_refused_not_again() {
    let office = Office::with(&[JO, AL]).await;
    office.world.subscribe(loud()).await;
    office.fail().await;
    office.world.pass(SOON).await;
    let first = office.mail().await.refuse(MailError::PutOff("452 full".to_owned()));
    assert_eq!(office.mail().await.refuse(MailError::Refused("550 nobody".to_owned())).to, AL);
    let mut tries = 1;
    for minutes in [1, 5, 15, 60, 180, 180, 180, 180, 180, 180, 180] {
        office.world.pass(minutes * MINUTE - Duration::from_millis(1)).await;
        office.no_mail().await;
        office.world.pass(Duration::from_millis(1)).await;
        let again = office.mail().await.refuse(MailError::PutOff("452 full".to_owned()));
        assert_eq!((&again, &again.id), (&first, &first.id), "the same mail");
        office.world.settle().await;
        tries += 1;
    }
    assert_eq!(tries, 12);
    for _ in 0..100 {
        office.world.pass(60 * MINUTE).await;
        office.no_mail().await;
    }
}

#[tokio::test]
async fn one_full_mailbox_keeps_nothing_from_the_other_contacts() {
    let office = Office::with(&[JO, AL]).await;
    office.world.subscribe(loud()).await;
    for _ in 0..3 {
        office.fail().await;
        office.world.pass(SOON).await;
        assert_eq!(office.mail().await.take().to, JO);
        assert_eq!(office.mail().await.refuse(MailError::PutOff("452 full".to_owned())).to, AL);
        office.world.pass(25 * MINUTE).await;
        // Al is tried again meanwhile, and gets the next digest in the place of this one.
        office.mail().await.refuse(MailError::PutOff("452 full".to_owned()));
        office.world.settle().await;
    }
}

#[tokio::test]
async fn a_server_that_hangs_keeps_nothing_but_mail_waiting() {
    let office = Office::with(&[JO, AL]).await;
    office.world.subscribe(loud()).await;
    office.fail().await;
    office.world.pass(SOON).await;
    let hanging = office.mail().await;
    let delivered = office.world.publish("{}").await;
    office.world.exchange().await.answer(200);
    office.world.reaches(&delivered, Status::Succeeded).await;
    office.world.pass(2 * MINUTE).await;
    // Perhaps it is only that mail which the server does not bear.
    assert_eq!(office.mail().await.take().to, AL);
    assert!(hanging.answer.is_closed(), "nobody waits for it any more");
    office.world.pass(MINUTE).await;
    assert_eq!(office.mail().await.take().to, JO);
}

#[tokio::test]
async fn a_tenant_whose_mail_hangs_keeps_no_other_tenants_mail_waiting() {
    let office = Office::with(&["a@slow.example", "b@slow.example", "c@slow.example"]).await;
    office.world.subscribe(loud()).await;
    office.fail().await;
    let other = TenantId::parse("other").unwrap();
    let configuration = office.world.engine.configuration();
    configuration.put_tenant(&Origin::ADMIN, other.clone(), contacts(&[JO])).await.unwrap();
    office.world.subscribe_in(&other, loud()).await;
    office.world.engine.accepting().publish(&other, event("lead.created", "{}")).await.unwrap();
    office.world.exchange().await.answer(500);
    office.world.pass(SOON).await;
    let (first, second) = (office.mail().await, office.mail().await);
    let to = [first.letter.to.as_str(), second.letter.to.as_str()];
    assert!(to.contains(&"a@slow.example") && to.contains(&JO), "one of each: {to:?}");
    office.no_mail().await;
}

#[tokio::test]
async fn whoever_is_no_contact_any_more_gets_no_mail() {
    let office = Office::with(&[JO, AL]).await;
    office.world.subscribe(loud()).await;
    office.fail().await;
    office.world.pass(SOON).await;
    let first = office.mail().await;
    office.set(contacts(&[JO])).await;
    assert_eq!(first.take().to, JO);
    office.no_mail().await;
}

#[tokio::test]
async fn what_was_cancelled_is_told_to_nobody() {
    let office = Office::with(&[JO]).await;
    let subscription = office.world.subscribe(loud()).await.subscription;
    let held = office.world.publish("{}").await;
    let exchange = office.world.exchange().await;
    let id = office.world.delivery_of(&held).await;
    office.world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    exchange.answer(500);
    let paused = office.world.publish("{}").await;
    let exchange = office.world.exchange().await;
    office.world.pause(subscription.id, false).await;
    exchange.answer(500);
    office.world.reaches(&paused, Status::Cancelled).await;
    office.world.pass(SOON).await;
    office.no_mail().await;
}

#[tokio::test]
async fn contacts_are_warned_half_way_and_told_when_a_subscription_becomes_inactive() {
    let office =
        Office::on(MemoryStore::embedded(), ManualClock::default(), "deactivate_after_failures = 4").await;
    office.set(contacts(&[JO])).await;
    let id = office.world.subscribe(silent()).await.subscription.id;
    office.fail().await;
    office.world.pass(SOON).await;
    office.no_mail().await;
    office.fail().await;
    office.world.pass(SOON).await;
    let letter = office.mail().await.take();
    assert_eq!(letter.subject, "Standard Webhooks: the webhook “CRM” keeps failing");
    assert!(
        letter.text.contains("It becomes inactive after 2 more failed deliveries, unless one succeeds."),
        "{}",
        letter.text
    );
    office.fail().await;
    office.world.publish("{}").await;
    office.world.exchange().await.answer(500);
    office.world.settle().await;
    office.world.pass(10 * MINUTE).await;
    office.world.pass(SOON).await;
    let letter = office.mail().await.take();
    assert_eq!(letter.subject, "Standard Webhooks: the webhook “CRM” is inactive", "{}", letter.text);
    let call =
        format!("PATCH https://hooks.example.com/v1/tenants/acme/subscriptions/{id} {{\"active\": true}}");
    assert!(letter.text.contains(&call), "{}", letter.text);
}

// --- the operator's events ---------------------------------------------------------------------------------------------

/// A world in which the operator listens, at a subscription of its own.
async fn operator() -> (Office, TenantId, SubscriptionId) {
    let office = Office::with(&[]).await;
    let mine = TenantId::operations();
    let spec = tenant_of("standard", "{}");
    office.world.engine.configuration().put_tenant(&Origin::ADMIN, mine.clone(), spec).await.unwrap();
    let new = NewSubscription { draft: draft(to("https://pager.example/")), secret: None };
    let created =
        office.world.engine.configuration().create_subscription(&Origin::ADMIN, &mine, new).await.unwrap();
    (office, mine, created.subscription.id)
}

/// What was published for the operator, newest first.
async fn published(office: &Office, mine: &TenantId) -> Vec<(EventId, String, Value)> {
    office.world.settle().await;
    let page =
        office.world.engine.history().list_events(mine, EventFilter::default(), None, 100).await.unwrap();
    let read = |event: &postroad_domain::Event| {
        (event.id, event.event_type.to_string(), serde_json::from_slice(&event.data).unwrap())
    };
    page.items.iter().map(read).collect()
}

#[tokio::test]
async fn the_operator_hears_of_failures_once_a_minute_and_of_the_recovery() {
    let (office, mine, _) = operator().await;
    let id = office.world.subscribe(silent()).await.subscription.id;
    office.fail().await;
    let alert = office.world.exchange().await;
    assert!(String::from_utf8_lossy(&alert.request.body).contains("\"text\""));
    alert.answer(200);
    let first = published(&office, &mine).await;
    assert_eq!(first.len(), 1);
    let (_, event_type, data) = &first[0];
    assert_eq!(event_type, "delivery.failed");
    assert_eq!((&data["tenant"], &data["failures"]["count"]), (&Value::from("acme"), &Value::from(1)));
    assert_eq!(data["subscription"]["id"], id.to_string());
    assert_eq!(data["text"], "A delivery failed: CRM of acme (crm.example).");
    for _ in 0..20 {
        office.fail().await;
    }
    assert_eq!(published(&office, &mine).await.len(), 1);
    office.world.pass(MINUTE).await;
    office.world.exchange().await.answer(200);
    let second = published(&office, &mine).await;
    assert_eq!((second.len(), &second[0].2["failures"]["count"]), (2, &Value::from(21)));
    office.world.pass(SOON).await;
    let succeeded = office.world.publish("{}").await;
    office.world.exchange().await.answer(200);
    office.world.reaches(&succeeded, Status::Succeeded).await;
    office.world.exchange().await.answer(200);
    let third = published(&office, &mine).await;
    assert_eq!((third.len(), third[0].1.as_str()), (3, "subscription.recovered"));
}

#[tokio::test]
async fn the_operator_hears_of_a_receiver_that_is_gone() {
    let (office, mine, _) = operator().await;
    office.world.subscribe(silent()).await;
    office.world.publish("{}").await;
    office.world.exchange().await.answer(410);
    let alert = office.world.exchange().await;
    alert.answer(200);
    let events = published(&office, &mine).await;
    let disabled = events.iter().find(|(_, event_type, _)| event_type == "subscription.disabled").unwrap();
    assert_eq!(disabled.2["reason"], "gone");
}

#[tokio::test]
async fn an_operator_who_cannot_be_reached_is_not_told_so_over_and_over() {
    let (office, mine, pager) = operator().await;
    let once = pushed_with(to("https://pager.example/"), |push| {
        push.retry = Some(RetryOverride { attempts: Some(1), backoff: None });
    });
    let configuration = office.world.engine.configuration();
    let current = configuration.subscription(&mine, pager).await.unwrap().revision();
    configuration.update_subscription(&Origin::ADMIN, &mine, pager, current, draft(once)).await.unwrap();
    office.world.subscribe(silent()).await;
    office.fail().await;
    office.world.exchange().await.answer(500);
    office.world.settle().await;
    office.world.pass(MINUTE).await;
    office.world.no_exchange().await;
    assert_eq!(published(&office, &mine).await.len(), 1);
}

#[tokio::test]
async fn the_operators_tenant_has_a_profile_and_nothing_else_and_only_postroad_publishes_in_it() {
    let (office, mine, _) = operator().await;
    let refused = office.world.engine.accepting().publish(&mine, event("delivery.failed", "{}")).await;
    assert!(matches!(refused, Err(PublishError::Reserved)), "{refused:?}");
    let fields = async |spec: TenantSpec| {
        let put = office.world.engine.configuration().put_tenant(&Origin::ADMIN, mine.clone(), spec).await;
        match put {
            Err(PutTenantError::Invalid(problems)) => {
                problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let all = TenantSpec {
        name: Some("ops".to_owned()),
        retention: Some(Duration::from_secs(30 * 24 * 3600)),
        retention_bytes: Some(1 << 30),
        ..contacts(&[JO])
    };
    assert_eq!(fields(all).await, ["name", "contacts", "retention", "retention_bytes"]);
    assert_eq!(fields(tenant_of("leadhub", "{}")).await, ["profile"]);
}
