//! Checkpoints of the database under somebody else's mass of writing.

use std::{path::Path, time::Duration};

use anyhow::Result;

use super::{Case, comparison};
use crate::{
    behaviour::Behaviour,
    control::Command,
    figure::Findings,
    generator::GeneratorReport,
    load::Load,
    measure,
    pace::Pace,
    run::Run,
    stage::{self, Ends, Stage},
    template::EVENT_TYPE,
    work,
};

/// A quiet tenant beside a mass of writing.
pub(super) const CASE: Case = Case {
    name: "checkpoint",
    meaning: "How much longer events are on their way while a mass of writing makes one checkpoint after the other.",
    load: Load::ONE.at(Pace::PerSecond(200)),
    measure: |run| Box::pin(measure(run)),
};

/// The mass: 10 MiB a second, to a tenant that nobody subscribes to.
const MASS: Load = Load { batch: 100, connections: 2, ..Load::ONE.at(Pace::PerSecond(10_000)) };
const MASS_TENANT: u64 = 1;
/// How often the index of the write-ahead log is looked at.
const LOOK: Duration = Duration::from_millis(5);

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (alone, _) = work::through(run, run.load).await?;
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let stage = run.start().await?;
    stage.furnish(run.load, ends.address).await?;
    stage.tenant(MASS_TENANT).await?;
    let target = Stage::target(&MASS, MASS_TENANT, EVENT_TYPE);
    let mut mass = stage::generator(run.bench, &stage::plan(&MASS, stage.server.address(), target)).await?;
    let data_dir = stage.server.data_dir();
    let watch = async |measured| Ok(count_checkpoints(&data_dir, measured).await);
    let (beside, checkpoints) = work::beside(run, run.load, &stage, &mut ends, watch).await?;
    let written: GeneratorReport = mass.tell(Command::End).await?;

    let mut findings = Findings::default();
    findings.add("checkpoints seen", f64::from(checkpoints), "");
    findings.add("written beside", written.accepted as f64, "events");
    comparison::add(&alone.traffic, &beside.traffic, &mut findings);
    Ok(findings)
}

/// How often, in this time, the number of pages folded into the database grew.
async fn count_checkpoints(data_dir: &Path, time: Duration) -> u32 {
    let mut count = 0;
    let mut before = measure::pages_folded(data_dir);
    let watch = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = measure::pages_folded(data_dir);
            count += u32::from(now > before);
            before = now;
        }
    };
    // The watch never ends by itself: what ends it is the time.
    let _: Result<(), _> = tokio::time::timeout(time, watch).await;
    count
}
