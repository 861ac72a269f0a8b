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
    desk.committed([], &Ok(()));
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
    desk.committed([], &Ok(()));
    assert_eq!(desk.take_commits().unwrap().offsets.len(), 1);
    desk.committed([], &Ok(()));
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

fn left(desk: &mut Desk, partition: i32, offset: i64) {
    desk.leave([(of(partition), Offset(offset).into())], None);
}

fn refused() -> Result<(), GroupError> {
    Err(GroupError::NotOwned { partition: of(0) })
}

#[test]
fn what_could_not_be_committed_is_known_until_it_is_left_again() {
    let mut desk = assigned(&[0, 1, 2]);
    [0, 1, 2].into_iter().for_each(|partition| left(&mut desk, partition, 5));
    let uncommitted = |desk: &Desk| [0, 1, 2].map(|partition| desk.is_uncommitted(&of(partition)));
    assert!(desk.take_commits().is_some());
    left(&mut desk, 2, 6);
    desk.committed([of(0), of(2), of(7)], &refused());
    assert_eq!(uncommitted(&desk), [true, false, false], "a later offset of the last is under way");
    assert!(!desk.is_uncommitted(&of(7)), "it is not the member's");
    left(&mut desk, 0, 5);
    assert_eq!(uncommitted(&desk), [false; 3]);
    assert_eq!(desk.take_commits().unwrap().offsets.len(), 2);
    desk.committed([of(0), of(2)], &refused());
    desk.offer(Change::Lose(vec![of(0)]));
    desk.next_to_do();
    assert_eq!(uncommitted(&desk), [false, false, true], "what is lost is not committed again");
}

#[test]
fn whoever_commits_all_hears_of_what_was_under_way() {
    // Whether it commits all, whether what was under way failed, whether a later offset is under way, and what it hears.
    let rows =
        [(true, false, false, true), (true, true, false, false), (true, true, true, true), (false, true, false, true)];
    for (of_all, fails, is_newer, expected) in rows {
        let mut desk = assigned(&[0]);
        left(&mut desk, 0, 5);
        assert!(desk.take_commits().is_some());
        let (waiter, mut told) = Waiter::new(of_all);
        desk.leave(is_newer.then(|| (of(0), Offset(6).into())), Some(waiter));
        let outcome = if fails { refused() } else { Ok(()) };
        desk.committed(fails.then(|| of(0)), &outcome);
        let next = desk.take_commits().unwrap();
        desk.committed([], &Ok(()));
        next.waiters.into_iter().for_each(|waiter| waiter.tell(&Ok(())));
        assert_eq!(told.try_recv().unwrap().is_ok(), expected, "{of_all} {fails} {is_newer}");
    }
}

#[test]
fn a_commit_after_the_end_is_answered_at_once() {
    let mut desk = Desk { ended: true, ..Desk::default() };
    let (waiter, mut told) = Waiter::new(true);
    desk.leave([(of(0), Offset(5).into())], Some(waiter));
    assert!(matches!(told.try_recv(), Ok(Err(GroupError::Closed))));
    assert!(desk.take_commits().is_none());
}

#[test]
fn a_revocation_waits_for_what_was_left_before_and_not_for_later_commits() {
    // Sets under way and left when the partitions are given up, and after how many sets it is settled.
    for (is_under_way, is_left, expected) in [(false, false, 0), (true, false, 1), (false, true, 1), (true, true, 2)] {
        let mut desk = assigned(&[0, 1]);
        if is_under_way {
            left(&mut desk, 1, 5);
            assert!(desk.take_commits().is_some());
        }
        desk.offer(Change::Revoke(vec![of(1)]));
        desk.next_to_do();
        if is_left {
            left(&mut desk, 1, 6);
        }
        desk.give_up();
        let mut sets = 0;
        while !desk.settle() {
            if desk.taken == desk.done {
                assert!(desk.take_commits().is_some());
            }
            // The caller goes on to commit all the time.
            left(&mut desk, 0, 7 + sets);
            desk.committed([], &Ok(()));
            sets += 1;
        }
        assert_eq!(sets, expected, "{is_under_way} {is_left}");
    }
}

#[test]
fn an_assignment_is_taken_back_unless_the_caller_has_it() {
    let mut desk = assigned(&[0]);
    desk.offer(Change::Assign(vec![(of(1), None)]));
    assert!(desk.take_back());
    assert_eq!((desk.next_to_do(), desk.settle(), owned(&desk)), (None, true, vec![0]));
    desk.offer(Change::Assign(vec![(of(1), None)]));
    desk.next_to_do();
    assert!(!desk.take_back());
    assert_eq!(owned(&desk), [0, 1]);
    desk.offer(Change::Revoke(vec![of(1)]));
    assert!(!desk.take_back(), "only what would come is withdrawn");
}

#[test]
fn what_was_given_up_is_not_told_lost() {
    // How many steps the caller has made with the revocation of 1, and what it is told lost.
    for (steps, expected) in [(0, vec![of(0), of(1)]), (1, vec![of(0), of(1)]), (2, vec![of(0)])] {
        let mut desk = assigned(&[0, 1]);
        desk.offer(Change::Revoke(vec![of(1)]));
        (0..steps).for_each(|_| drop(desk.next_to_do()));
        left(&mut desk, 1, 5);
        if steps == 2 {
            desk.give_up();
        }
        assert!(desk.lose_all(false));
        assert_eq!(desk.next_to_do(), Some(ToDo::Drop(expected)), "{steps}");
    }
    assert!(!Desk::default().lose_all(false), "there is nothing to tell");
    let mut desk = Desk::default();
    assert!(desk.lose_all(true));
    assert_eq!(desk.next_to_do(), Some(ToDo::Drop(vec![])));
}
