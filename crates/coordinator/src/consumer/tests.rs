//! Consumer groups by requests: given a shard, when a member says something, then it is told something.

mod large;
mod membership;
mod mixed;
mod mixed_model;
mod model;
mod refusals;
mod regexes;
mod statics;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use metadata::Image;
use metadata::records::{ConfigRecord, ConfigResource, PartitionRecord, RemoveTopicRecord, TopicRecord};
use record::{LeaderEpoch, PartitionIndex, Timestamp, TopicId, Uuid};
use wire::Array;
use wire::messages::consumer_group_heartbeat::{ConsumerGroupHeartbeatRequest, TopicPartitions};

use super::*;
use crate::step::Now;
use crate::timers::Timer;

/// A shard with a clock and a cluster. After each step its records, replayed into a new shard, must give the same state, and
/// no partition may be had by two members.
pub(super) struct Lab {
    pub(super) shard: Shard,
    pub(super) image: Image,
    pub(super) now: Duration,
    /// All records so far.
    pub(super) log: Vec<Record>,
    /// The records of the last step.
    pub(super) written: Vec<Record>,
    /// The answers to requests that waited, of the last step.
    pub(super) answers: Vec<(crate::Ticket, crate::Answer)>,
    steps: u64,
}

/// The id of a topic in these tests, by its name.
pub(super) fn id(topic: &str) -> TopicId {
    let mut bytes = [7; 16];
    topic.bytes().zip(&mut bytes).for_each(|(from, to)| *to = from);
    Uuid(bytes)
}

/// Partitions by topic, such as `parts(&[("a", &[0, 1])])`.
pub(super) fn parts(topics: &[(&str, &[i32])]) -> Partitions {
    topics.iter().map(|(topic, partitions)| (id(topic), partitions.iter().copied().collect())).collect()
}

/// A heartbeat of a member that goes on, in version 1.
pub(super) fn beat<'a>(member: &'a str, epoch: i32) -> ConsumerGroupHeartbeatRequest<'a> {
    ConsumerGroupHeartbeatRequest { group_id: "g", member_id: member, member_epoch: epoch, ..Default::default() }
}

/// A heartbeat of a member that joins.
pub(super) fn join<'a>(member: &'a str, topics: &[&'a str]) -> ConsumerGroupHeartbeatRequest<'a> {
    ConsumerGroupHeartbeatRequest {
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: Some(topics.to_vec().into()),
        topic_partitions: Some(Array::EMPTY),
        ..beat(member, 0)
    }
}

/// A heartbeat that says what the member has.
pub(super) fn owns<'a>(member: &'a str, epoch: i32, has: &Partitions) -> ConsumerGroupHeartbeatRequest<'a> {
    let topics = has.iter().map(|(topic, partitions)| TopicPartitions {
        topic_id: *topic,
        partitions: partitions.iter().copied().collect(),
    });
    ConsumerGroupHeartbeatRequest { topic_partitions: Some(topics.collect()), ..beat(member, epoch) }
}

/// What is due of consumer groups.
fn tick(shard: &mut Shard, step: &mut Step<'_>) {
    while let Some(timer) = shard.timers.take_due(step.now.monotonic) {
        match timer {
            Timer::Session(group, member) => shard.session_ended(step, &group, &member),
            Timer::Revocation(group, member) => shard.revocation_ended(step, &group, &member),
            Timer::ClassicRejoin(group, member) => shard.classic_rejoin_ended(step, &group, &member),
            Timer::ClassicSync(group, member) => shard.classic_sync_ended(step, &group, &member),
            Timer::Assignment(group) => shard.assignment_due(step, &group),
            Timer::RegexRefresh(group) => shard.regex_refresh_due(step, &group),
            Timer::JoinPhase(group) => shard.join_phase_ended(step, &group),
            Timer::SyncPhase(group) => shard.sync_phase_ended(step, &group),
            Timer::PendingMember(group, member) => shard.pending_member_expired(step, &group, &member),
            Timer::OffsetExpiry | Timer::DeletedTopics => {}
        }
    }
}

impl Lab {
    /// Topics with so many partitions; members are assigned at once unless a test says otherwise.
    pub(super) fn new(topics: &[(&str, i32)]) -> Lab {
        let mut settings = Settings::default();
        settings.consumer.assignment_interval = Duration::ZERO;
        let mut lab = Lab {
            shard: Shard::new(Arc::new(settings)),
            image: Image::default(),
            now: Duration::from_secs(1_000),
            log: Vec::new(),
            written: Vec::new(),
            answers: Vec::new(),
            steps: 0,
        };
        topics.iter().for_each(|(topic, partitions)| lab.topic(topic, *partitions));
        lab
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Settings)) -> Lab {
        let mut settings = (*self.shard.settings).clone();
        change(&mut settings);
        self.shard.configure(Arc::new(settings));
        self
    }

    /// The topic is there with so many partitions, and groups hear of it.
    pub(super) fn topic(&mut self, name: &str, partitions: i32) {
        let have = self.image.topic(name).map_or(0, |topic| topic.partitions.len() as i32);
        let mut records: Vec<metadata::Record> = Vec::new();
        if self.image.topic(name).is_none() {
            records.push(TopicRecord { name: name.into(), id: id(name) }.into());
        }
        records.extend((have..partitions).map(|index| {
            metadata::Record::Partition(PartitionRecord {
                topic_id: id(name),
                index: PartitionIndex(index),
                replicas: Vec::new(),
                isr: Vec::new(),
                leader: None,
                leader_epoch: LeaderEpoch(0),
                partition_epoch: 0,
            })
        }));
        self.publish(name, records);
    }

    pub(super) fn delete_topic(&mut self, name: &str) {
        self.publish(name, vec![RemoveTopicRecord { id: id(name) }.into()]);
    }

    fn publish(&mut self, name: &str, records: Vec<metadata::Record>) {
        let batch = metadata::Batch { base: self.image.applied(), records };
        let at = metadata::Index(self.image.applied().0 + 1);
        self.image = self.image.after(at, &batch).unwrap().unwrap();
        self.shard.topics_changed(&[Arc::from(name)].into());
    }

    /// Sets a config of the group.
    pub(super) fn config(&mut self, key: &str, value: &str) {
        let resource = ConfigResource::Group("g".into());
        let record = ConfigRecord { resource, key: key.into(), value: Some(value.into()) };
        self.publish("", vec![record.into()]);
    }

    pub(super) fn wall(&self) -> Timestamp {
        Timestamp(1_700_000_000_000 + self.now.as_millis() as i64)
    }

    pub(super) fn step<T>(&mut self, run: impl FnOnce(&mut Shard, &mut Step<'_>) -> T) -> T {
        self.steps += 1;
        let mut fresh = [9; 16];
        fresh[..8].copy_from_slice(&self.steps.to_be_bytes());
        let now = Now { wall: self.wall(), monotonic: self.now };
        let mut step = Step::new(now, &self.image, Uuid(fresh));
        let result = run(&mut self.shard, &mut step);
        (self.written, self.answers) = step.into_effects();
        self.log.extend(self.written.iter().cloned());
        self.assert_owned_once();
        result
    }

    pub(super) fn says(&mut self, request: &ConsumerGroupHeartbeatRequest<'_>) -> ConsumerHeartbeatAnswer {
        self.says_in(1, request)
    }

    pub(super) fn says_in(
        &mut self,
        version: i16,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> ConsumerHeartbeatAnswer {
        let client = Client { id: "c", host: "/127.0.0.1" };
        self.step(|shard, step| shard.consumer_group_heartbeat(step, client, version, request))
    }

    /// The epoch and the assignment that a request is answered with.
    pub(super) fn told(&mut self, request: &ConsumerGroupHeartbeatRequest<'_>) -> (i32, Option<Partitions>) {
        let answer = self.says(request);
        assert_eq!(answer.error, ErrorCode::NONE, "{:?}", answer.error_message);
        (answer.member_epoch, answer.assignment)
    }

    /// The error that a request is answered with.
    pub(super) fn refused(&mut self, request: &ConsumerGroupHeartbeatRequest<'_>) -> (ErrorCode, String) {
        let answer = self.says(request);
        assert_eq!((answer.member_id, answer.member_epoch, answer.assignment), (None, 0, None));
        (answer.error, answer.error_message.unwrap_or_default().into())
    }

    /// Time goes on, and what is due happens.
    pub(super) fn after(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.shard.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(tick);
        }
        self.now = end;
    }

    pub(super) fn group(&self) -> &ConsumerGroup {
        match self.shard.groups.get("g") {
            Some(Group::Consumer(group)) => group,
            _ => panic!("it is no consumer group"),
        }
    }

    pub(super) fn describe(&self) -> DescribedConsumerGroup {
        self.shard.describe_consumer_group(&self.image, "g")
    }

    /// By member, its epoch and what it has.
    pub(super) fn members(&self) -> BTreeMap<String, (i32, Partitions)> {
        let member = |(id, member): (&Arc<str>, &Member)| (id.to_string(), (member.epoch, member.assigned.clone()));
        self.group().members.iter().map(member).collect()
    }

    /// What the group has lived through since the start, as events.
    pub(super) fn events(&self) -> Vec<Event> {
        self.shard.history().of("g").map(|entry| entry.event.clone()).collect()
    }

    /// The log in a new shard.
    pub(super) fn replayed(&self) -> Shard {
        let mut shard = Shard::new(Arc::clone(&self.shard.settings));
        self.log.iter().for_each(|record| shard.replay(record));
        shard
    }

    /// The process ends and comes back.
    pub(super) fn restart(&mut self) {
        self.shard = self.replayed();
        self.step(|shard, step| shard.loaded_consumer(step));
    }

    pub(super) fn assert_replays(&self) {
        let replayed = self.replayed();
        for (id, group) in &self.shard.groups {
            let (Group::Consumer(group), Some(Group::Consumer(again))) = (group, replayed.groups.get(id)) else {
                continue;
            };
            assert_eq!(again.members, group.members);
            assert_eq!((again.epoch, again.metadata_hash), (group.epoch, group.metadata_hash));
            assert_eq!(again.targets, group.targets);
            assert_eq!(again.assignment_epoch, group.assignment_epoch);
            assert_eq!((&again.owned, &again.names), (&group.owned, &group.names));
            assert_eq!((&again.regexes, &again.resolved), (&group.regexes, &group.resolved));
            assert_eq!(again.static_members, group.static_members);
        }
    }

    fn assert_owned_once(&self) {
        let Some(Group::Consumer(group)) = self.shard.groups.get("g") else { return };
        let mut owners = BTreeMap::new();
        for (id, member) in &group.members {
            for (topic, partitions) in member.assigned.iter().chain(&member.pending_revocation) {
                for partition in partitions {
                    let other = owners.insert((*topic, *partition), id);
                    assert_eq!(other, None, "{id} and another have {topic}-{partition}");
                }
            }
        }
    }
}
