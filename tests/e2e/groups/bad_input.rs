//! What groups are asked that they cannot do.

use kafka_protocol::messages::{
    HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, OffsetDeleteRequest, SyncGroupRequest,
};

use super::broker;
use super::member::{Member, group_id, text};
use crate::harness::{Broker, unique};
use crate::raw::error_name;

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
fn a_group_with_members_is_not_deleted() {
    let topic = unique("kept");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    let request = kafka_protocol::messages::DeleteGroupsRequest::default().with_groups_names(vec![group_id("g")]);
    let response = member.connection.call(2, &request);
    assert_eq!(error_name(response.results[0].error_code), "NonEmptyGroup");
}
