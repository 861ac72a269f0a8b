//! Partitions before and after a broker goes or comes.

use super::*;
use crate::testing::{add_topic, after, brokers, uuid};

/// `isr leader @leader_epoch/partition_epoch` of the only partition.
fn state(image: &Image) -> String {
    let partition = &image.topic("t").unwrap().partitions[0];
    let isr: Vec<i32> = partition.isr.iter().map(|id| id.0).collect();
    let leader = partition.leader.map_or("-".to_owned(), |id| id.to_string());
    format!("{isr:?} {leader} @{}/{}", partition.leader_epoch, partition.partition_epoch)
}

fn cluster(fenced: &[i32], replicas: &[i32], isr: &[i32], leader: Option<i32>) -> Image {
    let unfenced: Vec<i32> = (0..4).filter(|id| !fenced.contains(id)).collect();
    let mut image = brokers(&unfenced, fenced);
    add_topic(&mut image, "t", uuid(50), &[(replicas, isr, leader)]);
    image
}

#[test]
fn a_broker_goes() {
    // replicas, isr, leader, fenced before; who goes; the partition then (it was @4/9).
    type Case = (&'static [i32], &'static [i32], Option<i32>, &'static [i32], i32, &'static str);
    let table: [Case; 8] = [
        (&[0, 1, 2], &[0, 1, 2], Some(0), &[], 0, "[1, 2] 1 @5/10"),
        (&[0, 1, 2], &[0, 1, 2], Some(0), &[], 2, "[0, 1] 0 @4/10"),
        (&[0, 1, 2], &[2, 1, 0], Some(0), &[], 0, "[2, 1] 1 @5/10"),
        (&[0, 1, 2], &[0, 2], Some(0), &[], 0, "[2] 2 @5/10"),
        (&[0, 1, 2], &[0, 2], Some(0), &[], 1, "[0, 2] 0 @4/9"),
        (&[0, 1, 2], &[0], Some(0), &[], 0, "[0] - @5/10"),
        (&[0, 1, 2], &[0, 1, 2], Some(0), &[1], 0, "[1, 2] 2 @5/10"),
        (&[0, 1], &[0], None, &[], 0, "[0] - @4/9"),
    ];
    for case @ (replicas, isr, leader, fenced, gone, expected) in table {
        let image = cluster(fenced, replicas, isr, leader);
        let records = after_fencing(&image, BrokerId(gone)).collect();
        assert_eq!(state(&after(&image, records)), expected, "{case:?}");
    }
}

#[test]
fn a_broker_comes_back() {
    type Case = (&'static [i32], &'static [i32], Option<i32>, i32, &'static str);
    let table: [Case; 3] = [
        (&[0, 1], &[0], None, 0, "[0] 0 @5/10"),
        (&[0, 1], &[0], None, 1, "[0] - @4/9"),
        (&[0, 1], &[0, 1], Some(1), 0, "[0, 1] 1 @4/9"),
    ];
    for case @ (replicas, isr, leader, back, expected) in table {
        let image = cluster(&[], replicas, isr, leader);
        let records = after_unfencing(&image, BrokerId(back)).collect();
        assert_eq!(state(&after(&image, records)), expected, "{case:?}");
    }
}
