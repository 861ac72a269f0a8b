//! The second step: the batches of a turn, partition by partition.

use std::collections::HashMap;
use std::sync::Arc;

use record::{Offset, ProducedBatch, Timestamp};
use storage::AppendOutcome;

use crate::errors::{KafkaError, append_failure, sequence_failure};
use crate::partition::{Partition, PartitionAppendError};

/// What a turn has to append.
#[derive(Default)]
pub struct Appends<'f> {
    groups: Vec<Group<'f>>,
    /// The place of each partition's group, by the partition's address.
    places: HashMap<usize, usize>,
}

/// The batches that go to one partition.
struct Group<'f> {
    partition: Arc<Partition>,
    /// The time of the first of its requests.
    now: Timestamp,
    batches: Vec<ProducedBatch<'f>>,
}

/// One batch among the appends of its turn.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Which partition's group.
    pub group: usize,
    /// Which batch of it.
    pub at: usize,
}

/// What became of the batches of one partition.
pub struct Appended {
    /// Where they went.
    pub partition: Arc<Partition>,
    outcomes: Vec<AppendOutcome>,
    /// What has to be durable before any of them is acknowledged; or why none is in the log.
    durable_before_ack: Result<Offset, PartitionAppendError>,
}

impl<'f> Appends<'f> {
    /// Adds a batch.
    pub fn place(&mut self, partition: &Arc<Partition>, batch: ProducedBatch<'f>, now: Timestamp) -> Place {
        let group = self.group_of(partition, now);
        let batches = &mut self.groups[group].batches;
        batches.push(batch);
        Place { group, at: batches.len() - 1 }
    }

    fn group_of(&mut self, partition: &Arc<Partition>, now: Timestamp) -> usize {
        // The last one first: a connection tends to stay with its partition.
        if self.groups.last().is_some_and(|group| Arc::ptr_eq(&group.partition, partition)) {
            return self.groups.len() - 1;
        }
        *self.places.entry(Arc::as_ptr(partition).addr()).or_insert_with(|| {
            self.groups.push(Group { partition: Arc::clone(partition), now, batches: Vec::new() });
            self.groups.len() - 1
        })
    }

    /// Appends everything.
    pub fn run(self) -> Vec<Appended> {
        self.groups.into_iter().map(Group::run).collect()
    }
}

impl Group<'_> {
    fn run(self) -> Appended {
        let mut outcomes = Vec::with_capacity(self.batches.len());
        let durable_before_ack = self.partition.append(&self.batches, self.now, &mut outcomes);
        Appended { partition: self.partition, outcomes, durable_before_ack }
    }
}

impl Appended {
    /// The base offset of a batch, or why it is not in the log.
    pub fn outcome(&self, at: usize) -> Result<Offset, KafkaError> {
        if let Err(failure) = &self.durable_before_ack {
            return Err(append_failure(failure));
        }
        match &self.outcomes[at] {
            AppendOutcome::Appended { base_offset } | AppendOutcome::Duplicate { base_offset } => Ok(*base_offset),
            AppendOutcome::Rejected(error) => Err(sequence_failure(error)),
        }
    }

    /// Whether nothing has to be waited for: the batches may be acknowledged, or never will be.
    pub fn is_decided(&self) -> bool {
        self.durability().is_some()
    }

    /// Whether the batches may be acknowledged, or why they never will be; `None` while that is not decided.
    pub fn durability(&self) -> Option<Result<(), PartitionAppendError>> {
        self.waits_for().map_or(Some(Ok(())), |until| self.partition.durability(until))
    }

    /// What has to be durable; `None` when the append has failed, which the outcomes tell.
    pub fn waits_for(&self) -> Option<Offset> {
        self.durable_before_ack.as_ref().ok().copied()
    }
}
