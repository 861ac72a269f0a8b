//! OffsetFetch.

use std::sync::Arc;

use metadata::Image;
use record::TopicId;
use wire::ErrorCode;

use super::CommittedPartition;
use super::store::GroupOffsets;
use crate::records::OffsetCommit;
use crate::{Shard, Step};

impl Shard {
    /// OffsetFetch of one group: these partitions, or all that have an offset. The member is `None` from who gives none,
    /// which is a null id and an epoch of -1. The answer has no more to wait for while there are no transactions, stable or not.
    ///
    /// # Errors
    /// The member is not what it says.
    pub fn offset_fetch(
        &mut self,
        step: &mut Step<'_>,
        group: &str,
        member: Option<(&str, i32)>,
        partitions: Option<&[(&str, i32)]>,
        _require_stable: bool,
    ) -> Result<Vec<CommittedPartition>, ErrorCode> {
        let found = self.groups.get(group);
        found.map_or(Ok(()), |found| found.validate_offset_fetch(member))?;
        let offsets = found.and_then(|_| self.offsets.of(group));
        Ok(match partitions {
            Some(partitions) => self.fetch_some(step.image, offsets, partitions),
            None => self.fetch_all(step.image, offsets),
        })
    }

    fn fetch_some(
        &self,
        image: &Image,
        offsets: Option<&GroupOffsets>,
        partitions: &[(&str, i32)],
    ) -> Vec<CommittedPartition> {
        let mut names = Names::default();
        let fetch = |(topic, partition): &(&str, i32)| {
            let (name, topic_id) = names.of(image, topic);
            let commit = offsets.and_then(|offsets| offsets.get(*topic)?.get(partition));
            let commit = commit.filter(|commit| is_of(commit, topic_id));
            self.fetched(&name, topic_id, *partition, commit)
        };
        partitions.iter().map(fetch).collect()
    }

    fn fetch_all(&self, image: &Image, offsets: Option<&GroupOffsets>) -> Vec<CommittedPartition> {
        let mut fetched = Vec::new();
        for (topic, partitions) in offsets.into_iter().flatten() {
            let topic_id = image.topic(topic).map_or(TopicId::ZERO, |topic| topic.id);
            let commits = partitions.iter().filter(|(_, commit)| is_of(commit, topic_id));
            fetched.extend(commits.map(|(partition, commit)| self.fetched(topic, topic_id, *partition, Some(commit))));
        }
        fetched
    }

    fn fetched(
        &self,
        topic: &Arc<str>,
        topic_id: TopicId,
        partition: i32,
        commit: Option<&OffsetCommit>,
    ) -> CommittedPartition {
        let metadata = commit.map_or(self.offsets.no_metadata(), |commit| &commit.metadata);
        CommittedPartition {
            topic: Arc::clone(topic),
            topic_id,
            partition,
            offset: commit.map_or(-1, |commit| commit.offset),
            leader_epoch: commit.map_or(-1, |commit| commit.leader_epoch),
            metadata: Arc::clone(metadata),
            error: ErrorCode::NONE,
        }
    }
}

/// An offset in a topic that was deleted says nothing of another one with the same name.
fn is_of(commit: &OffsetCommit, topic_id: TopicId) -> bool {
    commit.topic_id == topic_id || commit.topic_id == TopicId::ZERO || topic_id == TopicId::ZERO
}

/// The last topic's name and id: requests go through a topic's partitions in a row.
#[derive(Default)]
struct Names {
    last: Option<(Arc<str>, TopicId)>,
}

impl Names {
    fn of(&mut self, image: &Image, topic: &str) -> (Arc<str>, TopicId) {
        if let Some((name, topic_id)) = &self.last
            && **name == *topic
        {
            return (Arc::clone(name), *topic_id);
        }
        let topic_id = image.topic(topic).map_or(TopicId::ZERO, |topic| topic.id);
        self.last.insert((topic.into(), topic_id)).clone()
    }
}
