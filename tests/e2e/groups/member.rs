//! A member of a classic group.

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    OffsetCommitRequest, OffsetFetchRequest, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::calls::topic_name;
use crate::harness::Broker;
use crate::raw::{Connection, error_name, framed};

const JOIN: i16 = 9;
const SYNC: i16 = 5;

/// A member with a connection of its own.
pub struct Member {
    pub connection: Connection,
    pub group: String,
    pub id: StrBytes,
    pub generation: i32,
    /// What it joins with, for the leader to read.
    pub subscription: Bytes,
    leader: StrBytes,
}

/// A string of the messages.
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// The same as a group's name.
pub fn group_id(group: &str) -> GroupId {
    GroupId(text(group))
}

impl Member {
    /// Connects, and has the coordinator found.
    pub fn open(broker: &Broker, group: &str) -> Member {
        let mut connection = Connection::open(broker);
        connection.call(0, &FindCoordinatorRequest::default().with_key(text(group)));
        let subscription = Bytes::from_static(b"\0\x01");
        Member { connection, group: group.to_owned(), id: text(""), generation: -1, subscription, leader: text("") }
    }

    /// A new connection of the same member.
    pub fn reconnect(&mut self, broker: &Broker) {
        self.connection = Connection::open(broker);
    }

    pub fn is_leader(&self) -> bool {
        self.leader == self.id
    }

    /// What it joins with.
    pub fn join_request(&self) -> JoinGroupRequest {
        let protocol =
            JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata(self.subscription.clone());
        JoinGroupRequest::default()
            .with_group_id(group_id(&self.group))
            .with_session_timeout_ms(30_000)
            .with_rebalance_timeout_ms(60_000)
            .with_member_id(self.id.clone())
            .with_protocol_type(text("consumer"))
            .with_protocols(vec![protocol])
    }

    /// Takes the id that a new member is given first (KIP-394).
    pub fn take_id(&mut self) {
        let response = self.connection.call(JOIN, &self.join_request());
        assert_eq!(error_name(response.error_code), "MemberIdRequired");
        self.id = response.member_id;
    }

    /// Joins, and waits for the generation.
    pub fn join(&mut self) {
        if self.id.is_empty() {
            self.take_id();
        }
        self.send_join();
        self.joined();
    }

    /// Joins without waiting for the answer.
    pub fn send_join(&mut self) {
        let request = framed(JOIN, -1, &self.join_request());
        self.connection.send(&request).unwrap();
    }

    /// The answer to [`Member::send_join`].
    pub fn joined(&mut self) {
        let (_, response): (_, JoinGroupResponse) = self.connection.answer::<JoinGroupRequest>(JOIN).unwrap();
        assert_eq!(error_name(response.error_code), "None");
        assert_eq!(response.member_id, self.id);
        (self.generation, self.leader) = (response.generation_id, response.leader);
    }

    fn sync_request(&self, assignments: &[(&str, &str)]) -> SyncGroupRequest {
        let assignment = |(member, assigned): &(&str, &str)| {
            let assigned = Bytes::from(assigned.as_bytes().to_vec());
            SyncGroupRequestAssignment::default().with_member_id(text(member)).with_assignment(assigned)
        };
        SyncGroupRequest::default()
            .with_group_id(group_id(&self.group))
            .with_generation_id(self.generation)
            .with_member_id(self.id.clone())
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text("range")))
            .with_assignments(assignments.iter().map(assignment).collect())
    }

    /// Hands out assignments, if it leads, and waits for its own.
    pub fn sync(&mut self, assignments: &[(&str, &str)]) -> Result<String, String> {
        self.send_sync(assignments);
        self.synced()
    }

    /// The same without waiting for the answer.
    pub fn send_sync(&mut self, assignments: &[(&str, &str)]) {
        let request = framed(SYNC, -2, &self.sync_request(assignments));
        self.connection.send(&request).unwrap();
    }

    /// The answer to [`Member::send_sync`]: the assignment, or the error's name.
    pub fn synced(&mut self) -> Result<String, String> {
        let (_, response): (_, SyncGroupResponse) = self.connection.answer::<SyncGroupRequest>(SYNC).unwrap();
        match error_name(response.error_code).as_str() {
            "None" => Ok(String::from_utf8(response.assignment.to_vec()).unwrap()),
            error => Err(error.to_owned()),
        }
    }

    /// The error's name.
    pub fn heartbeat(&mut self) -> String {
        let request = HeartbeatRequest::default()
            .with_group_id(group_id(&self.group))
            .with_generation_id(self.generation)
            .with_member_id(self.id.clone());
        error_name(self.connection.call(4, &request).error_code)
    }

    /// The error's name.
    pub fn leave(&mut self) -> String {
        let member = MemberIdentity::default().with_member_id(self.id.clone());
        let request = LeaveGroupRequest::default().with_group_id(group_id(&self.group)).with_members(vec![member]);
        let response = self.connection.call(5, &request);
        assert_eq!(error_name(response.error_code), "None");
        error_name(response.members[0].error_code)
    }

    /// Commits one offset: the error's name.
    pub fn commit(&mut self, topic: &str, partition: i32, offset: i64) -> String {
        self.commit_with(9, topic, partition, offset, "")
    }

    /// The same with a version and metadata.
    pub fn commit_with(&mut self, version: i16, topic: &str, partition: i32, offset: i64, metadata: &str) -> String {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_committed_metadata(Some(text(metadata)));
        let topic = OffsetCommitRequestTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(group_id(&self.group))
            .with_generation_id_or_member_epoch(self.generation)
            .with_member_id(self.id.clone())
            .with_topics(vec![topic]);
        error_name(self.connection.call(version, &request).topics[0].partitions[0].error_code)
    }
}

/// How far a group has come in the four partitions of a topic.
pub fn committed(connection: &mut Connection, group: &str, topic: &str) -> Vec<i64> {
    let asked =
        OffsetFetchRequestTopics::default().with_name(topic_name(topic)).with_partition_indexes((0..4).collect());
    let asked = OffsetFetchRequestGroup::default().with_group_id(group_id(group)).with_topics(Some(vec![asked]));
    let response = connection.call(9, &OffsetFetchRequest::default().with_groups(vec![asked]));
    assert_eq!(error_name(response.groups[0].error_code), "None");
    let partitions = &response.groups[0].topics[0].partitions;
    partitions.iter().map(|partition| partition.committed_offset).collect()
}
