//! DescribeLogDirs and AlterReplicaLogDirs (KIP-113).

use kafka_protocol::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use kafka_protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;
use kafka_protocol::messages::{AlterReplicaLogDirsRequest, DescribeLogDirsRequest, DescribeLogDirsResponse};
use kafka_protocol::protocol::StrBytes;

use super::tool;
use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

fn asked(topic: &str, partitions: &[i32]) -> DescribableLogDirTopic {
    DescribableLogDirTopic::default().with_topic(topic_name(topic)).with_partitions(partitions.to_vec())
}

/// The sizes by partition of one topic in the only directory.
fn sizes(response: &DescribeLogDirsResponse, topic: &str) -> Vec<(i32, i64)> {
    assert_eq!((response.error_code, response.results.len()), (0, 1));
    let dir = &response.results[0];
    assert_eq!(error_name(dir.error_code), "None");
    let topics: Vec<_> = dir.topics.iter().filter(|found| &**found.name == topic).collect();
    assert!(topics.len() <= 1, "a topic is told once");
    let partitions = topics.iter().flat_map(|topic| &topic.partitions);
    let mut sizes: Vec<_> = partitions
        .map(|partition| {
            assert_eq!((partition.offset_lag, partition.is_future_key), (0, false));
            (partition.partition_index, partition.partition_size)
        })
        .collect();
    sizes.sort();
    sizes
}

#[test]
fn the_size_of_a_partition_is_that_of_its_batches() {
    let broker = Broker::start();
    let topic = unique("sized");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 2);
    let batch = batch::encode(Identity::NONE, &[Record::of("value")]);
    let size = batch.len() as i64;
    assert_eq!(connection.produce(&topic, 1, batch), Ok(0));
    for version in 1..=4 {
        let all = connection.call(version, &DescribeLogDirsRequest::default().with_topics(None));
        assert_eq!(sizes(&all, &topic), [(0, 0), (1, size)], "version {version}");
        let repeated = vec![asked(&topic, &[1, 1, 7, -1]), asked(&topic, &[1]), asked("no-such-topic", &[0])];
        let one = connection.call(version, &DescribeLogDirsRequest::default().with_topics(Some(repeated)));
        assert_eq!(sizes(&one, &topic), [(1, size)]);
        assert_eq!(one.results[0].topics.len(), 1, "what is not there is left out");
        let none = connection.call(version, &DescribeLogDirsRequest::default().with_topics(Some(Vec::new())));
        assert_eq!(none.results[0].topics.len(), 0);
        if version >= 4 {
            let (total, usable) = (all.results[0].total_bytes, all.results[0].usable_bytes);
            assert!(0 < usable && usable <= total, "{usable} of {total}");
        }
    }
}

#[test]
fn what_is_in_the_page_cache_is_told_to_who_asks_for_it_by_our_tag_and_to_nobody_else() {
    const TAG: i32 = 20_000;
    let Some(broker) = Broker::own(&[]) else { return };
    let topic = unique("told-cache");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let batch = batch::encode(Identity::NONE, &[Record::of("value")]);
    connection.produce(&topic, 0, batch.clone()).unwrap();
    let fetched = connection.fetch_all(&topic, 0).len() as i64;
    let plain = DescribeLogDirsRequest::default().with_topics(Some(vec![asked(&topic, &[0])]));
    let mut asks = plain.clone();
    asks.unknown_tagged_fields.insert(TAG, bytes::Bytes::from_static(&[1]));
    for version in 2..=4 {
        let response = connection.call(version, &plain);
        let partition = &response.results[0].topics[0].partitions[0];
        assert!(partition.unknown_tagged_fields.is_empty(), "version {version}");
        let response = connection.call(version, &asks);
        let told = &response.results[0].topics[0].partitions[0];
        assert_eq!((told.partition_size, told.partition_index), (partition.partition_size, 0));
        let tags: Vec<_> = told.unknown_tagged_fields.keys().copied().collect();
        assert_eq!(tags, [TAG]);
        // Four numbers: cached bytes, from where on, fetched bytes, those from the disk; then no tags.
        let numbers = told.unknown_tagged_fields[&TAG].chunks_exact(8).map(|eight| eight.try_into().unwrap());
        let numbers: Vec<i64> = numbers.map(i64::from_be_bytes).collect();
        assert!(numbers[..2] == [batch.len() as i64, 0] || numbers[..2] == [-1, -1], "{numbers:?}");
        assert_eq!(numbers[2..], [fetched, 0]);
    }
}

#[test]
fn a_replica_stays_where_it_is_and_no_other_directory_is_known() {
    let broker = Broker::start();
    let topic = unique("stays");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let described = connection.call(4, &DescribeLogDirsRequest::default().with_topics(Some(Vec::new())));
    let own = described.results[0].log_dir.clone();
    let mut alter = |version: i16, dir: &StrBytes, topic: &str, partition: i32| {
        let wanted = AlterReplicaLogDirTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
        let dir = AlterReplicaLogDir::default().with_path(dir.clone()).with_topics(vec![wanted]);
        let response = connection.call(version, &AlterReplicaLogDirsRequest::default().with_dirs(vec![dir]));
        assert_eq!(&**response.results[0].topic_name, topic);
        error_name(response.results[0].partitions[0].error_code)
    };
    for version in 1..=2 {
        assert_eq!(alter(version, &own, &topic, 0), "None");
        assert_eq!(alter(version, &StrBytes::from_static_str("/no/such/dir"), &topic, 0), "LogDirNotFound");
        assert_eq!(alter(version, &StrBytes::from_static_str("/no/such/dir"), "no-such-topic", 0), "LogDirNotFound");
        assert_eq!(alter(version, &own, "no-such-topic", 0), "UnknownTopicOrPartition");
        assert_eq!(alter(version, &own, &topic, 9), "UnknownTopicOrPartition");
    }
    assert_eq!(connection.latest_offset(&topic, 0), Ok(0));
}

#[test]
fn kafkas_tool_describes_the_directory() {
    let Some(broker) = Broker::own(&[]) else { return };
    let topic = unique("tool-dirs");
    Connection::open(&broker).create_topic(&topic, 1);
    let Some(said) = tool(&broker, "org.apache.kafka.tools.LogDirsCommand", &["--describe"]) else { return };
    let json = said.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{said}"));
    let told: serde_json::Value = serde_json::from_str(json).unwrap();
    let dir = &told["brokers"][0]["logDirs"][0];
    assert_eq!(dir["logDir"], broker.data_dir().to_str().unwrap());
    assert_eq!(dir["error"], serde_json::Value::Null);
    assert_eq!(dir["partitions"][0]["partition"], format!("{topic}-0"));
}
