//! DescribeProducers (KIP-664).

use kafka_protocol::messages::DescribeProducersRequest;
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::describe_producers_response::PartitionResponse;

use super::tool_at;
use crate::batch::{self, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

fn describe(connection: &mut Connection, topic: &str, partition: i32) -> PartitionResponse {
    let asked = TopicRequest::default().with_name(topic_name(topic)).with_partition_indexes(vec![partition]);
    let mut response = connection.call(0, &DescribeProducersRequest::default().with_topics(vec![asked]));
    let mut told = response.topics.remove(0);
    assert_eq!(&**told.name, topic);
    told.partitions.remove(0)
}

#[test]
fn an_idempotent_producer_is_told_with_its_last_sequence_number() {
    let broker = Broker::start();
    let topic = unique("remembered");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 2);
    let identity = connection.init_producer_id();
    let records = ["a", "b", "c"].map(Record::of);
    assert_eq!(connection.produce(&topic, 1, batch::encode(identity, &records)), Ok(0));
    assert_eq!(describe(&mut connection, &topic, 0).active_producers, []);
    let told = describe(&mut connection, &topic, 1);
    assert_eq!((&*error_name(told.error_code), told.partition_index, told.active_producers.len()), ("None", 1, 1));
    let producer = &told.active_producers[0];
    assert_eq!((*producer.producer_id, producer.producer_epoch), (identity.producer_id, i32::from(identity.epoch)));
    assert_eq!((producer.last_sequence, producer.coordinator_epoch, producer.current_txn_start_offset), (2, -1, -1));
    assert!(producer.last_timestamp > 0);
}

#[test]
fn what_has_no_producers_has_kafkas_error() {
    let broker = Broker::start();
    let topic = unique("no-producers");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    for (topic, partition, error) in [
        (topic.as_str(), 1, "UnknownTopicOrPartition"),
        (&topic, -1, "UnknownTopicOrPartition"),
        ("no-such-topic", 0, "UnknownTopicOrPartition"),
        ("not a topic", 0, "InvalidTopic"),
    ] {
        let told = describe(&mut connection, topic, partition);
        assert!(error_name(told.error_code).starts_with(error), "{topic}-{partition}: {}", told.error_code);
    }
}

#[test]
fn kafkas_tool_lists_the_producers_of_a_partition() {
    let broker = Broker::start();
    let topic = unique("tool-producers");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let identity = connection.init_producer_id();
    assert_eq!(connection.produce(&topic, 0, batch::encode(identity, &[Record::of("a")])), Ok(0));
    let arguments = ["describe-producers", "--topic", &topic, "--partition", "0"];
    let Some(said) = tool_at(&broker, "org.apache.kafka.tools.TransactionsCommand", &arguments) else { return };
    let row = said.lines().nth(1).unwrap_or_else(|| panic!("{said}"));
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(columns[..2], [identity.producer_id.to_string(), identity.epoch.to_string()], "{said}");
}
