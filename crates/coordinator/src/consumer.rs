//! Consumer groups (KIP-848): the broker assigns, members report and reconcile one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use metadata::Image;
use wire::ErrorCode;
use wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use crate::records::Partitions;
use crate::{Client, LeaveAnswer, Record, Shard, Step, Ticket};

/// A consumer group.
pub(crate) struct ConsumerGroup {}

impl ConsumerGroup {
    /// Whether it has no members.
    pub(crate) fn is_empty(&self) -> bool {
        todo!()
    }

    /// The records that end the group.
    pub(crate) fn tombstones(&self, _name: &Arc<str>) -> Vec<Record> {
        todo!()
    }
}

/// To ConsumerGroupHeartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerHeartbeatAnswer {
    /// Why not, or none.
    pub error: ErrorCode,
    /// What of.
    pub error_message: Option<Box<str>>,
    /// The member's id.
    pub member_id: Option<Arc<str>>,
    /// Its epoch.
    pub member_epoch: i32,
    /// When to report again.
    pub heartbeat_interval_ms: i32,
    /// What it shall have, when it has to be told.
    pub assignment: Option<Partitions>,
}

/// A group as ConsumerGroupDescribe tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedConsumerGroup {
    /// Why not, or none.
    pub error: ErrorCode,
    /// What of.
    pub error_message: Option<Box<str>>,
    /// Its state.
    pub state: &'static str,
    /// Its epoch.
    pub epoch: i32,
    /// The epoch that was assigned.
    pub assignment_epoch: i32,
    /// Who assigned.
    pub assignor: Arc<str>,
    /// The members.
    pub members: Vec<DescribedConsumerMember>,
}

/// A member as ConsumerGroupDescribe tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedConsumerMember {
    /// Its id.
    pub member_id: Arc<str>,
    /// Its name over restarts.
    pub instance_id: Option<Arc<str>>,
    /// Where it is.
    pub rack_id: Option<Arc<str>>,
    /// Its epoch.
    pub epoch: i32,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// Its address.
    pub client_host: Arc<str>,
    /// Topics by name.
    pub subscribed_topic_names: Vec<Arc<str>>,
    /// Topics by an expression.
    pub subscribed_topic_regex: Option<Arc<str>>,
    /// What it has.
    pub assigned: Partitions,
    /// What it shall have.
    pub target: Partitions,
    /// 0 speaks the classic protocol, 1 the consumer protocol; -1 is not known.
    pub member_type: i8,
}

impl Shard {
    /// ConsumerGroupHeartbeat.
    pub fn consumer_group_heartbeat(
        &mut self,
        _step: &mut Step<'_>,
        _client: Client<'_>,
        _version: i16,
        _request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> ConsumerHeartbeatAnswer {
        todo!()
    }

    /// ConsumerGroupDescribe, of one group.
    pub fn describe_consumer_group(&self, _image: &Image, _group: &str) -> DescribedConsumerGroup {
        todo!()
    }

    /// The topics of the image have changed: groups that are subscribed to these look at them again at their next heartbeat.
    pub fn topics_changed(&mut self, _names: &BTreeSet<Arc<str>>) {
        todo!()
    }

    /// Like [`Shard::join_group`], in a consumer group.
    pub(crate) fn join_consumer_group(
        &mut self,
        _step: &mut Step<'_>,
        _ticket: Ticket,
        _client: Client<'_>,
        _version: i16,
        _request: &JoinGroupRequest<'_>,
    ) {
        todo!()
    }

    /// Like [`Shard::sync_group`], in a consumer group.
    pub(crate) fn sync_consumer_group(
        &mut self,
        _step: &mut Step<'_>,
        _ticket: Ticket,
        _request: &SyncGroupRequest<'_>,
    ) {
        todo!()
    }

    /// Like [`Shard::heartbeat`], in a consumer group.
    pub(crate) fn heartbeat_consumer_group(
        &mut self,
        _step: &mut Step<'_>,
        _request: &HeartbeatRequest<'_>,
    ) -> ErrorCode {
        todo!()
    }

    /// Like [`Shard::leave_group`], in a consumer group.
    pub(crate) fn leave_consumer_group(
        &mut self,
        _step: &mut Step<'_>,
        _request: &LeaveGroupRequest<'_>,
    ) -> LeaveAnswer {
        todo!()
    }

    pub(crate) fn replay_consumer(&mut self, _record: &Record) {
        todo!()
    }

    pub(crate) fn loaded_consumer(&mut self, _step: &mut Step<'_>) {
        todo!()
    }

    /// Of a member of a consumer group.
    pub(crate) fn consumer_session_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _member: &Arc<str>) {
        todo!()
    }

    pub(crate) fn revocation_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _member: &Arc<str>) {
        todo!()
    }

    pub(crate) fn classic_rejoin_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _member: &Arc<str>) {
        todo!()
    }

    pub(crate) fn classic_sync_ended(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _member: &Arc<str>) {
        todo!()
    }

    pub(crate) fn assignment_due(&mut self, _step: &mut Step<'_>, _group: &Arc<str>) {
        todo!()
    }

    pub(crate) fn regex_refresh_due(&mut self, _step: &mut Step<'_>, _group: &Arc<str>) {
        todo!()
    }
}
