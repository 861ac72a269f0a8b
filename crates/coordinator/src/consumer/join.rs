//! Members with the classic protocol in a consumer group.

use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use super::ConsumerGroup;
use super::error::ConsumerGroupError;
use crate::history::Departure;
use crate::shard::Group;
use crate::{Client, LeaveAnswer, Shard, Step, Ticket};

impl Shard {
    /// Has a consumer group of this name if it may have one.
    pub(super) fn make_consumer_group(&mut self, _step: &mut Step<'_>, group: &str) -> Result<(), ConsumerGroupError> {
        match self.groups.get(group) {
            Some(Group::Consumer(_)) => Ok(()),
            Some(Group::Classic(_)) => Err(ConsumerGroupError::NotAConsumerGroup(group.into())),
            None => {
                let id: Arc<str> = group.into();
                self.groups.insert(Arc::clone(&id), Group::Consumer(ConsumerGroup::new(id)));
                Ok(())
            }
        }
    }

    pub(super) fn downgrades_without(&self, _group: &Arc<str>, _gone: &[(Arc<str>, Departure)]) -> bool {
        false
    }

    pub(super) fn make_classic_group(&mut self, _step: &mut Step<'_>, _group: &Arc<str>, _gone: &[(Arc<str>, Departure)]) {}

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
    pub(crate) fn heartbeat_consumer_group(&mut self, _step: &mut Step<'_>, _request: &HeartbeatRequest<'_>) -> ErrorCode {
        todo!()
    }

    /// Like [`Shard::leave_group`], in a consumer group.
    pub(crate) fn leave_consumer_group(&mut self, _step: &mut Step<'_>, _request: &LeaveGroupRequest<'_>) -> LeaveAnswer {
        todo!()
    }
}
