//! Which records of a refused batch are at fault, for the `record_errors` of a Produce answer (KIP-467).

use crate::batch::Batch;
use crate::codec::Limits;
use crate::validate::{Invalid, Rules};

/// A record because of which its batch was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// Its place in the batch, from 0.
    pub index: i32,
    /// What is wrong with it.
    pub message: String,
}

/// No more faults of a batch are told: a record of a few bytes must not become an answer of many times that.
pub const MAX_FAULTS: usize = 1_000;

/// The records of `records` at fault, where `invalid` is what [`validate`](crate::validate()) or
/// [`recompress`](crate::recompress()) found by `rules`; empty when it is the batch as a whole.
///
/// Finding one record out of time, they look no further; here all are found. Compressed records are opened up to 1 MiB.
pub fn record_faults(records: &[u8], rules: &Rules, invalid: &Invalid) -> Vec<RecordFault> {
    match invalid {
        Invalid::Timestamp { .. } | Invalid::RecordTimestamp { .. } => out_of_time(records, rules),
        Invalid::LogAppendTime => {
            let count = Batch::parse(records).map_or(0, |batch| batch.header().record_count);
            let fault = |index| RecordFault { index, message: invalid.to_string() };
            (0..count).take(MAX_FAULTS).map(fault).collect()
        }
        _ => invalid
            .record_index()
            .map(|index| RecordFault { index, message: invalid.to_string() })
            .into_iter()
            .collect(),
    }
}

fn out_of_time(records: &[u8], rules: &Rules) -> Vec<RecordFault> {
    let Ok(batch) = Batch::parse(records) else { return Vec::new() };
    let mut scratch = Vec::new();
    let limits = Limits { max_decompressed_bytes: 1 << 20, ..Limits::default() };
    let Ok(records) = batch.records(&limits, &mut scratch) else { return Vec::new() };
    let (min, max) = rules.allowed().into_inner();
    let faulty = (0..).zip(records).filter_map(|(index, record)| {
        let timestamp = record.ok().map(|record| record.timestamp).filter(|timestamp| !rules.allows(*timestamp))?;
        let message = format!(
            "Timestamp {timestamp} of message with offset {index} is out of range. \
             The timestamp should be within [{min}, {max}]"
        );
        Some(RecordFault { index, message })
    });
    faulty.take(MAX_FAULTS).collect()
}

#[cfg(test)]
mod tests;
