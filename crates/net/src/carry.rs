//! Bytes that a connection keeps between reads: a partial frame, or frames behind an answer that is waited for.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::budget::Age;
use crate::frames::{BadSize, PREFIX_LEN, frame_len, split};
use crate::scratch::Buffers;

/// Up to this size a buffer is charged without asking, so that small requests are never starved by large ones.
pub(crate) const UNASKED_BYTES: usize = 16 << 10;
/// The least that is allocated for a partial frame (or the frame itself, when smaller).
const ROOM_MIN: usize = 512;

/// The unread bytes of one connection. Owns no memory while there are none.
pub(crate) struct Carry {
    buffers: Rc<Buffers>,
    max_frame_bytes: u32,
    /// Initialised to its length; the unread bytes are `start..end`.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Set from the first time the budget was asked until the buffer is given back.
    age: Option<Age>,
}

impl Carry {
    pub fn new(buffers: Rc<Buffers>, max_frame_bytes: u32) -> Carry {
        Carry { buffers, max_frame_bytes, bytes: Vec::new(), start: 0, end: 0, age: None }
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Whether a turn can be taken without reading: a whole frame is there, or a prefix that ends the connection.
    pub fn is_ready(&self) -> bool {
        !matches!(split(self.unread(), self.max_frame_bytes), Ok(None))
    }

    /// Makes room for the rest of the partial frame. Room follows the bytes that arrived.
    pub fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        let wanted = self.wanted();
        if self.is_empty() || wanted <= self.bytes.len() - self.start {
            return Poll::Ready(());
        }
        if wanted > UNASKED_BYTES {
            let age = *self.age.get_or_insert_with(|| self.buffers.budget.age());
            ready!(self.buffers.budget.poll_take(age, wanted, cx));
            self.replace(wanted, wanted);
        } else {
            self.replace(wanted, 0);
        }
        Poll::Ready(())
    }

    /// The place for the rest of the partial frame, as far as there is room.
    pub fn gap(&mut self) -> &mut [u8] {
        let end = (self.start + self.expected()).clamp(self.end, self.bytes.len());
        &mut self.bytes[self.end..end]
    }

    /// `n` bytes were read into the gap.
    pub fn filled(&mut self, n: usize) {
        self.end += n;
    }

    /// Takes from the front of `from` what the partial frame misses, if there is one; returns how much.
    pub fn absorb(&mut self, from: &[u8]) -> Result<usize, BadSize> {
        let mut taken = 0;
        while !self.is_empty() && taken < from.len() {
            let missing = self.checked_expected()?.saturating_sub(self.end - self.start);
            if missing == 0 {
                break;
            }
            let take = missing.min(from.len() - taken);
            self.keep(&from[taken..taken + take]);
            taken += take;
        }
        Ok(taken)
    }

    /// Appends bytes that were received and not handled.
    pub fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            return;
        }
        let need = self.end - self.start + rest.len();
        if self.bytes.len() - self.end < rest.len() {
            let expected = if self.is_empty() { self.expected_of(rest) } else { self.expected() };
            self.replace(room(need, expected).max(need), 0);
        }
        self.bytes[self.end..self.end + rest.len()].copy_from_slice(rest);
        self.end += rest.len();
    }

    /// All but the last `left` unread bytes were handled.
    pub fn leave(&mut self, left: usize) {
        self.start = self.end - left;
        if left == 0 {
            self.clear();
        }
    }

    /// The length of the frame at the front as far as it is known; a bad size counts as what is there, the turn will find it.
    fn expected(&self) -> usize {
        self.expected_of(self.unread())
    }

    fn expected_of(&self, bytes: &[u8]) -> usize {
        frame_len(bytes, self.max_frame_bytes).map_or(bytes.len(), |len| len.unwrap_or(PREFIX_LEN))
    }

    fn checked_expected(&self) -> Result<usize, BadSize> {
        Ok(frame_len(self.unread(), self.max_frame_bytes)?.unwrap_or(PREFIX_LEN))
    }

    fn wanted(&self) -> usize {
        room(self.end - self.start, self.expected())
    }

    /// Moves the unread bytes to the front of a buffer of at least `len` bytes, of which `paid` are taken from the budget already.
    fn replace(&mut self, len: usize, paid: usize) {
        let new = self.buffers.take(len);
        self.buffers.budget.charge(new.len() - paid);
        let unread = self.start..self.end;
        let old = std::mem::replace(&mut self.bytes, new);
        (self.start, self.end) = (0, unread.len());
        self.bytes[..unread.len()].copy_from_slice(&old[unread]);
        self.give_back(old);
    }

    fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        let old = std::mem::take(&mut self.bytes);
        self.give_back(old);
        if let Some(age) = self.age.take() {
            self.buffers.budget.leave(age);
        }
    }

    fn give_back(&self, old: Vec<u8>) {
        if !old.is_empty() {
            self.buffers.budget.release(old.len());
            self.buffers.give(old);
        }
    }
}

impl Drop for Carry {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A buffer has at most this many times the bytes that arrived. The budget is charged for all of it; memory is used only where
/// bytes arrive. Smaller steps would leave more outgrown buffers behind, which the allocator keeps for a while.
const GROWTH: usize = 4;

/// The buffer size for a frame of `expected` bytes of which `have` are there.
fn room(have: usize, expected: usize) -> usize {
    expected.min((GROWTH * have).max(ROOM_MIN))
}

#[cfg(test)]
mod tests;
