//! Bytes of messages that the oracle does not have, written down from Kafka's definitions.

use record::Uuid;
use wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic, LogCache,
};
use wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use wire::{Array, Message, Reader, Writer};

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
fn what_is_in_the_page_cache_goes_in_a_tag_of_our_own_and_only_where_it_is_told() {
    let request = |tells_cache| encoded(&DescribeLogDirsRequest { topics: None, tells_cache }, 4);
    // 20000 as a varint, the length, and the value.
    assert_eq!((request(false), request(true)), (vec![0, 0], vec![0, 1, 0xa0, 0x9c, 0x01, 1, 1]));
    let response = |cache| {
        let partition = DescribeLogDirsPartition { partition_index: 1, cache, ..Default::default() };
        let topic = DescribeLogDirsTopic { name: "t", partitions: Array::Vec(vec![partition]) };
        let dir = DescribeLogDirsResult { log_dir: "d", topics: Array::Vec(vec![topic]), ..Default::default() };
        DescribeLogDirsResponse { results: Array::Vec(vec![dir]), ..Default::default() }
    };
    let plain = encoded(&response(LogCache::default()), 4);
    // The tags of the partition, of which there are none; then those of its topic, two sizes, those of directory and response.
    let (head, tail) = plain.split_at(plain.len() - 20);
    assert_eq!(tail, [&[0, 0][..], &[0xff; 16], &[0, 0]].concat());
    let told = response(LogCache { cached_bytes: 2, hot_from: 3, fetched_bytes: 4, cold_bytes: 5 });
    let numbers = [2_i64, 3, 4, 5].map(i64::to_be_bytes).concat();
    let bytes = encoded(&told, 4);
    assert_eq!(bytes, [head, &[1, 0xa0, 0x9c, 0x01, 33], &numbers, &[0], &tail[1..]].concat());
    let mut reader = Reader::new(&bytes);
    assert_eq!(DescribeLogDirsResponse::decode(&mut reader, 4), Ok(told.clone()));
    // A version without tags does not tell it.
    assert_eq!(encoded(&told, 1), encoded(&response(LogCache::default()), 1));
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
