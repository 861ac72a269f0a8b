//! What the log knows of idempotent producers (KIP-98): who may append which batch next, and which batches came again.
//!
//! Pure: nothing here does I/O.

pub(crate) mod snapshot;

use std::collections::BTreeMap;

use record::{BatchHeader, Offset, ProducerEpoch, ProducerId, Timestamp};

/// The state of every producer of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Producers(BTreeMap<ProducerId, Producer>);

/// Whether a batch may be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// It is the next of its producer, or its producer is not idempotent.
    Next,
    /// It was appended with this base offset and largest timestamp.
    Duplicate {
        base_offset: Offset,
        timestamp: Timestamp,
    },
    Rejected(SequenceError),
}

/// Why a batch of an idempotent producer is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// Batches are missing before it, or it was appended longer ago than the log remembers.
    #[error("out of order sequence number of producer {producer_id}: {base_sequence} came, {expected} was expected")]
    OutOfOrder {
        /// The producer.
        producer_id: ProducerId,
        /// The sequence number of the batch.
        base_sequence: i32,
        /// The one that would be next.
        expected: i32,
    },
    /// A later incarnation of the producer has appended.
    #[error("epoch {epoch} of producer {producer_id} is older than its epoch {current}")]
    StaleEpoch {
        /// The producer.
        producer_id: ProducerId,
        /// The epoch of the batch.
        epoch: ProducerEpoch,
        /// The newest epoch in the log.
        current: ProducerEpoch,
    },
}

/// What the log knows of one producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveProducer {
    /// The producer.
    pub id: ProducerId,
    /// Its newest epoch.
    pub epoch: ProducerEpoch,
    /// The sequence number of its last record in that epoch; -1 when there is none.
    pub last_sequence: i32,
    /// The time of its last batch.
    pub timestamp: Timestamp,
    /// The epoch of the transaction coordinator that wrote its last marker; -1 without one.
    pub coordinator_epoch: i32,
    /// Where its open transaction begins.
    pub transaction_start: Option<Offset>,
}

/// One producer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Producer {
    epoch: ProducerEpoch,
    /// The time of its last batch.
    timestamp: Timestamp,
    /// The epoch of the transaction coordinator that wrote the last marker, or -1.
    coordinator_epoch: i32,
    /// Where its open transaction begins.
    transaction_start: Option<Offset>,
    window: Window,
}

/// The last batches of a producer's present epoch, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Window(Vec<Appended>);

/// A batch that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Appended {
    last_sequence: i32,
    last_offset: Offset,
    /// Its records less one.
    offset_delta: i32,
    timestamp: Timestamp,
}

/// Batches per producer that are known again. A producer has up to five requests in flight and may send any of them
/// again.
const WINDOW_BATCHES: usize = 5;

impl Producers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a batch with this header may be appended now.
    pub(crate) fn check(&self, header: &BatchHeader) -> Sequence {
        match self.0.get(&header.producer_id) {
            Some(producer) if is_idempotent(header) => producer.check(header),
            _ => Sequence::Next,
        }
    }

    /// Notes that a batch was appended, or is in the log.
    pub(crate) fn update(&mut self, header: &BatchHeader, base_offset: Offset) {
        if header.producer_id < ProducerId(0) {
            return;
        }
        let producer = self.0.entry(header.producer_id).or_insert_with(|| Producer::new(header.producer_epoch));
        if header.producer_epoch > producer.epoch {
            *producer =
                Producer { transaction_start: producer.transaction_start, ..Producer::new(header.producer_epoch) };
        }
        producer.update(header, base_offset);
    }

    /// All producers, by id.
    pub(crate) fn active(&self) -> impl Iterator<Item = ActiveProducer> {
        self.0.iter().map(|(&id, producer)| ActiveProducer {
            id,
            epoch: producer.epoch,
            last_sequence: producer.window.0.last().map_or(-1, |batch| batch.last_sequence),
            timestamp: producer.timestamp,
            coordinator_epoch: producer.coordinator_epoch,
            transaction_start: producer.transaction_start,
        })
    }

    /// Takes over the producers of another state that are not known here, or of whom it knows a later batch.
    pub(crate) fn adopt(&mut self, other: Producers) {
        for (id, producer) in other.0 {
            match self.0.get(&id) {
                Some(known) if known.last_offset() >= producer.last_offset() => {}
                _ => _ = self.0.insert(id, producer),
            }
        }
    }

    /// Forgets the producers that appended nothing for so long, but for those with an open transaction.
    pub(crate) fn expire(&mut self, now: Timestamp, after_ms: i64) {
        self.0.retain(|_, producer| {
            producer.transaction_start.is_some() || now.0.saturating_sub(producer.timestamp.0) < after_ms
        });
    }
}

impl Producer {
    fn new(epoch: ProducerEpoch) -> Producer {
        let (timestamp, window) = (Timestamp::NONE, Window::default());
        Producer { epoch, timestamp, coordinator_epoch: -1, transaction_start: None, window }
    }

    fn last_offset(&self) -> Option<Offset> {
        self.window.0.last().map(|batch| batch.last_offset)
    }

    fn check(&self, header: &BatchHeader) -> Sequence {
        let BatchHeader { producer_id, producer_epoch: epoch, base_sequence, .. } = *header;
        if epoch < self.epoch {
            return Sequence::Rejected(SequenceError::StaleEpoch { producer_id, epoch, current: self.epoch });
        }
        let expected = if epoch == self.epoch { self.window.next_sequence() } else { 0 };
        let appended = self.window.find(header).filter(|_| epoch == self.epoch);
        match appended {
            Some(appended) => {
                Sequence::Duplicate { base_offset: appended.base_offset(), timestamp: appended.timestamp }
            }
            None if base_sequence == expected => Sequence::Next,
            None => Sequence::Rejected(SequenceError::OutOfOrder { producer_id, base_sequence, expected }),
        }
    }

    fn update(&mut self, header: &BatchHeader, base_offset: Offset) {
        self.timestamp = header.max_timestamp;
        if header.attributes.is_control() {
            self.transaction_start = None;
            return;
        }
        if header.attributes.is_transactional() {
            self.transaction_start.get_or_insert(base_offset);
        }
        self.window.push(Appended {
            last_sequence: header.last_sequence(),
            last_offset: base_offset + i64::from(header.last_offset_delta),
            offset_delta: header.last_offset_delta,
            timestamp: header.max_timestamp,
        });
    }
}

impl Window {
    fn push(&mut self, batch: Appended) {
        if self.0.len() >= window_batches() {
            self.0.remove(0);
        }
        self.0.push(batch);
    }

    fn find(&self, header: &BatchHeader) -> Option<&Appended> {
        self.0.iter().find(|batch| {
            batch.last_sequence == header.last_sequence() && batch.offset_delta == header.last_offset_delta
        })
    }

    /// Whether both speak of the same last batch.
    fn has_same_end(&self, other: &Window) -> bool {
        let end = |window: &Window| window.0.last().map(|batch| (batch.last_sequence, batch.last_offset));
        end(self) == end(other)
    }

    fn next_sequence(&self) -> i32 {
        self.0.last().map_or(0, |batch| batch.last_sequence.wrapping_add(1) & i32::MAX)
    }
}

impl Appended {
    fn base_offset(&self) -> Offset {
        self.last_offset + -i64::from(self.offset_delta)
    }
}

fn is_idempotent(header: &BatchHeader) -> bool {
    header.producer_id >= ProducerId(0) && header.base_sequence >= 0
}

fn window_batches() -> usize {
    #[cfg(test)]
    if crate::planted::is(crate::planted::Bug::DedupWindowOffByOne) {
        return WINDOW_BATCHES - 1;
    }
    WINDOW_BATCHES
}

#[cfg(test)]
mod tests;
