//! The batches that wait, per partition. Pure: time and randomness are arguments.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use record::{BatchBuilder, Compression, Offset, PartitionIndex, ProducerEpoch, ProducerId, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Acks, Delivered, Delivery, Outcome, ProducerConfig, ProducerRecord, SendError};
use crate::partition_of;

/// Of an idempotent producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: ProducerId,
    pub(super) epoch: ProducerEpoch,
}

/// All batches that are not finished.
pub(super) struct Queues {
    topics: HashMap<Arc<str>, TopicQueue>,
    compression: Compression,
    batch_bytes: usize,
    linger: Duration,
    idempotent: bool,
    /// What partitions without an identity take.
    identity: Option<Identity>,
    closed: bool,
}

struct TopicQueue {
    /// Where records without a key go, batch by batch (KIP-480).
    sticky: usize,
    partitions: Vec<PartitionQueue>,
}

#[derive(Default)]
struct PartitionQueue {
    waiting: VecDeque<Waiting>,
    in_flight: Option<watch::Receiver<Outcome>>,
    /// Comes back from its last try and goes before all others.
    again: Option<(Instant, Batch)>,
    identity: Option<Identity>,
    next_sequence: i32,
}

struct Waiting {
    batch: Batch,
    builder: BatchBuilder,
    sealed: bool,
}

/// A batch on its way: what its records wait for, and since when.
pub(super) struct Batch {
    pub(super) opened: Instant,
    pub(super) reserved: usize,
    pub(super) record_count: i32,
    pub(super) outcome: watch::Sender<Outcome>,
    pub(super) identity: Option<Identity>,
    /// The bytes, once they were built.
    pub(super) bytes: Vec<u8>,
    /// Whether an earlier try may have stored it.
    pub(super) perhaps_stored: bool,
}

/// A batch that is to be sent now.
pub(super) struct Ready {
    pub(super) topic: Arc<str>,
    pub(super) partition: PartitionIndex,
    pub(super) batch: Batch,
    /// Until it was built.
    pub(super) builder: Option<BatchBuilder>,
}

impl Ready {
    /// Builds and compresses, the first time.
    pub(super) fn build(&mut self) {
        if let Some(builder) = self.builder.take() {
            self.batch.bytes = builder.build();
        }
    }
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
            compression: config.compression,
            batch_bytes: config.batch_bytes,
            linger: config.linger,
            idempotent: config.acks == Acks::All,
            identity: None,
            closed: false,
        }
    }

    pub(super) fn knows(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    pub(super) fn add_topic(&mut self, topic: &str, partition_count: usize) {
        let new = || TopicQueue { sticky: 0, partitions: Vec::new() };
        let queue = self.topics.entry(topic.into()).or_insert_with(new);
        let count = partition_count.max(queue.partitions.len());
        queue.partitions.resize_with(count, PartitionQueue::default);
    }

    /// Appends to the last batch of the record's partition, or to a new one.
    pub(super) fn push(&mut self, placed: &Placed<'_>, random: impl FnOnce() -> u64) -> Result<Pushed, SendError> {
        let queue = self.topics.get_mut(placed.record.topic).expect("its topic was added");
        let index = queue.partition_index(placed, self.batch_bytes, random)?;
        let partition = &mut queue.partitions[index];
        let is_new = !partition.has_room(placed.len, self.batch_bytes);
        if is_new {
            partition.seal();
            partition.waiting.push_back(Waiting::new(self.compression, placed.now));
        }
        let waiting = partition.waiting.back_mut().expect("there is room in it");
        let delivery = waiting.append(placed, self.batch_bytes);
        Ok(Pushed { delivery, wake: is_new || waiting.sealed })
    }

    /// Closes all batches; the outcomes of all that are not finished.
    pub(super) fn seal_all(&mut self) -> Vec<watch::Receiver<Outcome>> {
        self.partitions_mut().for_each(|(_, _, partition)| partition.seal());
        self.partitions_mut().flat_map(|(_, _, partition)| partition.unfinished()).collect()
    }

    /// No more records will come.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.seal_all();
    }

    /// Whether no record will come and none waits.
    pub(super) fn is_done(&mut self) -> bool {
        self.closed && self.partitions_mut().all(|(_, _, partition)| partition.unfinished().is_empty())
    }

    /// Whether batches wait that an idempotent producer must number and cannot.
    pub(super) fn wants_identity(&mut self) -> bool {
        let unnumbered = |partition: &PartitionQueue| partition.identity.is_none() && !partition.waiting.is_empty();
        self.idempotent
            && self.identity.is_none()
            && self.partitions_mut().any(|(_, _, partition)| unnumbered(partition))
    }

    pub(super) fn set_identity(&mut self, identity: Identity) {
        self.identity = Some(identity);
    }

    /// Takes the batches that are due and whose partition has none in flight.
    pub(super) fn take_ready(&mut self, now: Instant) -> Vec<Ready> {
        let (linger, identity) = (self.linger, self.identity);
        let may_send = |partition: &PartitionQueue| identity.or(partition.identity).is_some();
        let idempotent = self.idempotent;
        let ready = self.partitions_mut().filter(|(_, _, partition)| !idempotent || may_send(partition));
        let ready = ready.filter_map(|(topic, index, partition)| {
            let (batch, builder) = partition.take_ready(now, linger, identity)?;
            Some(Ready { topic: Arc::clone(topic), partition: PartitionIndex(index), batch, builder })
        });
        ready.collect()
    }

    /// When the next batch becomes due by time alone.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        let linger = self.linger;
        self.partitions_mut().filter_map(|(_, _, partition)| partition.due(linger)).min()
    }

    /// The batch was stored, or failed for good: its partition's next one may go.
    pub(super) fn finish(&mut self, ready: Ready, result: Result<Option<Offset>, SendError>) {
        let partition = self.partition_mut(&ready);
        partition.in_flight = None;
        let Ready { batch, partition: index, .. } = ready;
        match &result {
            Ok(_) => partition.next_sequence = partition.next_sequence.wrapping_add(batch.record_count) & i32::MAX,
            // The broker's next sequence number is not known any more, so the partition begins afresh, as another producer.
            Err(_) if batch.perhaps_stored => {
                partition.identity = None;
                self.identity = self.identity.filter(|_| self.identity != batch.identity);
            }
            Err(_) => {}
        }
        batch.outcome.send_replace(Some(result.map(|offset| Delivered { partition: index, offset })));
    }

    /// The batch is to be sent again, after `not_before`.
    pub(super) fn retry(&mut self, ready: Ready, not_before: Instant) {
        let partition = self.partition_mut(&ready);
        partition.again = Some((not_before, ready.batch));
        partition.in_flight = None;
    }

    /// Takes all batches of partitions that cannot be numbered.
    pub(super) fn take_unnumbered(&mut self) -> Vec<Batch> {
        let unnumbered = self.partitions_mut().filter(|(_, _, partition)| partition.identity.is_none());
        unnumbered.flat_map(|(_, _, partition)| partition.waiting.drain(..).map(|waiting| waiting.batch)).collect()
    }

    fn partition_mut(&mut self, ready: &Ready) -> &mut PartitionQueue {
        let topic = self.topics.get_mut(&ready.topic).expect("topics are never removed");
        &mut topic.partitions[ready.partition.0.cast_unsigned() as usize]
    }

    fn partitions_mut(&mut self) -> impl Iterator<Item = (&Arc<str>, i32, &mut PartitionQueue)> {
        self.topics.iter_mut().flat_map(|(topic, queue)| {
            (0..).zip(&mut queue.partitions).map(move |(index, partition)| (topic, index, partition))
        })
    }
}

impl TopicQueue {
    fn partition_index(
        &mut self,
        placed: &Placed<'_>,
        batch_bytes: usize,
        random: impl FnOnce() -> u64,
    ) -> Result<usize, SendError> {
        let (record, count) = (placed.record, self.partitions.len());
        let missing = |partition| SendError::NoSuchPartition { topic: record.topic.to_owned(), partition, count };
        match (record.partition, record.key) {
            (Some(partition), _) => {
                let index = usize::try_from(partition.0).ok().filter(|&index| index < count);
                index.ok_or_else(|| missing(partition))
            }
            (None, _) if count == 0 => Err(missing(PartitionIndex(0))),
            (None, Some(key)) => {
                let count = i32::try_from(count).expect("counts of partitions are i32");
                Ok(partition_of(key, count).0.cast_unsigned() as usize)
            }
            (None, None) => Ok(self.sticky_index(placed.len, batch_bytes, random)),
        }
    }

    /// Another partition's turn comes when this one's batch is full or was sent.
    fn sticky_index(&mut self, len: usize, batch_bytes: usize, random: impl FnOnce() -> u64) -> usize {
        let current = &mut self.partitions[self.sticky];
        if !current.has_room(len, batch_bytes) {
            current.seal();
            self.sticky = (random() % self.partitions.len() as u64) as usize;
        }
        self.sticky
    }
}

impl PartitionQueue {
    fn has_room(&self, len: usize, batch_bytes: usize) -> bool {
        let fits = |waiting: &Waiting| !waiting.sealed && waiting.builder.len() + len <= batch_bytes;
        self.waiting.back().is_some_and(fits)
    }

    fn seal(&mut self) {
        self.waiting.back_mut().into_iter().for_each(|waiting| waiting.sealed = true);
    }

    fn unfinished(&self) -> Vec<watch::Receiver<Outcome>> {
        let again = self.again.iter().map(|(_, batch)| batch.outcome.subscribe());
        let waiting = self.waiting.iter().map(|waiting| waiting.batch.outcome.subscribe());
        self.in_flight.iter().cloned().chain(again).chain(waiting).collect()
    }

    /// When its first batch may be sent; `None` when there is none, or one is in flight.
    fn due(&self, linger: Duration) -> Option<Instant> {
        if self.in_flight.is_some() {
            return None;
        }
        let again = self.again.as_ref().map(|(not_before, _)| *not_before);
        let first = || {
            let waiting = self.waiting.front()?;
            Some(waiting.batch.opened + if waiting.sealed { Duration::ZERO } else { linger })
        };
        again.or_else(first)
    }

    fn take_ready(
        &mut self,
        now: Instant,
        linger: Duration,
        identity: Option<Identity>,
    ) -> Option<(Batch, Option<BatchBuilder>)> {
        if self.due(linger)? > now {
            return None;
        }
        let (batch, builder) = match self.again.take() {
            Some((_, batch)) => (batch, None),
            None => {
                let Waiting { batch, builder, .. } = self.waiting.pop_front()?;
                let (identity, builder) = self.number(identity, builder);
                let record_count = builder.record_count();
                (Batch { identity, record_count, ..batch }, Some(builder))
            }
        };
        self.in_flight = Some(batch.outcome.subscribe());
        Some((batch, builder))
    }

    /// A partition keeps its identity, and its numbers go on, until it is not known what the broker has stored.
    fn number(&mut self, fresh: Option<Identity>, mut builder: BatchBuilder) -> (Option<Identity>, BatchBuilder) {
        if self.identity.is_none() {
            self.identity = fresh;
            self.next_sequence = 0;
        }
        if let Some(identity) = self.identity {
            builder.producer(identity.id, identity.epoch, self.next_sequence);
        }
        (self.identity, builder)
    }
}

impl Waiting {
    fn new(compression: Compression, now: Instant) -> Waiting {
        let batch = Batch {
            opened: now,
            reserved: 0,
            record_count: 0,
            outcome: watch::Sender::new(None),
            identity: None,
            bytes: Vec::new(),
            perhaps_stored: false,
        };
        Waiting { batch, builder: BatchBuilder::new(compression), sealed: false }
    }

    fn append(&mut self, placed: &Placed<'_>, batch_bytes: usize) -> Delivery {
        let index = self.builder.record_count().into();
        let ProducerRecord { key, value, headers, .. } = *placed.record;
        self.builder.append(placed.timestamp, key, value, headers);
        self.batch.reserved += placed.len;
        self.sealed = self.builder.len() >= batch_bytes;
        Delivery { batch: self.batch.outcome.subscribe(), index }
    }
}

#[cfg(test)]
mod tests;
