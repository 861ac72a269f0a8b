//! Offsets that nobody uses are forgotten after `offsets.retention.minutes` (KIP-211), and then the group.
//!
//! A look at all of them is done in steps that forget a bounded number each, so that nobody waits long for a step to end.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use super::groups::Expiry;
use crate::records::OffsetCommit;
use crate::shard::Group;
use crate::timers::Timer;
use crate::{Shard, Step};

/// How many offsets and groups are forgotten by themselves in one step, more or less a few records that end a group.
pub(super) const FORGOTTEN_MAX: usize = 1_000;

/// How long others have their turn before a look goes on.
pub(super) const PAUSE: Duration = Duration::from_millis(1);

/// Where a look at the offsets goes on.
#[derive(Clone, Debug)]
pub(super) struct Place {
    group: Arc<str>,
    /// From this topic on, or the first.
    topic: Option<Arc<str>>,
}

impl Shard {
    /// Goes on with the look that is under way, or begins one.
    pub(crate) fn expire_offsets(&mut self, step: &mut Step<'_>) {
        self.offsets.expiry_from = self.expire_some(step);
        let pause = match self.offsets.expiry_from {
            Some(_) => PAUSE,
            None => self.settings.offsets_retention_check,
        };
        self.timers.set(Timer::OffsetExpiry, step.now.monotonic + pause);
    }

    /// Forgets up to [`FORGOTTEN_MAX`]; where to go on, unless that was all.
    fn expire_some(&mut self, step: &mut Step<'_>) -> Option<Place> {
        let clock = self.offsets.expiry_clock(step.now);
        let before = step.records().len();
        let mut from = self.offsets.expiry_from.take();
        let mut past: Option<Arc<str>> = None;
        loop {
            let bound = match (&past, &from) {
                (Some(group), _) => Bound::Excluded(&**group),
                (None, Some(place)) => Bound::Included(&*place.group),
                (None, None) => Bound::Unbounded,
            };
            let (group, _) = self.groups.range::<str, _>((bound, Bound::Unbounded)).next()?;
            let group = Arc::clone(group);
            let topic = from.take().filter(|place| place.group == group).and_then(|place| place.topic);
            let room = FORGOTTEN_MAX.saturating_sub(step.records().len() - before);
            if room == 0 {
                return Some(Place { group, topic });
            }
            let stopped_at = self.expire_group(step, &group, topic.as_deref(), clock, room);
            if stopped_at.is_some() {
                return Some(Place { group, topic: stopped_at });
            }
            past = Some(group);
        }
    }

    /// Forgets up to `room` offsets of a group from a topic on; the topic to go on from, if there was no more room. A group
    /// that has neither members nor offsets left ends.
    fn expire_group(
        &mut self,
        step: &mut Step<'_>,
        name: &Arc<str>,
        from: Option<&str>,
        clock: i64,
        room: usize,
    ) -> Option<Arc<str>> {
        let group = self.groups.get(name)?;
        let ends_without_offsets = group.is_empty();
        let expired = self.expired(name, group, from, clock, room);
        for (topic, partition) in &expired {
            self.forget_offset(step, name, topic, *partition);
        }
        if expired.len() >= room {
            return expired.into_iter().last().map(|(topic, _)| topic);
        }
        if ends_without_offsets && self.offsets.of(name).is_none() {
            self.end_group(step, name);
        }
        None
    }

    fn expired(&self, name: &str, group: &Group, from: Option<&str>, clock: i64, room: usize) -> Vec<(Arc<str>, i32)> {
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
        let Some(offsets) = self.offsets.of(name) else { return Vec::new() };
        let from = (from.map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded);
        let unused = offsets.range::<str, _>(from).filter(|(topic, _)| !group.is_subscribed_to(topic));
        let expired = unused.flat_map(|(topic, partitions)| {
            let of_topic = partitions.iter().filter(|(_, commit)| is_expired(commit));
            of_topic.map(|(partition, _)| (Arc::clone(topic), *partition))
        });
        expired.take(room).collect()
    }
}
