//! Heartbeat, and members that are not heard of.

use wire::ErrorCode;

use super::scene::{Scene, known, long, new};
use crate::{Departure, Event};

#[test]
fn a_heartbeat_tells_what_goes_on() {
    let mut scene = Scene::stable(&["a", "b"]);
    let cases = [
        ("a-1", None, 1, ErrorCode::NONE),
        ("c-3", None, 1, ErrorCode::UNKNOWN_MEMBER_ID),
        ("", None, 1, ErrorCode::UNKNOWN_MEMBER_ID),
        ("a-1", Some("i"), 1, ErrorCode::UNKNOWN_MEMBER_ID),
        ("a-1", None, 0, ErrorCode::ILLEGAL_GENERATION),
        ("a-1", None, 2, ErrorCode::ILLEGAL_GENERATION),
    ];
    for (id, instance, generation, answer) in cases {
        assert_eq!(scene.heartbeat_as(id, instance, generation), answer, "{id} {instance:?} {generation}");
    }
    scene.join(known("a", "a-1"));
    assert_eq!(scene.heartbeat("b-2", 1), ErrorCode::REBALANCE_IN_PROGRESS);
    scene.join(known("b", "b-2")).is("CompletingRebalance");
    assert_eq!(scene.heartbeat("b-2", 2), ErrorCode::NONE);
}

#[test]
fn a_group_without_members_knows_nobody() {
    assert_eq!(Scene::new().heartbeat("a-1", 1), ErrorCode::UNKNOWN_MEMBER_ID);
    let mut scene = Scene::stable(&["a"]);
    scene.leave(&[("a-1", None)]);
    assert_eq!(scene.heartbeat("a-1", 2), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_silent_member_is_gone_after_its_session_timeout_and_the_others_join_again() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.beat(&["a-1"], 1, 15.9).is("Stable");
    scene.at(16.0).is("PreparingRebalance").join(known("a", "a-1"));
    scene.answers(&["a: a-1 in 2 with range under a-1: a-1="]);
    let left = scene.shard.history().of("g").find(|entry| matches!(entry.event, Event::Left { .. })).expect("one left");
    let cause = Departure::SessionTimeout(std::time::Duration::from_secs(10));
    assert_eq!(left.event, Event::Left { member: long("b-2").into(), cause });
}

#[test]
fn a_group_whose_last_member_is_gone_is_written_as_empty() {
    let mut scene = Scene::stable(&["a"]);
    scene.at(16.0).is("Empty").writes(&["2 of 'consumer' none under nobody"]);
}

#[test]
fn who_waits_for_an_answer_is_not_silent() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(known("a", "a-1")).beat(&["b-2"], 1, 50.0).answers(&[]);
    scene
        .join(known("b", "b-2"))
        .answers(&["a: a-1 in 2 with range under a-1: a-1= b-2=", "b: b-2 in 2 with range under a-1"]);
    scene.sync("b-2", 2, &[]).beat(&["a-1"], 2, 80.0).sync("a-1", 2, &[]);
    scene.answers(&["a-1: has ", "b-2: has "]).at(89.9).is("Stable");
    scene.at(90.0).is("Empty");
}

#[test]
fn a_commit_of_a_member_is_a_heartbeat() {
    let mut scene = Scene::stable(&["a"]);
    let commit = |scene: &mut Scene, id: &str, generation| {
        scene.step(|shard, step| shard.classic_commit(step, &"g".into(), &long(id), None, generation))
    };
    assert_eq!(commit(scene.at(15.0), "a-1", 1), Ok(()));
    assert_eq!(commit(scene.at(24.9).is("Stable"), "a-1", 1), Ok(()));
    assert_eq!(commit(&mut scene, "a-1", 0), Err(ErrorCode::ILLEGAL_GENERATION));
    assert_eq!(commit(&mut scene, "b-1", 1), Err(ErrorCode::UNKNOWN_MEMBER_ID));
    assert_eq!(commit(&mut scene, "", -1), Err(ErrorCode::UNKNOWN_MEMBER_ID));
    scene.join(new("b"));
    assert_eq!(commit(&mut scene, "a-1", 1), Ok(()));
    scene.join(known("a", "a-1")).is("CompletingRebalance");
    assert_eq!(commit(&mut scene, "a-1", 2), Err(ErrorCode::REBALANCE_IN_PROGRESS));
    scene.leave(&[("a-1", None), ("b-2", None)]);
    assert_eq!(commit(scene.is("Empty"), "", -1), Ok(()));
    assert_eq!(commit(&mut scene, "a-1", 3), Err(ErrorCode::UNKNOWN_MEMBER_ID));
}
