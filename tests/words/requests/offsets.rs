//! ListOffsets, OffsetForLeaderEpoch, DeleteRecords, DescribeProducers.

use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{
    BrokerId, DeleteRecordsRequest, DescribeProducersRequest, ListOffsetsRequest, OffsetForLeaderEpochRequest,
    RequestKind,
};

use super::produce::{good, one};
use super::topics::created;
use super::{Case, case, topic};

const TOPIC: &str = "offsets";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        created(TOPIC, 2, &[]),
        created("offsets-compacted", 1, &[("cleanup.policy", "compact")]),
        case("(fill)", 13..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(good()))),
        case("(fill again)", 13..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(good()))),
    ];
    [listed(), epochs(), deleted(), producers()].into_iter().for_each(|more| cases.extend(more));
    cases
}

fn listed() -> Vec<Case> {
    let times: &[(&str, i64)] = &[
        ("latest", -1),
        ("earliest", -2),
        ("the greatest timestamp", -3),
        ("earliest local", -4),
        ("latest tiered", -5),
        ("earliest to be uploaded", -6),
        ("special -7", -7),
        ("time 0", 0),
        ("the end of time", i64::MAX),
        ("the beginning of time", i64::MIN),
    ];
    let of = |&(name, timestamp): &(&str, i64)| {
        case(format!("list {name}"), 1..=11, move |_, _| list(TOPIC, &[(0, -1, timestamp)], 0))
    };
    let mut cases: Vec<Case> = times.iter().map(of).collect();
    cases.extend([
        case("list an empty partition", 1..=11, |_, _| list(TOPIC, &[(1, -1, -1)], 0)),
        case("list the greatest timestamp of an empty partition", 7..=11, |_, _| list(TOPIC, &[(1, -1, -3)], 0)),
        case("list a time of an empty partition", 1..=11, |_, _| list(TOPIC, &[(1, -1, 5)], 0)),
        case("list partition 9", 1..=11, |_, _| list(TOPIC, &[(9, -1, -1)], 0)),
        case("list partition -1", 1..=11, |_, _| list(TOPIC, &[(-1, -1, -1)], 0)),
        case("list a topic that is not there", 1..=11, |_, _| list("nothing", &[(0, -1, -1)], 0)),
        case("list an illegal name", 11..=11, |_, _| list("a/b", &[(0, -1, -1)], 0)),
        case("list a partition twice", 1..=11, |_, _| list(TOPIC, &[(0, -1, -1), (0, -1, -2)], 0)),
        case("list a partition thrice, and another", 6..=6, |_, _| {
            list(TOPIC, &[(0, -1, -1), (0, -1, -1), (0, -1, -1), (1, -1, -1)], 0)
        }),
        case("list nothing", 1..=11, |_, _| {
            RequestKind::ListOffsets(ListOffsetsRequest::default().with_replica_id(BrokerId(-1)))
        }),
        case("list what is committed", 2..=11, |_, _| list(TOPIC, &[(0, -1, -1)], 1)),
        case("list with isolation 9", 2..=11, |_, _| list(TOPIC, &[(0, -1, -1)], 9)),
        case("list in the leader's epoch", 4..=11, |_, _| list(TOPIC, &[(0, 0, -1)], 0)),
        case("list in a later epoch", 4..=11, |_, _| list(TOPIC, &[(0, 5, -1)], 0)),
        case("list in an epoch of -2", 4..=11, |_, _| list(TOPIC, &[(0, -2, -1)], 0)),
        case("list as a replica", 6..=6, |_, _| {
            RequestKind::ListOffsets(match list(TOPIC, &[(0, -1, -1)], 0) {
                RequestKind::ListOffsets(request) => request.with_replica_id(BrokerId(1)),
                _ => ListOffsetsRequest::default(),
            })
        }),
    ]);
    cases
}

fn epochs() -> Vec<Case> {
    let asked: &[(&str, i32, i32)] = &[
        ("0", -1, 0),
        ("1", -1, 1),
        ("-1", -1, -1),
        ("-2", -1, -2),
        ("0, in the leader's", 0, 0),
        ("0, in a later one", 7, 0),
        ("0, in one of -2", -2, 0),
    ];
    let of = |&(name, current, epoch): &(&str, i32, i32)| {
        case(format!("the end of epoch {name}"), 2..=4, move |v, _| ended(v, TOPIC, 0, current, epoch))
    };
    let mut cases: Vec<Case> = asked.iter().map(of).collect();
    cases.extend([
        case("the end of an epoch of partition 9", 2..=4, |v, _| ended(v, TOPIC, 9, -1, 0)),
        case("the end of an epoch of nothing", 2..=4, |v, _| ended(v, "nothing", 0, -1, 0)),
    ]);
    cases
}

fn deleted() -> Vec<Case> {
    let asked: &[(&str, &str, i32, i64)] = &[
        ("to 1", TOPIC, 0, 1),
        ("to 1 again", TOPIC, 0, 1),
        ("to 0 again", TOPIC, 0, 0),
        ("past the end", TOPIC, 0, 1000),
        ("to -2", TOPIC, 0, -2),
        ("to the end", TOPIC, 0, -1),
        ("of an empty partition", TOPIC, 1, -1),
        ("of partition 9", TOPIC, 9, 0),
        ("of nothing", "nothing", 0, 0),
        ("of an illegal name", "a/b", 0, 0),
        ("of a compacted topic", "offsets-compacted", 0, 0),
    ];
    let of = |&(name, topic, partition, offset): &(&str, &'static str, i32, i64)| {
        case(format!("delete records {name}"), 0..=2, move |_, _| delete(topic, &[(partition, offset)]))
    };
    let mut cases: Vec<Case> = asked.iter().map(of).collect();
    cases.extend([
        case("delete records of a partition twice", 2..=2, |_, _| delete(TOPIC, &[(0, 2), (0, 3)])),
        case("delete no records", 0..=2, |_, _| RequestKind::DeleteRecords(DeleteRecordsRequest::default())),
        case("list earliest after deletion", 11..=11, |_, _| list(TOPIC, &[(0, -1, -2)], 0)),
        case("list a time after deletion", 11..=11, |_, _| list(TOPIC, &[(0, -1, 0)], 0)),
    ]);
    cases
}

fn producers() -> Vec<Case> {
    let asked: &[(&str, &str, i32)] =
        &[("nobody", TOPIC, 0), ("partition 9", TOPIC, 9), ("nothing", "nothing", 0), ("an illegal name", "a/b", 0)];
    let of = |&(name, named, partition): &(&str, &'static str, i32)| {
        case(format!("producers of {name}"), 0..=0, move |_, _| {
            let topic = TopicRequest::default().with_name(topic(named)).with_partition_indexes(vec![partition]);
            RequestKind::DescribeProducers(DescribeProducersRequest::default().with_topics(vec![topic]))
        })
    };
    asked.iter().map(of).collect()
}

/// Partition, the leader's epoch as the client knows it, timestamp.
fn list(name: &str, partitions: &[(i32, i32, i64)], isolation: i8) -> RequestKind {
    let partition = |&(partition, epoch, timestamp): &(i32, i32, i64)| {
        ListOffsetsPartition::default()
            .with_partition_index(partition)
            .with_current_leader_epoch(epoch)
            .with_timestamp(timestamp)
    };
    let topic =
        ListOffsetsTopic::default().with_name(topic(name)).with_partitions(partitions.iter().map(partition).collect());
    let request = ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_isolation_level(isolation)
        .with_topics(vec![topic]);
    RequestKind::ListOffsets(request)
}

fn ended(version: i16, name: &str, partition: i32, current: i32, epoch: i32) -> RequestKind {
    let partition = OffsetForLeaderPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(current)
        .with_leader_epoch(epoch);
    let topic = OffsetForLeaderTopic::default().with_topic(topic(name)).with_partitions(vec![partition]);
    let request = OffsetForLeaderEpochRequest::default().with_topics(vec![topic]);
    RequestKind::OffsetForLeaderEpoch(if version >= 3 { request.with_replica_id(BrokerId(-1)) } else { request })
}

fn delete(name: &str, partitions: &[(i32, i64)]) -> RequestKind {
    let partition = |&(partition, offset): &(i32, i64)| {
        DeleteRecordsPartition::default().with_partition_index(partition).with_offset(offset)
    };
    let topic = DeleteRecordsTopic::default()
        .with_name(topic(name))
        .with_partitions(partitions.iter().map(partition).collect());
    RequestKind::DeleteRecords(DeleteRecordsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000))
}
