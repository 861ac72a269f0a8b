//! Consuming as a member of a group: partitions are shared between the members, and how far each is read is committed.
//!
//! ```text
//! caller --next()--> GroupConsumer --> Consumer        records
//!                         |
//!                        Desk  (changes on offer, offsets left to commit)
//!                       /    \
//!         Classic or Modern   Committer               tasks of their own
//!   (joins, heartbeats, leaves)
//! ```
//!
//! `desk`, `react`, `assignor`, `blobs`, `reconcile` and `poll_watch` decide, without I/O; the tasks ask brokers. A caller
//! that is slow holds up no heartbeat, and a call that is dropped ends nothing.

mod assignor;
mod blobs;
mod classic;
mod committer;
mod config;
mod coordinator;
mod desk;
mod error;
mod member;
mod modern;
mod offsets;
mod poll_watch;
mod react;
mod reconcile;
mod shared;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use record::Offset;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::{Client, Consumer, ConsumerRecord, RequestError, Start, TopicPartition};
use config::Subscription;
use desk::ToDo;
use shared::{Polling, Shared};

pub(crate) use blobs::{assigned_in, by_topic, subscribed_in};
pub use config::{Assignor, GroupConfig, GroupProtocol};
pub(crate) use coordinator::Coordinator;
pub use error::GroupError;
pub use offsets::CommittedOffset;
pub(crate) use offsets::{Membership, commit as commit_offsets, fetch as fetch_offsets, partition_outcomes};

/// What a member of a group is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    /// A record.
    Record(ConsumerRecord),
    /// These partitions are read from now on, beside those that were before.
    Assigned(Vec<TopicPartition>),
    /// These partitions are another member's with the next call of [`GroupConsumer::next`]. Until then what was read of them
    /// can be committed; with `auto_commit` it will be.
    Revoked(Vec<TopicPartition>),
    /// These partitions may be another member's already: the group did not hear of this one in time. What was read of them
    /// since the last commit will be read again.
    Lost(Vec<TopicPartition>),
}

/// A member of a group. Its heartbeats are sent in the background, however slow the caller is; but when it does not ask for
/// records for [`GroupConfig::max_poll_interval`], the member leaves, and joins again with the next call.
///
/// All its methods are safe to cancel. When it is dropped it leaves the group without a commit; [`GroupConsumer::close`]
/// commits.
pub struct GroupConsumer {
    consumer: Consumer,
    config: GroupConfig,
    shared: Arc<Shared>,
    /// The last offsets that were left to be committed, or that the group had committed. Those that could not be committed
    /// are among [`Desk::is_uncommitted`](desk::Desk::is_uncommitted).
    left: BTreeMap<TopicPartition, Offset>,
    /// The partitions of which no records are returned any more, though they may still be committed.
    held: Vec<TopicPartition>,
    member: Option<JoinHandle<()>>,
}

impl GroupConsumer {
    pub(crate) fn new(client: Client, config: GroupConfig) -> GroupConsumer {
        let shared = Arc::new(Shared::new(client.clone(), &config));
        let member = tokio::spawn(member::run(Arc::clone(&shared), config.clone()));
        tokio::spawn(committer::run(Arc::clone(&shared)));
        if let Some(interval) = config.auto_commit {
            tokio::spawn(committer::remind(Arc::clone(&shared), interval));
        }
        let consumer = client.consumer(config.consumer.clone());
        GroupConsumer { consumer, config, shared, left: BTreeMap::new(), held: Vec::new(), member: Some(member) }
    }

    /// Reads these topics, whatever was subscribed to before; none at all to leave the group. Topics may be created later.
    pub fn subscribe(&mut self, topics: &[&str]) {
        let mut topics: Vec<String> = topics.iter().map(|&topic| topic.to_owned()).collect();
        topics.sort_unstable();
        topics.dedup();
        let subscription = if topics.is_empty() { Subscription::Nothing } else { Subscription::Topics(topics) };
        self.shared.update(|desk| desk.subscribe(subscription));
    }

    /// Reads all topics whose whole name fits a regular expression, which the broker evaluates (RE2 syntax).
    ///
    /// # Errors
    /// The member speaks the classic protocol, in which members know topics by name.
    pub fn subscribe_pattern(&mut self, pattern: &str) -> Result<(), GroupError> {
        if self.config.protocol == GroupProtocol::Classic {
            return Err(GroupError::PatternNeedsConsumerProtocol);
        }
        self.shared.update(|desk| desk.subscribe(Subscription::Pattern(pattern.to_owned())));
        Ok(())
    }

    /// The next record or change of what this member reads, in order: no record of a partition comes after it was revoked or
    /// lost. Waits until there is something.
    ///
    /// # Errors
    /// Records cannot be read, or the member cannot be one any more; then all further calls say the same.
    pub async fn next(&mut self) -> Result<GroupEvent, GroupError> {
        if let Some(record) = self.next_now() {
            return Ok(GroupEvent::Record(record));
        }
        let _polling = Polling::begin(Arc::clone(&self.shared));
        loop {
            if let Some(event) = self.take_news()? {
                return Ok(event);
            }
            let shared = Arc::clone(&self.shared);
            let news = shared.until(|desk| desk.has_news().then_some(()));
            tokio::select! {
                biased;
                () = news => {}
                record = self.consumer.next(), if self.consumer.has_wanted() => {
                    // Without one, all is paused or at the end at which to stop.
                    if let Some(record) = record? {
                        return Ok(GroupEvent::Record(record));
                    }
                }
            }
        }
    }

    /// The next record, if it has arrived already and nothing has changed before it.
    pub fn next_now(&mut self) -> Option<ConsumerRecord> {
        self.shared.polls.fetch_add(1, Ordering::Relaxed);
        if self.shared.has_news.load(Ordering::Acquire) { None } else { self.consumer.next_now() }
    }

    /// Up to `max` records (`max.poll.records`): waits up to `wait` for the first, and takes what else has arrived. Changes of
    /// what is read are dealt with and not told.
    ///
    /// # Errors
    /// As [`GroupConsumer::next`].
    pub async fn poll(&mut self, max: usize, wait: Duration) -> Result<Vec<ConsumerRecord>, GroupError> {
        let deadline = Instant::now() + wait;
        let mut records = Vec::new();
        while records.is_empty() {
            match timeout_at(deadline, self.next()).await {
                Ok(Ok(GroupEvent::Record(record))) => records.push(record),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Ok(records),
            }
        }
        while records.len() < max {
            let Some(record) = self.next_now() else { break };
            records.push(record);
        }
        Ok(records)
    }

    /// Deals with what the tasks have for the caller.
    fn take_news(&mut self) -> Result<Option<GroupEvent>, GroupError> {
        self.shared.has_news.store(false, Ordering::Release);
        loop {
            let (to_do, auto_commit, over) = self.shared.look(|desk| {
                let auto_commit = std::mem::take(&mut desk.auto_commit_due);
                (desk.next_to_do(), auto_commit, (desk.ended, desk.failed.clone()))
            });
            if auto_commit {
                self.leave_positions(None);
            }
            match to_do {
                Some(ToDo::Add(partitions)) => return Ok(Some(self.add(partitions))),
                Some(ToDo::Tell(partitions)) => {
                    partitions.iter().for_each(|partition| {
                        self.consumer.pause(partition);
                    });
                    self.held.clone_from(&partitions);
                    // With the next call they are given up.
                    self.shared.has_news.store(true, Ordering::Release);
                    return Ok(Some(GroupEvent::Revoked(partitions)));
                }
                Some(ToDo::GiveUp(partitions)) => {
                    if self.config.auto_commit.is_some() {
                        self.leave_positions(Some(&partitions));
                    }
                    self.remove(&partitions);
                    self.shared.update(desk::Desk::give_up);
                }
                Some(ToDo::Drop(partitions)) => {
                    self.remove(&partitions);
                    self.shared.update(|_| ());
                    return Ok(Some(GroupEvent::Lost(partitions)));
                }
                None => {
                    return match over {
                        (_, Some(error)) => Err(GroupError::Group(error)),
                        (true, None) => Err(GroupError::Closed),
                        (false, None) => Ok(None),
                    };
                }
            }
        }
    }

    fn add(&mut self, partitions: Vec<(TopicPartition, Option<CommittedOffset>)>) -> GroupEvent {
        let offset = |committed: &Option<CommittedOffset>| committed.as_ref().map(|committed| committed.offset);
        let from: Vec<_> =
            partitions.iter().map(|(partition, committed)| (partition.clone(), offset(committed))).collect();
        self.consumer.add(&from);
        let known = from.iter().filter_map(|(partition, offset)| Some((partition.clone(), (*offset)?)));
        self.left.extend(known);
        let names = from.into_iter().map(|(partition, _)| partition).collect();
        self.shared.update(|_| ());
        GroupEvent::Assigned(names)
    }

    fn remove(&mut self, partitions: &[TopicPartition]) {
        self.consumer.remove(partitions);
        partitions.iter().for_each(|partition| {
            self.left.remove(partition);
        });
        self.held.clear();
    }

    /// Leaves the positions that have changed since they were last left to be committed: of these partitions, or of all.
    fn leave_positions(&mut self, of: Option<&[TopicPartition]>) {
        let changed = self.changed_positions(of);
        self.left.extend(changed.iter().cloned());
        if !changed.is_empty() {
            let offsets = changed.into_iter().map(|(partition, offset)| (partition, offset.into()));
            self.shared.update(|desk| desk.leave(offsets, None));
        }
    }

    fn changed_positions(&self, of: Option<&[TopicPartition]>) -> Vec<(TopicPartition, Offset)> {
        let wanted: Option<std::collections::HashSet<&TopicPartition>> = of.map(|of| of.iter().collect());
        let is_wanted = |partition: &TopicPartition| wanted.as_ref().is_none_or(|wanted| wanted.contains(partition));
        let known = self.consumer.known_positions();
        let known = known.filter(|(partition, _)| is_wanted(partition));
        self.shared.look(|desk| {
            let is_changed = |(partition, offset): &(TopicPartition, Offset)| {
                self.left.get(partition) != Some(offset) || desk.is_uncommitted(partition)
            };
            known.filter(is_changed).collect()
        })
    }

    /// Commits what was returned so far of all partitions, and waits until it is stored. A call that is dropped commits all
    /// the same.
    ///
    /// # Errors
    /// The broker refused, did not answer, or a partition was given up meanwhile. What was not stored is committed again with
    /// the next call.
    pub async fn commit(&mut self) -> Result<(), GroupError> {
        let changed = self.changed_positions(None);
        self.left.extend(changed.iter().cloned());
        self.commit_left(changed.into_iter().map(|(partition, offset)| (partition, offset.into())), true).await
    }

    /// Commits what was returned so far of all partitions, in the background and in order with all other commits.
    pub fn commit_async(&mut self) {
        self.leave_positions(None);
    }

    /// Commits these offsets, each that of the next record to read, and waits until they are stored. A call that is dropped
    /// commits all the same.
    ///
    /// # Errors
    /// As [`GroupConsumer::commit`].
    pub async fn commit_offsets(&mut self, offsets: &[(TopicPartition, CommittedOffset)]) -> Result<(), GroupError> {
        let position =
            |(partition, committed): &(TopicPartition, CommittedOffset)| (partition.clone(), committed.offset);
        self.left.extend(offsets.iter().map(position));
        self.commit_left(offsets.iter().cloned(), false).await
    }

    async fn commit_left(
        &self,
        offsets: impl Iterator<Item = (TopicPartition, CommittedOffset)>,
        of_all: bool,
    ) -> Result<(), GroupError> {
        let (waiter, done) = desk::Waiter::new(of_all);
        self.shared.update(|desk| desk.leave(offsets, Some(waiter)));
        done.await.unwrap_or(Err(GroupError::Closed))
    }

    /// What the group has committed of these partitions; `None` for nothing.
    ///
    /// # Errors
    /// The broker refused or did not answer.
    pub async fn committed(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<Vec<(TopicPartition, Option<CommittedOffset>)>, RequestError> {
        let found = offsets::fetch(&self.shared.coordinator, Some(partitions)).await?;
        let mut found: BTreeMap<_, _> = found.into_iter().collect();
        let one = |partition: &TopicPartition| Ok((partition.clone(), found.remove(partition).transpose()?));
        partitions.iter().map(one).collect()
    }

    /// The partitions that this member reads.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        self.consumer.assignment()
    }

    /// As [`Consumer::position`]; `None` also while it is not known where to begin.
    pub fn position(&self, partition: &TopicPartition) -> Option<Offset> {
        self.consumer.position(partition).filter(|offset| offset.0 >= 0)
    }

    /// As [`Consumer::seek`].
    ///
    /// # Errors
    /// As [`Consumer::seek`].
    pub async fn seek(&mut self, partition: &TopicPartition, start: Start) -> Result<(), RequestError> {
        self.consumer.seek(partition, start).await
    }

    /// As [`Consumer::pause`]. It holds as long as the partition is this member's.
    pub fn pause(&mut self, partition: &TopicPartition) -> bool {
        self.consumer.pause(partition)
    }

    /// As [`Consumer::resume`].
    pub fn resume(&mut self, partition: &TopicPartition) -> bool {
        !self.held.contains(partition) && self.consumer.resume(partition)
    }

    /// As [`Consumer::lag`].
    pub fn lag(&self) -> i64 {
        self.consumer.lag()
    }

    /// The id that the member has in the group, and its generation (classic) or epoch (consumer); `None` while it has none.
    pub fn membership(&self) -> Option<(String, i32)> {
        let pair = |membership: &Membership| (membership.member_id.clone(), membership.generation);
        self.shared.look(|desk| desk.membership.as_ref().map(pair))
    }

    /// Commits what was returned, when that is done automatically, and leaves the group. A static member of a classic group
    /// does not leave: it is expected back within the session timeout. Waits for at most `timeout`; what is not done by then
    /// is done in the background, as long as the runtime lives.
    ///
    /// # Errors
    /// The last offsets were not committed.
    pub async fn close(mut self, timeout: Duration) -> Result<(), GroupError> {
        let deadline = Instant::now() + timeout;
        let is_member = self.shared.look(|desk| desk.membership.is_some());
        let mut committed = Ok(());
        if self.config.auto_commit.is_some() && is_member {
            committed = timeout_at(deadline, self.commit()).await.unwrap_or(Err(GroupError::Closed));
        }
        self.shared.update(|desk| desk.closing = true);
        if let Some(member) = self.member.take() {
            // What is not done by then goes on by itself.
            let _ = timeout_at(deadline, member).await;
        }
        committed
    }
}

impl Drop for GroupConsumer {
    fn drop(&mut self) {
        self.shared.update(|desk| desk.closing = true);
    }
}
