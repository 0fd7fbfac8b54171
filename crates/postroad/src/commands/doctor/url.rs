//! The way to a receiver, under the rules of the guard.

use std::sync::Arc;

use postroad_domain::{EndpointUrl, ErrorClass};
use postroad_egress::{AddressPolicy, Probe, Stage, Step, SystemDial};

use super::report::Check;
use crate::config::Config;

pub(super) async fn check(config: &Config, url: &EndpointUrl) -> Vec<Check> {
    let policy = AddressPolicy {
        allow_subnets: config.allow_subnets.clone(),
        own_addresses: [Some(config.listen), config.metrics_listen].into_iter().flatten().collect(),
        allow_own: false,
    };
    let probe = match SystemDial::new() {
        Ok(dial) => {
            Probe::new(policy, config.egress_proxy.clone(), Arc::new(dial)).map_err(|error| error.to_string())
        }
        Err(error) => Err(format!("cannot set up the resolver of names: {error}")),
    };
    match probe {
        Ok(probe) => [rules(config)].into_iter().chain(probe.walk(url).await.into_iter().map(told)).collect(),
        Err(problem) => {
            let remedy = "see to /etc/resolv.conf and to the package ca-certificates";
            vec![Check::fail("url", problem, remedy)]
        }
    }
}

/// A running server tells nobody what it was started with, so the verdict is only worth as much as what this command was given.
fn rules(config: &Config) -> Check {
    let subnets: Vec<_> = config.allow_subnets.iter().map(ToString::to_string).collect();
    let subnets = if subnets.is_empty() { "none".to_owned() } else { subnets.join(", ") };
    let proxy = if config.egress_proxy.is_some() { "through the egress-proxy" } else { "no egress-proxy" };
    Check::ok(
        "url: rules",
        format!(
            "judged by what doctor was given (allow-subnet: {subnets}; {proxy}), not by the flags of a server that runs"
        ),
    )
}

fn told(step: Step) -> Check {
    let name = match step.stage {
        Stage::Resolve => "url: name",
        Stage::Judge => "url: guard",
        Stage::Connect => "url: dial",
        Stage::Tls => "url: tls",
        Stage::Http => "url: http",
    };
    let took = format!("{:.1} ms", step.took.as_secs_f64() * 1e3);
    match step.outcome {
        Ok(found) => Check::ok(name, format!("{found} ({took})")),
        Err(error) => Check::fail(name, format!("{} ({took})", error.message), remedy(error.class)),
    }
}

fn remedy(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Dns => "see whether the name is spelt right and whether this machine's resolver knows it",
        ErrorClass::Blocked => "if this receiver is meant, allow its subnet with --allow-subnet",
        ErrorClass::Connect => {
            "see whether the receiver runs, and whether a firewall lets this machine out to it"
        }
        ErrorClass::Tls => {
            "see to the receiver's certificate: its name, its dates and the chain that it sends"
        }
        ErrorClass::Timeout => "see whether a firewall drops what is sent, and how long the receiver takes",
        ErrorClass::Protocol | ErrorClass::Script => "see what listens there: it does not speak HTTP/1.1",
    }
}
