//! Members of a consumer group (KIP-848), each with a connection; all are driven by one thread, wave by wave.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use kafka_protocol::messages::consumer_group_heartbeat_request::TopicPartitions;
use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, GroupId};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::classic::{find_coordinator, text};
use crate::calls::topic_name;
use crate::harness::PATIENCE;
use crate::raw::{Connection, error_name, framed};
use crate::target::Target;

const HEARTBEAT: i16 = 1;

struct Member {
    connection: Connection,
    id: StrBytes,
    epoch: i32,
    /// What it has, as it was told last.
    owned: Vec<(Uuid, Vec<i32>)>,
    /// It has something to confirm.
    is_told: bool,
}

/// A group whose members have all that they shall have.
pub struct ConsumerMembers {
    group: GroupId,
    topic: String,
    partitions: usize,
    members: Vec<Member>,
}

impl ConsumerMembers {
    /// Has so many members join a new group.
    pub fn join(target: &Target, group: &str, topic: &str, count: usize, partitions: i32) -> ConsumerMembers {
        find_coordinator(&mut Connection::to(&target.address), group);
        let open = |at| Member {
            connection: Connection::to(&target.address),
            id: text(&format!("member-{at}")),
            epoch: 0,
            owned: Vec::new(),
            is_told: true,
        };
        let mut members = ConsumerMembers {
            group: GroupId(text(group)),
            topic: topic.to_owned(),
            partitions: partitions as usize,
            members: (0..count).map(open).collect(),
        };
        members.converge();
        members
    }

    /// Times so many rebalances: one member leaves, or comes back, until all have what they shall have.
    pub fn rebalance(&mut self, rounds: usize) -> Vec<Duration> {
        let mut times = Vec::new();
        while times.len() < rounds && self.members.len() > 1 {
            let begin = Instant::now();
            let mut member = self.members.pop().expect("there are members");
            leave(&self.group, &mut member);
            self.converge();
            times.push(begin.elapsed());
            (member.epoch, member.is_told) = (0, true);
            member.owned.clear();
            let begin = Instant::now();
            self.members.push(member);
            self.converge();
            times.push(begin.elapsed());
        }
        times
    }

    /// Has all of them leave.
    pub fn leave(mut self) {
        self.members.iter_mut().for_each(|member| leave(&self.group, member));
    }

    /// Sends so many heartbeats that have nothing to say, one of each member in a wave.
    pub fn heartbeats(&mut self, count: usize) {
        let mut sent = 0;
        while sent < count {
            for member in &mut self.members {
                let request = ConsumerGroupHeartbeatRequest::default()
                    .with_group_id(self.group.clone())
                    .with_member_id(member.id.clone())
                    .with_member_epoch(member.epoch)
                    .with_rebalance_timeout_ms(-1)
                    .with_subscribed_topic_names(None)
                    .with_topic_partitions(None);
                member.connection.send(&framed(HEARTBEAT, 1, &request)).expect("the broker takes it");
                sent += 1;
            }
            for member in &mut self.members {
                let (_, response) =
                    member.connection.answer::<ConsumerGroupHeartbeatRequest>(HEARTBEAT).expect("an answer");
                assert_eq!(error_name(response.error_code), "None");
            }
        }
    }

    /// Heartbeats, wave by wave, until all partitions are owned and all members are in one epoch.
    fn converge(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            for member in &mut self.members {
                let request = report(&self.group, &self.topic, member);
                member.connection.send(&framed(HEARTBEAT, 1, &request)).expect("the broker takes it");
                member.is_told = false;
            }
            self.members.iter_mut().for_each(take);
            if self.has_converged() {
                return;
            }
            assert!(Instant::now() < deadline, "the group does not come to rest");
        }
    }

    fn has_converged(&self) -> bool {
        let epoch = self.members[0].epoch;
        let is_settled = |member: &Member| member.epoch == epoch && !member.is_told;
        if !self.members.iter().all(is_settled) {
            return false;
        }
        let owned = || self.members.iter().flat_map(|member| &member.owned).flat_map(|(_, partitions)| partitions);
        owned().count() == self.partitions && owned().collect::<HashSet<_>>().len() == self.partitions
    }
}

fn report(group: &GroupId, topic: &str, member: &Member) -> ConsumerGroupHeartbeatRequest {
    let owned = || {
        let owned = |(topic_id, partitions): &(Uuid, Vec<i32>)| {
            TopicPartitions::default().with_topic_id(*topic_id).with_partitions(partitions.clone())
        };
        member.owned.iter().map(owned).collect()
    };
    let joins = member.epoch == 0;
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group.clone())
        .with_member_id(member.id.clone())
        .with_member_epoch(member.epoch)
        .with_rebalance_timeout_ms(if joins { 300_000 } else { -1 })
        .with_subscribed_topic_names(joins.then(|| vec![topic_name(topic)]))
        .with_topic_partitions((joins || member.is_told).then(owned))
}

fn take(member: &mut Member) {
    let response: ConsumerGroupHeartbeatResponse =
        member.connection.answer::<ConsumerGroupHeartbeatRequest>(HEARTBEAT).expect("an answer").1;
    assert_eq!(error_name(response.error_code), "None", "{:?}", response.error_message);
    member.epoch = response.member_epoch;
    if let Some(assignment) = response.assignment {
        member.owned =
            assignment.topic_partitions.into_iter().map(|topic| (topic.topic_id, topic.partitions)).collect();
        member.is_told = true;
    }
}

fn leave(group: &GroupId, member: &mut Member) {
    let request = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group.clone())
        .with_member_id(member.id.clone())
        .with_member_epoch(-1)
        .with_rebalance_timeout_ms(-1)
        .with_subscribed_topic_names(None)
        .with_topic_partitions(None);
    let response = member.connection.call(HEARTBEAT, &request);
    assert_eq!(error_name(response.error_code), "None");
}
