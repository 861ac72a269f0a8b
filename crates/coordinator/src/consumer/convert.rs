//! Groups change between the classic and the consumer protocol (KIP-848), also while they have members.
//!
//! A classic group becomes a consumer group when a member with the consumer protocol joins; a consumer group becomes a classic
//! one when the last such member is gone. Members keep their partitions either way.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use metadata::Image;
use record::TopicId;

use super::error::ConsumerGroupError;
use super::member::{Member, MemberState};
use super::protocol::{Assignment, PROTOCOL_TYPE, Subscription, TopicPartitions};
use super::{ConsumerGroup, Work};
use crate::classic::{self, ClassicGroup};
use crate::history::{Departure, Event, RebalanceCause};
use crate::records::{
    ClassicMemberMetadata, ConsumerGroupMemberMetadata, ConsumerGroupMetadata, MemberMetadata, Partitions,
    TargetAssignmentMetadata,
};
use crate::shard::Group;
use crate::timers::Timer;
use crate::{Record, Shard, Step};

const DISABLED: &str = "online upgrade is disabled.";
const OF_OTHERS: &str = "the group does not use the consumer embedded protocol.";
const TOO_LARGE: &str = "the group size exceeds the consumer group maximum size.";
const LARGE_MEMBER: &str = "the record of a member would be too large.";
const MALFORMED: &str = "the embedded consumer protocol is malformed.";
const CUSTOM: &str = "an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.";

impl Shard {
    /// Has a consumer group of this name, for a member that joins: a new one, or what a classic group becomes.
    ///
    /// # Errors
    /// There is a classic group that may not become one, or has no room for the member.
    pub(super) fn make_consumer_group(
        &mut self,
        step: &mut Step<'_>,
        name: &str,
        joining: &str,
    ) -> Result<(), ConsumerGroupError> {
        let members = match self.groups.get(name) {
            Some(Group::Consumer(_)) => return Ok(()),
            None => Vec::new(),
            Some(Group::Classic(group)) if group.is_empty() => Vec::new(),
            Some(Group::Classic(group)) => self.upgraded(step.image, name, group, joining)?,
        };
        let was = self.take_classic_group(step, name);
        let id: Arc<str> = name.into();
        self.groups.insert(Arc::clone(&id), Group::Consumer(ConsumerGroup::new(Arc::clone(&id))));
        if let Some(was) = was.filter(|_| !members.is_empty())
            && let Some(mut work) = self.consumer_work(step, &id)
        {
            work.take_over(was.generation(), members);
        }
        Ok(())
    }

    /// The members of a classic group as they are to be in a consumer group.
    fn upgraded(
        &self,
        image: &Image,
        name: &str,
        group: &ClassicGroup,
        joining: &str,
    ) -> Result<Vec<(Arc<str>, Member)>, ConsumerGroupError> {
        let no = |why| ConsumerGroupError::NoUpgrade(name.into(), why);
        let max = self.settings.consumer.members_max;
        let fault = match group.members().len() {
            _ if !self.settings.consumer.migration.upgrades() => Some(DISABLED),
            _ if !group.is_of_consumers() => Some(OF_OTHERS),
            members if members > max => Some(TOO_LARGE),
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(no(fault));
        }
        if group.members().len() == max && group.members().find(joining).is_none() {
            return Err(ConsumerGroupError::GroupFull(max));
        }
        // A leader may have given a partition to two members. Here it is had once.
        let mut given = HashSet::new();
        let upgraded = group.members().iter().map(|member| upgrade(image, group, member, &mut given));
        let mut upgraded: Vec<(Arc<str>, Member)> = upgraded.collect::<Result<_, _>>().map_err(no)?;
        if !group.is_stable() {
            keep_owned(image, group, &mut upgraded, &mut given);
        }
        let is_too_large = |(id, member): &(Arc<str>, Member)| {
            let (group, member, value) = (name.into(), Arc::clone(id), Some(member.wants.clone()));
            let record = Record::ConsumerGroupMemberMetadata { group, member, value };
            record.batch_bytes() > self.settings.record_bytes_max
        };
        if upgraded.iter().any(is_too_large) { Err(no(LARGE_MEMBER)) } else { Ok(upgraded) }
    }

    /// Whether a consumer group is to become a classic one when these are gone.
    pub(super) fn downgrades_without(
        &mut self,
        step: &mut Step<'_>,
        name: &Arc<str>,
        gone: &[(Arc<str>, Departure)],
    ) -> bool {
        let Some(Group::Consumer(group)) = self.groups.get(name) else { return false };
        if group.classic_members == 0 {
            return false;
        }
        let gone: HashSet<&Arc<str>> = gone.iter().map(|(id, _)| id).collect();
        let gone: Vec<&Member> = gone.into_iter().filter_map(|id| group.members.get(id)).collect();
        let classic_gone = gone.iter().filter(|member| member.classic().is_some());
        let stay = group.members.len() - gone.len();
        stay > 0
            && stay == group.classic_members - classic_gone.count()
            && stay <= self.settings.members_max
            && self.settings.consumer.migration.downgrades()
            && self.consumer_work(step, name).is_some_and(|work| work.fits_as_classic())
    }

    /// Takes members out of a consumer group and makes a classic group of it, whose members have to join again.
    pub(super) fn leave_to_classic_group(
        &mut self,
        step: &mut Step<'_>,
        name: &Arc<str>,
        gone: &[(Arc<str>, Departure)],
    ) {
        if let Some(mut work) = self.consumer_work(step, name) {
            for (id, cause) in gone {
                work.remove(id);
                work.cancel_timers(id);
                work.note(Event::Left { member: Arc::clone(id), cause: cause.clone() });
            }
        }
        let cause = gone.last().map(|(last, _)| RebalanceCause::Left(Arc::clone(last)));
        self.make_classic_group(step, name, cause);
    }

    /// Makes a classic group of a consumer group whose members all speak the classic protocol.
    pub(super) fn make_classic_group(
        &mut self,
        step: &mut Step<'_>,
        name: &Arc<str>,
        rebalance: Option<RebalanceCause>,
    ) {
        let Some(mut work) = self.consumer_work(step, name) else { return };
        let classic = work.downgraded();
        let tombstones = work.group.tombstones(name);
        work.cancel_all_timers();
        work.note(Event::Converted { to: "classic" });
        for tombstone in tombstones {
            self.replay_consumer(&tombstone);
            step.write(tombstone);
        }
        self.put_classic_group(step, name, classic, rebalance);
    }
}

impl Work<'_, '_> {
    /// Takes in the members of a classic group, in its generation. The next change of the group assigns it anew.
    fn take_over(&mut self, generation: i32, members: Vec<(Arc<str>, Member)>) {
        self.note(Event::Converted { to: "consumer" });
        let group = || Arc::clone(&self.group.id);
        let mut records: Vec<Record> = Vec::new();
        for (id, member) in &members {
            let value = Some(member.wants.clone());
            records.push(Record::ConsumerGroupMemberMetadata { group: group(), member: Arc::clone(id), value });
        }
        let value = Some(ConsumerGroupMetadata { epoch: generation, metadata_hash: 0 });
        records.push(Record::ConsumerGroupMetadata { group: group(), value });
        for (id, member) in &members {
            let value = Some(member.assigned.clone());
            records.push(Record::ConsumerGroupTargetAssignmentMember { group: group(), member: Arc::clone(id), value });
        }
        // Without a time, so that the first assignment does not wait.
        let value = Some(TargetAssignmentMetadata { assignment_epoch: generation, assignment_timestamp: 0 });
        records.push(Record::ConsumerGroupTargetAssignmentMetadata { group: group(), value });
        for (id, member) in &members {
            let value = Some(self.group.dated(id, member.current_assignment()));
            records.push(Record::ConsumerGroupCurrentMemberAssignment {
                group: group(),
                member: Arc::clone(id),
                value,
            });
        }
        records.into_iter().for_each(|record| self.apply(record));
        for (id, member) in &members {
            let at = self.step.now.monotonic + self.session_of(member);
            self.timers.set(Timer::Session(Arc::clone(&self.group.id), Arc::clone(id)), at);
        }
    }

    /// Whether the group can be written as a classic one, which is one record.
    fn fits_as_classic(&self) -> bool {
        self.downgraded().record(&self.group.id).batch_bytes() <= self.settings.record_bytes_max
    }

    /// The group as a classic one: in its epoch, with what members shall have as what they were given.
    fn downgraded(&self) -> ClassicGroup {
        let members = self.group.members.iter().map(|(id, member)| {
            let protocols = member.classic().map(|classic| classic.supported_protocols.clone()).unwrap_or_default();
            classic::Member::of(&self.classic_record(id, member), protocols)
        });
        ClassicGroup::of_members(PROTOCOL_TYPE.into(), self.group.epoch, self.step.now.wall.0, members)
    }

    fn classic_record(&self, id: &Arc<str>, member: &Member) -> MemberMetadata {
        let nothing = Partitions::new();
        let target = self.group.targets.get(id).unwrap_or(&nothing);
        MemberMetadata {
            member_id: Arc::clone(id),
            instance_id: member.wants.instance_id.clone(),
            client_id: Arc::clone(&member.wants.client_id),
            client_host: Arc::clone(&member.wants.client_host),
            rebalance_timeout: member.wants.rebalance_timeout_ms,
            session_timeout: member.classic().map_or(0, |classic| classic.session_timeout_ms),
            subscription: Arc::default(),
            assignment: encode_assignment(self.step.image, member, target),
        }
    }

    pub(super) fn cancel_all_timers(&mut self) {
        let members: Vec<Arc<str>> = self.group.members.keys().map(Arc::clone).collect();
        members.iter().for_each(|id| self.cancel_timers(id));
        self.timers.cancel(&Timer::Assignment(Arc::clone(&self.group.id)));
        self.timers.cancel(&Timer::RegexRefresh(Arc::clone(&self.group.id)));
    }
}

/// Partitions in the form of the consumer protocol, in the version that the member wrote its subscription in.
pub(super) fn encode_assignment(image: &Image, member: &Member, partitions: &Partitions) -> Arc<[u8]> {
    let protocols = member.classic().map_or(&[][..], |classic| &classic.supported_protocols);
    let version = protocols.first().and_then(|(_, metadata)| Subscription::decode_blob(metadata).ok());
    let named = partitions.iter().filter_map(|(topic, partitions)| {
        let topic = &image.topic_by_id(*topic)?.name;
        Some(TopicPartitions { topic, partitions: partitions.iter().copied().collect() })
    });
    let assignment = Assignment { partitions: named.collect(), user_data: None };
    assignment.encode_blob(version.map_or(0, |(_, version)| version)).into()
}

/// Partitions by topic id; topics that there are not are left out.
pub(super) fn with_ids<'a>(image: &Image, named: impl Iterator<Item = TopicPartitions<'a>>) -> Partitions {
    let mut partitions = Partitions::new();
    for topic in named {
        if let Some(known) = image.topic(topic.topic) {
            partitions.entry(known.id).or_default().extend(topic.partitions.iter());
        }
    }
    partitions.retain(|_, of_topic| !of_topic.is_empty());
    partitions
}

/// In a rebalance assignments may have been taken back already, while members still read what they said that they own when
/// they joined. What two say that they own belongs to the one who got it later (KIP-792).
fn keep_owned(
    image: &Image,
    group: &ClassicGroup,
    upgraded: &mut [(Arc<str>, Member)],
    given: &mut HashSet<(TopicId, i32)>,
) {
    let said: Vec<Arc<[u8]>> = group
        .members()
        .iter()
        .map(|member| spoken(group, member).map_or_else(Arc::default, |p| member.metadata(p)))
        .collect();
    let owned = said.iter().zip(0..).filter_map(|(said, place)| Some((Subscription::decode_blob(said).ok()?.0, place)));
    let mut owned: Vec<(Subscription<'_>, usize)> = owned.collect();
    owned.sort_by_key(|(subscription, _)| Reverse(subscription.generation_id));
    for (subscription, place) in owned {
        let assigned = &mut upgraded[place].1.assigned;
        for (topic, partitions) in with_ids(image, subscription.owned_partitions.iter()) {
            let free: BTreeSet<i32> = partitions.into_iter().filter(|p| given.insert((topic, *p))).collect();
            if !free.is_empty() {
                assigned.entry(topic).or_default().extend(free);
            }
        }
    }
}

/// The protocol that a member's subscription is read from.
fn spoken<'a>(group: &'a ClassicGroup, member: &'a classic::Member) -> Option<&'a Arc<str>> {
    group.protocol().or(member.protocols.first().map(|(name, _)| name))
}

fn upgrade(
    image: &Image,
    group: &ClassicGroup,
    classic: &classic::Member,
    given: &mut HashSet<(TopicId, i32)>,
) -> Result<(Arc<str>, Member), &'static str> {
    let protocol = spoken(group, classic).ok_or(MALFORMED)?;
    let metadata = classic.metadata(protocol);
    let (subscription, _) = Subscription::decode_blob(&metadata).map_err(|_| MALFORMED)?;
    let (assignment, _) = Assignment::decode_blob(&classic.assignment).map_err(|_| MALFORMED)?;
    if assignment.user_data.is_some_and(|data| !data.is_empty()) {
        return Err(CUSTOM);
    }
    let mut assigned = with_ids(image, assignment.partitions.iter());
    for (topic, partitions) in &mut assigned {
        partitions.retain(|partition| given.insert((*topic, *partition)));
    }
    assigned.retain(|_, partitions| !partitions.is_empty());
    let (epoch, state) = (group.generation(), MemberState::Stable);
    let wants = wanted(classic, &subscription);
    let pending_revocation = Partitions::new();
    let member = Member { wants, epoch, previous_epoch: epoch, state, assigned, pending_revocation };
    Ok((Arc::clone(&classic.id), member))
}

fn wanted(classic: &classic::Member, subscription: &Subscription<'_>) -> ConsumerGroupMemberMetadata {
    let mut names: Vec<Arc<str>> = subscription.topics.iter().map(Arc::from).collect();
    names.sort_unstable();
    names.dedup();
    ConsumerGroupMemberMetadata {
        instance_id: classic.instance_id.clone(),
        rack_id: subscription.rack_id.map(Arc::from),
        client_id: Arc::clone(&classic.client_id),
        client_host: Arc::clone(&classic.client_host),
        subscribed_topic_names: names,
        subscribed_topic_regex: None,
        rebalance_timeout_ms: classic.rebalance_timeout_ms,
        server_assignor: None,
        classic: Some(ClassicMemberMetadata {
            session_timeout_ms: classic.session_timeout_ms,
            supported_protocols: classic.protocols.clone(),
        }),
    }
}
