//! What a request may say, before anything is changed.

use std::sync::Arc;

use wire::Array;
use wire::ErrorCode;
use wire::messages::consumer_group_heartbeat::{ConsumerGroupHeartbeatRequest, TopicPartitions};

use super::error::ConsumerGroupError;
use super::{ConsumerGroup, JOINS, LEAVES, LEAVES_STATIC, Member};
use crate::Settings;
use crate::records::Partitions;

/// Checks the fields of a heartbeat by themselves.
pub(super) fn check(
    version: i16,
    request: &ConsumerGroupHeartbeatRequest<'_>,
    settings: &Settings,
) -> Result<(), ConsumerGroupError> {
    let epoch = request.member_epoch;
    let named = version >= 1 || epoch > 0 || epoch == LEAVES;
    let joins = epoch == JOINS;
    let has_partitions = request.topic_partitions.as_ref().is_some_and(|partitions| partitions.is_empty());
    let subscribes = request.subscribed_topic_names.is_some() || request.subscribed_topic_regex.is_some();
    let faults = [
        (named && request.member_id.is_empty(), "MemberId can't be empty."),
        (request.group_id.is_empty(), "GroupId can't be empty."),
        (request.instance_id == Some(""), "InstanceId can't be empty."),
        (request.rack_id == Some(""), "RackId can't be empty."),
        (joins && request.rebalance_timeout_ms == -1, "RebalanceTimeoutMs must be provided in first request."),
        (joins && !has_partitions, "TopicPartitions must be empty when (re-)joining."),
        (
            joins && !subscribes,
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        ),
        (epoch == LEAVES_STATIC && request.instance_id.is_none(), "InstanceId can't be null."),
        (epoch < LEAVES_STATIC, "MemberEpoch is invalid."),
    ];
    match faults.iter().find(|(is_fault, _)| *is_fault) {
        Some((_, fault)) => Err(ConsumerGroupError::InvalidRequest(fault)),
        None => check_assignor(request.server_assignor, settings),
    }
}

fn check_assignor(name: Option<&str>, settings: &Settings) -> Result<(), ConsumerGroupError> {
    let known = &settings.consumer.assignors;
    match name {
        Some(name) if !known.iter().any(|known| **known == *name) => {
            Err(ConsumerGroupError::UnsupportedAssignor { name: name.into(), known: known.join(", ") })
        }
        _ => Ok(()),
    }
}

/// Checks the epoch that a member says it is in.
///
/// The previous epoch counts too when the member has nothing that it should not have: the answer that told it of the new one
/// may have been lost.
pub(super) fn check_epoch(
    member: &Member,
    received: i32,
    reported: Option<&Array<'_, TopicPartitions<'_>>>,
) -> Result<(), ConsumerGroupError> {
    let known = member.epoch;
    let than = match received {
        JOINS => return Ok(()),
        _ if received == known => return Ok(()),
        _ if received > known => "greater",
        _ if received == member.previous_epoch && is_within(reported, &member.assigned) => return Ok(()),
        _ => "smaller",
    };
    Err(ConsumerGroupError::FencedEpoch { than, received, known })
}

fn is_within(reported: Option<&Array<'_, TopicPartitions<'_>>>, assigned: &Partitions) -> bool {
    reported.is_some_and(|reported| {
        reported.iter().all(|topic| match assigned.get(&topic.topic_id) {
            Some(assigned) => topic.partitions.iter().all(|partition| assigned.contains(&partition)),
            None => false,
        })
    })
}

impl ConsumerGroup {
    /// The static member of this name, if it is the one that asks.
    pub(super) fn own_static_member(
        &self,
        instance: &str,
        member: &str,
    ) -> Result<(&Arc<str>, &Member), ConsumerGroupError> {
        let unknown = || ConsumerGroupError::UnknownInstance(instance.into());
        let (id, state) = self.static_member(instance).ok_or_else(unknown)?;
        if **id != *member {
            let (member, instance, owner) = (member.into(), instance.into(), Arc::clone(id));
            return Err(ConsumerGroupError::FencedInstance { member, instance, owner });
        }
        Ok((id, state))
    }

    /// Whether a member may commit offsets in this epoch, or generation if it speaks the classic protocol.
    ///
    /// # Errors
    /// It is no member (UNKNOWN_MEMBER_ID), is in another epoch (STALE_MEMBER_EPOCH), in another generation
    /// (ILLEGAL_GENERATION), or cannot tell an epoch from a generation (UNSUPPORTED_VERSION).
    pub(crate) fn validate_offset_commit(&self, member_id: &str, epoch: i32, version: i16) -> Result<(), ErrorCode> {
        // Without members anybody may, as an operator does who resets a group.
        if epoch < 0 && self.members.is_empty() {
            return Ok(());
        }
        let member = self.members.get(member_id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        if member.classic().is_none() && version < 9 {
            return Err(ErrorCode::UNSUPPORTED_VERSION);
        }
        check_same_epoch(member, epoch)
    }

    /// Whether a commit with an older epoch is good for one partition all the same: the member has had it since then
    /// (KIP-1251). To be asked where [`ConsumerGroup::validate_offset_commit`] finds the epoch stale.
    pub(crate) fn accepts_older_commit(
        &self,
        member_id: &str,
        epoch: i32,
        topic: record::TopicId,
        partition: i32,
    ) -> bool {
        let Some(member) = self.members.get(member_id) else { return false };
        let has = |of: &Partitions| of.get(&topic).is_some_and(|of_topic| of_topic.contains(&partition));
        let since = self.owned.get(&topic).and_then(|owned| owned.get(&partition));
        epoch <= member.epoch
            && (has(&member.assigned) || has(&member.pending_revocation))
            && since.is_some_and(|since| *since <= epoch)
    }

    /// Whether a member may fetch offsets in this epoch.
    ///
    /// # Errors
    /// It is no member (UNKNOWN_MEMBER_ID), or in another epoch (STALE_MEMBER_EPOCH, ILLEGAL_GENERATION).
    pub(crate) fn validate_offset_fetch(&self, member_id: &str, epoch: i32) -> Result<(), ErrorCode> {
        check_same_epoch(self.members.get(member_id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?, epoch)
    }
}

fn check_same_epoch(member: &Member, epoch: i32) -> Result<(), ErrorCode> {
    match member.classic() {
        _ if epoch == member.epoch => Ok(()),
        Some(_) => Err(ErrorCode::ILLEGAL_GENERATION),
        None => Err(ErrorCode::STALE_MEMBER_EPOCH),
    }
}
