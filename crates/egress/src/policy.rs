//! Which addresses may be called: a pure function of the address, the port and what the operator allowed.
//!
//! **Invariant:** everything that is not globally routable is refused unless the operator allowed its subnet, in
//! whatever IPv6 form it comes. Lacking on purpose: names. A rule about names can be undone by a name server.

mod forms;
mod ranges;

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use ipnet::IpNet;

/// The operator's word on addresses.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    /// Subnets that may be called although they are not globally routable.
    pub allow_subnets: Vec<IpNet>,
    /// Where Postroad itself listens. An unspecified address (`0.0.0.0`, `::`) stands for all addresses of the machine.
    /// Always refused, whatever the subnets: an event must not be able to call the API that sends it.
    pub own_addresses: Vec<SocketAddr>,
    /// Lets Postroad call itself: for `postroad dev` only. Does not lift the rule about subnets.
    pub allow_own: bool,
}

impl AddressPolicy {
    /// Whether `ip` may be called on `port`. Errors: why not, with the remedy in its text.
    pub fn judge(&self, ip: IpAddr, port: u16) -> Result<(), Blocked> {
        let blocked = |why| Err(Blocked { address: SocketAddr::new(ip.to_canonical(), port), why });
        for form in forms::of(ip) {
            if self.is_listed_as_own(form, port) {
                return blocked(Why::Own);
            }
            let allowed = self.allow_subnets.iter().any(|subnet| subnet.contains(&form));
            if let Some(kind) = ranges::not_global(form).filter(|_| !allowed) {
                return blocked(Why::NotGlobal { ip: form, kind });
            }
        }
        Ok(())
    }

    /// As [`judge`](Self::judge), where `is_own` tells the addresses of this machine: asked only when Postroad listens
    /// on all of them with this port.
    pub(crate) fn judge_on_machine(
        &self,
        ip: IpAddr,
        port: u16,
        is_own: impl Fn(IpAddr) -> bool,
    ) -> Result<(), Blocked> {
        self.judge(ip, port)?;
        if self.listens_everywhere_on(port) && forms::of(ip).any(is_own) {
            return Err(Blocked { address: SocketAddr::new(ip.to_canonical(), port), why: Why::Own });
        }
        Ok(())
    }

    fn is_listed_as_own(&self, ip: IpAddr, port: u16) -> bool {
        self.own_ips_on(port).any(|own| {
            // Calling the unspecified address reaches this machine, as loopback does when it listens everywhere.
            own == ip || ip.is_unspecified() || ip.is_loopback() && own.is_unspecified()
        })
    }

    fn listens_everywhere_on(&self, port: u16) -> bool {
        self.own_ips_on(port).any(|own| own.is_unspecified())
    }

    fn own_ips_on(&self, port: u16) -> impl Iterator<Item = IpAddr> {
        let own = self.own_addresses.iter().filter(move |own| !self.allow_own && own.port() == port);
        own.map(|own| own.ip().to_canonical())
    }
}

/// An address that may not be called. Its text ends with the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Blocked {
    /// The address that was judged, an IPv4 address mapped into IPv6 as the IPv4 address it is.
    pub address: SocketAddr,
    /// The rule that refused it.
    pub why: Why,
}

/// The rule that refused an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not an address of the public internet.
    NotGlobal {
        /// The judged address itself or the one embedded in it.
        ip: IpAddr,
        /// What kind of address it is; continues a sentence.
        kind: &'static str,
    },
    /// Postroad listens there.
    Own,
}

impl fmt::Display for Blocked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address;
        match self.why {
            Why::Own => {
                write!(out, "{address} is where Postroad itself listens. Use the address of another service")
            }
            Why::NotGlobal { ip, kind } => {
                let stands_for = if ip == address.ip() { "" } else { &format!(" stands for {ip}, which") };
                write!(out, "{address}{stands_for} is {kind}. ")?;
                if ranges::is_link_local(ip) {
                    // Whoever opens it opens the keys of the machine.
                    return out.write_str("No receiver should be there: use another address of it");
                }
                write!(
                    out,
                    "If this receiver is meant, start Postroad with --allow-subnet {}",
                    IpNet::from(ip)
                )
            }
        }
    }
}
