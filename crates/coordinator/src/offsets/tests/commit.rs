//! OffsetCommit.

use super::*;

fn one(version: i16, world: &mut World, request: &OffsetCommitRequest<'_>) -> ErrorCode {
    let (errors, records) = world.commits(version, request);
    assert_eq!(errors.len(), 1);
    assert_eq!(records.is_empty(), !errors[0].is_none(), "{records:?}");
    errors[0]
}

fn to_t1<'a>(group: &'a str, member: &'a str, epoch: i32) -> OffsetCommitRequest<'a> {
    request(group, member, epoch, vec![named("t1", vec![at(0, 7)])])
}

/// A group without members is made by committing to it.
#[test]
fn who_is_no_member_may_commit_to_a_group_that_nobody_has() {
    let mut world = given([]);
    let (errors, records) = world.commits(9, &to_t1("g", "", -1));
    let value = OffsetCommit {
        offset: 7,
        leader_epoch: -1,
        metadata: "".into(),
        commit_timestamp: START,
        expire_timestamp: None,
        topic_id: topic_id(1),
    };
    let record = Record::OffsetCommit { group: "g".into(), topic: "t1".into(), partition: 0, value: Some(value) };
    assert_eq!((errors, records), (vec![ErrorCode::NONE], vec![record]));
    assert_eq!(world.offsets("g"), ["t1-0@7"]);
    let listed = &world.shard.list_groups(&[], &[])[0];
    assert_eq!(
        (&*listed.group, &*listed.protocol_type, listed.state, listed.group_type),
        ("g", "", "Empty", "classic")
    );
}

/// KIP-848: version 9 tells a group that is gone from one with another generation.
#[test]
fn a_member_of_a_group_that_is_gone_may_not_commit() {
    let mut world = given([]);
    assert_eq!(one(9, &mut world, &to_t1("g", "m", 3)), ErrorCode::GROUP_ID_NOT_FOUND);
    assert_eq!(one(8, &mut world, &to_t1("g", "m", 3)), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(one(2, &mut world, &to_t1("g", "", 0)), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(world.groups(), Vec::<String>::new());
}

#[test]
fn a_classic_group_with_members_takes_commits_of_these_alone() {
    let mut world = given([classic("g", "consumer", &["t1"])]);
    for (member, generation, error) in [
        ("m", 3, ErrorCode::NONE),
        ("m", 2, ErrorCode::ILLEGAL_GENERATION),
        ("m", 4, ErrorCode::ILLEGAL_GENERATION),
        ("x", 3, ErrorCode::UNKNOWN_MEMBER_ID),
        ("", -1, ErrorCode::UNKNOWN_MEMBER_ID),
    ] {
        assert_eq!(one(9, &mut world, &to_t1("g", member, generation)), error, "{member} in {generation}");
    }
}

/// KIP-848.
#[test]
fn a_consumer_group_with_members_takes_commits_of_these_alone() {
    let mut world = given(consumer("g", &["t1"]));
    for (version, member, epoch, error) in [
        (9, "m", 5, ErrorCode::NONE),
        (10, "m", 5, ErrorCode::NONE),
        (8, "m", 5, ErrorCode::UNSUPPORTED_VERSION),
        (9, "m", 4, ErrorCode::STALE_MEMBER_EPOCH),
        (9, "m", 6, ErrorCode::STALE_MEMBER_EPOCH),
        (9, "x", 5, ErrorCode::UNKNOWN_MEMBER_ID),
        (9, "", -1, ErrorCode::UNKNOWN_MEMBER_ID),
    ] {
        assert_eq!(one(version, &mut world, &to_t1("g", member, epoch)), error, "{member} at {epoch}");
    }
}

#[test]
fn an_operator_may_commit_to_groups_of_either_kind_that_are_empty() {
    let mut world = given([empty("old", "consumer", 10), epoch("new")]);
    assert_eq!(one(9, &mut world, &to_t1("old", "", -1)), ErrorCode::NONE);
    assert_eq!(one(9, &mut world, &to_t1("new", "", -1)), ErrorCode::NONE);
    assert_eq!(world.offsets("old"), ["t1-0@7"]);
    assert_eq!(world.offsets("new"), ["t1-0@7"]);
}

/// The characters count as Java counts them; each partition is judged for itself.
#[test]
fn metadata_that_is_too_long_refuses_its_partition_alone() {
    let (fits, long) = ("é".repeat(4096), "é".repeat(4097));
    let pairs = "😀".repeat(2049);
    let with = |partition, metadata| OffsetCommitRequestPartition { committed_metadata: metadata, ..at(partition, 1) };
    let partitions = vec![with(0, Some(&*fits)), with(1, Some(&*long)), with(2, None), with(3, Some(&*pairs))];
    let mut world = given([]);
    let (errors, records) = world.commits(8, &request("g", "", -1, vec![named("t1", partitions)]));
    let (none, long) = (ErrorCode::NONE, ErrorCode::OFFSET_METADATA_TOO_LARGE);
    assert_eq!(errors, [none, long, none, long]);
    assert_eq!(records.len(), 2);
    assert_eq!(world.offsets("g"), ["t1-0@1", "t1-2@1"]);
    let (fetched, _) = world.call(|shard, step| shard.offset_fetch(step, "g", None, None, false));
    assert_eq!(fetched.unwrap().iter().map(|found| &*found.metadata).collect::<Vec<_>>(), [&*fits, ""]);
}

#[test]
fn a_negative_offset_is_refused() {
    let mut world = given([]);
    let topics = vec![named("t1", vec![at(0, -1), at(1, 0)])];
    let (errors, _) = world.commits(9, &request("g", "", -1, topics));
    assert_eq!(errors, [ErrorCode::INVALID_REQUEST, ErrorCode::NONE]);
}

/// KIP-211 took the retention time from the protocol in version 5.
#[test]
fn a_retention_time_holds_until_version_4() {
    for (version, retention, expires) in
        [(2, 60_000, Some(START + 60_000)), (4, i64::MAX, Some(i64::MAX)), (4, -1, None), (5, 60_000, None)]
    {
        let mut world = given([]);
        let asked = OffsetCommitRequest { retention_time_ms: retention, ..to_t1("g", "", -1) };
        world.commits(version, &asked);
        let Some(Record::OffsetCommit { value: Some(value), .. }) = world.log.last() else { panic!("{:?}", world.log) };
        assert_eq!(value.expire_timestamp, expires, "version {version}, {retention}");
    }
}

/// KIP-320; KIP-848 for the ids.
#[test]
fn the_leader_epoch_and_the_id_of_the_topic_are_kept() {
    let partition = |epoch| OffsetCommitRequestPartition { committed_leader_epoch: epoch, ..at(0, 7) };
    let topic = OffsetCommitRequestTopic { name: "t2", topic_id: topic_id(77), partitions: vec![partition(12)].into() };
    let mut world = given([]);
    world.commits(10, &request("g", "", -1, vec![named("t1", vec![partition(-3)]), topic]));
    let kept = |topic| {
        let found = world.shard.offsets.offset("g", topic, 0).unwrap();
        (found.leader_epoch, found.topic_id)
    };
    assert_eq!(kept("t1"), (-1, topic_id(1)));
    assert_eq!(kept("t2"), (12, topic_id(77)));
}

#[test]
fn the_last_of_two_commits_of_a_partition_counts() {
    let mut world = given([]);
    world.commits(9, &request("g", "", -1, vec![named("t1", vec![at(0, 9), at(0, 5)])]));
    assert_eq!(world.offsets("g"), ["t1-0@5"]);
}

/// Kafka takes the empty group id for offsets, for consumers of its first days.
#[test]
fn the_empty_group_id_has_offsets_of_its_own() {
    let mut world = given([]);
    assert_eq!(world.commit("", "t1", 0, 3), ErrorCode::NONE);
    assert_eq!(world.offsets(""), ["t1-0@3"]);
    assert_eq!(world.offsets("g"), Vec::<String>::new());
}

/// KIP-1251: the member has not heard of epoch 6 yet.
#[test]
fn an_older_epoch_commits_what_the_member_had_by_then() {
    let mut records = consumer("g", &["t9"]);
    let mut later = records[2].clone();
    if let Record::ConsumerGroupCurrentMemberAssignment { value: Some(value), .. } = &mut later {
        (value.member_epoch, value.previous_member_epoch) = (6, 5);
    }
    records.push(later);
    let mut world = given(records);
    let both = || vec![named("t9", vec![at(0, 7)]), named("t1", vec![at(0, 7)])];
    let stale = ErrorCode::STALE_MEMBER_EPOCH;
    assert_eq!(world.commits(9, &request("g", "m", 5, both()[..1].to_vec())).0, [ErrorCode::NONE]);
    assert_eq!(world.commits(9, &request("g", "m", 5, both()[1..].to_vec())).0, [stale]);
    assert_eq!(world.commits(9, &request("g", "m", 5, both())).0, [stale, stale]);
    assert_eq!(world.commits(9, &request("g", "m", 7, both()[..1].to_vec())).0, [stale]);
    assert_eq!(world.offsets("g"), ["t9-0@7"]);
}

/// The record that has a time to expire at has neither a leader epoch nor a topic's id.
#[test]
fn what_is_kept_of_a_commit_is_what_its_record_holds() {
    for (version, retention_time_ms) in [(4, 1_000), (4, -1), (9, -1), (9, 1_000)] {
        let mut world = given([]);
        let partition = OffsetCommitRequestPartition { committed_leader_epoch: 4, ..at(0, 7) };
        let request =
            OffsetCommitRequest { retention_time_ms, ..request("g", "", -1, vec![named("t1", vec![partition])]) };
        let (_, records) = world.commits(version, &request);
        let bytes = records[0].encode();
        let again = Record::decode(&bytes.key, bytes.value.as_deref());
        assert_eq!(again, Ok(Some(records[0].clone())), "version {version}, retention {retention_time_ms}");
    }
}
