//! A group that is read back from the log, and what is told of it.

use std::sync::Arc;

use wire::ErrorCode;

use super::scene::{Join, Scene, known, long, named, new, settings};
use crate::records::{GroupMetadata, MemberMetadata};
use crate::shard::Group;
use crate::{DescribedGroup, Record, Settings, Shard};

const CONSUMER: &[u8] = b"\0\x01\0\0\0\x01\0\x01t\xff\xff\xff\xff";

fn member(id: &str) -> MemberMetadata {
    MemberMetadata {
        member_id: long(id).into(),
        instance_id: None,
        client_id: "client".into(),
        client_host: "/10.0.0.1".into(),
        rebalance_timeout: -1,
        session_timeout: 10_000,
        subscription: CONSUMER.into(),
        assignment: id.as_bytes().into(),
    }
}

fn group(members: &[&str]) -> Record {
    Record::GroupMetadata {
        group: "g".into(),
        value: Some(GroupMetadata {
            protocol_type: "consumer".into(),
            generation: 7,
            protocol: (!members.is_empty()).then(|| "range".into()),
            leader: members.first().map(|id| long(id).into()),
            current_state_timestamp: 123,
            members: members.iter().map(|id| member(id)).collect(),
        }),
    }
}

fn loaded_with(settings: Settings, records: &[Record]) -> Scene {
    let mut scene = Scene::with(settings);
    records.iter().for_each(|record| scene.shard.replay_classic(record));
    scene.step(|shard, step| shard.loaded_classic(step));
    scene
}

fn loaded(records: &[Record]) -> Scene {
    loaded_with(settings(), records)
}

fn described(scene: &Scene, version: i16) -> DescribedGroup {
    scene.shard.describe_group(version, "g")
}

#[test]
fn the_last_record_counts_and_a_tombstone_is_the_end() {
    assert_eq!(loaded(&[group(&["a-1"]), group(&["a-1", "b-2"])]).ids_of_members(), ["a-1", "b-2"]);
    assert!(
        loaded(&[group(&["a-1"]), Record::GroupMetadata { group: "g".into(), value: None }]).shard.groups.is_empty()
    );
    let mut scene = loaded(&[group(&["a-1"]), group(&[])]);
    assert_eq!(scene.is("Empty").group().current_state_timestamp(), Some(123));
}

#[test]
fn members_go_on_where_they_were_with_whole_sessions() {
    let mut scene = loaded(&[group(&["a-1", "b-2"])]);
    scene.at(9.9).is("Stable");
    assert_eq!(scene.heartbeat("a-1", 7), ErrorCode::NONE);
    scene.sync("b-2", 7, &[]).answers(&["b-2: has b-2"]);
    scene.at(10.0).is("PreparingRebalance");
    assert_eq!(scene.ids_of_members(), ["a-1"]);
    scene.at(19.9).is("Empty").writes(&["8 of 'consumer' none under nobody"]);
}

#[test]
fn a_record_without_rebalance_timeouts_has_session_timeouts() {
    let scene = loaded(&[group(&["a-1"])]);
    assert_eq!(scene.group().members().iter().next().expect("a member").rebalance_timeout_ms, 10_000);
}

#[test]
fn a_group_that_is_larger_than_the_limit_has_become_joins_again_at_the_start() {
    let limit = |members_max| Settings { members_max, ..settings() };
    loaded_with(limit(2), &[group(&["a-1", "b-2"])]).is("Stable");
    let mut scene = loaded_with(limit(1), &[group(&["a-1", "b-2"])]);
    scene.is("PreparingRebalance").join(Join { protocols: &["range"], ..known("b", "b-2") });
    scene.join(known("a", "a-1")).answers(&["a: GROUP_MAX_SIZE_REACHED", "b: b-2 in 8 with range under b-2: b-2="]);
}

#[test]
fn a_record_that_names_a_member_twice_or_a_leader_that_is_none_is_borne() {
    let Record::GroupMetadata { group: name, value: Some(mut value) } = group(&["a-1", "b-2", "a-1"]) else { panic!() };
    value.leader = Some("nobody".into());
    value.members[1].instance_id = Some("i".into());
    value.members[2].instance_id = Some("i".into());
    let scene = loaded(&[Record::GroupMetadata { group: name, value: Some(value) }]);
    assert_eq!(scene.ids_of_members(), ["a-1"]);
    assert!(scene.group().is_led_by(&long("a-1")));
}

#[test]
fn a_generation_that_was_written_is_the_generation_that_is_read() {
    let mut scene = Scene::new();
    scene.join(named("a", "i")).join(new("b")).at(6.0).settle(1).join(named("a", "i"));
    let (name, record): (Arc<str>, _) = ("g".into(), scene.records.pop().expect("a record"));
    let mut again = Shard::new(Arc::new(settings()));
    again.replay_classic(&record);
    let Some(Group::Classic(group)) = again.groups.get("g") else { panic!("no group") };
    assert_eq!(group.record(&name), record);
    assert_eq!(group.record(&name), scene.group().record(&name));
}

#[test]
fn a_group_is_described_with_what_its_members_say_when_it_is_stable() {
    let mut scene = loaded(&[group(&["a-1"])]);
    let told = described(&scene, 5);
    assert_eq!(
        (told.error, told.state, &*told.protocol_type, &*told.protocol),
        (ErrorCode::NONE, "Stable", "consumer", "range")
    );
    let member = &told.members[0];
    assert_eq!((&*member.client_id, &*member.client_host, &*member.metadata), ("client", "/10.0.0.1", CONSUMER));
    assert_eq!(&*member.assignment, b"a-1");
    scene.join(new("b"));
    let told = described(&scene, 6);
    assert_eq!((told.state, &*told.protocol, told.members.len()), ("PreparingRebalance", "", 2));
    assert_eq!(&*told.members[0].metadata, b"");
}

#[test]
fn a_group_that_is_not_there_is_dead_and_from_version_6_on_not_found_kip_1043() {
    let told = described(&Scene::new(), 5);
    assert_eq!((told.error, told.error_message, told.state), (ErrorCode::NONE, None, "Dead"));
    let told = described(&Scene::new(), 6);
    assert_eq!((told.error, told.state), (ErrorCode::GROUP_ID_NOT_FOUND, "Dead"));
    assert_eq!(told.error_message.as_deref(), Some("Group g not found."));
}

#[test]
fn the_topics_of_consumers_are_known_and_those_who_cannot_be_read_may_read_any() {
    let scene = loaded(&[group(&["a-1"])]);
    assert!(scene.group().is_subscribed_to("t"));
    assert!(!scene.group().is_subscribed_to("u"));
    let Record::GroupMetadata { group: name, value: Some(mut value) } = group(&["a-1", "b-2"]) else { panic!() };
    value.members[1].subscription = (*b"\0").into();
    let scene = loaded(&[Record::GroupMetadata { group: name, value: Some(value) }]);
    assert!(scene.group().is_subscribed_to("u"));
    assert!(!loaded(&[group(&[])]).group().is_subscribed_to("t"));
}

#[test]
fn a_group_that_never_had_members_is_simple() {
    use crate::classic::ClassicGroup;
    assert!(ClassicGroup::simple().is_simple());
    assert!(!loaded(&[group(&[])]).group().is_simple());
    let mut scene = Scene::new();
    scene.join(Join { version: 4, ..new("a") });
    assert!(!scene.group().is_simple());
    assert!(scene.at(10.0).group().is_simple());
}
