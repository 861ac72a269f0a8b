//! OffsetDelete, DeleteGroups, and the end of topics.

use std::sync::Arc;

use record::TopicId;
use wire::ErrorCode;
use wire::messages::offset_delete::OffsetDeleteRequest;

use crate::{Record, Shard, Step};

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
        let partitions = |(topic, partitions): (&Arc<str>, &std::collections::BTreeMap<i32, _>)| {
            partitions.keys().map(|partition| (Arc::clone(topic), *partition)).collect::<Vec<_>>()
        };
        let all: Vec<(Arc<str>, i32)> = offsets.flat_map(partitions).collect();
        for (topic, partition) in all {
            self.forget_offset(step, &name, &topic, partition);
        }
        self.end_group(step, &name);
        ErrorCode::NONE
    }

    /// These topics are deleted, their offsets go. Those of a younger topic with the same name stay.
    pub fn topics_deleted(&mut self, step: &mut Step<'_>, topics: &[(Arc<str>, TopicId)]) {
        let mut gone = Vec::new();
        for (group, offsets) in self.offsets.groups() {
            for (topic, id) in topics {
                let partitions = offsets.get(topic).into_iter().flatten();
                let of_topic =
                    partitions.filter(|(_, commit)| commit.topic_id == *id || commit.topic_id == TopicId::ZERO);
                gone.extend(of_topic.map(|(partition, _)| (Arc::clone(group), Arc::clone(topic), *partition)));
            }
        }
        for (group, topic, partition) in gone {
            self.forget_offset(step, &group, &topic, partition);
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
