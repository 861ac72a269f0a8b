use super::*;
use crate::{Offset, PartitionIndex};

fn of(partition: i32) -> TopicPartition {
    TopicPartition { topic: "t".to_owned(), partition: PartitionIndex(partition) }
}

fn assigned(partitions: &[i32]) -> Desk {
    let mut desk = Desk::default();
    desk.offer(Change::Assign(partitions.iter().map(|&partition| (of(partition), None)).collect()));
    assert!(matches!(desk.next_to_do(), Some(ToDo::Add(_))));
    desk
}

fn owned(desk: &Desk) -> Vec<i32> {
    desk.owned().iter().map(|partition| partition.partition.0).collect()
}

#[test]
fn partitions_are_owned_from_the_moment_the_caller_takes_them() {
    let mut desk = Desk::default();
    desk.offer(Change::Assign(vec![(of(0), None)]));
    assert_eq!((owned(&desk), desk.settle()), (vec![], false));
    assert_eq!(desk.next_to_do(), Some(ToDo::Add(vec![(of(0), None)])));
    assert_eq!((owned(&desk), desk.settle(), desk.next_to_do()), (vec![0], true, None));
}

#[test]
fn a_revocation_is_told_first_and_the_partitions_go_with_the_next_call() {
    let mut desk = assigned(&[0, 1]);
    desk.offer(Change::Revoke(vec![of(1)]));
    assert_eq!(desk.next_to_do(), Some(ToDo::Tell(vec![of(1)])));
    assert_eq!((owned(&desk), desk.settle()), (vec![0, 1], false), "the caller may commit now");
    assert_eq!(desk.next_to_do(), Some(ToDo::GiveUp(vec![of(1)])));
    desk.leave([(of(1), Offset(5).into())], None);
    desk.give_up();
    assert_eq!(
        (desk.next_to_do(), desk.has_news(), desk.settle()),
        (None, false, false),
        "it is to be committed first"
    );
    let commits = desk.take_commits().unwrap();
    assert!(commits.offsets.iter().all(|(partition, left)| desk.may_commit(partition, left)));
    assert!(!desk.settle());
    desk.committed();
    assert!(desk.settle());
    assert_eq!(owned(&desk), [0]);
}

#[test]
fn what_is_lost_is_gone_before_the_caller_knows() {
    let mut desk = assigned(&[0, 1]);
    desk.offer(Change::Revoke(vec![of(1)]));
    assert!(desk.next_to_do().is_some());
    desk.offer(Change::Lose(vec![of(0), of(1)]));
    desk.give_up();
    assert!(!desk.settle(), "to give up the one does not settle the other");
    assert_eq!(desk.next_to_do(), Some(ToDo::Drop(vec![of(0), of(1)])));
    assert_eq!((owned(&desk), desk.settle()), (vec![], true));
}

#[test]
fn an_assignment_that_was_not_taken_leaves_nothing_behind() {
    let mut desk = assigned(&[0]);
    desk.offer(Change::Assign(vec![(of(1), None)]));
    desk.offer(Change::Lose(vec![of(0)]));
    assert_eq!(desk.next_to_do(), Some(ToDo::Drop(vec![of(0)])));
    assert_eq!(owned(&desk), []);
}

#[test]
fn offsets_are_committed_one_set_after_the_other_and_the_latest_wins() {
    let mut desk = assigned(&[0, 1]);
    desk.leave([(of(0), Offset(1).into()), (of(1), Offset(1).into())], None);
    desk.leave([(of(0), Offset(2).into())], None);
    let first = desk.take_commits().unwrap();
    let offsets: Vec<i64> = first.offsets.values().map(|left| left.committed.offset.0).collect();
    assert_eq!(offsets, [2, 1]);
    desk.leave([(of(0), Offset(3).into())], None);
    assert!(desk.take_commits().is_none(), "the first is under way");
    assert!(!desk.has_committed());
    desk.committed();
    assert_eq!(desk.take_commits().unwrap().offsets.len(), 1);
    desk.committed();
    assert!(desk.has_committed());
}

#[test]
fn an_offset_of_a_partition_that_was_given_up_since_is_not_committed() {
    let mut desk = assigned(&[0, 1]);
    desk.leave([(of(0), Offset(1).into()), (of(1), Offset(1).into())], None);
    let commits = desk.take_commits().unwrap();
    assert!(commits.offsets.iter().all(|(partition, left)| desk.may_commit(partition, left)));
    desk.offer(Change::Lose(vec![of(1)]));
    desk.next_to_do();
    let may: Vec<bool> = commits.offsets.iter().map(|(partition, left)| desk.may_commit(partition, left)).collect();
    assert_eq!(may, [true, false]);
    desk.offer(Change::Assign(vec![(of(1), None)]));
    desk.next_to_do();
    assert!(!desk.may_commit(&of(1), &commits.offsets[&of(1)]), "another member may have read it meanwhile");
}

#[test]
fn the_same_subscription_again_is_no_change() {
    let mut desk = Desk::default();
    assert!(!desk.is_subscribed());
    desk.subscribe(Subscription::Topics(vec!["a".to_owned()]));
    desk.subscribe(Subscription::Topics(vec!["a".to_owned()]));
    assert_eq!((desk.version, desk.is_subscribed()), (1, true));
    desk.subscribe(Subscription::Nothing);
    assert_eq!((desk.version, desk.is_subscribed()), (2, false));
}

#[test]
fn a_wrong_generation_is_tried_again_only_while_another_begins() {
    let of = |generation| Membership { member_id: "m".to_owned(), instance_id: None, generation };
    let mut desk = Desk { membership: Some(of(4)), ..Desk::default() };
    assert!(!desk.is_between_generations(&of(4)));
    assert!(desk.is_between_generations(&of(3)), "it has begun since");
    desk.is_joining = true;
    assert!(desk.is_between_generations(&of(4)));
    desk.membership = None;
    assert!(!desk.is_between_generations(&of(4)));
}
