//! Bytes to records, in every version that Kafka ever wrote.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;
use wire::{Array, Message, Reader};

use super::layout::{
    ClassicMember, ConsumerGroupMetadataValue, CurrentAssignmentValue, GroupAndKey, GroupKey, GroupMember,
    GroupMetadataValue, MemberMetadataValue, OffsetCommitKey, OffsetCommitValue, RegularExpressionValue,
    TargetMemberValue, TargetMetadataValue, TopicPartitions,
};
use super::{
    ClassicMemberMetadata, ConsumerGroupMemberMetadata, ConsumerGroupMetadata, CurrentMemberAssignment, Epochs,
    GroupMetadata, MemberMetadata, OffsetCommit, Partitions, Record, ResolvedRegularExpression,
    TargetAssignmentMetadata,
};

/// Bytes of `__consumer_offsets` that are no record of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The key is not what its kind has.
    #[error("the key of a group's record is malformed: {0}")]
    Key(wire::DecodeError),
    /// The value is not what its kind and version have.
    #[error("the value of a group's record of kind {kind} is malformed: {error}")]
    Value {
        /// The kind.
        kind: i16,
        /// What is wrong.
        error: wire::DecodeError,
    },
    /// The value is of a version that is not known.
    #[error("the value of a group's record of kind {kind} has version {version}, which is not known")]
    Version {
        /// The kind.
        kind: i16,
        /// The version.
        version: i16,
    },
}

impl Record {
    /// The record of a key and a value; without a value it is a tombstone. `None` is a record of a kind that is not kept here,
    /// such as those of share groups. Bytes behind the last field are passed over, as Kafka does.
    ///
    /// # Errors
    /// The bytes are no record, or one of a later version of Kafka.
    pub fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Option<Record>, DecodeError> {
        let mut reader = Reader::new(key);
        let kind = reader.field("kind", 0).map_err(DecodeError::Key)?;
        let key = &mut reader;
        Ok(Some(match kind {
            0 | 1 => offset_commit(key, Value { kind, bytes: value })?,
            2 => {
                let value = Value { kind, bytes: value }.read(4, 4, group_metadata)?;
                Record::GroupMetadata { group: group(key)?, value }
            }
            3 => {
                let read = |value: ConsumerGroupMetadataValue| ConsumerGroupMetadata {
                    epoch: value.epoch,
                    metadata_hash: value.metadata_hash,
                };
                Record::ConsumerGroupMetadata {
                    group: group(key)?,
                    value: Value { kind, bytes: value }.read(0, 0, read)?,
                }
            }
            5 => {
                let (group, member) = group_and(key)?;
                let value = Value { kind, bytes: value }.read(0, 0, member_metadata)?;
                Record::ConsumerGroupMemberMetadata { group, member, value }
            }
            6 => {
                let read = |value: TargetMetadataValue| TargetAssignmentMetadata {
                    assignment_epoch: value.assignment_epoch,
                    assignment_timestamp: value.assignment_timestamp,
                };
                let value = Value { kind, bytes: value }.read(0, 0, read)?;
                Record::ConsumerGroupTargetAssignmentMetadata { group: group(key)?, value }
            }
            7 => {
                let (group, member) = group_and(key)?;
                let read = |value: TargetMemberValue<'_>| partitions(value.topic_partitions);
                let value = Value { kind, bytes: value }.read(0, 0, read)?;
                Record::ConsumerGroupTargetAssignmentMember { group, member, value }
            }
            8 => {
                let (group, member) = group_and(key)?;
                let value = Value { kind, bytes: value }.read(0, 0, current_assignment)?;
                Record::ConsumerGroupCurrentMemberAssignment { group, member, value }
            }
            16 => {
                let (group, regex) = group_and(key)?;
                let value = Value { kind, bytes: value }.read(0, 0, regular_expression)?;
                Record::ConsumerGroupRegularExpression { group, regex, value }
            }
            _ => return Ok(None),
        }))
    }
}

/// A value that is to be read by its kind.
struct Value<'a> {
    kind: i16,
    bytes: Option<&'a [u8]>,
}

impl<'a> Value<'a> {
    /// Reads versions 0 to `newest`, the flexible form from `flexible` on.
    fn read<M: Message<'a>, T>(
        self,
        newest: i16,
        flexible: i16,
        made: impl FnOnce(M) -> T,
    ) -> Result<Option<T>, DecodeError> {
        let kind = self.kind;
        let Some(bytes) = self.bytes else { return Ok(None) };
        let mut reader = Reader::new(bytes);
        let version: i16 = reader.field("version", 0).map_err(|error| DecodeError::Value { kind, error })?;
        if !(0..=newest).contains(&version) {
            return Err(DecodeError::Version { kind, version });
        }
        reader.set_flexible(version >= flexible);
        let message = M::decode(&mut reader, version).map_err(|error| DecodeError::Value { kind, error })?;
        Ok(Some(made(message)))
    }
}

fn group(key: &mut Reader<'_>) -> Result<Arc<str>, DecodeError> {
    GroupKey::decode(key, 0).map(|key| key.group.into()).map_err(DecodeError::Key)
}

fn group_and(key: &mut Reader<'_>) -> Result<(Arc<str>, Arc<str>), DecodeError> {
    GroupAndKey::decode(key, 0).map(|key| (key.group.into(), key.name.into())).map_err(DecodeError::Key)
}

fn offset_commit(key: &mut Reader<'_>, value: Value<'_>) -> Result<Record, DecodeError> {
    let key = OffsetCommitKey::decode(key, 0).map_err(DecodeError::Key)?;
    let read = |value: OffsetCommitValue<'_>| OffsetCommit {
        offset: value.offset,
        leader_epoch: value.leader_epoch,
        metadata: value.metadata.into(),
        commit_timestamp: value.commit_timestamp,
        expire_timestamp: Some(value.expire_timestamp).filter(|at| *at != -1),
        topic_id: value.topic_id,
    };
    let value = value.read(4, 4, read)?;
    Ok(Record::OffsetCommit { group: key.group.into(), topic: key.topic.into(), partition: key.partition, value })
}

fn group_metadata(value: GroupMetadataValue<'_>) -> GroupMetadata {
    GroupMetadata {
        protocol_type: value.protocol_type.into(),
        generation: value.generation,
        protocol: value.protocol.map(Into::into),
        leader: value.leader.map(Into::into),
        current_state_timestamp: value.current_state_timestamp,
        members: value.members.iter().map(group_member).collect(),
    }
}

/// Version 0 knew one timeout for both.
fn group_member(member: GroupMember<'_>) -> MemberMetadata {
    let rebalance_timeout = match member.rebalance_timeout {
        -1 => member.session_timeout,
        timeout => timeout,
    };
    MemberMetadata {
        member_id: member.member_id.into(),
        instance_id: member.group_instance_id.map(Into::into),
        client_id: member.client_id.into(),
        client_host: member.client_host.into(),
        rebalance_timeout,
        session_timeout: member.session_timeout,
        subscription: member.subscription.into(),
        assignment: member.assignment.into(),
    }
}

fn member_metadata(value: MemberMetadataValue<'_>) -> ConsumerGroupMemberMetadata {
    ConsumerGroupMemberMetadata {
        instance_id: value.instance_id.map(Into::into),
        rack_id: value.rack_id.map(Into::into),
        client_id: value.client_id.into(),
        client_host: value.client_host.into(),
        subscribed_topic_names: value.subscribed_topic_names.iter().map(Into::into).collect(),
        subscribed_topic_regex: value.subscribed_topic_regex.map(Into::into),
        rebalance_timeout_ms: value.rebalance_timeout_ms,
        server_assignor: value.server_assignor.map(Into::into),
        classic: value.classic.0.map(classic_member),
    }
}

fn classic_member(classic: ClassicMember<'_>) -> ClassicMemberMetadata {
    let protocols = classic.supported_protocols.iter();
    ClassicMemberMetadata {
        session_timeout_ms: classic.session_timeout_ms,
        supported_protocols: protocols.map(|protocol| (protocol.name.into(), protocol.metadata.into())).collect(),
    }
}

fn current_assignment(value: CurrentAssignmentValue<'_>) -> CurrentMemberAssignment {
    let mut epochs = Epochs::new();
    for topic in value.assigned.iter().chain(value.pending_revocation.iter()).filter(|topic| !topic.epochs.is_empty()) {
        epochs.entry(topic.topic_id).or_default().extend(topic.partitions.iter().zip(topic.epochs.iter()));
    }
    CurrentMemberAssignment {
        epochs,
        member_epoch: value.member_epoch,
        previous_member_epoch: value.previous_member_epoch,
        state: value.state,
        assigned: partitions(value.assigned),
        pending_revocation: partitions(value.pending_revocation),
    }
}

fn regular_expression(value: RegularExpressionValue<'_>) -> ResolvedRegularExpression {
    ResolvedRegularExpression {
        topics: value.topics.iter().map(Into::into).collect(),
        version: value.version,
        timestamp: value.timestamp,
    }
}

fn partitions(topics: Array<'_, TopicPartitions<'_>>) -> Partitions {
    let mut all = Partitions::new();
    for topic in &topics {
        let partitions: &mut BTreeSet<i32> = all.entry(topic.topic_id).or_default();
        partitions.extend(&topic.partitions);
    }
    all
}
