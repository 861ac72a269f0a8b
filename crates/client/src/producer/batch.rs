//! One batch on its way: what is in it, how it is numbered, and what its records wait for.

use std::sync::Arc;

use record::{
    BatchBuilder, BatchHeader, Compression, HEADER_LEN, PartitionIndex, ProducerEpoch, ProducerId, Timestamp, crc32c,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::delivery::{Delivery, Outcome};
use super::{ProducerRecord, SendError};
use crate::RequestError;

/// Where the checksum of a batch lies, and the first byte that it covers.
const CRC_AT: usize = 17;
const CRC_COVERS_FROM: usize = 21;

/// Of an idempotent producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: ProducerId,
    pub(super) epoch: ProducerEpoch,
}

impl Identity {
    /// The next epoch, under which numbers begin again (KIP-360); `None` when there is none above.
    pub(super) fn bumped(self) -> Option<Identity> {
        Some(Identity { epoch: ProducerEpoch(self.epoch.0.checked_add(1)?), ..self })
    }
}

/// What tells a batch from all others to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) identity: Identity,
    pub(super) base_sequence: i32,
}

/// A batch.
pub(super) struct Batch {
    /// When its first record came; the delivery timeout runs from here.
    pub(super) opened: Instant,
    /// The bytes of the buffer that it holds.
    pub(super) reserved: usize,
    /// Its place among the batches of its partition.
    pub(super) order: u64,
    pub(super) number: Option<Number>,
    pub(super) outcome: watch::Sender<Outcome>,
    /// Whether an earlier try may have stored it.
    pub(super) perhaps_stored: bool,
    /// How often it was sent without success.
    pub(super) tries: u32,
    pub(super) last_error: Option<Arc<RequestError>>,
    record_count: i32,
    content: Content,
}

enum Content {
    Open(Box<BatchBuilder>),
    Built(Vec<u8>),
}

impl Batch {
    pub(super) fn new(compression: Compression, now: Instant) -> Batch {
        Batch {
            opened: now,
            reserved: 0,
            order: 0,
            number: None,
            outcome: watch::Sender::new(None),
            perhaps_stored: false,
            tries: 0,
            last_error: None,
            record_count: 0,
            content: Content::Open(Box::new(BatchBuilder::new(compression))),
        }
    }

    /// Adds a record that takes at most `len` bytes.
    pub(super) fn append(&mut self, record: &ProducerRecord<'_>, timestamp: Timestamp, len: usize) -> Delivery {
        let Content::Open(builder) = &mut self.content else { unreachable!("a batch that was taken is not added to") };
        let index = i64::from(self.record_count);
        builder.append(timestamp, record.key, record.value, record.headers);
        self.record_count += 1;
        self.reserved += len;
        Delivery::new(self.outcome.subscribe(), index, timestamp)
    }

    pub(super) fn record_count(&self) -> i32 {
        self.record_count
    }

    /// The bytes before compression, or those that were built.
    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Open(builder) => builder.len(),
            Content::Built(bytes) => bytes.len(),
        }
    }

    /// Gives it a number, or another one.
    pub(super) fn set_number(&mut self, number: Number) {
        self.number = Some(number);
        let Number { identity, base_sequence } = number;
        match &mut self.content {
            Content::Open(builder) => {
                builder.producer(identity.id, identity.epoch, base_sequence);
            }
            Content::Built(bytes) => renumber(bytes, number),
        }
    }

    /// Builds and compresses, the first time.
    pub(super) fn build(&mut self) {
        self.content = match std::mem::replace(&mut self.content, Content::Built(Vec::new())) {
            Content::Open(builder) => Content::Built(builder.build()),
            built => built,
        };
    }

    /// The bytes to send.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Built(bytes) => bytes,
            Content::Open(_) => unreachable!("a batch is built before it is sent"),
        }
    }

    /// Tells all who wait; what was told before stands.
    pub(super) fn tell(&self, result: Result<super::delivery::Stored, SendError>) {
        self.outcome.send_if_modified(|outcome| {
            let is_new = outcome.is_none();
            if is_new {
                *outcome = Some(result);
            }
            is_new
        });
    }
}

/// Only header and checksum change; the records may be compressed.
fn renumber(bytes: &mut [u8], Number { identity, base_sequence }: Number) {
    let head = bytes.first_chunk_mut::<HEADER_LEN>().expect("a built batch has a header");
    let mut header = BatchHeader::decode(head);
    header.producer_id = identity.id;
    header.producer_epoch = identity.epoch;
    header.base_sequence = base_sequence;
    *head = header.encode();
    let crc = crc32c(&bytes[CRC_COVERS_FROM..]);
    bytes[CRC_AT..CRC_COVERS_FROM].copy_from_slice(&crc.to_be_bytes());
}

/// A batch that is to be sent now.
pub(super) struct Ready {
    pub(super) topic: Arc<str>,
    pub(super) partition: PartitionIndex,
    pub(super) batch: Batch,
}
