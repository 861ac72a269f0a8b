//! Batches that the broker changes: to the `compression.type` of their topic, and to the time of their append.

use std::time::{SystemTime, UNIX_EPOCH};

use kafka_protocol::messages::produce_response::PartitionProduceResponse;

use crate::batch::{self, HEADER_LEN, Identity, Record, STAMP_LEN};
use crate::calls::{PRODUCE, base_offset, fetch_request, produce_request};
use crate::codecs;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name, framed};

const TYPES: [(&str, u8); 5] = [
    ("uncompressed", codecs::NONE),
    ("gzip", codecs::GZIP),
    ("snappy", codecs::SNAPPY),
    ("lz4", codecs::LZ4),
    ("zstd", codecs::ZSTD),
];
const LOG_APPEND_TIME: [(&str, &str); 1] = [("message.timestamp.type", "LogAppendTime")];

fn records() -> Vec<Record> {
    let headers = vec![("name".to_owned(), Some(b"value".to_vec())), ("null".to_owned(), None)];
    let repeated = Record { key: Some(b"key".to_vec()), value: Some(vec![b'v'; 500]), headers };
    vec![repeated, Record::default(), Record::of("last")]
}

fn topic(connection: &mut Connection, configs: &[(&str, &str)]) -> String {
    let topic = unique("changed");
    connection.create_topic_with(&topic, 1, configs);
    topic
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn outcome(connection: &mut Connection, topic: &str, batch: Vec<u8>) -> PartitionProduceResponse {
    let response = connection.call(PRODUCE, &produce_request(topic, 0, batch));
    response.responses[0].partition_responses[0].clone()
}

/// From last offset delta to record count, but for what `message.timestamp.type` changes.
fn fixed_fields(batch: &[u8]) -> [&[u8]; 2] {
    [&batch[23..35], &batch[43..HEADER_LEN]]
}

#[test]
fn every_codec_becomes_that_of_the_topic() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for (name, target) in TYPES {
        let topic = topic(&mut connection, &[("compression.type", name)]);
        for (n, source) in codecs::ALL.into_iter().enumerate() {
            let identity = Identity { producer_id: 7_000, epoch: 2, sequence: 3 * n as i32 };
            let plain = batch::encode(identity, &records());
            let sent = codecs::encoded(source, &plain);
            assert_eq!(connection.produce(&topic, 0, sent.clone()), Ok(3 * n as i64), "{source} to {name}");
            let stored = connection.fetch(&topic, 0, 3 * n as i64, 1 << 20).records;
            let stored = batch::split(&stored)[0];
            assert_eq!(batch::codec(stored), target, "{source} to {name}");
            assert_eq!(fixed_fields(stored), fixed_fields(&plain), "{source} to {name}");
            if source == target {
                assert_eq!(stored[STAMP_LEN..], sent[STAMP_LEN..], "{name} stays");
            }
            if target == codecs::NONE {
                let read: Vec<_> = batch::decode(stored).into_iter().map(|(_, record)| record).collect();
                assert_eq!(read, records(), "{source}");
            }
            assert_eq!(connection.produce(&topic, 0, sent), Ok(3 * n as i64), "sent again, {source} to {name}");
        }
        assert_eq!(connection.latest_offset(&topic, 0), Ok(15));
    }
}

/// What takes long is done beside the loop; what follows on the connection waits for it.
#[test]
fn large_and_small_batches_of_a_producer_stay_in_order() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let topic = topic(&mut connection, &[("compression.type", "zstd")]);
    let id = connection.init_producer_id();
    let sizes = [900_000, 10, 10, 700_000, 10];
    for (sequence, size) in (0..).zip(sizes) {
        let batch = batch::encode(Identity { sequence, ..id }, &[Record::of(vec![b'x'; size])]);
        let acks = if sequence == 1 { 0 } else { -1 };
        connection.send(&framed(PRODUCE, sequence, &produce_request(&topic, 0, batch).with_acks(acks))).unwrap();
    }
    for expected in [0, 2, 3, 4] {
        let (correlation_id, response) =
            connection.answer::<kafka_protocol::messages::ProduceRequest>(PRODUCE).unwrap();
        assert_eq!((correlation_id, base_offset(&response)), (expected, Ok(i64::from(expected))));
    }
    assert_eq!(connection.latest_offset(&topic, 0), Ok(5));
    let broken = codecs::with_body(codecs::GZIP, &batch::encode(id, &records()), &vec![b'x'; 900_000]);
    connection.send(&framed(PRODUCE, 9, &produce_request(&topic, 0, broken).with_acks(0))).unwrap();
    assert_eq!(connection.frame(), None, "a failure that has no answer closes");
}

#[test]
fn the_time_of_the_append_replaces_that_of_the_producer() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for (name, target) in [("producer", None), ("gzip", Some(codecs::GZIP)), ("uncompressed", Some(codecs::NONE))] {
        let configs = [LOG_APPEND_TIME[0], ("compression.type", name), ("message.timestamp.before.max.ms", "1000")];
        let topic = topic(&mut connection, &configs);
        for source in codecs::ALL {
            // Long before what a topic of the producers' times would take.
            let sent = codecs::encoded(source, &batch::at(1_000, &batch::encode(Identity::NONE, &records())));
            let before = now();
            let answer = outcome(&mut connection, &topic, sent.clone());
            assert_eq!(error_name(answer.error_code), "None");
            assert!((before..=now()).contains(&answer.log_append_time_ms), "{}", answer.log_append_time_ms);
            let stored = connection.fetch(&topic, 0, answer.base_offset, 1 << 20).records;
            let stored = batch::split(&stored)[0];
            assert_eq!(stored[22], target.unwrap_or(source) | 8, "codec and the bit");
            assert_eq!(batch::max_timestamp(stored), answer.log_append_time_ms);
            assert_eq!(fixed_fields(stored), fixed_fields(&sent), "{source} to {name}");
            if source == target.unwrap_or(source) {
                assert_eq!(stored[HEADER_LEN..], sent[HEADER_LEN..], "the records stay");
            }
        }
    }
}

#[test]
fn look_ups_find_records_by_the_time_of_their_append() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let topic = topic(&mut connection, &LOG_APPEND_TIME);
    let send = |connection: &mut Connection| {
        let sent = batch::at(1_000, &batch::encode(Identity::NONE, &records()));
        outcome(connection, &topic, sent).log_append_time_ms
    };
    let first = send(&mut connection);
    let last = loop {
        let time = send(&mut connection);
        if time > first {
            break time;
        }
    };
    let end = connection.latest_offset(&topic, 0).unwrap();
    assert_eq!(connection.listed(&topic, 0, 0), Ok((0, first)));
    assert_eq!(connection.listed(&topic, 0, first), Ok((0, first)));
    assert_eq!(connection.listed(&topic, 0, first + 1), Ok((end - 3, last)));
    assert_eq!(connection.listed(&topic, 0, -3), Ok((end - 3, last)), "the largest timestamp");
    assert_eq!(connection.listed(&topic, 0, last + 1), Ok((-1, -1)));
}

/// Apache Kafka does so whatever the topic's timestamp type.
#[test]
fn a_batch_sent_again_is_answered_with_the_time_that_is_in_the_log() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let id = connection.init_producer_id();
    let sent = batch::at(now() - 5_000, &batch::encode(id, &records()));
    let by_append = topic(&mut connection, &LOG_APPEND_TIME);
    let first = outcome(&mut connection, &by_append, sent.clone());
    while now() <= first.log_append_time_ms {}
    let again = outcome(&mut connection, &by_append, sent.clone());
    assert_eq!((again.base_offset, again.log_append_time_ms), (0, first.log_append_time_ms));

    let by_producer = topic(&mut connection, &[]);
    assert_eq!(outcome(&mut connection, &by_producer, sent.clone()).log_append_time_ms, -1);
    assert_eq!(outcome(&mut connection, &by_producer, sent.clone()).log_append_time_ms, batch::max_timestamp(&sent));
}

#[test]
fn changed_settings_hold_for_the_next_batch() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = topic(&mut connection, &[]);
    let plain = batch::encode(Identity::NONE, &records());
    for (n, (name, codec)) in TYPES.into_iter().enumerate() {
        let set = format!("compression.type={name}");
        let alter = ["topic", "alter", &topic, "--set", &set, "--bootstrap", broker.bootstrap()];
        assert!(std::process::Command::new(crate::harness::OTTLA).args(alter).status().unwrap().success());
        assert_eq!(connection.produce(&topic, 0, plain.clone()), Ok(3 * n as i64));
        let stored = connection.fetch(&topic, 0, 3 * n as i64, 1 << 20).records;
        assert_eq!(batch::codec(&stored), codec, "{name}");
    }
}

/// As KIP-110 has it; an Apache Kafka since 4.0 gives them what they cannot read.
#[test]
fn a_topic_of_zstd_is_not_for_old_consumers() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let sent = codecs::encoded(codecs::ZSTD, &batch::encode(Identity::NONE, &records()));
    let configs: [(&[(&str, &str)], &str); 2] =
        [(&[("compression.type", "zstd")], "UnsupportedCompressionType"), (&[], "None")];
    for (configs, old) in configs {
        let topic = topic(&mut connection, configs);
        assert_eq!(connection.produce(&topic, 0, sent.clone()), Ok(0));
        for (version, expected) in [(4, old), (9, old), (10, "None"), (12, "None")] {
            let response = connection.call(version, &fetch_request(&topic, 0, 0, 1 << 20));
            let partition = &response.responses[0].partitions[0];
            assert_eq!(error_name(partition.error_code), expected, "version {version}");
        }
    }
}
