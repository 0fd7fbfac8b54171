//! Replays over a store that has grown for a long time: what counting takes, how fast one that finds nothing goes through all of
//! it, and how soon it is called off. Nothing is queued, so the store stays as it is for the next run.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    super::Case,
    filling::{self, TENANT},
};
use crate::{
    figure::Findings, load::Load, mark::now_micros, run::Run, stage::Stage, store::Store, template::tenant_id,
};

/// Ten million events.
pub(in crate::cases) const CASE: Case = Case {
    name: "replay-10m",
    meaning: "How long a replay over ten million events takes to be counted, goes through them, and is called off.",
    load: Load::ONE,
    measure: |run| Box::pin(measure(run)),
};

/// All that the store holds.
const SINCE: &str = "2000-01-01T00:00:00Z";
/// Between two looks at how far it is.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let store = filling::of(run).await?;
    let stage = Stage::start(run.bench, run.binary, run.disk, Some(store.data_dir())).await?;
    let desk = Desk { stage: &stage, store: &store };
    let mut findings = Findings::default();
    findings.add("stored", store.events as f64, "events");
    findings.add("delivered", store.deliveries as f64, "deliveries");
    for selection in ["failed", "missing", "all"] {
        let began = now_micros();
        let counted = desk.start(selection, true).await?;
        findings.add_micros(format!("count of {selection}"), now_micros() - began);
        findings.add(format!("… counted of {selection}"), number(&counted["count"])? as f64, "deliveries");
        let is_exact = counted["count_is_exact"].as_bool().context("whether a count is exact")?;
        findings.add(format!("… {selection} is exact"), f64::from(u8::from(is_exact)), "");
    }
    // Nothing is missing: it looks at every event and queues none.
    let began = now_micros();
    let replay = desk.start("missing", false).await?;
    findings.add_micros("answer to a real one", now_micros() - began);
    let id = replay["id"].as_str().context("a replay has an id")?;
    let (examined, micros) = desk.watch(id, run.bench.scale.measured).await?;
    findings.add("looked at", examined as f64 * 1e6 / micros as f64, "events/s");
    let began = now_micros();
    let ended = desk.call_off(id).await?;
    findings.add_micros("called off", now_micros() - began);
    ensure!(number(&ended["replayed"])? == 0, "it queued what was not missing: {ended}");
    Ok(findings)
}

/// Where replays are asked for.
struct Desk<'a> {
    stage: &'a Stage,
    store: &'a Store,
}

impl Desk<'_> {
    async fn start(&self, selection: &str, is_dry_run: bool) -> Result<Value> {
        let path =
            format!("/v1/tenants/{}/subscriptions/{}/replay", tenant_id(TENANT), self.store.subscription);
        let body = json!({"since": SINCE, "status": selection, "dry_run": is_dry_run});
        let answer = self.stage.server.post_json(&path, &body).await?;
        ensure!(answer.status < 300, "a replay was refused with {}: {}", answer.status, answer.text());
        Ok(answer.json())
    }

    /// How many events it has looked at after about so long, or at its end, and in how many microseconds.
    async fn watch(&self, id: &str, time: Duration) -> Result<(u64, u64)> {
        let began = now_micros();
        loop {
            tokio::time::sleep(LOOK_PAUSE).await;
            let replay = self.stage.server.get(&path(id)).await?.json();
            let micros = now_micros() - began;
            if replay["status"] != "running" || u128::from(micros) >= time.as_micros() {
                return Ok((number(&replay["examined"])?, micros));
            }
        }
    }

    /// Its end: it may have come before.
    async fn call_off(&self, id: &str) -> Result<Value> {
        let answer = self.stage.server.delete(&path(id)).await?;
        ensure!(answer.status < 300 || answer.status == 409, "it cannot be called off: {}", answer.text());
        Ok(self.stage.server.get(&path(id)).await?.json())
    }
}

fn path(id: &str) -> String {
    format!("/v1/tenants/{}/replays/{id}", tenant_id(TENANT))
}

fn number(value: &Value) -> Result<u64> {
    value.as_u64().with_context(|| format!("not a number: {value}"))
}
