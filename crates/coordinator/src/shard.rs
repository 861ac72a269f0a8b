//! What one partition of `__consumer_offsets` adds up to: its groups, and how far they have come.
//!
//! Here each request finds its group. What it does there is in `classic`, `consumer` and `offsets`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::classic::ClassicGroup;
use crate::consumer::ConsumerGroup;
use crate::history::History;
use crate::offsets::Offsets;
use crate::timers::{Timer, Timers};
use crate::{Record, Settings, Step};

/// The groups of one partition.
pub struct Shard {
    pub(crate) settings: Arc<Settings>,
    pub(crate) groups: BTreeMap<Arc<str>, Group>,
    pub(crate) offsets: Offsets,
    pub(crate) timers: Timers,
    pub(crate) history: History,
}

/// One group. What commits offsets without members is an empty classic group.
pub(crate) enum Group {
    /// Assigned by one of its members.
    Classic(ClassicGroup),
    /// Assigned here (KIP-848).
    Consumer(ConsumerGroup),
}

/// Which of `shards` partitions a group belongs to: that of its name's hash in Java.
pub fn shard_of(group: &str, shards: i32) -> i32 {
    let hash = group.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    // The least number has no absolute value; Kafka takes 0.
    hash.checked_abs().unwrap_or(0) % shards
}

impl Shard {
    /// A shard without groups.
    pub fn new(settings: Arc<Settings>) -> Shard {
        Shard {
            settings,
            groups: BTreeMap::new(),
            offsets: Offsets::default(),
            timers: Timers::default(),
            history: History::default(),
        }
    }

    /// Puts other settings in force.
    pub fn configure(&mut self, settings: Arc<Settings>) {
        self.settings = settings;
    }

    /// Takes in a record of the log.
    pub fn replay(&mut self, record: &Record) {
        match record {
            Record::OffsetCommit { .. } => self.replay_offset(record),
            Record::GroupMetadata { .. } => self.replay_classic(record),
            _ => self.replay_consumer(record),
        }
    }

    /// The shard that the records add up to, before [`Shard::loaded`].
    pub fn rebuild<'r>(settings: Arc<Settings>, records: impl IntoIterator<Item = &'r Record>) -> Shard {
        let mut shard = Shard::new(settings);
        records.into_iter().for_each(|record| shard.replay(record));
        shard
    }

    /// After the last record of the log: members that were there have their whole session from now on.
    pub fn loaded(&mut self, step: &mut Step<'_>) {
        self.offsets.loaded(step.now);
        self.loaded_classic(step);
        self.loaded_consumer(step);
        self.timers.set(Timer::OffsetExpiry, step.now.monotonic + self.settings.offsets_retention_check);
    }

    /// Nothing happens by itself before this, on the monotonic clock.
    pub fn next_due(&self) -> Option<Duration> {
        self.timers.next_due()
    }

    /// Does what is due.
    pub fn tick(&mut self, step: &mut Step<'_>) {
        while let Some(timer) = self.timers.take_due(step.now.monotonic) {
            match timer {
                Timer::OffsetExpiry => self.expire_offsets(step),
                Timer::DeletedTopics => self.forget_deleted_topics(step),
                Timer::PendingMember(group, member) => self.pending_member_expired(step, &group, &member),
                Timer::JoinPhase(group) => self.join_phase_ended(step, &group),
                Timer::SyncPhase(group) => self.sync_phase_ended(step, &group),
                Timer::Session(group, member) => self.session_ended(step, &group, &member),
                Timer::Revocation(group, member) => self.revocation_ended(step, &group, &member),
                Timer::ClassicRejoin(group, member) => self.classic_rejoin_ended(step, &group, &member),
                Timer::ClassicSync(group, member) => self.classic_sync_ended(step, &group, &member),
                Timer::Assignment(group) => self.assignment_due(step, &group),
                Timer::RegexRefresh(group) => self.regex_refresh_due(step, &group),
            }
        }
    }

    /// Whether there is such a group, with members or with offsets alone.
    pub fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// How many members all groups have together.
    pub fn member_count(&self) -> usize {
        let count = |group: &Group| match group {
            Group::Classic(group) => group.members().len(),
            Group::Consumer(group) => group.member_count(),
        };
        self.groups.values().map(count).sum()
    }

    /// What happened to a group lately.
    pub fn history(&self) -> &History {
        &self.history
    }
}
