//! Fills the large store, through the API.

use std::{path::Path, rc::Rc, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::{
    behaviour::Behaviour,
    disk::Disk,
    measure,
    run::Run,
    stage::{Ends, Stage},
    store::{Store, data_dir},
    template::{EVENT_TYPE, tenant_id},
    work::{self, Filling},
};

/// Whose the store is.
pub(super) const TENANT: u64 = 0;
/// One event of ten is delivered.
pub(super) const DELIVERED_TYPE: &str = "bench.delivered";
/// A few events of each part.
pub(super) const RARE_TYPE: &str = "bench.rare";
const RARE_EVENTS: u64 = 10;
/// The store is filled in so many parts, each with events of all types; a store that would take too long stays with one.
const PARTS: u64 = 10;
const FILLING_MAX: Duration = Duration::from_secs(600);
/// Small, so that ten million of them find room on a disk.
const DATA_BYTES: usize = 128;

/// The store that this run's program has filled; the first run of a program fills it.
pub(super) async fn of(run: &Run<'_>) -> Result<Rc<Store>> {
    let known = run.bench.stores.borrow().iter().find(|store| store.binary == run.binary).cloned();
    if let Some(store) = known {
        return Ok(store);
    }
    let store = Rc::new(fill(run.binary, run).await?);
    run.bench.stores.borrow_mut().push(Rc::clone(&store));
    Ok(store)
}

async fn fill(binary: &Path, run: &Run<'_>) -> Result<Store> {
    let folder = tempfile::tempdir_in(&run.bench.folder)?;
    // The native disk: what is measured is reading.
    let mut stage = Stage::start(run.bench, binary, Disk::Native, Some(data_dir(&folder))).await?;
    let mut ends = Ends::start(run.bench, 1, Behaviour::Well).await?;
    stage.tenant(TENANT).await?;
    let settings = json!({"events": [DELIVERED_TYPE], "concurrency": 64});
    let subscription = stage.subscribe(TENANT, &format!("http://{}/0", ends.address), &settings).await?;
    let part = run.bench.scale.stored / PARTS;
    let (mut filled, mut remark, mut middle) = (0, None, None);
    for number in 0..PARTS {
        let took = fill_part(run, &stage, filled, part).await?;
        filled += part;
        if number < PARTS / 2 {
            middle = Some(newest_delivered(&stage).await?);
        }
        if number == 0 && took * PARTS as u32 > FILLING_MAX {
            remark =
                Some(format!("{part} events only: {} would have taken longer than 10 minutes", part * PARTS));
            break;
        }
    }
    let deliveries = ends.drain(filled / 10).await?.distinct;
    ensure!(deliveries > 0, "no event of the store was delivered");
    stage.server.terminate().await?;
    let (event, middle) = middle.context("a store has a middle")?;
    Ok(Store {
        binary: binary.to_owned(),
        events: filled,
        deliveries,
        bytes: measure::folder_bytes(&data_dir(&folder))?,
        subscription: text(&subscription["id"])?,
        middle,
        event,
        remark,
        folder,
    })
}

/// Stores so many events of all types, numbered from `first_number` on.
async fn fill_part(run: &Run<'_>, stage: &Stage, first_number: u64, events: u64) -> Result<Duration> {
    let delivered = events / 10;
    let of = |event_type, events, first_number| Filling {
        tenant: TENANT,
        event_type,
        events,
        data_bytes: DATA_BYTES,
        first_number,
    };
    // Only what is delivered is counted by its number, so only that must not begin again.
    let mut took = work::fill(run.bench, stage, of(EVENT_TYPE, events - delivered - RARE_EVENTS, 0)).await?;
    took += work::fill(run.bench, stage, of(DELIVERED_TYPE, delivered, first_number)).await?;
    took += work::fill(run.bench, stage, of(RARE_TYPE, RARE_EVENTS, 0)).await?;
    Ok(took)
}

/// The newest event that is delivered, and when it was accepted.
async fn newest_delivered(stage: &Stage) -> Result<(String, String)> {
    let path = format!("/v1/tenants/{}/events?type={DELIVERED_TYPE}&limit=1", tenant_id(TENANT));
    let event = &stage.server.get(&path).await?.json()["data"][0];
    Ok((text(&event["id"])?, text(&event["accepted_at"])?))
}

fn text(value: &serde_json::Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("not a text: {value}"))
}
