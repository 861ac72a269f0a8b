//! Bytes are never made twice: the batch that a producer sent is the batch on disk and the batch that a consumer gets,
//! but for the base offset and the leader epoch, which the broker writes.

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{FetchRequest, MetadataRequest, ProduceRequest};

use crate::batch::{self, Identity, Record};
use crate::calls::{fetch_request, produce_request, topic_name};
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name, framed};

#[test]
fn a_batch_is_the_same_bytes_in_the_request_on_disk_and_in_the_fetch() {
    let mut broker = Broker::start();
    let topic = unique("walk");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 2);
    let identity = connection.init_producer_id();
    let stored = produce_all(&mut connection, &topic, &all_kinds(identity));

    assert_eq!(connection.fetch_all(&topic, 1), stored);
    assert_eq!(connection.latest_offset(&topic, 0), Ok(0), "the other partition stays empty");
    if broker.is_ours() {
        assert_eq!(broker.segment(&topic, 1), stored);
        survives_a_restart(&mut broker, &topic, &stored);
    }
}

fn survives_a_restart(broker: &mut Broker, topic: &str, stored: &[u8]) {
    assert!(broker.stop().success());
    broker.start_again();
    assert_eq!(Connection::open(broker).fetch_all(topic, 1), stored, "after a clean restart");
    broker.kill();
    broker.start_again();
    assert_eq!(Connection::open(broker).fetch_all(topic, 1), stored, "after kill -9");
    assert_eq!(broker.segment(topic, 1), stored);
}

/// Sends the batches one by one and returns what must now be stored.
fn produce_all(connection: &mut Connection, topic: &str, batches: &[Vec<u8>]) -> Vec<u8> {
    let (mut stored, mut end) = (Vec::new(), 0);
    for sent in batches {
        assert_eq!(connection.produce(topic, 1, sent.clone()), Ok(end));
        stored.extend(batch::stamped(sent, end, 0));
        end += batch::next_offset(sent);
    }
    stored
}

/// One record, many, headers, nulls, nothing at all, almost the largest size, with and without a producer id, and a
/// leader epoch that the producer had no business to set.
fn all_kinds(identity: Identity) -> Vec<Vec<u8>> {
    let headers = vec![("a".to_owned(), Some(vec![0, 255])), ("a".to_owned(), None), (String::new(), Some(Vec::new()))];
    let full = Record { key: Some(b"key".to_vec()), value: Some(b"value".to_vec()), headers };
    let many: Vec<_> = (0..500).map(|i| Record::of(format!("value {i}"))).collect();
    let large = Record::of((0..1_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>());
    let foreign_epoch = batch::stamped(&batch::encode(Identity::NONE, &[Record::of("epoch")]), 0, 1234);
    vec![
        batch::encode(Identity::NONE, &[Record::of("one")]),
        batch::encode(identity, &[full, Record::default(), Record::of("")]),
        batch::encode(Identity { sequence: 3, ..identity }, &many),
        batch::encode(Identity::NONE, &[large]),
        foreign_epoch,
        batch::encode(Identity::NONE, &[Record::of("last")]),
    ]
}

/// Fetching from the middle of a batch gives the whole batch; from the end nothing; beyond it the error by name.
#[test]
fn a_fetch_starts_at_the_batch_that_holds_the_offset() {
    let broker = Broker::start();
    let topic = unique("walk");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let three = batch::encode(Identity::NONE, &["a", "b", "c"].map(Record::of));
    connection.produce(&topic, 0, three.clone()).unwrap();
    connection.produce(&topic, 0, three.clone()).unwrap();
    for offset in 3..6 {
        assert_eq!(connection.fetch(&topic, 0, offset, 1 << 20).records, batch::stamped(&three, 3, 0), "at {offset}");
    }
    assert_eq!(connection.fetch(&topic, 0, 0, 1).records, batch::stamped(&three, 0, 0), "a batch larger than asked");
    assert!(connection.fetch(&topic, 0, 6, 1 << 20).records.is_empty());
    assert_eq!(connection.fetch(&topic, 0, 7, 1 << 20).error, "OffsetOutOfRange");
    assert_eq!(connection.fetch(&topic, 0, -1, 1 << 20).error, "OffsetOutOfRange");
}

/// KIP-516: newer clients name topics by id.
#[test]
fn topics_are_found_by_id() {
    let broker = Broker::start();
    let topic = unique("walk");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let asked = MetadataRequestTopic::default().with_name(Some(topic_name(&topic)));
    let id = connection.call(12, &MetadataRequest::default().with_topics(Some(vec![asked]))).topics[0].topic_id;

    let sent = batch::encode(Identity::NONE, &[Record::of("by id")]);
    let mut produce: ProduceRequest = produce_request(&topic, 0, sent.clone());
    produce.topic_data[0].topic_id = id;
    let produced = connection.call(13, &produce);
    assert_eq!(error_name(produced.responses[0].partition_responses[0].error_code), "None");
    assert_eq!(produced.responses[0].topic_id, id);

    let mut fetch: FetchRequest = fetch_request(&topic, 0, 0, 1 << 20);
    fetch.topics[0].topic_id = id;
    let fetched = connection.call(16, &fetch);
    assert_eq!(fetched.responses[0].topic_id, id);
    assert_eq!(fetched.responses[0].partitions[0].records.as_deref(), Some(&batch::stamped(&sent, 0, 0)[..]));
}

/// A failed request without acks ends its connection; what came with it in the same read is stored once.
#[test]
fn what_a_failure_without_acks_was_pipelined_with_is_stored_once() {
    let broker = Broker::start();
    let topic = unique("acks0");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let good = batch::encode(Identity::NONE, &[Record::of("good")]);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    let without_acks = |batch| framed(9, 0, &produce_request(&topic, 0, batch).with_acks(0));
    let next = framed(9, 0, &MetadataRequest::default());
    connection.send(&[without_acks(good.clone()), without_acks(bad), next].concat()).unwrap();
    assert!(connection.frame().is_none(), "an answer instead of a close");
    assert_eq!(Connection::open(&broker).fetch_all(&topic, 0), batch::stamped(&good, 0, 0));
}
