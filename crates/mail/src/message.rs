//! A mail as it is written (RFC 5322).

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use crate::{Letter, server::Sender};

/// Characters of a subject: what mail programs show in a list.
const SUBJECT_CHARS_MAX: usize = 150;

/// The mail. On an error there can be none, and the text says why.
pub(crate) fn message_of(letter: &Letter, sender: &Sender) -> Result<Message, String> {
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    let to = letter.to.parse().map_err(|error: lettre::address::AddressError| wrong(&error))?;
    let micros = u64::try_from(letter.at.as_micros()).unwrap_or_default();
    let at = SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
    let subject: String =
        letter.subject.chars().filter(|letter| !letter.is_control()).take(SUBJECT_CHARS_MAX).collect();
    let part = |kind, text: &str| SinglePart::builder().header(kind).body(text.to_owned());
    // The crate would draw the boundary by lot; what names the mail does not stand in its text.
    let body = MultiPart::alternative()
        .boundary(&letter.id)
        .singlepart(part(ContentType::TEXT_PLAIN, &letter.text))
        .singlepart(part(ContentType::TEXT_HTML, &letter.html));
    let message = Message::builder()
        .from(sender.0.clone())
        .to(to)
        .date(at)
        .message_id(Some(format!("<{}@{}>", letter.id, sender.domain())))
        .subject(subject)
        // So that nobody's absence answers it (RFC 3834, section 5).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    message.multipart(body).map_err(|error| wrong(&error))
}
