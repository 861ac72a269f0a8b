//! What happened to a group and why: the newest [`ENTRIES_MAX`] events of each, in memory alone.
//!
//! No broker of Kafka's protocol tells this; `ottla group explain` does.

mod sentences;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use record::Timestamp;

/// How many events of a group are kept.
pub const ENTRIES_MAX: usize = 256;
/// How many of these at least may be details; beyond, details go before causes.
pub const DETAILS_KEPT: usize = 64;
/// How many groups' events are kept in a shard; beyond, those of the group that was noted least lately go.
pub const GROUPS_MAX: usize = 1_000;

/// How much of a text that a client chose is kept, in bytes.
pub const TEXT_BYTES_MAX: usize = 255;

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
    /// All members of a consumer group have come to an epoch, with all that they were given.
    Reconciled {
        /// Where they are.
        epoch: i32,
        /// How many members.
        members: usize,
        /// How long after the assignment.
        reconciling: Duration,
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
    groups: HashMap<Arc<str>, GroupHistory>,
    /// The groups by when they were noted last.
    by_age: BTreeMap<Age, Arc<str>>,
    /// How many events there were.
    noted: u64,
}

/// When, and which event of that time.
type Age = (Timestamp, u64);

#[derive(Debug)]
struct GroupHistory {
    entries: VecDeque<Entry>,
    /// How many entries are details.
    details: usize,
    newest: Age,
}

impl GroupHistory {
    fn push(&mut self, entry: Entry) {
        if self.entries.len() >= ENTRIES_MAX {
            let oldest_detail = || self.entries.iter().position(|entry| entry.event.is_detail());
            let goes = if self.details >= DETAILS_KEPT { oldest_detail() } else { None };
            let gone = self.entries.remove(goes.unwrap_or(0));
            self.details -= usize::from(gone.is_some_and(|gone| gone.event.is_detail()));
        }
        self.details += usize::from(entry.event.is_detail());
        self.entries.push_back(entry);
    }
}

impl History {
    /// Notes an event. Of texts that clients choose the first [`TEXT_BYTES_MAX`] are kept.
    pub fn note(&mut self, group: &Arc<str>, at: Timestamp, mut event: Event) {
        event.shorten();
        if !self.groups.contains_key(group) && self.groups.len() >= GROUPS_MAX {
            self.forget_stalest();
        }
        self.noted += 1;
        let newest = (at, self.noted);
        let history = self.groups.entry(Arc::clone(group));
        let history = history.or_insert_with(|| GroupHistory { entries: VecDeque::new(), details: 0, newest });
        self.by_age.remove(&history.newest);
        self.by_age.insert(newest, Arc::clone(group));
        history.newest = newest;
        history.push(Entry { at, event });
    }

    /// The events of a group, the oldest first.
    pub fn of(&self, group: &str) -> impl Iterator<Item = &Entry> {
        self.groups.get(group).into_iter().flat_map(|history| &history.entries)
    }

    fn forget_stalest(&mut self) {
        if let Some((_, stalest)) = self.by_age.pop_first() {
            self.groups.remove(&stalest);
        }
    }
}

impl Event {
    /// Whether it says how a group went on, rather than why.
    fn is_detail(&self) -> bool {
        match self {
            Event::Joined { .. } | Event::Assigned { .. } | Event::Reconciled { .. } | Event::Fenced { .. } => true,
            Event::Left { .. }
            | Event::RebalanceBegan { .. }
            | Event::Generation { .. }
            | Event::Epoch { .. }
            | Event::Converted { .. } => false,
        }
    }

    /// Member ids begin with a text of the client's; they are as long as it is.
    fn shorten(&mut self) {
        match self {
            Event::Joined { member, instance, client_id, client_host, reason } => {
                [member, client_id, client_host].into_iter().chain(instance).for_each(shorten);
                if let Some(kept) = too_long(reason) {
                    *reason = kept.into();
                }
            }
            Event::Left { member, cause } => {
                shorten(member);
                if let Departure::Left(reason) | Departure::Removed(reason) = cause
                    && let Some(kept) = too_long(reason)
                {
                    *reason = kept.into();
                }
            }
            Event::RebalanceBegan { cause } | Event::Epoch { cause, .. } => cause.shorten(),
            Event::Generation { leader: member, .. } | Event::Fenced { member, .. } => shorten(member),
            Event::Assigned { .. } | Event::Reconciled { .. } | Event::Converted { .. } => {}
        }
    }
}

impl RebalanceCause {
    fn shorten(&mut self) {
        match self {
            RebalanceCause::Joined(member) | RebalanceCause::Left(member) | RebalanceCause::Changed(member) => {
                shorten(member);
            }
            RebalanceCause::Topics | RebalanceCause::Regex | RebalanceCause::AssignmentLost => {}
        }
    }
}

/// A text that is short enough stays shared.
fn shorten(text: &mut Arc<str>) {
    if let Some(kept) = too_long(text) {
        *text = kept.into();
    }
}

/// What is kept of a text that is too long, whole characters.
fn too_long(text: &str) -> Option<&str> {
    (text.len() > TEXT_BYTES_MAX).then(|| &text[..text.floor_char_boundary(TEXT_BYTES_MAX)])
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
    fn details_go_before_causes() {
        let fenced = |number: i32| Event::Fenced { member: "m".into(), epoch: number };
        // (causes, then details, causes kept, details kept)
        let cases = [(10, 1_000, 10, 246), (250, 1_000, 192, 64), (1_000, 10, 246, 10), (1_000, 0, 256, 0)];
        for (causes, details, causes_kept, details_kept) in cases {
            let mut history = History::default();
            let events = (0..causes).map(|_| left("m")).chain((0..details).map(fenced));
            (0..).zip(events).for_each(|(at, event)| history.note(&"g".into(), Timestamp(at), event));
            let details_there = history.of("g").filter(|entry| entry.event.is_detail()).count();
            assert_eq!((history.of("g").count() - details_there, details_there), (causes_kept, details_kept));
            assert!(history.of("g").is_sorted_by_key(|entry| entry.at));
            if details > 0 {
                assert_eq!(history.of("g").last().map(|entry| &entry.event), Some(&fenced(details - 1)));
            }
        }
    }

    #[test]
    fn the_group_that_was_noted_least_lately_is_forgotten_first() {
        let mut history = History::default();
        for number in 0..=GROUPS_MAX {
            history.note(&number.to_string().into(), Timestamp(number as i64), left("m"));
        }
        assert_eq!(history.of("0").count(), 0);
        assert_eq!(history.of("1").count(), 1);
        assert_eq!((history.groups.len(), history.by_age.len()), (GROUPS_MAX, GROUPS_MAX));
    }

    #[test]
    fn who_is_noted_again_is_forgotten_last_and_groups_of_one_time_in_their_order() {
        let mut history = History::default();
        for number in 0..GROUPS_MAX {
            history.note(&number.to_string().into(), Timestamp(7), left("m"));
        }
        history.note(&"0".into(), Timestamp(7), left("n"));
        for group in ["new", "newer"] {
            history.note(&group.into(), Timestamp(7), left("m"));
        }
        let known = ["0", "1", "2", "3"].map(|group| history.of(group).count());
        assert_eq!(known, [2, 0, 0, 1]);
        assert_eq!((history.groups.len(), history.by_age.len()), (GROUPS_MAX, GROUPS_MAX));
    }

    #[test]
    fn texts_of_clients_are_kept_up_to_a_length_in_whole_characters() {
        for (text, kept) in [("x".repeat(255), 255), ("x".repeat(32_767), 255), ("ä".repeat(16_000), 254)] {
            let member: Arc<str> = text.as_str().into();
            let events = [
                Event::Joined {
                    member: Arc::clone(&member),
                    instance: Some(Arc::clone(&member)),
                    client_id: Arc::clone(&member),
                    client_host: Arc::clone(&member),
                    reason: text.as_str().into(),
                },
                Event::Left { member: Arc::clone(&member), cause: Departure::Left(text.as_str().into()) },
                Event::Left { member: Arc::clone(&member), cause: Departure::Removed(text.as_str().into()) },
                Event::RebalanceBegan { cause: RebalanceCause::Joined(Arc::clone(&member)) },
                Event::Epoch { epoch: 1, cause: RebalanceCause::Left(Arc::clone(&member)) },
                Event::Fenced { member: Arc::clone(&member), epoch: 1 },
            ];
            let mut history = History::default();
            events.into_iter().for_each(|event| history.note(&"g".into(), Timestamp(1), event));
            let told = history.of("g").map(|entry| format!("{:?}", entry.event));
            let letter = text.chars().next().unwrap();
            let letters = |told: &str| told.split(|c| c != letter).map(str::len).max().unwrap();
            assert!(told.map(|told| letters(&told)).all(|longest| longest == kept), "{kept}");
        }
    }
}
