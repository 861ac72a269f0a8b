//! Records of a coordinator go into its log: those of one step as one batch, as long as that is allowed to be so large.

use std::sync::Arc;

use coordinator::Record;
use coordinator::records::EncodedRecord;
use record::{BatchBuilder, Compression, Invalid, Offset, ProducedBatch, Rules, Timestamp};
use storage::{AppendError, Outcomes};
use wire::ErrorCode;

use crate::partition::{Partition, PartitionAppendError};

/// Why the records of a step are not in the log.
#[derive(Debug, thiserror::Error)]
pub enum StepAppendError {
    /// One record is larger than a segment.
    #[error("a record cannot be written: {0}")]
    Invalid(#[from] Invalid),
    /// The log could not take them.
    #[error(transparent)]
    Partition(#[from] PartitionAppendError),
}

impl StepAppendError {
    /// What the client is told whose request wanted to write, as Apache Kafka's coordinators translate what a log says.
    pub fn code(&self) -> ErrorCode {
        match self {
            StepAppendError::Invalid(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
            StepAppendError::Partition(PartitionAppendError::Log(AppendError::StorageFull)) => {
                ErrorCode::COORDINATOR_NOT_AVAILABLE
            }
            StepAppendError::Partition(_) => ErrorCode::NOT_COORDINATOR,
        }
    }
}

/// Appends `records`, of which there is at least one. Returns what has to be durable before they count as committed.
pub fn append(
    partition: &Arc<Partition>,
    records: &[Record],
    codec: Compression,
    now: Timestamp,
) -> Result<Offset, StepAppendError> {
    let rules = partition.rules(now);
    let batches = encode(records, codec, now, rules.max_message_bytes as usize);
    // A record that is too large for a batch of clients is kept all the same: nobody else could make it smaller.
    let rules = Rules { max_message_bytes: u32::MAX, ..rules };
    let batches: Result<Vec<ProducedBatch<'_>>, Invalid> =
        batches.iter().map(|batch| record::validate(batch, &rules)).collect();
    Ok(partition.append(&batches?, now, &mut Outcomes::new())?)
}

/// As few batches as are possible without one of more than `bytes_max`; a record that is larger has one of its own.
fn encode(records: &[Record], codec: Compression, now: Timestamp, bytes_max: usize) -> Vec<Vec<u8>> {
    let mut batches = Vec::new();
    let mut batch = BatchBuilder::new(codec);
    for record in records {
        let EncodedRecord { key, value } = record.encode();
        let bytes = key.len() + value.as_ref().map_or(0, Vec::len) + RECORD_OVERHEAD_MAX;
        if batch.record_count() > 0 && batch.len() + bytes > bytes_max {
            batches.push(std::mem::replace(&mut batch, BatchBuilder::new(codec)).build());
        }
        batch.append(now, Some(&key), value.as_deref(), &[]);
    }
    batches.push(batch.build());
    batches
}

/// Lengths, attributes and deltas of a record, at their longest.
const RECORD_OVERHEAD_MAX: usize = 36;
