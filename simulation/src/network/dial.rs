//! Names and connections.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use async_trait::async_trait;
use postroad_egress::{Dial, Resolved, Stream};
use tokio::time::sleep;

use super::{Network, receiver};
use crate::{plan::Behaviour, random::Draws};

/// Bytes that a connection holds in each direction before its writer waits.
const PIPE_BYTES: usize = 256 * 1024;

/// The name server and all hosts.
pub(super) struct SimulatedDial(pub(super) Network);

#[async_trait]
impl Dial for SimulatedDial {
    async fn resolve(&self, host: &str) -> io::Result<Resolved> {
        let number = host.strip_prefix('h').and_then(|rest| rest.split_once('.')?.0.parse::<u32>().ok());
        let number = number.ok_or(io::ErrorKind::NotFound)?;
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + number);
        Ok(Resolved { addresses: vec![IpAddr::V4(address)], valid_for: Duration::from_secs(60) })
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let Self(network) = self;
        let IpAddr::V4(ip) = address.ip() else { return Err(io::ErrorKind::AddrNotAvailable.into()) };
        let host = (ip.to_bits() - Ipv4Addr::new(10, 0, 0, 1).to_bits()) as usize;
        let Some(plan) = network.hosts.get(host) else { return Err(io::ErrorKind::HostUnreachable.into()) };
        let number = Network::next(&network.connections);
        let wait = Draws::new(network.seed, "connection", number).millis(plan.connect_ms);
        if !wait.is_zero() {
            sleep(wait).await;
        }
        match network.behaviour(host) {
            Behaviour::Refuses => return Err(io::ErrorKind::ConnectionRefused.into()),
            Behaviour::Unreachable => std::future::pending::<()>().await,
            _ => {}
        }
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        tokio::spawn(receiver::serve(network.clone(), host, number, theirs));
        Ok(Box::new(ours))
    }
}
