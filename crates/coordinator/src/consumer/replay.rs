//! The durable state of a consumer group, record by record.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::member::MemberState;
use super::{ConsumerGroup, Member};
use crate::Record;
use crate::records::{ConsumerGroupMemberMetadata, CurrentMemberAssignment, Epochs, Partitions};

/// The consumer group that a record speaks of.
pub(super) fn group_of(record: &Record) -> Option<&Arc<str>> {
    match record {
        Record::ConsumerGroupMetadata { group, .. }
        | Record::ConsumerGroupMemberMetadata { group, .. }
        | Record::ConsumerGroupTargetAssignmentMetadata { group, .. }
        | Record::ConsumerGroupTargetAssignmentMember { group, .. }
        | Record::ConsumerGroupCurrentMemberAssignment { group, .. }
        | Record::ConsumerGroupRegularExpression { group, .. } => Some(group),
        Record::OffsetCommit { .. } | Record::GroupMetadata { .. } => None,
    }
}

/// Whether a record takes something of a consumer group back.
pub(super) fn is_tombstone(record: &Record) -> bool {
    matches!(
        record,
        Record::ConsumerGroupMetadata { value: None, .. }
            | Record::ConsumerGroupMemberMetadata { value: None, .. }
            | Record::ConsumerGroupTargetAssignmentMetadata { value: None, .. }
            | Record::ConsumerGroupTargetAssignmentMember { value: None, .. }
            | Record::ConsumerGroupCurrentMemberAssignment { value: None, .. }
            | Record::ConsumerGroupRegularExpression { value: None, .. }
    )
}

/// What a member knows of the classic protocols, each once: a record may name one twice.
fn protocols_of(wants: &ConsumerGroupMemberMetadata) -> HashSet<&Arc<str>> {
    wants.classic.iter().flat_map(|classic| &classic.supported_protocols).map(|(name, _)| name).collect()
}

impl ConsumerGroup {
    /// Takes in a record of this group.
    pub(super) fn replay(&mut self, record: &Record) {
        match record {
            Record::ConsumerGroupMetadata { value, .. } => {
                self.epoch = value.as_ref().map_or(0, |value| value.epoch);
                self.metadata_hash = value.as_ref().map_or(0, |value| value.metadata_hash);
            }
            Record::ConsumerGroupMemberMetadata { member, value: Some(value), .. } => self.put_member(member, value),
            Record::ConsumerGroupMemberMetadata { member, value: None, .. } => self.remove_member(member),
            Record::ConsumerGroupTargetAssignmentMetadata { value, .. } => {
                self.assignment_epoch = value.as_ref().map_or(0, |value| value.assignment_epoch);
                self.assignment_timestamp = value.as_ref().map_or(0, |value| value.assignment_timestamp);
            }
            Record::ConsumerGroupTargetAssignmentMember { member, value: Some(value), .. } => {
                self.targets.insert(Arc::clone(member), value.clone());
            }
            Record::ConsumerGroupTargetAssignmentMember { member, value: None, .. } => {
                self.targets.remove(member);
            }
            Record::ConsumerGroupCurrentMemberAssignment { member, value, .. } => {
                self.put_current(member, value.as_ref());
            }
            Record::ConsumerGroupRegularExpression { regex, value: Some(value), .. } => {
                self.resolved.insert(Arc::clone(regex), value.clone());
                self.soft.hash = None;
            }
            Record::ConsumerGroupRegularExpression { regex, value: None, .. } => {
                self.resolved.remove(regex);
                self.soft.hash = None;
            }
            Record::OffsetCommit { .. } | Record::GroupMetadata { .. } => {}
        }
    }

    fn put_member(&mut self, id: &Arc<str>, wants: &ConsumerGroupMemberMetadata) {
        let mut member = self.members.remove(id).unwrap_or_else(Member::new);
        self.unsubscribe(id, &member.wants);
        self.subscribe(id, wants);
        member.wants = wants.clone();
        // They are looked up by halving.
        if !member.wants.subscribed_topic_names.is_sorted() {
            member.wants.subscribed_topic_names.sort_unstable();
        }
        self.members.insert(Arc::clone(id), member);
    }

    fn remove_member(&mut self, id: &Arc<str>) {
        if let Some(member) = self.members.remove(id) {
            self.unsubscribe(id, &member.wants);
            self.disown(&member);
        }
    }

    fn subscribe(&mut self, id: &Arc<str>, wants: &ConsumerGroupMemberMetadata) {
        if let Some(instance) = &wants.instance_id {
            self.static_members.insert(Arc::clone(instance), Arc::clone(id));
        }
        self.classic_members += usize::from(wants.classic.is_some());
        for protocol in protocols_of(wants) {
            *self.protocols.entry(Arc::clone(protocol)).or_default() += 1;
        }
        for name in &wants.subscribed_topic_names {
            let count = self.names.entry(Arc::clone(name)).or_default();
            *count += 1;
            if *count == 1 {
                self.soft.hash = None;
            }
        }
        if let Some(regex) = wants.subscribed_topic_regex.as_ref().filter(|regex| !regex.is_empty()) {
            *self.regexes.entry(Arc::clone(regex)).or_default() += 1;
        }
    }

    fn unsubscribe(&mut self, id: &Arc<str>, wants: &ConsumerGroupMemberMetadata) {
        if let Some(instance) = &wants.instance_id
            && self.static_members.get(instance) == Some(id)
        {
            self.static_members.remove(instance);
        }
        self.classic_members -= usize::from(wants.classic.is_some());
        for protocol in protocols_of(wants) {
            if let Some(count) = self.protocols.get_mut(protocol) {
                *count -= 1;
                if *count == 0 {
                    self.protocols.remove(protocol);
                }
            }
        }
        for name in &wants.subscribed_topic_names {
            if let Some(count) = self.names.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.names.remove(name);
                    self.soft.hash = None;
                }
            }
        }
        if let Some(regex) = &wants.subscribed_topic_regex
            && let Some(count) = self.regexes.get_mut(regex)
        {
            *count -= 1;
            if *count == 0 {
                self.regexes.remove(regex);
            }
        }
    }

    fn put_current(&mut self, id: &Arc<str>, value: Option<&CurrentMemberAssignment>) {
        let mut member = match (self.members.remove(id), value) {
            (Some(member), _) => member,
            // It may stand before the member in the log once that is compacted.
            (None, Some(_)) => Member::new(),
            (None, None) => return,
        };
        let before = self.disown(&member);
        let empty = Member::new().current_assignment();
        let value = value.unwrap_or(&empty);
        member.epoch = value.member_epoch;
        member.previous_epoch = value.previous_member_epoch;
        member.state = MemberState::of_number(value.state);
        member.assigned.clone_from(&value.assigned);
        member.pending_revocation.clone_from(&value.pending_revocation);
        self.own(&member, &before, &value.epochs);
        self.members.insert(Arc::clone(id), member);
    }

    /// With the epochs in which the member got its partitions: those that it has keep theirs, the others come with its epoch
    /// (KIP-1251).
    pub(super) fn dated(&self, id: &Arc<str>, mut value: CurrentMemberAssignment) -> CurrentMemberAssignment {
        let member = self.members.get(id);
        let epoch = value.member_epoch;
        value.date(|topic, partition| {
            let has = |of: &Partitions| of.get(topic).is_some_and(|of| of.contains(&partition));
            let had = member.is_some_and(|member| has(&member.assigned) || has(&member.pending_revocation));
            let since = self.owned.get(topic).and_then(|owned| owned.get(&partition)).filter(|_| had);
            since.copied().unwrap_or(epoch)
        });
        value
    }

    /// Frees what a member has; what it had since when.
    fn disown(&mut self, member: &Member) -> HashMap<(record::TopicId, i32), i32> {
        let mut since = HashMap::new();
        for (topic, partitions) in member.assigned.iter().chain(&member.pending_revocation) {
            let Some(owned) = self.owned.get_mut(topic) else { continue };
            since.extend(partitions.iter().filter_map(|p| owned.remove(p).map(|epoch| ((*topic, *p), epoch))));
            if owned.is_empty() {
                self.owned.remove(topic);
            }
        }
        since
    }

    /// Records that do not tell epochs leave what was known, or what the member's own epoch says.
    fn own(&mut self, member: &Member, before: &HashMap<(record::TopicId, i32), i32>, told: &Epochs) {
        for (topic, partitions) in member.assigned.iter().chain(&member.pending_revocation) {
            if !partitions.is_empty() {
                let told = told.get(topic);
                let since = |p: &i32| {
                    let since = told.and_then(|told| told.get(p)).or_else(|| before.get(&(*topic, *p)));
                    since.copied().unwrap_or(member.epoch)
                };
                self.owned.entry(*topic).or_default().extend(partitions.iter().map(|p| (*p, since(p))));
            }
        }
    }
}
