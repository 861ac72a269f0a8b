//! What changes between a classic and a consumer group needs (KIP-848).

use std::sync::Arc;

use super::scene::{Join, Scene, known, new};
use crate::classic::{ClassicGroup, Member};
use crate::records::MemberMetadata;
use crate::{RebalanceCause, Record};

#[test]
fn a_group_that_is_taken_away_answers_all_who_wait_and_has_no_timers() {
    let mut scene = Scene::stable(&["a", "b"]);
    scene.join(Join { version: 4, ..new("c") }).join(known("a", "a-1")).answers(&["c: MEMBER_ID_REQUIRED c-3"]);
    let group = scene.step(|shard, step| shard.take_classic_group(step, "g")).expect("a classic group");
    scene.answers(&["a: REBALANCE_IN_PROGRESS a-1"]).writes(&["tombstone"]);
    assert!(scene.shard.groups.is_empty());
    assert_eq!(group.members().len(), 2);
    scene.at(1_000.0).answers(&[]).writes(&[]);
    assert!(scene.step(|shard, step| shard.take_classic_group(step, "g")).is_none());
}

#[test]
fn who_waits_for_an_assignment_is_answered_too() {
    let mut scene = Scene::new();
    scene.join(new("a")).join(new("b")).at(6.0).sync("b-2", 1, &[]);
    assert!(scene.step(|shard, step| shard.take_classic_group(step, "g")).is_some());
    scene.answers(&[
        "a: a-1 in 1 with range under a-1: a-1= b-2=",
        "b-2: REBALANCE_IN_PROGRESS",
        "b: b-2 in 1 with range under a-1",
    ]);
}

fn member(id: &str, protocols: &[&str], assignment: &str) -> Member {
    let metadata = MemberMetadata {
        member_id: super::scene::long(id).into(),
        instance_id: None,
        client_id: "client".into(),
        client_host: "/10.0.0.1".into(),
        rebalance_timeout: 30_000,
        session_timeout: 10_000,
        subscription: Arc::default(),
        assignment: assignment.as_bytes().into(),
    };
    Member::of(&metadata, protocols.iter().map(|name| ((*name).into(), Arc::default())).collect())
}

fn put(scene: &mut Scene, rebalance: Option<RebalanceCause>) {
    let members = [member("a-1", &["sticky", "range"], ""), member("b-2", &["range"], "y")];
    let group = ClassicGroup::of_members("consumer".into(), 9, 5, members);
    scene.step(|shard, step| shard.put_classic_group(step, &"g".into(), group, rebalance));
}

#[test]
fn a_group_that_is_put_in_place_is_written_and_its_members_go_on() {
    let mut scene = Scene::new();
    put(&mut scene, None);
    scene.writes(&["9 of 'consumer' range under a-1: a-1= b-2=y"]).is("Stable");
    scene.sync("b-2", 9, &[]).answers(&["b-2: has y"]);
    scene.at(10.0).is("Empty");
}

#[test]
fn a_group_that_is_put_in_place_can_be_made_to_join_again() {
    let mut scene = Scene::new();
    put(&mut scene, Some(RebalanceCause::Left("c".into())));
    scene.is("PreparingRebalance").join(known("b", "b-2")).join(Join { protocols: &["range"], ..known("a", "a-1") });
    scene.answers(&["a: a-1 in 10 with range under a-1: a-1= b-2=", "b: b-2 in 10 with range under a-1"]);
    assert!(matches!(scene.records[..], [Record::GroupMetadata { .. }]));
}
