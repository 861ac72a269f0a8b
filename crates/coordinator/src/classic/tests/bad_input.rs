//! What clients should not send.

use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::leave_group::LeaveGroupRequest;

use super::scene::{Join, Scene, known, named, new};

#[test]
fn a_group_must_have_a_name() {
    let mut scene = Scene::new();
    scene.join(Join { group: "", ..new("a") }).answers(&["a: INVALID_GROUP_ID"]);
    let heartbeat = HeartbeatRequest { group_id: "", generation_id: 1, member_id: "a", group_instance_id: None };
    let error = scene.step(|shard, step| shard.heartbeat(step, &heartbeat));
    assert_eq!(error, ErrorCode::INVALID_GROUP_ID);
    let leave = LeaveGroupRequest { group_id: "", member_id: "", members: Vec::new().into() };
    let answer = scene.step(|shard, step| shard.leave_group(step, 5, &leave));
    assert_eq!(answer.error, ErrorCode::INVALID_GROUP_ID);
    assert!(scene.shard.groups.is_empty());
}

#[test]
fn a_session_timeout_must_be_within_bounds() {
    for (session_ms, allowed) in
        [(-1, false), (0, false), (5_999, false), (6_000, true), (1_800_000, true), (1_800_001, false)]
    {
        let mut scene = Scene::new();
        scene.join(Join { session_ms, ..new("a") });
        scene.answers(if allowed { &[] } else { &["a: INVALID_SESSION_TIMEOUT"] });
        assert_eq!(scene.shard.groups.len(), usize::from(allowed));
    }
}

#[test]
fn a_member_must_say_how_it_takes_part_and_what_it_says_must_fit() {
    let mut scene = Scene::new();
    for (kind, protocols) in [("", &["range"][..]), ("consumer", &[]), ("", &[])] {
        scene.join(Join { kind, protocols, ..new("a") }).answers(&["a: INCONSISTENT_GROUP_PROTOCOL"]).writes(&[]);
    }
    assert!(scene.shard.groups.is_empty());
    let mut scene = Scene::stable(&["a"]);
    for (kind, protocols) in [("connect", &["range"][..]), ("consumer", &["sticky"]), ("consumer", &[])] {
        scene.join(Join { kind, protocols, ..new("b") }).answers(&["b: INCONSISTENT_GROUP_PROTOCOL"]);
        scene.join(Join { kind, protocols, ..known("a", "a-1") }).answers(&["a: INCONSISTENT_GROUP_PROTOCOL a-1"]);
    }
    scene.is("Stable");
}

#[test]
fn an_id_that_was_not_given_is_unknown_and_makes_no_group() {
    let mut scene = Scene::new();
    scene
        .join(known("a", "a-1"))
        .answers(&["a: UNKNOWN_MEMBER_ID a-1"])
        .sync("a-1", 1, &[])
        .answers(&["a-1: UNKNOWN_MEMBER_ID"]);
    assert!(scene.shard.groups.is_empty());
    Scene::stable(&["a"]).join(known("b", "b-2")).answers(&["b: UNKNOWN_MEMBER_ID b-2"]).is("Stable");
}

#[test]
fn an_id_that_was_given_without_a_static_name_does_not_come_with_one() {
    let mut scene = Scene::new();
    scene.join(Join { version: 9, ..new("a") }).answers(&["a: MEMBER_ID_REQUIRED a-1"]);
    scene.join(Join { instance: Some("i"), ..known("a", "a-1") }).answers(&["a: UNKNOWN_MEMBER_ID a-1"]);
}

#[test]
fn a_protocol_that_is_named_twice_counts_once() {
    let mut scene = Scene::new();
    scene.join(Join { protocols: &["range=1", "range=2"], ..new("a") }).at(3.0);
    scene.answers(&["a: a-1 in 1 with range under a-1: a-1=1"]);
}

#[test]
fn a_member_may_be_assigned_twice_and_the_last_counts() {
    let mut scene = Scene::new();
    scene.join(new("a")).at(3.0).sync("a-1", 1, &[("a-1", "x"), ("a-1", "y")]);
    scene.answers(&["a-1: has y", "a: a-1 in 1 with range under a-1: a-1="]);
}

#[test]
fn a_member_that_asks_not_to_be_waited_for_is_not() {
    let mut scene = Scene::new();
    scene.join(Join { rebalance_ms: -5, ..new("a") }).at(3.0).answers(&["a: a-1 in 1 with range under a-1: a-1="]);
    scene.is("Empty").sync("a-1", 1, &[]).answers(&["a-1: UNKNOWN_MEMBER_ID"]);
}

#[test]
fn static_members_that_ask_not_to_be_waited_for_do_not_keep_the_coordinator_busy() {
    let mut scene = Scene::new();
    let static_member = Join { rebalance_ms: 0, ..named("a", "i") };
    scene.join(static_member.clone()).join(new("b")).at(6.0).settle(1);
    assert_eq!(scene.leave(&[("b-2", None)]), [ErrorCode::NONE]);
    scene.beat(&["i-1"], 1, 20.0).is("PreparingRebalance");
    scene.join(Join { id: "i-1", ..static_member }).answers(&["a: i-1 in 2 with range under i-1: i-1="]);
}

#[test]
fn generations_that_never_were_are_refused() {
    let mut scene = Scene::stable(&["a"]);
    for generation in [i32::MIN, -1, 0, 2, i32::MAX] {
        assert_eq!(scene.heartbeat("a-1", generation), ErrorCode::ILLEGAL_GENERATION);
        scene.sync("a-1", generation, &[]).answers(&["a-1: ILLEGAL_GENERATION"]);
    }
}

/// The longest text that a request can hold leaves no room for the digits of an id.
#[test]
fn names_of_any_length_give_ids_that_can_be_answered_and_written() {
    for (letter, kept) in [("a", 255), ("é", 127), ("€", 85)] {
        let longest = letter.repeat(32_767 / letter.len());
        for join in [new(&longest), named("a", &longest)] {
            let mut scene = Scene::new();
            scene.join(join).at(3.0);
            let id = scene.ids_of_members().remove(0);
            assert_eq!(id, format!("{}-1", letter.repeat(kept)));
            scene.sync(&id, 1, &[]);
            assert!(scene.records.len() > 1 && scene.records.iter().all(|record| record.encode().value.is_some()));
        }
    }
}
