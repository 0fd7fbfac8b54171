//! Mail to the contacts of tenants: what it says ([`Report`]) and how it leaves ([`SmtpServer`]).
//!
//! **Invariants:**
//! * nothing of a webhook's URL but its host stands in a mail, and no data of an event: both may hold secrets, and mail is read on
//!   the way;
//! * what a server sends is bounded in bytes, and so is a mail, whatever failed.
//!
//! On purpose there is no queue here and no clock: the store keeps what waits, and whoever sends sets the deadline.

mod limited;
mod message;
mod report;
mod server;
mod smtp;

use async_trait::async_trait;
use postroad_domain::Timestamp;
use thiserror::Error;

pub use report::{FailedDelivery, Happened, Report, ReportEntry, TENANT_ENTRIES_MAX};
pub use server::{Encryption, Sender, SmtpServer};
pub use smtp::SmtpMailer;

/// A mail that is ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Names it, the same in each try: what makes its `Message-ID`. Letters, digits, `.` and `-`.
    pub id: String,
    /// Whom to: an address.
    pub to: String,
    /// When it was made.
    pub at: Timestamp,
    /// What it is about, on one line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As a page.
    pub html: String,
}

/// Why a mail was not taken. The texts may hold what the server said; they are short and have no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MailError {
    /// It never will be: the server refuses this mail or its recipient, or there can be no such mail.
    #[error("refused: {0}")]
    Refused(String),
    /// The server does not take this mail now.
    #[error("put off: {0}")]
    PutOff(String),
    /// No mail leaves now: the server cannot be reached, or does not do as agreed.
    #[error("the mail server: {0}")]
    Server(String),
}

/// A way for mail to leave.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands a mail over; the server has taken responsibility for it when this returns `Ok`. It has no deadline of its own: whoever
    /// stops waiting may send it again, and it may arrive twice.
    async fn send(&self, letter: &Letter) -> Result<(), MailError>;
}
