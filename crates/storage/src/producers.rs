//! What a log remembers of idempotent producers (KIP-98): the epoch and the last five batches of each.
//!
//! A producer has at most five requests in flight, so a batch that is sent again is one of the last five: it is answered
//! with the offset that it got the first time.

use std::collections::HashMap;

use record::{BatchHeader, Offset, ProducerEpoch, ProducerId, Timestamp};
use smallvec::SmallVec;

/// Batches that are remembered per producer.
pub const WINDOW: usize = 5;

/// The producers of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Producers(HashMap<ProducerId, Producer>);

/// One producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// Its epoch.
    pub epoch: ProducerEpoch,
    /// Its last batches, oldest first.
    pub batches: SmallVec<[Appended; WINDOW]>,
}

/// A batch that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The sequence number of its first record.
    pub first_sequence: i32,
    /// The sequence number of its last record.
    pub last_sequence: i32,
    /// The offset of its first record.
    pub base_offset: Offset,
    /// The offset of its last record.
    pub last_offset: Offset,
    /// Its greatest timestamp.
    pub timestamp: Timestamp,
}

/// What a batch is to its producer's earlier ones.
#[derive(Debug, PartialEq, Eq)]
pub enum Sequence {
    /// The next one, or not of an idempotent producer.
    Next,
    /// One that was appended already, at this offset.
    Duplicate(Offset),
    /// One that must not be appended.
    Rejected(SequenceError),
}

/// Why a batch does not follow its producer's last one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// Batches between are missing, or it is older than all that are remembered.
    #[error("out of order sequence number for producer {producer}: {sequence} came, {expected} was expected")]
    OutOfOrder {
        /// The producer.
        producer: ProducerId,
        /// The batch's first sequence number.
        sequence: i32,
        /// What would have followed.
        expected: i32,
    },
    /// A newer incarnation of the producer has written.
    #[error("producer {producer} has epoch {current}, the batch has {epoch}")]
    StaleEpoch {
        /// The producer.
        producer: ProducerId,
        /// The batch's epoch.
        epoch: ProducerEpoch,
        /// The log's.
        current: ProducerEpoch,
    },
}

impl Producers {
    /// Decides about a batch. A producer that is not known may begin with any number: its state may have expired.
    pub fn check(&self, header: &BatchHeader) -> Sequence {
        if header.producer_id == ProducerId::NONE {
            return Sequence::Next;
        }
        self.0.get(&header.producer_id).map_or(Sequence::Next, |producer| producer.check(header))
    }

    /// Remembers a batch that is appended at `base_offset`.
    pub fn appended(&mut self, header: &BatchHeader, base_offset: Offset) {
        if header.producer_id == ProducerId::NONE {
            return;
        }
        let fresh = || Producer { epoch: header.producer_epoch, batches: SmallVec::new() };
        let producer = self.0.entry(header.producer_id).or_insert_with(fresh);
        if producer.epoch != header.producer_epoch {
            *producer = fresh();
        }
        producer.push(Appended {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset,
            last_offset: base_offset + i64::from(header.last_offset_delta),
            timestamp: header.max_timestamp,
        });
    }

    /// Every producer, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&ProducerId, &Producer)> {
        self.0.iter()
    }

    /// Puts a producer as it was stored.
    pub fn restore(&mut self, id: ProducerId, producer: Producer) {
        self.0.insert(id, producer);
    }
}

impl Producer {
    fn check(&self, header: &BatchHeader) -> Sequence {
        let (producer, epoch, sequence) = (header.producer_id, header.producer_epoch, header.base_sequence);
        if epoch < self.epoch {
            return Sequence::Rejected(SequenceError::StaleEpoch { producer, epoch, current: self.epoch });
        }
        if epoch == self.epoch && let Some(duplicate) = self.same(header) {
            return Sequence::Duplicate(duplicate.base_offset);
        }
        let expected = if epoch == self.epoch { self.next_sequence() } else { 0 };
        match sequence == expected {
            true => Sequence::Next,
            false => Sequence::Rejected(SequenceError::OutOfOrder { producer, sequence, expected }),
        }
    }

    fn same(&self, header: &BatchHeader) -> Option<&Appended> {
        let numbers = (header.base_sequence, header.last_sequence());
        self.batches.iter().find(|batch| (batch.first_sequence, batch.last_sequence) == numbers)
    }

    /// Numbers go from 2^31 - 1 to 0.
    fn next_sequence(&self) -> i32 {
        self.batches.last().map_or(0, |batch| batch.last_sequence.checked_add(1).unwrap_or(0))
    }

    fn push(&mut self, batch: Appended) {
        if self.batches.len() == window() {
            self.batches.remove(0);
        }
        self.batches.push(batch);
    }
}

fn window() -> usize {
    #[cfg(test)]
    if crate::planted::is(crate::planted::Bug::DedupWindowOffByOne) {
        return WINDOW - 1;
    }
    WINDOW
}

#[cfg(test)]
mod tests;
