//! Static members (KIP-345, KIP-814).

use wire::ErrorCode;

use super::scene::{Join, Scene, known, long, named, new};
use crate::{Departure, Event};

/// Static members of instances `i` and `j`, with ids `i-1` and `j-2`; the first one leads.
fn two() -> Scene {
    let mut scene = Scene::new();
    scene.join(named("a", "i")).join(named("b", "j")).at(6.0).settle(1);
    scene
}

#[test]
fn a_static_member_needs_no_second_request_for_its_id() {
    for version in 5..=9 {
        let mut scene = Scene::new();
        scene.join(Join { version, ..named("a", "i") }).at(3.0).answers(&["a: i-1 in 1 with range under i-1: i-1="]);
    }
}

#[test]
fn a_follower_that_comes_back_takes_its_place_without_a_rebalance() {
    let mut scene = two();
    scene.join(named("b", "j")).answers(&["b: j-3 in 1 with range under i-1"]).is("Stable");
    scene.writes(&["1 of 'consumer' range under i-1: i-1=i j-3=j"]);
    scene.sync("j-3", 1, &[]).answers(&["j-3: has j"]);
    assert_eq!(scene.heartbeat_as("j-2", Some("j"), 1), ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(scene.heartbeat_as("j-3", Some("j"), 1), ErrorCode::NONE);
    assert_eq!(scene.heartbeat("j-2", 1), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_leader_that_comes_back_is_told_not_to_assign_kip_814() {
    let mut scene = two();
    scene.join(named("a", "i")).answers(&["a: i-3 in 1 with range under i-3 skips: i-3= j-2="]);
    scene.writes(&["1 of 'consumer' range under i-3: i-3=i j-2=j"]);
    scene.sync("i-3", 1, &[]).answers(&["i-3: has i"]).writes(&[]);
}

#[test]
fn a_leader_that_cannot_be_told_so_takes_its_old_self_for_the_leader() {
    let mut scene = two();
    scene.join(Join { version: 8, ..named("a", "i") }).answers(&["a: i-3 in 1 with range under i-1"]);
    scene.writes(&["1 of 'consumer' range under i-3: i-3=i j-2=j"]);
}

#[test]
fn a_member_that_comes_back_with_another_subscription_keeps_its_assignment_if_the_protocol_stays() {
    let mut scene = two();
    scene.join(Join { protocols: &["range=more"], ..named("b", "j") }).is("Stable");
    scene.answers(&["b: j-3 in 1 with range under i-1"]);
}

#[test]
fn a_member_that_comes_back_begins_a_rebalance_if_the_protocol_changes() {
    let both: &[&str] = &["range", "sticky"];
    let mut scene = Scene::new();
    scene.join(Join { protocols: both, ..named("a", "i") }).join(Join { protocols: both, ..named("b", "j") });
    scene.at(6.0).settle(1).join(Join { protocols: &["sticky"], ..named("b", "j") });
    scene.answers(&[]).writes(&[]).is("PreparingRebalance");
    scene
        .join(Join { protocols: both, instance: Some("i"), ..known("a", "i-1") })
        .answers(&["a: i-1 in 2 with sticky under i-1: i-1= j-3=", "b: j-3 in 2 with sticky under i-1"]);
}

#[test]
fn a_member_that_comes_back_while_the_leader_assigns_begins_a_rebalance() {
    let mut scene = Scene::new();
    scene.join(named("a", "i")).join(named("b", "j")).at(6.0).sync("j-2", 1, &[]).join(named("b", "j"));
    scene.is("PreparingRebalance").answers(&[
        "a: i-1 in 1 with range under i-1: i-1= j-2=",
        "b: j-2 in 1 with range under i-1",
        "j-2: FENCED_INSTANCE_ID",
    ]);
}

#[test]
fn a_double_fences_the_member_that_waits() {
    let mut scene = two();
    scene.join(Join { instance: Some("i"), ..known("a", "i-1") }).join(named("double", "i"));
    scene.answers(&["a: FENCED_INSTANCE_ID i-1"]).is("PreparingRebalance");
    scene
        .join(Join { instance: Some("j"), ..known("b", "j-2") })
        .answers(&["b: j-2 in 2 with range under i-3", "double: i-3 in 2 with range under i-3: i-3= j-2="]);
}

#[test]
fn whoever_has_the_name_of_another_is_fenced() {
    let mut scene = two();
    scene.join(Join { instance: Some("i"), ..known("b", "j-2") }).answers(&["b: FENCED_INSTANCE_ID j-2"]);
    scene.join(Join { instance: Some("k"), ..known("b", "j-2") }).answers(&["b: UNKNOWN_MEMBER_ID j-2"]);
    scene.sync_as("j-2", Some("i"), 1, [None, None], &[]).answers(&["j-2: FENCED_INSTANCE_ID"]);
    let commit = |scene: &mut Scene, instance: &str| {
        scene.step(|shard, step| shard.classic_commit(step, &"g".into(), &long("j-2"), Some(instance), 1))
    };
    assert_eq!(commit(&mut scene, "i"), Err(ErrorCode::FENCED_INSTANCE_ID));
    assert_eq!(commit(&mut scene, "j"), Ok(()));
}

#[test]
fn a_static_member_that_does_not_join_in_time_stays_until_it_does_not_sync_either() {
    let mut scene = two();
    scene.join(new("c")).join(Join { instance: Some("i"), ..known("a", "i-1") });
    scene
        .beat(&["j-2"], 1, 66.0)
        .answers(&["a: i-1 in 2 with range under i-1: c-3= i-1= j-2=", "c: c-3 in 2 with range under i-1"]);
    scene.sync("i-1", 2, &[]).sync("c-3", 2, &[]).beat(&["i-1", "j-2", "c-3"], 2, 125.9).is("Stable");
    assert_eq!(scene.at(126.0).is("PreparingRebalance").ids_of_members(), ["c-3", "i-1"]);
}

#[test]
fn when_nobody_joins_static_members_are_waited_for_until_their_sessions_end() {
    let mut scene = two();
    scene.join(new("c"));
    assert_eq!(scene.leave(&[("c-3", None)]), [ErrorCode::NONE]);
    scene.beat(&["i-1", "j-2"], 1, 130.0).is("PreparingRebalance");
    assert_eq!(scene.ids_of_members(), ["i-1", "j-2"]);
    scene.at(140.0).is("Empty").writes(&["2 of 'consumer' none under nobody"]);
}

#[test]
fn a_replaced_member_is_told_so_in_the_history() {
    let mut scene = two();
    scene.join(named("b", "j"));
    let entries = scene.shard.history().of("g");
    let replaced = Event::Left { member: long("j-2").into(), cause: Departure::Replaced };
    assert_eq!(entries.filter(|entry| entry.event == replaced).count(), 1);
}

#[test]
fn a_restart_within_the_session_timeout_disturbs_nobody_and_a_longer_one_begins_a_rebalance() {
    let mut scene = two();
    scene.beat(&["i-1"], 1, 15.9).is("Stable").join(named("b", "j")).is("Stable");
    scene.beat(&["i-1"], 1, 25.8).is("Stable");
    scene.at(25.9).is("PreparingRebalance");
}

#[test]
fn a_member_that_took_the_place_of_a_new_one_is_waited_for_like_any_that_knows_its_id() {
    let mut scene = Scene::stable(&["a"]);
    scene.join(named("b", "i")).join(named("b", "i")).answers(&["b: FENCED_INSTANCE_ID i-2"]);
    scene
        .beat(&["a-1"], 1, 60.0)
        .join(known("a", "a-1"))
        .answers(&["a: a-1 in 2 with range under a-1: a-1= i-3=", "b: i-3 in 2 with range under a-1"]);
}
