//! The members of a classic group, with the sums over them that are asked for at every join.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use wire::messages::join_group::JoinGroupRequest;

use crate::records::MemberMetadata;
use crate::{JoinedMember, Ticket};

/// A protocol's name, and what a member says of itself for it.
pub(crate) type Protocol = (Arc<str>, Arc<[u8]>);

/// A member of a classic group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its id.
    pub id: Arc<str>,
    /// Its name over restarts (KIP-345).
    pub instance_id: Option<Arc<str>>,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// Its address.
    pub client_host: Arc<str>,
    /// Milliseconds.
    pub rebalance_timeout_ms: i32,
    /// Milliseconds.
    pub session_timeout_ms: i32,
    /// What it can do, the protocol it likes best first; no name twice.
    pub protocols: Vec<Protocol>,
    /// What it was given; empty for nothing.
    pub assignment: Arc<[u8]>,
    /// It has never been told a generation.
    pub(super) is_new: bool,
    /// It has still to ask for its assignment in this generation.
    pub(super) has_to_sync: bool,
    pub(super) joining: Option<Ticket>,
    pub(super) syncing: Option<Ticket>,
}

impl Member {
    /// A member that nothing waits for, as a record has it; with all protocols that it knows.
    pub(crate) fn of(metadata: &MemberMetadata, protocols: Vec<Protocol>) -> Member {
        let rebalance_timeout_ms = match metadata.rebalance_timeout {
            // Before rebalance timeouts there were session timeouts alone.
            ..0 => metadata.session_timeout,
            timeout => timeout,
        };
        Member {
            id: Arc::clone(&metadata.member_id),
            instance_id: metadata.instance_id.clone(),
            client_id: Arc::clone(&metadata.client_id),
            client_host: Arc::clone(&metadata.client_host),
            rebalance_timeout_ms,
            session_timeout_ms: metadata.session_timeout,
            protocols,
            assignment: Arc::clone(&metadata.assignment),
            is_new: false,
            has_to_sync: false,
            joining: None,
            syncing: None,
        }
    }

    /// How long it may be silent.
    pub(crate) fn session_timeout(&self) -> Duration {
        milliseconds(self.session_timeout_ms)
    }

    /// How long the others wait for it to join again.
    pub(crate) fn rebalance_timeout(&self) -> Duration {
        milliseconds(self.rebalance_timeout_ms)
    }

    /// What it says of itself for a protocol; empty if it does not know it.
    pub(crate) fn metadata(&self, protocol: &str) -> Arc<[u8]> {
        let known = self.protocols.iter().find(|(name, _)| &**name == protocol);
        known.map(|(_, metadata)| Arc::clone(metadata)).unwrap_or_default()
    }

    /// What is written of it.
    pub(crate) fn record(&self, protocol: &str) -> MemberMetadata {
        MemberMetadata {
            member_id: Arc::clone(&self.id),
            instance_id: self.instance_id.clone(),
            client_id: Arc::clone(&self.client_id),
            client_host: Arc::clone(&self.client_host),
            rebalance_timeout: self.rebalance_timeout_ms,
            session_timeout: self.session_timeout_ms,
            subscription: self.metadata(protocol),
            assignment: Arc::clone(&self.assignment),
        }
    }

    /// What is written of it for any protocol, in bytes, without its assignment.
    pub(super) fn bytes(&self) -> usize {
        let instance = self.instance_id.as_ref().map_or(0, |instance| instance.len());
        MEMBER_BYTES + self.id.len() + instance + self.client_id.len() + self.client_host.len()
    }

    /// How the leader sees it.
    pub(super) fn joined(&self, protocol: &str) -> JoinedMember {
        JoinedMember {
            member_id: Arc::clone(&self.id),
            instance_id: self.instance_id.clone(),
            metadata: self.metadata(protocol),
        }
    }
}

fn milliseconds(timeout: i32) -> Duration {
    Duration::from_millis(u64::try_from(timeout).unwrap_or(0))
}

/// All members, in an order that depends on nothing but who came and went.
#[derive(Debug, Default)]
pub(crate) struct Members {
    slots: Vec<Member>,
    by_id: HashMap<Arc<str>, usize>,
    by_instance: HashMap<Arc<str>, usize>,
    joining: usize,
    to_sync: usize,
    /// Who knows each protocol.
    support: HashMap<Arc<str>, Support>,
    /// What is written of all members for any protocol, in bytes, without the assignments.
    bytes: usize,
    /// What they were given, in bytes.
    assigned_bytes: usize,
}

/// Who knows a protocol.
#[derive(Debug, Default)]
struct Support {
    members: usize,
    /// What they say of themselves for it.
    bytes: usize,
}

/// What is written of a member beside its texts, its subscription and its assignment, in bytes: lengths and timeouts.
pub(super) const MEMBER_BYTES: usize = 4 * 2 + 4 * 4;

impl Members {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.slots.iter()
    }

    pub(super) fn slot(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn slot_of_instance(&self, instance: &str) -> Option<usize> {
        self.by_instance.get(instance).copied()
    }

    pub(super) fn at(&self, slot: usize) -> &Member {
        &self.slots[slot]
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Member> {
        self.slot(id).map(|slot| &self.slots[slot])
    }

    /// How many wait for the answer to their JoinGroup.
    pub(super) fn joining(&self) -> usize {
        self.joining
    }

    /// Whether some have not asked for their assignment yet.
    pub(super) fn any_has_to_sync(&self) -> bool {
        self.to_sync > 0
    }

    /// Adds a member. One that has its id or its instance is gone, without an answer.
    pub(super) fn insert(&mut self, member: Member) {
        let double = member.instance_id.as_deref().and_then(|instance| self.slot_of_instance(instance));
        if let Some(double) = double {
            self.remove(double);
        }
        if let Some(double) = self.slot(&member.id) {
            self.remove(double);
        }
        let slot = self.slots.len();
        self.by_id.insert(Arc::clone(&member.id), slot);
        if let Some(instance) = &member.instance_id {
            self.by_instance.insert(Arc::clone(instance), slot);
        }
        self.joining += usize::from(member.joining.is_some());
        self.to_sync += usize::from(member.has_to_sync);
        self.support_more(&member.protocols);
        self.bytes += member.bytes();
        self.assigned_bytes += member.assignment.len();
        self.slots.push(member);
    }

    /// Takes a member out; the last one takes its slot.
    pub(super) fn remove(&mut self, slot: usize) -> Member {
        let member = self.slots.swap_remove(slot);
        self.by_id.remove(&member.id);
        if let Some(instance) = &member.instance_id {
            self.by_instance.remove(instance);
        }
        if let Some(moved) = self.slots.get(slot) {
            self.by_id.insert(Arc::clone(&moved.id), slot);
            if let Some(instance) = &moved.instance_id {
                self.by_instance.insert(Arc::clone(instance), slot);
            }
        }
        self.joining -= usize::from(member.joining.is_some());
        self.to_sync -= usize::from(member.has_to_sync);
        self.support_less(&member.protocols);
        self.bytes -= member.bytes();
        self.assigned_bytes -= member.assignment.len();
        member
    }

    /// Gives a member another id.
    pub(super) fn rename(&mut self, slot: usize, id: Arc<str>) {
        self.by_id.remove(&self.slots[slot].id);
        self.by_id.insert(Arc::clone(&id), slot);
        self.bytes = self.bytes + id.len() - self.slots[slot].id.len();
        self.slots[slot].id = id;
    }

    pub(super) fn set_protocols(&mut self, slot: usize, protocols: Vec<Protocol>) {
        let before = std::mem::take(&mut self.slots[slot].protocols);
        self.support_less(&before);
        self.support_more(&protocols);
        self.slots[slot].protocols = protocols;
    }

    pub(super) fn set_timeouts(&mut self, slot: usize, rebalance_ms: i32, session_ms: i32) {
        self.slots[slot].rebalance_timeout_ms = rebalance_ms;
        self.slots[slot].session_timeout_ms = session_ms;
    }

    /// Sets which JoinGroup waits, and returns the one that waited.
    pub(super) fn set_joining(&mut self, slot: usize, ticket: Option<Ticket>) -> Option<Ticket> {
        let before = std::mem::replace(&mut self.slots[slot].joining, ticket);
        self.joining += usize::from(ticket.is_some());
        self.joining -= usize::from(before.is_some());
        before
    }

    /// Sets which SyncGroup waits, and returns the one that waited.
    pub(super) fn set_syncing(&mut self, slot: usize, ticket: Option<Ticket>) -> Option<Ticket> {
        std::mem::replace(&mut self.slots[slot].syncing, ticket)
    }

    pub(super) fn set_has_to_sync(&mut self, slot: usize, has_to: bool) {
        let before = std::mem::replace(&mut self.slots[slot].has_to_sync, has_to);
        self.to_sync += usize::from(has_to);
        self.to_sync -= usize::from(before);
    }

    pub(super) fn set_assignment(&mut self, slot: usize, assignment: Arc<[u8]>) {
        let before = std::mem::replace(&mut self.slots[slot].assignment, assignment);
        self.assigned_bytes = self.assigned_bytes + self.slots[slot].assignment.len() - before.len();
    }

    pub(super) fn set_known(&mut self, slot: usize) {
        self.slots[slot].is_new = false;
    }

    /// The longest time that a member asks the others to wait for it.
    pub(super) fn rebalance_timeout(&self) -> Duration {
        self.slots.iter().map(Member::rebalance_timeout).max().unwrap_or_default()
    }

    /// Whether all members know the protocol.
    pub(super) fn all_know(&self, protocol: &str) -> bool {
        self.support.get(protocol).map_or(0, |support| support.members) == self.slots.len()
    }

    /// What is written of all members when they speak this protocol, in bytes, without what they are given.
    pub(super) fn bytes(&self, protocol: &str) -> usize {
        self.bytes + self.support.get(protocol).map_or(0, |support| support.bytes)
    }

    /// What all members are given, in bytes.
    pub(super) fn assigned_bytes(&self) -> usize {
        self.assigned_bytes
    }

    /// The protocol that most members like best among those that all know; the earlier member decides a tie.
    pub(super) fn favourite(&self) -> Option<Arc<str>> {
        let mut votes: Vec<(&Arc<str>, usize)> = Vec::new();
        for member in &self.slots {
            let Some((vote, _)) = member.protocols.iter().find(|(name, _)| self.all_know(name)) else { continue };
            match votes.iter_mut().find(|(name, _)| *name == vote) {
                Some((_, count)) => *count += 1,
                None => votes.push((vote, 1)),
            }
        }
        let most = votes.iter().map(|(_, count)| *count).max()?;
        votes.iter().find(|(_, count)| *count == most).map(|(name, _)| Arc::clone(name))
    }

    /// What a member that joins can do. Names that the group has are shared; the first of doubles counts.
    pub(super) fn protocols_of(&self, request: &JoinGroupRequest<'_>) -> Vec<Protocol> {
        let mut seen = HashSet::new();
        let protocols = request.protocols.iter().filter(|protocol| seen.insert(protocol.name));
        protocols
            .map(|protocol| {
                let name = self.support.get_key_value(protocol.name).map(|(name, _)| Arc::clone(name));
                (name.unwrap_or_else(|| protocol.name.into()), protocol.metadata.into())
            })
            .collect()
    }

    fn support_more(&mut self, protocols: &[Protocol]) {
        for (name, metadata) in protocols {
            let support = self.support.entry(Arc::clone(name)).or_default();
            support.members += 1;
            support.bytes += metadata.len();
        }
    }

    fn support_less(&mut self, protocols: &[Protocol]) {
        for (name, metadata) in protocols {
            match self.support.get_mut(name) {
                Some(support) if support.members > 1 => {
                    support.members -= 1;
                    support.bytes -= metadata.len();
                }
                _ => drop(self.support.remove(name)),
            }
        }
    }
}
