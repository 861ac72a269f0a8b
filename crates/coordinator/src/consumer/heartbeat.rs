//! A member reports: it joins, goes on, changes what it wants, or leaves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use record::TopicId;
use wire::Array;
use wire::messages::consumer_group_heartbeat::{ConsumerGroupHeartbeatRequest, TopicPartitions};

use super::error::ConsumerGroupError;
use super::member::MemberState;
use super::validate::{check, check_epoch};
use super::{
    ConsumerGroup, ConsumerHeartbeatAnswer, JOINS, LEAVES, LEAVES_STATIC, Member, Reconciling, Work, reconcile, regex,
};
use crate::history::{Departure, Event, RebalanceCause};
use crate::records::{BATCH_OVERHEAD, ConsumerGroupMemberMetadata, Partitions};
use crate::shard::Group;
use crate::timers::Timer;
use crate::{Client, Record, Shard, Step};

/// A member after it has said what it wants.
pub(super) struct Updated {
    pub(super) id: Arc<str>,
    /// It is there for the first time.
    pub(super) is_new: bool,
    pub(super) subscription_changed: bool,
}

/// The member that a request speaks of.
pub(super) enum Seat {
    /// It is there.
    Taken(Arc<str>),
    /// It comes for the first time.
    New(Arc<str>),
    /// It takes the place of the static member that is there.
    Replaces(Arc<str>, Arc<str>),
}

impl Shard {
    pub(super) fn try_consumer_heartbeat(
        &mut self,
        step: &mut Step<'_>,
        client: Client<'_>,
        version: i16,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> Result<ConsumerHeartbeatAnswer, ConsumerGroupError> {
        if !self.settings.serves_consumer_protocol {
            return Err(ConsumerGroupError::Disabled);
        }
        check(version, request, &self.settings)?;
        if request.member_epoch == LEAVES || request.member_epoch == LEAVES_STATIC {
            return self.leave_by_heartbeat(step, request);
        }
        if request.member_epoch == JOINS {
            self.seat_consumer_group(step, client, request)?;
        }
        if let Some(mut work) = self.consumer_work(step, request.group_id) {
            return work.heartbeat(client, request);
        }
        Err(match self.groups.contains_key(request.group_id) {
            true => ConsumerGroupError::NotAConsumerGroup(request.group_id.into()),
            false => ConsumerGroupError::GroupNotFound(request.group_id.into()),
        })
    }

    /// Makes a consumer group for the member that joins, where there is none. What could refuse the member of a new group is
    /// looked at first, so that no refused request leaves a group behind.
    fn seat_consumer_group(
        &mut self,
        step: &mut Step<'_>,
        client: Client<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> Result<(), ConsumerGroupError> {
        if let Some(Group::Consumer(_)) = self.groups.get(request.group_id) {
            return Ok(());
        }
        let max = self.settings.record_bytes_max;
        if record_bytes(client, request) > max {
            return Err(ConsumerGroupError::RecordTooLarge(max));
        }
        let expression = request.subscribed_topic_regex.filter(|expression| !expression.is_empty());
        let compiled = expression.map(|expression| Ok((expression.into(), regex::compile(expression)?))).transpose()?;
        self.make_consumer_group(step, request.group_id, request.member_id)?;
        if let (Some((expression, compiled)), Some(work)) = (compiled, self.consumer_work(step, request.group_id)) {
            work.group.keep_compiled(expression, compiled);
        }
        Ok(())
    }
}

impl Work<'_, '_> {
    fn heartbeat(
        &mut self,
        client: Client<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> Result<ConsumerHeartbeatAnswer, ConsumerGroupError> {
        if let Some(quiet) = self.heartbeat_without_news(client, request) {
            return Ok(quiet);
        }
        let seat = self.seat(request)?;
        let says_all = request.rebalance_timeout_ms != -1
            && (request.subscribed_topic_names.is_some() || request.subscribed_topic_regex.is_some())
            && request.topic_partitions.is_some();
        let updated = match seat {
            Seat::Taken(id) if !is_changed(&self.group.members[&id], client, request) => {
                Updated { id, is_new: false, subscription_changed: false }
            }
            seat => self.update(seat, client, request)?,
        };
        self.refresh(&updated);
        let reported = request.topic_partitions.as_ref();
        let moved = self.reconcile(&updated, || reported.map(partitions_of))?;
        Ok(self.answer(&updated.id, request.member_epoch == JOINS || says_all || moved))
    }

    /// Nearly all heartbeats: nothing is new, neither of the member nor of the group. None for all others.
    fn heartbeat_without_news(
        &mut self,
        client: Client<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> Option<ConsumerHeartbeatAnswer> {
        let group = &*self.group;
        let is_settled = group.assignment_epoch >= group.epoch
            && !group.soft.metadata_stale
            && (!group.soft.regexes_stale || group.regexes.is_empty());
        if !is_settled || request.member_epoch == JOINS || request.subscribed_topic_names.is_some() {
            return None;
        }
        let (id, member) = group.members.get_key_value(request.member_id)?;
        if request.member_epoch != member.epoch
            || !member.is_reconciled_to(group.assignment_epoch)
            || request.instance_id.is_some_and(|instance| member.wants.instance_id.as_deref() != Some(instance))
            || is_changed(member, client, request)
        {
            return None;
        }
        let (id, epoch) = (Arc::clone(id), member.epoch);
        let has_all = request.topic_partitions.is_some() && request.rebalance_timeout_ms != -1;
        let is_full = has_all && request.subscribed_topic_regex.is_some();
        (!is_full).then(|| self.answer_with(id, epoch, None))
    }

    fn answer(&mut self, id: &Arc<str>, with_assignment: bool) -> ConsumerHeartbeatAnswer {
        let member = &self.group.members[id];
        let (epoch, assignment) = (member.epoch, with_assignment.then(|| member.assigned.clone()));
        self.answer_with(Arc::clone(id), epoch, assignment)
    }

    /// Hears the member, and tells it this.
    fn answer_with(
        &mut self,
        id: Arc<str>,
        member_epoch: i32,
        assignment: Option<Partitions>,
    ) -> ConsumerHeartbeatAnswer {
        let (session, interval) = self.times();
        let timer = Timer::Session(Arc::clone(&self.group.id), Arc::clone(&id));
        self.timers.set(timer, self.step.now.monotonic + session);
        ConsumerHeartbeatAnswer {
            error: wire::ErrorCode::NONE,
            error_message: None,
            member_id: Some(id),
            member_epoch,
            heartbeat_interval_ms: i32::try_from(interval.as_millis()).unwrap_or(i32::MAX),
            assignment,
        }
    }

    /// The session timeout and the heartbeat interval of the group.
    pub(super) fn times(&self) -> (Duration, Duration) {
        let defaults = &self.settings.consumer;
        match self.step.image.group_configs().of(&self.group.id) {
            None => (defaults.session_timeout, defaults.heartbeat_interval),
            Some(configs) => {
                let of = |key| configs.value(key).and_then(|value| value.parse().ok()).map(Duration::from_millis);
                (
                    of("consumer.session.timeout.ms").unwrap_or(defaults.session_timeout),
                    of("consumer.heartbeat.interval.ms").unwrap_or(defaults.heartbeat_interval),
                )
            }
        }
    }

    /// Finds the member, or its place.
    fn seat(&self, request: &ConsumerGroupHeartbeatRequest<'_>) -> Result<Seat, ConsumerGroupError> {
        let (id, epoch) = (request.member_id, request.member_epoch);
        let reported = request.topic_partitions.as_ref();
        if epoch == JOINS {
            self.check_room(id)?;
            return self.seat_of_joining(id, request.instance_id, false);
        }
        let (key, member) = match request.instance_id {
            None => self.group.member(id)?,
            Some(instance) => self.group.own_static_member(instance, id)?,
        };
        check_epoch(member, epoch, reported)?;
        Ok(Seat::Taken(Arc::clone(key)))
    }

    pub(super) fn check_room(&self, id: &str) -> Result<(), ConsumerGroupError> {
        let max = self.settings.consumer.members_max;
        if self.group.members.len() >= max && !self.group.members.contains_key(id) {
            return Err(ConsumerGroupError::GroupFull(max));
        }
        Ok(())
    }

    /// The place of a member that joins, by the classic protocol or by this one.
    pub(super) fn seat_of_joining(
        &self,
        id: &str,
        instance: Option<&str>,
        classic: bool,
    ) -> Result<Seat, ConsumerGroupError> {
        let fresh = || if id.is_empty() { self.step.fresh_id.to_string().into() } else { Arc::from(id) };
        match instance.map(|instance| (instance, self.group.static_member(instance))) {
            None | Some((_, None)) => Ok(match self.group.members.get_key_value(id) {
                Some((key, _)) => Seat::Taken(Arc::clone(key)),
                None => Seat::New(fresh()),
            }),
            Some((_, Some((owner, _)))) if **owner == *id => Ok(Seat::Taken(Arc::clone(owner))),
            Some((_, Some((owner, member))))
                if classic || member.classic().is_some() || member.epoch == LEAVES_STATIC =>
            {
                Ok(Seat::Replaces(Arc::clone(owner), fresh()))
            }
            Some((instance, Some((owner, _)))) => {
                let (member, instance, owner) = (fresh().as_ref().into(), instance.into(), Arc::clone(owner));
                Err(ConsumerGroupError::UnreleasedInstance { member, instance, owner })
            }
        }
    }

    /// Seats the member and writes down what it wants.
    fn update(
        &mut self,
        seat: Seat,
        client: Client<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> Result<Updated, ConsumerGroupError> {
        let before = self.wants_before(&seat);
        let wants = self.wanted(before, client, request);
        if wants.subscribed_topic_regex != before.subscribed_topic_regex
            && let Some(expression) = wants.subscribed_topic_regex.as_ref().filter(|regex| !regex.is_empty())
        {
            self.group.check_regex(expression)?;
        }
        self.check_bytes(&seat, &wants)?;
        if let Seat::Taken(id) = &seat
            && self.group.members[id].classic().is_some()
        {
            // It speaks the consumer protocol from now on.
            self.timers.cancel(&Timer::ClassicRejoin(Arc::clone(&self.group.id), Arc::clone(id)));
            self.timers.cancel(&Timer::ClassicSync(Arc::clone(&self.group.id), Arc::clone(id)));
        }
        Ok(self.put(seat, wants, client, ""))
    }

    /// Whether what the member wants can be written.
    pub(super) fn check_bytes(
        &self,
        seat: &Seat,
        wants: &ConsumerGroupMemberMetadata,
    ) -> Result<(), ConsumerGroupError> {
        let (Seat::Taken(id) | Seat::New(id) | Seat::Replaces(_, id)) = seat;
        let (group, member) = (Arc::clone(&self.group.id), Arc::clone(id));
        let record = Record::ConsumerGroupMemberMetadata { group, member, value: Some(wants.clone()) };
        let max = self.settings.record_bytes_max;
        if record.batch_bytes() > max { Err(ConsumerGroupError::RecordTooLarge(max)) } else { Ok(()) }
    }

    /// What the member at this place wanted so far.
    pub(super) fn wants_before(&self, seat: &Seat) -> &ConsumerGroupMemberMetadata {
        static NOTHING: std::sync::LazyLock<Member> = std::sync::LazyLock::new(Member::new);
        match seat {
            Seat::Taken(id) | Seat::Replaces(id, _) => &self.group.members[id].wants,
            Seat::New(_) => &NOTHING.wants,
        }
    }

    fn wanted(
        &self,
        before: &ConsumerGroupMemberMetadata,
        client: Client<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> ConsumerGroupMemberMetadata {
        let or = |said: Option<&str>, known: &Option<Arc<str>>| said.map(Arc::from).or_else(|| known.clone());
        ConsumerGroupMemberMetadata {
            instance_id: or(request.instance_id, &before.instance_id),
            rack_id: or(request.rack_id, &before.rack_id),
            client_id: client.id.into(),
            client_host: client.host.into(),
            subscribed_topic_names: match &request.subscribed_topic_names {
                Some(names) => self.names_of(names.iter()),
                None => before.subscribed_topic_names.clone(),
            },
            subscribed_topic_regex: or(request.subscribed_topic_regex, &before.subscribed_topic_regex),
            rebalance_timeout_ms: match request.rebalance_timeout_ms {
                -1 => before.rebalance_timeout_ms,
                timeout => timeout,
            },
            server_assignor: or(request.server_assignor, &before.server_assignor),
            classic: None,
        }
    }

    /// Names in order, each once, shared with the other members.
    pub(super) fn names_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<Arc<str>> {
        let names: BTreeSet<&str> = names.collect();
        let shared =
            |name: &str| self.group.names.get_key_value(name).map_or_else(|| name.into(), |known| known.0.clone());
        names.into_iter().map(shared).collect()
    }

    /// Seats a member that wants this.
    pub(super) fn put(
        &mut self,
        seat: Seat,
        wants: ConsumerGroupMemberMetadata,
        client: Client<'_>,
        reason: &str,
    ) -> Updated {
        let before = self.wants_before(&seat);
        let names_changed = before.subscribed_topic_names != wants.subscribed_topic_names;
        let regex_before = before.subscribed_topic_regex.clone().filter(|regex| !regex.is_empty());
        let regex = wants.subscribed_topic_regex.clone().filter(|regex| !regex.is_empty());
        let (id, is_new, comes, same) = match seat {
            Seat::Taken(id) => {
                let same = self.group.members[&id].wants == wants;
                (id, false, false, same)
            }
            Seat::New(id) => (id, true, true, false),
            Seat::Replaces(old, id) => {
                self.replace(&old, &id);
                let same = self.group.members[&id].wants == wants;
                (id, false, true, same)
            }
        };
        if comes {
            self.note_joined(&id, &wants, client, reason);
        }
        if !same {
            let (group, member) = (Arc::clone(&self.group.id), Arc::clone(&id));
            self.apply(Record::ConsumerGroupMemberMetadata { group, member, value: Some(wants) });
        }
        let regex_changed = regex != regex_before;
        if regex_changed {
            self.regex_changed(regex_before.as_ref(), regex.as_ref());
        }
        Updated { id, is_new, subscription_changed: names_changed || regex_changed }
    }

    fn note_joined(&mut self, id: &Arc<str>, wants: &ConsumerGroupMemberMetadata, client: Client<'_>, reason: &str) {
        let event = Event::Joined {
            member: Arc::clone(id),
            instance: wants.instance_id.clone(),
            client_id: client.id.into(),
            client_host: client.host.into(),
            reason: reason.into(),
        };
        self.note(event);
    }

    /// Gives the place of a static member to another id: what it wants, has and shall have.
    fn replace(&mut self, old: &Arc<str>, new: &Arc<str>) {
        let mut member = self.group.members[old].clone();
        let target = self.group.targets.get(old).cloned().unwrap_or_default();
        self.remove(old);
        self.cancel_timers(old);
        self.note(Event::Left { member: Arc::clone(old), cause: Departure::Replaced });
        (member.epoch, member.previous_epoch) = (0, 0);
        let group = || Arc::clone(&self.group.id);
        let records = [
            Record::ConsumerGroupMemberMetadata {
                group: group(),
                member: Arc::clone(new),
                value: Some(member.wants.clone()),
            },
            Record::ConsumerGroupTargetAssignmentMember {
                group: group(),
                member: Arc::clone(new),
                value: Some(target),
            },
            Record::ConsumerGroupCurrentMemberAssignment {
                group: group(),
                member: Arc::clone(new),
                value: Some(self.group.dated(new, member.current_assignment())),
            },
        ];
        records.into_iter().for_each(|record| self.apply(record));
    }

    /// Brings the group to a new epoch if it needs one, and the epoch to a target if it is time.
    pub(super) fn refresh(&mut self, updated: &Updated) {
        let regexes_moved = self.refresh_regexes();
        let cause = match updated {
            Updated { is_new: true, id, .. } => Some(RebalanceCause::Joined(Arc::clone(id))),
            Updated { subscription_changed: true, id, .. } => Some(RebalanceCause::Changed(Arc::clone(id))),
            _ => regexes_moved.then_some(RebalanceCause::Regex),
        };
        if cause.is_some() || self.group.soft.metadata_stale {
            self.update_epoch(cause);
        }
        self.assign_if_due();
    }

    /// Leads the member to its target; whether its partitions changed.
    pub(super) fn reconcile(
        &mut self,
        updated: &Updated,
        reported: impl FnOnce() -> Option<Partitions>,
    ) -> Result<bool, ConsumerGroupError> {
        let group = &*self.group;
        let member = &group.members[&updated.id];
        if member.is_reconciled_to(group.assignment_epoch) && !updated.subscription_changed {
            return Ok(false);
        }
        let (nothing, reported) = (Partitions::new(), reported());
        let aim = reconcile::Aim {
            epoch: group.assignment_epoch,
            target: group.targets.get(&updated.id).unwrap_or(&nothing),
            reported: reported.as_ref(),
            subscribed: &|topic| self.is_subscribed(member, topic),
            owned: &group.owned,
            subscription_changed: updated.subscription_changed,
        };
        let Some(next) = reconcile::next(member, &aim)? else { return Ok(false) };
        let moved = next.assigned != member.assigned;
        let (group, member) = (Arc::clone(&self.group.id), Arc::clone(&updated.id));
        let value = Some(self.group.dated(&member, next));
        self.apply(Record::ConsumerGroupCurrentMemberAssignment { group, member, value });
        self.watch_revocation(&updated.id);
        Ok(moved)
    }

    /// A member that has to give up partitions has its rebalance timeout for it. Classic members have timers of their own.
    fn watch_revocation(&mut self, id: &Arc<str>) {
        let member = &self.group.members[id];
        let timer = Timer::Revocation(Arc::clone(&self.group.id), Arc::clone(id));
        if member.classic().is_none() && member.state == MemberState::UnrevokedPartitions {
            self.timers.set(timer, self.step.now.monotonic + member.rebalance_timeout());
        } else {
            self.timers.cancel(&timer);
        }
        if member.is_reconciled_to(self.group.assignment_epoch) {
            self.member_arrived();
        }
    }

    /// A member has come to the newest target. That the last one has is noted, for a group may have many members.
    fn member_arrived(&mut self) {
        let (epoch, now) = (self.group.assignment_epoch, self.step.now.monotonic);
        let are_there = |group: &ConsumerGroup| group.members.values().filter(|m| m.is_reconciled_to(epoch)).count();
        let known = self.group.soft.reconciling.take().filter(|known| known.epoch == epoch);
        let mut reconciling = known.unwrap_or_else(|| {
            let arrivals = are_there(self.group).saturating_sub(1);
            Reconciling { epoch, began: now, arrivals, noted: false }
        });
        reconciling.arrivals += 1;
        let members = self.group.members.len();
        // A member may come twice, so arrivals alone do not tell.
        if !reconciling.noted && reconciling.arrivals >= members && are_there(self.group) == members {
            reconciling.noted = true;
            let reconciling = now.saturating_sub(reconciling.began);
            self.note(Event::Reconciled { epoch, members, reconciling });
        }
        self.group.soft.reconciling = Some(reconciling);
    }

    fn is_subscribed(&self, member: &Member, topic: &TopicId) -> bool {
        let Some(topic) = self.step.image.topic_by_id(*topic) else { return false };
        let resolved = member.regex().and_then(|regex| self.group.resolved.get(regex));
        member.wants.subscribed_topic_names.binary_search(&topic.name).is_ok()
            || resolved.is_some_and(|resolved| resolved.topics.contains(&topic.name))
    }
}

/// Whether the request says something of the member that is not known. Most heartbeats say nothing.
fn is_changed(member: &Member, client: Client<'_>, request: &ConsumerGroupHeartbeatRequest<'_>) -> bool {
    let wants = &member.wants;
    let differs = |said: Option<&str>, known: &Option<Arc<str>>| said.is_some() && said != known.as_deref();
    wants.classic.is_some()
        || *wants.client_id != *client.id
        || *wants.client_host != *client.host
        || differs(request.instance_id, &wants.instance_id)
        || differs(request.rack_id, &wants.rack_id)
        || differs(request.server_assignor, &wants.server_assignor)
        || differs(request.subscribed_topic_regex, &wants.subscribed_topic_regex)
        || ![-1, wants.rebalance_timeout_ms].contains(&request.rebalance_timeout_ms)
        || request.subscribed_topic_names.is_some()
}

/// How large the record of a member is at most, in bytes, that wants this and nothing was known of.
fn record_bytes(client: Client<'_>, request: &ConsumerGroupHeartbeatRequest<'_>) -> usize {
    /// More than the length of a text takes.
    const LENGTH: usize = 3;
    /// All that is no text.
    const REST: usize = BATCH_OVERHEAD + 64;
    let names = request.subscribed_topic_names.iter().flat_map(|names| names.iter());
    let optional = [request.instance_id, request.rack_id, request.subscribed_topic_regex, request.server_assignor];
    let texts = [request.group_id, request.member_id, client.id, client.host];
    let all = names.chain(texts).chain(optional.into_iter().flatten());
    REST + all.map(|text| LENGTH + text.len()).sum::<usize>()
}

fn partitions_of(topics: &Array<'_, TopicPartitions<'_>>) -> Partitions {
    let mut partitions = Partitions::new();
    for topic in topics.iter() {
        partitions.entry(topic.topic_id).or_default().extend(topic.partitions.iter());
    }
    partitions
}
