//! Round trips.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_broker, any_brokers, any_uuid, assert_round_trip};

proptest! {
    #[test]
    fn partitions_round_trip(
        topic_id in any_uuid(),
        index: i32,
        replicas in any_brokers(),
        isr in any_brokers(),
        leader in prop::option::of(any_broker()),
        leader_epoch: i32,
        partition_epoch: i32,
    ) {
        let (index, leader_epoch) = (PartitionIndex(index), LeaderEpoch(leader_epoch));
        assert_round_trip(PartitionRecord { topic_id, index, replicas, isr, leader, leader_epoch, partition_epoch });
    }

    #[test]
    fn changes_round_trip(
        topic_id in any_uuid(),
        index: i32,
        replicas in prop::option::of(any_brokers()),
        isr in prop::option::of(any_brokers()),
        leader in prop::option::of(any_broker()),
        leader_epoch: i32,
        partition_epoch: i32,
    ) {
        let (index, leader_epoch) = (PartitionIndex(index), LeaderEpoch(leader_epoch));
        assert_round_trip(PartitionChangeRecord { topic_id, index, replicas, isr, leader, leader_epoch, partition_epoch });
    }
}
