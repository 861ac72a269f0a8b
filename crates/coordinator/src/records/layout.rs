//! The fields of Kafka's records, in the order and the versions that they are written in.
//!
//! Keys have one version each. Values have many for the records of classic groups, one for those of KIP-848.

use record::Uuid;
use wire::{Array, DecodeError, Field, Message, Reader, Writer};

/// Kind 0 and 1.
#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct OffsetCommitKey<'a> {
    pub group: &'a str,
    pub topic: &'a str,
    pub partition: i32,
}

/// Kinds 2, 3 and 6.
#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct GroupKey<'a> {
    pub group: &'a str,
}

/// Kinds 5, 7 and 8: the member; kind 16: the expression.
#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct GroupAndKey<'a> {
    pub group: &'a str,
    pub name: &'a str,
}

/// Versions 0 to 4; flexible from 4.
#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct OffsetCommitValue<'a> {
    pub offset: i64,
    #[kafka(versions = 3.., default = -1)]
    pub leader_epoch: i32,
    pub metadata: &'a str,
    pub commit_timestamp: i64,
    #[kafka(versions = 1..=1, default = -1)]
    pub expire_timestamp: i64,
    #[kafka(versions = 4.., tag = 0)]
    pub topic_id: Uuid,
}

/// Versions 0 to 4; flexible from 4.
#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct GroupMetadataValue<'a> {
    pub protocol_type: &'a str,
    pub generation: i32,
    pub protocol: Option<&'a str>,
    pub leader: Option<&'a str>,
    #[kafka(versions = 2.., default = -1)]
    pub current_state_timestamp: i64,
    pub members: Array<'a, GroupMember<'a>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct GroupMember<'a> {
    pub member_id: &'a str,
    #[kafka(versions = 3..)]
    pub group_instance_id: Option<&'a str>,
    pub client_id: &'a str,
    pub client_host: &'a str,
    #[kafka(versions = 1.., default = -1)]
    pub rebalance_timeout: i32,
    pub session_timeout: i32,
    pub subscription: &'a [u8],
    pub assignment: &'a [u8],
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct ConsumerGroupMetadataValue {
    pub epoch: i32,
    #[kafka(tag = 0)]
    pub metadata_hash: i64,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct MemberMetadataValue<'a> {
    pub instance_id: Option<&'a str>,
    pub rack_id: Option<&'a str>,
    pub client_id: &'a str,
    pub client_host: &'a str,
    pub subscribed_topic_names: Array<'a, &'a str>,
    pub subscribed_topic_regex: Option<&'a str>,
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    pub server_assignor: Option<&'a str>,
    #[kafka(tag = 0)]
    pub classic: Classic<'a>,
}

/// What a tag without a default of null makes of a nullable struct: null is said by a byte of 0, and where the tag is missing the
/// struct is there with its defaults.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classic<'a>(pub Option<ClassicMember<'a>>);

impl Default for Classic<'_> {
    fn default() -> Self {
        Classic(Some(ClassicMember::default()))
    }
}

impl<'a> Field<'a> for Classic<'a> {
    fn read(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        match r.unsigned_varint()? {
            0 => Ok(Classic(None)),
            _ => ClassicMember::decode(r, version).map(|member| Classic(Some(member))),
        }
    }

    fn write(&self, w: &mut Writer<'_>, version: i16) {
        w.unsigned_varint(u32::from(self.0.is_some()));
        if let Some(member) = &self.0 {
            member.encode(w, version);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct ClassicMember<'a> {
    pub session_timeout_ms: i32,
    pub supported_protocols: Array<'a, ClassicProtocol<'a>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct ClassicProtocol<'a> {
    pub name: &'a str,
    pub metadata: &'a [u8],
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct TargetMetadataValue {
    pub assignment_epoch: i32,
    #[kafka(tag = 0)]
    pub assignment_timestamp: i64,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct TargetMemberValue<'a> {
    pub topic_partitions: Array<'a, TopicPartitions<'a>>,
}

/// The epochs are in the order of the partitions, or there are none (KIP-1251).
#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct TopicPartitions<'a> {
    pub topic_id: Uuid,
    pub partitions: Array<'a, i32>,
    #[kafka(tag = 0)]
    pub epochs: Array<'a, i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct CurrentAssignmentValue<'a> {
    pub member_epoch: i32,
    pub previous_member_epoch: i32,
    pub state: i8,
    pub assigned: Array<'a, TopicPartitions<'a>>,
    pub pending_revocation: Array<'a, TopicPartitions<'a>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub(super) struct RegularExpressionValue<'a> {
    pub topics: Array<'a, &'a str>,
    pub version: i64,
    pub timestamp: i64,
}
