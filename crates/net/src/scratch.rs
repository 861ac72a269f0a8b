//! The memory that the connections of one loop borrow: the area that is read into, spare buffers, outboxes.

use std::cell::{RefCell, RefMut};
use std::sync::Arc;

use crate::Outbox;
use crate::budget::Budget;

/// What one read may bring. Large enough for several requests per `recv`, small enough to stay in the core's cache.
pub(crate) const SCRATCH_BYTES: usize = 256 << 10;
/// Buffers below this size are not worth keeping, the allocator is as fast.
const SPARE_BYTES_MIN: usize = 64 << 10;
/// Spare buffers kept per loop, in bytes together and in number.
const SPARE_BYTES_TOTAL: usize = 8 << 20;
const SPARES_MAX: usize = 16;
/// Drained outboxes kept per loop.
const OUTBOXES_MAX: usize = 4;

/// The memory that the connections of one loop borrow.
pub(crate) struct Buffers {
    pub budget: Arc<Budget>,
    scratch: RefCell<Box<[u8]>>,
    spares: RefCell<Vec<Vec<u8>>>,
    #[expect(clippy::vec_box, reason = "a connection without answers should hold 8 bytes, not an outbox")]
    outboxes: RefCell<Vec<Box<Outbox>>>,
}

impl Buffers {
    pub fn new(budget: Arc<Budget>) -> Buffers {
        Buffers {
            budget,
            scratch: RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice()),
            spares: RefCell::default(),
            outboxes: RefCell::default(),
        }
    }

    /// The area to read into, for the rest of this poll.
    pub fn scratch(&self) -> RefMut<'_, Box<[u8]>> {
        self.scratch.borrow_mut()
    }

    /// An initialised buffer of at least `len` bytes. Spare ones come first: their pages are mapped already.
    pub fn take(&self, len: usize) -> Vec<u8> {
        let mut spares = self.spares.borrow_mut();
        let fits = |spare: &Vec<u8>| len >= SPARE_BYTES_MIN && spare.len() >= len;
        // The largest, because the frame may still grow into it.
        match (0..spares.len()).filter(|&i| fits(&spares[i])).max_by_key(|&i| spares[i].len()) {
            Some(largest) => spares.swap_remove(largest),
            None => vec![0; len],
        }
    }

    /// Gives a buffer back, to be kept or freed.
    pub fn give(&self, buffer: Vec<u8>) {
        let mut spares = self.spares.borrow_mut();
        let kept: usize = spares.iter().map(Vec::len).sum();
        if buffer.len() >= SPARE_BYTES_MIN && kept + buffer.len() <= SPARE_BYTES_TOTAL && spares.len() < SPARES_MAX {
            spares.push(buffer);
        }
    }

    /// An empty outbox.
    pub fn take_outbox(&self) -> Box<Outbox> {
        self.outboxes.borrow_mut().pop().unwrap_or_default()
    }

    pub fn give_outbox(&self, mut outbox: Box<Outbox>) {
        outbox.clear();
        let mut outboxes = self.outboxes.borrow_mut();
        if outboxes.len() < OUTBOXES_MAX {
            outboxes.push(outbox);
        }
    }
}
