use record::{BatchBuilder, BatchHeader, Compression, HEADER_LEN, Timestamp};

use super::*;

/// A batch of `count` records from this offset on, in leader epoch 3.
fn batch(offset: i64, count: i32) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::Lz4);
    for index in 0..count {
        builder.append(Timestamp(1), None, Some(format!("{}", offset + i64::from(index)).as_bytes()), &[]);
    }
    let mut bytes = builder.build();
    let head = bytes.first_chunk_mut::<HEADER_LEN>().unwrap();
    let header = BatchHeader::decode(head);
    *head = BatchHeader { base_offset: Offset(offset), partition_leader_epoch: LeaderEpoch(3), ..header }.encode();
    bytes
}

fn reading(position: i64) -> Reading {
    Reading::new(1, "t".into(), PartitionIndex(0), Offset(position))
}

fn take(reading: &mut Reading, bytes: Vec<u8>) {
    reading.take(bytes.into(), Aborted::default());
}

/// The offsets of the next batch.
fn decode(reading: &mut Reading) -> Result<Vec<i64>, Damage> {
    let mut out = VecDeque::new();
    reading.decode(true, &mut Vec::new(), &mut out)?;
    Ok(out.iter().map(|record| record.offset.0).collect())
}

#[test]
fn batches_are_decoded_one_by_one_while_fetching_goes_ahead() {
    let mut reading = reading(1);
    let cut_short = &batch(5, 1)[..40];
    take(&mut reading, [batch(0, 3), batch(3, 2), cut_short.to_vec()].concat());
    assert_eq!((reading.position(), reading.fetch_offset()), (Offset(1), Offset(5)));
    assert_eq!(reading.last_epoch(), LeaderEpoch(3));
    assert_eq!(decode(&mut reading), Ok(vec![1, 2]));
    assert_eq!(reading.position(), Offset(3));
    assert_eq!(decode(&mut reading), Ok(vec![3, 4]));
    assert_eq!(decode(&mut reading), Ok(vec![]));
    assert!(!reading.has_arrived());
}

#[test]
fn what_was_had_before_is_not_taken_again() {
    let mut reading = reading(0);
    take(&mut reading, batch(0, 3));
    take(&mut reading, batch(0, 3));
    assert_eq!(decode(&mut reading), Ok(vec![0, 1, 2]));
    assert_eq!(decode(&mut reading), Ok(vec![]));
}

#[test]
fn the_end_is_kept_to_the_record() {
    let mut reading = reading(0);
    reading.end = Some(Offset(2));
    take(&mut reading, [batch(0, 3), batch(3, 3)].concat());
    assert!(!reading.is_wanted() && !reading.is_done());
    assert_eq!(decode(&mut reading), Ok(vec![0, 1]));
    assert!(reading.is_done());
    assert_eq!(decode(&mut reading), Ok(vec![]));
}

#[test]
fn damage_is_told_at_its_place_and_the_position_stays() {
    let mut reading = reading(0);
    let mut damaged = batch(3, 2);
    *damaged.last_mut().unwrap() ^= 1;
    take(&mut reading, [batch(0, 3), damaged].concat());
    assert_eq!(decode(&mut reading), Ok(vec![0, 1, 2]));
    assert_eq!(decode(&mut reading), Err(Damage::Checksum));
    assert_eq!(reading.position(), Offset(3));
}

#[test]
fn a_seek_drops_what_has_arrived() {
    let mut reading = reading(0);
    take(&mut reading, batch(0, 3));
    reading.seek(2, Offset(1));
    assert_eq!((reading.position(), reading.fetch_offset(), reading.token), (Offset(1), Offset(1), 2));
    assert_eq!(decode(&mut reading), Ok(vec![]));
    assert_eq!(reading.last_epoch(), LeaderEpoch::NONE);
}

#[test]
fn a_partition_that_fails_waits_and_is_told_of_once_in_a_while() {
    let (mut reading, now) = (Reading::new(1, "t".into(), PartitionIndex(0), Offset(0)), Instant::now());
    let (patience, second) = (Duration::from_secs(3), Duration::from_secs(1));
    let pause = |tries: u32| second * (tries + 1);
    assert!(reading.may_be_asked(now));
    assert!(!reading.fail(now, patience, pause));
    assert!(!reading.may_be_asked(now) && reading.may_be_asked(now + second));
    assert!(reading.fail(now + patience, patience, pause), "for too long");
    assert!(!reading.may_be_asked(now + patience + second), "also afterwards it waits, for longer each time");
    assert!(!reading.fail(now + patience + second, patience, pause));
    reading.succeed();
    assert!(reading.may_be_asked(now));
}
