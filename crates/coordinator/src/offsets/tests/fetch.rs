//! OffsetFetch.

use super::*;
use crate::CommittedPartition;

fn fetch(
    world: &mut World,
    group: &str,
    member: Option<(&str, i32)>,
    partitions: &[(&str, i32)],
) -> Result<Vec<CommittedPartition>, ErrorCode> {
    world.call(|shard, step| shard.offset_fetch(step, group, member, Some(partitions), false)).0
}

fn none(topic: &str, id: TopicId, partition: i32) -> CommittedPartition {
    CommittedPartition {
        topic: topic.into(),
        topic_id: id,
        partition,
        offset: -1,
        leader_epoch: -1,
        metadata: "".into(),
        error: ErrorCode::NONE,
    }
}

#[test]
fn partitions_without_an_offset_and_groups_that_are_missing_give_minus_one() {
    let mut world = given([offset("g", "t1", 0, 7, 0)]);
    let asked = [("t1", 0), ("t1", 1), ("gone", 0)];
    let (id, zero) = (topic_id(1), TopicId::ZERO);
    let found = CommittedPartition { offset: 7, ..none("t1", id, 0) };
    assert_eq!(fetch(&mut world, "g", None, &asked), Ok(vec![found, none("t1", id, 1), none("gone", zero, 0)]));
    let nothing = vec![none("t1", id, 0), none("t1", id, 1), none("gone", zero, 0)];
    assert_eq!(fetch(&mut world, "missing", Some(("m", 5)), &asked), Ok(nothing));
    assert_eq!(world.offsets("missing"), Vec::<String>::new());
}

#[test]
fn all_offsets_of_a_group_come_in_order() {
    let offsets = [("t2", 1, 4), ("t1", 10, 3), ("t1", 2, 2)];
    let mut world = given(offsets.map(|(topic, partition, at)| offset("g", topic, partition, at, 0)));
    assert_eq!(world.offsets("g"), ["t1-2@2", "t1-10@3", "t2-1@4"]);
}

/// KIP-848, version 9.
#[test]
fn a_member_of_a_consumer_group_fetches_at_its_epoch() {
    let mut records = consumer("g", &["t1"]);
    records.push(offset("g", "t1", 0, 7, 0));
    let mut world = given(records);
    for (member, result) in [
        (None, Ok(7)),
        (Some(("m", 5)), Ok(7)),
        (Some(("m", 4)), Err(ErrorCode::STALE_MEMBER_EPOCH)),
        (Some(("x", 5)), Err(ErrorCode::UNKNOWN_MEMBER_ID)),
        (Some(("", -1)), Err(ErrorCode::UNKNOWN_MEMBER_ID)),
    ] {
        let fetched = fetch(&mut world, "g", member, &[("t1", 0)]).map(|found| found[0].offset);
        assert_eq!(fetched, result, "{member:?}");
    }
}

#[test]
fn a_classic_group_does_not_ask_who_fetches() {
    let mut world = given([classic("g", "consumer", &["t1"]), offset("g", "t1", 0, 7, 0)]);
    let fetched = fetch(&mut world, "g", Some(("x", 99)), &[("t1", 0)]);
    assert_eq!(fetched.map(|found| found[0].offset), Ok(7));
}

/// The topic was deleted and made again before its offsets were gone.
#[test]
fn an_offset_in_an_older_topic_of_the_same_name_does_not_count() {
    let mut record = offset("g", "t1", 0, 7, 0);
    if let Record::OffsetCommit { value: Some(value), .. } = &mut record {
        value.topic_id = topic_id(200);
    }
    let mut world = given([record, offset("g", "t1", 1, 8, 0)]);
    assert_eq!(world.offsets("g"), ["t1-1@8"]);
    assert_eq!(fetch(&mut world, "g", None, &[("t1", 0)]).unwrap()[0].offset, -1);
    assert_eq!(world.commit("g", "t1", 0, 1), ErrorCode::NONE);
    assert_eq!(world.offsets("g"), ["t1-0@1", "t1-1@8"]);
}
