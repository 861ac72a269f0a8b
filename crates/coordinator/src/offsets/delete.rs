//! OffsetDelete, DeleteGroups, and the end of topics.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use record::TopicId;
use wire::ErrorCode;
use wire::messages::offset_delete::OffsetDeleteRequest;

use super::expiry::{FORGOTTEN_MAX, PAUSE};
use super::store::GroupOffsets;
use crate::records::OffsetCommit;
use crate::timers::Timer;
use crate::{Record, Shard, Step};

/// Deleted topics whose offsets may still be there.
#[derive(Debug, Default)]
pub(super) struct DeletedTopics {
    /// By name, the ids whose offsets are looked for in all groups now.
    sought: BTreeMap<Arc<str>, Vec<TopicId>>,
    /// The group to go on with.
    from: Option<Arc<str>>,
    /// These are looked for next.
    waiting: Vec<(Arc<str>, TopicId)>,
}

impl DeletedTopics {
    /// Up to `room` offsets to forget. With fewer, no group has any more of these topics, and they are let go.
    fn take_some(&mut self, groups: &BTreeMap<Arc<str>, GroupOffsets>, room: usize) -> Vec<(Arc<str>, Arc<str>, i32)> {
        let mut gone = Vec::new();
        let from = self.from.take();
        let from = (from.as_deref().map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded);
        for (group, offsets) in groups.range::<str, _>(from) {
            let mut add = |topic: &Arc<str>, ids: &[TopicId], partitions: &BTreeMap<i32, OffsetCommit>| {
                let is_gone =
                    |commit: &OffsetCommit| commit.topic_id == TopicId::ZERO || ids.contains(&commit.topic_id);
                let of_topic = partitions.iter().filter(|(_, commit)| is_gone(commit)).take(room - gone.len());
                gone.extend(of_topic.map(|(partition, _)| (Arc::clone(group), Arc::clone(topic), *partition)));
            };
            if offsets.len() < self.sought.len() {
                let both = offsets.iter().filter_map(|(topic, of)| Some((topic, self.sought.get(topic)?, of)));
                both.for_each(|(topic, ids, partitions)| add(topic, ids, partitions));
            } else {
                let both = self.sought.iter().filter_map(|(topic, ids)| Some((topic, ids, offsets.get(topic)?)));
                both.for_each(|(topic, ids, partitions)| add(topic, ids, partitions));
            }
            if gone.len() >= room {
                self.from = Some(Arc::clone(group));
                return gone;
            }
        }
        self.sought.clear();
        gone
    }
}

impl Shard {
    /// OffsetDelete: one error for each partition, in the order of the request (KIP-496). Where there is no offset there is
    /// nothing to forget, and no error.
    ///
    /// # Errors
    /// There is no such group, or it has members that may read anything.
    pub fn offset_delete(
        &mut self,
        step: &mut Step<'_>,
        request: &OffsetDeleteRequest<'_>,
    ) -> Result<Vec<ErrorCode>, ErrorCode> {
        if request.group_id.is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        let Some((name, group)) = self.groups.get_key_value(request.group_id) else {
            return Err(ErrorCode::GROUP_ID_NOT_FOUND);
        };
        if !group.is_empty() && !group.tells_subscriptions() {
            return Err(ErrorCode::NON_EMPTY_GROUP);
        }
        let name = Arc::clone(name);
        let (mut errors, mut gone) = (Vec::new(), Vec::new());
        for topic in &request.topics {
            let is_subscribed = group.is_subscribed_to(topic.name);
            let error = if is_subscribed { ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC } else { ErrorCode::NONE };
            errors.extend(topic.partitions.iter().map(|_| error));
            if !is_subscribed {
                gone.extend(topic.partitions.iter().map(|partition| (topic.name, partition.partition_index)));
            }
        }
        for (topic, partition) in gone {
            // A partition that is named twice has no offset the second time.
            if self.offsets.offset(&name, topic, partition).is_some() {
                self.forget_offset(step, &name, &topic.into(), partition);
            }
        }
        Ok(errors)
    }

    /// DeleteGroups, of one group.
    pub fn delete_group(&mut self, step: &mut Step<'_>, group: &str) -> ErrorCode {
        let Some((name, found)) = self.groups.get_key_value(group) else { return ErrorCode::GROUP_ID_NOT_FOUND };
        if !found.is_empty() {
            return ErrorCode::NON_EMPTY_GROUP;
        }
        let name = Arc::clone(name);
        let offsets = self.offsets.of(group).into_iter().flatten();
        let partitions = |(topic, partitions): (&Arc<str>, &BTreeMap<i32, _>)| {
            partitions.keys().map(|partition| (Arc::clone(topic), *partition)).collect::<Vec<_>>()
        };
        let all: Vec<(Arc<str>, i32)> = offsets.flat_map(partitions).collect();
        for (topic, partition) in all {
            self.forget_offset(step, &name, &topic, partition);
        }
        self.end_group(step, &name);
        ErrorCode::NONE
    }

    /// These topics are deleted, their offsets go, in this step and in later ones. Those of a younger topic with the same name
    /// stay.
    pub fn topics_deleted(&mut self, step: &mut Step<'_>, topics: &[(Arc<str>, TopicId)]) {
        self.offsets.deleted.waiting.extend_from_slice(topics);
        if self.timers.due(&Timer::DeletedTopics).is_none() {
            self.forget_deleted_topics(step);
        }
    }

    /// Goes on with forgetting the offsets of deleted topics.
    pub(crate) fn forget_deleted_topics(&mut self, step: &mut Step<'_>) {
        let before = step.records().len();
        loop {
            let deleted = &mut self.offsets.deleted;
            if deleted.sought.is_empty() {
                for (topic, id) in deleted.waiting.drain(..) {
                    deleted.sought.entry(topic).or_default().push(id);
                }
            }
            if deleted.sought.is_empty() {
                return;
            }
            let forgotten = step.records().len() - before;
            let gone = deleted.take_some(&self.offsets.groups, FORGOTTEN_MAX - forgotten);
            for (group, topic, partition) in gone {
                self.forget_offset(step, &group, &topic, partition);
            }
            if step.records().len() - before >= FORGOTTEN_MAX {
                return self.timers.set(Timer::DeletedTopics, step.now.monotonic + PAUSE);
            }
        }
    }

    pub(super) fn forget_offset(&mut self, step: &mut Step<'_>, group: &Arc<str>, topic: &Arc<str>, partition: i32) {
        let (group, topic) = (Arc::clone(group), Arc::clone(topic));
        self.commit_record(step, Record::OffsetCommit { group, topic, partition, value: None });
    }

    /// Ends a group that has no members. Its offsets are gone already.
    pub(super) fn end_group(&mut self, step: &mut Step<'_>, name: &Arc<str>) {
        let tombstones = self.groups.get(name).map(|group| group.tombstones(name));
        for tombstone in tombstones.into_iter().flatten() {
            self.commit_record(step, tombstone);
        }
    }
}
