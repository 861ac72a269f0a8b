//! Which partition a record goes to. Records with a key go where Kafka's Java client sends them: all clients must agree, or
//! a key's records would lie in two partitions.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use record::PartitionIndex;

use crate::ProducerRecord;

/// Who decides about the partition of a record that names none.
#[derive(Clone, Debug)]
pub enum Partitioner {
    /// By key ([`partition_of`]). Without a key one partition after the other takes a batch's worth of bytes, and those
    /// with shorter queues are taken more often (KIP-794). The default, as in Kafka 3.3 and later.
    Adaptive(Adaptive),
    /// By key. Without a key one partition takes a whole batch, then another one (KIP-480).
    Sticky,
    /// One partition after the other, record by record, whatever the key (Kafka's `RoundRobinPartitioner`).
    RoundRobin,
    /// A function of the caller.
    Custom(CustomPartitioner),
}

/// Settings of [`Partitioner::Adaptive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    /// Whether shorter queues are taken more often (`partitioner.adaptive.partitioning.enable`).
    pub by_load: bool,
    /// A partition that could not send a batch for so long is left out (`partitioner.availability.timeout.ms`); `None` for
    /// never.
    pub availability_timeout: Option<Duration>,
    /// Whether keys have no say (`partitioner.ignore.keys`).
    pub ignore_keys: bool,
}

impl Default for Adaptive {
    /// By load, no availability timeout, keys decide: Kafka's defaults.
    fn default() -> Adaptive {
        Adaptive { by_load: true, availability_timeout: None, ignore_keys: false }
    }
}

impl Default for Partitioner {
    /// [`Partitioner::Adaptive`].
    fn default() -> Partitioner {
        Partitioner::Adaptive(Adaptive::default())
    }
}

type Decide = dyn Fn(&ProducerRecord<'_>, i32) -> PartitionIndex + Send + Sync;

/// A function that decides about partitions. Cheap to clone.
#[derive(Clone)]
pub struct CustomPartitioner(Arc<Decide>);

impl fmt::Debug for CustomPartitioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomPartitioner(..)")
    }
}

impl Partitioner {
    /// A function of the record and of the number of partitions. What it returns must lie in `0..count`, or sending fails
    /// with [`SendError::NoSuchPartition`](crate::SendError::NoSuchPartition). It is called with a lock held: it must not
    /// block, nor use the producer.
    pub fn custom(decide: impl Fn(&ProducerRecord<'_>, i32) -> PartitionIndex + Send + Sync + 'static) -> Partitioner {
        Partitioner::Custom(CustomPartitioner(Arc::new(decide)))
    }

    /// The partition of a record, if it does not depend on the others.
    pub(crate) fn decide(&self, record: &ProducerRecord<'_>, count: i32) -> Option<PartitionIndex> {
        let by_key = || record.key.map(|key| partition_of(key, count));
        match self {
            Partitioner::Adaptive(adaptive) if adaptive.ignore_keys => None,
            Partitioner::Adaptive(_) | Partitioner::Sticky => by_key(),
            Partitioner::RoundRobin => None,
            Partitioner::Custom(CustomPartitioner(decide)) => Some(decide(record, count)),
        }
    }
}

/// The partition of `key` among `partition_count` partitions.
///
/// # Panics
/// When `partition_count` is not positive.
///
/// ```
/// # use ottla_client as client;
/// assert_eq!(client::partition_of(b"foobar", 1).0, 0);
/// ```
pub fn partition_of(key: &[u8], partition_count: i32) -> PartitionIndex {
    assert!(partition_count > 0, "a topic has at least one partition");
    PartitionIndex((murmur2(key) & i32::MAX) % partition_count)
}

/// MurmurHash2, 32 bits, little-endian, with the seed of Kafka's Java client.
pub fn murmur2(bytes: &[u8]) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let mut hash = SEED ^ bytes.len() as u32;
    let (words, rest) = bytes.as_chunks::<4>();
    for &word in words {
        let word = u32::from_le_bytes(word).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (word ^ word >> 24).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, &byte| tail << 8 | u32::from(byte));
        hash = (hash ^ tail).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 13).wrapping_mul(M);
    (hash ^ hash >> 15).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that Kafka's own tests of its client state.
    #[test]
    fn hashes_are_those_of_the_java_client() {
        let cases = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (key, hash) in cases {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
        }
    }

    #[test]
    fn partitions_are_in_range() {
        for i in 0..1_000 {
            assert!((0..7).contains(&partition_of(format!("key {i}").as_bytes(), 7).0));
        }
    }
}
