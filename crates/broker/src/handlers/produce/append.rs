//! The second step: the batches of a turn, partition by partition.

use std::collections::HashMap;
use std::sync::Arc;

use record::{Offset, ProducedBatch, Rules, Timestamp};
use storage::AppendOutcome;

use super::answer::Refused;
use super::recompress;
use crate::errors::{append_failure, sequence_failure};
use crate::partition::{Partition, PartitionAppendError};

/// What a turn has to append.
#[derive(Default)]
pub struct Appends<'f> {
    groups: Vec<Group<'f>>,
    /// The place of each partition's group, by the partition's address.
    places: HashMap<usize, usize>,
    /// Bytes of records that this turn has recompressed on its own thread.
    recompressed_bytes: usize,
    /// The batches that are yet to be recompressed, in order.
    later: Vec<(Place, Rules)>,
}

/// The batches that go to one partition.
struct Group<'f> {
    partition: Arc<Partition>,
    /// The time of the first of its requests.
    now: Timestamp,
    batches: Vec<ProducedBatch<'f>>,
    /// Those that could not be recompressed, in order.
    refused: Vec<(usize, Refused)>,
}

/// One batch among the appends of its turn.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Which partition's group.
    pub group: usize,
    /// Which batch of it.
    pub at: usize,
    /// The time of the append, where the batch has that; else -1.
    pub append_time: Timestamp,
}

/// What became of the batches of one partition.
pub struct Appended {
    /// Where they went.
    pub partition: Arc<Partition>,
    /// Of those that were not refused.
    outcomes: Vec<AppendOutcome>,
    refused: Vec<(usize, Refused)>,
    /// What has to be durable before any of them is acknowledged; or why none is in the log.
    durable_before_ack: Result<Offset, PartitionAppendError>,
}

impl<'f> Appends<'f> {
    /// Adds a batch that keeps to `rules`. Where they want another codec, it gets that here or, when that takes long, later.
    pub fn place(
        &mut self,
        partition: &Arc<Partition>,
        mut batch: ProducedBatch<'f>,
        rules: &Rules,
    ) -> Result<Place, Refused> {
        let recompressed = recompress::at_once(&mut batch, rules, &mut self.recompressed_bytes)?;
        let attributes = batch.header().attributes;
        let append_time = if attributes.is_log_append_time() { rules.now } else { Timestamp::NONE };
        let group = self.group_of(partition, rules.now);
        let batches = &mut self.groups[group].batches;
        batches.push(batch);
        let place = Place { group, at: batches.len() - 1, append_time };
        if !recompressed {
            self.later.push((place, rules.clone()));
        }
        Ok(place)
    }

    /// Whether batches have to be recompressed before [`Appends::run`].
    pub fn has_later(&self) -> bool {
        !self.later.is_empty()
    }

    /// The same without the frames.
    pub fn into_owned(self) -> Appends<'static> {
        let groups = self.groups.into_iter().map(Group::into_owned).collect();
        Appends { groups, places: self.places, recompressed_bytes: self.recompressed_bytes, later: self.later }
    }

    /// Recompresses what was left. Takes long. Records of more than `most` bytes are refused.
    pub fn recompress(&mut self, most: usize) {
        for (Place { group, at, .. }, rules) in self.later.drain(..) {
            let Group { batches, refused, .. } = &mut self.groups[group];
            if let Err(error) = recompress::whole(&mut batches[at], &rules, most) {
                refused.push((at, error));
            }
        }
    }

    fn group_of(&mut self, partition: &Arc<Partition>, now: Timestamp) -> usize {
        // The last one first: a connection tends to stay with its partition.
        if self.groups.last().is_some_and(|group| Arc::ptr_eq(&group.partition, partition)) {
            return self.groups.len() - 1;
        }
        *self.places.entry(Arc::as_ptr(partition).addr()).or_insert_with(|| {
            self.groups.push(Group { partition: Arc::clone(partition), now, batches: Vec::new(), refused: Vec::new() });
            self.groups.len() - 1
        })
    }

    /// Appends everything.
    pub fn run(self) -> Vec<Appended> {
        self.groups.into_iter().map(Group::run).collect()
    }
}

impl Group<'_> {
    fn into_owned(self) -> Group<'static> {
        let batches = self.batches.into_iter().map(ProducedBatch::into_owned).collect();
        Group { partition: self.partition, now: self.now, batches, refused: self.refused }
    }

    fn run(mut self) -> Appended {
        for (at, _) in self.refused.iter().rev() {
            self.batches.remove(*at);
        }
        let mut outcomes = Vec::with_capacity(self.batches.len());
        let durable_before_ack = self.partition.append(&self.batches, self.now, &mut outcomes);
        Appended { partition: self.partition, outcomes, refused: self.refused, durable_before_ack }
    }
}

impl Appended {
    /// The base offset of a batch and its append time, or why it is not in the log.
    pub fn outcome(&self, place: Place) -> Result<(Offset, Timestamp), Refused> {
        let refused_before = self.refused.partition_point(|(at, _)| *at < place.at);
        if let Some((_, refused)) = self.refused.get(refused_before).filter(|(at, _)| *at == place.at) {
            return Err(refused.clone());
        }
        if let Err(failure) = &self.durable_before_ack {
            return Err(append_failure(failure).into());
        }
        match &self.outcomes[place.at - refused_before] {
            AppendOutcome::Appended { base_offset } => Ok((*base_offset, place.append_time)),
            // Apache Kafka tells the time of the batch that is in the log, whatever its topic's timestamp type.
            AppendOutcome::Duplicate { base_offset, timestamp } => Ok((*base_offset, *timestamp)),
            AppendOutcome::Rejected(error) => Err(sequence_failure(error).into()),
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
