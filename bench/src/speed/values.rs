//! What is in the records that are sent.

use std::ops::Range;

use record::{BatchBuilder, Compression, Timestamp};

use super::workload::Workload;

/// Values that no compression makes smaller, the same in every run.
pub fn random(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// The batch that the workload sends again and again.
pub fn batch_of(workload: &Workload) -> Vec<u8> {
    let (len, compression) = (workload.value_bytes * workload.batch_records, workload.compression);
    let values = if compression == Compression::None { random(len) } else { json_like(workload) };
    compressed(&values, workload.value_bytes, compression)
}

/// Uncompressed.
pub fn batch(values: &[u8], value_bytes: usize) -> Vec<u8> {
    compressed(values, value_bytes, Compression::None)
}

/// Values that are alike as events of one program are: the same names, and numbers and words by chance.
fn json_like(workload: &Workload) -> Vec<u8> {
    let chance = random(workload.batch_records * 64);
    let mut values = Vec::with_capacity(workload.batch_records * workload.value_bytes);
    for (n, bytes) in chance.chunks(64).enumerate() {
        let hex = |range: Range<usize>| bytes[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut value = format!(
            "{{\"id\":\"{}\",\"sequence\":{n},\"customer\":{{\"id\":{},\"country\":\"{}\"}},\"session\":\"{}\",\"items\":[",
            hex(0..16),
            u32::from(bytes[16]) * 977,
            ["de", "fr", "jp", "us"][usize::from(bytes[17] % 4)],
            hex(18..34),
        );
        for item in bytes[34..].iter().cycle() {
            let rest = workload.value_bytes.saturating_sub(value.len());
            let next = format!(
                "{{\"product\":{},\"price\":{}.99,\"in_stock\":{}}},",
                u32::from(*item) * 31,
                item,
                item % 3 == 0
            );
            if next.len() + 2 > rest {
                break;
            }
            value.push_str(&next);
        }
        // The last comma gives way, and spaces are what is left.
        value.truncate(value.len() - 1);
        value.push_str("]}");
        value.push_str(&" ".repeat(workload.value_bytes.saturating_sub(value.len())));
        values.extend_from_slice(value.as_bytes());
    }
    values
}

/// One batch with a record for each value.
fn compressed(values: &[u8], value_bytes: usize, compression: Compression) -> Vec<u8> {
    let mut batch = BatchBuilder::new(compression);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as i64);
    for value in values.chunks(value_bytes) {
        batch.append(Timestamp(now), None, Some(value), &[]);
    }
    batch.build()
}
