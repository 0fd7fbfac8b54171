//! What the contacts of tenants must still be told by mail: that deliveries failed, and that subscriptions became inactive or are
//! about to.
//!
//! A *notice* says what happened to one subscription: how often, when, and to which deliveries first. It is written in the transaction
//! of what it tells. The notices of a tenant gather in its open *digest*; when that is due the engine closes it, and from then on the
//! same notices are in one *mail* for each contact until each was sent or given up.
//!
//! **Invariants:**
//! * a tenant has at most one closed digest: while mails of it wait, what happens gathers in the open one, which may replace it;
//! * a subscription that is deleted leaves no notice; so what a tenant may have here is bounded by its subscriptions and its contacts,
//!   whatever fails and for however long no mail can be sent;
//! * what fails of a subscription that does not ask for notices ([`postroad_domain::SubscriptionSpec::notify_on_failure`]) costs
//!   nothing here.
//!
//! On purpose the store knows neither whom to write to nor when: both come from the caller.

use async_trait::async_trait;
use postroad_domain::{DeliveryId, SubscriptionNo, TenantNo, Timestamp};

use crate::{LaneKey, StoreError};

/// What a notice tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// Deliveries failed for good.
    Failed,
    /// The subscription becomes inactive if its deliveries go on failing.
    Warned,
    /// It is inactive now, as its deliveries kept failing.
    Failing,
    /// It is inactive now, as its receiver said that it is gone.
    Gone,
}

impl NoticeKind {
    /// Every kind, in the order of its number in the store.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Warned, Self::Failing, Self::Gone];
}

/// What happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The subscription. It may be deleted by now.
    pub subscription_no: SubscriptionNo,
    /// What.
    pub kind: NoticeKind,
    /// How often.
    pub count: u32,
    /// When for the first time.
    pub first_at: Timestamp,
    /// When for the last time.
    pub last_at: Timestamp,
    /// The first deliveries that it happened to, at most [`postroad_domain::limits::NOTICE_DELIVERIES_MAX`].
    pub deliveries: Vec<DeliveryId>,
}

/// The number of a mail; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailNo(pub i64);

/// A mail that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Which.
    pub no: MailNo,
    /// Whose digest it brings.
    pub tenant_no: TenantNo,
    /// Whom to.
    pub recipient: String,
    /// When its digest was closed.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

/// A digest that is open and due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDigest {
    /// Whose.
    pub tenant_no: TenantNo,
    /// When its first notice came, but not before it may be closed.
    pub due: Timestamp,
    /// When it may be closed: what [`CloseDigest::again_at`] said last time.
    pub allowed_at: Timestamp,
    /// What [`CloseDigest::step`] said last time; 0 at first.
    pub step: u32,
}

/// Asks for what is due.
#[derive(Clone, Copy, Debug)]
pub struct AskMail {
    /// Open digests that were due then.
    pub digests_due_by: Timestamp,
    /// Mails that were due then.
    pub mails_due_by: Timestamp,
    /// At most so many of each.
    pub limit: usize,
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueMail {
    /// Digests to close, without those of tenants for which mails wait that were not tried yet; first those that are due first.
    pub digests: Vec<DueDigest>,
    /// Mails to send; first those that are due first.
    pub mails: Vec<Mail>,
    /// When the next digest is due that is not among these.
    pub next_digest: Option<Timestamp>,
    /// When the next mail is due that is not among these.
    pub next_mail: Option<Timestamp>,
}

/// Closes the open digest of a tenant and makes a mail of it for each recipient. Without any it is forgotten. While mails of the tenant
/// wait that were not tried yet it changes nothing. Those that were tried and could not be sent are replaced, with their digest: one
/// contact whose mailbox is full keeps nothing from the others.
#[derive(Clone, Debug)]
pub struct CloseDigest {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Whom to tell.
    pub recipients: Vec<String>,
    /// Now. Its mails are due at once.
    pub at: Timestamp,
    /// The next digest of the tenant is not due before.
    pub again_at: Timestamp,
    /// The caller's own number for how long it lets the next one wait.
    pub step: u32,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSettled {
    /// It was sent, or given up: it is gone, and its digest with the last of its mails.
    Done,
    /// It is tried again at that moment.
    Again(Timestamp),
}

/// Notes that a subscription becomes inactive if its deliveries go on failing, unless that was noted for these failures before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarnContacts {
    /// The subscription.
    pub lane: LaneKey,
    /// Since when its deliveries fail ([`postroad_domain::subscription::Failures::since`]).
    pub since: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// Mail that waits.
///
/// Notices are written by the operations whose effect they tell: [`crate::Queue::commit`] notes each delivery that fails for good, and
/// [`crate::Queue::sweep`] each that fails as its lane is beyond its budget, where the subscription asks for it;
/// [`crate::Configuration::deactivate`] notes what it does. Each announces [`crate::Change::Noticed`].
#[async_trait]
pub trait Notices: Send + Sync + 'static {
    /// What is due.
    async fn due_mail(&self, ask: AskMail) -> Result<DueMail, StoreError>;

    /// Closes a digest; answers how many mails it replaced.
    async fn close_digest(&self, close: CloseDigest) -> Result<usize, StoreError>;

    /// The notices of the closed digest of a tenant, by subscription and kind.
    async fn closed_notices(&self, tenant_no: TenantNo) -> Result<Vec<Notice>, StoreError>;

    /// Writes what became of a mail. One that is gone already stays so.
    async fn settle_mail(&self, no: MailNo, settled: MailSettled) -> Result<(), StoreError>;

    /// Notes a warning; answers whether it did. It does not where the subscription is not active, fails no more or since another moment, or
    /// was warned for these failures.
    async fn warn_contacts(&self, warn: WarnContacts) -> Result<bool, StoreError>;
}
