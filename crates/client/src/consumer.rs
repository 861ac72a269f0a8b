//! Consuming by assignment: partitions are read from where the caller says, without a group.
//!
//! `reading` and `session` decide, without I/O; `fetch`, `positions` and `truncation` ask brokers, each in a task of
//! `tasks`, so that a call that is cancelled ends nothing.

mod aborted;
mod config;
mod decode;
mod fetch;
mod positions;
mod reading;
mod record;
mod session;
mod tasks;
mod truncation;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ::record::{BrokerId, Offset, PartitionIndex};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::admin::no_such_partition;
use crate::{Client, RequestError, TopicPartition};
use reading::Reading;
use session::Session;
use tasks::Done;

pub use config::{ConsumerConfig, Isolation, Reset, Start};
pub use record::{ConsumerRecord, Damage, PollError};

/// Reads records of the partitions it was given. Each partition's records come in order.
///
/// All its methods are safe to cancel: a record that was not returned comes with the next call. Partitions may be assigned,
/// sought in, paused and taken away between any two records.
pub struct Consumer {
    client: Client,
    config: ConsumerConfig,
    partitions: Vec<Reading>,
    next_token: u64,
    /// What is asked of brokers, none of which ends when [`Consumer::next`] is cancelled.
    tasks: JoinSet<Done>,
    /// The leaders that are asked for records, each by one request.
    asked: Vec<BrokerId>,
    /// The topics that are looked up.
    looked_up: Vec<Arc<str>>,
    /// When all topics are looked up again.
    refresh: Instant,
    sessions: HashMap<BrokerId, Session>,
    /// The partition with which the last request began.
    first: usize,
    /// The readings that have something to decode, in the order of its arrival.
    arrived: VecDeque<u64>,
    /// What is left of the batch that was decoded last, and of which reading it is.
    decoded: VecDeque<ConsumerRecord>,
    decoded_of: u64,
    damaged: Option<PollError>,
    scratch: Vec<u8>,
}

impl Consumer {
    pub(crate) fn new(client: Client, config: ConsumerConfig) -> Consumer {
        Consumer {
            refresh: Instant::now() + client.config().metadata_max_age,
            client,
            config,
            partitions: Vec::new(),
            next_token: 1,
            tasks: JoinSet::new(),
            asked: Vec::new(),
            looked_up: Vec::new(),
            sessions: HashMap::new(),
            first: 0,
            arrived: VecDeque::new(),
            decoded: VecDeque::new(),
            decoded_of: 0,
            damaged: None,
            scratch: Vec::new(),
        }
    }

    /// Adds these partitions of a topic, `None` for all that it has now. One that was there already goes to `start`.
    ///
    /// # Errors
    /// There is no such topic or partition, a broker did not answer, or the offset lies behind the end at which to stop.
    /// Nothing was assigned then.
    pub async fn assign(
        &mut self,
        topic: &str,
        partitions: Option<&[PartitionIndex]>,
        start: Start,
    ) -> Result<(), RequestError> {
        let described = self.client.topic(topic, false).await?;
        let all = || described.partitions.iter().map(|partition| partition.index).collect();
        let mut partitions: Vec<PartitionIndex> = partitions.map_or_else(all, <[_]>::to_vec);
        partitions.sort_unstable();
        partitions.dedup();
        let named = |partition| TopicPartition { topic: topic.to_owned(), partition };
        if let Some(&missing) = partitions.iter().find(|&&partition| described.partition(partition).is_none()) {
            return Err(no_such_partition(&named(missing)).into());
        }
        let partitions: Vec<TopicPartition> = partitions.into_iter().map(named).collect();
        let found = self.positions(&partitions, start).await?;
        let topic: Arc<str> = topic.into();
        for (partition, (position, end)) in partitions.iter().zip(found) {
            self.unassign(partition);
            let token = self.token();
            let mut reading = Reading::new(token, Arc::clone(&topic), partition.partition, position);
            reading.end = self.config.until_end.then_some(end);
            reading.high_watermark = end;
            self.partitions.push(reading);
        }
        Ok(())
    }

    /// Takes a partition away, and what has arrived of it; false when it was not assigned.
    pub fn unassign(&mut self, partition: &TopicPartition) -> bool {
        let Some(index) = self.index_of(partition) else { return false };
        self.drop_decoded(index);
        self.partitions.remove(index);
        true
    }

    /// Adds partitions, each from an offset on; without one, from where `reset` says once it is read.
    pub(crate) fn add(&mut self, partitions: &[(TopicPartition, Option<Offset>)]) {
        let names: Vec<TopicPartition> = partitions.iter().map(|(partition, _)| partition.clone()).collect();
        self.remove(&names);
        for (partition, from) in partitions {
            let token = self.token();
            // Neighbours share their topic's name.
            let last = self.partitions.last().filter(|last| *last.topic == *partition.topic);
            let topic = last.map_or_else(|| partition.topic.as_str().into(), |last| Arc::clone(&last.topic));
            self.partitions.push(Reading::new(token, topic, partition.partition, from.unwrap_or(reading::NOWHERE)));
        }
    }

    /// [`Consumer::unassign`] for many at once.
    pub(crate) fn remove(&mut self, partitions: &[TopicPartition]) {
        let removed: HashSet<&TopicPartition> = partitions.iter().collect();
        for index in (0..self.partitions.len()).rev() {
            if removed.contains(&self.partitions[index].topic_partition()) {
                self.drop_decoded(index);
                self.partitions.swap_remove(index);
            }
        }
    }

    /// The positions of all partitions, but for those of which it is not known where they begin.
    pub(crate) fn known_positions(&self) -> impl Iterator<Item = (TopicPartition, Offset)> {
        let position = |index: usize| (self.partitions[index].topic_partition(), self.position_of(index));
        (0..self.partitions.len()).map(position).filter(|(_, offset)| *offset != reading::NOWHERE)
    }

    /// Whether anything is to be read.
    pub(crate) fn has_wanted(&self) -> bool {
        !self.decoded.is_empty() || self.partitions.iter().any(|reading| !reading.paused && !reading.is_done())
    }

    /// The partitions that are assigned.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        self.partitions.iter().map(Reading::topic_partition).collect()
    }

    /// Goes to another place of a partition, before or after the present one. What has arrived of it is dropped. The end at
    /// which to stop stays where it is.
    ///
    /// # Errors
    /// The partition is not assigned, a broker did not answer, or the offset lies behind the end at which to stop. The
    /// position is as before then.
    pub async fn seek(&mut self, partition: &TopicPartition, start: Start) -> Result<(), RequestError> {
        let missing = || no_such_partition(partition);
        self.index_of(partition).ok_or_else(missing)?;
        let found = self.positions(std::slice::from_ref(partition), start).await?;
        let position = found.first().map_or_else(Offset::default, |(position, _)| *position);
        let index = self.index_of(partition).ok_or_else(missing)?;
        self.drop_decoded(index);
        let token = self.token();
        self.partitions[index].seek(token, position);
        Ok(())
    }

    /// The offset of the next record that [`Consumer::next`] will return of a partition, if there is a record there;
    /// `None` when it is not assigned.
    pub fn position(&self, partition: &TopicPartition) -> Option<Offset> {
        self.index_of(partition).map(|index| self.position_of(index))
    }

    /// Returns no records of a partition until it is resumed; false when it is not assigned.
    pub fn pause(&mut self, partition: &TopicPartition) -> bool {
        let Some(index) = self.index_of(partition) else { return false };
        let (position, token) = (self.position_of(index), self.token());
        self.drop_decoded(index);
        self.partitions[index].rewind(token, position);
        self.partitions[index].paused = true;
        true
    }

    /// Goes on with a partition where it was paused; false when it is not assigned.
    pub fn resume(&mut self, partition: &TopicPartition) -> bool {
        let index = self.index_of(partition);
        index.map(|index| self.partitions[index].paused = false).is_some()
    }

    /// The records between the positions and the ends of the partitions, as far as the ends are known.
    pub fn lag(&self) -> i64 {
        let lag = |index: usize| (self.partitions[index].high_watermark - self.position_of(index)).max(0);
        (0..self.partitions.len()).map(lag).sum()
    }

    /// The next record; `None` when all partitions are paused or at the end at which to stop.
    ///
    /// # Errors
    /// Records cannot be read; those before the error were all returned. After damage the partition stays where it is.
    pub async fn next(&mut self) -> Result<Option<ConsumerRecord>, PollError> {
        loop {
            if let Some(record) = self.next_now() {
                return Ok(Some(record));
            }
            if let Some(damaged) = self.damaged.take() {
                return Err(damaged);
            }
            if !self.fetch().await? {
                return Ok(None);
            }
        }
    }

    /// The next record if it has arrived already.
    pub fn next_now(&mut self) -> Option<ConsumerRecord> {
        while self.decoded.is_empty() && self.damaged.is_none() {
            let token = self.arrived.pop_front()?;
            self.decode(token);
        }
        self.decoded.pop_front()
    }

    /// Up to `max` records (`max.poll.records`): waits up to `wait` for the first, and takes what else has arrived. Empty
    /// when there is none by then, or none will come.
    ///
    /// # Errors
    /// As [`Consumer::next`].
    pub async fn poll(&mut self, max: usize, wait: Duration) -> Result<Vec<ConsumerRecord>, PollError> {
        let mut records = Vec::new();
        if let Ok(first) = timeout_at(Instant::now() + wait, self.next()).await {
            records.extend(first?);
        }
        while !records.is_empty() && records.len() < max {
            let Some(record) = self.next_now() else { break };
            records.push(record);
        }
        Ok(records)
    }

    /// Decodes one batch of a reading; nothing when it is over or has none.
    fn decode(&mut self, token: u64) {
        let Some(reading) = self.partitions.iter_mut().find(|reading| reading.token == token) else { return };
        match reading.decode(self.config.check_crcs, &mut self.scratch, &mut self.decoded) {
            Ok(_) => {
                self.decoded_of = token;
                if reading.has_arrived() {
                    self.arrived.push_front(token);
                }
            }
            Err(damage) => {
                let (partition, offset) = (reading.topic_partition(), reading.position());
                reading.rewind(self.next_token, offset);
                self.next_token += 1;
                self.damaged = Some(PollError::Corrupt { partition, offset, damage });
            }
        }
    }

    fn index_of(&self, partition: &TopicPartition) -> Option<usize> {
        let is_it = |reading: &Reading| *reading.topic == *partition.topic && reading.partition == partition.partition;
        self.partitions.iter().position(is_it)
    }

    fn position_of(&self, index: usize) -> Offset {
        let reading = &self.partitions[index];
        let decoded = self.decoded.front().filter(|_| self.decoded_of == reading.token);
        decoded.map_or(reading.position(), |record| record.offset)
    }

    /// Drops what was decoded of a partition, and what is wrong with it.
    fn drop_decoded(&mut self, index: usize) {
        let dropped = self.partitions[index].topic_partition();
        self.damaged
            .take_if(|damaged| matches!(damaged, PollError::Corrupt { partition, .. } if *partition == dropped));
        if self.decoded_of == self.partitions[index].token {
            self.decoded.clear();
        }
    }

    /// For a reading that begins.
    fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token - 1
    }
}

#[cfg(test)]
mod tests;
