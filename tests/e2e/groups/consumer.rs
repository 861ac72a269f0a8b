//! Groups that the broker assigns (KIP-848).

use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};

use super::broker;
use super::member::{Member, committed, group_id, text};
use crate::calls::topic_name;
use crate::harness::unique;
use crate::raw::{Connection, error_name};

fn beat(connection: &mut Connection, request: ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse {
    connection.call(1, &request.with_group_id(group_id("g")).with_member_id(text("m")))
}

fn joins(topic: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_rebalance_timeout_ms(30_000)
        .with_subscribed_topic_names(Some(vec![topic_name(topic)]))
        .with_topic_partitions(Some(Vec::new()))
}

#[test]
fn a_member_is_given_all_partitions_commits_in_its_epoch_and_leaves() {
    let topic = unique("consumer");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    let joined = beat(&mut member.connection, joins(&topic));
    assert_eq!(error_name(joined.error_code), "None", "{:?}", joined.error_message);
    assert_eq!((joined.member_epoch, joined.heartbeat_interval_ms), (1, 5_000));
    let given = joined.assignment.expect("all that there is").topic_partitions;
    assert_eq!(given[0].partitions, [0, 1, 2, 3]);
    (member.id, member.generation) = (text("m"), 1);
    assert_eq!(member.commit(&topic, 1, 11), "None");
    member.generation = 0;
    assert_eq!(member.commit(&topic, 1, 12), "StaleMemberEpoch");
    assert_eq!(committed(&mut member.connection, "g", &topic), [-1, 11, -1, -1]);
    let described =
        member.connection.call(1, &ConsumerGroupDescribeRequest::default().with_group_ids(vec![group_id("g")]));
    let group = &described.groups[0];
    assert_eq!((error_name(group.error_code).as_str(), &*group.group_state), ("None", "Stable"));
    assert_eq!(group.members[0].assignment.topic_partitions[0].topic_name, topic_name(&topic));
    let left = beat(&mut member.connection, ConsumerGroupHeartbeatRequest::default().with_member_epoch(-1));
    assert_eq!((error_name(left.error_code).as_str(), left.member_epoch), ("None", -1));
    let gone = beat(&mut member.connection, ConsumerGroupHeartbeatRequest::default().with_member_epoch(1));
    assert_eq!(error_name(gone.error_code), "UnknownMemberId");
}

#[test]
fn reports_that_make_no_sense_are_refused() {
    let topic = unique("reports");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    let connection = &mut member.connection;
    let bad = [
        (joins(&topic).with_member_epoch(-3), "InvalidRequest"),
        (joins(&topic).with_rebalance_timeout_ms(-1), "InvalidRequest"),
        (joins(&topic).with_subscribed_topic_names(None), "InvalidRequest"),
        (joins(&topic).with_server_assignor(Some(text("nobody"))), "UnsupportedAssignor"),
    ];
    for (request, error) in bad {
        let response = beat(connection, request);
        assert_eq!(error_name(response.error_code), error, "{:?}", response.error_message);
    }
    assert_eq!(error_name(beat(connection, joins(&topic)).error_code), "None");
    let ahead = beat(connection, ConsumerGroupHeartbeatRequest::default().with_member_epoch(7));
    assert_eq!(error_name(ahead.error_code), "FencedMemberEpoch");
}

#[test]
fn the_members_of_a_group_and_what_they_have_survive_kill_9() {
    let topic = unique("consumer-killed");
    let Some(mut broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    assert_eq!(beat(&mut member.connection, joins(&topic)).member_epoch, 1);
    broker.kill();
    broker.start_again();
    member.reconnect(&broker);
    let deadline = std::time::Instant::now() + crate::harness::PATIENCE;
    loop {
        let told = beat(&mut member.connection, ConsumerGroupHeartbeatRequest::default().with_member_epoch(1));
        match error_name(told.error_code).as_str() {
            "None" => break assert_eq!(told.member_epoch, 1),
            error => assert_eq!(error, "CoordinatorLoadInProgress"),
        }
        assert!(std::time::Instant::now() < deadline, "the group is not loaded");
    }
}
