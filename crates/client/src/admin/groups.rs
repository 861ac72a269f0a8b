//! Groups: list, describe, delete, their offsets and members, and what they still have to read.

mod describe;
mod lag;

use std::collections::BTreeMap;

use record::Timestamp;
use wire::messages::delete_groups::{DeleteGroupsRequest, DeleteGroupsResponse};
use wire::messages::explain_group::{ExplainGroupRequest, ExplainGroupResponse};
use wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse};
use wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic, OffsetDeleteResponse,
};

use super::{Admin, Outcomes, TopicPartition};
use crate::group::{Coordinator, Membership, by_topic, commit_offsets, fetch_offsets, partition_outcomes};
use crate::{Broker, CommittedOffset, ErrorCode, Refusal, RequestError};

pub use describe::{GroupDescription, GroupMember};
pub use lag::PartitionLag;

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupListing {
    /// Its id.
    pub group_id: String,
    /// What it is used for, such as `consumer` or `connect`; empty when it has only offsets.
    pub protocol_type: String,
    /// Its state, such as `Stable`; empty when the broker is too old to tell (KIP-518).
    pub state: String,
    /// Its type, such as `Classic` or `Consumer`; empty when the broker is too old to tell (KIP-848).
    pub group_type: String,
}

/// A member that is to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberToRemove {
    /// The static member of this name.
    Instance(String),
    /// The member of this id.
    Member(String),
}

/// Something that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupHappening {
    /// When.
    pub timestamp: Timestamp,
    /// What, and why.
    pub text: String,
}

impl Admin {
    /// The broker that coordinates a group.
    ///
    /// # Errors
    /// There is none at the moment, or no broker answers.
    pub async fn find_coordinator(&self, group: &str) -> Result<Broker, RequestError> {
        let coordinator = self.coordinator(group);
        coordinator.settled().await
    }

    /// All groups in these states and of these types, by name; empty lists are for all. Brokers that are too old leave groups
    /// of other states and types among them.
    ///
    /// # Errors
    /// A broker refused or did not answer.
    pub async fn list_groups(&self, states: &[&str], types: &[&str]) -> Result<Vec<GroupListing>, RequestError> {
        let request = ListGroupsRequest { states_filter: states.into(), types_filter: types.into() };
        let mut groups = Vec::new();
        for broker in self.describe_cluster().await?.brokers {
            // Each broker knows the groups that it coordinates.
            let answer = self.client.broker(broker.id).await?.call(&request).await?;
            let response = answer.read::<ListGroupsResponse<'_>>()?;
            Refusal::check(response.error_code, || format!("the groups of broker {}", broker.id))?;
            groups.extend(response.groups.iter().map(|group| GroupListing {
                group_id: group.group_id.to_owned(),
                protocol_type: group.protocol_type.to_owned(),
                state: group.group_state.to_owned(),
                group_type: group.group_type.to_owned(),
            }));
        }
        groups.sort();
        groups.dedup();
        Ok(groups)
    }

    /// Deletes groups without members, with all their offsets, each for itself.
    ///
    /// # Errors
    /// Each group has its own: the broker refused, or did not answer; then it may have been deleted.
    pub async fn delete_groups(&self, groups: &[&str]) -> Vec<(String, Result<(), RequestError>)> {
        let mut outcomes = Vec::new();
        for &group in groups {
            let coordinator = self.coordinator(group);
            let request = DeleteGroupsRequest { groups_names: vec![group].into() };
            let read = |answer: &crate::connection::Answer| {
                let response = answer.read::<DeleteGroupsResponse<'_>>()?;
                let of_group = response.results.iter().find(|result| result.group_id == group);
                let code = of_group.map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |result| result.error_code);
                Ok(Refusal::check(code, || coordinator.subject())?)
            };
            // A group that a try without an answer has deleted is not there any more.
            let done = |error: &RequestError| (error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND)).then_some(());
            outcomes.push((group.to_owned(), coordinator.ask_or_know(i16::MAX, &request, read, done).await));
        }
        outcomes
    }

    /// What a group has committed: of these partitions, or of all. Those it has not are left out.
    ///
    /// # Errors
    /// The broker refused or did not answer.
    pub async fn group_offsets(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Outcomes<TopicPartition, CommittedOffset>, RequestError> {
        fetch_offsets(&self.coordinator(group), partitions).await
    }

    /// Commits offsets for a group that has no members at present; one that is not there is created. Partitions are dealt with
    /// each for itself.
    ///
    /// # Errors
    /// The broker refused, as it does with UNKNOWN_MEMBER_ID while the group has members, or did not answer; then they may
    /// have been stored.
    pub async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<TopicPartition, CommittedOffset>,
    ) -> Result<Outcomes<TopicPartition, ()>, RequestError> {
        commit_offsets(&self.coordinator(group), &Membership::nobody(), offsets).await
    }

    /// Forgets what a group has committed of partitions whose topics no member reads (KIP-496), each for itself.
    ///
    /// # Errors
    /// The broker refused or did not answer; then some may have been forgotten.
    pub async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<Outcomes<TopicPartition, ()>, RequestError> {
        let coordinator = self.coordinator(group);
        let numbered = |(name, partitions): (_, Vec<i32>)| {
            let partition = |partition_index| OffsetDeleteRequestPartition { partition_index };
            (name, partitions.into_iter().map(partition).collect())
        };
        let topics: Vec<(&str, Vec<_>)> = by_topic(partitions).into_iter().map(numbered).collect();
        let request = OffsetDeleteRequest {
            group_id: group,
            topics: topics
                .iter()
                .map(|(name, partitions)| OffsetDeleteRequestTopic { name, partitions: partitions.as_slice().into() })
                .collect(),
        };
        let read = |answer: &crate::connection::Answer| {
            let response = answer.read::<OffsetDeleteResponse<'_>>()?;
            Refusal::check(response.error_code, || coordinator.subject())?;
            let mut outcomes = Vec::new();
            for topic in response.topics.iter() {
                let results = topic.partitions.iter().map(|result| (result.partition_index, result.error_code));
                outcomes.extend(partition_outcomes(topic.name, results));
            }
            Ok(outcomes)
        };
        coordinator.ask(i16::MAX, &request, read).await
    }

    /// Takes members out of a group, each for itself. Dynamic ones that live join again.
    ///
    /// # Errors
    /// The broker refused or did not answer; then some may have been removed.
    pub async fn remove_members(
        &self,
        group: &str,
        members: &[MemberToRemove],
        reason: &str,
    ) -> Result<Outcomes<MemberToRemove, ()>, RequestError> {
        let coordinator = self.coordinator(group);
        let identity = |member: &'_ MemberToRemove| match member.clone() {
            MemberToRemove::Instance(instance) => (String::new(), Some(instance)),
            MemberToRemove::Member(id) => (id, None),
        };
        let named: Vec<(String, Option<String>)> = members.iter().map(identity).collect();
        let identities = named.iter().map(|(member_id, instance)| MemberIdentity {
            member_id,
            group_instance_id: instance.as_deref(),
            reason: Some(reason),
        });
        let request = LeaveGroupRequest { group_id: group, member_id: "", members: identities.collect() };
        let read = |answer: &crate::connection::Answer| {
            let response = answer.read::<LeaveGroupResponse<'_>>()?;
            Refusal::check(response.error_code, || coordinator.subject())?;
            let told: Vec<_> = response.members.iter().map(|member| member.error_code).collect();
            // Answers come in the order of the request.
            let outcome = |(member, code): (&MemberToRemove, wire::ErrorCode)| {
                (member.clone(), Refusal::check(code, || format!("a member of {}", coordinator.subject())))
            };
            Ok(members.iter().zip(told).map(outcome).collect())
        };
        coordinator.ask(i16::MAX, &request, read).await
    }

    /// What has happened to a group, the oldest first. Only Ottla knows; it remembers so much and since it started.
    ///
    /// # Errors
    /// The broker refused, does not know how to, or did not answer.
    pub async fn explain_group(&self, group: &str) -> Result<Vec<GroupHappening>, RequestError> {
        let broker = self.find_coordinator(group).await?;
        // A broker that knows nothing of the request closes the connection, which then is nobody else's.
        let connection = self.client.open(&broker.address).await?;
        let answer = connection.call_unlisted(&ExplainGroupRequest { group_id: group }).await?;
        let response = answer.read::<ExplainGroupResponse<'_>>()?;
        Refusal::check(response.error_code, || format!("group `{group}`"))?;
        let happening = |event: wire::messages::explain_group::ExplainGroupEntry<'_>| GroupHappening {
            timestamp: Timestamp(event.timestamp),
            text: event.text.to_owned(),
        };
        Ok(response.entries.iter().map(happening).collect())
    }

    fn coordinator(&self, group: &str) -> Coordinator {
        Coordinator::new(self.client.clone(), group)
    }
}

/// Sets what was refused apart from what was not answered.
fn refused<T>(outcome: Result<T, RequestError>) -> Result<Result<T, Refusal>, RequestError> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(RequestError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error),
    }
}
