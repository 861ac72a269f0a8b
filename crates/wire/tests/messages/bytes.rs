//! Bytes of messages that the oracle does not have, written down from Kafka's definitions.

use record::Uuid;
use wire::messages::describe_log_dirs::{DescribeLogDirsResponse, DescribeLogDirsResult};
use wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use wire::{Array, Message, Writer};

fn encoded<'a>(message: &impl Message<'a>, version: i16) -> Vec<u8> {
    let (mut bytes, mut cuts) = (Vec::new(), Vec::new());
    message.encode(&mut Writer::new(&mut bytes, &mut cuts), version);
    bytes
}

#[test]
fn a_directory_says_from_version_5_of_describe_log_dirs_whether_it_is_cordoned() {
    let dir = DescribeLogDirsResult {
        log_dir: "d",
        total_bytes: 9,
        usable_bytes: 8,
        is_cordoned: true,
        ..Default::default()
    };
    let response = DescribeLogDirsResponse { results: Array::Vec(vec![dir]), ..Default::default() };
    let (before, now) = (encoded(&response, 4), encoded(&response, 5));
    // Behind it come the tagged fields of the directory and of the response, none of both.
    assert_eq!(now, [&before[..before.len() - 2], &[1, 0, 0]].concat());
}

#[test]
fn a_topic_has_from_version_10_of_offset_commit_an_id_in_place_of_a_name() {
    let partition = OffsetCommitRequestPartition {
        partition_index: 1,
        committed_offset: 2,
        committed_leader_epoch: 3,
        committed_metadata: Some("m"),
    };
    let topic =
        OffsetCommitRequestTopic { name: "t", topic_id: Uuid([7; 16]), partitions: Array::Vec(vec![partition]) };
    let request = OffsetCommitRequest {
        group_id: "g",
        generation_id_or_member_epoch: 4,
        member_id: "i",
        topics: Array::Vec(vec![topic]),
        ..Default::default()
    };
    // Group, epoch, member, no instance, one topic; then a partition and no tags of partition, topic and request.
    let head = [2, b'g', 0, 0, 0, 4, 2, b'i', 0, 2];
    let tail = [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 2, b'm', 0, 0, 0];
    assert_eq!(encoded(&request, 9), [&head[..], &[2, b't'], &tail].concat());
    assert_eq!(encoded(&request, 10), [&head[..], &[7; 16], &tail].concat());
}

#[test]
fn a_topic_has_from_version_10_of_offset_fetch_an_id_in_place_of_a_name() {
    let topic = OffsetFetchRequestTopics { name: "t", topic_id: Uuid([7; 16]), partition_indexes: Array::Vec(vec![1]) };
    let group = OffsetFetchRequestGroup {
        group_id: "g",
        member_id: Some("i"),
        member_epoch: 4,
        topics: Some(Array::Vec(vec![topic])),
    };
    let groups = Array::Vec(vec![group]);
    let request = OffsetFetchRequest { groups, require_stable: true, ..Default::default() };
    // One group: its id, member and epoch, one topic; then a partition, no tags of topic and group, stable, no tags.
    let head = [2, 2, b'g', 2, b'i', 0, 0, 0, 4, 2];
    let tail = [2, 0, 0, 0, 1, 0, 0, 1, 0];
    assert_eq!(encoded(&request, 9), [&head[..], &[2, b't'], &tail].concat());
    assert_eq!(encoded(&request, 10), [&head[..], &[7; 16], &tail].concat());
}
