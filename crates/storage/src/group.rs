//! The batches of one turn that go to the same segment with one write.

use std::io::IoSlice;

use record::{BatchHeader, LeaderEpoch, Offset, ProducedBatch, STAMP_LEN, stamp};
use smallvec::SmallVec;

/// Batches that have their offsets and wait to be written.
#[derive(Default)]
pub(crate) struct Group<'b> {
    placed: SmallVec<[Placed<'b>; INLINE]>,
    len: u32,
}

/// Most turns have no more batches for one partition, and then nothing is allocated.
const INLINE: usize = 16;

struct Placed<'b> {
    /// As it will be in the log.
    header: BatchHeader,
    stamp: [u8; STAMP_LEN],
    batch: &'b ProducedBatch<'b>,
}

impl<'b> Group<'b> {
    pub(crate) fn push(&mut self, batch: &'b ProducedBatch<'b>, base_offset: Offset, epoch: LeaderEpoch) {
        let header = BatchHeader { base_offset, partition_leader_epoch: epoch, ..*batch.header() };
        self.len += header.total_len() as u32;
        self.placed.push(Placed { header, stamp: stamp(batch.header(), base_offset, epoch), batch });
    }

    /// Bytes of all batches.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = &BatchHeader> {
        self.placed.iter().map(|placed| &placed.header)
    }

    /// What is to be written: per batch the stamp, then the rest as the producer sent it.
    pub(crate) fn slices(&self) -> SmallVec<[IoSlice<'_>; 2 * INLINE]> {
        let parts = self.placed.iter().flat_map(|placed| {
            let [header, body] = placed.batch.after_stamp();
            [&placed.stamp[..], header, body]
        });
        parts.filter(|part| !part.is_empty()).map(IoSlice::new).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.placed.clear();
        self.len = 0;
    }
}
