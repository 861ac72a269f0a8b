//! SyncGroup: how the leader's assignment comes to the members, with the record.

use super::scene::{Join, Scene, known, new};

fn two_joined() -> Scene {
    let mut scene = Scene::new();
    scene.join(new("a")).join(new("b")).at(6.0);
    scene.answers(&["a: a-1 in 1 with range under a-1: a-1= b-2=", "b: b-2 in 1 with range under a-1"]);
    scene.writes(&["0 of '' none under nobody"]);
    scene
}

#[test]
fn followers_wait_for_the_leader_and_all_get_their_part_with_one_record() {
    let mut scene = two_joined();
    scene.sync("b-2", 1, &[]).answers(&[]).writes(&[]);
    scene.sync("a-1", 1, &[("a-1", "x"), ("b-2", "y"), ("nobody", "z")]);
    scene.answers(&["a-1: has x", "b-2: has y"]).writes(&["1 of 'consumer' range under a-1: a-1=x b-2=y"]).is("Stable");
    assert_eq!(scene.history(), ["joined", "rebalance", "joined", "generation", "assigned"]);
}

#[test]
fn a_follower_that_comes_after_the_leader_gets_its_part_at_once() {
    let mut scene = two_joined();
    scene.sync("a-1", 1, &[("b-2", "y")]).answers(&["a-1: has "]);
    scene.writes(&["1 of 'consumer' range under a-1: a-1= b-2=y"]);
    scene.sync("b-2", 1, &[]).answers(&["b-2: has y"]).writes(&[]);
}

#[test]
fn what_is_wrong_with_a_request_is_told() {
    let consumer = Some("consumer");
    let cases = [
        ("c-3", None, 1, [None, None], "UNKNOWN_MEMBER_ID"),
        ("a-1", Some("i"), 1, [None, None], "UNKNOWN_MEMBER_ID"),
        ("a-1", None, 0, [None, None], "ILLEGAL_GENERATION"),
        ("a-1", None, 2, [None, None], "ILLEGAL_GENERATION"),
        ("a-1", None, 1, [Some("connect"), None], "INCONSISTENT_GROUP_PROTOCOL"),
        ("a-1", None, 1, [consumer, Some("sticky")], "INCONSISTENT_GROUP_PROTOCOL"),
        ("a-1", None, 1, [consumer, Some("range")], "has "),
    ];
    for (id, instance, generation, protocol, answer) in cases {
        let mut scene = two_joined();
        scene.sync_as(id, instance, generation, protocol, &[]).answers(&[&format!("{id}: {answer}")]);
    }
}

#[test]
fn who_asks_during_the_join_phase_has_to_join() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(known("a", "a-1")).sync("b-2", 1, &[]).answers(&["b-2: REBALANCE_IN_PROGRESS"]);
}

#[test]
fn a_newcomer_ends_the_wait_of_those_who_wait_for_the_leader() {
    let mut scene = two_joined();
    scene.sync("b-2", 1, &[]).join(new("c")).answers(&["b-2: REBALANCE_IN_PROGRESS"]).is("PreparingRebalance");
    scene.sync("a-1", 1, &[("a-1", "late")]).answers(&["a-1: REBALANCE_IN_PROGRESS"]).writes(&[]);
    scene.join(known("a", "a-1")).join(known("b", "b-2")).answers(&[
        "a: a-1 in 2 with range under a-1: a-1= b-2= c-3=",
        "b: b-2 in 2 with range under a-1",
        "c: c-3 in 2 with range under a-1",
    ]);
}

#[test]
fn who_joins_and_never_asks_for_its_part_is_gone_after_the_rebalance_timeout() {
    let mut scene = two_joined();
    scene.sync("a-1", 1, &[("a-1", "x"), ("b-2", "y")]).answers(&["a-1: has x"]);
    scene.beat(&["a-1", "b-2"], 1, 65.9).is("Stable");
    scene.at(66.0).is("PreparingRebalance");
    assert_eq!(scene.ids_of_members(), ["a-1"]);
    scene.join(known("a", "a-1")).answers(&["a: a-1 in 2 with range under a-1: a-1="]);
}

#[test]
fn followers_of_a_leader_that_never_assigns_are_told_to_join_again() {
    let mut scene = Scene::new();
    scene
        .join(Join { session_ms: 100_000, ..new("a") })
        .join(new("b"))
        .at(6.0)
        .answers(&["a: a-1 in 1 with range under a-1: a-1= b-2=", "b: b-2 in 1 with range under a-1"]);
    scene.sync("b-2", 1, &[]);
    scene.at(65.9).answers(&[]);
    scene.at(66.0).answers(&["b-2: REBALANCE_IN_PROGRESS"]);
    scene.join(known("b", "b-2")).answers(&["b: b-2 in 2 with range under b-2: b-2="]);
}

#[test]
fn a_member_that_asks_twice_has_its_first_request_answered_too() {
    let mut scene = two_joined();
    scene.sync("b-2", 1, &[]).sync("b-2", 1, &[]).answers(&["b-2: REBALANCE_IN_PROGRESS"]);
    scene.sync("a-1", 1, &[("b-2", "y")]).answers(&["a-1: has ", "b-2: has y"]);
}
