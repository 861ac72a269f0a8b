//! The answers of one connection, in order: encoded bytes with holes, and the file ranges that fill them.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use host::FileSlice;
use wire::Cut;

use crate::CloseReason;
use crate::cold::{Lane, WINDOW_BYTES};

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
    /// So many bytes of the first hole are in the page cache.
    warm: u32,
    /// So many of its bytes are not, where that was found.
    missing: u32,
    /// Whether bytes have left since that was found.
    has_sent_warm: bool,
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
    /// Found not to be in the page cache, so that it is not copied.
    is_cold: bool,
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
        self.warm = self.warm.saturating_sub(n);
        self.has_sent_warm = true;
        if slice.len == 0 {
            self.holes.pop_front();
            self.warm = 0;
        }
    }

    /// Whether the next hole has to be read from the disk before it can be sent. The kernel is asked once for each window.
    pub(crate) fn is_cold(&mut self, lane: &Lane) -> bool {
        let Some(Hole { slice, .. }) = self.holes.front() else { return false };
        let window = slice.len.min(WINDOW_BYTES);
        if self.warm == 0 {
            self.missing = lane.missing(&slice.file, slice.position, window);
            if self.missing == 0 {
                (self.warm, self.has_sent_warm) = (window, false);
            }
        }
        self.warm == 0
    }

    /// How many bytes of [`Outbox::window`] were not in the page cache when that was asked last.
    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }

    /// So many bytes of the next hole are in the page cache.
    pub(crate) fn warm_len(&self) -> u32 {
        self.warm
    }

    /// The peer takes no more for now: what is in the page cache may not be there when it does. What has just been read is
    /// offered once, or a reader that is slow enough would never get it.
    pub(crate) fn paused(&mut self) {
        if self.has_sent_warm {
            self.warm = 0;
        }
    }

    /// The range that has to be read from the disk before anything else can be sent.
    pub(crate) fn window(&self) -> Option<FileSlice> {
        let Some(Segment::File(slice)) = self.segment() else { return None };
        Some(FileSlice { len: slice.len.min(WINDOW_BYTES), ..slice.clone() })
    }

    /// That has happened.
    pub(crate) fn warmed(&mut self) {
        self.warm = self.window().map_or(0, |window| window.len);
        self.has_sent_warm = false;
    }

    /// Forgets what was there, keeping a bounded amount of memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.holes.clear();
        self.warm = 0;
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
                self.fresh.push(Hole { at: cut.at, slice, is_cold: false });
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
            match hole.slice.file.read_cached_at(&mut self.bytes[body.clone()], hole.slice.position) {
                Ok(true) => to_end = body.start,
                Ok(false) => (hole.at, hole.is_cold) = (to_end, true),
                Err(e) => self.failed = Some(format!("an answer's body could not be read: {e}").into()),
            }
        }
        self.close_gap(from_end, to_end);
        self.holes.extend(self.fresh.drain(..).filter(|hole| !hole.is_copied()));
    }
}

impl Outbox {
    /// What was found to be cold is not in its place: all behind the first of them moves up.
    fn close_gap(&mut self, from: usize, to: usize) {
        let gap = to - from;
        if gap == 0 || self.failed.is_some() {
            return;
        }
        self.bytes.drain(from..to);
        self.fresh.iter_mut().filter(|hole| !hole.is_copied()).for_each(|hole| hole.at -= gap);
    }
}

impl Hole {
    fn len(&self) -> usize {
        self.slice.len as usize
    }

    /// Small and in the page cache, or of a file that the kernel does not know (the simulated disk).
    fn is_copied(&self) -> bool {
        (self.len() <= COPY_MAX && !self.is_cold) || self.slice.file.fd().is_none()
    }
}

#[cfg(test)]
mod tests;
