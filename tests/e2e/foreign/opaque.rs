//! Groups whose protocol is not that of consumers, as Connect's workers and schema registries form them: what the members
//! tell each other is theirs, and the broker hands it on as it is.

use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::join_group_response::JoinGroupResponse;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    DescribeGroupsRequest, GroupId, HeartbeatRequest, JoinGroupRequest, ListGroupsRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::{Connection, error_name, framed};

/// The last version that needs no protocol in SyncGroup.
const JOIN: i16 = 5;
const SYNC: i16 = 3;

#[test]
fn workers_of_connect_form_a_group() {
    forms("connect", "sessioned");
}

#[test]
fn schema_registries_form_a_group() {
    forms("sr", "v0");
}

/// A member with a connection of its own.
struct Worker {
    connection: Connection,
    id: StrBytes,
    join: JoinGroupRequest,
}

impl Worker {
    fn new(
        broker: &Broker,
        group: &str,
        kind: &'static str,
        protocol: &'static str,
        metadata: &'static [u8],
    ) -> Worker {
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_static_str(protocol))
            .with_metadata(Bytes::from_static(metadata));
        let join = JoinGroupRequest::default()
            .with_group_id(group_id(group))
            .with_session_timeout_ms(30_000)
            .with_rebalance_timeout_ms(60_000)
            .with_protocol_type(StrBytes::from_static_str(kind))
            .with_protocols(vec![protocol]);
        let mut worker = Worker { connection: Connection::open(broker), id: StrBytes::default(), join };
        let deadline = Instant::now() + PATIENCE;
        while worker.id.is_empty() {
            let first = worker.connection.call(JOIN, &worker.join);
            match error_name(first.error_code).as_str() {
                "MemberIdRequired" => worker.id = first.member_id,
                // The group's partition is not there yet.
                "NotCoordinator" | "CoordinatorNotAvailable" | "CoordinatorLoadInProgress" => {
                    assert!(Instant::now() < deadline, "{}", error_name(first.error_code));
                    worker.find(group);
                }
                other => panic!("{other}"),
            }
        }
        worker.join.member_id = worker.id.clone();
        worker
    }

    /// Makes the broker create what groups are kept in.
    fn find(&mut self, group: &str) {
        let request = kafka_protocol::messages::FindCoordinatorRequest::default()
            .with_key(StrBytes::from_string(group.to_owned()));
        self.connection.call(0, &request);
    }

    fn send_join(&mut self) {
        self.connection.send(&framed(JOIN, 7, &self.join)).unwrap();
    }

    fn joined(&mut self) -> JoinGroupResponse {
        let response = self.connection.answer::<JoinGroupRequest>(JOIN).expect("an answer").1;
        assert_eq!(error_name(response.error_code), "None");
        response
    }

    fn sync(&mut self, group: &str, generation: i32, assignments: &[(&StrBytes, &'static [u8])]) -> Bytes {
        let assignment = |(id, bytes): &(&StrBytes, &'static [u8])| {
            SyncGroupRequestAssignment::default()
                .with_member_id((*id).clone())
                .with_assignment(Bytes::from_static(bytes))
        };
        let request = SyncGroupRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id(generation)
            .with_member_id(self.id.clone())
            .with_assignments(assignments.iter().map(assignment).collect());
        let response = self.connection.call(SYNC, &request);
        assert_eq!(error_name(response.error_code), "None");
        response.assignment
    }

    fn heartbeat(&mut self, group: &str, generation: i32) -> String {
        let request = HeartbeatRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id(generation)
            .with_member_id(self.id.clone());
        error_name(self.connection.call(3, &request).error_code)
    }
}

fn forms(kind: &'static str, protocol: &'static str) {
    let Some(broker) = Broker::own(&["--set", "group.initial.rebalance.delay.ms=0"]) else { return };
    let group = &unique(kind);
    let mut first = Worker::new(&broker, group, kind, protocol, b"first\0\xff");
    first.send_join();
    let alone = first.joined();
    assert_eq!((alone.generation_id, &alone.leader, alone.members.len()), (1, &first.id, 1));
    assert_eq!(first.sync(group, 1, &[(&first.id.clone(), b"alone")]), &b"alone"[..]);

    let mut second = Worker::new(&broker, group, kind, protocol, b"second");
    second.send_join();
    let deadline = Instant::now() + PATIENCE;
    while first.heartbeat(group, 1) != "RebalanceInProgress" {
        assert!(Instant::now() < deadline, "the first is not told of the second");
    }
    first.send_join();
    let (led, followed) = (first.joined(), second.joined());
    assert_eq!((led.generation_id, followed.generation_id), (2, 2));
    assert_eq!((&led.leader, &followed.leader, followed.members.len()), (&first.id, &first.id, 0));
    let mut told: Vec<_> = led.members.iter().map(|member| member.metadata.to_vec()).collect();
    told.sort();
    assert_eq!(told, [b"first\0\xff".to_vec(), b"second".to_vec()]);
    let ids = (first.id.clone(), second.id.clone());
    assert_eq!(first.sync(group, 2, &[(&ids.0, b"\0one"), (&ids.1, b"two")]), &b"\0one"[..]);
    assert_eq!(second.sync(group, 2, &[]), &b"two"[..]);
    assert_eq!(second.heartbeat(group, 2), "None");
    is_told_of(&mut second.connection, group, kind, protocol);
}

fn is_told_of(connection: &mut Connection, group: &str, kind: &str, protocol: &str) {
    let described = connection.call(5, &DescribeGroupsRequest::default().with_groups(vec![group_id(group)]));
    let described = &described.groups[0];
    assert_eq!(
        (described.group_state.as_str(), described.protocol_type.as_str(), described.protocol_data.as_str()),
        ("Stable", kind, protocol)
    );
    let mut assignments: Vec<_> = described.members.iter().map(|member| member.member_assignment.to_vec()).collect();
    assignments.sort();
    assert_eq!(assignments, [b"\0one".to_vec(), b"two".to_vec()]);
    let listed = connection.call(5, &ListGroupsRequest::default());
    let listed = listed.groups.iter().find(|listed| listed.group_id.as_str() == group).expect("is listed");
    assert_eq!((listed.protocol_type.as_str(), listed.group_type.as_str()), (kind, "classic"));
}

fn group_id(group: &str) -> GroupId {
    GroupId(StrBytes::from_string(group.to_owned()))
}
