//! One connection of the generator: turn by turn, a request and its answer.

use std::{io, rc::Rc};

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use super::{OnBreak, Plan, Shared, Target};
use crate::{
    bare,
    mark::now_micros,
    pace::Turn,
    template::{Shape, Template},
    wire::{Connection, status},
};

/// The status that stands for a connection that broke.
const BROKE: u16 = 0;

/// What came of one turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) turn: Turn,
    pub(super) tenant: u64,
    /// The answer's status, and that of what was refused in it: items of a batch have their own.
    pub(super) status: u16,
    pub(super) refusal: u16,
    /// Events of the turn, and how many of them were accepted.
    pub(super) events: u64,
    pub(super) accepted: u64,
    /// From sending to the answer.
    pub(super) micros: u64,
}

/// Sends until there are no more turns.
///
/// # Errors
///
/// When the connection breaks and the plan does not say what to do then.
pub(super) async fn send(plan: Rc<Plan>, shared: Rc<Shared>) -> Result<()> {
    let mut connection = connect(&plan).await?;
    let mut templates = templates(&plan);
    while let Some(turn) = shared.pacer.next(plan.batch).await {
        let tenant = plan.target.tenant_of(turn.number / plan.batch);
        let began = now_micros();
        let outcome = post(&mut connection, &mut templates, turn, tenant, plan.batch).await;
        let micros = now_micros().saturating_sub(began);
        let (status, refusal, accepted) = match (outcome, plan.on_break) {
            (Ok(answer), _) => answer,
            (Err(error), OnBreak::Fail) => return Err(error).context("an exchange broke"),
            (Err(_), OnBreak::Stop) => return Ok(()),
            (Err(_), OnBreak::Reconnect) => {
                connection = connect(&plan).await?;
                (BROKE, BROKE, 0)
            }
        };
        shared.note(Answer { turn, tenant, status, refusal, events: plan.batch, accepted, micros });
    }
    Ok(())
}

async fn connect(plan: &Plan) -> Result<Connection> {
    let stream = TcpStream::connect(plan.address).await.with_context(|| plan.address.to_string())?;
    Ok(Connection::new(stream)?)
}

/// The requests that make one turn: one to the server, or one to the receiver for each subscription.
fn templates(plan: &Plan) -> Vec<Template> {
    let host = plan.address.to_string();
    match &plan.target {
        Target::Server { key, event_type, .. } => vec![Template::for_server(&Shape {
            host: &host,
            key,
            event_type,
            batch: plan.batch,
            data_bytes: plan.data_bytes,
        })],
        Target::Receiver => {
            let template = |number| bare::template(&host, number, plan.data_bytes);
            (0..plan.subscriptions).map(template).collect()
        }
    }
}

/// Sends all requests of a turn; answers the last status, the status of what was refused in it, and how many events all
/// of them accepted.
async fn post(
    connection: &mut Connection,
    templates: &mut [Template],
    turn: Turn,
    tenant: u64,
    events: u64,
) -> io::Result<(u16, u16, u64)> {
    let (mut last, mut refusal, mut accepted) = (BROKE, BROKE, events);
    for template in templates {
        let place = connection.exchange(template.fill(turn, tenant)).await?;
        last = status(connection.bytes(&place.head));
        let body = connection.bytes(&place.body);
        accepted = accepted.min(accepted_events(last, body, events));
        if accepted < events {
            refusal = refused_as(last, body);
            report_refusal(last, body);
        }
    }
    Ok((last, refusal, accepted))
}

/// How many of a request's events were accepted. A batch is answered with 202 and item by item: what was accepted has
/// an event's id there.
fn accepted_events(status: u16, body: &[u8], batch: u64) -> u64 {
    match (200..300).contains(&status) {
        false => 0,
        true if batch == 1 => 1,
        true => String::from_utf8_lossy(body).matches(r#""id":"evt_"#).count() as u64,
    }
}

/// The status of what was refused: the answer's own, or in a batch that was accepted in part the first refused item's.
fn refused_as(status: u16, body: &[u8]) -> u16 {
    const LABEL: &str = r#""status":"#;
    if !(200..300).contains(&status) {
        return status;
    }
    let text = String::from_utf8_lossy(body);
    let item = text.find(LABEL).and_then(|start| text.get(start + LABEL.len()..start + LABEL.len() + 3));
    item.and_then(|digits| digits.parse().ok()).unwrap_or(status)
}

/// Bytes of a refusal that are shown.
const SHOWN_BYTES_MAX: usize = 300;

/// Shows the first refusal of a run; all are counted.
fn report_refusal(status: u16, body: &[u8]) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let shown = &body[..body.len().min(SHOWN_BYTES_MAX)];
    ONCE.call_once(|| eprintln!("generator: refused with {status}: {}", String::from_utf8_lossy(shown)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_counts_item_by_item() {
        let body = br#"{"results":[{"id":"evt_1","type":"x"},{"status":422},{"id":"evt_2","type":"x"}]}"#;
        assert_eq!(accepted_events(202, body, 3), 2);
        assert_eq!(accepted_events(429, body, 3), 0);
        assert_eq!(accepted_events(202, b"{}", 1), 1);
        assert_eq!((refused_as(202, body), refused_as(429, b"{}")), (422, 429));
    }
}
