//! Records to bytes, in the versions that Kafka 4.3 writes.

use std::sync::Arc;

use wire::{Message, Writer};

use super::layout::{
    Classic, ClassicMember, ClassicProtocol, ConsumerGroupMetadataValue, CurrentAssignmentValue, GroupAndKey, GroupKey,
    GroupMember, GroupMetadataValue, MemberMetadataValue, OffsetCommitKey, OffsetCommitValue, RegularExpressionValue,
    TargetMemberValue, TargetMetadataValue, TopicPartitions,
};
use super::{ConsumerGroupMemberMetadata, Epochs, GroupMetadata, MemberMetadata, OffsetCommit, Partitions, Record};

/// A record as it is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedRecord {
    /// Kind and name.
    pub key: Vec<u8>,
    /// Version and fields, or none for a tombstone.
    pub value: Option<Vec<u8>>,
}

/// What a batch of one record has beside the key and the value, in bytes, at most.
pub(crate) const BATCH_OVERHEAD: usize = 100;

impl Record {
    /// How large a batch with this record alone is at most, in bytes.
    pub(crate) fn batch_bytes(&self) -> usize {
        let encoded = self.encode();
        BATCH_OVERHEAD + encoded.key.len() + encoded.value.map_or(0, |value| value.len())
    }

    /// The bytes of the record.
    ///
    /// # Panics
    /// If a name or other text is longer than 32,767 bytes, which no request can hold.
    pub fn encode(&self) -> EncodedRecord {
        match self {
            Record::OffsetCommit { group, topic, partition, value } => {
                let key = OffsetCommitKey { group, topic, partition: *partition };
                record(1, &key, value.as_ref().map(offset_commit))
            }
            Record::GroupMetadata { group, value } => {
                record(2, &GroupKey { group }, value.as_ref().map(group_metadata))
            }
            Record::ConsumerGroupMetadata { group, value } => {
                let value = value.as_ref().map(|value| {
                    let (epoch, metadata_hash) = (value.epoch, value.metadata_hash);
                    flexible(0, &ConsumerGroupMetadataValue { epoch, metadata_hash })
                });
                record(3, &GroupKey { group }, value)
            }
            Record::ConsumerGroupMemberMetadata { group, member, value } => {
                record(5, &named(group, member), value.as_ref().map(member_metadata))
            }
            Record::ConsumerGroupTargetAssignmentMetadata { group, value } => {
                let value = value.as_ref().map(|value| {
                    let (assignment_epoch, assignment_timestamp) = (value.assignment_epoch, value.assignment_timestamp);
                    flexible(0, &TargetMetadataValue { assignment_epoch, assignment_timestamp })
                });
                record(6, &GroupKey { group }, value)
            }
            Record::ConsumerGroupTargetAssignmentMember { group, member, value } => {
                let value = value.as_ref().map(|value| {
                    flexible(0, &TargetMemberValue { topic_partitions: topic_partitions(value, &Epochs::new()).into() })
                });
                record(7, &named(group, member), value)
            }
            Record::ConsumerGroupCurrentMemberAssignment { group, member, value } => {
                let value = value.as_ref().map(|value| {
                    let value = CurrentAssignmentValue {
                        member_epoch: value.member_epoch,
                        previous_member_epoch: value.previous_member_epoch,
                        state: value.state,
                        assigned: topic_partitions(&value.assigned, &value.epochs).into(),
                        pending_revocation: topic_partitions(&value.pending_revocation, &value.epochs).into(),
                    };
                    flexible(0, &value)
                });
                record(8, &named(group, member), value)
            }
            Record::ConsumerGroupRegularExpression { group, regex, value } => {
                let value = value.as_ref().map(|value| {
                    let topics = value.topics.iter().map(|topic| &**topic).collect();
                    let (version, timestamp) = (value.version, value.timestamp);
                    flexible(0, &RegularExpressionValue { topics, version, timestamp })
                });
                record(16, &named(group, regex), value)
            }
        }
    }
}

fn record<'a>(kind: i16, key: &impl Message<'a>, value: Option<Vec<u8>>) -> EncodedRecord {
    EncodedRecord { key: bytes(kind, key, kind, false), value }
}

fn named<'a>(group: &'a Arc<str>, name: &'a Arc<str>) -> GroupAndKey<'a> {
    GroupAndKey { group, name }
}

fn flexible<'a>(version: i16, message: &impl Message<'a>) -> Vec<u8> {
    bytes(version, message, version, true)
}

fn bytes<'a>(head: i16, message: &impl Message<'a>, version: i16, flexible: bool) -> Vec<u8> {
    let (mut out, mut cuts) = (Vec::with_capacity(64), Vec::new());
    let mut writer = Writer::new(&mut out, &mut cuts);
    writer.raw(&head.to_be_bytes());
    writer.set_flexible(flexible);
    message.encode(&mut writer, version);
    out
}

/// Version 1 alone has a time to forget the offset at; it has neither leader epoch nor topic id.
fn offset_commit(value: &OffsetCommit) -> Vec<u8> {
    let layout = OffsetCommitValue {
        offset: value.offset,
        leader_epoch: value.leader_epoch,
        metadata: &value.metadata,
        commit_timestamp: value.commit_timestamp,
        expire_timestamp: value.expire_timestamp.unwrap_or(-1),
        topic_id: value.topic_id,
    };
    match value.expire_timestamp {
        Some(_) => bytes(1, &layout, 1, false),
        None => flexible(4, &layout),
    }
}

fn group_metadata(value: &GroupMetadata) -> Vec<u8> {
    let layout = GroupMetadataValue {
        protocol_type: &value.protocol_type,
        generation: value.generation,
        protocol: value.protocol.as_deref(),
        leader: value.leader.as_deref(),
        current_state_timestamp: value.current_state_timestamp,
        members: value.members.iter().map(group_member).collect(),
    };
    bytes(3, &layout, 3, false)
}

fn group_member(member: &MemberMetadata) -> GroupMember<'_> {
    GroupMember {
        member_id: &member.member_id,
        group_instance_id: member.instance_id.as_deref(),
        client_id: &member.client_id,
        client_host: &member.client_host,
        rebalance_timeout: member.rebalance_timeout,
        session_timeout: member.session_timeout,
        subscription: &member.subscription,
        assignment: &member.assignment,
    }
}

fn member_metadata(value: &ConsumerGroupMemberMetadata) -> Vec<u8> {
    let classic = value.classic.as_ref().map(|classic| ClassicMember {
        session_timeout_ms: classic.session_timeout_ms,
        supported_protocols: classic
            .supported_protocols
            .iter()
            .map(|(name, metadata)| ClassicProtocol { name, metadata })
            .collect(),
    });
    let layout = MemberMetadataValue {
        instance_id: value.instance_id.as_deref(),
        rack_id: value.rack_id.as_deref(),
        client_id: &value.client_id,
        client_host: &value.client_host,
        subscribed_topic_names: value.subscribed_topic_names.iter().map(|name| &**name).collect(),
        subscribed_topic_regex: value.subscribed_topic_regex.as_deref(),
        rebalance_timeout_ms: value.rebalance_timeout_ms,
        server_assignor: value.server_assignor.as_deref(),
        classic: Classic(classic),
    };
    flexible(0, &layout)
}

fn topic_partitions(partitions: &Partitions, epochs: &Epochs) -> Vec<TopicPartitions<'static>> {
    let topic = |(topic_id, partitions): (&_, &std::collections::BTreeSet<i32>)| {
        let epoch = |partition| epochs.get(topic_id)?.get(partition).copied();
        let epochs: Option<Vec<i32>> = partitions.iter().map(epoch).collect();
        TopicPartitions {
            topic_id: *topic_id,
            partitions: partitions.iter().copied().collect(),
            epochs: epochs.unwrap_or_default().into(),
        }
    };
    partitions.iter().map(topic).collect()
}
