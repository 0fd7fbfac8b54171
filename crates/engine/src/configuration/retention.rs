//! How long the events of a tenant are kept: the shortest of what the installation, its profile and it itself say.
//!
//! **Invariant:** what a tenant or a profile says is never shorter than a delivery may wait, so nothing is hidden or erased
//! that is still to be delivered for the first time.

use std::time::Duration;

use postroad_domain::{TenantNo, tenant::TenantSpec, time::duration_text};
use postroad_profile::{FieldProblem, Profile};
use postroad_store::TenantRetention;

/// How long and how much the store keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// How long an event is kept; `None` for ever.
    pub age_max: Option<Duration>,
    /// Bytes of the store that may be in use; `None` for as many as the disk has.
    pub bytes_max: Option<u64>,
}

/// How long a tenant's events are kept by its profile and by itself; `None` for as long as the installation keeps them.
pub(crate) fn own_age(profile: &Profile, spec: &TenantSpec) -> Option<Duration> {
    shorter(profile.delivery.retention, spec.retention)
}

/// What the store is to keep of a tenant; `None` where that is what it keeps of everybody.
pub(crate) fn of_tenant(no: TenantNo, profile: &Profile, spec: &TenantSpec) -> Option<TenantRetention> {
    let own =
        TenantRetention { tenant_no: no, age_max: own_age(profile, spec), bytes_max: spec.retention_bytes };
    (own.age_max.is_some() || own.bytes_max.is_some()).then_some(own)
}

/// A schedule of deliveries and the longest that one may wait by it.
pub(crate) struct Schedule {
    /// Whose: `the profile standard`.
    pub(crate) whose: String,
    /// From the first attempt to the end of whatever waits.
    pub(crate) lifetime: Duration,
}

impl Schedule {
    /// That of a profile.
    pub(crate) fn of(profile: &Profile) -> Self {
        Self { whose: format!("the profile {}", profile.name), lifetime: profile.delivery.retry.lifetime() }
    }
}

/// What is wrong with the limits that a tenant is to have. `schedules` are those by which it has deliveries.
pub(crate) fn check_tenant(
    installation: Retention,
    profile: &Profile,
    spec: &TenantSpec,
    schedules: &[Schedule],
) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut note = |field: &str, message| problems.push(FieldProblem { field: field.to_owned(), message });
    if let Some(message) = spec.retention.and_then(|age| refuse_age(age, installation, profile, schedules)) {
        note("retention", message);
    }
    if let Some((own, max)) = spec.retention_bytes.zip(installation.bytes_max).filter(|(own, max)| own > max)
    {
        note(
            "retention_bytes",
            format!("is {own}, but this installation keeps {max} bytes in all: must be at most that"),
        );
    }
    problems
}

fn refuse_age(
    age: Duration,
    installation: Retention,
    profile: &Profile,
    schedules: &[Schedule],
) -> Option<String> {
    let bounds = [
        ("this installation keeps events".to_owned(), installation.age_max),
        (format!("the profile {} keeps events", profile.name), profile.delivery.retention),
    ];
    let too_long = bounds.into_iter().find_map(|(who, max)| Some((who, max.filter(|max| age > *max)?)));
    if let Some((who, max)) = too_long {
        let max = duration_text(max);
        return Some(format!("is {}, but {who} for {max}: must be at most that", duration_text(age)));
    }
    let longest = schedules.iter().max_by_key(|schedule| schedule.lifetime)?;
    let min = duration_text(longest.lifetime);
    (age < longest.lifetime).then(|| {
        format!(
            "is {}, but by the schedule of {} a delivery may wait for {min}: must be at least that",
            duration_text(age),
            longest.whose
        )
    })
}

/// What is wrong with a schedule of a subscription in a tenant whose events are kept for a time.
pub(crate) fn refuse_schedule(lifetime: Duration, own_age: Option<Duration>) -> Option<String> {
    let kept = own_age.filter(|kept| lifetime > *kept)?;
    let (lifetime, kept) = (duration_text(lifetime), duration_text(kept));
    Some(format!(
        "lets a delivery wait for {lifetime}, with its delay, its group's window and a day behind the last attempt, but the events \
         of this tenant are kept for {kept}: choose a shorter delay, fewer attempts or shorter gaps"
    ))
}

pub(crate) fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    [one, other].into_iter().flatten().min()
}
