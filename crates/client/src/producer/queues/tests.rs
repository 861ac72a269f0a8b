use std::time::Duration;

use super::*;

const IDENTITY: Identity = Identity { id: ProducerId(9), epoch: ProducerEpoch(0) };

fn queues(config: &ProducerConfig) -> Queues {
    let mut queues = Queues::new(config);
    queues.add_topic("t", 2);
    queues.set_identity(IDENTITY);
    queues
}

fn push(queues: &mut Queues, partition: i32, value: &[u8], now: Instant) -> Pushed {
    let record = ProducerRecord { partition: Some(PartitionIndex(partition)), ..ProducerRecord::to("t").value(value) };
    queues.push(&Placed { record: &record, timestamp: Timestamp(1), len: record.len(), now }, || 0).unwrap()
}

fn lost(ready: Ready, queues: &mut Queues) {
    let batch = Batch { perhaps_stored: true, ..ready.batch };
    queues.finish(Ready { batch, ..ready }, Err(SendError::Ended));
}

/// The base sequence and the producer of a batch that is ready.
fn numbers(ready: &mut Ready) -> (i32, ProducerId) {
    ready.build();
    let header = *record::Batch::parse(&ready.batch.bytes).unwrap().header();
    (header.base_sequence, header.producer_id)
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
    assert_eq!((ready.len(), ready[0].batch.record_count), (1, 2));
    let full = push(&mut queues, 1, &[0; 300], now);
    assert!(full.wake);
    assert_eq!(queues.take_ready(now).len(), 1, "it is full");
}

#[test]
fn a_partition_has_one_batch_in_flight_and_numbers_go_on() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    let later = now + Duration::from_secs(1);
    push(&mut queues, 0, b"a", now);
    push(&mut queues, 0, b"b", now);
    let mut first = queues.take_ready(later).remove(0);
    push(&mut queues, 0, b"c", now);
    assert!(queues.take_ready(later).is_empty() && queues.next_due().is_none());
    assert_eq!(numbers(&mut first), (0, IDENTITY.id));
    queues.finish(first, Ok(Some(Offset(7))));
    let mut second = queues.take_ready(later).remove(0);
    assert_eq!(numbers(&mut second), (2, IDENTITY.id));
}

#[test]
fn a_batch_that_is_sent_again_goes_first_and_is_the_same() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    let later = now + Duration::from_secs(1);
    push(&mut queues, 0, b"a", now);
    let mut first = queues.take_ready(later).remove(0);
    first.build();
    let bytes = first.batch.bytes.clone();
    push(&mut queues, 0, b"b", now);
    queues.retry(first, later);
    assert!(queues.take_ready(later - Duration::from_millis(1)).is_empty(), "not before its time");
    let again = queues.take_ready(later);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].batch.bytes, bytes);
}

#[test]
fn a_partition_whose_last_batch_is_uncertain_begins_as_another_producer() {
    let (mut queues, now) = (queues(&ProducerConfig::default()), Instant::now());
    let later = now + Duration::from_secs(1);
    push(&mut queues, 0, b"a", now);
    push(&mut queues, 1, b"b", now);
    let mut ready = queues.take_ready(later);
    ready.sort_by_key(|ready| ready.partition);
    let (uncertain, certain) = (ready.remove(0), ready.remove(0));
    lost(uncertain, &mut queues);
    queues.finish(certain, Ok(None));
    push(&mut queues, 0, b"c", now);
    push(&mut queues, 1, b"d", now);
    assert!(queues.wants_identity());
    let mut other = queues.take_ready(later);
    assert_eq!(other.len(), 1, "only the partition that has its numbers");
    assert_eq!(numbers(&mut other[0]), (1, IDENTITY.id));
    queues.set_identity(Identity { id: ProducerId(10), ..IDENTITY });
    let mut fresh = queues.take_ready(later);
    assert_eq!(numbers(&mut fresh[0]), (0, ProducerId(10)));
}

#[test]
fn records_without_a_key_stay_on_a_partition_until_its_batch_is_full() {
    let config = ProducerConfig { batch_bytes: 300, ..ProducerConfig::default() };
    let (mut queues, now) = (queues(&config), Instant::now());
    let record = ProducerRecord::to("t").value(&[0; 60]);
    for random in [1, 0, 0, 0, 0, 0] {
        let placed = Placed { record: &record, timestamp: Timestamp(1), len: record.len(), now };
        queues.push(&placed, || random).unwrap();
    }
    queues.seal_all();
    let mut ready = queues.take_ready(now);
    ready.sort_by_key(|ready| ready.partition);
    let counts: Vec<i32> = ready.iter().map(|ready| ready.batch.record_count).collect();
    assert_eq!(counts, [3, 3], "three fill the batch of partition 1, the next ones go to 0");
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
    queues.finish(ready, Ok(Some(Offset(40))));
    let at = |offset| Delivered { partition: PartitionIndex(1), offset: Some(Offset(offset)) };
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (at(40), at(41)));
    drop(queues);
}
