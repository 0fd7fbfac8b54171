//! A subscription as fast as it goes, alone and beside a tenant that publishes a hundred thousand events a minute into one window of one
//! subscription.

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

/// The other lane beside it.
pub(super) const CASE: Case = Case {
    name: "beside-groups",
    meaning: "How many deliveries of a subscription are left, and how much longer they are on their way, while another tenant \
              publishes 100,000 events a minute into one window.",
    load: Load::ONE,
    measure: |run| Box::pin(measure(run)),
};

/// Whose events are sent together.
const GROUPED_TENANT: u64 = 1;
/// All with one key: a group of a thousand is full, and the next one opens.
const GROUPED: Load =
    Load { batch: 100, connections: 4, data_bytes: 200, ..Load::ONE.at(Pace::PerSecond(1_667)) };

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (alone, _) = measured(run, false).await?;
    let (beside, grouped) = measured(run, true).await?;
    let mut findings = Findings::default();
    let rate = Traffic::delivered_per_second;
    findings.add("alone", rate(&alone), "deliveries/s");
    findings.add("beside", rate(&beside), "deliveries/s");
    findings.add("to alone", rate(&beside) / rate(&alone).max(f64::MIN_POSITIVE), "");
    findings.add("grouped beside", grouped.accepted_in_window as f64, "events");
    findings.add("grouped and refused", grouped.refused as f64, "events");
    comparison::add(&alone, &beside, &mut findings);
    Ok(findings)
}

/// The subscription's traffic, and what the other tenant published meanwhile.
async fn measured(run: &Run<'_>, with_groups: bool) -> Result<(Traffic, GeneratorReport)> {
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let grouped_ends = Ends::start(run.bench, 1, Behaviour::Well).await?;
    let stage = run.start().await?;
    stage.furnish(run.load, ends.address).await?;
    stage.tenant(GROUPED_TENANT).await?;
    let url = format!("http://{}/0", grouped_ends.address);
    stage.subscribe(GROUPED_TENANT, &url, &json!({"group": {"window": "60s"}})).await?;
    let plan =
        stage::plan(&GROUPED, stage.server.address(), Stage::target(&GROUPED, GROUPED_TENANT, EVENT_TYPE));
    let mut grouped = match with_groups {
        true => Some(stage::generator(run.bench, &plan).await?),
        false => None,
    };
    let (through, report) = work::beside(run, run.load, &stage, &mut ends, async |measured| {
        if let Some(grouped) = &mut grouped {
            grouped.tell::<GeneratorReport>(Command::Begin).await?;
        }
        tokio::time::sleep(measured).await;
        match &mut grouped {
            Some(grouped) => grouped.tell(Command::End).await,
            None => Ok(GeneratorReport::default()),
        }
    })
    .await?;
    Ok((through.traffic, report))
}
