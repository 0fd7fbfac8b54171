//! A healthy tenant alone, and beside one whose endpoint is ill and for which a crowd is waiting.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::net::TcpSocket;

use super::{Case, comparison};
use crate::{
    behaviour::Behaviour,
    figure::Findings,
    load::Load,
    pace::Pace,
    run::Run,
    stage::Ends,
    template::EVENT_TYPE,
    work::{self, Filling, Through},
};

/// The healthy tenant's work: it leaves the machine room, so that what disturbs it is the neighbour.
const HEALTHY: Load = Load::ONE.at(Pace::PerSecond(200));
/// The number of the tenant beside it.
const NEIGHBOUR: u64 = 1;

/// Nobody listens there.
pub(super) const DEAD: Case = Case {
    name: "neighbours-dead",
    meaning: "How much longer a healthy tenant's events are on their way beside 100,000 for an endpoint that is dead.",
    load: HEALTHY,
    measure: |run| Box::pin(measure(run, None)),
};

/// Two seconds for each answer.
pub(super) const SLOW: Case = Case {
    name: "neighbours-slow",
    meaning: "How much longer a healthy tenant's events are on their way beside 100,000 for an endpoint that takes 2 s.",
    load: HEALTHY,
    measure: |run| Box::pin(measure(run, Some(Behaviour::Slow(2_000)))),
};

/// Three of ten answers are 500.
pub(super) const FAILING: Case = Case {
    name: "neighbours-failing",
    meaning: "How much longer a healthy tenant's events are on their way beside 100,000 for an endpoint that fails 30 %.",
    load: HEALTHY,
    measure: |run| Box::pin(measure(run, Some(Behaviour::Failing(3)))),
};

/// A byte now and then.
pub(super) const TRICKLING: Case = Case {
    name: "neighbours-trickling",
    meaning: "How much longer a healthy tenant's events are on their way beside 100,000 for an endpoint that trickles.",
    load: HEALTHY,
    measure: |run| Box::pin(measure(run, Some(Behaviour::Trickling))),
};

/// `None` is the endpoint where nobody listens.
async fn measure(run: &Run<'_>, behaviour: Option<Behaviour>) -> Result<Findings> {
    let (alone, _) = work::through(run, run.load).await?;
    let (beside, waiting) = beside(run, behaviour).await?;
    let mut findings = Findings::default();
    findings.add("waiting in the end", waiting as f64, "deliveries");
    comparison::add(&alone.traffic, &beside.traffic, &mut findings);
    Ok(findings)
}

/// The healthy tenant beside its neighbour; answers how many of the neighbour's had not arrived in the end.
async fn beside(run: &Run<'_>, behaviour: Option<Behaviour>) -> Result<(Through, u64)> {
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let mut neighbour = Neighbour::start(run, behaviour).await?;
    let stage = run.start().await?;
    stage.furnish(run.load, ends.address).await?;
    stage.tenant(NEIGHBOUR).await?;
    stage.subscribe(NEIGHBOUR, &format!("http://{}/0", neighbour.address()?), &json!({})).await?;
    let events = run.bench.scale.waiting;
    let filling =
        Filling { tenant: NEIGHBOUR, event_type: EVENT_TYPE, events, data_bytes: 1_024, first_number: 0 };
    work::fill(run.bench, &stage, filling).await?;
    let (through, ()) = work::beside(run, run.load, &stage, &mut ends, async |measured| {
        tokio::time::sleep(measured).await;
        Ok(())
    })
    .await?;
    let arrived = neighbour.arrived().await?;
    Ok((through, events.saturating_sub(arrived)))
}

/// The ill endpoint.
enum Neighbour {
    /// A port that is taken and not listened on: connections are refused, and nobody else can get it.
    Dead(TcpSocket),
    Ill(Box<Ends>),
}

impl Neighbour {
    async fn start(run: &Run<'_>, behaviour: Option<Behaviour>) -> Result<Self> {
        match behaviour {
            Some(behaviour) => Ok(Self::Ill(Box::new(Ends::start(run.bench, 1, behaviour).await?))),
            None => Ok(Self::Dead(dead_endpoint()?)),
        }
    }

    fn address(&self) -> Result<SocketAddr> {
        match self {
            Self::Dead(socket) => Ok(socket.local_addr()?),
            Self::Ill(ends) => Ok(ends.address),
        }
    }

    /// Distinct events that got there, answered well or not.
    async fn arrived(&mut self) -> Result<u64> {
        match self {
            Self::Dead(_) => Ok(0),
            Self::Ill(ends) => Ok(ends.report().await?.distinct),
        }
    }
}

/// Takes a port of this machine and does not listen on it; it refuses connections while the socket lives.
pub(super) fn dead_endpoint() -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).context("a port for the dead endpoint")?;
    Ok(socket)
}
