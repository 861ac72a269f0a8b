use record::{Attributes, LeaderEpoch};

use super::*;

fn header(id: i64, epoch: i16, base_sequence: i32, records: i32) -> BatchHeader {
    BatchHeader {
        base_offset: Offset(0),
        batch_length: 100,
        partition_leader_epoch: LeaderEpoch(0),
        magic: 2,
        crc: 0,
        attributes: Attributes(0),
        last_offset_delta: records - 1,
        base_timestamp: Timestamp(0),
        max_timestamp: Timestamp(50),
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(epoch),
        base_sequence,
        record_count: records,
    }
}

/// Producer 7 in epoch 3 with batches of two records: sequences 0, 2, .. 12 at offsets 100, 110, ..
fn seven_batches() -> Producers {
    let mut producers = Producers::default();
    for index in 0..7 {
        let next = header(7, 3, index * 2, 2);
        assert_eq!(producers.check(&next), Sequence::Next);
        producers.update(&next, Offset(100 + 10 * i64::from(index)));
    }
    producers
}

fn verdict(producers: &Producers, epoch: i16, base_sequence: i32, records: i32) -> String {
    match producers.check(&header(7, epoch, base_sequence, records)) {
        Sequence::Next => "next".to_owned(),
        Sequence::Duplicate { base_offset, .. } => format!("duplicate of {base_offset}"),
        Sequence::Rejected(SequenceError::OutOfOrder { expected, .. }) => format!("out of order, {expected} expected"),
        Sequence::Rejected(SequenceError::StaleEpoch { current, .. }) => format!("stale epoch, {current} is current"),
    }
}

#[test]
fn what_may_follow() {
    let producers = seven_batches();
    let check = |epoch, base_sequence, records| verdict(&producers, epoch, base_sequence, records);
    assert_eq!(check(3, 14, 2), "next");
    assert_eq!(check(3, 15, 2), "out of order, 14 expected"); // a gap
    assert_eq!(check(3, 12, 2), "duplicate of 160");
    assert_eq!(check(3, 4, 2), "duplicate of 120"); // the fifth last
    assert_eq!(check(3, 2, 2), "out of order, 14 expected"); // older than that
    assert_eq!(check(3, 12, 1), "out of order, 14 expected"); // a part of a batch is no duplicate
    assert_eq!(check(4, 0, 2), "next");
    assert_eq!(check(4, 1, 2), "out of order, 0 expected"); // a new epoch begins at 0
    assert_eq!(check(4, 14, 2), "out of order, 0 expected");
    assert_eq!(check(2, 14, 2), "stale epoch, 3 is current");
    assert_eq!(producers.check(&header(8, 0, 77, 1)), Sequence::Next, "an unknown producer may begin anywhere");
    assert_eq!(producers.check(&header(-1, -1, -1, 1)), Sequence::Next, "not idempotent");
}

#[test]
fn sequences_wrap() {
    let mut producers = Producers::default();
    producers.update(&header(7, 0, i32::MAX - 1, 2), Offset(0));
    assert_eq!(verdict(&producers, 0, 0, 1), "next");
    producers.update(&header(7, 0, 0, 1), Offset(2));
    producers.update(&header(7, 0, 1, 1), Offset(3));
    assert_eq!(verdict(&producers, 0, i32::MAX - 1, 2), "duplicate of 0");
    let mut across = Producers::default();
    across.update(&header(7, 0, i32::MAX, 3), Offset(0));
    assert_eq!(verdict(&across, 0, 2, 1), "next");
}

#[test]
fn a_new_epoch_forgets_the_batches_of_the_old_one() {
    let mut producers = seven_batches();
    producers.update(&header(7, 4, 0, 1), Offset(170));
    assert_eq!(verdict(&producers, 4, 1, 1), "next");
    assert_eq!(verdict(&producers, 4, 12, 2), "out of order, 1 expected");
    assert_eq!(verdict(&producers, 3, 12, 2), "stale epoch, 4 is current");
}

#[test]
fn producers_expire_by_their_last_batch() {
    let mut producers = seven_batches();
    producers.expire(Timestamp(59), 10);
    assert_eq!(verdict(&producers, 3, 20, 1), "out of order, 14 expected");
    producers.expire(Timestamp(60), 10);
    assert_eq!(verdict(&producers, 3, 20, 1), "next");
}

#[test]
fn producers_are_told_by_id_with_their_last_sequence_number() {
    let mut producers = seven_batches();
    producers.update(&header(3, 1, 0, 5), Offset(200));
    let mut transactional = header(9, 0, 0, 1);
    transactional.attributes = Attributes(1 << 4);
    producers.update(&transactional, Offset(205));
    let told: Vec<_> = producers.active().map(|p| (p.id.0, p.epoch.0, p.last_sequence, p.transaction_start)).collect();
    assert_eq!(told, [(3, 1, 4, None), (7, 3, 13, None), (9, 0, 0, Some(Offset(205)))]);
    assert!(producers.active().all(|producer| (producer.timestamp, producer.coordinator_epoch) == (Timestamp(50), -1)));
}
