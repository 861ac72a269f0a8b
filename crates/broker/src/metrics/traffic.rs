//! What went in and out of one partition since its log was opened.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use net::Counter;
use record::ProducedBatch;
use storage::AppendOutcome;

/// What went in and out of one partition.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Records appended.
    pub records_in: Counter,
    /// Batches appended.
    pub batches_in: Counter,
    /// Bytes of them.
    pub bytes_in: Counter,
    bytes_out: AtomicU64,
}

impl Traffic {
    /// Counts what was appended; under the lock of the log, so one thread at a time.
    pub fn appended(&self, batches: &[ProducedBatch<'_>], outcomes: &[AppendOutcome]) {
        let (mut records, mut count, mut bytes) = (0, 0, 0);
        for (batch, outcome) in batches.iter().zip(outcomes) {
            if let AppendOutcome::Appended { .. } = outcome {
                records += u64::from(batch.header().record_count.unsigned_abs());
                count += 1;
                bytes += batch.header().total_len() as u64;
            }
        }
        self.records_in.add(records);
        self.batches_in.add(count);
        self.bytes_in.add(bytes);
    }

    /// Counts bytes that a fetch was given. Loops share this counter: one relaxed add for a partition with records in an
    /// answer.
    pub fn fetched(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Relaxed);
    }

    /// Bytes that fetches were given.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Relaxed)
    }
}
