//! Leanbe's signature, for comparison with the ones that Node made.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;

/// The secret of the vectors in spec 1.4.
pub(crate) const SECRET: &str = "leanbe-test-secret";

/// HMAC-SHA256 under [`SECRET`] as lower-case hexadecimal digits.
pub(crate) fn signature(message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, message).as_ref())
}
