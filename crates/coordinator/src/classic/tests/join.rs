//! JoinGroup: how a generation comes to be.

use std::time::Duration;

use super::scene::{Join, Scene, known, new, settings};
use crate::Settings;

const FIRST: &str = "0 of '' none under nobody";

#[test]
fn a_new_group_waits_for_more_members_and_the_first_one_leads() {
    let mut scene = Scene::new();
    scene.join(new("a")).writes(&[FIRST]).is("PreparingRebalance");
    scene.at(2.9).answers(&[]);
    scene.at(3.0).answers(&["a: a-1 in 1 with range under a-1: a-1="]).writes(&[]).is("CompletingRebalance");
    assert_eq!(scene.history(), ["joined", "rebalance", "generation"]);
}

#[test]
fn each_newcomer_has_a_new_group_wait_again() {
    let mut scene = Scene::new();
    scene.join(new("a"));
    scene.at(2.0).join(new("b"));
    scene.at(5.0).join(new("c"));
    scene.at(8.9).answers(&[]);
    scene.at(9.0).answers(&[
        "a: a-1 in 1 with range under a-1: a-1= b-2= c-3=",
        "b: b-2 in 1 with range under a-1",
        "c: c-3 in 1 with range under a-1",
    ]);
}

#[test]
fn the_wait_of_a_new_group_ends_with_the_rebalance_timeout_of_its_first_member() {
    let mut scene = Scene::new();
    scene.join(Join { rebalance_ms: 7_000, ..new("a") });
    for (second, name) in ["b", "c", "d", "e", "f", "h"].into_iter().enumerate() {
        scene.at(second as f64 + 1.0).answers(&[]).join(new(name));
    }
    scene.at(6.9).answers(&[]);
    assert_eq!(scene.at(7.0).group().generation(), 1);
}

#[test]
fn a_member_must_come_again_with_the_id_that_it_was_given_from_version_4_on_kip_394() {
    for version in 0..=9 {
        let mut scene = Scene::new();
        scene.join(Join { version, ..new("a") });
        if version < 4 {
            scene.answers(&[]).at(3.0).answers(&["a: a-1 in 1 with range under a-1: a-1="]);
        } else {
            scene.answers(&["a: MEMBER_ID_REQUIRED a-1"]).is("Empty").writes(&[FIRST]);
            scene.at(1.0).join(Join { version, ..known("a", "a-1") });
            scene.at(4.0).answers(&["a: a-1 in 1 with range under a-1: a-1="]);
        }
    }
}

#[test]
fn an_id_that_nobody_comes_with_is_forgotten_after_the_session_timeout_kip_394() {
    let mut scene = Scene::stable(&["a"]);
    scene.join(Join { version: 4, ..new("b") }).answers(&["b: MEMBER_ID_REQUIRED b-2"]);
    scene.beat(&["a-1"], 1, 16.5).join(known("b", "b-2")).answers(&["b: UNKNOWN_MEMBER_ID b-2"]).is("Stable");
}

#[test]
fn a_rebalance_waits_for_members_that_were_given_an_id_kip_394() {
    let mut scene = Scene::stable(&["a"]);
    scene.join(Join { version: 4, ..new("b") }).answers(&["b: MEMBER_ID_REQUIRED b-2"]);
    scene.join(known("a", "a-1")).answers(&[]).is("PreparingRebalance");
    scene
        .at(8.0)
        .join(known("b", "b-2"))
        .answers(&["a: a-1 in 2 with range under a-1: a-1= b-2=", "b: b-2 in 2 with range under a-1"]);
    let mut scene = Scene::stable(&["a"]);
    scene.join(Join { version: 4, ..new("b") }).join(known("a", "a-1"));
    scene.at(16.0).answers(&["a: a-1 in 2 with range under a-1: a-1=", "b: MEMBER_ID_REQUIRED b-2"]);
}

#[test]
fn the_rebalance_timeout_of_version_0_is_its_session_timeout_kip_62() {
    let mut scene = Scene::new();
    scene.join(Join { version: 0, ..new("a") }).at(3.0);
    assert_eq!(scene.group().members().iter().next().expect("a member").rebalance_timeout(), Duration::from_secs(10));
}

#[test]
fn those_who_do_not_join_in_time_are_gone_and_another_leads() {
    let mut scene = Scene::stable(&["a", "b", "c"]);
    scene.at(8.0).join(Join { protocols: &["range=new"], ..known("b", "b-2") }).answers(&[]).writes(&[]);
    scene.beat(&["a-1", "c-3"], 1, 67.9).answers(&[]);
    scene.at(68.0).answers(&["b: b-2 in 2 with range under b-2: b-2=new"]);
    assert_eq!(scene.ids_of_members(), ["b-2"]);
}

#[test]
fn the_longest_rebalance_timeout_of_all_members_counts_kip_62() {
    let mut scene = Scene::new();
    scene.join(Join { rebalance_ms: 20_000, ..new("a") }).join(Join { rebalance_ms: 30_000, ..new("b") });
    scene.at(6.0).settle(1).join(Join { rebalance_ms: 5_000, ..new("c") });
    scene.beat(&["a-1", "b-2"], 1, 35.9).answers(&[]);
    scene.at(36.0).answers(&["c: c-3 in 2 with range under c-3: c-3="]);
}

#[test]
fn a_follower_that_changes_nothing_is_told_its_generation_and_the_leader_begins_another() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(known("b", "b-2")).answers(&["b: b-2 in 1 with range under a-1"]).is("Stable");
    scene.join(known("a", "a-1")).answers(&[]).is("PreparingRebalance");
    scene
        .join(known("b", "b-2"))
        .answers(&["a: a-1 in 2 with range under a-1: a-1= b-2=", "b: b-2 in 2 with range under a-1"]);
    // Now neither has to: the answer may have been lost.
    scene
        .join(known("a", "a-1"))
        .join(known("b", "b-2"))
        .is("CompletingRebalance")
        .answers(&["a: a-1 in 2 with range under a-1: a-1= b-2=", "b: b-2 in 2 with range under a-1"]);
}

#[test]
fn a_follower_with_another_subscription_begins_a_generation() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(Join { protocols: &["range=more"], ..known("b", "b-2") }).is("PreparingRebalance");
    scene
        .join(known("a", "a-1"))
        .answers(&["a: a-1 in 2 with range under a-1: a-1= b-2=more", "b: b-2 in 2 with range under a-1"]);
    scene.sync("a-1", 2, &[]).answers(&["a-1: has "]);
}

#[test]
fn the_protocol_is_what_most_like_best_of_what_all_know() {
    let mut scene = Scene::new();
    scene.join(Join { protocols: &["sticky=s", "range=1", "roundrobin=x"], ..new("a") });
    scene.join(Join { protocols: &["roundrobin=y", "range=2"], ..new("b") });
    scene.join(Join { protocols: &["range=3", "roundrobin=z"], ..new("c") });
    scene.at(6.0).answers(&[
        "a: a-1 in 1 with range under a-1: a-1=1 b-2=2 c-3=3",
        "b: b-2 in 1 with range under a-1",
        "c: c-3 in 1 with range under a-1",
    ]);
}

#[test]
fn groups_of_any_kind_form_and_what_their_members_say_is_not_looked_at() {
    for kind in ["connect", "sr"] {
        let mut scene = Scene::new();
        scene.join(Join { kind, protocols: &["v0=\u{1}opaque"], ..new("a") });
        scene.at(3.0).answers(&["a: a-1 in 1 with v0 under a-1: a-1=\u{1}opaque"]);
        let record = format!("1 of '{kind}' v0 under a-1: a-1=all");
        scene.writes(&[FIRST]).sync("a-1", 1, &[("a-1", "all")]).answers(&["a-1: has all"]).writes(&[&record]);
        assert!(!scene.group().is_subscribed_to("t"));
    }
}

#[test]
fn a_new_member_that_waits_is_taken_for_gone_after_five_minutes() {
    let long = 1_000_000;
    let mut scene = Scene::new();
    scene.join(Join { rebalance_ms: long, session_ms: long, ..new("a") }).at(3.0).settle(1);
    scene.join(Join { session_ms: long, ..new("b") });
    scene.at(302.9).answers(&[]);
    scene.at(303.0).answers(&["b: UNKNOWN_MEMBER_ID"]);
    assert_eq!(scene.ids_of_members(), ["a-1"]);
}

#[test]
fn a_member_that_asks_twice_has_its_first_request_answered_too() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(known("a", "a-1")).join(known("a", "a-1")).answers(&["a: REBALANCE_IN_PROGRESS a-1"]);
    assert_eq!(scene.waiting(), 1);
}

#[test]
fn a_full_group_takes_nobody_more_and_one_that_is_too_full_loses_the_last_to_come() {
    let limit = |members_max| Settings { members_max, ..settings() };
    let mut scene = Scene::with(limit(2));
    scene.join(new("a")).join(new("b")).join(new("c")).answers(&["c: GROUP_MAX_SIZE_REACHED"]);
    scene.at(6.0).settle(1).join(new("d")).answers(&["d: GROUP_MAX_SIZE_REACHED"]).is("Stable");
    scene.shard.configure(limit(1).into());
    scene.join(known("a", "a-1")).answers(&[]);
    scene.join(known("b", "b-2")).answers(&["a: a-1 in 2 with range under a-1: a-1=", "b: GROUP_MAX_SIZE_REACHED"]);
}
