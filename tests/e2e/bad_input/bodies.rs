//! Requests whose body says something impossible, or something possible in an unreasonable amount.

use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::protocol::Encodable;

use super::{
    API_VERSIONS_KEY, FETCH_KEY, METADATA_KEY, PRODUCE_KEY, Scene, flexible_header, frame, header, whole_produce,
};
use crate::batch::{self, Identity, Record, put_unsigned};
use crate::calls::{PRODUCE, fetch_request};
use crate::raw::{Connection, error_name, sized};

#[test]
fn a_body_cut_short_closes_the_connection() {
    let scene = Scene::start();
    let whole = whole_produce(&scene.topic);
    let header_len = header(PRODUCE_KEY, PRODUCE, Some(b"e2e")).len() + 1;
    for len in header_len..whole.len() - 4 {
        scene.closes(&format!("a Produce request of {len} bytes"), &sized(&whole[4..4 + len]));
    }
    scene.end();
}

/// As by Apache Kafka: confluent-kafka's list of all topics has some.
#[test]
fn bytes_after_the_body_are_passed_over() {
    let scene = Scene::start();
    let mut body = Vec::new();
    MetadataRequest::default().with_topics(Some(Vec::new())).encode(&mut body, 1).unwrap();
    let bytes = frame(header(METADATA_KEY, 1, Some(b"bad")), &[&body[..], b"more"].concat());
    let mut connection = Connection::open(&scene.broker);
    connection.send(&bytes).unwrap();
    assert!(connection.frame().is_some());
    scene.end();
}

#[test]
fn a_length_beyond_the_frame_closes_the_connection() {
    let scene = Scene::start();
    let long_topic = [&1_i32.to_be_bytes()[..], &1000_i16.to_be_bytes(), b"short"].concat();
    scene.closes("a topic name", &frame(header(METADATA_KEY, 1, Some(b"bad")), &long_topic));
    let long_name = [varint(1001), b"short".to_vec()].concat();
    scene.closes("a compact string", &frame(flexible_header(API_VERSIONS_KEY, 3), &long_name));
    let mut long_client_id = header(METADATA_KEY, 1, Some(b"bad"));
    long_client_id[8..10].copy_from_slice(&1000_i16.to_be_bytes());
    scene.closes("a client id", &sized(&long_client_id));
    scene.closes("records", &with_records_len(&scene.topic, 1 << 20));
    scene.closes("records of 2 GiB", &with_records_len(&scene.topic, (1 << 31) - 1));
    scene.end();
}

/// A Produce request whose records claim to have `len` bytes.
fn with_records_len(topic: &str, len: u64) -> Vec<u8> {
    let mut body = vec![0]; // No transactional id.
    body.extend((-1_i16).to_be_bytes());
    body.extend(30_000_i32.to_be_bytes());
    body.extend(varint(2)); // One topic.
    body.extend(varint(topic.len() as u64 + 1));
    body.extend(topic.as_bytes());
    body.extend(varint(2)); // One partition.
    body.extend(0_i32.to_be_bytes());
    body.extend(varint(len + 1));
    body.extend(batch::encode(Identity::NONE, &[Record::of("never stored")]));
    body.extend([0, 0, 0]);
    frame(flexible_header(PRODUCE_KEY, PRODUCE), &body)
}

#[test]
fn null_where_there_must_be_a_value_closes_the_connection() {
    let scene = Scene::start();
    let null_topic = [1_i32.to_be_bytes().to_vec(), (-1_i16).to_be_bytes().to_vec()].concat();
    scene.closes("a topic name", &frame(header(METADATA_KEY, 1, Some(b"bad")), &null_topic));
    scene.closes("a compact string", &frame(flexible_header(API_VERSIONS_KEY, 3), &[0, 2, b'1', 0]));
    let null_topics = [&[0][..], &(-1_i16).to_be_bytes(), &30_000_i32.to_be_bytes(), &[0, 0]].concat();
    scene.closes("an array", &frame(flexible_header(PRODUCE_KEY, PRODUCE), &null_topics));
    scene.end();
}

#[test]
fn a_string_above_32767_bytes_closes_the_connection() {
    let scene = Scene::start();
    let name = [varint(32_769), vec![b'a'; 32_768], vec![2, b'1', 0]].concat();
    scene.closes("a compact string", &frame(flexible_header(API_VERSIONS_KEY, 3), &name));
    scene.end();
}

#[test]
fn a_count_beyond_the_frame_closes_the_connection() {
    let scene = Scene::start();
    for count in [1000, i32::MAX] {
        let topics = [&count.to_be_bytes()[..], &[0, 1, b'a']].concat();
        scene.closes(&format!("{count} topics"), &frame(header(METADATA_KEY, 1, Some(b"bad")), &topics));
    }
    let topics = [&varint((1 << 31) - 1)[..], &[0; 32]].concat();
    scene.closes("a compact count", &frame(flexible_header(METADATA_KEY, 12), &topics));
    scene.end();
}

/// CVE-2026-111108: small elements on the wire that grow to large ones in memory.
#[test]
fn many_tiny_elements_cost_no_more_memory_than_their_frame() {
    const COUNT: u64 = 4 << 20;
    let scene = Scene::start();
    let mut body = fetch_without_forgotten_topics(&scene.topic);
    body.extend(varint(COUNT + 1));
    for _ in 0..COUNT {
        body.extend([1, 1, 0]); // A forgotten topic: an empty name, no partitions, no tagged fields.
    }
    body.extend([1, 0]); // An empty rack, no tagged fields.
    answered_within(&scene, &frame(flexible_header(FETCH_KEY, 12), &body));
    scene.end();
}

/// A whole Fetch request of version 12 up to its forgotten topics.
fn fetch_without_forgotten_topics(topic: &str) -> Vec<u8> {
    let mut body = Vec::new();
    fetch_request(topic, 0, 0, 1 << 20).encode(&mut body, 12).unwrap();
    assert_eq!(body.split_off(body.len() - 3), [1, 1, 0], "no forgotten topics, no rack, no tagged fields");
    body
}

/// CVE-2026-111115: tagged fields that nobody knows, kept.
#[test]
fn ten_million_unknown_tagged_fields_are_skipped() {
    const COUNT: u64 = 10_000_000;
    let scene = Scene::start();
    if !scene.broker.is_ours() {
        return scene.end(); // An Apache Kafka runs out of memory.
    }
    let mut body = vec![2, b'a', 2, b'1'];
    put_unsigned(&mut body, COUNT);
    for tag in 0..COUNT {
        put_unsigned(&mut body, tag);
        body.push(0);
    }
    answered_within(&scene, &frame(flexible_header(API_VERSIONS_KEY, 3), &body));
    scene.end();
}

/// Expects an answer to `bytes` at the price of their length, some growth of the buffer and not much else.
fn answered_within(scene: &Scene, bytes: &[u8]) {
    let before = scene.broker.is_ours().then(|| scene.broker.peak_memory_bytes());
    let mut connection = Connection::open(&scene.broker);
    connection.send(bytes).unwrap();
    assert!(connection.frame().is_some(), "the broker closed");
    if let Some(before) = before {
        let grown = scene.broker.peak_memory_bytes() - before;
        let bound = 2 * bytes.len() as u64 + (16 << 20);
        assert!(grown < bound, "a frame of {} bytes cost {grown} bytes", bytes.len());
    }
}

#[test]
fn a_varint_without_end_closes_the_connection() {
    let scene = Scene::start();
    let endless = [&[0x80; 12][..], &[1, 2, b'1', 0]].concat();
    scene.closes("the length of a string", &frame(flexible_header(API_VERSIONS_KEY, 3), &endless));
    scene.closes("a count of tagged fields", &frame(header(API_VERSIONS_KEY, 3, Some(b"bad")), &endless));
    scene.closes("a count of topics", &frame(flexible_header(METADATA_KEY, 12), &endless));
    scene.end();
}

/// Apache Kafka replaces what is no UTF-8 by U+FFFD and checks the name that it made.
#[test]
fn text_that_is_no_utf_8_closes_the_connection() {
    let scene = Scene::start();
    let topics = [&1_i32.to_be_bytes()[..], &3_i16.to_be_bytes(), b"a\xff\xfe"].concat();
    let bytes = frame(header(METADATA_KEY, 1, Some(b"bad")), &topics);
    if scene.broker.is_ours() {
        scene.closes("a topic name", &bytes);
    } else {
        let mut connection = Connection::open(&scene.broker);
        connection.send(&bytes).unwrap();
        let (_, response): (_, MetadataResponse) = connection.answer::<MetadataRequest>(1).unwrap();
        assert_eq!(error_name(response.topics[0].error_code), "InvalidTopicException");
    }
    scene.end();
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_unsigned(&mut bytes, value);
    bytes
}
