use record::{BatchHeader, ProducerEpoch};

use super::*;

const IDENTITY: Identity = Identity { id: ProducerId(9), epoch: ProducerEpoch(0) };

fn rules() -> Rules {
    Rules::of(&ProducerConfig { batch_bytes: 300, ..ProducerConfig::default() })
}

/// A queue whose batches hold one record each.
struct Bench {
    queue: PartitionQueue,
    now: Instant,
    rules: Rules,
}

impl Bench {
    fn new() -> Bench {
        let queue = PartitionQueue { identity: Some(IDENTITY), established: true, ..PartitionQueue::default() };
        Bench { queue, now: Instant::now(), rules: rules() }
    }

    fn push(&mut self) {
        let record = ProducerRecord::to("t").value(&[7; 250]);
        self.queue.push(&record, (Timestamp(1), record.len(), self.now), &self.rules);
        self.queue.seal();
    }

    fn take(&mut self) -> Option<Batch> {
        let mut batch = self.queue.take_ready(self.now, &self.rules, Some(IDENTITY))?;
        batch.build();
        Some(batch)
    }

    /// So many new batches, taken.
    fn taken(&mut self, count: usize) -> Vec<Batch> {
        (0..count).for_each(|_| self.push());
        (0..count).map(|_| self.take().expect("it may go")).collect()
    }
}

/// Epoch and sequence as they are in the bytes, whose checksum must fit.
fn number(batch: &Batch) -> (i16, i32) {
    let parsed = record::Batch::parse(batch.bytes()).unwrap();
    assert!(parsed.crc_ok());
    let BatchHeader { producer_epoch, base_sequence, .. } = *parsed.header();
    (producer_epoch.0, base_sequence)
}

fn numbers(batches: &[Batch]) -> Vec<(i16, i32)> {
    batches.iter().map(number).collect()
}

const OUT_OF_ORDER: ErrorCode = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;

#[test]
fn five_batches_are_in_flight_with_numbers_that_go_on() {
    let mut bench = Bench::new();
    let taken = bench.taken(5);
    assert_eq!(numbers(&taken), [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)]);
    bench.push();
    assert!(bench.take().is_none() && bench.queue.due(&bench.rules).is_none());
    bench.queue.finish(&taken[2], true);
    assert_eq!(number(&bench.take().unwrap()), (0, 5), "also when a later answer came first");
}

#[test]
fn batches_that_come_back_go_again_in_order_and_one_at_a_time() {
    let mut bench = Bench::new();
    let mut taken = bench.taken(3);
    bench.push();
    let (third, second, first) = (taken.pop().unwrap(), taken.pop().unwrap(), taken.pop().unwrap());
    bench.queue.retry(third, bench.now);
    assert!(bench.take().is_none(), "the third waits for those before it");
    bench.queue.retry(first, bench.now);
    let again = bench.take().unwrap();
    assert_eq!(number(&again), (0, 0));
    bench.queue.retry(second, bench.now);
    assert!(bench.take().is_none(), "the first is not through");
    bench.queue.finish(&again, true);
    for sequence in 1..4 {
        let next = bench.take().unwrap();
        assert_eq!(number(&next), (0, sequence));
        bench.queue.finish(&next, true);
    }
}

#[test]
fn a_batch_out_of_turn_waits_for_the_one_before_it() {
    let mut bench = Bench::new();
    let mut taken = bench.taken(2);
    let (second, first) = (taken.pop().unwrap(), taken.pop().unwrap());
    assert!(bench.queue.objection(&second, OUT_OF_ORDER), "the first is still in flight");
    bench.queue.retry(second, bench.now);
    assert!(!bench.queue.objection(&first, OUT_OF_ORDER), "the broker has lost what was before it");
}

#[test]
fn batches_behind_one_that_failed_are_numbered_again_in_the_next_epoch() {
    let mut bench = Bench::new();
    let mut taken = bench.taken(3);
    bench.push();
    let (third, second, first) = (taken.pop().unwrap(), taken.pop().unwrap(), taken.pop().unwrap());
    bench.queue.finish(&first, false);
    assert!(bench.queue.objection(&second, OUT_OF_ORDER));
    bench.queue.retry(second, bench.now);
    assert!(bench.take().is_none(), "it is not known yet what became of the third");
    assert!(bench.queue.objection(&third, OUT_OF_ORDER));
    bench.queue.retry(third, bench.now);
    let again = bench.take().unwrap();
    assert_eq!(number(&again), (1, 0));
    bench.queue.finish(&again, true);
    let next = bench.take().unwrap();
    assert_eq!(number(&next), (1, 1));
    bench.queue.finish(&next, true);
    assert_eq!(number(&bench.take().unwrap()), (1, 2), "new ones go on from there");
}

#[test]
fn a_batch_behind_a_gap_keeps_its_number_until_it_is_refused() {
    let mut bench = Bench::new();
    let mut taken = bench.taken(2);
    let (second, mut first) = (taken.pop().unwrap(), taken.pop().unwrap());
    first.perhaps_stored = true;
    bench.queue.finish(&first, false);
    bench.queue.retry(second, bench.now);
    let again = bench.take().unwrap();
    assert_eq!(number(&again), (0, 1), "the first may have been stored, and this one behind it");
    bench.push();
    assert!(bench.take().is_none(), "new batches wait until that is known");
    bench.queue.finish(&again, true);
    assert_eq!(number(&bench.take().unwrap()), (1, 0));
}

#[test]
fn the_number_of_a_batch_that_was_refused_as_the_last_is_given_again() {
    let mut bench = Bench::new();
    let first = bench.taken(1).remove(0);
    bench.queue.finish(&first, false);
    assert_eq!(number(&bench.taken(1)[0]), (0, 0));
}

#[test]
fn a_producer_that_the_broker_forgot_begins_its_next_epoch() {
    let mut bench = Bench::new();
    let mut taken = bench.taken(1);
    assert!(bench.queue.objection(&taken[0], ErrorCode::UNKNOWN_PRODUCER_ID));
    bench.queue.retry(taken.remove(0), bench.now);
    let mut again = bench.take().unwrap();
    assert_eq!(number(&again), (1, 0));
    again.perhaps_stored = true;
    assert!(!bench.queue.objection(&again, ErrorCode::UNKNOWN_PRODUCER_ID), "it might be stored twice");
}

#[test]
fn after_the_last_epoch_comes_another_producer() {
    let mut bench = Bench::new();
    let last = Identity { epoch: ProducerEpoch(i16::MAX), ..IDENTITY };
    bench.queue.identity = Some(last);
    let mut first = bench.taken(1).remove(0);
    first.perhaps_stored = true;
    bench.queue.finish(&first, false);
    bench.push();
    assert!(bench.take().is_none());
    assert!(bench.queue.lacks_identity(Some(IDENTITY)), "the old one will not do");
    let fresh = Identity { id: ProducerId(10), ..IDENTITY };
    let batch = bench.queue.take_ready(bench.now, &bench.rules, Some(fresh)).unwrap();
    assert_eq!(batch.number, Some(Number { identity: fresh, base_sequence: 0 }));
}

#[test]
fn sequence_numbers_begin_again_after_the_highest() {
    let mut bench = Bench::new();
    bench.queue.identity = Some(IDENTITY);
    bench.queue.next_sequence = i32::MAX;
    assert_eq!(numbers(&bench.taken(2)), [(0, i32::MAX), (0, 0)]);
}

#[test]
fn the_delivery_timeout_ends_what_waits_and_what_comes_back() {
    let mut bench = Bench::new();
    let sent = bench.taken(1).remove(0);
    bench.push();
    let opened = bench.now;
    assert_eq!(bench.queue.expires(&bench.rules), Some(opened + bench.rules.delivery_timeout));
    bench.queue.retry(sent, bench.now);
    assert!(bench.queue.take_opened_before(opened - Duration::from_millis(1)).is_empty());
    assert_eq!(bench.queue.take_opened_before(opened).len(), 2);
    assert_eq!(bench.queue.unfinished().count(), 0);
}

#[test]
fn nothing_overtakes_the_first_batch_of_an_identity() {
    let mut bench = Bench { queue: PartitionQueue::default(), ..Bench::new() };
    let first = bench.taken(1).remove(0);
    bench.push();
    assert!(bench.take().is_none(), "the broker would take any number as the first");
    bench.queue.finish(&first, true);
    bench.push();
    assert!(bench.take().is_some() && bench.take().is_some(), "now it knows what is next");
}

#[test]
fn batches_wait_while_the_leader_is_looked_up() {
    let mut bench = Bench::new();
    let first = bench.taken(1).remove(0);
    bench.queue.lose(first, bench.now);
    bench.push();
    assert!(bench.take().is_none() && bench.queue.due(&bench.rules).is_none());
    assert!(bench.queue.expires(&bench.rules).is_some(), "not for longer than they have time");
    let found = bench.queue.take_lost().unwrap();
    assert_eq!(number(&found), (0, 0));
    bench.queue.retry(found, bench.now);
    assert_eq!(number(&bench.take().unwrap()), (0, 0));
}

#[test]
fn a_batch_that_failed_while_its_leader_was_looked_up_does_not_come_back() {
    let mut bench = Bench::new();
    let first = bench.taken(1).remove(0);
    bench.queue.lose(first, bench.now);
    assert_eq!(bench.queue.take_opened_before(bench.now).len(), 1);
    assert!(bench.queue.take_lost().is_none());
}
