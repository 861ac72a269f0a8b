//! The answers of one connection, in order: encoded bytes with holes, and the file ranges that fill them.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use host::FileSlice;
use wire::Cut;

use crate::CloseReason;

/// A body up to this size is copied beside its header, a larger one leaves by sendfile: below about 32 KiB one `pread` and a single
/// `send` cost less than `send` + `sendfile`.
const COPY_MAX: usize = 32 << 10;
/// Above this many bytes of encoded answers no further frame is handed out until they have left.
const BYTES_BOUND: usize = 1 << 20;
/// The same for file ranges.
const HOLES_BOUND: usize = 1024;
/// Memory that a drained outbox may keep.
const KEPT_BYTES_MAX: usize = 2 * BYTES_BOUND;

/// The answers of one connection, in order. Borrowed from the loop while there are any.
#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    /// Index in `bytes` up to which everything was sent.
    sent: usize,
    holes: VecDeque<Hole>,
    cuts: Vec<Cut>,
    fresh: Vec<Hole>,
    full: Rc<Cell<bool>>,
    failed: Option<CloseReason>,
}

/// File bytes that belong before `bytes[at]`.
#[derive(Clone)]
pub(crate) struct Hole {
    pub at: usize,
    pub slice: FileSlice,
}

/// What to send next.
pub(crate) enum Segment<'a> {
    /// Encoded bytes; `more` when a file range follows.
    Bytes {
        bytes: &'a [u8],
        more: bool,
    },
    File(&'a FileSlice),
}

impl Outbox {
    /// Adds one answer. `encode` appends the whole frame to the `Vec` and a cut for each hole it leaves; `files` are the bodies of the
    /// holes, in order and of the same lengths. A body that cannot be read closes the connection.
    ///
    /// # Panics
    /// If cuts and files do not match.
    pub fn push(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>, &mut Vec<Cut>),
        files: impl IntoIterator<Item = FileSlice>,
    ) {
        encode(&mut self.bytes, &mut self.cuts);
        self.pair(files);
        if !self.fresh.is_empty() {
            self.fill();
        }
        self.full.set(self.bytes.len() - self.sent > BYTES_BOUND || self.holes.len() > HOLES_BOUND);
    }

    /// Whether nothing waits to be sent.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len() && self.holes.is_empty()
    }

    /// The flag that stops [`Frames::next`](crate::Frames::next).
    pub(crate) fn full(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.full)
    }

    /// Why the answers cannot be sent, if so.
    pub(crate) fn take_failure(&mut self) -> Option<CloseReason> {
        self.failed.take()
    }

    /// What to send next; `None` when everything has left.
    pub(crate) fn segment(&self) -> Option<Segment<'_>> {
        match self.holes.front() {
            Some(hole) if hole.at == self.sent => Some(Segment::File(&hole.slice)),
            Some(hole) => Some(Segment::Bytes { bytes: &self.bytes[self.sent..hole.at], more: true }),
            None if self.sent < self.bytes.len() => {
                Some(Segment::Bytes { bytes: &self.bytes[self.sent..], more: false })
            }
            None => None,
        }
    }

    /// `n` bytes of the current [`Segment::Bytes`] have left.
    pub(crate) fn sent_bytes(&mut self, n: usize) {
        self.sent += n;
    }

    /// `n` bytes of the current [`Segment::File`] have left.
    pub(crate) fn sent_file(&mut self, n: u32) {
        let slice = &mut self.holes.front_mut().expect("a file segment was being sent").slice;
        slice.position += u64::from(n);
        slice.len -= n;
        if slice.len == 0 {
            self.holes.pop_front();
        }
    }

    /// Forgets what was there, keeping a bounded amount of memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.holes.clear();
        self.sent = 0;
        self.full.set(false);
        self.failed = None;
    }

    /// Moves the cuts of the answer just encoded to `fresh`, each with its file.
    fn pair(&mut self, files: impl IntoIterator<Item = FileSlice>) {
        let mut files = files.into_iter();
        for cut in self.cuts.drain(..) {
            let slice = files.next().expect("every cut has its file");
            assert_eq!(cut.len, slice.len as usize, "a file as long as its cut");
            if cut.len > 0 {
                self.fresh.push(Hole { at: cut.at, slice });
            }
        }
        assert!(files.next().is_none(), "every file has its cut");
    }

    /// Copies the small bodies of `fresh` into place and queues the large ones.
    ///
    /// The encoded bytes are widened once and moved from the back to the front, so each is moved at most once and no second
    /// buffer is needed.
    fn fill(&mut self) {
        let mut from_end = self.bytes.len();
        let copied: usize = self.fresh.iter().filter(|hole| hole.is_copied()).map(Hole::len).sum();
        self.bytes.resize(from_end + copied, 0);
        let mut to_end = self.bytes.len();
        for hole in self.fresh.iter_mut().rev() {
            let tail = from_end - hole.at;
            self.bytes.copy_within(hole.at..from_end, to_end - tail);
            from_end = hole.at;
            to_end -= tail;
            if !hole.is_copied() {
                hole.at = to_end;
                continue;
            }
            let body = to_end - hole.len()..to_end;
            to_end = body.start;
            if let Err(e) = hole.slice.file.read_exact_at(&mut self.bytes[body], hole.slice.position) {
                self.failed = Some(format!("an answer's body could not be read: {e}").into());
            }
        }
        self.holes.extend(self.fresh.drain(..).filter(|hole| !hole.is_copied()));
    }
}

impl Hole {
    fn len(&self) -> usize {
        self.slice.len as usize
    }

    /// Small, or of a file that the kernel does not know (the simulated disk).
    fn is_copied(&self) -> bool {
        self.len() <= COPY_MAX || self.slice.file.fd().is_none()
    }
}

#[cfg(test)]
mod tests;
