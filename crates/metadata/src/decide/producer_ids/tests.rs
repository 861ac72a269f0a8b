//! Blocks of producer ids, and who may have one.

use super::*;
use crate::testing::{after, brokers, committed};

fn allocate(broker: i32, broker_epoch: u64) -> AllocateProducerIds {
    AllocateProducerIds { broker: BrokerId(broker), broker_epoch }
}

#[test]
fn blocks_follow_each_other() {
    let mut image = brokers(&[0, 1], &[]);
    for (broker, first) in [(0, 0), (1, 1_000), (0, 2_000)] {
        let decision = decide(&image, &allocate(broker, broker as u64 + 100)).unwrap();
        assert_eq!(decision.reply, ProducerIdBlock { first: ProducerId(first), len: 1_000 });
        image = committed(&image, &decision);
    }
}

#[test]
fn only_the_last_registration_of_a_broker_may_ask() {
    let image = brokers(&[0], &[]);
    assert_eq!(decide(&image, &allocate(3, 100)), Err(Refusal::BrokerIdNotRegistered(BrokerId(3))));
    let stale = Refusal::StaleBrokerEpoch { id: BrokerId(0), given: 99, current: 100 };
    assert_eq!(decide(&image, &allocate(0, 99)), Err(stale));
}

#[test]
fn ids_end() {
    let nearly = |left: i64| {
        let record = ProducerIdsRecord { broker: BrokerId(0), next_block_start: ProducerId(i64::MAX - left) };
        after(&brokers(&[0], &[]), vec![record.into()])
    };
    assert!(decide(&nearly(1_000), &allocate(0, 100)).is_ok());
    assert_eq!(decide(&nearly(999), &allocate(0, 100)), Err(Refusal::ProducerIdsExhausted));
}
