//! Tables of requests and what came of them, in virtual time. Groups come from records, as they do from the log.

mod commit;
mod delete;
mod expiry;
mod fetch;
mod list;

use std::sync::Arc;
use std::time::Duration;

use metadata::records::TopicRecord;
use metadata::{Image, Index};
use record::{Timestamp, TopicId, Uuid};
use wire::ErrorCode;
use wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic};

use crate::records::{
    ConsumerGroupMemberMetadata, ConsumerGroupMetadata, CurrentMemberAssignment, Epochs, GroupMetadata, MemberMetadata,
    OffsetCommit, Partitions,
};
use crate::{Now, Record, Settings, Shard, Step};

/// The calendar's time when a test begins, in milliseconds.
pub(crate) const START: i64 = 1_700_000_000_000;
pub(crate) const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 24 * HOUR;

pub(crate) const fn topic_id(number: u8) -> TopicId {
    Uuid([number; 16])
}

/// A shard, its clocks, and all that it wrote.
pub(crate) struct World {
    pub(crate) shard: Shard,
    image: Image,
    run: Duration,
    wall: i64,
    pub(crate) log: Vec<Record>,
}

/// The records are in the log already. There are the topics `t1` to `t9`.
pub(crate) fn given(records: impl IntoIterator<Item = Record>) -> World {
    let log: Vec<Record> = records.into_iter().collect();
    let shard = Shard::rebuild(Arc::new(Settings::default()), &log);
    let topics = (1..=9)
        .map(|number| metadata::Record::Topic(TopicRecord { name: format!("t{number}").into(), id: topic_id(number) }));
    let image = Image::restore(Index(1), &topics.collect::<Vec<_>>()).unwrap();
    let mut world = World { shard, image, run: Duration::from_secs(1_000), wall: START, log };
    world.call(|shard, step| shard.loaded(step));
    world
}

impl World {
    /// Passes time.
    pub(crate) fn after(&mut self, seconds: u64) -> &mut World {
        self.run += Duration::from_secs(seconds);
        self.wall += seconds as i64 * 1000;
        self
    }

    /// Sets the calendar forward, or back.
    pub(crate) fn wall_jumps(&mut self, seconds: i64) -> &mut World {
        self.wall += seconds * 1000;
        self
    }

    /// Lets what is due happen; what it wrote.
    pub(crate) fn tick(&mut self) -> Vec<Record> {
        self.call(|shard, step| shard.tick(step)).1
    }

    /// The result of a call, and the records that it wrote.
    pub(crate) fn call<T>(&mut self, call: impl FnOnce(&mut Shard, &mut Step<'_>) -> T) -> (T, Vec<Record>) {
        let now = Now { wall: Timestamp(self.wall), monotonic: self.run };
        let mut step = Step::new(now, &self.image, Uuid([9; 16]));
        let result = call(&mut self.shard, &mut step);
        let (records, answers) = step.into_effects();
        assert!(answers.is_empty());
        self.log.extend(records.iter().cloned());
        (result, records)
    }

    pub(crate) fn commits(&mut self, version: i16, request: &OffsetCommitRequest<'_>) -> (Vec<ErrorCode>, Vec<Record>) {
        self.call(|shard, step| shard.offset_commit(step, version, request))
    }

    /// From who is no member; the error.
    pub(crate) fn commit(&mut self, group: &str, topic: &str, partition: i32, offset: i64) -> ErrorCode {
        let request = request(group, "", -1, vec![named(topic, vec![at(partition, offset)])]);
        self.commits(9, &request).0[0]
    }

    /// The offsets of a group, as `topic-partition@offset`.
    pub(crate) fn offsets(&mut self, group: &str) -> Vec<String> {
        let (fetched, records) = self.call(|shard, step| shard.offset_fetch(step, group, None, None, true));
        assert_eq!(records, []);
        let text = |found: crate::CommittedPartition| format!("{}-{}@{}", found.topic, found.partition, found.offset);
        fetched.unwrap().into_iter().map(text).collect()
    }

    pub(crate) fn groups(&self) -> Vec<String> {
        self.shard.list_groups(&[], &[]).into_iter().map(|group| group.group.to_string()).collect()
    }
}

pub(crate) fn request<'a>(
    group_id: &'a str,
    member_id: &'a str,
    generation_id_or_member_epoch: i32,
    topics: Vec<OffsetCommitRequestTopic<'a>>,
) -> OffsetCommitRequest<'a> {
    OffsetCommitRequest {
        group_id,
        member_id,
        generation_id_or_member_epoch,
        topics: topics.into(),
        ..Default::default()
    }
}

pub(crate) fn named<'a>(
    name: &'a str,
    partitions: Vec<OffsetCommitRequestPartition<'a>>,
) -> OffsetCommitRequestTopic<'a> {
    OffsetCommitRequestTopic { name, partitions: partitions.into(), ..Default::default() }
}

pub(crate) fn at(partition_index: i32, committed_offset: i64) -> OffsetCommitRequestPartition<'static> {
    OffsetCommitRequestPartition { partition_index, committed_offset, ..Default::default() }
}

/// An offset that was committed this many seconds before the test began.
pub(crate) fn offset(group: &str, topic: &str, partition: i32, offset: i64, ago: u64) -> Record {
    let value = OffsetCommit {
        offset,
        leader_epoch: -1,
        metadata: "".into(),
        commit_timestamp: START - ago as i64 * 1000,
        expire_timestamp: None,
        topic_id: TopicId::ZERO,
    };
    Record::OffsetCommit { group: group.into(), topic: topic.into(), partition, value: Some(value) }
}

pub(crate) fn forgotten(group: &str, topic: &str, partition: i32) -> Record {
    Record::OffsetCommit { group: group.into(), topic: topic.into(), partition, value: None }
}

pub(crate) fn ended(group: &str) -> Record {
    Record::GroupMetadata { group: group.into(), value: None }
}

/// The subscription of the consumer protocol, version 0.
fn subscription(topics: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend((topics.len() as i32).to_be_bytes());
    for topic in topics {
        bytes.extend((topic.len() as i16).to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.extend((-1_i32).to_be_bytes());
    bytes
}

/// A classic group with the member `m` in generation 3, which is subscribed to these topics.
pub(crate) fn classic(group: &str, protocol_type: &str, topics: &[&str]) -> Record {
    let member = MemberMetadata {
        member_id: "m".into(),
        instance_id: None,
        client_id: "c".into(),
        client_host: "/h".into(),
        rebalance_timeout: 60_000_000,
        // Longer than any test.
        session_timeout: i32::MAX,
        subscription: subscription(topics).into(),
        assignment: Arc::default(),
    };
    let value = GroupMetadata {
        protocol_type: protocol_type.into(),
        generation: 3,
        protocol: Some("range".into()),
        leader: Some("m".into()),
        current_state_timestamp: START - 1_000,
        members: vec![member],
    };
    Record::GroupMetadata { group: group.into(), value: Some(value) }
}

/// A classic group that lost its last member this many seconds before the test began.
pub(crate) fn empty(group: &str, protocol_type: &str, ago: u64) -> Record {
    let value = GroupMetadata {
        protocol_type: protocol_type.into(),
        generation: 4,
        protocol: None,
        leader: None,
        current_state_timestamp: START - ago as i64 * 1000,
        members: Vec::new(),
    };
    Record::GroupMetadata { group: group.into(), value: Some(value) }
}

/// A consumer group with the member `m` at epoch 5, which is subscribed to these topics and has partition 0 of `t9`.
pub(crate) fn consumer(group: &str, topics: &[&str]) -> Vec<Record> {
    let (group, member): (Arc<str>, Arc<str>) = (group.into(), "m".into());
    let wants = ConsumerGroupMemberMetadata {
        instance_id: None,
        rack_id: None,
        client_id: "c".into(),
        client_host: "/h".into(),
        subscribed_topic_names: topics.iter().map(|topic| (*topic).into()).collect(),
        subscribed_topic_regex: None,
        rebalance_timeout_ms: 60_000,
        server_assignor: None,
        classic: None,
    };
    let has = CurrentMemberAssignment {
        member_epoch: 5,
        previous_member_epoch: 4,
        state: 0,
        assigned: [(topic_id(9), [0].into())].into(),
        pending_revocation: Partitions::new(),
        epochs: Epochs::new(),
    };
    vec![
        epoch(&group),
        Record::ConsumerGroupMemberMetadata {
            group: Arc::clone(&group),
            member: Arc::clone(&member),
            value: Some(wants),
        },
        Record::ConsumerGroupCurrentMemberAssignment { group, member, value: Some(has) },
    ]
}

/// A consumer group without members.
pub(crate) fn epoch(group: &str) -> Record {
    let value = ConsumerGroupMetadata { epoch: 5, metadata_hash: 0 };
    Record::ConsumerGroupMetadata { group: group.into(), value: Some(value) }
}
