//! Offsets that nobody uses are forgotten after `offsets.retention.minutes` (KIP-211), and then the group.

use std::sync::Arc;

use super::groups::Expiry;
use crate::records::OffsetCommit;
use crate::shard::Group;
use crate::timers::Timer;
use crate::{Shard, Step};

impl Shard {
    pub(crate) fn expire_offsets(&mut self, step: &mut Step<'_>) {
        let clock = self.offsets.expiry_clock(step.now);
        let groups: Vec<Arc<str>> = self.groups.keys().cloned().collect();
        for group in groups {
            self.expire_group(step, &group, clock);
        }
        self.timers.set(Timer::OffsetExpiry, step.now.monotonic + self.settings.offsets_retention_check);
    }

    /// A group that has neither members nor offsets left ends.
    fn expire_group(&mut self, step: &mut Step<'_>, name: &Arc<str>, clock: i64) {
        let Some(group) = self.groups.get(name) else { return };
        let ends_without_offsets = group.is_empty();
        for (topic, partition) in self.expired(name, group, clock) {
            self.forget_offset(step, name, &topic, partition);
        }
        if ends_without_offsets && self.offsets.of(name).is_none() {
            self.end_group(step, name);
        }
    }

    fn expired(&self, name: &str, group: &Group, clock: i64) -> Vec<(Arc<str>, i32)> {
        let since = match group.expiry() {
            Expiry::Never => return Vec::new(),
            Expiry::SinceCommit => i64::MIN,
            Expiry::Since(since) => since,
        };
        let retention = i64::try_from(self.settings.offsets_retention.as_millis()).unwrap_or(i64::MAX);
        let is_expired = |commit: &OffsetCommit| match commit.expire_timestamp {
            Some(at) => clock >= at,
            None => clock.saturating_sub(commit.commit_timestamp.max(since)) >= retention,
        };
        let mut expired = Vec::new();
        for (topic, partitions) in self.offsets.of(name).into_iter().flatten() {
            if !group.is_subscribed_to(topic) {
                let of_topic = partitions.iter().filter(|(_, commit)| is_expired(commit));
                expired.extend(of_topic.map(|(partition, _)| (Arc::clone(topic), *partition)));
            }
        }
        expired
    }
}
