//! Consumer groups (KIP-848): the broker assigns, members report and reconcile one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metadata::Image;
use record::TopicId;
use wire::ErrorCode;
use wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use crate::records::{ConsumerGroupMemberMetadata, Partitions};
use crate::shard::Group;
use crate::{Client, LeaveAnswer, Record, Shard, Step, Ticket};

/// A consumer group.
#[derive(Default)]
pub(crate) struct ConsumerGroup {
    members: BTreeMap<Arc<str>, ConsumerGroupMemberMetadata>,
    epochs: BTreeMap<Arc<str>, i32>,
    assigned: BTreeMap<Arc<str>, Partitions>,
    id: Arc<str>,
}

impl ConsumerGroup {
    pub(crate) fn state_name(&self) -> &'static str {
        if self.is_empty() { "Empty" } else { "Stable" }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.members.values().any(|member| member.subscribed_topic_names.iter().any(|name| &**name == topic))
    }

    pub(crate) fn validate_offset_commit(
        &self,
        member_id: &str,
        _instance_id: Option<&str>,
        epoch: i32,
        version: i16,
    ) -> Result<(), ErrorCode> {
        if epoch < 0 && self.is_empty() {
            return Ok(());
        }
        if self.members.contains_key(member_id) && version < 9 {
            return Err(ErrorCode::UNSUPPORTED_VERSION);
        }
        self.validate_offset_fetch(Some(member_id), epoch)
    }

    /// Whether a commit with an older epoch is good for one partition all the same (KIP-1251).
    pub(crate) fn accepts_older_commit(&self, member_id: &str, epoch: i32, topic: TopicId, partition: i32) -> bool {
        let has = self
            .assigned
            .get(member_id)
            .is_some_and(|has| has.get(&topic).is_some_and(|partitions| partitions.contains(&partition)));
        has && self.epochs.get(member_id).is_some_and(|at| epoch <= *at)
    }

    pub(crate) fn validate_offset_fetch(&self, member_id: Option<&str>, epoch: i32) -> Result<(), ErrorCode> {
        match member_id {
            None if epoch < 0 => Ok(()),
            Some(member_id) if self.members.contains_key(member_id) => match self.epochs.get(member_id) {
                Some(at) if *at == epoch => Ok(()),
                _ => Err(ErrorCode::STALE_MEMBER_EPOCH),
            },
            _ => Err(ErrorCode::UNKNOWN_MEMBER_ID),
        }
    }

    /// The records that end the group.
    pub(crate) fn tombstones(&self) -> Vec<Record> {
        vec![Record::ConsumerGroupMetadata { group: Arc::clone(&self.id), value: None }]
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

    pub(crate) fn replay_consumer(&mut self, record: &Record) {
        match record {
            Record::ConsumerGroupMetadata { group, value: Some(_) } => {
                // A group that only had offsets until now.
                if !matches!(self.groups.get(group), Some(Group::Consumer(_))) {
                    self.groups.insert(
                        Arc::clone(group),
                        Group::Consumer(ConsumerGroup { id: Arc::clone(group), ..ConsumerGroup::default() }),
                    );
                }
            }
            Record::ConsumerGroupMetadata { group, value: None } => {
                self.groups.remove(group);
            }
            Record::ConsumerGroupMemberMetadata { group, member, value } => {
                let created = Group::Consumer(ConsumerGroup { id: Arc::clone(group), ..ConsumerGroup::default() });
                if let Group::Consumer(found) = self.groups.entry(Arc::clone(group)).or_insert(created) {
                    match value {
                        Some(value) => found.members.insert(Arc::clone(member), value.clone()),
                        None => found.members.remove(member),
                    };
                }
            }
            Record::ConsumerGroupCurrentMemberAssignment { group, member, value: Some(value) } => {
                if let Some(Group::Consumer(found)) = self.groups.get_mut(group) {
                    found.epochs.insert(Arc::clone(member), value.member_epoch);
                    found.assigned.insert(Arc::clone(member), value.assigned.clone());
                }
            }
            _ => {}
        }
    }

    pub(crate) fn loaded_consumer(&mut self, _step: &mut Step<'_>) {}

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
