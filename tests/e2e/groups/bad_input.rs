//! What groups are asked that they cannot do.

use std::time::Instant;

use kafka_protocol::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, OffsetDeleteRequest,
    SyncGroupRequest,
};

use super::member::{Member, committed, group_id, text};
use super::{AT_ONCE, broker};
use crate::calls::topic_name;
use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::{Connection, error_name};

#[test]
fn a_group_has_a_name() {
    let broker = Broker::start();
    let mut member = Member::open(&broker, "");
    let error = |code| error_name(code);
    let connection = &mut member.connection;
    let errors = [
        error(connection.call(9, &JoinGroupRequest::default()).error_code),
        error(connection.call(5, &SyncGroupRequest::default()).error_code),
        error(connection.call(4, &HeartbeatRequest::default()).error_code),
        error(connection.call(5, &LeaveGroupRequest::default()).error_code),
        error(connection.call(0, &OffsetDeleteRequest::default()).error_code),
    ];
    assert_eq!(errors, ["InvalidGroupId"; 5]);
}

#[test]
fn joins_that_no_group_takes_are_refused() {
    let topic = unique("joins");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    let good = member.join_request();
    let bad = [
        (good.clone().with_session_timeout_ms(5_999), "InvalidSessionTimeout"),
        (good.clone().with_session_timeout_ms(1_800_001), "InvalidSessionTimeout"),
        (good.clone(), "MemberIdRequired"),
        (good.clone().with_member_id(text("nobody")), "UnknownMemberId"),
        (good.clone().with_member_id(text("nobody")).with_protocols(Vec::new()), "InconsistentGroupProtocol"),
    ];
    for (request, error) in bad {
        assert_eq!(error_name(member.connection.call(9, &request).error_code), error);
    }
    member.join();
    let me = member.id.to_string();
    member.sync(&[(&me, "all")]).unwrap();
    let other = good.with_member_id(text("")).with_protocol_type(text("connect"));
    assert_eq!(error_name(member.connection.call(3, &other).error_code), "InconsistentGroupProtocol");
}

#[test]
fn members_that_are_not_and_generations_that_are_not_are_refused() {
    let topic = unique("members");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    let me = member.id.to_string();
    member.sync(&[(&me, "all")]).unwrap();
    let mut simple = Member::open(&broker, "g");
    assert_eq!(simple.commit(&topic, 0, 1), "UnknownMemberId", "who is no member while there are some");
    (simple.id, simple.generation) = (text("nobody"), 1);
    assert_eq!((simple.heartbeat(), simple.leave()), ("UnknownMemberId".to_owned(), "UnknownMemberId".to_owned()));
    assert_eq!(simple.sync(&[]), Err("UnknownMemberId".to_owned()));
    member.generation = 9;
    assert_eq!(
        (member.heartbeat(), member.commit(&topic, 0, 1)),
        ("IllegalGeneration".to_owned(), "IllegalGeneration".to_owned())
    );
    assert_eq!(member.sync(&[]), Err("IllegalGeneration".to_owned()));
}

#[test]
fn commits_that_cannot_be_kept_are_refused() {
    let topic = unique("commits");
    let Some(broker) = broker(&topic) else { return };
    let mut simple = Member::open(&broker, "g");
    assert_eq!(simple.commit_with(8, &topic, 0, 1, &"x".repeat(4097)), "OffsetMetadataTooLarge");
    assert_eq!(simple.commit_with(8, &topic, 0, 1, &"x".repeat(4096)), "None");
    assert_eq!(simple.commit_with(8, &topic, 0, -5, ""), "InvalidRequest");
    assert_eq!(simple.commit_with(8, "no-such-topic", 0, 1, ""), "UnknownTopicOrPartition");
    "other".clone_into(&mut simple.group);
    (simple.id, simple.generation) = (text("m"), 3);
    assert_eq!(simple.commit_with(8, &topic, 0, 1, ""), "IllegalGeneration");
    assert_eq!(simple.commit_with(9, &topic, 0, 1, ""), "GroupIdNotFound");
}

#[test]
fn a_full_group_takes_nobody_else() {
    let Some(broker) = Broker::own(&[&AT_ONCE[..], &["--set", "group.max.size=1"]].concat()) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    let other = Member::open(&broker, "g").join_request();
    let response = Connection::open(&broker).call(3, &other);
    assert_eq!(error_name(response.error_code), "GroupMaxSizeReached");
    let me = member.id.to_string();
    assert_eq!(member.sync(&[(&me, "all")]), Ok("all".to_owned()));
}

#[test]
fn who_comes_in_the_name_of_a_static_member_fences_the_one_before() {
    let topic = unique("static");
    let Some(broker) = broker(&topic) else { return };
    let mut first = Member::open(&broker, "g");
    let request = first.join_request().with_group_instance_id(Some(text("one")));
    let joined = first.connection.call(9, &request);
    assert_eq!(error_name(joined.error_code), "None");
    (first.id, first.generation) = (joined.member_id, joined.generation_id);
    let me = first.id.to_string();
    first.sync(&[(&me, "all")]).unwrap();
    let again = Connection::open(&broker).call(9, &request);
    assert_eq!(error_name(again.error_code), "None");
    assert_ne!(again.member_id, first.id);
    let beat = HeartbeatRequest::default()
        .with_group_id(group_id("g"))
        .with_generation_id(first.generation)
        .with_member_id(first.id.clone())
        .with_group_instance_id(Some(text("one")));
    assert_eq!(error_name(first.connection.call(4, &beat).error_code), "FencedInstanceId");
    let sync = SyncGroupRequest::default()
        .with_group_id(group_id("g"))
        .with_generation_id(first.generation)
        .with_member_id(first.id.clone())
        .with_group_instance_id(Some(text("one")));
    assert_eq!(error_name(first.connection.call(4, &sync).error_code), "FencedInstanceId");
}

#[test]
fn while_a_group_waits_for_its_assignment_members_are_told_and_nothing_is_committed() {
    let topic = unique("waits");
    let Some(broker) = broker(&topic) else { return };
    let mut leader = Member::open(&broker, "g");
    leader.join();
    assert_eq!(leader.commit(&topic, 0, 1), "RebalanceInProgress");
    assert_eq!(committed(&mut leader.connection, "g", &topic), [-1; 4]);
    let me = leader.id.to_string();
    leader.sync(&[(&me, "all")]).unwrap();
    assert_eq!(leader.commit(&topic, 0, 1), "None");
    let mut other = Member::open(&broker, "g");
    other.take_id();
    other.send_join();
    let deadline = Instant::now() + PATIENCE;
    while leader.heartbeat() != "RebalanceInProgress" {
        assert!(Instant::now() < deadline, "no rebalance");
    }
    // Who has not joined again yet may still say how far it came.
    assert_eq!(leader.commit(&topic, 0, 2), "None");
}

#[test]
fn a_subscription_that_nobody_can_read_is_the_members_own_business_until_the_group_is_upgraded() {
    let topic = unique("garbage");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    let me = member.id.to_string();
    assert_eq!(member.sync(&[(&me, "no assignment at all")]), Ok("no assignment at all".to_owned()));
    let joins = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group_id("g"))
        .with_member_id(text("m"))
        .with_rebalance_timeout_ms(30_000)
        .with_subscribed_topic_names(Some(vec![topic_name(&topic)]))
        .with_topic_partitions(Some(Vec::new()));
    let refused = member.connection.call(1, &joins);
    assert_eq!(error_name(refused.error_code), "GroupIdNotFound", "{:?}", refused.error_message);
    assert_eq!(member.heartbeat(), "None");
}

#[test]
fn offsets_of_a_topic_that_members_read_are_not_deleted() {
    let topic = unique("subscribed");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    let mut metadata = vec![0, 1, 0, 0, 0, 1, 0, topic.len() as u8];
    metadata.extend_from_slice(topic.as_bytes());
    metadata.extend_from_slice(&[0xff; 4]);
    member.subscription = metadata.into();
    member.join();
    let me = member.id.to_string();
    member.sync(&[(&me, "all")]).unwrap();
    assert_eq!(member.commit(&topic, 0, 1), "None");
    let partition = OffsetDeleteRequestPartition::default().with_partition_index(0);
    let asked = OffsetDeleteRequestTopic::default().with_name(topic_name(&topic)).with_partitions(vec![partition]);
    let request = OffsetDeleteRequest::default().with_group_id(group_id("g")).with_topics(vec![asked]);
    let response = member.connection.call(0, &request);
    assert_eq!(error_name(response.topics[0].partitions[0].error_code), "GroupSubscribedToTopic");
    assert_eq!(committed(&mut member.connection, "g", &topic), [1, -1, -1, -1]);
}

#[test]
fn a_group_with_members_is_not_deleted() {
    let topic = unique("kept");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    let request = kafka_protocol::messages::DeleteGroupsRequest::default().with_groups_names(vec![group_id("g")]);
    let response = member.connection.call(2, &request);
    assert_eq!(error_name(response.results[0].error_code), "NonEmptyGroup");
}
