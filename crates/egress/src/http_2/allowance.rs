//! How much a receiver may send on a connection of HTTP/2.
//!
//! **Invariant:** what is read is bounded by what the exchanges under way can need. Frames that HTTP/2 allows in any number
//! (pings, settings, empty data, interim answers, resets, updates of windows) would otherwise be worked through for as long as
//! somebody sends them.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::dial::Stream;

/// Bytes of one response that wait to be read, and of all on one connection.
pub(super) const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
pub(super) const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes before the payload of a frame.
const FRAME_HEAD_BYTES: u64 = 9;
/// A frame counts as so many bytes at least, for the work that an empty one makes.
const FRAME_BYTES_MIN: u64 = 256;
/// On a connection without an exchange: what may still come of exchanges that are over, which the connection's window bounds,
/// and some frames on the connection itself.
const CONNECTION_BYTES: u64 = CONNECTION_WINDOW_BYTES as u64 + 128 * 1024;
/// For an exchange: a head, a window of its body, and frames around them.
const EXCHANGE_BYTES: u64 = 2 * STREAM_WINDOW_BYTES as u64 + 128 * 1024;
/// For each so many bytes of a request, one byte: as its body is read, the receiver's window is updated.
const REQUEST_BYTES_PER_BYTE: u64 = 4;

/// What may still come on one connection.
#[derive(Debug)]
pub(super) struct Allowance(Mutex<State>);

#[derive(Debug)]
struct State {
    left: u64,
    /// To the exchanges under way.
    granted: u64,
    is_exceeded: bool,
}

/// The part of one exchange, which ends with it.
#[derive(Debug)]
pub(super) struct Grant {
    allowance: Arc<Allowance>,
    bytes: u64,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { left: CONNECTION_BYTES, granted: 0, is_exceeded: false }))
    }

    /// More for an exchange whose request has a body of so many bytes.
    pub(super) fn grant(self: &Arc<Self>, body_bytes: u64) -> Grant {
        let bytes = EXCHANGE_BYTES + body_bytes / REQUEST_BYTES_PER_BYTE;
        let mut state = self.locked();
        state.granted += bytes;
        state.left = (state.left + bytes).min(CONNECTION_BYTES + state.granted);
        drop(state);
        Grant { allowance: Arc::clone(self), bytes }
    }

    /// Whether more came than may.
    pub(super) fn is_exceeded(&self) -> bool {
        self.locked().is_exceeded
    }

    /// Errors: more has come than may.
    fn spend(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.locked();
        match state.left.checked_sub(bytes) {
            Some(left) => state.left = left,
            None => state.is_exceeded = true,
        }
        if state.is_exceeded { Err(io::Error::other("more frames have come than may")) } else { Ok(()) }
    }

    /// Nothing that holds the lock can panic half-way.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        let mut state = self.allowance.locked();
        state.granted -= self.bytes;
        state.left = state.left.min(CONNECTION_BYTES + state.granted);
    }
}

/// A stream from which no more can be read than is allowed.
pub(super) struct Metered {
    stream: Box<dyn Stream>,
    allowance: Arc<Allowance>,
    frames: Frames,
}

impl Metered {
    pub(super) fn new(stream: Box<dyn Stream>, allowance: Arc<Allowance>) -> Self {
        Self { stream, allowance, frames: Frames::default() }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        Poll::Ready(this.allowance.spend(this.frames.count(&buffer.filled()[before..])))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Where in the frames the bytes have come to.
#[derive(Default)]
struct Frames {
    /// Bytes of a frame's head that have come, and the length in them so far.
    head: u64,
    length: u64,
    /// Bytes of its payload that are still to come.
    payload: u64,
}

impl Frames {
    /// What these bytes count as: each frame is counted when its head has come.
    fn count(&mut self, mut bytes: &[u8]) -> u64 {
        let mut counted = 0;
        while let [byte, rest @ ..] = bytes {
            if self.payload > 0 {
                let come = self.payload.min(bytes.len() as u64);
                self.payload -= come;
                bytes = &bytes[usize::try_from(come).unwrap_or(bytes.len())..];
                continue;
            }
            bytes = rest;
            if self.head < 3 {
                // The first three bytes are the length (RFC 9113, section 4.1).
                self.length = self.length << 8 | u64::from(*byte);
            }
            self.head += 1;
            if self.head == FRAME_HEAD_BYTES {
                counted += (FRAME_HEAD_BYTES + self.length).max(FRAME_BYTES_MIN);
                *self = Self { payload: self.length, ..Self::default() };
            }
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_in_whatever_pieces_they_come() {
        let mut bytes = vec![0, 2, 0, 0, 0, 0, 0, 0, 1];
        bytes.extend([7; 512]);
        bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
        bytes.extend([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
        let expected = 9 + 512 + 2 * FRAME_BYTES_MIN;
        for size in [1, 2, 5, 11, bytes.len()] {
            let mut frames = Frames::default();
            let counted: u64 = bytes.chunks(size).map(|piece| frames.count(piece)).sum();
            assert_eq!(counted, expected, "{size}");
        }
    }

    #[test]
    fn what_one_exchange_has_not_used_is_not_left_to_those_after_it() {
        let allowance = Arc::new(Allowance::new());
        for _ in 0..100 {
            drop(allowance.grant(1024 * 1024));
        }
        let grant = allowance.grant(0);
        allowance.spend(CONNECTION_BYTES + grant.bytes).unwrap();
        assert!(!allowance.is_exceeded());
        assert!(allowance.spend(1).is_err() && allowance.is_exceeded());
    }

    #[test]
    fn those_under_way_have_what_they_need_whatever_the_others_have_used() {
        let allowance = Arc::new(Allowance::new());
        let grants: Vec<_> = (0..10).map(|_| allowance.grant(1024)).collect();
        for grant in grants {
            allowance.spend(grant.bytes).unwrap();
        }
    }
}
