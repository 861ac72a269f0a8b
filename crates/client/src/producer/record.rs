//! A record to produce.

use record::{Header, PartitionIndex, Timestamp};

/// A record to produce; what it borrows is copied into its batch.
#[derive(Clone, Copy, Debug)]
pub struct ProducerRecord<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition; `None` lets the [`Partitioner`](crate::Partitioner) decide.
    pub partition: Option<PartitionIndex>,
    /// The key, which may be null.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone on a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a [Header<'a>],
    /// The time of the record; `None` for now.
    pub timestamp: Option<Timestamp>,
}

impl<'a> ProducerRecord<'a> {
    /// A record for `topic` with nothing in it.
    pub fn to(topic: &'a str) -> ProducerRecord<'a> {
        ProducerRecord { topic, partition: None, key: None, value: None, headers: &[], timestamp: None }
    }

    /// For this partition.
    pub fn partition(self, partition: PartitionIndex) -> ProducerRecord<'a> {
        ProducerRecord { partition: Some(partition), ..self }
    }

    /// With this key.
    pub fn key(self, key: &'a [u8]) -> ProducerRecord<'a> {
        ProducerRecord { key: Some(key), ..self }
    }

    /// With this value.
    pub fn value(self, value: &'a [u8]) -> ProducerRecord<'a> {
        ProducerRecord { value: Some(value), ..self }
    }

    /// An upper bound of what it takes in a batch.
    pub(super) fn len(&self) -> usize {
        const FRAMING: usize = 32;
        let of = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let headers: usize = self.headers.iter().map(|header| header.key.len() + of(header.value) + 10).sum();
        of(self.key) + of(self.value) + headers + FRAMING
    }
}
