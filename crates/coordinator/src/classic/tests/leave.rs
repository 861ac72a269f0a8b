//! LeaveGroup.

use wire::ErrorCode;

use super::scene::{Join, Scene, known, named, new};
use crate::timers::Timer;

const NONE: ErrorCode = ErrorCode::NONE;
const UNKNOWN: ErrorCode = ErrorCode::UNKNOWN_MEMBER_ID;

#[test]
fn a_member_that_leaves_has_the_others_join_again_and_the_last_one_leaves_an_empty_group() {
    let mut scene = Scene::stable(&["a", "b"]);
    assert_eq!(scene.leave(&[("a-1", None)]), [NONE]);
    scene.is("PreparingRebalance").writes(&[]).join(known("b", "b-2"));
    scene.answers(&["b: b-2 in 2 with range under b-2: b-2="]).sync("b-2", 2, &[("b-2", "x")]).answers(&["b-2: has x"]);
    scene.writes(&["2 of 'consumer' range under b-2: b-2=x"]);
    assert_eq!(scene.leave(&[("b-2", None)]), [NONE]);
    scene.is("Empty").writes(&["3 of 'consumer' none under nobody"]);
    assert_eq!(scene.leave(&[("b-2", None)]), [UNKNOWN]);
}

#[test]
fn many_leave_at_once_by_id_or_static_name_kip_345() {
    let mut scene = Scene::new();
    scene.join(named("a", "i")).join(named("b", "j")).join(new("c")).at(6.0).settle(1);
    assert_eq!(scene.ids_of_members(), ["c-3", "i-1", "j-2"]);
    let leavers = [
        ("", Some("i")),
        ("", Some("k")),
        ("", None),
        ("i-1", Some("j")),
        ("c-3", Some("k")),
        ("c-3", None),
        ("c-3", None),
    ];
    let fenced = ErrorCode::FENCED_INSTANCE_ID;
    assert_eq!(scene.leave(&leavers), [NONE, UNKNOWN, UNKNOWN, fenced, UNKNOWN, NONE, UNKNOWN]);
    assert_eq!(scene.is("PreparingRebalance").ids_of_members(), ["j-2"]);
}

#[test]
fn until_version_2_the_answer_is_that_of_the_one_member() {
    for version in 0..=2 {
        let mut scene = Scene::stable(&["a"]);
        assert_eq!(scene.leave_alone(version, "b-2").error, UNKNOWN);
        assert_eq!(scene.leave_alone(version, "a-1").error, NONE);
        scene.is("Empty");
        assert_eq!(Scene::new().leave_alone(version, "a-1").error, UNKNOWN);
    }
}

#[test]
fn of_a_group_that_is_not_there_nobody_can_leave() {
    assert_eq!(Scene::new().leave(&[("a-1", None), ("", Some("i"))]), [UNKNOWN, UNKNOWN]);
}

#[test]
fn a_member_that_was_only_given_an_id_can_leave() {
    let mut scene = Scene::stable(&["a"]);
    scene.join(Join { version: 4, ..new("b") }).join(known("a", "a-1")).answers(&["b: MEMBER_ID_REQUIRED b-2"]);
    assert_eq!(scene.leave(&[("b-2", None)]), [NONE]);
    scene.answers(&["a: a-1 in 2 with range under a-1: a-1="]);
}

#[test]
fn who_waits_is_answered_when_it_is_made_to_leave() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(known("a", "a-1"));
    assert_eq!(scene.leave(&[("a-1", None)]), [NONE]);
    scene
        .answers(&["a: UNKNOWN_MEMBER_ID"])
        .join(known("b", "b-2"))
        .answers(&["b: b-2 in 2 with range under b-2: b-2="]);
    let mut scene = Scene::new();
    scene.join(new("a")).join(new("b")).at(6.0).sync("b-2", 1, &[]);
    assert_eq!(scene.leave(&[("b-2", None)]), [NONE]);
    scene.answers(&[
        "a: a-1 in 1 with range under a-1: a-1= b-2=",
        "b-2: UNKNOWN_MEMBER_ID",
        "b: b-2 in 1 with range under a-1",
    ]);
}

#[test]
fn nothing_is_due_any_more_in_a_group_that_all_have_left() {
    let mut scene = Scene::new();
    scene.join(new("a")).join(new("b")).at(6.0).is("CompletingRebalance");
    assert_eq!(scene.leave(&[("a-1", None), ("b-2", None)]), [NONE, NONE]);
    let timers = &scene.is("Empty").shard.timers;
    let group = || "g".into();
    assert_eq!([Timer::JoinPhase(group()), Timer::SyncPhase(group())].map(|timer| timers.due(&timer)), [None, None]);
}
