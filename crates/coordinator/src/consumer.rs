//! Consumer groups (KIP-848): the broker assigns, members report and reconcile one by one.
//!
//! A member says what it wants; that raises the group's epoch. Each epoch gets a target assignment, and each member is led to
//! its part of it by itself: first it gives up what it shall no longer have, then it gets what is free. Durable state changes
//! only in [`ConsumerGroup::replay`].

mod convert;
mod describe;
mod epoch;
mod error;
mod heartbeat;
mod join;
mod leave;
mod member;
pub(crate) mod protocol;
mod reconcile;
mod regex;
mod replay;
mod target;
mod timeouts;
mod validate;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use metadata::{Image, Index};
use record::TopicId;
use wire::ErrorCode;
use wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;

use crate::history::{Event, History};
use crate::records::{Partitions, ResolvedRegularExpression};
use crate::shard::Group;
use crate::timers::Timers;
use crate::{Client, Record, Settings, Shard, Step};

use error::ConsumerGroupError;
use member::Member;

/// The epoch of a request that joins.
const JOINS: i32 = 0;
/// The epoch of a request that leaves.
const LEAVES: i32 = -1;
/// The epoch of a static member that leaves and will be back.
const LEAVES_STATIC: i32 = -2;

/// A consumer group.
#[derive(Debug)]
pub(crate) struct ConsumerGroup {
    id: Arc<str>,
    epoch: i32,
    /// Of the topics that the group is subscribed to; 0 for none.
    metadata_hash: i64,
    assignment_epoch: i32,
    /// When the target was assigned, in milliseconds since 1970; 0 if it is not known.
    assignment_timestamp: i64,
    members: BTreeMap<Arc<str>, Member>,
    /// By instance id, the member's id.
    static_members: HashMap<Arc<str>, Arc<str>>,
    /// By member, what it shall have.
    targets: BTreeMap<Arc<str>, Partitions>,
    /// Partitions that a member has or has not given up yet, with the epoch in which it got them.
    owned: HashMap<TopicId, HashMap<i32, i32>>,
    /// Topics that are subscribed to by name, each with the number of subscribers.
    names: HashMap<Arc<str>, usize>,
    /// Expressions that are subscribed to, each with the number of subscribers.
    regexes: BTreeMap<Arc<str>, usize>,
    /// What the expressions match.
    resolved: BTreeMap<Arc<str>, ResolvedRegularExpression>,
    /// How many members speak the classic protocol.
    classic_members: usize,
    /// What these know, each with the number of members that know it.
    protocols: HashMap<Arc<str>, usize>,
    soft: Soft,
}

/// What a group need not remember.
#[derive(Debug, Default)]
struct Soft {
    /// Topics that the group is subscribed to may have changed.
    metadata_stale: bool,
    /// Topics that its expressions match may have come or gone.
    regexes_stale: bool,
    /// When all expressions were looked up last.
    regexes_refreshed: Option<Duration>,
    /// Expressions that are to be looked up again, a few in each step.
    to_resolve: Vec<Arc<str>>,
    /// What some expressions are compiled to.
    compiled: HashMap<Arc<str>, ::regex::Regex>,
    /// How far the members are on the way to the newest target.
    reconciling: Option<Reconciling>,
    /// The hash of the subscribed topics in this version of the metadata.
    hash: Option<(Index, i64)>,
}

/// Members come to an epoch one by one.
#[derive(Debug)]
struct Reconciling {
    /// The epoch.
    epoch: i32,
    /// When it was assigned, on the monotonic clock; after a start, when the first member came to it.
    began: Duration,
    /// How many times a member has come to it.
    arrivals: usize,
    /// All have come, and it was noted.
    noted: bool,
}

/// A group in the course of a step.
struct Work<'w, 's> {
    group: &'w mut ConsumerGroup,
    timers: &'w mut Timers,
    history: &'w mut History,
    settings: &'w Settings,
    step: &'w mut Step<'s>,
}

impl ConsumerGroup {
    /// A group without members.
    pub(crate) fn new(id: Arc<str>) -> ConsumerGroup {
        ConsumerGroup {
            id,
            epoch: 0,
            metadata_hash: 0,
            assignment_epoch: 0,
            assignment_timestamp: 0,
            members: BTreeMap::new(),
            static_members: HashMap::new(),
            targets: BTreeMap::new(),
            owned: HashMap::new(),
            names: HashMap::new(),
            regexes: BTreeMap::new(),
            resolved: BTreeMap::new(),
            classic_members: 0,
            protocols: HashMap::new(),
            // What is loaded may be older than the topics are.
            soft: Soft { metadata_stale: true, regexes_stale: true, ..Soft::default() },
        }
    }

    /// Whether it has no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many members it has.
    pub(crate) fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Whether a member is subscribed to this topic.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.names.contains_key(topic) || self.resolved.values().any(|resolved| resolved.topics.contains(topic))
    }

    /// The member of this id with its key, or the error that Kafka has for there being none.
    fn member(&self, id: &str) -> Result<(&Arc<str>, &Member), ConsumerGroupError> {
        let unknown = || ConsumerGroupError::UnknownMember { member: id.into(), group: Arc::clone(&self.id) };
        self.members.get_key_value(id).ok_or_else(unknown)
    }

    /// The member with this instance id.
    fn static_member(&self, instance: &str) -> Option<(&Arc<str>, &Member)> {
        self.members.get_key_value(self.static_members.get(instance)?)
    }
}

impl Work<'_, '_> {
    /// Changes the state and has the record appended.
    fn apply(&mut self, record: Record) {
        self.group.replay(&record);
        self.step.write(record);
    }

    fn note(&mut self, event: Event) {
        self.history.note(&self.group.id, self.step.now.wall, event);
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
        step: &mut Step<'_>,
        client: Client<'_>,
        version: i16,
        request: &ConsumerGroupHeartbeatRequest<'_>,
    ) -> ConsumerHeartbeatAnswer {
        self.try_consumer_heartbeat(step, client, version, request).unwrap_or_else(|error| {
            self.note_fenced(step, request, &error);
            ConsumerHeartbeatAnswer::refused(&error)
        })
    }

    fn note_fenced(
        &mut self,
        step: &Step<'_>,
        request: &ConsumerGroupHeartbeatRequest<'_>,
        error: &ConsumerGroupError,
    ) {
        if error.code() == ErrorCode::FENCED_MEMBER_EPOCH
            && let Some((group, _)) = self.groups.get_key_value(request.group_id)
        {
            let event = Event::Fenced { member: request.member_id.into(), epoch: request.member_epoch };
            self.history.note(group, step.now.wall, event);
        }
    }

    /// ConsumerGroupDescribe, of one group.
    pub fn describe_consumer_group(&self, image: &Image, group: &str) -> DescribedConsumerGroup {
        match self.groups.get(group) {
            Some(Group::Consumer(group)) => group.describe(image, &self.settings),
            Some(_) => DescribedConsumerGroup::refused(&ConsumerGroupError::NotAConsumerGroup(group.into())),
            None => DescribedConsumerGroup::refused(&ConsumerGroupError::GroupIdNotFound(group.into())),
        }
    }

    /// The topics of the image have changed: groups that are subscribed to these look at them again at their next heartbeat.
    pub fn topics_changed(&mut self, names: &BTreeSet<Arc<str>>) {
        for group in self.groups.values_mut() {
            if let Group::Consumer(group) = group {
                group.soft.metadata_stale |= names.iter().any(|name| group.is_subscribed_to(name));
                group.soft.regexes_stale |= !group.regexes.is_empty();
            }
        }
    }

    /// The consumer group of this name, to be worked upon.
    fn consumer_work<'w, 's>(&'w mut self, step: &'w mut Step<'s>, group: &str) -> Option<Work<'w, 's>> {
        match self.groups.get_mut(group) {
            Some(Group::Consumer(group)) => Some(Work {
                group,
                timers: &mut self.timers,
                history: &mut self.history,
                settings: &self.settings,
                step,
            }),
            _ => None,
        }
    }

    pub(crate) fn replay_consumer(&mut self, record: &Record) {
        let Some(id) = replay::group_of(record) else { return };
        if let Record::ConsumerGroupMetadata { value: None, .. } = record {
            if let Some(Group::Consumer(_)) = self.groups.get(id) {
                self.groups.remove(id);
            }
            return;
        }
        match self.groups.get_mut(id) {
            Some(Group::Consumer(group)) => group.replay(record),
            // A tombstone makes no group; and what is left of a classic group is gone when its members are in this one.
            _ if replay::is_tombstone(record) => {}
            _ => {
                let mut group = ConsumerGroup::new(Arc::clone(id));
                group.replay(record);
                self.groups.insert(Arc::clone(id), Group::Consumer(group));
            }
        }
    }
}

#[cfg(test)]
mod tests;
