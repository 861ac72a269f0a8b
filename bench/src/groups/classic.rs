//! Members of a classic group, each with a connection; all are driven by one thread, wave by wave.

use std::time::{Duration, Instant};

use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::harness::PATIENCE;
use crate::raw::{Connection, error_name, framed};
use crate::target::Target;

const JOIN: i16 = 9;
const SYNC: i16 = 5;
const HEARTBEAT: i16 = 4;

pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Asks for the coordinator until there is one.
pub fn find_coordinator(connection: &mut Connection, group: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = FindCoordinatorRequest::default().with_key_type(0).with_coordinator_keys(vec![text(group)]);
        let response = connection.call(4, &request);
        if response.coordinators[0].error_code == 0 && coordinates(connection, group) {
            return;
        }
        assert!(Instant::now() < deadline, "no coordinator: {}", error_name(response.coordinators[0].error_code));
    }
}

/// Whether the coordinator has loaded its log: only then does it know that there is no such member.
fn coordinates(connection: &mut Connection, group: &str) -> bool {
    let request = HeartbeatRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_generation_id(1)
        .with_member_id(text("nobody"));
    error_name(connection.call(HEARTBEAT, &request).error_code) == "UnknownMemberId"
}

struct Member {
    connection: Connection,
    id: StrBytes,
}

/// A group whose members have their assignments.
pub struct ClassicMembers {
    group: GroupId,
    subscription: Bytes,
    topic: String,
    partitions: i32,
    members: Vec<Member>,
    generation: i32,
}

impl ClassicMembers {
    /// Has so many members join a new group.
    pub fn join(target: &Target, group: &str, topic: &str, count: usize, partitions: i32) -> ClassicMembers {
        let mut members = ClassicMembers::come(target, group, topic, count, partitions);
        members.finish_round();
        members
    }

    /// Has one member join each of new groups, so that they wait for their initial delay beside each other.
    pub fn join_alone(target: &Target, groups: &[String], topic: &str) -> Vec<ClassicMembers> {
        let come = |group: &String| ClassicMembers::come(target, group, topic, 1, 1);
        let mut alone: Vec<_> = groups.iter().map(come).collect();
        alone.iter_mut().for_each(ClassicMembers::finish_round);
        alone
    }

    /// Members that have asked to join and wait for the answer.
    fn come(target: &Target, group: &str, topic: &str, count: usize, partitions: i32) -> ClassicMembers {
        find_coordinator(&mut Connection::to(&target.address), group);
        let open = |_| Member { connection: Connection::to(&target.address), id: StrBytes::default() };
        let mut members = ClassicMembers {
            group: GroupId(text(group)),
            subscription: subscription(topic),
            topic: topic.to_owned(),
            partitions,
            members: (0..count).map(open).collect(),
            generation: -1,
        };
        members.obtain_ids();
        members.begin_round();
        members
    }

    /// Times so many rebalances: from the leader's request to join again until the last member has its assignment.
    pub fn rebalance(&mut self, rounds: usize) -> Vec<Duration> {
        (0..rounds).map(|_| self.round()).collect()
    }

    /// Sends so many heartbeats, one of each member in a wave.
    pub fn heartbeats(&mut self, count: usize) {
        let mut sent = 0;
        while sent < count {
            for member in &mut self.members {
                let request = HeartbeatRequest::default()
                    .with_group_id(self.group.clone())
                    .with_generation_id(self.generation)
                    .with_member_id(member.id.clone());
                member.connection.send(&framed(HEARTBEAT, 1, &request)).expect("the broker takes it");
                sent += 1;
            }
            for member in &mut self.members {
                let (_, response) = member.connection.answer::<HeartbeatRequest>(HEARTBEAT).expect("an answer");
                assert_eq!(error_name(response.error_code), "None");
            }
        }
    }

    fn request(&self, member: &Member) -> JoinGroupRequest {
        let protocol =
            JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata(self.subscription.clone());
        JoinGroupRequest::default()
            .with_group_id(self.group.clone())
            .with_session_timeout_ms(300_000)
            .with_rebalance_timeout_ms(300_000)
            .with_member_id(member.id.clone())
            .with_protocol_type(text("consumer"))
            .with_protocols(vec![protocol])
    }

    fn obtain_ids(&mut self) {
        for at in 0..self.members.len() {
            let request = self.request(&self.members[at]);
            let response = self.members[at].connection.call(JOIN, &request);
            assert_eq!(error_name(response.error_code), "MemberIdRequired");
            self.members[at].id = response.member_id;
        }
    }

    fn round(&mut self) -> Duration {
        let begin = Instant::now();
        self.begin_round();
        self.finish_round();
        begin.elapsed()
    }

    /// The first member is the leader of the generation before: its request begins the new one. The others come when they
    /// hear of it: a broker with many threads might take their requests first.
    fn begin_round(&mut self) {
        let requests: Vec<_> = self.members.iter().map(|member| framed(JOIN, 1, &self.request(member))).collect();
        self.members[0].connection.send(&requests[0]).expect("the broker takes it");
        self.hear_of_rebalance();
        for (member, request) in self.members.iter_mut().zip(&requests).skip(1) {
            member.connection.send(request).expect("the broker takes it");
        }
    }

    /// Every member gets its generation, then its assignment.
    fn finish_round(&mut self) {
        let joined: Vec<JoinGroupResponse> = self.members.iter_mut().map(joined).collect();
        self.generation = joined[0].generation_id;
        for (at, joined) in joined.iter().enumerate() {
            assert_eq!(joined.generation_id, self.generation);
            let mut request = SyncGroupRequest::default()
                .with_group_id(self.group.clone())
                .with_generation_id(self.generation)
                .with_member_id(self.members[at].id.clone())
                .with_protocol_type(Some(text("consumer")))
                .with_protocol_name(Some(text("range")));
            if joined.leader == joined.member_id {
                request.assignments = self.assignments(joined);
            }
            self.members[at].connection.send(&framed(SYNC, 2, &request)).expect("the broker takes it");
        }
        for member in &mut self.members {
            let (_, response) = member.connection.answer::<SyncGroupRequest>(SYNC).expect("an answer");
            assert_eq!(error_name(response.error_code), "None");
        }
        let leader = joined.iter().position(|joined| joined.leader == joined.member_id).expect("somebody leads");
        self.members.swap(0, leader);
    }

    /// Has the second member heartbeat until it is told to join again. A group that is new tells nobody.
    fn hear_of_rebalance(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let (group, generation) = (self.group.clone(), self.generation);
        let Some(member) = self.members.get_mut(1).filter(|_| generation >= 0) else { return };
        let request = HeartbeatRequest::default()
            .with_group_id(group)
            .with_generation_id(generation)
            .with_member_id(member.id.clone());
        while error_name(member.connection.call(HEARTBEAT, &request).error_code) != "RebalanceInProgress" {
            assert!(Instant::now() < deadline, "no rebalance begins");
        }
    }

    fn assignments(&self, joined: &JoinGroupResponse) -> Vec<SyncGroupRequestAssignment> {
        let count = joined.members.len() as i32;
        let assign = |(at, member): (i32, &kafka_protocol::messages::join_group_response::JoinGroupResponseMember)| {
            let mine: Vec<i32> = (at..self.partitions).step_by(count as usize).collect();
            SyncGroupRequestAssignment::default()
                .with_member_id(member.member_id.clone())
                .with_assignment(assignment(&self.topic, &mine))
        };
        (0..).zip(&joined.members).map(assign).collect()
    }

    /// Has all of them leave.
    pub fn leave(mut self) {
        let all = self.members.iter().map(|member| MemberIdentity::default().with_member_id(member.id.clone()));
        let request = LeaveGroupRequest::default().with_group_id(self.group.clone()).with_members(all.collect());
        self.members[0].connection.call(5, &request);
    }
}

fn joined(member: &mut Member) -> JoinGroupResponse {
    let (_, response) = member.connection.answer::<JoinGroupRequest>(JOIN).expect("an answer");
    assert_eq!(error_name(response.error_code), "None");
    response
}

/// The consumer protocol's subscription, version 0.
fn subscription(topic: &str) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_i16(0);
    bytes.put_i32(1);
    bytes.put_i16(topic.len() as i16);
    bytes.put_slice(topic.as_bytes());
    bytes.put_i32(-1);
    bytes.freeze()
}

/// The consumer protocol's assignment, version 0.
fn assignment(topic: &str, partitions: &[i32]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_i16(0);
    bytes.put_i32(1);
    bytes.put_i16(topic.len() as i16);
    bytes.put_slice(topic.as_bytes());
    bytes.put_i32(partitions.len() as i32);
    partitions.iter().for_each(|partition| bytes.put_i32(*partition));
    bytes.put_i32(-1);
    bytes.freeze()
}
