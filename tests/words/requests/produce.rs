//! Produce, with everything that can be wrong with it, and InitProducerId.

use bytes::Bytes;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest, ProducerId, RequestKind, TransactionalId};
use uuid::Uuid;

use super::topics::created;
use super::{Case, body, case, text, topic};
use crate::batch::{self, Identity, Record, crc32c};

const TOPIC: &str = "produced";

/// The partition for what only one of the two takes, so that offsets in the others stay the same in both.
const APART: i32 = 2;

pub fn cases() -> Vec<Case> {
    [requests(), batches(), sequences(), ids()].into_iter().flatten().collect()
}

fn requests() -> Vec<Case> {
    vec![
        created(TOPIC, 3, &[]),
        created("small", 1, &[("max.message.bytes", "200")]),
        created("squeezed", 1, &[("cleanup.policy", "compact")]),
        created("stamped", 1, &[("message.timestamp.type", "LogAppendTime")]),
        created(
            "timely",
            1,
            &[("message.timestamp.before.max.ms", "1000"), ("message.timestamp.after.max.ms", "1000")],
        ),
        case("a batch", 3..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(good()))),
        case("a batch, acks of 1", 3..=13, |v, s| acks(1, one(v, s.id(TOPIC), TOPIC, 0, Some(good())))),
        case("acks of 2", 3..=13, |v, s| acks(2, one(v, s.id(TOPIC), TOPIC, 0, Some(good())))),
        case("acks of -2", 13..=13, |v, s| acks(-2, one(v, s.id(TOPIC), TOPIC, 0, Some(good())))),
        case("acks of 0 to a topic that is not", 12..=12, |v, _| {
            acks(0, one(v, Uuid::nil(), "nothing", 0, Some(good())))
        }),
        case("a topic that is not", 3..=13, |v, _| one(v, Uuid::from_u128(77 << 70), "nothing", 0, Some(good()))),
        case("the id of zeros", 13..=13, |v, _| one(v, Uuid::nil(), "", 0, Some(good()))),
        case("an illegal name", 12..=12, |v, _| one(v, Uuid::nil(), "a/b", 0, Some(good()))),
        case("partition 9", 3..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 9, Some(good()))),
        case("partition -1", 3..=13, |v, s| one(v, s.id(TOPIC), TOPIC, -1, Some(good()))),
        case("null records", 3..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, None)),
        case("no records", 3..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(vec![]))),
        case("no topics", 3..=13, |_, _| RequestKind::Produce(ProduceRequest::default().with_acks(-1))),
        case("a negative timeout", 12..=12, |v, s| match one(v, s.id(TOPIC), TOPIC, 0, Some(good())) {
            RequestKind::Produce(request) => RequestKind::Produce(request.with_timeout_ms(-5)),
            other => other,
        }),
        case("a topic without partitions", 12..=12, |_, _| {
            let data = TopicProduceData::default().with_name(topic(TOPIC));
            RequestKind::Produce(ProduceRequest::default().with_acks(-1).with_topic_data(vec![data]))
        }),
        case("a partition twice", 3..=13, |v, s| {
            let data = || partition(APART, Some(good()));
            many(v, s.id(TOPIC), TOPIC, vec![data(), data()])
        }),
        case("a good partition and one of no known magic", 3..=13, |v, s| {
            many(
                v,
                s.id(TOPIC),
                TOPIC,
                vec![partition(APART, Some(good())), partition(1, Some(stale(&good(), 16, &[3])))],
            )
        }),
        case("good and bad partitions", 3..=13, |v, s| {
            many(
                v,
                s.id(TOPIC),
                TOPIC,
                vec![partition(0, Some(good())), partition(9, Some(good())), partition(1, Some(vec![1]))],
            )
        }),
        case("a transactional id with a plain batch", 3..=13, |v, s| {
            transactional(one(v, s.id(TOPIC), TOPIC, 0, Some(good())))
        }),
        case("a transactional batch without an id", 3..=13, |v, s| {
            one(v, s.id(TOPIC), TOPIC, 0, Some(changed(&numbered(900, 0, 0), 21, &[0, 0x10])))
        }),
        case("a transactional batch with an id", 3..=13, |v, s| {
            transactional(one(v, s.id(TOPIC), TOPIC, APART, Some(changed(&numbered(901, 0, 0), 21, &[0, 0x10]))))
        }),
        body("an old version", 0, 0..=2, &[0, 1, 0, 0, 0, 1, 0, 0, 0, 0]),
    ]
}

/// Offsets in a batch: 8 length, 12 leader epoch, 16 magic, 17 checksum, 21 attributes, 23 last delta, 27 and 35 timestamps,
/// 43 producer id, 51 epoch, 53 sequence, 57 count, 61 records.
fn bad_batches() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("11 bytes", good()[..11].to_vec()),
        ("16 bytes", good()[..16].to_vec()),
        ("a batch cut short", good()[..good().len() - 1].to_vec()),
        ("a header alone", good()[..61].to_vec()),
        ("magic 0", stale(&good(), 16, &[0])),
        ("magic 1", stale(&good(), 16, &[1])),
        ("magic 3", stale(&good(), 16, &[3])),
        ("magic -1", stale(&good(), 16, &[255])),
        ("length 13", stale(&good(), 8, &13_i32.to_be_bytes())),
        ("length 48", stale(&good(), 8, &48_i32.to_be_bytes())),
        ("length 0", stale(&good(), 8, &0_i32.to_be_bytes())),
        ("length -1", stale(&good(), 8, &(-1_i32).to_be_bytes())),
        ("a length beyond the end", stale(&good(), 8, &10_000_i32.to_be_bytes())),
        ("the greatest length", stale(&good(), 8, &i32::MAX.to_be_bytes())),
        ("two batches", [good(), good()].concat()),
        ("bytes after the batch", [good(), vec![1, 2, 3]].concat()),
        ("base offset 5", stale(&good(), 0, &5_i64.to_be_bytes())),
        ("base offset -1", stale(&good(), 0, &(-1_i64).to_be_bytes())),
        ("a wrong checksum", stale(&good(), 17, &[1, 2, 3, 4])),
        ("a flipped bit of a record", stale(&good(), 65, &[0xff])),
        ("leader epoch 77", stale(&good(), 12, &77_i32.to_be_bytes())),
        ("codec 5", changed(&good(), 21, &[0, 5])),
        ("codec 7", changed(&good(), 21, &[0, 7])),
        ("gzip that is none", changed(&good(), 21, &[0, 1])),
        ("snappy that is none", changed(&good(), 21, &[0, 2])),
        ("lz4 that is none", changed(&good(), 21, &[0, 3])),
        ("zstd that is none", changed(&good(), 21, &[0, 4])),
        ("the control bit", changed(&good(), 21, &[0, 0x20])),
        ("the bit of the delete horizon", changed(&good(), 21, &[0, 0x40])),
        ("an unknown attribute", changed(&good(), 21, &[1, 0])),
        ("the bit of append time", changed(&good(), 21, &[0, 8])),
        ("last delta -1", changed(&good(), 23, &(-1_i32).to_be_bytes())),
        ("last delta 5", changed(&good(), 23, &5_i32.to_be_bytes())),
        ("count 0", changed(&good(), 57, &0_i32.to_be_bytes())),
        ("count -1", changed(&good(), 57, &(-1_i32).to_be_bytes())),
        ("count 3", changed(&good(), 57, &3_i32.to_be_bytes())),
        ("count and delta too great", changed(&changed(&good(), 57, &9_i32.to_be_bytes()), 23, &8_i32.to_be_bytes())),
        ("count and delta too small", changed(&changed(&good(), 57, &1_i32.to_be_bytes()), 23, &0_i32.to_be_bytes())),
        ("a record longer than the batch", changed(&good(), 61, &[0x7e])),
        ("a record shorter than it is", changed(&good(), 61, &[0x0a])),
        ("a record of negative length", changed(&good(), 61, &[0x03])),
        ("an offset delta that jumps", changed(&good(), 64, &[0x08])),
        ("a key longer than the record", changed(&good(), 65, &[0x7e])),
        ("a negative number of headers", changed(&good(), headers_at(), &[0x01])),
        ("more headers than bytes", changed(&good(), headers_at(), &[0x7e])),
        ("a producer id without a sequence", changed(&good(), 43, &5_i64.to_be_bytes())),
        ("producer id -2", changed(&good(), 43, &(-2_i64).to_be_bytes())),
        ("the greatest timestamp", changed(&good(), 27, &[i64::MAX.to_be_bytes(), i64::MAX.to_be_bytes()].concat())),
        ("timestamp -1", changed(&good(), 27, &[(-1_i64).to_be_bytes(), (-1_i64).to_be_bytes()].concat())),
        ("timestamp -5", changed(&good(), 27, &[(-5_i64).to_be_bytes(), (-5_i64).to_be_bytes()].concat())),
    ]
}

/// Bad batches that only one of the two takes.
fn is_apart(name: &str) -> bool {
    name.ends_with("that is none") || matches!(name, "the bit of the delete horizon" | "an offset delta that jumps")
}

fn batches() -> Vec<Case> {
    let of = |(name, bytes): (&'static str, Vec<u8>)| {
        let at = if is_apart(name) { APART } else { 0 };
        case(format!("batch: {name}"), 11..=13, move |v, s| one(v, s.id(TOPIC), TOPIC, at, Some(bytes.clone())))
    };
    let mut cases: Vec<Case> = bad_batches().into_iter().map(of).collect();
    cases.extend([
        case("too large a batch", 12..=13, |v, s| {
            one(v, s.id("small"), "small", 0, Some(batch::encode(Identity::NONE, &[Record::of(vec![7; 300])])))
        }),
        case("a batch just small enough", 13..=13, |v, s| {
            one(v, s.id("small"), "small", 0, Some(batch::encode(Identity::NONE, &[Record::of(vec![7; 128])])))
        }),
        case("no key for a compacted topic", 7..=13, |v, s| one(v, s.id("squeezed"), "squeezed", 0, Some(good()))),
        case("append time", 7..=13, |v, s| one(v, s.id("stamped"), "stamped", 0, Some(good()))),
        case("the bit of append time where it holds", 13..=13, |v, s| {
            one(v, s.id("stamped"), "stamped", 0, Some(changed(&good(), 21, &[0, 8])))
        }),
        case("the bit of append time without a time", 13..=13, |v, s| {
            let times = [(-1_i64).to_be_bytes(), (-1_i64).to_be_bytes()].concat();
            one(v, s.id(TOPIC), TOPIC, 0, Some(changed(&changed(&good(), 21, &[0, 8]), 27, &times)))
        }),
        case("too old", 12..=13, |v, s| one(v, s.id("timely"), "timely", 0, Some(batch::at(1_000_000, &good())))),
        case("of the future", 12..=13, |v, s| one(v, s.id("timely"), "timely", 0, Some(batch::at(1 << 42, &good())))),
        case("zstd before it was", 3..=6, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(changed(&good(), 21, &[0, 4])))),
    ]);
    cases
}

fn sequences() -> Vec<Case> {
    // Producer id, epoch, sequence: one after the other to one partition.
    let row: &[(&str, i64, i16, i32)] = &[
        ("a first batch", 4000, 0, 0),
        ("the second", 4000, 0, 2),
        ("the second again", 4000, 0, 2),
        ("a gap", 4000, 0, 9),
        ("the first again", 4000, 0, 0),
        ("a new epoch that does not begin at 0", 4000, 1, 4),
        ("a new epoch", 4000, 1, 0),
        ("the old epoch", 4000, 0, 4),
        ("an unknown producer in the middle", 4001, 0, 17),
        ("a sequence that wraps", 4002, 0, i32::MAX - 1),
        ("after it has wrapped", 4002, 0, 0),
        ("a negative epoch", 4003, -1, 0),
        ("a negative sequence", 4003, 0, -1),
        ("the greatest producer id", i64::MAX, 0, 0),
    ];
    let of = |&(name, id, epoch, sequence): &(&'static str, i64, i16, i32)| {
        case(format!("sequence: {name}"), 13..=13, move |v, s| {
            one(v, s.id(TOPIC), TOPIC, 1, Some(numbered(id, epoch, sequence)))
        })
    };
    let mut cases: Vec<Case> = row.iter().map(of).collect();
    cases.push(case("two producers in one request", 13..=13, |v, s| {
        let data = vec![partition(0, Some(numbered(4010, 0, 0))), partition(1, Some(numbered(4011, 0, 0)))];
        many(v, s.id(TOPIC), TOPIC, data)
    }));
    cases
}

fn ids() -> Vec<Case> {
    let plain = || InitProducerIdRequest::default().with_transaction_timeout_ms(1000);
    vec![
        case("a producer id", 0..=5, move |_, _| RequestKind::InitProducerId(plain())),
        case("a producer id with an empty transactional id", 0..=5, move |_, _| {
            RequestKind::InitProducerId(plain().with_transactional_id(Some(TransactionalId(text("")))))
        }),
        case("a producer id with an id alone", 3..=5, move |_, _| {
            RequestKind::InitProducerId(plain().with_producer_id(ProducerId(5)))
        }),
        case("a producer id with an epoch alone", 3..=5, move |_, _| {
            RequestKind::InitProducerId(plain().with_producer_epoch(5))
        }),
        case("a producer id with id and epoch", 3..=5, move |_, _| {
            RequestKind::InitProducerId(plain().with_producer_id(ProducerId(5)).with_producer_epoch(5))
        }),
    ]
}

/// Two records made at a moment that is the same for both brokers.
pub fn good() -> Vec<u8> {
    batch::at(noon(), &batch::encode(Identity::NONE, &[Record::of("one"), Record::of("two")]))
}

/// A time of today, in milliseconds since the Unix epoch: no record is so old that it has to go.
fn noon() -> i64 {
    const DAY: u64 = 86_400;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now / DAY * DAY * 1000).unwrap()
}

fn numbered(producer_id: i64, epoch: i16, sequence: i32) -> Vec<u8> {
    let identity = Identity { producer_id, epoch, sequence };
    batch::at(noon(), &batch::encode(identity, &[Record::of("one"), Record::of("two")]))
}

/// Where the number of headers of the first record of [`good`] is: length, attributes, two deltas, a null key, a value.
fn headers_at() -> usize {
    61 + 1 + 1 + 1 + 1 + 1 + 1 + 3
}

/// `batch` with other bytes, its checksum left as it was.
fn stale(batch: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut batch = batch.to_vec();
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    batch
}

/// `batch` with other bytes and the checksum that they need.
fn changed(batch: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut batch = stale(batch, at, bytes);
    let checksum = crc32c(&batch[21..]).to_be_bytes();
    batch[17..21].copy_from_slice(&checksum);
    batch
}

fn partition(index: i32, records: Option<Vec<u8>>) -> PartitionProduceData {
    PartitionProduceData::default().with_index(index).with_records(records.map(Bytes::from))
}

/// One batch for one partition, acks of all.
pub fn one(version: i16, id: Uuid, name: &str, index: i32, records: Option<Vec<u8>>) -> RequestKind {
    many(version, id, name, vec![partition(index, records)])
}

fn many(version: i16, id: Uuid, name: &str, partitions: Vec<PartitionProduceData>) -> RequestKind {
    let data = TopicProduceData::default().with_partition_data(partitions);
    let data = if version >= 13 { data.with_topic_id(id) } else { data.with_name(topic(name)) };
    RequestKind::Produce(ProduceRequest::default().with_acks(-1).with_timeout_ms(10_000).with_topic_data(vec![data]))
}

fn acks(acks: i16, request: RequestKind) -> RequestKind {
    match request {
        RequestKind::Produce(request) => RequestKind::Produce(request.with_acks(acks)),
        other => other,
    }
}

fn transactional(request: RequestKind) -> RequestKind {
    match request {
        RequestKind::Produce(request) => {
            RequestKind::Produce(request.with_transactional_id(Some(TransactionalId(text("t")))))
        }
        other => other,
    }
}
