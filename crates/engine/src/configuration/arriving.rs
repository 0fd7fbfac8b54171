//! An event on its way in, as routing looks at it: when its deliveries are due, and what is made of it where events are sent together.

use std::{cell::OnceCell, time::Duration};

use postroad_domain::{Event, EventType, Timestamp};

/// An event that is being routed.
pub(crate) struct Arriving<'a> {
    /// What happened.
    pub(crate) event_type: &'a EventType,
    /// Words that tag sets match.
    pub(crate) tags: &'a [String],
    /// When it happened, if the caller said so.
    pub(crate) occurred_at: Option<Timestamp>,
    /// It is not sent before.
    pub(crate) deliver_at: Option<Timestamp>,
    /// Now.
    pub(crate) now: Timestamp,
    /// The whole of it, made when it is asked for.
    whole: OnceCell<Event>,
    make: &'a dyn Fn() -> Event,
}

impl<'a> Arriving<'a> {
    /// Of this type and with these tags, at a moment; `make` makes the whole of it.
    pub(crate) fn new(
        (event_type, tags): (&'a EventType, &'a [String]),
        (occurred_at, deliver_at): (Option<Timestamp>, Option<Timestamp>),
        now: Timestamp,
        make: &'a dyn Fn() -> Event,
    ) -> Self {
        Self { event_type, tags, occurred_at, deliver_at, now, whole: OnceCell::new(), make }
    }

    /// The whole of it.
    pub(crate) fn event(&self) -> &Event {
        self.whole.get_or_init(self.make)
    }

    /// When a delivery is due that waits for so long behind the event. One that is said to happen later than now has happened now.
    pub(crate) fn due_behind(&self, delay: Duration) -> Timestamp {
        let delayed =
            (!delay.is_zero()).then(|| self.occurred_at.unwrap_or(self.now).min(self.now).after(delay));
        self.deliver_at.max(delayed).unwrap_or_default()
    }
}
