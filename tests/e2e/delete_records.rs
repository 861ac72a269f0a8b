//! DeleteRecords (KIP-107): the start of a partition moves up, for good.

use kafka_protocol::messages::DeleteRecordsRequest;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};

use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, OTTLA, unique};
use crate::raw::{Connection, error_name};
use crate::tools::{output_of, run};
use std::process::Command;

impl Connection {
    /// Asks that a partition begin at `offset`. Where it begins then, or Kafka's name of the error.
    pub(crate) fn delete_records(
        &mut self,
        version: i16,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<i64, String> {
        let wanted = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(offset);
        let wanted = DeleteRecordsTopic::default().with_name(topic_name(topic)).with_partitions(vec![wanted]);
        let request = DeleteRecordsRequest::default().with_topics(vec![wanted]).with_timeout_ms(30_000);
        let response = self.call(version, &request);
        let result = &response.topics[0].partitions[0];
        assert_eq!((&**response.topics[0].name, result.partition_index), (topic, partition));
        match result.error_code {
            0 => Ok(result.low_watermark),
            error => {
                assert_eq!(result.low_watermark, -1);
                Err(error_name(error))
            }
        }
    }

    /// Batches of two records each.
    fn produce_pairs(&mut self, topic: &str, count: i64) {
        for pair in 0..count {
            let records = [Record::of(format!("{}", 2 * pair)), Record::of(format!("{}", 2 * pair + 1))];
            assert_eq!(self.produce(topic, 0, batch::encode(Identity::NONE, &records)), Ok(2 * pair));
        }
    }
}

#[test]
fn deleted_records_are_not_served_and_those_after_them_are() {
    let broker = Broker::start();
    let topic = unique("deleted");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    connection.produce_pairs(&topic, 5);
    for (version, before) in [(0, 2), (1, 5), (2, 6)] {
        assert_eq!(connection.delete_records(version, &topic, 0, before), Ok(before), "version {version}");
        assert_eq!(connection.earliest_offset(&topic, 0), Ok(before));
        assert_eq!(connection.fetch(&topic, 0, before - 1, 1 << 20).error, "OffsetOutOfRange");
        let fetched = connection.fetch(&topic, 0, before, 1 << 20);
        assert_eq!((&*fetched.error, fetched.high_watermark), ("None", 10));
        // A batch is served whole, from the one that has the offset.
        assert_eq!(batch::base_offset(batch::split(&fetched.records)[0]), before & !1);
    }
    assert_eq!(connection.latest_offset(&topic, 0), Ok(10));
}

#[test]
fn a_start_never_moves_down() {
    let broker = Broker::start();
    let topic = unique("never-down");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    connection.produce_pairs(&topic, 2);
    assert_eq!(connection.delete_records(2, &topic, 0, 3), Ok(3));
    assert_eq!(connection.delete_records(2, &topic, 0, 1), Ok(3));
    assert_eq!(connection.earliest_offset(&topic, 0), Ok(3));
}

#[test]
fn minus_one_deletes_all_that_is_there_and_the_partition_goes_on() {
    let broker = Broker::start();
    let topic = unique("emptied");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    connection.produce_pairs(&topic, 2);
    assert_eq!(connection.delete_records(2, &topic, 0, -1), Ok(4));
    assert_eq!(connection.earliest_offset(&topic, 0), Ok(4));
    let fetched = connection.fetch(&topic, 0, 4, 1 << 20);
    assert_eq!((&*fetched.error, fetched.high_watermark, fetched.records.len()), ("None", 4, 0));
    let next = batch::encode(Identity::NONE, &[Record::of("next")]);
    assert_eq!(connection.produce(&topic, 0, next), Ok(4));
    assert_eq!(batch::split(&connection.fetch(&topic, 0, 4, 1 << 20).records).len(), 1);
}

#[test]
fn what_cannot_be_deleted_has_kafkas_error() {
    let broker = Broker::start();
    let topic = unique("refused");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    connection.produce_pairs(&topic, 1);
    for offset in [3, i64::MAX, -2, i64::MIN] {
        assert_eq!(connection.delete_records(2, &topic, 0, offset), Err("OffsetOutOfRange".into()), "{offset}");
    }
    assert_eq!(connection.delete_records(2, &topic, 1, 0), Err("UnknownTopicOrPartition".into()));
    assert_eq!(connection.delete_records(2, &topic, -1, 0), Err("UnknownTopicOrPartition".into()));
    assert_eq!(connection.delete_records(2, "no-such-topic", 0, 0), Err("UnknownTopicOrPartition".into()));
    assert_eq!(connection.earliest_offset(&topic, 0), Ok(0));
}

#[test]
fn a_start_that_was_answered_survives_kill_9_and_a_clean_stop() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let topic = unique("kept");
    Connection::open(&broker).create_topic(&topic, 1);
    Connection::open(&broker).produce_pairs(&topic, 3);
    assert_eq!(Connection::open(&broker).delete_records(2, &topic, 0, 3), Ok(3));
    broker.kill();
    broker.start_again();
    assert_eq!(Connection::open(&broker).earliest_offset(&topic, 0), Ok(3));
    broker.stop();
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_eq!((connection.earliest_offset(&topic, 0), connection.latest_offset(&topic, 0)), (Ok(3), Ok(6)));
}

#[test]
fn the_command_line_deletes_records_and_says_where_the_partition_begins() {
    let broker = Broker::start();
    let topic = unique("cli-deleted");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    connection.produce_pairs(&topic, 2);
    let ottla = |before: &str| {
        let mut command = Command::new(OTTLA);
        command.args(["topic", "delete-records", &topic, "--partition", "0", "--before", before, "--json"]);
        command.args(["--bootstrap", broker.bootstrap()]);
        command
    };
    let said: serde_json::Value = serde_json::from_slice(&output_of(&mut ottla("1"), b"")).unwrap();
    assert_eq!((&said["name"], &said["earliest"]), (&topic.as_str().into(), &1.into()));
    assert_eq!(run(&mut ottla("5"), b"").status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&output_of(&mut ottla("end"), b"")).unwrap();
    assert_eq!(said["earliest"], 4);
    assert_eq!(connection.earliest_offset(&topic, 0), Ok(4));
}
