//! Images and records for tests.

use std::sync::Arc;

use proptest::prelude::*;
use record::{BrokerId, LeaderEpoch, PartitionIndex, TopicId, Uuid};

use crate::codec::{DecodeError, Reader, Writer};
use crate::records::{PartitionRecord, RegisterBrokerRecord, TopicRecord, UnfenceBrokerRecord};
use crate::{Batch, Decision, Image, Index, Record};

/// Topic and broker ids that are told apart by one number.
pub(crate) fn uuid(number: u8) -> Uuid {
    Uuid([number; 16])
}

pub(crate) fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

/// An image after these records.
pub(crate) fn image(records: &[Record]) -> Image {
    Image::restore(Index(7), records).expect("the records fit each other")
}

/// An image with these brokers; the epoch of each is its id plus 100.
pub(crate) fn brokers(unfenced: &[i32], fenced: &[i32]) -> Image {
    let mut records: Vec<_> = unfenced.iter().chain(fenced).map(|id| registration(*id)).collect();
    records.extend(unfenced.iter().map(|id| UnfenceBrokerRecord { id: BrokerId(*id), epoch: *id as u64 + 100 }.into()));
    image(&records)
}

fn registration(id: i32) -> Record {
    let epoch = id as u64 + 100;
    RegisterBrokerRecord { id: BrokerId(id), incarnation: uuid(id as u8), epoch, endpoints: Vec::new(), rack: None }
        .into()
}

/// Adds a topic; each partition is given as (replicas, isr, leader), at leader epoch 4 and partition epoch 9.
pub(crate) fn add_topic(image: &mut Image, name: &str, id: TopicId, partitions: &[(&[i32], &[i32], Option<i32>)]) {
    let mut records: Vec<Record> = vec![TopicRecord { name: name.into(), id }.into()];
    for (index, (replicas, isr, leader)) in (0..).zip(partitions) {
        records.push(Record::Partition(PartitionRecord {
            topic_id: id,
            index: PartitionIndex(index),
            replicas: ids(replicas),
            isr: ids(isr),
            leader: leader.map(BrokerId),
            leader_epoch: LeaderEpoch(4),
            partition_epoch: 9,
        }));
    }
    *image = after(image, records);
}

/// The image once `records` are committed.
pub(crate) fn after(image: &Image, records: Vec<Record>) -> Image {
    let batch = Batch { base: image.applied(), records };
    let next = image.after(Index(image.applied().0 + 1), &batch);
    next.expect("the records fit the image").expect("the batch is based on the image")
}

/// The image once a decision is committed.
pub(crate) fn committed<T>(image: &Image, decision: &Decision<T>) -> Image {
    after(image, decision.records.clone())
}

/// Encodes and decodes; the result must be the same record, with nothing left over.
pub(crate) fn assert_round_trip(record: impl Into<Record>) {
    let record = record.into();
    let bytes = encoded(&record);
    let mut r = Reader::new(&bytes);
    assert_eq!(Record::decode(&mut r).as_ref(), Ok(&record));
    assert_eq!(r.finish(), Ok(()));
    for len in 0..bytes.len() {
        assert_eq!(
            Record::decode(&mut Reader::new(&bytes[..len])),
            Err(DecodeError::TooShort),
            "{len} bytes of {record:?}"
        );
    }
}

pub(crate) fn encoded(record: &Record) -> Vec<u8> {
    let mut w = Writer::new();
    record.encode(&mut w);
    w.into_bytes()
}

pub(crate) fn any_uuid() -> impl Strategy<Value = Uuid> {
    any::<[u8; 16]>().prop_map(Uuid)
}

pub(crate) fn any_broker() -> impl Strategy<Value = BrokerId> {
    any::<i32>().prop_map(BrokerId)
}

pub(crate) fn any_brokers() -> impl Strategy<Value = Vec<BrokerId>> {
    prop::collection::vec(any_broker(), 0..5)
}

pub(crate) fn any_str() -> impl Strategy<Value = Arc<str>> {
    ".{0,20}".prop_map(Arc::from)
}
