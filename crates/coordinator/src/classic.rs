//! Classic groups: the broker gathers the members, one of them assigns.
//!
//! Here each request finds its group; what it does there is in [`live`] and the modules beside it.

mod describe;
mod group;
mod join;
mod live;
mod members;
mod session;
mod subscription;
mod sync;

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use self::join::Joiner;
use self::live::Live;
use self::session::Leaver;
use crate::records::GroupMetadata;
use crate::shard::Group;
use crate::{Answer, Client, JoinAnswer, RebalanceCause, Record, Shard, Step, SyncAnswer, Ticket};

pub(crate) use self::group::ClassicGroup;
pub(crate) use self::members::Member;

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
        step: &mut Step<'_>,
        ticket: Ticket,
        client: Client<'_>,
        version: i16,
        request: &JoinGroupRequest<'_>,
    ) {
        if let Some(Group::Consumer(group)) = self.groups.get(request.group_id)
            && !group.is_empty()
            && self.check_join(request).is_ok()
        {
            return self.join_consumer_group(step, ticket, client, version, request);
        }
        let is_new = match self.group_to_join(step, request) {
            Ok(is_new) => is_new,
            Err(error) => return step.answer(ticket, Answer::Join(JoinAnswer::refused(request.member_id, error))),
        };
        let Some(mut live) = self.live(step, request.group_id) else { return };
        live.join(Joiner { ticket, client, version, request });
        if is_new {
            let beginning = first_record(live.name, live.step.now.wall.0);
            step.write(beginning);
        }
    }

    fn check_join(&self, request: &JoinGroupRequest<'_>) -> Result<(), ErrorCode> {
        if request.group_id.is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        let session = Duration::from_millis(u64::try_from(request.session_timeout_ms).unwrap_or(0));
        if !(self.settings.session_timeout_min..=self.settings.session_timeout_max).contains(&session) {
            return Err(ErrorCode::INVALID_SESSION_TIMEOUT);
        }
        Ok(())
    }

    /// Has a group there that a member can join; true if it was not there before. Only a new member makes a group, also in
    /// the place of a consumer group that nobody is in.
    fn group_to_join(&mut self, step: &mut Step<'_>, request: &JoinGroupRequest<'_>) -> Result<bool, ErrorCode> {
        self.check_join(request)?;
        if let Some(Group::Classic(_)) = self.groups.get(request.group_id) {
            return Ok(false);
        }
        if !request.member_id.is_empty() {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if !group::speaks(request) {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        let name: Arc<str> = request.group_id.into();
        if let Some(Group::Consumer(group)) = self.groups.get(&name) {
            for tombstone in group.tombstones(&name) {
                self.replay(&tombstone);
                step.write(tombstone);
            }
        }
        self.replay_classic(&first_record(&name, step.now.wall.0));
        Ok(true)
    }

    /// SyncGroup; answered by [`crate::Answer::Sync`], often later.
    pub fn sync_group(&mut self, step: &mut Step<'_>, ticket: Ticket, _version: i16, request: &SyncGroupRequest<'_>) {
        if let Some(Group::Consumer(_)) = self.groups.get(request.group_id) {
            return self.sync_consumer_group(step, ticket, request);
        }
        match self.live(step, request.group_id) {
            Some(mut live) => live.sync(ticket, request),
            None => step.answer(ticket, Answer::Sync(SyncAnswer::refused(error_of_no_group(request.group_id)))),
        }
    }

    /// Heartbeat.
    pub fn heartbeat(&mut self, step: &mut Step<'_>, request: &HeartbeatRequest<'_>) -> ErrorCode {
        if let Some(mut live) = self.live(step, request.group_id) {
            return live.heartbeat(request);
        }
        match self.groups.get(request.group_id) {
            Some(_) => self.heartbeat_consumer_group(step, request),
            None => error_of_no_group(request.group_id),
        }
    }

    /// LeaveGroup. Until version 2 it is one member, whose error is the whole answer.
    pub fn leave_group(&mut self, step: &mut Step<'_>, version: i16, request: &LeaveGroupRequest<'_>) -> LeaveAnswer {
        if request.group_id.is_empty() {
            return LeaveAnswer { error: ErrorCode::INVALID_GROUP_ID, members: Vec::new() };
        }
        let mut answer = match self.groups.get(request.group_id) {
            Some(Group::Consumer(_)) => self.leave_consumer_group(step, version, request),
            _ => LeaveAnswer { error: ErrorCode::NONE, members: self.leave_classic(step, version, request) },
        };
        if version <= SINGLE_LEAVE_UNTIL
            && answer.error == ErrorCode::NONE
            && let Some(only) = answer.members.first()
        {
            answer.error = only.error;
        }
        answer
    }

    fn leave_classic(&mut self, step: &mut Step<'_>, version: i16, request: &LeaveGroupRequest<'_>) -> Vec<LeftMember> {
        let single = Leaver { member_id: request.member_id, instance_id: None, reason: "" };
        let single = (version <= SINGLE_LEAVE_UNTIL).then_some(single);
        let members = request.members.iter().map(|member| Leaver {
            member_id: member.member_id,
            instance_id: member.group_instance_id,
            reason: member.reason.unwrap_or_default(),
        });
        let leavers = single.into_iter().chain(members);
        match self.live(step, request.group_id) {
            Some(mut live) => live.leave(leavers),
            None => leavers.map(|leaver| leaver.result(ErrorCode::UNKNOWN_MEMBER_ID)).collect(),
        }
    }

    /// Whether a member of a classic group may commit offsets, or somebody who is in no group; a member is heard of by it.
    ///
    /// # Errors
    /// As [`ClassicGroup::validate_offset_commit`].
    pub(crate) fn classic_commit(
        &mut self,
        step: &mut Step<'_>,
        group: &Arc<str>,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        self.live(step, group).map_or(Ok(()), |mut live| live.commit(member_id, instance_id, generation))
    }

    /// Takes a classic group away to make a consumer group of it (KIP-848): its record is taken back, its timers are gone,
    /// and who waits for it is told to join again. None if this is no classic group.
    pub(crate) fn take_classic_group(&mut self, step: &mut Step<'_>, group: &str) -> Option<ClassicGroup> {
        let mut live = self.live(step, group)?;
        live.disband();
        let name = Arc::clone(live.name);
        step.write(Record::GroupMetadata { group: Arc::clone(&name), value: None });
        match self.groups.remove(&name) {
            Some(Group::Classic(group)) => Some(group),
            _ => None,
        }
    }

    /// Puts a classic group in the place of what was there (KIP-848): writes it, begins its members' sessions, and has them
    /// join again if there is a cause.
    pub(crate) fn put_classic_group(
        &mut self,
        step: &mut Step<'_>,
        name: &Arc<str>,
        group: ClassicGroup,
        rebalance: Option<RebalanceCause>,
    ) {
        step.write(group.record(name));
        self.groups.insert(Arc::clone(name), Group::Classic(group));
        let Some(mut live) = self.live(step, name) else { return };
        live.begin_sessions();
        if let Some(cause) = rebalance {
            live.prepare_rebalance(cause);
        }
    }

    pub(crate) fn replay_classic(&mut self, record: &Record) {
        let Record::GroupMetadata { group, value } = record else { return };
        match value {
            Some(value) => {
                let replayed = Group::Classic(ClassicGroup::replayed(value));
                self.groups.insert(Arc::clone(group), replayed);
            }
            None => {
                if let Some(Group::Classic(_)) = self.groups.get(group) {
                    self.groups.remove(group);
                }
            }
        }
    }

    pub(crate) fn loaded_classic(&mut self, step: &mut Step<'_>) {
        let with_members = |group: &Group| matches!(group, Group::Classic(group) if !group.members().is_empty());
        let loaded = self.groups.iter().filter(|(_, group)| with_members(group));
        let loaded: Vec<Arc<str>> = loaded.map(|(name, _)| Arc::clone(name)).collect();
        for name in loaded {
            let Some(mut live) = self.live(step, &name) else { continue };
            live.begin_sessions();
            live.limit_size();
        }
    }

    pub(crate) fn pending_member_expired(&mut self, step: &mut Step<'_>, group: &Arc<str>, member: &Arc<str>) {
        if let Some(mut live) = self.live(step, group) {
            live.pending_member_expired(member);
        }
    }

    pub(crate) fn join_phase_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>) {
        if let Some(mut live) = self.live(step, group) {
            live.join_phase_ended();
        }
    }

    pub(crate) fn sync_phase_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>) {
        if let Some(mut live) = self.live(step, group) {
            live.sync_phase_ended();
        }
    }

    /// Of a member of either kind of group.
    pub(crate) fn session_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>, member: &Arc<str>) {
        if let Some(mut live) = self.live(step, group) {
            live.session_ended(member);
        } else if self.groups.contains_key(group) {
            self.consumer_session_ended(step, group, member);
        }
    }

    /// A classic group with what it acts on.
    fn live<'a, 's>(&'a mut self, step: &'a mut Step<'s>, group: &str) -> Option<Live<'a, 's>> {
        let only = (Bound::Included(group), Bound::Included(group));
        let (name, group) = self.groups.range_mut::<str, _>(only).next()?;
        let Group::Classic(group) = group else { return None };
        let (timers, history, settings) = (&mut self.timers, &mut self.history, &*self.settings);
        Some(Live { name, group, timers, history, settings, step })
    }
}

/// Until here LeaveGroup names one member.
pub(crate) const SINGLE_LEAVE_UNTIL: i16 = 2;

fn error_of_no_group(group: &str) -> ErrorCode {
    if group.is_empty() { ErrorCode::INVALID_GROUP_ID } else { ErrorCode::UNKNOWN_MEMBER_ID }
}

/// What is written of a group that has just come to be: nothing but that it is there.
fn first_record(name: &Arc<str>, now: i64) -> Record {
    Record::GroupMetadata {
        group: Arc::clone(name),
        value: Some(GroupMetadata {
            protocol_type: Arc::default(),
            generation: 0,
            protocol: None,
            leader: None,
            current_state_timestamp: now,
            members: Vec::new(),
        }),
    }
}

#[cfg(test)]
mod tests;
