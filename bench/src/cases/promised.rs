//! Whether attempts come when a schedule promises them: forty deliveries to a receiver that is dead, by a profile that withholds
//! nothing from it.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use postroad_domain::Timestamp;
use serde_json::{Value, json};

use super::{Case, neighbours};
use crate::{
    figure::Findings,
    histogram::Histogram,
    load::Load,
    run::Run,
    stage::Stage,
    template::{EVENT_TYPE, tenant_id},
};

/// Forty to a dead receiver.
pub(super) const CASE: Case = Case {
    name: "promised",
    meaning: "How much later than promised each attempt begins when forty deliveries wait for a receiver that is dead.",
    load: Load::ONE,
    measure: |run| Box::pin(measure(run)),
};

const TENANT: u64 = 0;
const DELIVERIES: usize = 40;
/// The gaps of the schedule, in seconds.
const GAPS: [u64; 3] = [1, 2, 3];
/// Behind the last attempt.
const MARGIN: Duration = Duration::from_secs(10);

/// A profile with these gaps.
fn profile() -> String {
    let gaps = GAPS.map(|gap| format!("{gap}s"));
    PROFILE.replace("BACKOFF", &format!("{gaps:?}"))
}

const PROFILE: &str = r#"
name = "promised"
title = "Promised"
description = "Counts and gaps that are promised."

[[request.content]]
type = "application/json"
envelope = [{ name = "data", json = "{{ event.data }}" }]

[delivery]
attempts = 4
backoff = BACKOFF
jitter_percent = 0
breaker = "off"

[[events]]
name = "bench.event"
group = "Bench"
description = "What the benchmark sends."
example_is = "plausible"
"#;

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let dead = neighbours::dead_endpoint()?;
    let folder = tempfile::tempdir_in(&run.bench.folder)?;
    write_profile(folder.path())?;
    let arguments = vec!["--profiles".to_owned(), folder.path().display().to_string()];
    let stage = Stage::start_with(run.bench, run.binary, run.disk, None, arguments).await?;
    stage.tenant_of(TENANT, "promised").await?;
    stage.subscribe(TENANT, &format!("http://{}/0", dead.local_addr()?), &json!({})).await?;
    let event = json!({"type": EVENT_TYPE, "data": {"bench": 1}});
    let batch = json!({"events": vec![event; DELIVERIES]});
    let path = format!("/v1/tenants/{}/events/batch", tenant_id(TENANT));
    let answer = stage.server.post_json(&path, &batch).await?;
    ensure!(answer.status == 202, "the events were refused with {}: {}", answer.status, answer.text());
    tokio::time::sleep(Duration::from_secs(GAPS.iter().sum())).await;

    let (mut late, mut early, mut attempts) = (Histogram::default(), 0, 0);
    for delivery in ended(&stage).await? {
        let made = delivery["attempts"].as_array().context("a delivery without attempts")?;
        attempts += made.len();
        for (pair, gap) in made.windows(2).zip(GAPS) {
            let (promised, began) = (end_of(&pair[0])? + 1_000_000 * gap, begin_of(&pair[1])?);
            late.record(began.saturating_sub(promised));
            early = early.max(promised.saturating_sub(began));
        }
    }
    let mut findings = Findings::default();
    findings.add("attempts", attempts as f64, "");
    findings.add("attempts promised", (DELIVERIES * (GAPS.len() + 1)) as f64, "");
    findings.add_micros("late p50", late.percentile(50.0));
    findings.add_micros("late p99", late.percentile(99.0));
    findings.add_micros("early highest", early);
    findings.add_micros("late highest", late.percentile(100.0));
    Ok(findings)
}

fn write_profile(folder: &Path) -> Result<()> {
    let folder = folder.join("promised");
    fs::create_dir_all(folder.join("examples"))?;
    fs::write(folder.join("examples").join(format!("{EVENT_TYPE}.json")), r#"{"bench":1}"#)?;
    Ok(fs::write(folder.join("profile.toml"), profile())?)
}

/// All deliveries with their attempts, as soon as each has ended; as they are when that takes too long.
async fn ended(stage: &Stage) -> Result<Vec<Value>> {
    let list = format!("/v1/tenants/{}/deliveries?limit={DELIVERIES}", tenant_id(TENANT));
    let began = tokio::time::Instant::now();
    loop {
        let page = stage.server.get(&list).await?.json();
        let deliveries = page["data"].as_array().context("a list of deliveries")?;
        let all_ended = deliveries.iter().all(|delivery| delivery["status"] == "failed");
        if all_ended || began.elapsed() > MARGIN {
            let mut found = Vec::with_capacity(deliveries.len());
            for delivery in deliveries {
                let id = delivery["id"].as_str().context("a delivery has an id")?;
                let path = format!("/v1/tenants/{}/deliveries/{id}", tenant_id(TENANT));
                found.push(stage.server.get(&path).await?.json());
            }
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Microseconds since 1970 at which an attempt began.
fn begin_of(attempt: &Value) -> Result<u64> {
    let at = attempt["at"].as_str().context("an attempt has a time")?;
    let at = Timestamp::parse(at).with_context(|| format!("not a time: {at}"))?;
    Ok(u64::try_from(at.as_micros())?)
}

fn end_of(attempt: &Value) -> Result<u64> {
    let took_ms = attempt["duration_ms"].as_u64().context("an attempt has a duration")?;
    Ok(begin_of(attempt)? + 1_000 * took_ms)
}
