//! Members with the classic protocol in a consumer group (KIP-848): the coordinator plays the leader for them.
//!
//! Such a member learns by a heartbeat that it must join again, says by JoinGroup what it wants and has, and gets by SyncGroup
//! what it is led to. Its generation is its epoch.

use std::collections::HashSet;
use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::JoinGroupRequest;
use wire::messages::leave_group::LeaveGroupRequest;
use wire::messages::sync_group::SyncGroupRequest;

use super::convert::{encode_assignment, with_ids};
use super::heartbeat::{Seat, Updated};
use super::member::MemberState;
use super::protocol::{PROTOCOL_TYPE, Subscription};
use super::{ConsumerGroup, Member, Work};
use crate::classic::SINGLE_LEAVE_UNTIL;
use crate::history::{Departure, RebalanceCause};
use crate::records::{ClassicMemberMetadata, ConsumerGroupMemberMetadata, Partitions};
use crate::timers::Timer;
use crate::{Answer, Client, JoinAnswer, LeaveAnswer, LeftMember, MigrationPolicy, Shard, Step, SyncAnswer, Ticket};

/// From this version of JoinGroup on, a dynamic member has to come with an id (KIP-394).
const REQUIRES_ID_FROM: i16 = 4;

impl Shard {
    /// Like [`Shard::join_group`], in a consumer group.
    pub(crate) fn join_consumer_group(
        &mut self,
        step: &mut Step<'_>,
        ticket: Ticket,
        client: Client<'_>,
        version: i16,
        request: &JoinGroupRequest<'_>,
    ) {
        let Some(mut work) = self.consumer_work(step, request.group_id) else { return };
        let joined = work.join_classic(client, version, request);
        let name = Arc::clone(&work.group.id);
        let answer = match joined {
            Ok(Joined { answer, replaced }) => {
                if replaced && self.downgrades_without(step, &name, &[]) {
                    self.make_classic_group_of_joining(step, &name, &answer.member_id);
                }
                answer
            }
            Err(refused) => refused,
        };
        step.answer(ticket, Answer::Join(answer));
    }

    /// The last static member with the consumer protocol was replaced by one with the classic protocol.
    fn make_classic_group_of_joining(&mut self, step: &mut Step<'_>, name: &Arc<str>, joining: &Arc<str>) {
        let Some(work) = self.consumer_work(step, name) else { return };
        // What they shall have becomes what they were given. Where it is not yet what they have, others may still have it:
        // they have to join.
        let group = &*work.group;
        let is_settled = group.assignment_epoch >= group.epoch
            && group.members.values().all(|member| member.is_reconciled_to(group.assignment_epoch));
        let cause = (!is_settled).then(|| RebalanceCause::Changed(Arc::clone(joining)));
        self.make_classic_group(step, name, cause);
    }

    /// Like [`Shard::sync_group`], in a consumer group.
    pub(crate) fn sync_consumer_group(&mut self, step: &mut Step<'_>, ticket: Ticket, request: &SyncGroupRequest<'_>) {
        let Some(mut work) = self.consumer_work(step, request.group_id) else { return };
        let answer = work.sync_classic(request).unwrap_or_else(SyncAnswer::refused);
        step.answer(ticket, Answer::Sync(answer));
    }

    /// Like [`Shard::heartbeat`], in a consumer group.
    pub(crate) fn heartbeat_consumer_group(
        &mut self,
        step: &mut Step<'_>,
        request: &HeartbeatRequest<'_>,
    ) -> ErrorCode {
        let Some(mut work) = self.consumer_work(step, request.group_id) else { return ErrorCode::UNKNOWN_MEMBER_ID };
        work.heartbeat_classic(request).err().unwrap_or(ErrorCode::NONE)
    }

    /// Like [`Shard::leave_group`], in a consumer group.
    pub(crate) fn leave_consumer_group(
        &mut self,
        step: &mut Step<'_>,
        version: i16,
        request: &LeaveGroupRequest<'_>,
    ) -> LeaveAnswer {
        let (mut members, mut gone, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        if let Some(work) = self.consumer_work(step, request.group_id) {
            let single = (version <= SINGLE_LEAVE_UNTIL).then_some((request.member_id, None, ""));
            let many = request.members.iter().map(|m| (m.member_id, m.group_instance_id, m.reason.unwrap_or_default()));
            for (id, instance, reason) in single.into_iter().chain(many) {
                let found = work.member_to_leave(id, instance).map(Arc::clone);
                let mut is_first = |id: &Arc<str>| seen.insert(Arc::clone(id));
                let left = found.and_then(|id| if is_first(&id) { Ok(id) } else { Err(ErrorCode::UNKNOWN_MEMBER_ID) });
                members.push(LeftMember {
                    member_id: left.as_ref().map_or_else(|_| id.into(), Arc::clone),
                    instance_id: instance.map(Arc::from),
                    error: left.as_ref().err().copied().unwrap_or(ErrorCode::NONE),
                });
                gone.extend(left.into_iter().map(|left| (left, departure(id, reason))));
            }
        }
        if !gone.is_empty() {
            self.remove_members(step, &request.group_id.into(), &gone);
        }
        LeaveAnswer { error: ErrorCode::NONE, members }
    }
}

/// Who is named by its instance alone is removed by an operator.
fn departure(id: &str, reason: &str) -> Departure {
    if id.is_empty() { Departure::Removed(reason.into()) } else { Departure::Left(reason.into()) }
}

/// What came of a JoinGroup.
struct Joined {
    answer: JoinAnswer,
    /// It took the place of another static member.
    replaced: bool,
}

impl Work<'_, '_> {
    fn join_classic(
        &mut self,
        client: Client<'_>,
        version: i16,
        request: &JoinGroupRequest<'_>,
    ) -> Result<Joined, JoinAnswer> {
        let fresh: Arc<str>;
        let id = if request.member_id.is_empty() {
            fresh = self.step.fresh_id.to_string().into();
            &*fresh
        } else {
            request.member_id
        };
        let refused = |error| JoinAnswer::refused(id, error);
        self.check_room(id).map_err(|error| refused(error.code()))?;
        self.check_classic(request).map_err(refused)?;
        let is_unknown = request.member_id.is_empty();
        if is_unknown && request.group_instance_id.is_none() && version >= REQUIRES_ID_FROM {
            return Err(refused(ErrorCode::MEMBER_ID_REQUIRED));
        }
        let seat = match request.group_instance_id.filter(|_| !is_unknown) {
            Some(instance) => self.group.own_static_member(instance, id).map(|(id, _)| Seat::Taken(Arc::clone(id))),
            None => self.seat_of_joining(id, request.group_instance_id, true),
        };
        let seat = seat.map_err(|error| refused(error.code()))?;
        let replaced = matches!(seat, Seat::Replaces(..));
        let answer = self.join_seated(seat, client, request).map_err(refused)?;
        Ok(Joined { answer, replaced })
    }

    fn check_classic(&self, request: &JoinGroupRequest<'_>) -> Result<(), ErrorCode> {
        if self.settings.consumer.migration == MigrationPolicy::Disabled {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        let (known, all) = (&self.group.protocols, self.group.classic_members);
        let all_know = |name: &str| known.get(name).copied().unwrap_or(0) == all;
        let is_known = request.protocol_type == PROTOCOL_TYPE && request.protocols.iter().any(|p| all_know(p.name));
        if is_known { Ok(()) } else { Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL) }
    }

    fn join_seated(
        &mut self,
        seat: Seat,
        client: Client<'_>,
        request: &JoinGroupRequest<'_>,
    ) -> Result<JoinAnswer, ErrorCode> {
        let first = request.protocols.iter().next().ok_or(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)?;
        let (subscription, _) =
            Subscription::decode_blob(first.metadata).map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        let wants = self.wanted_classic(&seat, client, request, &subscription);
        self.check_bytes(&seat, &wants).map_err(|error| error.code())?;
        let updated = self.put(seat, wants, client, request.reason.unwrap_or_default());
        self.refresh(&updated);
        let image = self.step.image;
        self.reconcile(&updated, || Some(with_ids(image, subscription.owned_partitions.iter())))
            .map_err(|error| error.code())?;
        self.start_classic_timers(&updated);
        let id = updated.id;
        Ok(JoinAnswer {
            error: ErrorCode::NONE,
            generation: self.group.members[&id].epoch,
            protocol_type: Some(PROTOCOL_TYPE.into()),
            protocol: Some(first.name.into()),
            leader: "".into(),
            skip_assignment: false,
            member_id: id,
            members: Vec::new(),
        })
    }

    fn wanted_classic(
        &self,
        seat: &Seat,
        client: Client<'_>,
        request: &JoinGroupRequest<'_>,
        subscription: &Subscription<'_>,
    ) -> ConsumerGroupMemberMetadata {
        let before = self.wants_before(seat);
        let or = |said: Option<&str>, known: &Option<Arc<str>>| said.map(Arc::from).or_else(|| known.clone());
        let rebalance_timeout_ms = match request.rebalance_timeout_ms {
            -1 if before.rebalance_timeout_ms == -1 => request.session_timeout_ms,
            -1 => before.rebalance_timeout_ms,
            timeout => timeout,
        };
        // The first of doubles counts.
        let mut seen = HashSet::new();
        let protocols = request.protocols.iter().filter(|protocol| seen.insert(protocol.name));
        let protocols = protocols.map(|protocol| (protocol.name.into(), protocol.metadata.into()));
        ConsumerGroupMemberMetadata {
            instance_id: or(request.group_instance_id, &before.instance_id),
            rack_id: or(subscription.rack_id, &before.rack_id),
            client_id: client.id.into(),
            client_host: client.host.into(),
            subscribed_topic_names: self.names_of(subscription.topics.iter()),
            subscribed_topic_regex: before.subscribed_topic_regex.clone(),
            rebalance_timeout_ms,
            server_assignor: before.server_assignor.clone(),
            classic: Some(ClassicMemberMetadata {
                session_timeout_ms: request.session_timeout_ms,
                supported_protocols: protocols.collect(),
            }),
        }
    }

    /// It has joined, and has its rebalance timeout to ask for its assignment.
    fn start_classic_timers(&mut self, updated: &Updated) {
        let (group, id, now) = (&self.group.id, &updated.id, self.step.now.monotonic);
        let member = &self.group.members[id];
        self.timers.cancel(&Timer::ClassicRejoin(Arc::clone(group), Arc::clone(id)));
        self.timers.set(Timer::ClassicSync(Arc::clone(group), Arc::clone(id)), now + member.rebalance_timeout());
        self.hear_classic(id);
    }

    fn hear_classic(&mut self, id: &Arc<str>) {
        let session = self.session_of(&self.group.members[id]);
        self.timers.set(Timer::Session(Arc::clone(&self.group.id), Arc::clone(id)), self.step.now.monotonic + session);
    }

    fn sync_classic(&mut self, request: &SyncGroupRequest<'_>) -> Result<SyncAnswer, ErrorCode> {
        let (id, member) =
            self.group.classic_member(request.member_id, request.group_instance_id, request.generation_id)?;
        let protocol = member.classic().and_then(|classic| classic.supported_protocols.first()).map(|(name, _)| name);
        let is_other = |said: Option<&str>, known: Option<&str>| said.is_some() && said != known;
        if is_other(request.protocol_type, Some(PROTOCOL_TYPE))
            || is_other(request.protocol_name, protocol.map(|p| &**p))
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        let id = Arc::clone(id);
        // Who has to give up partitions has joined already; it is told to join again once it has.
        if self.group.epoch > member.epoch && member.state != MemberState::UnrevokedPartitions {
            self.has_to_rejoin(&id);
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        let assignment = encode_assignment(self.step.image, member, &member.assigned);
        self.timers.cancel(&Timer::ClassicSync(Arc::clone(&self.group.id), Arc::clone(&id)));
        self.hear_classic(&id);
        let (protocol_type, protocol) = (request.protocol_type.map(Arc::from), request.protocol_name.map(Arc::from));
        Ok(SyncAnswer { error: ErrorCode::NONE, protocol_type, protocol, assignment })
    }

    fn heartbeat_classic(&mut self, request: &HeartbeatRequest<'_>) -> Result<(), ErrorCode> {
        let (id, member) =
            self.group.classic_member(request.member_id, request.group_instance_id, request.generation_id)?;
        let id = Arc::clone(id);
        let rejoins = match member.state {
            _ if member.epoch < self.group.epoch => true,
            MemberState::UnrevokedPartitions => true,
            MemberState::UnreleasedPartitions => !self.group.waits_for_others(&id, member),
            MemberState::Stable | MemberState::Unknown => false,
        };
        self.hear_classic(&id);
        if rejoins {
            self.has_to_rejoin(&id);
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok(())
    }

    /// It has its rebalance timeout to join again, from when it was told first.
    fn has_to_rejoin(&mut self, id: &Arc<str>) {
        let timer = Timer::ClassicRejoin(Arc::clone(&self.group.id), Arc::clone(id));
        if self.timers.due(&timer).is_none() {
            let timeout = self.group.members[id].rebalance_timeout();
            self.timers.set(timer, self.step.now.monotonic + timeout);
        }
    }

    /// The member that leaves, by its id or by its instance id alone. An operator may remove any member so.
    fn member_to_leave(&self, id: &str, instance: Option<&str>) -> Result<&Arc<str>, ErrorCode> {
        let found = match instance {
            Some(instance) if id.is_empty() => {
                self.group.static_member(instance).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?
            }
            _ => self.group.known_member(id, instance)?,
        };
        Ok(found.0)
    }
}

impl ConsumerGroup {
    fn known_member(&self, id: &str, instance: Option<&str>) -> Result<(&Arc<str>, &Member), ErrorCode> {
        let known = match instance {
            None => self.member(id),
            Some(instance) => self.own_static_member(instance, id),
        };
        known.map_err(|error| error.code())
    }

    /// The member with the classic protocol that asks in its generation.
    fn classic_member(
        &self,
        id: &str,
        instance: Option<&str>,
        generation: i32,
    ) -> Result<(&Arc<str>, &Member), ErrorCode> {
        let (id, member) = self.known_member(id, instance)?;
        match member.classic() {
            None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
            Some(_) if generation != member.epoch => Err(ErrorCode::ILLEGAL_GENERATION),
            Some(_) => Ok((id, member)),
        }
    }

    /// Whether others still have what the member shall have.
    fn waits_for_others(&self, id: &str, member: &Member) -> bool {
        let nothing = Partitions::new();
        let target = self.targets.get(id).unwrap_or(&nothing);
        target.iter().any(|(topic, partitions)| {
            let (has, owned) = (member.assigned.get(topic), self.owned.get(topic));
            let others = |p: &i32| !has.is_some_and(|has| has.contains(p)) && owned.is_some_and(|o| o.contains_key(p));
            partitions.iter().any(others)
        })
    }
}
