//! Classic groups: the broker gathers the members, one of them assigns.

use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use crate::{Client, Record, Shard, Step, Ticket};

/// A classic group.
pub(crate) struct ClassicGroup {}

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

    pub(crate) fn replay_classic(&mut self, _record: &Record) {
        todo!()
    }

    pub(crate) fn loaded_classic(&mut self, _step: &mut Step<'_>) {
        todo!()
    }

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
