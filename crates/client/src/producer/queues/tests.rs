use std::time::Duration;

use record::{BrokerId, LeaderEpoch, Offset, ProducerEpoch, ProducerId, TopicId};

use super::*;
use crate::Partition;
use crate::producer::Delivered;

const IDENTITY: Identity = Identity { id: ProducerId(9), epoch: ProducerEpoch(0) };

fn queues(config: &ProducerConfig) -> Queues {
    let mut queues = Queues::new(config);
    queues.learn(&topic("t", 2));
    queues.set_identity(IDENTITY);
    queues
}

fn topic(name: &str, count: i32) -> Topic {
    let partition = |index| Partition {
        index: PartitionIndex(index),
        leader: BrokerId(1),
        leader_epoch: LeaderEpoch(0),
        replicas: Vec::new(),
        isr: Vec::new(),
        offline_replicas: Vec::new(),
    };
    let partitions = (0..count).map(partition).collect();
    Topic { name: name.to_owned(), id: TopicId::ZERO, is_internal: false, partitions }
}

fn push(queues: &mut Queues, partition: i32, value: &[u8], now: Instant) -> Pushed {
    let record = ProducerRecord { partition: Some(PartitionIndex(partition)), ..ProducerRecord::to("t").value(value) };
    queues.push(&Placed { record: &record, timestamp: Timestamp(1), len: record.len(), now }, || 0).unwrap()
}

fn stored(base_offset: i64) -> Result<Stored, SendError> {
    let append_time = Timestamp::NONE;
    Ok(Stored { partition: PartitionIndex(1), base_offset: Some(Offset(base_offset)), append_time })
}

#[test]
fn a_batch_waits_for_its_linger_or_until_it_is_full() {
    let config = ProducerConfig { batch_bytes: 300, ..ProducerConfig::default() };
    let (mut queues, now) = (queues(&config), Instant::now());
    assert!(push(&mut queues, 0, b"first", now).wake, "the task must learn of the linger");
    assert!(!push(&mut queues, 0, b"second", now).wake);
    assert!(queues.take_ready(now).is_empty());
    assert_eq!(queues.next_due(), Some(now + config.linger));
    let ready = queues.take_ready(now + config.linger);
    assert_eq!((ready.len(), ready[0].batch.record_count()), (1, 2));
    let full = push(&mut queues, 1, &[0; 300], now);
    assert!(full.wake);
    assert_eq!(queues.take_ready(now).len(), 1, "it is full");
}

#[test]
fn a_batch_that_is_sent_again_goes_first_and_is_the_same() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    let later = now + Duration::from_secs(1);
    push(&mut queues, 0, b"a", now);
    let mut first = queues.take_ready(later).remove(0);
    first.batch.build();
    let bytes = first.batch.bytes().to_vec();
    push(&mut queues, 0, b"b", now);
    queues.retry(first, later);
    assert!(queues.take_ready(later - Duration::from_millis(1)).is_empty(), "not before its time");
    let again = queues.take_ready(later);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].batch.bytes(), bytes);
}

#[test]
fn records_without_a_key_stay_on_a_partition_until_its_batch_is_full() {
    let config = ProducerConfig { batch_bytes: 300, partitioner: Partitioner::Sticky, ..ProducerConfig::default() };
    let (mut queues, now) = (queues(&config), Instant::now());
    let record = ProducerRecord::to("t").value(&[0; 60]);
    for random in [1, 0, 0, 0, 0, 0] {
        let placed = Placed { record: &record, timestamp: Timestamp(1), len: record.len(), now };
        queues.push(&placed, || random).unwrap();
    }
    queues.seal_all();
    let mut ready = queues.take_ready(now);
    ready.sort_by_key(|ready| ready.partition);
    let counts: Vec<i32> = ready.iter().map(|ready| ready.batch.record_count()).collect();
    assert_eq!(counts, [3, 3], "three fill the batch of partition 1, the next ones go to 0");
}

#[test]
fn partitions_that_were_added_take_records() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    queues.learn(&topic("t", 4));
    push(&mut queues, 3, b"a", now);
    push(&mut queues, 2, b"b", now);
}

#[test]
fn what_waits_for_too_long_is_taken_out() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    push(&mut queues, 0, b"a", now);
    let timeout = ProducerConfig::default().delivery_timeout;
    assert!(queues.take_expired(now + timeout - Duration::from_millis(1)).is_empty());
    assert_eq!(queues.take_expired(now + timeout).len(), 1);
    assert_eq!(queues.next_due(), None);
}

#[tokio::test]
async fn a_closed_producer_takes_nothing_and_can_be_abandoned() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    let delivery = push(&mut queues, 0, b"a", now).delivery;
    queues.close();
    let record = ProducerRecord::to("t");
    let placed = Placed { record: &record, timestamp: Timestamp(1), len: 1, now };
    assert!(matches!(queues.push(&placed, || 0), Err(SendError::Closed)));
    assert!(!queues.is_done());
    assert!(queues.abandon(now) > 0);
    assert!(queues.is_done());
    assert!(matches!(delivery.await, Err(SendError::Closed)));
}

#[test]
fn a_partition_that_is_not_there_is_an_error() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    for partition in [-1, 2] {
        let record = ProducerRecord { partition: Some(PartitionIndex(partition)), ..ProducerRecord::to("t") };
        let placed = Placed { record: &record, timestamp: Timestamp(1), len: 1, now };
        assert!(matches!(queues.push(&placed, || 0), Err(SendError::NoSuchPartition { count: 2, .. })));
    }
}

#[tokio::test]
async fn records_learn_their_own_offsets() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    let first = push(&mut queues, 1, b"a", now).delivery;
    let second = push(&mut queues, 1, b"b", now).delivery;
    queues.seal_all();
    let ready = queues.take_ready(now).remove(0);
    queues.finish(ready, stored(40));
    let at = |offset| Delivered { partition: PartitionIndex(1), offset: Some(Offset(offset)), timestamp: Timestamp(1) };
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (at(40), at(41)));
    drop(queues);
}

#[test]
fn no_batch_waits_for_more_records_while_there_is_no_room_for_them() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    push(&mut queues, 0, b"a", now);
    assert!(queues.take_ready(now).is_empty(), "it lingers");
    queues.short_of_room = 1;
    assert_eq!(queues.next_due(), Some(now));
    assert_eq!(queues.take_ready(now).len(), 1);
}

#[test]
fn a_topic_that_was_created_anew_with_fewer_partitions_takes_records_for_those_alone() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    push(&mut queues, 1, b"a", now);
    queues.learn(&topic("t", 1));
    let record = ProducerRecord { partition: Some(PartitionIndex(1)), ..ProducerRecord::to("t") };
    let placed = Placed { record: &record, timestamp: Timestamp(1), len: 1, now };
    assert!(matches!(queues.push(&placed, || 0), Err(SendError::NoSuchPartition { count: 1, .. })));
    queues.seal_all();
    assert_eq!(queues.take_ready(now).len(), 1, "what it has taken before is tried all the same");
}
