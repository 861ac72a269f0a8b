//! Members go: by themselves, for a while, or because they are not heard of.

use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;

use super::error::ConsumerGroupError;
use super::{ConsumerGroup, ConsumerHeartbeatAnswer, LEAVES_STATIC, Work};
use crate::history::{Departure, Event, RebalanceCause};
use crate::records::Partitions;
use crate::shard::Group;
use crate::timers::Timer;
use crate::{Record, Shard, Step};

impl Shard {
    pub(super) fn leave_by_heartbeat(
        &mut self,
        step: &mut Step<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> Result<ConsumerHeartbeatAnswer, ConsumerGroupError> {
        let group = match self.groups.get(request.group_id) {
            Some(Group::Consumer(group)) => group,
            Some(_) => return Err(ConsumerGroupError::NotAConsumerGroup(request.group_id.into())),
            None => return Err(ConsumerGroupError::GroupIdNotFound(request.group_id.into())),
        };
        let (member, _) = match request.instance_id {
            None => group.member(request.member_id)?,
            Some(instance) => group.own_static_member(instance, request.member_id)?,
        };
        let (group, member) = (Arc::clone(&group.id), Arc::clone(member));
        if request.member_epoch != LEAVES_STATIC {
            let gone = [(Arc::clone(&member), Departure::Left("".into()))];
            self.remove_members(step, &group, &gone);
        } else if let Some(mut work) = self.consumer_work(step, &group) {
            work.leave_for_a_while(&member);
        }
        Ok(ConsumerHeartbeatAnswer {
            error: ErrorCode::NONE,
            error_message: None,
            member_id: Some(member),
            member_epoch: request.member_epoch,
            heartbeat_interval_ms: 0,
            assignment: None,
        })
    }

    /// Takes members out of a consumer group, which becomes a classic one when all that stay speak the classic protocol.
    pub(super) fn remove_members(&mut self, step: &mut Step<'_>, group: &Arc<str>, gone: &[(Arc<str>, Departure)]) {
        if self.downgrades_without(step, group, gone) {
            self.leave_to_classic_group(step, group, gone);
        } else if let Some(mut work) = self.consumer_work(step, group) {
            work.remove_all(gone);
        }
    }
}

impl Work<'_, '_> {
    /// A static member leaves and will be back within its session: it keeps what it has.
    fn leave_for_a_while(&mut self, id: &Arc<str>) {
        let mut value = self.group.members[id].current_assignment();
        value.member_epoch = LEAVES_STATIC;
        value.pending_revocation = Partitions::new();
        // As Kafka has it: whoever takes its place has had them all along.
        value.date(|_, _| 0);
        let (group, member) = (Arc::clone(&self.group.id), Arc::clone(id));
        self.apply(Record::ConsumerGroupCurrentMemberAssignment { group, member, value: Some(value) });
        self.timers.cancel(&Timer::Revocation(Arc::clone(&self.group.id), Arc::clone(id)));
    }

    fn remove_all(&mut self, gone: &[(Arc<str>, Departure)]) {
        for (id, cause) in gone {
            let regex = self.group.members.get(id).and_then(|member| member.regex().cloned());
            self.remove(id);
            self.cancel_timers(id);
            self.note(Event::Left { member: Arc::clone(id), cause: cause.clone() });
            regex.iter().for_each(|regex| self.forget_unused(regex));
        }
        if let Some((last, _)) = gone.last() {
            self.update_epoch(Some(RebalanceCause::Left(Arc::clone(last))));
        }
    }

    /// Writes the tombstones of a member; the last of them takes it out.
    pub(super) fn remove(&mut self, id: &Arc<str>) {
        self.group.tombstones_of(id).into_iter().for_each(|record| self.apply(record));
    }

    pub(super) fn cancel_timers(&mut self, id: &Arc<str>) {
        for timer in [Timer::Session, Timer::Revocation, Timer::ClassicRejoin, Timer::ClassicSync] {
            self.timers.cancel(&timer(Arc::clone(&self.group.id), Arc::clone(id)));
        }
    }
}

impl ConsumerGroup {
    fn tombstones_of(&self, id: &Arc<str>) -> [Record; 3] {
        let group = || Arc::clone(&self.id);
        [
            Record::ConsumerGroupCurrentMemberAssignment { group: group(), member: Arc::clone(id), value: None },
            Record::ConsumerGroupTargetAssignmentMember { group: group(), member: Arc::clone(id), value: None },
            Record::ConsumerGroupMemberMetadata { group: group(), member: Arc::clone(id), value: None },
        ]
    }

    /// What takes the whole group out of the log, in the order in which it is to be replayed.
    pub(crate) fn tombstones(&self, name: &Arc<str>) -> Vec<Record> {
        let group = || Arc::clone(name);
        let mut records: Vec<Record> = self.members.keys().flat_map(|id| self.tombstones_of(id)).collect();
        records.push(Record::ConsumerGroupTargetAssignmentMetadata { group: group(), value: None });
        records.extend(self.resolved.keys().map(|regex| Record::ConsumerGroupRegularExpression {
            group: group(),
            regex: Arc::clone(regex),
            value: None,
        }));
        records.push(Record::ConsumerGroupMetadata { group: group(), value: None });
        records
    }
}
