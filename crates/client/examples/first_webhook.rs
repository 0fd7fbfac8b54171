//! Publishes one event: the program of docs/sending.md, whose test runs it.

use postroad_client::{Client, NewEvent};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (server, key) = (std::env::var("POSTROAD_SERVER")?, std::env::var("POSTROAD_KEY")?);
    let client = Client::new(&server, &key)?;
    let event = NewEvent::new("lead.created", &json!({"id": 5}))?.idempotency_key("lead-5");
    let sent = client.tenant("acme").publish(event).await?;
    println!("{} goes to {} receivers", sent.id, sent.deliveries);
    Ok(())
}
