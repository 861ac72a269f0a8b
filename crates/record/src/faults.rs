//! Which records of a refused batch are at fault, for the `record_errors` of a Produce answer (KIP-467).

use crate::batch::Batch;
use crate::codec::{Compression, Limits};
use crate::record::Record;
use crate::validate::{Invalid, Rules};

/// A record because of which its batch was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// Its place in the batch, from 0.
    pub index: i32,
    /// What is wrong with it.
    pub message: String,
}

/// No more faults are told of what came together: a record of a few bytes must not become an answer of many times that.
pub const MAX_FAULTS: usize = 1_000;
/// No more bytes are decompressed to find them.
const MAX_DECOMPRESSED_BYTES: usize = 1 << 20;

/// What finding records at fault may still cost, for all batches that came together. Once it is spent, batches are refused as wholes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultBudget {
    faults: usize,
    decompressed_bytes: usize,
}

impl Default for FaultBudget {
    /// [`MAX_FAULTS`], and 1 MiB that is decompressed.
    fn default() -> FaultBudget {
        FaultBudget { faults: MAX_FAULTS, decompressed_bytes: MAX_DECOMPRESSED_BYTES }
    }
}

/// The records of `records` at fault, where `invalid` is what [`validate`](crate::validate()) or
/// [`recompress`](crate::recompress()) found by `rules`; empty when it is the batch as a whole, as which Apache Kafka counts
/// records that cannot be read.
///
/// Finding one record out of time, they look no further; here all are found, as far as `budget` lasts.
pub fn record_faults(records: &[u8], rules: &Rules, invalid: &Invalid, budget: &mut FaultBudget) -> Vec<RecordFault> {
    if budget.faults == 0 {
        return Vec::new();
    }
    let faults = match *invalid {
        Invalid::Timestamp { .. } | Invalid::RecordTimestamp { .. } => {
            among(records, budget, |index, record| out_of_time(index, record, rules))
        }
        Invalid::LogAppendTime => among(records, budget, |_, record| Some(of_the_append(record))),
        Invalid::OffsetDelta { index, .. } => vec![RecordFault { index, message: invalid.to_string() }],
        _ => Vec::new(),
    };
    budget.faults -= faults.len();
    faults
}

/// Those of which `fault` has something to say.
fn among(
    records: &[u8],
    budget: &mut FaultBudget,
    fault: impl Fn(i32, &Record<'_>) -> Option<String>,
) -> Vec<RecordFault> {
    let Ok(batch) = Batch::parse(records) else { return Vec::new() };
    let mut scratch = Vec::new();
    let is_compressed = batch.header().attributes.compression() != Ok(Compression::None);
    let mut limits = Limits::default();
    if is_compressed {
        if budget.decompressed_bytes == 0 {
            return Vec::new();
        }
        limits.max_decompressed_bytes = budget.decompressed_bytes;
    }
    let Ok(records) = batch.records(&limits, &mut scratch) else {
        if is_compressed {
            // It may have cost as much as it was allowed to.
            budget.decompressed_bytes = 0;
        }
        return Vec::new();
    };
    let faulty = (0..).zip(records).filter_map(|(index, record)| {
        let message = fault(index, &record.ok()?)?;
        Some(RecordFault { index, message })
    });
    let faults = faulty.take(budget.faults).collect();
    budget.decompressed_bytes = budget.decompressed_bytes.saturating_sub(scratch.len());
    faults
}

fn out_of_time(index: i32, record: &Record<'_>, rules: &Rules) -> Option<String> {
    let timestamp = Some(record.timestamp).filter(|timestamp| !rules.allows(*timestamp))?;
    let (min, max) = rules.allowed().into_inner();
    Some(format!(
        "Timestamp {timestamp} of message with offset {index} is out of range. \
         The timestamp should be within [{min}, {max}]"
    ))
}

fn of_the_append(record: &Record<'_>) -> String {
    let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
    let (offset, timestamp, key, value) = (record.offset, record.timestamp, len(record.key), len(record.value));
    format!(
        "Invalid timestamp type in message DefaultRecord(offset={offset}, timestamp={timestamp}, key={key} bytes, \
         value={value} bytes). Producer should not set timestamp type to LogAppendTime."
    )
}

#[cfg(test)]
mod tests;
