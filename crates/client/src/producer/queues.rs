//! The batches that wait, by topic and partition. Pure: time and randomness are arguments.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use record::{PartitionIndex, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;
use wire::ErrorCode;

use super::batch::{Batch, Identity, Ready};
use super::delivery::{Delivery, Outcome, Stored};
use super::partition::{PartitionQueue, Rules};
use super::spread::{Load, Spread};
use super::{ProducerConfig, ProducerRecord, SendError};
use crate::{Partitioner, Topic};

/// All batches that are not finished.
pub(super) struct Queues {
    topics: HashMap<Arc<str>, TopicQueue>,
    rules: Rules,
    partitioner: Partitioner,
    /// What partitions without an identity take.
    identity: Option<Identity>,
    /// Whether a new identity is on its way.
    pub(super) asking_identity: bool,
    closed: bool,
    /// How many wait for room in the buffer; meanwhile no batch waits for more records.
    pub(super) short_of_room: usize,
}

#[derive(Default)]
struct TopicQueue {
    spread: Spread,
    /// Those that take records, and behind them those that a topic of the same name had before and that are not empty.
    partitions: Vec<PartitionQueue>,
    /// How many take records.
    count: usize,
}

/// A record with its time and its reserved bytes.
pub(super) struct Placed<'a> {
    pub(super) record: &'a ProducerRecord<'a>,
    pub(super) timestamp: Timestamp,
    pub(super) len: usize,
    pub(super) now: Instant,
}

/// A record that is in its batch.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) delivery: Delivery,
    /// Whether the batch is new or full, so that the task must look.
    pub(super) wake: bool,
}

impl Queues {
    pub(super) fn new(config: &ProducerConfig) -> Queues {
        Queues {
            topics: HashMap::new(),
            rules: Rules::of(config),
            partitioner: config.partitioner.clone(),
            identity: None,
            asking_identity: false,
            closed: false,
            short_of_room: 0,
        }
    }

    pub(super) fn knows(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    /// The names of all topics so far.
    pub(super) fn topics(&self) -> Vec<Arc<str>> {
        self.topics.keys().cloned().collect()
    }

    /// A topic that was looked up. Partitions may have been added, or it was created anew with fewer; what waits for a
    /// partition that went is tried all the same.
    pub(super) fn learn(&mut self, topic: &Topic) {
        if !self.knows(&topic.name) {
            self.topics.insert(topic.name.as_str().into(), TopicQueue::default());
        }
        let queue = self.topics.get_mut(&*topic.name).expect("it was inserted");
        queue.count = topic.partitions.len();
        let len = queue.count.max(queue.partitions.len());
        queue.partitions.resize_with(len, PartitionQueue::default);
        for (index, partition) in (0..).zip(&mut queue.partitions) {
            partition.has_leader = topic.leader(PartitionIndex(index)).is_some();
        }
    }

    /// Appends to the last batch of the record's partition, or to a new one.
    pub(super) fn push(&mut self, placed: &Placed<'_>, random: impl FnOnce() -> u64) -> Result<Pushed, SendError> {
        if self.closed {
            return Err(SendError::Closed);
        }
        let queue = self.topics.get_mut(placed.record.topic).expect("its topic was added");
        let index = queue.partition_of(placed, &self.partitioner, &self.rules, random)?;
        let partition = &mut queue.partitions[index];
        let (delivery, wake) = partition.push(placed.record, (placed.timestamp, placed.len, placed.now), &self.rules);
        queue.spread.placed(index, placed.len, partition.is_sealed(), &self.rules);
        Ok(Pushed { delivery, wake })
    }

    /// Closes all batches; the outcomes of all that are not finished.
    pub(super) fn seal_all(&mut self) -> Vec<watch::Receiver<Outcome>> {
        self.partitions_mut().for_each(|(_, _, partition)| partition.seal());
        self.partitions().flat_map(|partition| partition.unfinished().map(watch::Sender::subscribe)).collect()
    }

    /// No more records will come.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.partitions_mut().for_each(|(_, _, partition)| partition.seal());
    }

    /// Fails all that is not finished; the bytes that were reserved by what does not come back.
    pub(super) fn abandon(&mut self, now: Instant) -> usize {
        for outcome in self.partitions().flat_map(PartitionQueue::unfinished) {
            outcome.send_if_modified(|outcome| outcome.is_none() && outcome.replace(Err(SendError::Closed)).is_none());
        }
        let taken = self.partitions_mut().flat_map(|(_, _, partition)| partition.take_opened_before(now));
        taken.map(|batch| batch.reserved).sum()
    }

    /// Whether no record will come and none waits.
    pub(super) fn is_done(&self) -> bool {
        self.closed && self.partitions().all(|partition| partition.unfinished().next().is_none())
    }

    /// Whether batches wait that an idempotent producer must number and cannot, and nobody has asked yet.
    pub(super) fn wants_identity(&self) -> bool {
        let lacks = |partition: &PartitionQueue| partition.lacks_identity(self.identity);
        self.rules.idempotent && !self.asking_identity && self.partitions().any(lacks)
    }

    pub(super) fn set_identity(&mut self, identity: Identity) {
        (self.identity, self.asking_identity) = (Some(identity), false);
    }

    /// The rules as they are now.
    fn rules(&self) -> Rules {
        let linger = if self.short_of_room > 0 { Duration::ZERO } else { self.rules.linger };
        Rules { linger, ..self.rules }
    }

    /// Takes the batches that are due and that may go, at most one of each partition.
    pub(super) fn take_ready(&mut self, now: Instant) -> Vec<Ready> {
        let (rules, identity) = (self.rules(), self.identity);
        let mut ready = Vec::new();
        for (topic, index, partition) in self.partitions_mut() {
            if let Some(batch) = partition.take_ready(now, &rules, identity) {
                ready.push(Ready { topic: Arc::clone(topic), partition: PartitionIndex(index), batch });
            }
        }
        ready
    }

    /// Takes the batches that ran out of time while they waited.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Batch> {
        let timeout = self.rules.delivery_timeout;
        let Some(opened) = now.checked_sub(timeout) else { return Vec::new() };
        self.partitions_mut().flat_map(|(_, _, partition)| partition.take_opened_before(opened)).collect()
    }

    /// When something becomes due by time alone.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let rules = &self.rules();
        let numbered = |partition: &&PartitionQueue| !rules.idempotent || !partition.lacks_identity(self.identity);
        let due = self.partitions().filter(numbered).filter_map(|partition| partition.due(rules));
        due.chain(self.partitions().filter_map(|partition| partition.expires(rules))).min()
    }

    /// The batch was stored, or failed for good.
    pub(super) fn finish(&mut self, ready: Ready, result: Result<Stored, SendError>) {
        self.partition_mut(&ready).finish(&ready.batch, result.is_ok());
        ready.batch.tell(result);
    }

    /// The batch is to be sent again, after `not_before`.
    pub(super) fn retry(&mut self, ready: Ready, not_before: Instant) {
        self.partition_mut(&ready).retry(ready.batch, not_before);
    }

    /// The leader of a batch is not known: its partition waits for the look-up.
    pub(super) fn lose(&mut self, ready: Ready, now: Instant) {
        self.partition_mut(&ready).lose(ready.batch, now);
    }

    /// The look-up of a topic is over: the first batches of the partitions that waited for it.
    pub(super) fn take_lost(&mut self, topic: &Arc<str>, partitions: &[PartitionIndex]) -> Vec<Ready> {
        let queue = self.topics.get_mut(topic).expect("topics are never removed");
        let taken = partitions.iter().filter_map(|&partition| {
            let batch = queue.partitions[partition.0.cast_unsigned() as usize].take_lost()?;
            Some(Ready { topic: Arc::clone(topic), partition, batch })
        });
        taken.collect()
    }

    /// The broker objects to the number of a batch. Whether it is worth another try.
    pub(super) fn objection(&mut self, ready: &Ready, code: ErrorCode) -> bool {
        self.rules.idempotent && self.partition_mut(ready).objection(&ready.batch, code)
    }

    /// Takes all batches of partitions that cannot be numbered.
    pub(super) fn take_unnumbered(&mut self, now: Instant) -> Vec<Batch> {
        let identity = self.identity;
        let unnumbered = self.partitions_mut().filter(|(_, _, partition)| partition.lacks_identity(identity));
        unnumbered.flat_map(|(_, _, partition)| partition.take_opened_before(now)).collect()
    }

    fn partition_mut(&mut self, ready: &Ready) -> &mut PartitionQueue {
        let topic = self.topics.get_mut(&ready.topic).expect("topics are never removed");
        &mut topic.partitions[ready.partition.0.cast_unsigned() as usize]
    }

    fn partitions(&self) -> impl Iterator<Item = &PartitionQueue> {
        self.topics.values().flat_map(|queue| &queue.partitions)
    }

    fn partitions_mut(&mut self) -> impl Iterator<Item = (&Arc<str>, i32, &mut PartitionQueue)> {
        self.topics.iter_mut().flat_map(|(topic, queue)| {
            (0..).zip(&mut queue.partitions).map(move |(index, partition)| (topic, index, partition))
        })
    }
}

impl TopicQueue {
    fn partition_of(
        &mut self,
        placed: &Placed<'_>,
        partitioner: &Partitioner,
        rules: &Rules,
        random: impl FnOnce() -> u64,
    ) -> Result<usize, SendError> {
        let (record, count) = (placed.record, self.count);
        let missing = |partition| SendError::NoSuchPartition { topic: record.topic.to_owned(), partition, count };
        let named = match (record.partition, count) {
            (_, 0) => return Err(missing(PartitionIndex(0))),
            (None, _) => partitioner.decide(record, i32::try_from(count).expect("counts of partitions are i32")),
            (named, _) => named,
        };
        if let Some(named) = named {
            return usize::try_from(named.0).ok().filter(|&index| index < count).ok_or_else(|| missing(named));
        }
        let load = |index: usize| Load::of(&self.partitions[index], partitioner, placed.now, rules);
        let last = self.spread.current().filter(|&current| !self.partitions[current].has_room(placed.len, rules));
        let index = self.spread.choose(partitioner, count, last.is_some(), load, random);
        // Under the sticky partitioner a batch is left for good once it is too full for the next record.
        if let Some(last) = last.filter(|&last| last != index) {
            self.partitions[last].seal();
        }
        Ok(index)
    }
}

#[cfg(test)]
mod tests;
