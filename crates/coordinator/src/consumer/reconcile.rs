//! Leads one member from what it has to what it shall have (KIP-848).
//!
//! A member first gives up what is not in its target. Only when it says that it has done so it comes to the new epoch, and
//! gets those partitions of its target that no other member has. So no partition is owned twice at any moment.

use std::collections::{BTreeSet, HashMap};

use record::TopicId;

use super::Member;
use super::error::ConsumerGroupError;
use super::member::MemberState;
use crate::records::{CurrentMemberAssignment, Epochs, Partitions};

/// What a member is to be led to, and what stands in the way.
pub(super) struct Aim<'a> {
    /// The epoch of the target.
    pub(super) epoch: i32,
    /// What it shall have.
    pub(super) target: &'a Partitions,
    /// What it says that it has, if it says so.
    pub(super) reported: Option<&'a Partitions>,
    /// Whether it is subscribed to a topic.
    pub(super) subscribed: &'a dyn Fn(&TopicId) -> bool,
    /// What members have, by topic and partition.
    pub(super) owned: &'a HashMap<TopicId, HashMap<i32, i32>>,
    /// It has just changed its subscription.
    pub(super) subscription_changed: bool,
}

/// Where the member is next, without the epochs of its partitions, or none if it stays where it is.
///
/// # Errors
/// A later version left it in a state that this one does not know, and it has not given up everything.
pub(super) fn next(member: &Member, aim: &Aim<'_>) -> Result<Option<CurrentMemberAssignment>, ConsumerGroupError> {
    let next = match member.state {
        MemberState::Stable if member.epoch != aim.epoch => Some(advance(member, member.epoch, aim)),
        MemberState::Stable => drop_unsubscribed(member, aim),
        MemberState::UnrevokedPartitions if has_any(aim.reported, &member.pending_revocation) => {
            drop_unsubscribed(member, aim)
        }
        MemberState::UnrevokedPartitions | MemberState::UnreleasedPartitions => {
            Some(advance(member, member.epoch, aim))
        }
        MemberState::Unknown if aim.reported.is_none_or(|reported| !reported.is_empty()) => {
            return Err(ConsumerGroupError::UnknownState);
        }
        MemberState::Unknown => Some(advance(member, aim.epoch, aim)),
    };
    Ok(next.filter(|next| !is_at(member, next)))
}

fn is_at(member: &Member, next: &CurrentMemberAssignment) -> bool {
    (member.epoch, member.previous_epoch, member.state.number())
        == (next.member_epoch, next.previous_member_epoch, next.state)
        && member.assigned == next.assigned
        && member.pending_revocation == next.pending_revocation
}

/// Whether the member still has any of these. It has when it does not say.
fn has_any(reported: Option<&Partitions>, given_up: &Partitions) -> bool {
    let Some(reported) = reported else { return true };
    given_up.iter().any(|(topic, given_up)| reported.get(topic).is_some_and(|has| !has.is_disjoint(given_up)))
}

/// Has it give up topics that it is no longer subscribed to, without waiting for a new target.
fn drop_unsubscribed(member: &Member, aim: &Aim<'_>) -> Option<CurrentMemberAssignment> {
    if !aim.subscription_changed || member.assigned.keys().all(aim.subscribed) {
        return None;
    }
    let (mut assigned, mut pending) = (Partitions::new(), member.pending_revocation.clone());
    for (topic, partitions) in &member.assigned {
        if (aim.subscribed)(topic) {
            assigned.insert(*topic, partitions.clone());
        } else {
            pending.entry(*topic).or_default().extend(partitions);
        }
    }
    let (state, pending) = if has_any(aim.reported, &pending) {
        (MemberState::UnrevokedPartitions, pending)
    } else {
        (member.state, member.pending_revocation.clone())
    };
    Some(at(member, member.epoch, state, assigned, pending))
}

/// The target with what is in the way of it.
#[derive(Default)]
struct Difference {
    kept: Partitions,
    given_up: Partitions,
    added: Partitions,
    others_have_some: bool,
}

fn advance(member: &Member, epoch: i32, aim: &Aim<'_>) -> CurrentMemberAssignment {
    let Difference { mut kept, given_up, added, others_have_some } = difference(member, aim);
    if !given_up.is_empty() && has_any(aim.reported, &given_up) {
        return at(member, epoch, MemberState::UnrevokedPartitions, kept, given_up);
    }
    for (topic, partitions) in added {
        kept.entry(topic).or_default().extend(partitions);
    }
    let state = if others_have_some { MemberState::UnreleasedPartitions } else { MemberState::Stable };
    at(member, aim.epoch, state, kept, Partitions::new())
}

fn difference(member: &Member, aim: &Aim<'_>) -> Difference {
    let none = BTreeSet::new();
    let mut difference = Difference::default();
    let topics: BTreeSet<&TopicId> = aim.target.keys().chain(member.assigned.keys()).collect();
    for topic in topics {
        let target = aim.target.get(topic).filter(|_| (aim.subscribed)(topic)).unwrap_or(&none);
        let has = member.assigned.get(topic).unwrap_or(&none);
        let mine = member.pending_revocation.get(topic).unwrap_or(&none);
        let owned = aim.owned.get(topic);
        let is_free = |p: &i32| !owned.is_some_and(|owned| owned.contains_key(p)) || mine.contains(p);
        let (added, unreleased): (BTreeSet<i32>, BTreeSet<i32>) = target.difference(has).copied().partition(is_free);
        difference.others_have_some |= !unreleased.is_empty();
        put(&mut difference.kept, *topic, target.intersection(has).copied().collect());
        put(&mut difference.given_up, *topic, has.difference(target).copied().collect());
        put(&mut difference.added, *topic, added);
    }
    difference
}

fn put(partitions: &mut Partitions, topic: TopicId, of_topic: BTreeSet<i32>) {
    if !of_topic.is_empty() {
        partitions.insert(topic, of_topic);
    }
}

fn at(
    member: &Member,
    epoch: i32,
    state: MemberState,
    assigned: Partitions,
    pending_revocation: Partitions,
) -> CurrentMemberAssignment {
    let previous_member_epoch = member.epoch;
    CurrentMemberAssignment {
        member_epoch: epoch,
        previous_member_epoch,
        state: state.number(),
        assigned,
        pending_revocation,
        epochs: Epochs::new(),
    }
}
