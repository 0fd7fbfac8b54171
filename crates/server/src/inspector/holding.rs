//! Bytes that hold a share for as long as they are there.

use bytes::Bytes;
use postroad_engine::Share;

use super::holder::Holder;

/// Bytes with their share, which they hold until the last of them is on the wire.
pub(super) fn holding(bytes: Vec<u8>, share: Share<Holder>) -> Bytes {
    struct Holding {
        bytes: Box<[u8]>,
        _share: Share<Holder>,
    }
    impl AsRef<[u8]> for Holding {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }
    // Without what was left over from growing, which nobody counts.
    let bytes = bytes.into_boxed_slice();
    Bytes::from_owner(Holding { bytes, _share: share })
}

#[cfg(test)]
mod tests {
    use postroad_engine::{Amount, Shares};

    use super::*;

    #[test]
    fn a_share_comes_back_with_the_last_of_its_bytes() {
        let (all, holder) = (Shares::new(Amount::of_bytes(20)), Holder::Server);
        let bytes = holding(vec![0; 10], all.take(&holder, 10).unwrap());
        let rest = bytes.slice(9..);
        drop(bytes);
        assert!(!all.has_room(&holder, 1));
        drop(rest);
        assert!(all.has_room(&holder, 20));
    }
}
