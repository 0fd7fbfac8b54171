//! Public identifiers: TypeIDs (`evt_01h455vb4pex5vsknk084sn02q`), a UUIDv7 behind a prefix that names the kind.
//!
//! Source: TypeID specification 0.3 (Crockford base 32, lower case, 26 characters) and RFC 9562, section 5.7. The type
//! of the object is in the Rust type too, so an event id cannot be passed where a delivery id is wanted.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr};

use rand::Rng;
use uuid::Uuid;

use crate::{invalid::Invalid, time::Timestamp};

/// The kind of object an [`Id`] names; implemented by the empty types of this module.
pub trait Kind {
    /// Text before the underscore: `evt`.
    const PREFIX: &'static str;
    /// How a sentence calls the object: `event`.
    const NOUN: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $id:ident, $prefix:literal, $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
            const NOUN: &'static str = $noun;
        }
        $(#[$doc])*
        pub type $id = Id<$kind>;
    )*};
}

kinds! {
    /// An accepted event.
    EventKind, EventId, "evt", "event";
    /// A subscription.
    SubscriptionKind, SubscriptionId, "sub", "subscription";
    /// One or more events on their way to one push subscription.
    DeliveryKind, DeliveryId, "dlv", "delivery";
    /// One HTTP exchange made for a delivery.
    AttemptKind, AttemptId, "att", "attempt";
    /// An API key.
    KeyKind, KeyId, "key", "key";
    /// A job that sends again what a subscription did not get.
    ReplayKind, ReplayId, "rpl", "replay";
    /// An entry of the audit.
    AuditKind, AuditId, "aud", "audit entry";
}

/// An identifier of one kind of object.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    /// A fresh UUIDv7: 48 bits of milliseconds, the rest chance.
    pub fn new(now: Timestamp, rng: &mut impl Rng) -> Self {
        let mut random = [0_u8; 10];
        rng.fill_bytes(&mut random);
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The smallest id of the given moment: with it a time becomes the edge of a range of ids.
    pub fn at_least(moment: Timestamp) -> Self {
        let millis = u64::try_from(moment.as_millis()).unwrap_or(0);
        let mut bytes = [0_u8; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The moment the id was made, to the millisecond.
    pub fn timestamp(&self) -> Timestamp {
        let bytes = self.uuid.as_bytes();
        let millis = bytes[..6].iter().fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
        Timestamp::from_millis(millis)
    }
}

impl<K> Id<K> {
    /// Wraps a UUID that is already known to be of this kind (from the store).
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// From the 16 bytes the store keeps.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes the store keeps; they sort by time.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }

    /// The UUID inside, as the compatible APIs show it.
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }
}

/// The low bits of an event's id are zero; in the ids of its deliveries they count.
const DELIVERY_NUMBER_BITS: u32 = 12;

impl Id<EventKind> {
    /// A fresh event id: a UUIDv7 whose last 12 bits are zero, so that its deliveries' ids can be made from it. 62 bits
    /// of chance within each millisecond are left.
    pub fn for_event(now: Timestamp, rng: &mut impl Rng) -> Self {
        let fresh = Self::new(now, rng).uuid.as_u128();
        Self::from_uuid(Uuid::from_u128(fresh >> DELIVERY_NUMBER_BITS << DELIVERY_NUMBER_BITS))
    }

    /// The id of this event's delivery `number`, from 1 to 4,095.
    ///
    /// A delivery is found through its event: no store needs an index on the ids of deliveries, and the deliveries of
    /// an event are a range of keys (ADR 1).
    pub fn delivery(&self, number: u16) -> DeliveryId {
        let low = u128::from(number) & ((1 << DELIVERY_NUMBER_BITS) - 1);
        DeliveryId::from_uuid(Uuid::from_u128(self.uuid.as_u128() | low))
    }
}

impl Id<DeliveryKind> {
    /// The event that this delivery was made for. A group carries others beside it.
    pub fn first_event(&self) -> EventId {
        let id = self.uuid.as_u128();
        EventId::from_uuid(Uuid::from_u128(id >> DELIVERY_NUMBER_BITS << DELIVERY_NUMBER_BITS))
    }

    /// Its number among the event's deliveries, from 1.
    pub fn number(&self) -> u16 {
        (self.uuid.as_u128() & ((1 << DELIVERY_NUMBER_BITS) - 1)) as u16
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LENGTH: usize = 26;

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.uuid.as_u128();
        let mut suffix = [b'0'; SUFFIX_LENGTH];
        for place in suffix.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        out.write_str(K::PREFIX)?;
        out.write_str("_")?;
        out.write_str(std::str::from_utf8(&suffix).map_err(|_| fmt::Error)?)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        parse_suffix::<K>(text).map(Self::from_uuid).ok_or_else(|| {
            Invalid::new(format!(
                "is not the id of a {}: write {}_ and 26 characters of 0-9 and a-z",
                K::NOUN,
                K::PREFIX
            ))
        })
    }
}

fn parse_suffix<K: Kind>(text: &str) -> Option<Uuid> {
    let suffix = text.strip_prefix(K::PREFIX)?.strip_prefix('_')?.as_bytes();
    // 26 characters hold 130 bits: a first one above 7 would overflow the 128 of a UUID.
    if suffix.len() != SUFFIX_LENGTH || suffix[0] > b'7' {
        return None;
    }
    let mut value = 0_u128;
    for character in suffix {
        let digit = ALPHABET.iter().position(|known| known == character)?;
        value = (value << 5) | digit as u128;
    }
    Some(Uuid::from_u128(value))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn the_vectors_of_the_typeid_specification_hold() {
        for (suffix, uuid) in [
            ("00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
            ("00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
            ("0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
            ("01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
            ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ] {
            let id = EventId::from_uuid(uuid.parse().unwrap());
            assert_eq!(id.to_string(), format!("evt_{suffix}"));
            assert_eq!(format!("evt_{suffix}").parse::<EventId>().unwrap(), id);
        }
    }

    #[test]
    fn what_is_not_an_id_of_the_kind_is_refused_with_the_form_that_is_wanted() {
        for text in [
            "",
            "evt_",
            "sub_01h455vb4pex5vsknk084sn02q",
            "evt_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "evt_01H455VB4PEX5VSKNK084SN02Q",
            "evt_01h455vb4pex5vsknk084sn02u",
            "evt_01h455vb4pex5vsknk084sn02",
        ] {
            let refused = text.parse::<EventId>().unwrap_err().to_string();
            assert!(refused.contains("evt_ and 26 characters"), "{text}: {refused}");
        }
    }

    #[test]
    fn a_deliverys_id_leads_to_its_event() {
        let event =
            EventId::for_event(Timestamp::from_millis(1_700_000_000_123), &mut StdRng::seed_from_u64(8));
        for number in [1, 2, 4_095] {
            let delivery = event.delivery(number);
            assert_eq!((delivery.first_event(), delivery.number()), (event, number));
            assert_eq!(delivery.timestamp(), event.timestamp());
        }
        assert!(event.delivery(1) < event.delivery(2));
    }

    #[test]
    fn an_id_carries_its_moment_and_sorts_by_it() {
        let mut rng = StdRng::seed_from_u64(7);
        let early = EventId::new(Timestamp::from_millis(1_700_000_000_123), &mut rng);
        let late = EventId::new(Timestamp::from_millis(1_700_000_000_124), &mut rng);
        assert_eq!(early.timestamp().as_millis(), 1_700_000_000_123);
        assert!(early < late);
        let edge = EventId::at_least(late.timestamp());
        assert!(early < edge && edge < late);
        assert_eq!(early.uuid().get_version_num(), 7);
    }
}
