//! What no honest producer sends as the records of a partition.

use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use super::Scene;
use crate::batch::{self, HEADER_LEN, Identity, Record, with_header};
use crate::calls::{PRODUCE, produce_request, topic_name};
use crate::codecs;
use crate::raw::{Connection, error_name};

const CODEC: usize = 22;
const LAST_OFFSET_DELTA: usize = 23;
const PRODUCER_ID: usize = 43;
const RECORD_COUNT: usize = 57;

fn good() -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of("never"), Record::of("stored")])
}

fn only(response: ProduceResponse) -> PartitionProduceResponse {
    response.responses[0].partition_responses[0].clone()
}

fn answer(scene: &Scene, version: i16, topic: &str, records: Vec<u8>) -> PartitionProduceResponse {
    only(Connection::open(&scene.broker).call(version, &produce_request(topic, 0, records)))
}

fn refused(scene: &Scene, what: &str, records: Vec<u8>, expected: &str) -> PartitionProduceResponse {
    let answer = answer(scene, PRODUCE, &scene.topic, records);
    assert_eq!(error_name(answer.error_code), expected, "{what}");
    assert_eq!((answer.base_offset, answer.log_append_time_ms), (-1, -1), "{what}");
    answer
}

#[test]
fn there_must_be_one_whole_batch() {
    let scene = Scene::start();
    for len in [0, 1, 16, 17, HEADER_LEN, good().len() - 1] {
        refused(&scene, "a batch cut off", good()[..len].to_vec(), "InvalidRecord");
    }
    refused(&scene, "two batches", [good(), good()].concat(), "InvalidRecord");
    if scene.broker.is_ours() {
        // An Apache Kafka closes the connection.
        let data = PartitionProduceData::default().with_records(None);
        let data = TopicProduceData::default().with_name(topic_name(&scene.topic)).with_partition_data(vec![data]);
        let null = ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000).with_topic_data(vec![data]);
        let answer = only(Connection::open(&scene.broker).call(PRODUCE, &null));
        assert_eq!(error_name(answer.error_code), "InvalidRecord");
    }
    scene.end();
}

#[test]
fn only_the_format_of_today_is_taken() {
    let scene = Scene::start();
    let magic = |magic: i8| with_header(&good(), 16, &magic.to_be_bytes());
    for old in [0, 1] {
        refused(&scene, "an old format", magic(old), "InvalidRecord");
    }
    for unknown in [-1, 3, i8::MAX] {
        refused(&scene, "no format", magic(unknown), "CorruptMessage");
    }
    for len in [13_i32, 0, -1, i32::MIN] {
        refused(&scene, "a length below any format's", with_header(&good(), 8, &len.to_be_bytes()), "CorruptMessage");
    }
    refused(&scene, "a length of 2 GiB", with_header(&good(), 8, &i32::MAX.to_be_bytes()), "InvalidRecord");
    scene.end();
}

#[test]
fn fewer_bytes_than_a_header_behind_the_batch_are_cut_off() {
    let mut scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[]);
    let sent = good();
    assert_eq!(connection.produce(&topic, 0, [&sent[..], &[7; 11]].concat()), Ok(0));
    assert_eq!(connection.fetch_all(&topic, 0), batch::stamped(&sent, 0, 0));
    scene.end();
}

#[test]
fn a_batch_is_limited_by_the_topic() {
    let mut scene = Scene::start();
    let of_size = |size: usize| batch::encode(Identity::NONE, &[Record::of(vec![7; size])]);
    refused(&scene, "above max.message.bytes", of_size(1_048_588), "MessageTooLarge");
    let mut corrupt = of_size(1_048_588);
    corrupt[17] ^= 1;
    refused(&scene, "that, and corrupt", corrupt, "MessageTooLarge");
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[("segment.bytes", "1048576"), ("max.message.bytes", "2097152")]);
    assert_eq!(connection.produce(&topic, 0, of_size(1_048_576)), Err("RecordListTooLarge".to_owned()));
    assert_eq!(connection.latest_offset(&topic, 0), Ok(0));
    scene.end();
}

#[test]
fn bytes_that_were_damaged_are_corrupt() {
    let scene = Scene::start();
    for at in [17, 21, 30, 60, HEADER_LEN, good().len() - 1] {
        let mut damaged = good();
        damaged[at] ^= 1;
        let answer = refused(&scene, "a damaged batch", damaged, "CorruptMessage");
        assert_eq!(answer.record_errors, []);
    }
    scene.end();
}

#[test]
fn header_fields_have_to_agree_and_some_are_the_brokers() {
    let scene = Scene::start();
    let count = |delta: i32, count: i32| {
        with_header(&with_header(&good(), LAST_OFFSET_DELTA, &delta.to_be_bytes()), RECORD_COUNT, &count.to_be_bytes())
    };
    refused(&scene, "a base offset", with_header(&good(), 0, &1_i64.to_be_bytes()), "InvalidRecord");
    for (delta, records) in [(-1, 2), (1, 0), (-1, 0), (1, -1), (2, 2), (0, 2), (i32::MAX, 2)] {
        refused(&scene, "a count", count(delta, records), "InvalidRecord");
    }
    refused(&scene, "a control batch", with_header(&good(), 21, &0x20_i16.to_be_bytes()), "InvalidRecord");
    let sequenceless = with_header(&good(), PRODUCER_ID, &7_i64.to_be_bytes());
    refused(&scene, "a producer without sequence", sequenceless, "InvalidRecord");
    if scene.broker.is_ours() {
        // Apache Kafka: UnknownServerError, and no error.
        for codec in 5..=7 {
            refused(&scene, "no codec", with_header(&good(), CODEC, &[codec]), "InvalidRecord");
        }
        refused(&scene, "a delete horizon", with_header(&good(), 21, &0x40_i16.to_be_bytes()), "InvalidRecord");
    }
    scene.end();
}

/// Bodies of batches that claim two records.
#[test]
fn malformed_records_are_invalid() {
    let mut scene = Scene::start();
    let first: &[u8] = &[12, 0, 0, 0, 1, 1, 0];
    let seconds: [(&str, &[u8]); 10] = [
        ("nothing", &[]),
        ("a length beyond the batch", &[14, 0, 0, 2, 1, 1, 0]),
        ("a length of 2 GiB", &[0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 2, 1, 1, 0]),
        ("a negative length", &[1, 0, 0, 2, 1, 1, 0]),
        ("a record shorter than its length", &[14, 0, 0, 2, 1, 1, 0, 0]),
        ("a third record", &[12, 0, 0, 2, 1, 1, 0, 12, 0, 0, 4, 1, 1, 0]),
        ("a negative count of headers", &[12, 0, 0, 2, 1, 1, 1]),
        ("a count of headers beyond the record", &[12, 0, 0, 2, 1, 1, 100]),
        ("a header key of negative length", &[16, 0, 0, 2, 1, 1, 2, 3, 1]),
        ("a header without key", &[16, 0, 0, 2, 1, 1, 2, 1, 1]),
    ];
    let mut connection = Connection::open(&scene.broker);
    let gzip = scene.create_topic(&[("compression.type", "gzip")]);
    for (what, second) in seconds {
        let malformed = codecs::with_body(codecs::NONE, &good(), &[first, second].concat());
        refused(&scene, what, malformed.clone(), "InvalidRecord");
        for codec in [codecs::NONE, codecs::LZ4] {
            let answer = answer(&scene, PRODUCE, &gzip, codecs::encoded(codec, &malformed));
            assert_eq!(error_name(answer.error_code), "InvalidRecord", "{what}, codec {codec}");
        }
    }
    assert_eq!(connection.latest_offset(&gzip, 0), Ok(0));
    scene.end();
}

#[test]
fn records_out_of_time_are_named() {
    let scene = Scene::start();
    let late = batch::at(i64::MAX / 2, &good());
    for records in [late.clone(), codecs::encoded(codecs::GZIP, &late)] {
        let answer = refused(&scene, "far ahead", records, "InvalidTimestamp");
        let message = "One or more records have been rejected due to invalid timestamp";
        assert_eq!(answer.error_message.as_deref(), Some(message));
        let faults: Vec<_> = answer.record_errors.iter().map(|fault| fault.batch_index).collect();
        assert_eq!(faults, [0, 1]);
        let first = answer.record_errors[0].batch_index_error_message.as_deref().unwrap();
        let expected = format!("Timestamp {} of message with offset 0 is out of range.", i64::MAX / 2);
        assert!(first.starts_with(&expected), "{first}");
    }
    scene.end();
}

/// Where the topic has the producer's time, the bit is taken away.
#[test]
fn a_producer_must_not_claim_the_time_of_the_append() {
    let mut scene = Scene::start();
    let good = good();
    let claimed = with_header(&good, 21, &8_i16.to_be_bytes());
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[]);
    assert_eq!(connection.produce(&topic, 0, claimed.clone()), Ok(0));
    assert_eq!(connection.fetch_all(&topic, 0), batch::stamped(&good, 0, 0));
    let topic = scene.create_topic(&[("message.timestamp.type", "LogAppendTime")]);
    let answer = answer(&scene, PRODUCE, &topic, claimed);
    assert_eq!(error_name(answer.error_code), "InvalidTimestamp");
    assert_eq!(answer.record_errors.len(), 2);
    assert_eq!(connection.latest_offset(&topic, 0), Ok(0));
    scene.end();
}

#[test]
fn zstd_in_an_old_request_is_unsupported() {
    let scene = Scene::start();
    let zstd = codecs::encoded(codecs::ZSTD, &good());
    for version in 3..7 {
        let answer = answer(&scene, version, &scene.topic, zstd.clone());
        assert_eq!(error_name(answer.error_code), "UnsupportedCompressionType", "version {version}");
    }
    scene.end();
}

/// Where compressed records are opened: a broken stream is not what the producer sent, a bomb is what no producer sends.
#[test]
fn streams_that_cannot_be_opened_are_refused() {
    let mut scene = Scene::start();
    if !scene.broker.is_ours() {
        return scene.end(); // An Apache Kafka answers UnknownServerError, and takes the time for the bomb.
    }
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[("compression.type", "lz4")]);
    for codec in [codecs::GZIP, codecs::SNAPPY, codecs::ZSTD] {
        let whole = codecs::encoded(codec, &good());
        let broken = codecs::with_body(codec, &whole, &whole[HEADER_LEN..whole.len() - 1]);
        assert_eq!(connection.produce(&topic, 0, broken), Err("CorruptMessage".to_owned()), "codec {codec}");
    }
    let before = scene.broker.peak_memory_bytes();
    // 1 GiB; 100 MiB are let through, and hold no record.
    let bomb = codecs::with_body(codecs::ZSTD, &good(), &codecs::zstd_bomb(8 << 10));
    assert_eq!(connection.produce(&topic, 0, bomb), Err("InvalidRecord".to_owned()));
    let small_bomb = codecs::with_body(codecs::ZSTD, &good(), &codecs::zstd_bomb(800));
    assert_eq!(connection.produce(&topic, 0, small_bomb), Err("InvalidRecord".to_owned()));
    let grown = scene.broker.peak_memory_bytes() - before;
    assert!(grown < 320 << 20, "{grown} bytes");
    assert_eq!(connection.latest_offset(&topic, 0), Ok(0));
    scene.end();
}

#[test]
fn the_leader_epoch_of_a_producer_is_replaced() {
    let mut scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[]);
    let sent = with_header(&good(), 12, &77_i32.to_be_bytes());
    assert_eq!(connection.produce(&topic, 0, sent.clone()), Ok(0));
    assert_eq!(connection.fetch_all(&topic, 0), batch::stamped(&sent, 0, 0));
    scene.end();
}
