//! What offsets depend on in the group that they belong to.

use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::offset_commit::OffsetCommitRequest;

use crate::shard::Group;
use crate::{Record, Shard, Step};

/// When the offsets of a group expire (KIP-211).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// Not now, the group is about to use them.
    Never,
    /// A retention time after they were committed, unless the group is subscribed to the topic.
    SinceCommit,
    /// A retention time after this, in milliseconds since 1970, or after they were committed if that was later.
    Since(i64),
}

impl Group {
    pub(super) fn state_name(&self) -> &'static str {
        match self {
            Group::Classic(group) => group.state_name(),
            Group::Consumer(group) => group.state_name(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Group::Classic(group) => group.is_empty(),
            Group::Consumer(group) => group.is_empty(),
        }
    }

    pub(super) fn is_subscribed_to(&self, topic: &str) -> bool {
        match self {
            Group::Classic(group) => group.is_subscribed_to(topic),
            Group::Consumer(group) => group.is_subscribed_to(topic),
        }
    }

    /// As ListGroups names it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Group::Classic(_) => "classic",
            Group::Consumer(_) => "consumer",
        }
    }

    /// Empty for a group that only has offsets.
    pub(super) fn protocol_type(&self) -> &str {
        match self {
            Group::Classic(group) => group.protocol_type().map_or("", |protocol_type| protocol_type),
            Group::Consumer(_) => "consumer",
        }
    }

    /// Whether its members' subscriptions can be known, so that the offsets of other topics can be told apart.
    pub(super) fn tells_subscriptions(&self) -> bool {
        self.protocol_type() == "consumer"
    }

    pub(super) fn expiry(&self) -> Expiry {
        match self {
            Group::Consumer(_) => Expiry::SinceCommit,
            Group::Classic(group) if group.protocol_type().is_none() => Expiry::SinceCommit,
            Group::Classic(group) if group.is_empty() => {
                group.current_state_timestamp().map_or(Expiry::SinceCommit, Expiry::Since)
            }
            Group::Classic(_) if self.state_name() == "Stable" && self.tells_subscriptions() => Expiry::SinceCommit,
            Group::Classic(_) => Expiry::Never,
        }
    }

    pub(super) fn validate_offset_fetch(&self, member: Option<(&str, i32)>) -> Result<(), ErrorCode> {
        match (self, member) {
            (Group::Consumer(group), Some((member_id, epoch))) => group.validate_offset_fetch(Some(member_id), epoch),
            _ => Ok(()),
        }
    }

    /// The records that end the group; its offsets are not among them.
    pub(super) fn tombstones(&self, name: &Arc<str>) -> Vec<Record> {
        match self {
            Group::Classic(_) => vec![Record::GroupMetadata { group: Arc::clone(name), value: None }],
            Group::Consumer(group) => group.tombstones(),
        }
    }
}

impl Shard {
    /// Whether the sender may commit, and the group's name, shared if the group is there.
    pub(super) fn validate_offset_commit(
        &mut self,
        step: &mut Step<'_>,
        version: i16,
        request: &OffsetCommitRequest<'_>,
    ) -> Result<Arc<str>, ErrorCode> {
        let (member, generation) = (request.member_id, request.generation_id_or_member_epoch);
        let Some((name, group)) = self.groups.get_key_value(request.group_id) else {
            return match generation {
                // Who has no group management keeps offsets under any name that is free.
                ..0 => Ok(request.group_id.into()),
                _ if version >= 9 => Err(ErrorCode::GROUP_ID_NOT_FOUND),
                _ => Err(ErrorCode::ILLEGAL_GENERATION),
            };
        };
        let name = Arc::clone(name);
        match group {
            Group::Classic(_) => self.commit_in_classic_group(step, &name, member, request.group_instance_id, generation)?,
            Group::Consumer(group) => {
                group.validate_offset_commit(member, request.group_instance_id, generation, version)?;
            }
        }
        Ok(name)
    }
}
