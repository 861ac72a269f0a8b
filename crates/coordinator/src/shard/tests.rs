//! A shard is what its records add up to, whichever way they came.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitRequestPartition};
use wire::messages::offset_delete::{OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};

use super::*;
use crate::offsets::tests::{DAY, World, at, classic, consumer, empty, epoch, given, named, offset, request, topic_id};

impl Shard {
    /// What must survive a restart, as text: each group by its kind, and each offset. A group without members that nothing was
    /// written of counts by its offsets alone.
    fn durable_state(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, group) in &self.groups {
            let offsets = self.offsets.of(name);
            let listed = self.list_groups(&[], &[]).into_iter().find(|listed| listed.group == *name).unwrap();
            if offsets.is_some() || !listed.protocol_type.is_empty() {
                let kind = matches!(group, Group::Consumer(_));
                lines.push(format!("{name} {} {} {kind}", listed.protocol_type, listed.state));
            }
            for (topic, partitions) in offsets.into_iter().flatten() {
                lines.push(format!("{name} {topic} {partitions:?}"));
            }
        }
        let orphans = self.offsets.groups.keys().filter(|group| !self.groups.contains_key(*group));
        lines.extend(orphans.map(|group| format!("{group} is no group")));
        lines
    }
}

/// The last record of each key, in the order of the log, without tombstones.
fn compacted(log: &[Record]) -> Vec<Record> {
    let last: BTreeMap<Vec<u8>, usize> = (0..).zip(log).map(|(at, record)| (record.encode().key, at)).collect();
    let kept =
        (0..).zip(log).filter(|(at, record)| last[&record.encode().key] == *at && record.encode().value.is_some());
    kept.map(|(_, record)| record.clone()).collect()
}

fn decoded(log: &[Record]) -> Vec<Record> {
    let again = |record: &Record| {
        let bytes = record.encode();
        Record::decode(&bytes.key, bytes.value.as_deref()).unwrap().unwrap()
    };
    log.iter().map(again).collect()
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Commit { group: usize, topic: usize, partition: i32, offset: i64 },
    CommitFor { group: usize, topic: usize, days: i64 },
    Forget { group: usize, topic: usize, partition: i32 },
    End { group: usize },
    DeleteTopic { topic: usize },
    Pass { days: u64 },
    Form { group: usize, is_consumer: bool },
    Empty { group: usize },
}

const GROUPS: [&str; 4] = ["a", "b", "c", ""];
const TOPICS: [&str; 3] = ["t1", "t2", "gone"];

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..4_usize, 0..3_usize, 0..3, 0..99_i64)
            .prop_map(|(group, topic, partition, offset)| Op::Commit { group, topic, partition, offset }),
        2 => (0..4_usize, 0..2_usize, 0..9_i64).prop_map(|(group, topic, days)| Op::CommitFor { group, topic, days }),
        2 => (0..4_usize, 0..3_usize, 0..3).prop_map(|(group, topic, partition)| Op::Forget { group, topic, partition }),
        1 => (0..4_usize).prop_map(|group| Op::End { group }),
        1 => (0..2_usize).prop_map(|topic| Op::DeleteTopic { topic }),
        1 => (1..4_u64).prop_map(|days| Op::Pass { days }),
        1 => (0..3_usize, any::<bool>()).prop_map(|(group, is_consumer)| Op::Form { group, is_consumer }),
        1 => (0..3_usize).prop_map(|group| Op::Empty { group }),
    ]
}

/// Members come and go by records here, as if the other modules had decided so.
fn write(world: &mut World, records: Vec<Record>) {
    world.call(|shard, step| records.into_iter().for_each(|record| shard.commit_record(step, record)));
}

fn form(world: &mut World, name: &str, is_consumer: bool) {
    match (world.shard.groups.get(name), is_consumer) {
        (Some(Group::Consumer(_)), false) => {}
        (Some(Group::Classic(_)), true) => {
            write(world, vec![Record::GroupMetadata { group: name.into(), value: None }]);
            write(world, consumer(name, &["t1"]));
        }
        (_, true) => write(world, consumer(name, &["t1"])),
        (_, false) => write(world, vec![classic(name, "consumer", &["t1"])]),
    }
}

fn empties(world: &mut World, name: &str) {
    let member: Arc<str> = "m".into();
    match world.shard.groups.get(name) {
        Some(Group::Classic(_)) => write(world, vec![empty(name, "consumer", 0)]),
        Some(Group::Consumer(_)) => {
            let group: Arc<str> = name.into();
            let has = (Arc::clone(&group), Arc::clone(&member));
            let gone = vec![
                Record::ConsumerGroupCurrentMemberAssignment { group: has.0, member: has.1, value: None },
                Record::ConsumerGroupMemberMetadata { group, member, value: None },
                epoch(name),
            ];
            write(world, gone);
        }
        None => {}
    }
}

fn run(world: &mut World, op: Op) {
    match op {
        Op::Commit { group, topic, partition, offset } => {
            world.commit(GROUPS[group], TOPICS[topic], partition, offset);
        }
        Op::CommitFor { group, topic, days } => {
            let partition = OffsetCommitRequestPartition { committed_leader_epoch: 3, ..at(0, days) };
            let topics = vec![named(TOPICS[topic], vec![partition])];
            let retention_time_ms = days * DAY as i64 * 1000;
            let request = OffsetCommitRequest { retention_time_ms, ..request(GROUPS[group], "", -1, topics) };
            world.commits(4, &request);
        }
        Op::Forget { group, topic, partition } => {
            let partitions = vec![OffsetDeleteRequestPartition { partition_index: partition }].into();
            let topics = vec![OffsetDeleteRequestTopic { name: TOPICS[topic], partitions }].into();
            let request = OffsetDeleteRequest { group_id: GROUPS[group], topics };
            let _refused = world.call(|shard, step| shard.offset_delete(step, &request)).0;
        }
        Op::End { group } => {
            world.call(|shard, step| shard.delete_group(step, GROUPS[group]));
        }
        Op::DeleteTopic { topic } => {
            let topics = [(TOPICS[topic].into(), topic_id(topic as u8 + 1))];
            world.call(|shard, step| shard.topics_deleted(step, &topics));
        }
        Op::Pass { days } => {
            // Just the look: sessions end by their own timers.
            world.after(days * DAY).call(|shard, step| shard.expire_offsets(step));
        }
        Op::Form { group, is_consumer } => form(world, GROUPS[group], is_consumer),
        Op::Empty { group } => empties(world, GROUPS[group]),
    }
}

proptest! {
    #[test]
    fn a_shard_is_what_its_records_add_up_to(ops in vec(op(), 0..60)) {
        let mut world = given([]);
        for op in ops {
            run(&mut world, op);
        }
        let settings = Arc::clone(&world.shard.settings);
        let state = world.shard.durable_state();
        let replayed = Shard::rebuild(Arc::clone(&settings), &decoded(&world.log));
        prop_assert_eq!(&replayed.durable_state(), &state, "after {:?}", world.log);
        let replayed = Shard::rebuild(settings, &compacted(&world.log));
        prop_assert_eq!(&replayed.durable_state(), &state, "compacted, after {:?}", world.log);
    }
}

#[test]
fn a_group_that_was_deleted_is_gone_from_the_compacted_log_as_well() {
    let mut world = given([offset("g", "t1", 0, 7, 0), empty("g", "consumer", 0)]);
    world.call(|shard, step| shard.delete_group(step, "g"));
    assert_eq!(compacted(&world.log), []);
    assert_eq!(world.shard.durable_state(), Vec::<String>::new());
}

#[test]
fn a_shard_is_looked_through_for_expired_offsets_from_its_load_on() {
    let shard = Shard::new(Arc::new(Settings::default()));
    assert_eq!(shard.next_due(), None);
    let world = given([]);
    let look = Duration::from_secs(1_000) + Settings::default().offsets_retention_check;
    assert_eq!(world.shard.next_due(), Some(look));
}

#[test]
fn groups_are_spread_as_kafka_spreads_them() {
    for (group, shard) in [("classic-g", 36), ("consumer-g", 2), ("old-g", 7), ("new-g", 8), ("mixed-g", 35), ("", 0)] {
        assert_eq!(shard_of(group, 50), shard, "{group}");
    }
    // The hash of this name is the least integer.
    assert_eq!(shard_of("polygenelubricants", 50), 0);
}

#[test]
fn a_hundred_thousand_offsets_come_back_from_their_bytes() {
    let records = (0..100_000).map(|at| offset(&format!("g{}", at % 500), "t1", at / 500, i64::from(at), 0));
    let log: Vec<_> = records.map(|record| record.encode()).collect();
    let mut shard = Shard::new(Arc::new(Settings::default()));
    for bytes in &log {
        shard.replay(&Record::decode(&bytes.key, bytes.value.as_deref()).unwrap().unwrap());
    }
    assert_eq!(shard.groups.len(), 500);
    assert_eq!(shard.offsets.offset("g499", "t1", 199).map(|found| found.offset), Some(99_999));
}
