//! The offsets of all groups of a shard, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::delete::DeletedTopics;
use super::expiry::Place;
use crate::records::OffsetCommit;
use crate::step::Now;

/// The offsets of a group, by topic and partition.
pub(crate) type GroupOffsets = BTreeMap<Arc<str>, BTreeMap<i32, OffsetCommit>>;

/// The offsets of all groups of a shard. No group and no topic in it is without an offset.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    /// All groups with offsets, by name.
    pub(crate) groups: BTreeMap<Arc<str>, GroupOffsets>,
    /// Most commits have no metadata; they share this.
    no_metadata: Arc<str>,
    /// When the shard was loaded.
    loaded: Option<Now>,
    /// Where the look for expired offsets goes on that is under way.
    pub(super) expiry_from: Option<Place>,
    /// Topics whose offsets are still to be forgotten.
    pub(super) deleted: DeletedTopics,
}

impl Offsets {
    /// The offsets of a group, if it has any.
    pub(crate) fn of(&self, group: &str) -> Option<&GroupOffsets> {
        self.groups.get(group)
    }

    /// One offset.
    pub(crate) fn offset(&self, group: &str, topic: &str, partition: i32) -> Option<&OffsetCommit> {
        self.groups.get(group)?.get(topic)?.get(&partition)
    }

    /// Empty metadata.
    pub(crate) fn no_metadata(&self) -> &Arc<str> {
        &self.no_metadata
    }

    /// Keeps an offset in place of the one before.
    pub(super) fn put(&mut self, group: &Arc<str>, topic: &Arc<str>, partition: i32, commit: &OffsetCommit) {
        let mut commit = commit.clone();
        if commit.metadata.is_empty() {
            commit.metadata = Arc::clone(&self.no_metadata);
        }
        // The names of the first commit are shared by all that follow.
        let topics = entry(&mut self.groups, group);
        entry(topics, topic).insert(partition, commit);
    }

    /// Forgets an offset.
    pub(super) fn remove(&mut self, group: &str, topic: &str, partition: i32) {
        let Some(topics) = self.groups.get_mut(group) else { return };
        let Some(partitions) = topics.get_mut(topic) else { return };
        partitions.remove(&partition);
        if partitions.is_empty() {
            topics.remove(topic);
        }
        if topics.is_empty() {
            self.groups.remove(group);
        }
    }

    /// The shard is loaded.
    pub(crate) fn loaded(&mut self, now: Now) {
        self.loaded = Some(now);
    }

    /// The time that offsets expire by, in milliseconds since 1970: that of the calendar, but never further on than the shard
    /// has run since it was loaded. A clock that jumps ahead takes nobody's offsets away.
    pub(super) fn expiry_clock(&self, now: Now) -> i64 {
        let Some(loaded) = self.loaded else { return now.wall.0 };
        let run = now.monotonic.saturating_sub(loaded.monotonic).as_millis();
        let steady = loaded.wall.0.saturating_add(i64::try_from(run).unwrap_or(i64::MAX));
        steady.min(now.wall.0)
    }
}

fn entry<'m, T: Default>(map: &'m mut BTreeMap<Arc<str>, T>, key: &Arc<str>) -> &'m mut T {
    map.entry(Arc::clone(key)).or_default()
}
