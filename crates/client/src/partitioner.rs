//! Which partition a key belongs to, as Kafka's Java client decides it: all clients must agree, or a key's records would
//! lie in two partitions.

use record::PartitionIndex;

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
