use record::Uuid;

use super::*;

fn wanted(partition: i32, offset: i64) -> Wanted {
    Wanted {
        token: 0,
        topic: "t".into(),
        topic_id: TopicId::ZERO,
        partition: PartitionIndex(partition),
        offset: Offset(offset),
        leader_epoch: LeaderEpoch(0),
    }
}

/// Session id, epoch, and the partitions that are named and forgotten.
fn said(plan: &Plan) -> (i32, i32, Vec<i32>, Vec<i32>) {
    let named = plan.named.iter().map(|wanted| wanted.partition.0).collect();
    let forgotten = plan.forgotten.iter().map(|forgotten| forgotten.partition.0).collect();
    (plan.id, plan.epoch, named, forgotten)
}

#[test]
fn without_a_session_every_request_names_all() {
    let mut session = Session::default();
    for _ in 0..3 {
        assert_eq!(said(&session.plan(&[wanted(0, 0), wanted(1, 0)])), (0, 0, vec![0, 1], vec![]));
        session.answered(0);
    }
}

#[test]
fn in_a_session_only_changes_are_named() {
    let mut session = Session::default();
    session.plan(&[wanted(0, 0), wanted(1, 0), wanted(2, 0)]);
    session.answered(7);
    assert_eq!(said(&session.plan(&[wanted(0, 0), wanted(1, 5), wanted(3, 0)])), (7, 1, vec![1, 3], vec![2]));
    session.answered(7);
    assert_eq!(said(&session.plan(&[wanted(0, 0), wanted(1, 5), wanted(3, 0)])), (7, 2, vec![], vec![]));
    session.answered(7);
    let moved = Wanted { leader_epoch: LeaderEpoch(1), ..wanted(0, 0) };
    assert_eq!(said(&session.plan(&[moved])), (7, 3, vec![0], vec![1, 3]));
}

#[test]
fn the_number_after_the_highest_is_one() {
    let mut session = Session { id: 7, epoch: i32::MAX, kept: HashMap::new() };
    session.answered(7);
    assert_eq!(session.epoch, 1);
}

#[test]
fn a_session_that_the_broker_lost_is_begun_anew() {
    let mut session = Session::default();
    session.plan(&[wanted(0, 0)]);
    session.answered(7);
    session.plan(&[wanted(0, 1)]);
    assert!(session.refused(ErrorCode::FETCH_SESSION_ID_NOT_FOUND));
    assert_eq!(said(&session.plan(&[wanted(0, 1)])), (0, 0, vec![0], vec![]));
    assert!(!session.refused(ErrorCode::FETCH_SESSION_ID_NOT_FOUND), "there was none, so it would not help");
}

#[test]
fn a_session_out_of_step_is_replaced() {
    for lose in [
        (|session: &mut Session| assert!(session.refused(ErrorCode::INVALID_FETCH_SESSION_EPOCH))) as fn(&mut Session),
        |session| session.failed(),
    ] {
        let mut session = Session::default();
        session.plan(&[wanted(0, 0)]);
        session.answered(7);
        session.plan(&[wanted(0, 1), wanted(1, 0)]);
        lose(&mut session);
        assert_eq!(said(&session.plan(&[wanted(0, 1), wanted(1, 0)])), (7, 0, vec![0, 1], vec![]));
        session.answered(8);
        assert_eq!(said(&session.plan(&[wanted(1, 0)])), (8, 1, vec![], vec![0]));
    }
}

#[test]
fn a_session_that_the_broker_ended_is_over() {
    let mut session = Session::default();
    session.plan(&[wanted(0, 0)]);
    session.answered(7);
    session.plan(&[wanted(0, 0)]);
    session.answered(0);
    assert_eq!(said(&session.plan(&[wanted(0, 0)])), (0, 0, vec![0], vec![]));
}

#[test]
fn a_topic_that_was_created_again_begins_a_session() {
    let mut session = Session::default();
    session.plan(&[wanted(0, 9), wanted(1, 9)]);
    session.answered(7);
    let again = Wanted { topic_id: Uuid([1; 16]), ..wanted(0, 0) };
    assert_eq!(said(&session.plan(&[again])), (7, 0, vec![0], vec![]));
}
