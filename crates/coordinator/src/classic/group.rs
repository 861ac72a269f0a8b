//! What a classic group is.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use wire::ErrorCode;
use wire::messages::join_group::JoinGroupRequest;

use super::members::{Member, Members};
use super::subscription;
use crate::Record;
use crate::records::{BATCH_OVERHEAD, GroupMetadata};

/// What is written of a group beside its members and its texts, in bytes: kind, version, lengths, generation and time.
const HEAD_BYTES: usize = 2 + 2 + 2 + 3 * 2 + 4 + 8 + 4;

/// Where a group is between two generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It has no members, but perhaps offsets.
    Empty,
    /// Members have to join.
    PreparingRebalance,
    /// All have joined, the leader assigns.
    CompletingRebalance,
    /// All are assigned.
    Stable,
}

/// How a group that was empty waits for its first members.
#[derive(Clone, Copy, Debug)]
pub(super) struct InitialDelay {
    /// How long it waits now.
    pub(super) delay: Duration,
    /// How much longer it may wait if more members come.
    pub(super) remaining: Duration,
}

/// A classic group. A generation is written as a whole when it is complete; what is under way until then is in memory alone.
#[derive(Debug)]
pub(crate) struct ClassicGroup {
    pub(super) state: State,
    /// Milliseconds since 1970.
    pub(super) state_since: Option<i64>,
    pub(super) protocol_type: Option<Arc<str>>,
    pub(super) protocol: Option<Arc<str>>,
    pub(super) generation: i32,
    pub(super) leader: Option<Arc<str>>,
    pub(super) members: Members,
    /// Ids that were given and not yet come back (KIP-394).
    pub(super) pending: HashSet<Arc<str>>,
    /// The rebalance that is under way began without members.
    pub(super) from_empty: bool,
    pub(super) initial: Option<InitialDelay>,
    /// Somebody came since the initial delay began.
    pub(super) newcomers: bool,
    /// When the phase that is under way began, on the monotonic clock.
    pub(super) phase_began: Duration,
    /// Of this generation; none if a member's subscription cannot be read.
    subscribed: OnceCell<Option<HashSet<Box<str>>>>,
}

impl ClassicGroup {
    /// A group without members that never had any.
    pub(crate) fn simple() -> ClassicGroup {
        ClassicGroup {
            state: State::Empty,
            state_since: None,
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: Members::default(),
            pending: HashSet::new(),
            from_empty: false,
            initial: None,
            newcomers: false,
            phase_began: Duration::ZERO,
            subscribed: OnceCell::new(),
        }
    }

    /// The group that a record tells of.
    pub(crate) fn replayed(metadata: &GroupMetadata) -> ClassicGroup {
        let protocol = metadata.protocol.clone().unwrap_or_default();
        let mut group = ClassicGroup::simple();
        for member in &metadata.members {
            let subscription = (Arc::clone(&protocol), Arc::clone(&member.subscription));
            group.members.insert(Member::of(member, vec![subscription]));
        }
        group.state = if group.members.is_empty() { State::Empty } else { State::Stable };
        group.state_since = (metadata.current_state_timestamp != -1).then_some(metadata.current_state_timestamp);
        group.protocol_type = (!metadata.protocol_type.is_empty()).then(|| Arc::clone(&metadata.protocol_type));
        group.protocol.clone_from(&metadata.protocol);
        group.generation = metadata.generation;
        let leader = metadata.leader.as_ref().filter(|leader| group.members.slot(leader).is_some());
        group.leader = leader.or(group.members.iter().next().map(|first| &first.id)).cloned();
        group
    }

    /// A group whose members have their assignments already: what a consumer group becomes (KIP-848). The first member
    /// leads, the protocol is the one that most like best. `since` is in milliseconds since 1970.
    pub(crate) fn of_members(
        protocol_type: Arc<str>,
        generation: i32,
        since: i64,
        members: impl IntoIterator<Item = Member>,
    ) -> ClassicGroup {
        let mut group = ClassicGroup::simple();
        members.into_iter().for_each(|member| group.members.insert(member));
        group.state = if group.members.is_empty() { State::Empty } else { State::Stable };
        group.state_since = Some(since);
        group.protocol_type = Some(protocol_type);
        group.protocol = group.members.favourite();
        group.generation = generation;
        group.leader = group.members.iter().next().map(|first| Arc::clone(&first.id));
        group
    }

    /// All of it, as it is written.
    pub(crate) fn record(&self, name: &Arc<str>) -> Record {
        let protocol = self.protocol.clone().unwrap_or_default();
        Record::GroupMetadata {
            group: Arc::clone(name),
            value: Some(GroupMetadata {
                protocol_type: self.protocol_type.clone().unwrap_or_default(),
                generation: self.generation,
                protocol: self.protocol.clone(),
                leader: self.leader.clone(),
                current_state_timestamp: self.state_since.unwrap_or(-1),
                members: self.members.iter().map(|member| member.record(&protocol)).collect(),
            }),
        }
    }

    /// How large a batch of [`ClassicGroup::record`] is at most, in bytes, when so many of them are assignments.
    pub(super) fn batch_bytes(&self, name: &str, assigned_bytes: usize) -> usize {
        let [protocol_type, protocol, leader] =
            [&self.protocol_type, &self.protocol, &self.leader].map(|text| text.as_deref().unwrap_or_default());
        head_bytes(&[name, protocol_type, protocol, leader]) + self.members.bytes(protocol) + assigned_bytes
    }

    /// Its state, as Kafka names it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::Empty => "Empty",
            State::PreparingRebalance => "PreparingRebalance",
            State::CompletingRebalance => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }

    /// Such as `consumer`; none if it never had members.
    pub(crate) fn protocol_type(&self) -> Option<&Arc<str>> {
        self.protocol_type.as_ref()
    }

    /// What the members agreed on.
    pub(crate) fn protocol(&self) -> Option<&Arc<str>> {
        self.protocol.as_ref()
    }

    /// The generation; each is one more than the one before.
    pub(crate) fn generation(&self) -> i32 {
        self.generation
    }

    /// Its members, not those that were only given an id.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// Whether nobody is a member or becomes one.
    pub(crate) fn is_empty(&self) -> bool {
        self.state == State::Empty
    }

    /// Whether its members are assigned.
    pub(crate) fn is_stable(&self) -> bool {
        self.state == State::Stable
    }

    /// Whether it is there for its offsets alone.
    #[cfg(test)]
    pub(crate) fn is_simple(&self) -> bool {
        self.protocol_type.is_none() && self.is_empty() && self.pending.is_empty()
    }

    /// Whether its members assign partitions of topics, rather than something of their own.
    pub(crate) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_deref() == Some("consumer")
    }

    /// Since when it is in its state, in milliseconds since 1970; old records do not tell (KIP-211).
    pub(crate) fn current_state_timestamp(&self) -> Option<i64> {
        self.state_since
    }

    /// Whether a member reads the topic. Those whose subscriptions cannot be read may read any.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscribed_topics().map_or_else(|| self.is_of_consumers(), |topics| topics.contains(topic))
    }

    /// The topics of all members; none if they cannot be told.
    pub(crate) fn subscribed_topics(&self) -> Option<&HashSet<Box<str>>> {
        self.subscribed.get_or_init(|| self.read_subscriptions()).as_ref()
    }

    fn read_subscriptions(&self) -> Option<HashSet<Box<str>>> {
        if !self.is_of_consumers() {
            return None;
        }
        let mut topics = HashSet::new();
        if self.members.is_empty() {
            return Some(topics);
        }
        let protocol = self.protocol.as_deref()?;
        for member in self.members.iter() {
            subscription::add_topics(&member.metadata(protocol), &mut topics)?;
        }
        Some(topics)
    }

    pub(super) fn forget_subscriptions(&mut self) {
        self.subscribed = OnceCell::new();
    }

    /// Whether a request for this member is really its own.
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID`; `FENCED_INSTANCE_ID` if another process has its static name (KIP-345).
    pub(crate) fn validate_member(&self, member_id: &str, instance_id: Option<&str>) -> Result<usize, ErrorCode> {
        if let Some(instance) = instance_id {
            let owner = self.members.slot_of_instance(instance).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
            if *self.members.at(owner).id != *member_id {
                return Err(ErrorCode::FENCED_INSTANCE_ID);
            }
        }
        self.members.slot(member_id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)
    }

    /// Like [`ClassicGroup::validate_member`], of one that names its generation.
    ///
    /// # Errors
    /// Also `ILLEGAL_GENERATION`.
    pub(super) fn validate(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<usize, ErrorCode> {
        let slot = self.validate_member(member_id, instance_id)?;
        if generation == self.generation { Ok(slot) } else { Err(ErrorCode::ILLEGAL_GENERATION) }
    }

    /// Whether a member may commit offsets. Those who only want the offsets kept name no generation, and find no members.
    ///
    /// # Errors
    /// As [`ClassicGroup::validate_member`]; `ILLEGAL_GENERATION`; `REBALANCE_IN_PROGRESS` while the leader assigns.
    pub(crate) fn validate_offset_commit(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() && instance_id.is_none() {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        self.validate(member_id, instance_id, generation)?;
        if self.state == State::CompletingRebalance {
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok(())
    }

    /// Whether a member with these protocols would leave one that all know.
    pub(super) fn supports(&self, request: &JoinGroupRequest<'_>) -> bool {
        match self.state {
            State::Empty => speaks(request),
            _ => {
                self.protocol_type.as_deref() == Some(request.protocol_type)
                    && request.protocols.iter().any(|protocol| self.members.all_know(protocol.name))
            }
        }
    }

    pub(super) fn all_joined(&self) -> bool {
        self.members.joining() == self.members.len() && self.pending.is_empty()
    }

    pub(super) fn is_led_by(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }
}

/// How large a batch of a group's record is at most, in bytes, without its members, with these texts.
pub(super) fn head_bytes(texts: &[&str; 4]) -> usize {
    BATCH_OVERHEAD + HEAD_BYTES + texts.iter().map(|text| text.len()).sum::<usize>()
}

/// Whether the request says in which way the member takes part.
pub(super) fn speaks(request: &JoinGroupRequest<'_>) -> bool {
    !request.protocol_type.is_empty() && !request.protocols.is_empty()
}
