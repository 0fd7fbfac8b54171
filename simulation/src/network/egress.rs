//! The real client, and a note of each exchange as the engine sees it.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::EndpointUrl;
use postroad_egress::{
    AddressPolicy, Egress, EgressConfig, HttpEgress, OutboundRequest, OutboundResponse, SendError,
};

use super::{Network, about, dial::SimulatedDial, events_of};
use crate::journal::What;

/// The client of one life of the node.
pub(crate) struct WatchedEgress {
    client: HttpEgress,
    network: Network,
}

impl WatchedEgress {
    /// A client without a connection.
    ///
    /// # Panics
    ///
    /// The machine has no certificates of authorities.
    pub(crate) fn new(network: Network) -> Self {
        let allow_subnets = vec!["10.0.0.0/8".parse().expect("this is a subnet")];
        let policy = AddressPolicy { allow_subnets, ..AddressPolicy::default() };
        let dial = Arc::new(SimulatedDial(network.clone()));
        let client = HttpEgress::new(EgressConfig::new(policy), dial);
        Self { client: client.expect("the machine has certificates of authorities"), network }
    }
}

#[async_trait]
impl Egress for WatchedEgress {
    async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError> {
        let Some(about) = about(request.url.as_str(), &request.body) else {
            return self.client.exchange(request).await;
        };
        let (no, journal) = (Network::next(&self.network.exchanges), &self.network.journal);
        journal.note(What::ExchangeBegins(no, about));
        if let Some(events) = events_of(&request.body) {
            let named = request.headers.iter().find(|(name, _)| *name == "webhook-id");
            let delivery = named.and_then(|(_, id)| id.parse().ok());
            journal.note(What::Carried(no, delivery, events));
        }
        let answer = self.client.exchange(request).await;
        let told = match &answer {
            Ok(response) => Ok(response.status),
            Err(error) => Err((error.class, error.message.clone())),
        };
        journal.note(What::ExchangeEnds(no, told));
        answer
    }

    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
        self.client.check(url).await
    }
}
