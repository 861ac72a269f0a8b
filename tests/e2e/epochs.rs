//! OffsetForLeaderEpoch (KIP-101, KIP-279, KIP-320): where leader epochs end.

use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{BrokerId, OffsetForLeaderEpochRequest};

use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

/// The epoch and its end, or Kafka's name of the error.
type End = Result<(i32, i64), String>;

impl Connection {
    fn end_of_epoch(&mut self, version: i16, topic: &str, partition: i32, current: i32, epoch: i32) -> End {
        let asked = OffsetForLeaderPartition::default()
            .with_partition(partition)
            .with_current_leader_epoch(current)
            .with_leader_epoch(epoch);
        let asked = OffsetForLeaderTopic::default().with_topic(topic_name(topic)).with_partitions(vec![asked]);
        let mut request = OffsetForLeaderEpochRequest::default().with_topics(vec![asked]);
        if version >= 3 {
            request.replica_id = BrokerId(-1);
        }
        let response = self.call(version, &request);
        let answer = &response.topics[0].partitions[0];
        assert_eq!((&**response.topics[0].topic, answer.partition), (topic, partition));
        match answer.error_code {
            0 => Ok((answer.leader_epoch, answer.end_offset)),
            error => {
                assert_eq!((answer.leader_epoch, answer.end_offset), (-1, -1));
                Err(error_name(error))
            }
        }
    }
}

#[test]
fn the_current_epoch_ends_where_the_log_ends() {
    let broker = Broker::start();
    let topic = unique("epochs");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    for version in 2..=4 {
        assert_eq!(connection.end_of_epoch(version, &topic, 0, -1, 0), Ok((0, 0)), "empty, version {version}");
    }
    let batch = batch::encode(Identity::NONE, &[Record::of("a"), Record::of("b")]);
    assert_eq!(connection.produce(&topic, 0, batch), Ok(0));
    for version in 2..=4 {
        assert_eq!(connection.end_of_epoch(version, &topic, 0, -1, 0), Ok((0, 2)), "version {version}");
        assert_eq!(connection.end_of_epoch(version, &topic, 0, 0, 0), Ok((0, 2)), "version {version}");
    }
}

#[test]
fn an_epoch_that_never_was_has_no_end() {
    let broker = Broker::start();
    let topic = unique("no-epoch");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    for epoch in [1, 7, i32::MAX, -1] {
        assert_eq!(connection.end_of_epoch(4, &topic, 0, -1, epoch), Ok((-1, -1)), "{epoch}");
    }
}

/// KIP-320: who has old metadata learns it.
#[test]
fn an_old_or_new_leader_epoch_of_the_client_has_kafkas_error() {
    let broker = Broker::start();
    let topic = unique("fenced");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    assert_eq!(connection.end_of_epoch(4, &topic, 0, 1, 0), Err("UnknownLeaderEpoch".into()));
    assert_eq!(connection.end_of_epoch(4, &topic, 0, -2, 0), Err("FencedLeaderEpoch".into()));
    assert_eq!(connection.end_of_epoch(4, &topic, 1, -1, 0), Err("UnknownTopicOrPartition".into()));
    assert_eq!(connection.end_of_epoch(4, "no-such-topic", 0, -1, 0), Err("UnknownTopicOrPartition".into()));
}
