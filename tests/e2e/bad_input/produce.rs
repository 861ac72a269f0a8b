//! Produce requests that are wrong before a batch is looked at, and batches that do not follow their producer's last one.

use kafka_protocol::messages::{ProduceRequest, TransactionalId};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use crate::batch::{self, Identity, Record};
use crate::calls::{PRODUCE, base_offset, produce_request};
use crate::raw::{Connection, framed};

fn good() -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of("never stored")])
}

fn refused(scene: &Scene, request: &ProduceRequest, expected: &str) {
    let response = Connection::open(&scene.broker).call(PRODUCE, request);
    assert_eq!(base_offset(&response), Err(expected.to_owned()));
    let partition = &response.responses[0].partition_responses[0];
    assert_eq!((partition.base_offset, partition.log_append_time_ms), (-1, -1));
}

#[test]
fn acks_other_than_none_one_and_all_are_refused() {
    let scene = Scene::start();
    for acks in [2, -2, i16::MAX, i16::MIN] {
        refused(&scene, &produce_request(&scene.topic, 0, good()).with_acks(acks), "InvalidRequiredAcks");
    }
    scene.end();
}

#[test]
fn an_error_that_has_no_answer_closes_the_connection() {
    let scene = Scene::start();
    let corrupt = {
        let mut batch = good();
        *batch.last_mut().unwrap() ^= 1;
        batch
    };
    for (topic, batch) in [(scene.topic.as_str(), corrupt), ("no-such-topic", good())] {
        let request = produce_request(topic, 0, batch).with_acks(0);
        scene.closes("a failed request with acks=0", &framed(PRODUCE, 7, &request));
    }
    scene.end();
}

#[test]
fn a_topic_or_partition_that_is_not_there_is_unknown() {
    let scene = Scene::start();
    refused(&scene, &produce_request("no-such-topic", 0, good()), "UnknownTopicOrPartition");
    for partition in [-1, 1, i32::MAX, i32::MIN] {
        refused(&scene, &produce_request(&scene.topic, partition, good()), "UnknownTopicOrPartition");
    }
    scene.end();
}

#[test]
fn a_transactional_batch_without_a_transaction_is_refused() {
    let scene = Scene::start();
    let identity = Identity { producer_id: 7, epoch: 0, sequence: 0 };
    let transactional = batch::encode(identity, &[Record::of("never stored")]);
    let transactional = batch::with_header(&transactional, 21, &0x10_i16.to_be_bytes());
    let request = produce_request(&scene.topic, 0, transactional);
    refused(&scene, &request, "TransactionalIdAuthorizationFailed");
    if scene.broker.is_ours() {
        let id = TransactionalId(StrBytes::from_static_str("t"));
        refused(&scene, &request.with_transactional_id(Some(id)), "InvalidTxnState");
    }
    scene.end();
}

/// Rows of what an idempotent producer sends, and what becomes of each batch.
#[test]
fn batches_out_of_their_order_are_refused_and_repeated_ones_are_known() {
    let mut scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[]);
    let id = connection.init_producer_id();
    let mut send = |epoch, sequence| {
        let identity = Identity { epoch, sequence, ..id };
        connection.produce(&topic, 0, batch::encode(identity, &[Record::of(format!("{epoch} {sequence}"))]))
    };
    let refused = |error: &str| Err(error.to_owned());
    for sequence in 0..7 {
        assert_eq!(send(0, sequence), Ok(i64::from(sequence)));
    }
    assert_eq!(send(0, 9), refused("OutOfOrderSequenceNumber"), "a gap");
    assert_eq!((send(0, 2), send(0, 6)), (Ok(2), Ok(6)), "the last five are known again");
    assert_eq!(send(0, 1), refused("OutOfOrderSequenceNumber"), "older ones are not");
    assert_eq!(send(1, 5), refused("OutOfOrderSequenceNumber"), "a new epoch begins at 0");
    assert_eq!((send(1, 0), send(0, 7)), (Ok(7), refused("InvalidProducerEpoch")), "and ends the old one");
    assert_eq!(connection.latest_offset(&topic, 0), Ok(8));
    scene.end();
}

#[test]
fn a_producer_nobody_knows_may_begin_anywhere_and_its_numbers_wrap_around() {
    let mut scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let topic = scene.create_topic(&[]);
    let id = connection.init_producer_id();
    let records = [Record::of("a"), Record::of("b")];
    for (sequence, offset) in [(i32::MAX - 2, 0), (i32::MAX, 2), (1, 4)] {
        assert_eq!(connection.produce(&topic, 0, batch::encode(Identity { sequence, ..id }, &records)), Ok(offset));
    }
    scene.end();
}
