//! What happened to a group and why: the newest [`ENTRIES_MAX`] events of each, in memory alone.
//!
//! No broker of Kafka's protocol tells this; `ottla group explain` does.

mod sentences;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use record::Timestamp;

/// How many events of a group are kept.
pub const ENTRIES_MAX: usize = 256;
/// How many groups' events are kept in a shard; beyond, those of the group that was noted least lately go.
pub const GROUPS_MAX: usize = 1_000;

/// An event with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, by the calendar.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// Something that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A member came, or a static member came back with a new id.
    Joined {
        /// Its id.
        member: Arc<str>,
        /// Its name over restarts.
        instance: Option<Arc<str>>,
        /// Its `client.id`.
        client_id: Arc<str>,
        /// Its address.
        client_host: Arc<str>,
        /// What it says why (KIP-800); empty when it says nothing.
        reason: Box<str>,
    },
    /// A member is gone.
    Left {
        /// Its id.
        member: Arc<str>,
        /// Why.
        cause: Departure,
    },
    /// Everybody has to join again.
    RebalanceBegan {
        /// Why.
        cause: RebalanceCause,
    },
    /// All members have joined, the leader assigns.
    Generation {
        /// The new generation.
        generation: i32,
        /// How many members.
        members: usize,
        /// Who assigns.
        leader: Arc<str>,
        /// How long joining took.
        joining: Duration,
    },
    /// The assignment is known to the coordinator.
    Assigned {
        /// Of this generation, or target epoch.
        generation: i32,
        /// How long it took.
        assigning: Duration,
    },
    /// A consumer group has a new epoch (KIP-848).
    Epoch {
        /// The epoch.
        epoch: i32,
        /// Why.
        cause: RebalanceCause,
    },
    /// A member of a consumer group has come to an epoch, with all that it was given.
    Reconciled {
        /// Who.
        member: Arc<str>,
        /// Where it is.
        epoch: i32,
    },
    /// A request of a member was refused because of its generation or epoch.
    Fenced {
        /// Who.
        member: Arc<str>,
        /// With what it came.
        epoch: i32,
    },
    /// The group changed its protocol.
    Converted {
        /// What it is now: `classic` or `consumer`.
        to: &'static str,
    },
}

/// Why a member is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It said so, perhaps why (KIP-800).
    Left(Box<str>),
    /// An operator removed it.
    Removed(Box<str>),
    /// Nothing was heard of it for its session timeout.
    SessionTimeout(Duration),
    /// It did not join again in time.
    RebalanceTimeout(Duration),
    /// It did not give up its partitions in time.
    RevocationTimeout(Duration),
    /// It did not ask for its assignment in time.
    SyncTimeout(Duration),
    /// Another process has its static name now.
    Replaced,
}

/// Why a group is assigned again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RebalanceCause {
    /// A member came.
    Joined(Arc<str>),
    /// A member is gone.
    Left(Arc<str>),
    /// A member joined again, with other subscriptions or as the leader.
    Changed(Arc<str>),
    /// The topics have changed.
    Topics,
    /// A regular expression matches other topics.
    Regex,
    /// An assignment could not be kept.
    AssignmentLost,
}

/// The events of a shard's groups.
#[derive(Debug, Default)]
pub struct History {
    groups: HashMap<Arc<str>, VecDeque<Entry>>,
}

impl History {
    /// Notes an event.
    pub fn note(&mut self, group: &Arc<str>, at: Timestamp, event: Event) {
        if !self.groups.contains_key(group) && self.groups.len() >= GROUPS_MAX {
            self.forget_stalest();
        }
        let entries = self.groups.entry(Arc::clone(group)).or_default();
        if entries.len() >= ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(Entry { at, event });
    }

    /// The events of a group, the oldest first.
    pub fn of(&self, group: &str) -> impl Iterator<Item = &Entry> {
        self.groups.get(group).into_iter().flatten()
    }

    fn forget_stalest(&mut self) {
        let newest = |entries: &VecDeque<Entry>| entries.back().map(|entry| entry.at);
        let stalest = self.groups.iter().min_by_key(|(_, entries)| newest(entries)).map(|(group, _)| Arc::clone(group));
        stalest.map(|group| self.groups.remove(&group));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(member: &str) -> Event {
        Event::Left { member: member.into(), cause: Departure::Replaced }
    }

    #[test]
    fn the_newest_events_of_each_group_are_kept() {
        let mut history = History::default();
        let group: Arc<str> = "g".into();
        for number in 0..ENTRIES_MAX + 10 {
            history.note(&group, Timestamp(number as i64), left(&number.to_string()));
        }
        let times: Vec<i64> = history.of("g").map(|entry| entry.at.0).collect();
        assert_eq!((times.len(), times[0], times[ENTRIES_MAX - 1]), (ENTRIES_MAX, 10, ENTRIES_MAX as i64 + 9));
    }

    #[test]
    fn the_group_that_was_noted_least_lately_is_forgotten_first() {
        let mut history = History::default();
        for number in 0..=GROUPS_MAX {
            history.note(&number.to_string().into(), Timestamp(number as i64), left("m"));
        }
        assert_eq!(history.of("0").count(), 0);
        assert_eq!(history.of("1").count(), 1);
        assert_eq!(history.groups.len(), GROUPS_MAX);
    }
}
