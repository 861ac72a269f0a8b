//! Where replicas go.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::testing::{brokers, uuid};

#[test]
fn leaders_go_round_and_followers_shift() {
    let image = brokers(&[0, 1, 2], &[7]);
    let id = TopicId::ZERO; // Starts at the first broker.
    let placed = place(&image, 0..6, 2, id).unwrap();
    let ids: Vec<Vec<i32>> = placed.iter().map(|replicas| replicas.iter().map(|id| id.0).collect()).collect();
    assert_eq!(ids, [[0, 1], [1, 2], [2, 0], [0, 2], [1, 0], [2, 1]]);
}

#[test]
fn nobody_can_hold_a_topic_without_unfenced_brokers() {
    for image in [brokers(&[], &[0]), brokers(&[], &[])] {
        assert!(matches!(place(&image, 0..1, 1, uuid(1)), Err(Refusal::InvalidReplicationFactor(_))));
    }
}

proptest! {
    #[test]
    fn replicas_are_distinct_and_leaders_balanced(count in 1i32..9, partitions in 1usize..50, factor in 1usize..9, id: [u8; 16]) {
        prop_assume!(factor <= count as usize);
        let all: Vec<i32> = (0..count).collect();
        let placed = place(&brokers(&all, &[]), 0..partitions, factor, record::Uuid(id)).unwrap();
        let mut leaders = HashMap::new();
        for replicas in &placed {
            let mut distinct = replicas.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), factor);
            *leaders.entry(replicas[0]).or_insert(0) += 1;
        }
        prop_assert_eq!(placed.len(), partitions);
        prop_assert!(leaders.values().all(|led| *led <= partitions.div_ceil(count as usize)));
    }
}
