use std::time::Duration;

use super::*;
use crate::{Adaptive, ProducerConfig};

const FREE: Load = Load { waiting: 0, available: true };

fn adaptive(by_load: bool) -> Partitioner {
    Partitioner::Adaptive(Adaptive { by_load, ..Adaptive::default() })
}

fn rules(batch_bytes: usize) -> Rules {
    Rules::of(&ProducerConfig { batch_bytes, ..ProducerConfig::default() })
}

#[test]
fn round_robin_takes_each_partition_in_turn_and_leaves_out_those_without_a_leader() {
    let mut spread = Spread::default();
    let load = |index| Load { available: index != 2, ..FREE };
    let chosen: Vec<usize> = (0..6).map(|_| spread.choose(&Partitioner::RoundRobin, 4, false, load, || 0)).collect();
    assert_eq!(chosen, [0, 1, 3, 0, 1, 3]);
}

#[test]
fn sticky_stays_until_the_batch_is_full_and_then_takes_another() {
    let mut spread = Spread::default();
    let first = spread.choose(&Partitioner::Sticky, 3, false, |_| FREE, || 1);
    for random in 0..20 {
        assert_eq!(spread.choose(&Partitioner::Sticky, 3, false, |_| FREE, || random), first);
    }
    for random in 0..20 {
        let mut one = Spread { current: Some(1), ..Spread::default() };
        assert_ne!(one.choose(&Partitioner::Sticky, 3, true, |_| FREE, || random), 1);
    }
    assert_eq!(spread.choose(&Partitioner::Sticky, 1, true, |_| FREE, || 5), 0, "there is no other");
}

#[test]
fn uniform_sticky_switches_by_bytes_and_at_the_end_of_a_batch() {
    let rules = rules(100);
    let mut spread = Spread { current: Some(0), ..Spread::default() };
    let choose = |spread: &mut Spread| spread.choose(&adaptive(false), 2, false, |_| FREE, || 1);
    spread.placed(0, 99, true, &rules);
    assert_eq!(choose(&mut spread), 0, "a byte is missing");
    spread.placed(0, 50, false, &rules);
    assert_eq!(choose(&mut spread), 0, "a batch was begun and may still be filled");
    spread.placed(0, 51, false, &rules);
    assert_eq!(choose(&mut spread), 1, "twice the share is enough");
}

#[test]
fn shorter_queues_are_taken_more_often_in_proportion() {
    // Weights as in KIP-794's example: queues of 0, 3, 1 are weights of 4, 1, 3.
    let load = |index| Load { waiting: [0, 3, 1][index], available: true };
    let mut counts = [0; 3];
    for random in 0..800 {
        let mut spread = Spread::default();
        counts[spread.choose(&adaptive(true), 3, false, load, || random)] += 1;
    }
    assert_eq!(counts, [400, 100, 300]);
}

#[test]
fn a_partition_that_is_not_available_is_left_out_unless_all_are() {
    let load = |index| Load { available: index == 1, ..FREE };
    for random in 0..10 {
        for partitioner in [adaptive(true), adaptive(false), Partitioner::Sticky] {
            assert_eq!(Spread::default().choose(&partitioner, 3, false, load, || random), 1);
        }
    }
    let none = |_| Load { available: false, ..FREE };
    let chosen: Vec<usize> =
        (0..3).map(|random| Spread::default().choose(&adaptive(true), 3, false, none, || random)).collect();
    assert_eq!(chosen, [0, 1, 2]);
}

#[test]
fn a_partition_is_stuck_after_the_availability_timeout() {
    let (now, rules) = (Instant::now(), rules(1 << 10));
    let timeout = Duration::from_secs(1);
    let partitioner = Partitioner::Adaptive(Adaptive { availability_timeout: Some(timeout), ..Adaptive::default() });
    let mut partition = PartitionQueue::default();
    partition.has_leader = true;
    let record = crate::ProducerRecord::to("t").value(b"x");
    partition.push(&record, (record::Timestamp(0), 40, now), &rules);
    let available = |at| Load::of(&partition, &partitioner, at, &rules).available;
    assert!(available(now + timeout));
    assert!(!available(now + timeout + rules.linger + Duration::from_millis(1)));
}
