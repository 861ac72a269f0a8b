//! Brokers come, may lead, and go.

use super::*;
use crate::testing::{add_topic, brokers, committed, uuid};

fn registration(id: i32, incarnation: u8) -> RegisterBroker {
    RegisterBroker {
        id: BrokerId(id),
        incarnation: uuid(incarnation),
        endpoints: Vec::new(),
        rack: Some("r1".into()),
        previous_is_gone: false,
    }
}

#[test]
fn a_new_broker_starts_fenced_and_is_then_let_in() {
    let image = brokers(&[], &[]);
    let decision = register(&image, &registration(4, 1)).unwrap();
    let BrokerEpoch(epoch) = decision.reply;
    let image = committed(&image, &decision);
    let broker = image.broker(BrokerId(4)).unwrap();
    assert_eq!((broker.fenced, broker.epoch, broker.rack.as_deref()), (true, epoch, Some("r1")));
    let image = committed(&image, &unfence(&image, &UnfenceBroker { id: BrokerId(4), epoch }).unwrap());
    assert!(!image.broker(BrokerId(4)).unwrap().fenced);
}

#[test]
fn a_registration_that_is_repeated_changes_nothing() {
    let image = brokers(&[4], &[]);
    let decision = register(&image, &registration(4, 4)).unwrap();
    assert_eq!((decision.records, decision.reply), (Vec::new(), BrokerEpoch(104)));
}

#[test]
fn two_processes_cannot_be_one_broker() {
    let other = registration(4, 9);
    assert_eq!(register(&brokers(&[4], &[]), &other), Err(Refusal::DuplicateBrokerRegistration(BrokerId(4))));
    assert!(register(&brokers(&[], &[4]), &other).is_ok(), "a fenced one is not alive");
    let gone = RegisterBroker { previous_is_gone: true, ..other };
    assert!(register(&brokers(&[4], &[]), &gone).is_ok());
}

#[test]
fn epochs_of_registrations_grow() {
    let image = brokers(&[], &[]);
    let first = register(&image, &registration(4, 1)).unwrap();
    let image = committed(&image, &first);
    let second = register(&image, &registration(4, 2)).unwrap();
    assert!(second.reply.0 > first.reply.0);
}

#[test]
fn a_sole_replica_that_restarts_is_elected_again_in_a_new_epoch() {
    let mut image = brokers(&[0], &[]);
    add_topic(&mut image, "t", uuid(50), &[(&[0], &[0], Some(0))]);
    let gone = RegisterBroker { previous_is_gone: true, ..registration(0, 9) };
    let decision = register(&image, &gone).unwrap();
    let epoch = decision.reply.0;
    let image = committed(&image, &decision);
    assert_eq!(image.topic("t").unwrap().partitions[0].leader, None);
    let image = committed(&image, &unfence(&image, &UnfenceBroker { id: BrokerId(0), epoch }).unwrap());
    let partition = &image.topic("t").unwrap().partitions[0];
    assert_eq!((partition.leader, partition.leader_epoch.0), (Some(BrokerId(0)), 6));
}

#[test]
fn an_old_epoch_moves_nothing() {
    let image = brokers(&[4], &[5]);
    let id = BrokerId(4);
    let stale = Refusal::StaleBrokerEpoch { id, given: 1, current: 104 };
    assert_eq!(fence(&image, &FenceBroker { id, epoch: 1 }), Err(stale.clone()));
    assert_eq!(unfence(&image, &UnfenceBroker { id, epoch: 1 }), Err(stale));
    let id = BrokerId(6);
    assert_eq!(fence(&image, &FenceBroker { id, epoch: 1 }), Err(Refusal::BrokerIdNotRegistered(id)));
}

#[test]
fn what_is_so_already_needs_no_record() {
    let image = brokers(&[4], &[5]);
    assert_eq!(unfence(&image, &UnfenceBroker { id: BrokerId(4), epoch: 104 }).unwrap().records, []);
    assert_eq!(fence(&image, &FenceBroker { id: BrokerId(5), epoch: 105 }).unwrap().records, []);
}
