//! Describing groups, of both protocols.

use record::{PartitionIndex, TopicId};
use wire::ErrorCode;
use wire::messages::consumer_group_describe::{
    Assignment, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribedGroup as ConsumerGroup, Member,
};
use wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};

use super::{Admin, Outcomes, TopicPartition, refused};
use crate::group::{Coordinator, assigned_in, subscribed_in};
use crate::{Broker, CallError, Refusal, RequestError};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its id.
    pub group_id: String,
    /// The broker that coordinates it.
    pub coordinator: Broker,
    /// Whether it is a group of the consumer protocol (KIP-848).
    pub is_consumer_group: bool,
    /// What it is used for, such as `consumer` or `connect`; empty when it has only offsets.
    pub protocol_type: String,
    /// Its state, such as `Stable`.
    pub state: String,
    /// How partitions are assigned; empty when that is not decided.
    pub assignor: String,
    /// How often its members or subscriptions have changed; `None` in a classic group.
    pub epoch: Option<i32>,
    /// The epoch that the target assignment was made for; `None` in a classic group.
    pub assignment_epoch: Option<i32>,
    /// Its members.
    pub members: Vec<GroupMember>,
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMember {
    /// Its id.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub instance_id: Option<String>,
    /// Its rack.
    pub rack: Option<String>,
    /// The client id that it joined with.
    pub client_id: String,
    /// Where it joined from.
    pub host: String,
    /// Its epoch; `None` in a classic group.
    pub epoch: Option<i32>,
    /// The topics that it subscribes to, as far as they can be known.
    pub topics: Vec<String>,
    /// The pattern that it subscribes to.
    pub pattern: Option<String>,
    /// What it reads; empty when the group is not one of consumers.
    pub assigned: Vec<TopicPartition>,
    /// What it is to read; `None` in a classic group.
    pub target: Option<Vec<TopicPartition>>,
    /// Whether it speaks the classic protocol; `None` when the broker does not say.
    pub is_classic: Option<bool>,
}

impl Admin {
    /// Describes groups, each for itself.
    ///
    /// # Errors
    /// A broker did not answer.
    pub async fn describe_groups(&self, groups: &[&str]) -> Result<Outcomes<String, GroupDescription>, RequestError> {
        let mut outcomes = Vec::new();
        for &group in groups {
            let described = match self.describe_consumer_group(group).await {
                // It is a classic one, or the broker knows no others.
                Err(RequestError::Refused(refusal))
                    if matches!(refusal.code, ErrorCode::GROUP_ID_NOT_FOUND | ErrorCode::UNSUPPORTED_VERSION) =>
                {
                    self.describe_classic_group(group).await
                }
                Err(RequestError::Call(CallError::Unsupported { .. })) => self.describe_classic_group(group).await,
                described => described,
            };
            outcomes.push((group.to_owned(), refused(described)?));
        }
        Ok(outcomes)
    }

    async fn describe_consumer_group(&self, group: &str) -> Result<GroupDescription, RequestError> {
        let coordinator = self.coordinator(group);
        let at = coordinator.settled().await?;
        let request =
            ConsumerGroupDescribeRequest { group_ids: vec![group].into(), include_authorized_operations: false };
        let read = |answer: &crate::connection::Answer| {
            let response = answer.read::<ConsumerGroupDescribeResponse<'_>>()?;
            let described = response.groups.iter().next().ok_or_else(|| no_answer(&coordinator))?;
            Refusal::check_with(described.error_code, described.error_message, || coordinator.subject())?;
            Ok(consumer_group(&described, at.clone()))
        };
        coordinator.ask(i16::MAX, &request, read).await
    }

    async fn describe_classic_group(&self, group: &str) -> Result<GroupDescription, RequestError> {
        let coordinator = self.coordinator(group);
        let at = coordinator.settled().await?;
        let request = DescribeGroupsRequest { groups: vec![group].into(), include_authorized_operations: false };
        let read = |answer: &crate::connection::Answer| {
            let response = answer.read::<DescribeGroupsResponse<'_>>()?;
            let described = response.groups.iter().next().ok_or_else(|| no_answer(&coordinator))?;
            // Before version 6 a group that is not there is dead.
            let is_dead = described.group_state == "Dead" && described.error_code.is_none();
            let code = if is_dead { ErrorCode::GROUP_ID_NOT_FOUND } else { described.error_code };
            Refusal::check_with(code, described.error_message, || coordinator.subject())?;
            Ok(classic_group(&described, at.clone()))
        };
        coordinator.ask(i16::MAX, &request, read).await
    }
}

fn no_answer(coordinator: &Coordinator) -> Refusal {
    Refusal { subject: coordinator.subject(), code: ErrorCode::UNKNOWN_SERVER_ERROR, message: None }
}

fn consumer_group(group: &ConsumerGroup<'_>, coordinator: Broker) -> GroupDescription {
    GroupDescription {
        group_id: group.group_id.to_owned(),
        coordinator,
        is_consumer_group: true,
        protocol_type: "consumer".to_owned(),
        state: group.group_state.to_owned(),
        assignor: group.assignor_name.to_owned(),
        epoch: Some(group.group_epoch),
        assignment_epoch: Some(group.assignment_epoch),
        members: group.members.iter().map(|member| consumer_member(&member)).collect(),
    }
}

fn consumer_member(member: &Member<'_>) -> GroupMember {
    GroupMember {
        member_id: member.member_id.to_owned(),
        instance_id: member.instance_id.map(str::to_owned),
        rack: member.rack_id.map(str::to_owned),
        client_id: member.client_id.to_owned(),
        host: member.client_host.to_owned(),
        epoch: Some(member.member_epoch),
        topics: member.subscribed_topic_names.iter().map(str::to_owned).collect(),
        pattern: member.subscribed_topic_regex.filter(|pattern| !pattern.is_empty()).map(str::to_owned),
        assigned: partitions(&member.assignment),
        target: Some(partitions(&member.target_assignment)),
        is_classic: (member.member_type >= 0).then_some(member.member_type == 0),
    }
}

fn partitions(assignment: &Assignment<'_>) -> Vec<TopicPartition> {
    let mut partitions = Vec::new();
    for topic in assignment.topic_partitions.iter() {
        let named = |partition| TopicPartition {
            topic: name_of(topic.topic_name, topic.topic_id),
            partition: PartitionIndex(partition),
        };
        partitions.extend(topic.partitions.iter().map(named));
    }
    partitions.sort();
    partitions
}

/// A topic that was deleted has only its id left.
fn name_of(name: &str, id: TopicId) -> String {
    if name.is_empty() { id.to_string() } else { name.to_owned() }
}

fn classic_group(group: &DescribedGroup<'_>, coordinator: Broker) -> GroupDescription {
    GroupDescription {
        group_id: group.group_id.to_owned(),
        coordinator,
        is_consumer_group: false,
        protocol_type: group.protocol_type.to_owned(),
        state: group.group_state.to_owned(),
        assignor: group.protocol_data.to_owned(),
        epoch: None,
        assignment_epoch: None,
        members: group.members.iter().map(|member| classic_member(&member, group.protocol_type)).collect(),
    }
}

fn classic_member(member: &DescribedGroupMember<'_>, protocol_type: &str) -> GroupMember {
    // The blobs of other kinds of groups are their own business.
    let is_consumer = protocol_type == "consumer";
    GroupMember {
        member_id: member.member_id.to_owned(),
        instance_id: member.group_instance_id.map(str::to_owned),
        client_id: member.client_id.to_owned(),
        host: member.client_host.to_owned(),
        topics: if is_consumer { subscribed_in(member.member_metadata) } else { Vec::new() },
        assigned: if is_consumer { assigned_in(member.member_assignment) } else { Vec::new() },
        ..GroupMember::default()
    }
}
