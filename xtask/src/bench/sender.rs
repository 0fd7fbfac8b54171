//! One connection of the generator: turn by turn, a request and its answer.

use std::rc::Rc;

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use super::{
    bare,
    generator::{Plan, Shared, Target},
    mark::now_micros,
    template::Template,
    wire::{Connection, status},
};

/// Sends until there are no more turns.
///
/// # Errors
///
/// When the connection breaks.
pub(super) async fn send(plan: Plan, shared: Rc<Shared>) -> Result<()> {
    let stream = TcpStream::connect(plan.address).await.with_context(|| plan.address.to_string())?;
    let mut connection = Connection::new(stream)?;
    let mut templates = templates(&plan);
    while let Some(turn) = shared.pacer.next(plan.batch).await {
        let began = now_micros();
        let mut accepted = plan.batch;
        for template in &mut templates {
            let place = connection.exchange(template.fill(turn)).await.context("an exchange broke")?;
            let (head, body) = (connection.bytes(&place.head), connection.bytes(&place.body));
            accepted = accepted.min(accepted_events(status(head), body, plan.batch));
        }
        shared.note(plan.batch, accepted, now_micros().saturating_sub(began));
    }
    Ok(())
}

/// The requests that make one turn: one to the server, or one to the receiver for each subscription.
fn templates(plan: &Plan) -> Vec<Template> {
    let host = plan.address.to_string();
    match &plan.target {
        Target::Server { tenant, key } => vec![Template::for_server(&host, tenant, key, plan.batch)],
        Target::Receiver => (0..plan.subscriptions).map(|number| bare::template(&host, number)).collect(),
    }
}

/// How many of a request's events were accepted. A batch is answered with 202 and item by item: what was accepted has
/// an event's id there.
fn accepted_events(status: u16, body: &[u8], batch: u64) -> u64 {
    let accepted = match (200..300).contains(&status) {
        false => 0,
        true if batch == 1 => 1,
        true => String::from_utf8_lossy(body).matches(r#""id":"evt_"#).count() as u64,
    };
    if accepted < batch {
        report_refusal(status, body);
    }
    accepted
}

/// Shows the first refusal of a run; all are counted.
fn report_refusal(status: u16, body: &[u8]) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| eprintln!("generator: refused with {status}: {}", String::from_utf8_lossy(body)));
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
    }
}
