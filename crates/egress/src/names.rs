//! Names and their addresses, remembered for a bounded time and in a bounded number.
//!
//! **Invariant:** nothing here judges: the guard judges at each dial what it gets from here, so an answer that is
//! remembered is as safe as a fresh one. **Invariant:** many who ask for one name at a time are one question to the
//! name server.
//!
//! Lacking on purpose: answers beyond their time. A receiver that moved is better met with an error than at an address
//! that may be somebody else's by now.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use postroad_domain::limits::{NAME_FAILED_TIME, NAME_MISSING_TIME, NAME_TIME};
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use tokio::time::Instant;

use crate::dial::{Dial, Resolved};

/// The names that are remembered, over a [`Dial`].
pub(crate) struct Names {
    dial: Arc<dyn Dial>,
    known: Cache<String, Known>,
}

/// What a name server said, and until when it counts.
#[derive(Clone)]
struct Known {
    answer: Result<Arc<[IpAddr]>, Failed>,
    until: Instant,
}

/// An error that many can have.
#[derive(Clone)]
struct Failed {
    kind: io::ErrorKind,
    text: Arc<str>,
}

impl Names {
    /// Remembers at most `names_max` names.
    pub(crate) fn new(dial: Arc<dyn Dial>, names_max: usize) -> Self {
        Self { dial, known: Cache::new(names_max) }
    }

    /// Every address of a name, never none.
    pub(crate) async fn addresses(&self, host: &str) -> io::Result<Arc<[IpAddr]>> {
        let now = Instant::now();
        let keep = |_: &String, known: &mut Known| {
            if now < known.until {
                EntryAction::Retain(known.answer.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        };
        let answer = match self.known.entry_async(host, keep).await {
            EntryResult::Retained(answer) => answer,
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => {
                let known = self.ask(host).await;
                let answer = known.answer.clone();
                // Fails only when somebody took the place meanwhile, whose answer is as good.
                let _ = guard.insert(known);
                answer
            }
            EntryResult::Removed(..) | EntryResult::Timeout => return Err(io::ErrorKind::TimedOut.into()),
        };
        answer.map_err(|failed| io::Error::new(failed.kind, failed.text.to_string()))
    }

    async fn ask(&self, host: &str) -> Known {
        let resolved = self.dial.resolve(host).await.and_then(with_addresses);
        let (answer, valid_for) = match resolved {
            Ok(Resolved { addresses, valid_for }) => {
                (Ok(addresses.into()), valid_for.clamp(NAME_TIME.min, NAME_TIME.max))
            }
            Err(error) => {
                let is_missing = error.kind() == io::ErrorKind::NotFound;
                let valid_for: Duration = if is_missing { NAME_MISSING_TIME } else { NAME_FAILED_TIME };
                (Err(Failed { kind: error.kind(), text: error.to_string().into() }), valid_for)
            }
        };
        Known { answer, until: Instant::now() + valid_for }
    }
}

fn with_addresses(resolved: Resolved) -> io::Result<Resolved> {
    if resolved.addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use async_trait::async_trait;

    use super::*;
    use crate::dial::Stream;

    /// Every name has the same address.
    struct OneAddress;

    #[async_trait]
    impl Dial for OneAddress {
        async fn resolve(&self, _: &str) -> io::Result<Resolved> {
            Ok(Resolved { addresses: vec![Ipv4Addr::LOCALHOST.into()], valid_for: NAME_TIME.max })
        }

        async fn connect(&self, _: SocketAddr) -> io::Result<Box<dyn Stream>> {
            Err(io::ErrorKind::ConnectionRefused.into())
        }
    }

    #[tokio::test]
    async fn no_more_names_are_remembered_than_may_be() {
        let names = Names::new(Arc::new(OneAddress), 100);
        for number in 0..1_000 {
            names.addresses(&format!("{number}.example")).await.unwrap();
        }
        assert!((1..=100).contains(&names.known.len()), "{}", names.known.len());
    }
}
