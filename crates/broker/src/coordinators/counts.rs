//! What coordinators count.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use coordinator::Record;

/// Counters of all groups of this node since it started.
#[derive(Debug, Default)]
pub struct Counts {
    /// Offsets that were committed.
    pub offset_commits: AtomicU64,
    /// Generations and epochs that began.
    pub rebalances: AtomicU64,
    /// Shards that were loaded.
    pub loads: AtomicU64,
}

impl Counts {
    /// These records were appended.
    pub fn note(&self, records: &[Record]) {
        let count = |is: fn(&Record) -> bool| records.iter().filter(|record| is(record)).count() as u64;
        let commits = count(|record| matches!(record, Record::OffsetCommit { value: Some(_), .. }));
        let rebalances = count(begins_rebalance);
        self.offset_commits.fetch_add(commits, Relaxed);
        self.rebalances.fetch_add(rebalances, Relaxed);
    }

    /// A shard was loaded.
    pub fn note_load(&self) {
        self.loads.fetch_add(1, Relaxed);
    }
}

/// A classic group that is assigned, or a target assignment of a consumer group.
fn begins_rebalance(record: &Record) -> bool {
    match record {
        Record::GroupMetadata { value: Some(group), .. } => !group.members.is_empty(),
        Record::ConsumerGroupTargetAssignmentMetadata { value: Some(_), .. } => true,
        _ => false,
    }
}
