//! A healthy tenant and an ordered subscription, each alone and beside a tenant that publishes to a thousand subscriptions as fast
//! as it can.

use anyhow::Result;
use serde_json::json;

use super::{Case, comparison};
use crate::{
    behaviour::Behaviour,
    control::Command,
    figure::Findings,
    generator::GeneratorReport,
    load::Load,
    pace::Pace,
    run::Run,
    stage::{self, Ends, Stage},
    template::EVENT_TYPE,
    traffic::Traffic,
    work,
};

/// The healthy tenant beside it.
pub(super) const CASE: Case = Case {
    name: "beside-fanouts",
    meaning: "How much longer events are on their way, and how much slower an ordered subscription gets its own, while another tenant \
              publishes to 1,000 subscriptions at full speed.",
    load: Load::ONE.at(Pace::PerSecond(200)),
    measure: |run| Box::pin(measure(run)),
};

/// Whose subscription is ordered.
const ORDERED_TENANT: u64 = 1;
const ORDERED: Load = Load { connections: 16, ..Load::ONE.at(Pace::InLoop(16)) };
/// Who publishes to very many.
const LARGE_TENANT: u64 = 2;
const LARGE: Load = Load { connections: 4, ..Load::ONE.at(Pace::InLoop(u32::MAX)) };
/// Its receivers take their time, each answer a different one: what disturbs the others is the publishing, not five hundred answers at once.
const LARGE_ANSWERS: Behaviour = Behaviour::Varying(2_000);

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (healthy_alone, ordered_alone, _) = measured(run, false).await?;
    let (healthy, ordered, fanned_out) = measured(run, true).await?;
    let mut findings = Findings::default();
    findings.add("published beside, in all", fanned_out as f64, "events");
    let rate = Traffic::delivered_per_second;
    findings.add("ordered alone", rate(&ordered_alone), "deliveries/s");
    findings.add("ordered beside", rate(&ordered), "deliveries/s");
    findings.add("ordered to alone", rate(&ordered) / rate(&ordered_alone).max(f64::MIN_POSITIVE), "");
    comparison::add(&healthy_alone, &healthy, &mut findings);
    Ok(findings)
}

/// The healthy tenant and the ordered subscription, and how many events the large tenant published meanwhile.
async fn measured(run: &Run<'_>, with_large: bool) -> Result<(Traffic, Traffic, u64)> {
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let mut ordered_ends = Ends::start(run.bench, 1, Behaviour::Well).await?;
    let large_ends = Ends::start(run.bench, 1, LARGE_ANSWERS).await?;
    let stage = run.start().await?;
    stage.furnish(run.load, ends.address).await?;
    stage.tenant(ORDERED_TENANT).await?;
    let url = format!("http://{}/0", ordered_ends.address);
    stage.subscribe(ORDERED_TENANT, &url, &json!({"ordered": true})).await?;
    stage.tenant(LARGE_TENANT).await?;
    for _ in 0..run.bench.scale.fanned_out {
        let url = format!("http://{}/0", large_ends.address);
        stage.subscribe(LARGE_TENANT, &url, &json!({})).await?;
    }
    let plan = |load: &Load, tenant| {
        stage::plan(load, stage.server.address(), Stage::target(load, tenant, EVENT_TYPE))
    };
    let mut large = match with_large {
        true => Some(stage::generator(run.bench, &plan(&LARGE, LARGE_TENANT)).await?),
        false => None,
    };
    let mut sender = ordered_ends.generator(run.bench, plan(&ORDERED, ORDERED_TENANT)).await?;
    let (through, ordered) = work::beside(run, run.load, &stage, &mut ends, async |measured| {
        ordered_ends.begin(&mut sender).await?;
        tokio::time::sleep(measured).await;
        let sent = ordered_ends.end(&mut sender).await?;
        let arrived = ordered_ends.drain(sent.accepted).await?;
        Ok(Traffic::new(&ORDERED, sent, arrived))
    })
    .await?;
    let published = match &mut large {
        Some(large) => large.tell::<GeneratorReport>(Command::End).await?.accepted,
        None => 0,
    };
    Ok((through.traffic, ordered, published))
}
