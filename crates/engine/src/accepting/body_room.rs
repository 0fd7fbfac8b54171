//! Room for the bodies of requests that publish: how much of them is held at a time, and by whom.
//!
//! **Invariant:** room is taken for what has come and not for what is announced: a body that does not come keeps nobody
//! else's out. **Invariant:** a body never waits for room: it is refused, and what it held is free for the others.

use postroad_domain::{
    TenantId,
    limits::{REQUEST_BODY_FREE_BYTES_MAX, REQUEST_BODY_STEP_BYTES},
};

use super::service::AcceptingService;
use crate::shares::Share;

/// The room of one body. Given back when it is dropped.
pub struct BodyRoom {
    tenant: TenantId,
    /// `None` as long as no more has come than is free for everybody.
    share: Option<Share<TenantId>>,
}

impl AcceptingService {
    /// The room of a body for a tenant, which holds nothing yet. `None` when the body says how long it is and does not fit
    /// beside what is held now: by all, or by this tenant.
    pub fn room_for_body(&self, tenant: &TenantId, announced: Option<usize>) -> Option<BodyRoom> {
        let fits = announced.is_none_or(|bytes| self.bodies.has_room(tenant, bytes));
        self.count_overload(fits);
        fits.then(|| BodyRoom { tenant: tenant.clone(), share: None })
    }

    /// Asks whether the first `bytes` bytes of a body, which have come, may be kept. If not, its room holds nothing any more.
    pub fn may_keep(&self, room: &mut BodyRoom, bytes: usize) -> bool {
        let held = room.share.as_ref().map_or(REQUEST_BODY_FREE_BYTES_MAX, Share::bytes);
        if bytes <= held {
            return true;
        }
        let wanted = bytes.next_multiple_of(REQUEST_BODY_STEP_BYTES);
        room.share = match room.share.take() {
            Some(mut share) => share.grow_to(wanted).then_some(share),
            None => self.bodies.take(&room.tenant, wanted),
        };
        self.count_overload(room.share.is_some());
        room.share.is_some()
    }

    fn count_overload(&self, fits: bool) {
        if !fits {
            self.metrics.overloaded.inc();
        }
    }
}
