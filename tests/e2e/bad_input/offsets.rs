//! Fetch and ListOffsets of what is not there, or is told by numbers that mean nothing.

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, ListOffsetsRequest};

use super::Scene;
use crate::calls::{FETCH, fetch_request, topic_name};
use crate::raw::{Connection, error_name};

/// The error of the one partition of a fetch, or of the whole.
fn fetch_error(scene: &Scene, version: i16, request: &FetchRequest) -> String {
    let response = Connection::open(&scene.broker).call(version, request);
    match error_name(response.error_code).as_str() {
        "None" => error_name(response.responses[0].partitions[0].error_code),
        error => error.to_owned(),
    }
}

#[test]
fn an_offset_outside_the_log_is_out_of_range() {
    let scene = Scene::start();
    for offset in [1, i64::MAX, -1, i64::MIN] {
        let request = fetch_request(&scene.topic, 0, offset, 1 << 20);
        assert_eq!(fetch_error(&scene, FETCH, &request), "OffsetOutOfRange", "{offset}");
    }
    scene.end();
}

/// KIP-595: the epoch of the last record that the reader has, and where it goes on.
#[test]
fn a_reader_whose_log_differs_is_told_where_to_go_back_to() {
    let scene = Scene::start();
    for (epoch, offset, error, diverging) in
        [(0, 0, "None", (-1, -1)), (0, 5, "None", (0, 0)), (9, 0, "OffsetOutOfRange", (-1, -1))]
    {
        let mut request = fetch_request(&scene.topic, 0, offset, 1 << 20);
        request.topics[0].partitions[0].last_fetched_epoch = epoch;
        let response = Connection::open(&scene.broker).call(12, &request);
        let data = &response.responses[0].partitions[0];
        assert_eq!(error_name(data.error_code), error, "{epoch} {offset}");
        assert_eq!((data.diverging_epoch.epoch, data.diverging_epoch.end_offset), diverging, "{epoch} {offset}");
    }
    scene.end();
}

#[test]
fn a_topic_that_is_not_there_is_unknown_by_name_and_by_id() {
    let scene = Scene::start();
    let by_name = fetch_request("no-such-topic", 0, 0, 1 << 20);
    assert_eq!(fetch_error(&scene, FETCH, &by_name), "UnknownTopicOrPartition");
    let partition = FetchPartition::default().with_current_leader_epoch(-1).with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic_id("00000000-0000-4000-8000-000000000007".parse().unwrap())
        .with_partitions(vec![partition]);
    let by_id = FetchRequest::default().with_max_bytes(1 << 20).with_session_epoch(-1).with_topics(vec![topic]);
    assert_eq!(fetch_error(&scene, 13, &by_id.with_replica_id(BrokerId(-1))), "UnknownTopicId");
    scene.end();
}

#[test]
fn an_old_or_new_leader_epoch_is_told_apart() {
    let scene = Scene::start();
    for (epoch, expected) in [(1, "UnknownLeaderEpoch"), (-2, "FencedLeaderEpoch"), (0, "None")] {
        let mut request = fetch_request(&scene.topic, 0, 0, 1 << 20);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        assert_eq!(fetch_error(&scene, FETCH, &request), expected, "epoch {epoch}");
    }
    let asked = |epoch| list_offsets(&scene, vec![partition(0).with_current_leader_epoch(epoch)]);
    assert_eq!((asked(1), asked(0)), (vec!["UnknownLeaderEpoch".to_owned()], vec!["None".to_owned()]));
    scene.end();
}

/// Apache Kafka answers it once.
#[test]
fn a_partition_asked_for_twice_is_refused() {
    let scene = Scene::start();
    let errors = list_offsets(&scene, vec![partition(0), partition(0)]);
    assert!(!errors.is_empty() && errors.iter().all(|error| error == "InvalidRequest"), "{errors:?}");
    scene.end();
}

fn partition(index: i32) -> ListOffsetsPartition {
    ListOffsetsPartition::default().with_partition_index(index).with_timestamp(-1).with_current_leader_epoch(-1)
}

/// The errors, in the order of the answer.
fn list_offsets(scene: &Scene, partitions: Vec<ListOffsetsPartition>) -> Vec<String> {
    let topic = ListOffsetsTopic::default().with_name(topic_name(&scene.topic)).with_partitions(partitions);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let response = Connection::open(&scene.broker).call(7, &request);
    response.topics[0].partitions.iter().map(|partition| error_name(partition.error_code)).collect()
}
