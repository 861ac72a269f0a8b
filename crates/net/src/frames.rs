//! Splitting bytes into frames: a 4-byte big-endian size, then that many bytes.

use std::cell::Cell;

use crate::CloseReason;

/// Bytes of the size prefix.
pub(crate) const PREFIX_LEN: usize = 4;
/// The shortest request header: API key, version, correlation id.
const FRAME_LEN_MIN: i32 = 8;

/// The complete frames of one read, in order.
pub struct Frames<'a> {
    /// Bytes kept from earlier reads. When `second` is not empty, these are whole frames.
    first: &'a [u8],
    /// Bytes of this read, beginning with a frame.
    second: &'a [u8],
    /// Set while the outbox is over its bound: the answers must leave before the next frame is handled.
    full: &'a Cell<bool>,
    max_frame_bytes: u32,
    taken: u64,
    bad: Option<BadSize>,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(first: &'a [u8], second: &'a [u8], full: &'a Cell<bool>, max_frame_bytes: u32) -> Frames<'a> {
        Frames { first, second, full, max_frame_bytes, taken: 0, bad: None }
    }

    /// What [`Frames::next`] would give, which leaves it to a later turn if this one ends before.
    pub fn peek(&mut self) -> Option<&'a [u8]> {
        if self.full.get() {
            return None;
        }
        let from = if self.first.is_empty() { self.second } else { self.first };
        match split(from, self.max_frame_bytes) {
            Ok(len) => len.map(|len| &from[PREFIX_LEN..len]),
            Err(bad) => {
                self.bad = Some(bad);
                None
            }
        }
    }

    /// The next complete frame without its size prefix. `None`: there is none left, or the outbox is over its bound.
    #[expect(clippy::should_implement_trait, reason = "a lending cursor over one read, not an iterator to be adapted")]
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let frame = self.peek()?;
        let from = if self.first.is_empty() { &mut self.second } else { &mut self.first };
        *from = &from[PREFIX_LEN + frame.len()..];
        self.taken += 1;
        Some(frame)
    }

    /// How the cursor stands after the turn.
    pub(crate) fn finish(self) -> Leftover {
        Leftover { first: self.first.len(), second: self.second.len(), taken: self.taken, bad: self.bad }
    }
}

/// What a turn left: byte counts not consumed, and why the connection cannot go on, if so.
pub(crate) struct Leftover {
    pub first: usize,
    pub second: usize,
    /// Frames that were handed out.
    pub taken: u64,
    pub bad: Option<BadSize>,
}

/// A size prefix that no request can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame of {size} bytes declared; a request has at least {FRAME_LEN_MIN} and at most {max}")]
pub(crate) struct BadSize {
    size: i32,
    max: u32,
}

impl From<BadSize> for CloseReason {
    fn from(bad: BadSize) -> CloseReason {
        bad.to_string().into()
    }
}

/// The length with its prefix of the frame at the start of `bytes`; `None` while the prefix is incomplete.
pub(crate) fn frame_len(bytes: &[u8], max_frame_bytes: u32) -> Result<Option<usize>, BadSize> {
    let Some(prefix) = bytes.first_chunk::<PREFIX_LEN>() else { return Ok(None) };
    let size = i32::from_be_bytes(*prefix);
    if size < FRAME_LEN_MIN || size as u32 > max_frame_bytes {
        return Err(BadSize { size, max: max_frame_bytes });
    }
    Ok(Some(PREFIX_LEN + size as usize))
}

/// The length with its prefix of the frame at the start of `bytes` if it is there whole.
pub(crate) fn split(bytes: &[u8], max_frame_bytes: u32) -> Result<Option<usize>, BadSize> {
    Ok(frame_len(bytes, max_frame_bytes)?.filter(|&len| len <= bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(bytes: &[u8]) -> (Vec<Vec<u8>>, Leftover) {
        let full = Cell::new(false);
        let mut frames = Frames::new(&[], bytes, &full, 100);
        let mut taken = Vec::new();
        while let Some(frame) = frames.next() {
            taken.push(frame.to_vec());
        }
        (taken, frames.finish())
    }

    #[test]
    fn whole_frames_are_taken_and_the_rest_is_left() {
        let (taken, left) = take(b"\0\0\0\x0812345678\0\0\0\x08abc");
        assert_eq!(taken, [b"12345678"]);
        assert_eq!((left.second, left.taken, left.bad), (7, 1, None));
    }

    #[test]
    fn a_frame_that_was_only_looked_at_is_left() {
        let full = Cell::new(false);
        let mut frames = Frames::new(&[], b"\0\0\0\x0812345678", &full, 100);
        assert_eq!((frames.peek(), frames.peek()), (Some(&b"12345678"[..]), Some(&b"12345678"[..])));
        let left = frames.finish();
        assert_eq!((left.second, left.taken), (12, 0));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for (size, ok) in [(-1, false), (i32::MIN, false), (0, false), (7, false), (8, true), (100, true), (101, false)]
        {
            assert_eq!(take(&i32::to_be_bytes(size)).1.bad.is_none(), ok, "{size}");
        }
        assert!(take(b"GET / HTTP/1.1\r\n").1.bad.is_some());
    }

    #[test]
    fn nothing_is_handed_out_while_the_outbox_is_full() {
        let full = Cell::new(true);
        assert_eq!(Frames::new(&[], b"\0\0\0\x0812345678", &full, 100).next(), None);
    }
}
