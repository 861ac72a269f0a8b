//! Classic groups: the broker gathers the members, one of them assigns.

use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use crate::records::GroupMetadata;
use crate::shard::Group;
use crate::{Client, Record, Shard, Step, Ticket};

/// A classic group.
#[derive(Default)]
pub(crate) struct ClassicGroup {
    metadata: Option<GroupMetadata>,
}

impl ClassicGroup {
    pub(crate) fn simple() -> ClassicGroup {
        ClassicGroup::default()
    }

    pub(crate) fn state_name(&self) -> &'static str {
        if self.is_empty() { "Empty" } else { "Stable" }
    }

    pub(crate) fn protocol_type(&self) -> Option<&Arc<str>> {
        self.metadata.as_ref().map(|group| &group.protocol_type).filter(|protocol_type| !protocol_type.is_empty())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.metadata.as_ref().is_none_or(|group| group.members.is_empty())
    }

    pub(crate) fn current_state_timestamp(&self) -> Option<i64> {
        self.metadata.as_ref().map(|group| group.current_state_timestamp).filter(|since| *since >= 0)
    }

    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        let contains = |bytes: &[u8]| bytes.windows(topic.len()).any(|window| window == topic.as_bytes());
        let members = self.metadata.as_ref().map(|group| &group.members).into_iter().flatten();
        self.protocol_type().is_some_and(|protocol_type| **protocol_type == *"consumer")
            && members.into_iter().any(|member| contains(&member.subscription))
    }
}

/// To LeaveGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveAnswer {
    /// Why not, or none.
    pub error: ErrorCode,
    /// One result for each member that was named.
    pub members: Vec<LeftMember>,
}

/// What became of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftMember {
    /// Its id.
    pub member_id: Arc<str>,
    /// Its name over restarts.
    pub instance_id: Option<Arc<str>>,
    /// Why not, or none.
    pub error: ErrorCode,
}

/// A group as DescribeGroups tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedGroup {
    /// Why not, or none.
    pub error: ErrorCode,
    /// What of (KIP-1043, v6).
    pub error_message: Option<Box<str>>,
    /// Its state; `Dead` when there is no such group.
    pub state: &'static str,
    /// Its protocol type; empty without.
    pub protocol_type: Arc<str>,
    /// Its protocol; empty without.
    pub protocol: Arc<str>,
    /// Its members.
    pub members: Vec<DescribedMember>,
}

/// A member as DescribeGroups tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedMember {
    /// Its id.
    pub member_id: Arc<str>,
    /// Its name over restarts.
    pub instance_id: Option<Arc<str>>,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// Its address.
    pub client_host: Arc<str>,
    /// What it said of itself for the protocol.
    pub metadata: Arc<[u8]>,
    /// What it was given.
    pub assignment: Arc<[u8]>,
}

impl Shard {
    /// JoinGroup; answered by [`crate::Answer::Join`], often later.
    pub fn join_group(
        &mut self,
        _step: &mut Step<'_>,
        _ticket: Ticket,
        _client: Client<'_>,
        _version: i16,
        _request: &JoinGroupRequest<'_>,
    ) {
        todo!()
    }

    /// SyncGroup; answered by [`crate::Answer::Sync`], often later.
    pub fn sync_group(
        &mut self,
        _step: &mut Step<'_>,
        _ticket: Ticket,
        _version: i16,
        _request: &SyncGroupRequest<'_>,
    ) {
        todo!()
    }

    /// Heartbeat.
    pub fn heartbeat(&mut self, _step: &mut Step<'_>, _request: &HeartbeatRequest<'_>) -> ErrorCode {
        todo!()
    }

    /// LeaveGroup.
    pub fn leave_group(
        &mut self,
        _step: &mut Step<'_>,
        _version: i16,
        _request: &LeaveGroupRequest<'_>,
    ) -> LeaveAnswer {
        todo!()
    }

    /// DescribeGroups, of one group.
    pub fn describe_group(&self, _version: i16, _group: &str) -> DescribedGroup {
        todo!()
    }

    /// OffsetCommit of a member; it counts as a heartbeat.
    pub(crate) fn classic_commit(
        &mut self,
        _step: &mut Step<'_>,
        group: &Arc<str>,
        member_id: &str,
        _instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        let Some(Group::Classic(group)) = self.groups.get(group) else { return Ok(()) };
        let members = group.metadata.as_ref().map(|group| &group.members).into_iter().flatten();
        match generation {
            ..0 if group.is_empty() => Ok(()),
            _ if !members.into_iter().any(|member| &*member.member_id == member_id) => {
                Err(ErrorCode::UNKNOWN_MEMBER_ID)
            }
            _ if group.metadata.as_ref().is_some_and(|group| group.generation != generation) => {
                Err(ErrorCode::ILLEGAL_GENERATION)
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn replay_classic(&mut self, record: &Record) {
        let Record::GroupMetadata { group, value } = record else { return };
        match value {
            Some(_) => {
                self.groups.insert(Arc::clone(group), Group::Classic(ClassicGroup { metadata: value.clone() }));
            }
            None => {
                self.groups.remove(group);
            }
        }
    }

    pub(crate) fn loaded_classic(&mut self, _step: &mut Step<'_>) {}

    pub(crate) fn pending_member_expired(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _member: &Arc<str>) {
        todo!()
    }

    pub(crate) fn join_phase_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>) {
        todo!()
    }

    pub(crate) fn sync_phase_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>) {
        todo!()
    }

    /// Of a member of either kind of group.
    pub(crate) fn session_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _member: &Arc<str>) {
        todo!()
    }
}
