//! Changing subscriptions, and those whose deliveries fail.
//!
//! What waits is called off by one mark, however much it is: everything in the lane's current *generation* is cancelled
//! as of the mark, the lane's next deliveries enter a new generation, and the sweep makes the old one real in steps.

use std::ops::Bound;

use postroad_domain::{
    Reason, SealedSecret, Subscription, SubscriptionNo, SubscriptionSpec, Tenant, Timestamp, Verification,
    VerificationState,
    subscription::InactiveReason::{self, Paused, Unverified},
};
use postroad_store::{
    AskVerification, Change, CreateSubscription, CreateSubscriptionError, Deactivate, DeleteSubscription,
    Failing, LaneKey, ListFailing, PutTenant, RecordVerification, Redirected, SubscriptionChange,
    UpdateSubscription, UpdateSubscriptionError,
};

use crate::{
    codec,
    codes::{self, Standing},
    error::Fault,
    reading::subscriptions::{by_id, by_no},
    sql::{self, query},
    writer::{
        audit, failures,
        known::{Lane, Mark},
        notices, tenants,
        waiting::Waiting,
        work::Work,
    },
};

/// Creates a subscription.
pub(crate) fn create(
    work: &mut Work<'_>,
    create: &CreateSubscription,
) -> Result<Result<Subscription, CreateSubscriptionError>, Fault> {
    if !work.known.tenants.contains_key(&create.tenant_no) {
        return Ok(Err(CreateSubscriptionError::NoTenant));
    }
    let count = query::find(work.db, sql::SUBSCRIPTION_COUNT, (create.tenant_no.0,), |row| Ok(row.get(0)?))?;
    if count.is_none_or(|count: usize| count >= create.max) {
        return Ok(Err(CreateSubscriptionError::TooMany { max: create.max }));
    }
    if let Some(change) = &create.tenant {
        tenants::change(work, create.tenant_no, change, create.at)?;
    }
    let paused = (!create.spec.active).then_some(Paused);
    let inactive = inactive_until_verified(paused, create.ask);
    let row = (
        create.tenant_no.0,
        create.id.as_bytes(),
        inactive.map(codes::inactive_code),
        inactive.map(|_| create.at.as_micros()),
        create.at.as_micros(),
        create.ask.map(|_| verification_text(&pending(1, create.at))).transpose()?,
        create.spec.notifies(),
    );
    query::run(work.db, sql::SUBSCRIPTION_INSERT, row)?;
    let no = SubscriptionNo(work.db.last_insert_rowid());
    let spec = SubscriptionSpec { active: inactive.is_none(), ..create.spec.clone() };
    insert_version(work, (no, 1), &spec, &create.secrets)?;
    let (tenant_no, waiting) = (create.tenant_no, Waiting::EMPTY);
    let lane = Lane {
        tenant_no,
        generation: 0,
        paused: false,
        called_off: 0,
        notifies: create.spec.notifies(),
        told_percent: 0,
        waiting,
    };
    work.known.lanes.insert(no, lane);
    set_standing(work, no, inactive)?;
    let standing = inactive.map_or(Standing::Active, Standing::Inactive);
    note_history(work, (no, 1), standing, create.at)?;
    tenants::touch(work, create.tenant_no)?;
    audit::note(work.db, create.tenant_no, create.at, create.audit.as_ref())?;
    let created = by_no(work.db, create.tenant_no, no)?;
    Ok(Ok(created.ok_or(Fault::Corrupt("a subscription that was written is not there"))?))
}

/// Changes a subscription that has the expected version still.
pub(crate) fn update(
    work: &mut Work<'_>,
    update: &UpdateSubscription,
) -> Result<Result<Subscription, UpdateSubscriptionError>, Fault> {
    let Some(before) = by_id(work.db, update.tenant_no, update.id)? else {
        return Ok(Err(UpdateSubscriptionError::NotFound));
    };
    if before.revision() != update.expected {
        return Ok(Err(UpdateSubscriptionError::Changed));
    }
    if let Some(change) = &update.tenant {
        tenants::change(work, update.tenant_no, change, update.at)?;
    }
    let change = match &update.change {
        SubscriptionChange::Spec(spec) => (Some(&**spec), None),
        SubscriptionChange::Secrets(secrets) => (None, Some(secrets)),
        SubscriptionChange::Both(spec, secrets) => (Some(&**spec), Some(secrets)),
    };
    let changed = put_change(work, before, change, (update.ask, update.at))?;
    audit::note(work.db, update.tenant_no, update.at, update.audit.as_ref())?;
    Ok(Ok(changed))
}

/// Creates or replaces a tenant, and gives its subscriptions that lead elsewhere by it their next version.
pub(crate) fn put_tenant(work: &mut Work<'_>, put: &PutTenant) -> Result<(Tenant, bool), Fault> {
    let (mut tenant, is_new) = tenants::put(work, put)?;
    for Redirected { id, ask } in &put.redirected {
        if let Some(subscription) = by_id(work.db, tenant.no, *id)? {
            put_change(work, subscription, (None, None), (*ask, put.at))?;
            tenant.config_version += 1;
        }
    }
    Ok((tenant, is_new))
}

/// Writes the next version of a subscription. Without settings and secrets it leads elsewhere.
fn put_change(
    work: &mut Work<'_>,
    mut changed: Subscription,
    (spec, secrets): (Option<&SubscriptionSpec>, Option<&Vec<SealedSecret>>),
    (ask, at): (Option<AskVerification>, Timestamp),
) -> Result<Subscription, Fault> {
    let before = changed.inactive;
    let changes_where = spec.is_some() || secrets.is_none();
    if let Some(spec) = spec {
        let inactive = inactive_with(&changed, spec, at);
        if changed.inactive.is_some() && inactive.is_none() {
            forget_failures(work, &mut changed)?;
        }
        (changed.inactive, changed.spec) = (inactive, SubscriptionSpec::clone(spec));
    }
    if let Some(secrets) = secrets {
        changed.secrets.clone_from(secrets);
    }
    let reason = inactive_until_verified(changed.inactive.map(|(reason, _)| reason), ask);
    changed.inactive = changed.inactive.or(reason.map(|reason| (reason, at)));
    changed.spec.active = changed.inactive.is_none();
    if ask.is_some() {
        changed.verification = Some(pending(changed.version + 1, at));
    }
    let changes_lane = changes_where || changed.inactive != before;
    let calls_off = changed.inactive.is_some_and(|(reason, _)| !reason.holds());
    if calls_off {
        call_off(work, changed.no, Reason::Paused, at)?;
    }
    put_version(work, &mut changed, at)?;
    if changes_lane {
        work.announced.push(Change::Lane(lane_of(&changed)));
        if calls_off {
            work.announced.push(Change::CalledOff(changed.tenant_no));
        }
    }
    Ok(changed)
}

/// Makes an active subscription inactive for a reason that is not its customer's; answers whether it did.
pub(crate) fn deactivate(work: &mut Work<'_>, deactivate: &Deactivate) -> Result<bool, Fault> {
    if !work.known.tenants.contains_key(&deactivate.tenant_no) {
        return Ok(false);
    }
    let living = by_no(work.db, deactivate.tenant_no, deactivate.subscription_no)?;
    let (why, at) = (deactivate.why, deactivate.at);
    let is_meant = |known: &Subscription| {
        known.inactive.is_none() && known.version == deactivate.version && why.holds_of(known.failures)
    };
    let Some(active) = living.filter(is_meant) else { return Ok(false) };
    let reason = why.reason();
    if !reason.holds() {
        call_off(work, active.no, Reason::Paused, at)?;
        work.announced.push(Change::CalledOff(active.tenant_no));
    }
    let generation = set_standing(work, active.no, Some(reason))?;
    // No new version: deliveries are shaped as before.
    let row = (active.no.0, codes::inactive_code(reason), at.as_micros(), generation);
    query::run(work.db, sql::SUBSCRIPTION_DEACTIVATE, row)?;
    note_history(work, (active.no, active.version), Standing::Inactive(reason), at)?;
    tenants::touch(work, active.tenant_no)?;
    work.announced.push(Change::Lane(lane_of(&active)));
    notices::note(work, lane_of(&active), why.notice(), at)?;
    audit::note(work.db, active.tenant_no, deactivate.at, deactivate.audit.as_ref())?;
    Ok(true)
}

/// Writes what the handshakes of a subscription came to; answers whether it did. Where it becomes active by it, what was held waits
/// where it is, and its failures are forgotten.
pub(crate) fn verify(work: &mut Work<'_>, record: &RecordVerification) -> Result<bool, Fault> {
    if !work.known.tenants.contains_key(&record.tenant_no) {
        return Ok(false);
    }
    let asked_by = |known: &Subscription| known.verification.as_ref().map(|known| known.version);
    let living = by_no(work.db, record.tenant_no, record.subscription_no)?;
    let Some(mut known) = living.filter(|known| asked_by(known) == record.expected) else { return Ok(false) };
    let text = verification_text(&record.verification)?;
    query::run(work.db, sql::SUBSCRIPTION_VERIFY, (known.no.0, text))?;
    if !(record.activates && matches!(known.inactive, Some((Unverified, _)))) {
        return Ok(true);
    }
    // No new version: deliveries are shaped as before.
    query::run(work.db, sql::SUBSCRIPTION_ACTIVATE, (known.no.0, record.at.as_micros()))?;
    set_standing(work, known.no, None)?;
    forget_failures(work, &mut known)?;
    note_history(work, (known.no, known.version), Standing::Active, record.at)?;
    tenants::touch(work, known.tenant_no)?;
    work.announced.push(Change::Lane(lane_of(&known)));
    audit::note(work.db, known.tenant_no, record.at, record.audit.as_ref())?;
    Ok(true)
}

/// The active subscriptions whose deliveries fail, as the writer remembers them.
pub(crate) fn failing(work: &Work<'_>, list: ListFailing) -> Vec<Failing> {
    let behind = list.after.map_or(Bound::Unbounded, Bound::Excluded);
    let failing = work.known.failing.range((behind, Bound::Unbounded));
    let failing =
        failing.filter(|(no, failures)| failures.count >= list.count_min && work.known.is_active(**no));
    let failing = failing.filter_map(|(no, failures)| {
        let tenant_no = work.known.lanes.get(no)?.tenant_no;
        Some(Failing { lane: LaneKey { tenant_no, subscription_no: *no }, failures: *failures })
    });
    failing.take(list.limit).collect()
}

/// Deletes a subscription.
pub(crate) fn delete(work: &mut Work<'_>, delete: &DeleteSubscription) -> Result<bool, Fault> {
    let Some(subscription) = by_id(work.db, delete.tenant_no, delete.id)? else { return Ok(false) };
    let generation = call_off(work, subscription.no, Reason::Deleted, delete.at)?;
    let row = (subscription.no.0, generation, delete.at.as_micros());
    query::run(work.db, sql::SUBSCRIPTION_HIDE, row)?;
    note_history(work, (subscription.no, subscription.version), Standing::Deleted, delete.at)?;
    work.known.forget(subscription.no);
    notices::forget(work, lane_of(&subscription))?;
    tenants::touch(work, delete.tenant_no)?;
    work.announced.extend([Change::Lane(lane_of(&subscription)), Change::CalledOff(delete.tenant_no)]);
    audit::note(work.db, delete.tenant_no, delete.at, delete.audit.as_ref())?;
    Ok(true)
}

/// Since when and why the subscription is inactive with the new spec. What goes on keeps its reason and its moment: a new
/// name for a subscription whose receiver is gone must not turn what is held into what is cancelled.
fn inactive_with(
    before: &Subscription,
    spec: &SubscriptionSpec,
    at: Timestamp,
) -> Option<(InactiveReason, Timestamp)> {
    (!spec.active).then(|| before.inactive.unwrap_or((Paused, at)))
}

/// What is active is unverified where handshakes must pass first.
fn inactive_until_verified(
    inactive: Option<InactiveReason>,
    ask: Option<AskVerification>,
) -> Option<InactiveReason> {
    inactive.or_else(|| (ask == Some(AskVerification::First)).then_some(Unverified))
}

/// The verification of a version that asks for handshakes.
fn pending(version: i64, at: Timestamp) -> Verification {
    Verification { version, state: VerificationState::Pending, at, detail: None }
}

fn verification_text(verification: &Verification) -> Result<String, Fault> {
    Ok(serde_json::to_string(verification)?)
}

fn lane_of(subscription: &Subscription) -> LaneKey {
    LaneKey { tenant_no: subscription.tenant_no, subscription_no: subscription.no }
}

/// Marks what waits in a lane as cancelled, and what later commits would still put there of earlier events; answers the generation that is current from now on.
fn call_off(work: &mut Work<'_>, no: SubscriptionNo, reason: Reason, at: Timestamp) -> Result<i64, Fault> {
    let called_off = work.known.next_event_no;
    let lane = work.known.lanes.get_mut(&no).ok_or(Fault::Corrupt("a subscription has no lane"))?;
    lane.called_off = called_off;
    query::run(work.db, sql::SUBSCRIPTION_CALL_OFF, (no.0, called_off))?;
    let head = (lane.tenant_no.0, no.0, lane.generation);
    if query::find(work.db, sql::LANE_HEAD, head, |_| Ok(()))?.is_some() {
        let row = (no.0, lane.generation, lane.tenant_no.0, codes::reason_code(reason), at.as_micros());
        query::run(work.db, sql::MARK_INSERT, row)?;
        work.known.marks.insert((no, lane.generation), Mark { tenant_no: lane.tenant_no, reason, at });
        lane.generation += 1;
        lane.waiting = Waiting::EMPTY;
        work.known.uncounted.remove(&no);
    }
    Ok(lane.generation)
}

/// Writes the next version of a subscription.
fn put_version(work: &mut Work<'_>, changed: &mut Subscription, at: Timestamp) -> Result<(), Fault> {
    changed.version += 1;
    changed.updated_at = at;
    let inactive = changed.inactive.map(|(reason, _)| reason);
    let generation = set_standing(work, changed.no, inactive)?;
    let row = (
        changed.no.0,
        changed.version,
        generation,
        inactive.map(codes::inactive_code),
        changed.inactive.map(|(_, since)| since.as_micros()),
        at.as_micros(),
        changed.verification.as_ref().map(verification_text).transpose()?,
        changed.spec.notifies(),
    );
    query::run(work.db, sql::SUBSCRIPTION_SET, row)?;
    if let Some(lane) = work.known.lanes.get_mut(&changed.no) {
        lane.notifies = changed.spec.notifies();
    }
    insert_version(work, (changed.no, changed.version), &changed.spec, &changed.secrets)?;
    let (standing, since) = match changed.inactive {
        Some((reason, since)) => (Standing::Inactive(reason), since),
        None => (Standing::Active, at),
    };
    note_history(work, (changed.no, changed.version), standing, since)?;
    tenants::touch(work, changed.tenant_no)
}

/// Remembers whether a subscription is active, and whether the sweep looks for what expires in its lane: nobody sends from one
/// that is held. Answers the generation of the lane.
fn set_standing(
    work: &mut Work<'_>,
    no: SubscriptionNo,
    inactive: Option<InactiveReason>,
) -> Result<i64, Fault> {
    let is_held = inactive.is_some_and(InactiveReason::holds);
    if is_held {
        work.known.gone.entry(no).or_default();
    } else {
        work.known.gone.remove(&no);
    }
    let lane = work.known.lanes.get_mut(&no).ok_or(Fault::Corrupt("a subscription has no lane"))?;
    lane.paused = inactive.is_some() && !is_held;
    Ok(lane.generation)
}

/// A subscription that is activated begins anew.
fn forget_failures(work: &mut Work<'_>, of: &mut Subscription) -> Result<(), Fault> {
    of.failures = None;
    match work.known.failing.remove(&of.no) {
        Some(_) => failures::put(work.db, of.no, None),
        None => Ok(()),
    }
}

/// Notes what a subscription is from the next event on, and since when.
fn note_history(
    work: &Work<'_>,
    (no, version): (SubscriptionNo, i64),
    standing: Standing,
    at: Timestamp,
) -> Result<(), Fault> {
    let row = (no.0, work.known.next_event_no, version, codes::standing_code(standing), at.as_micros());
    query::run(work.db, sql::HISTORY_PUT, row)?;
    Ok(())
}

fn insert_version(
    work: &Work<'_>,
    (no, version): (SubscriptionNo, i64),
    spec: &SubscriptionSpec,
    secrets: &[SealedSecret],
) -> Result<(), Fault> {
    let row = (no.0, version, serde_json::to_string(spec)?, codec::encode_secrets(secrets));
    query::run(work.db, sql::VERSION_INSERT, row)?;
    Ok(())
}
