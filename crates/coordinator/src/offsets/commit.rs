//! OffsetCommit, and what a record of it does.

use std::sync::Arc;

use metadata::Image;
use record::TopicId;
use wire::ErrorCode;
use wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic};

use crate::classic::ClassicGroup;
use crate::records::OffsetCommit;
use crate::shard::Group;
use crate::{Record, Shard, Step};

/// Who asks, and what holds for all partitions of a request.
struct Commit {
    group: Arc<str>,
    expire_timestamp: Option<i64>,
}

/// The id that the request has since version 10, or that the topic has now.
pub(super) fn id_of(image: &Image, topic: &OffsetCommitRequestTopic<'_>) -> TopicId {
    match topic.topic_id {
        TopicId::ZERO => image.topic(topic.name).map_or(TopicId::ZERO, |topic| topic.id),
        id => id,
    }
}

impl Shard {
    /// OffsetCommit: one error for each partition, in the order of the request. Topics are named; those that do not
    /// exist were sorted out before.
    pub fn offset_commit(
        &mut self,
        step: &mut Step<'_>,
        version: i16,
        request: &OffsetCommitRequest<'_>,
    ) -> Vec<ErrorCode> {
        let partitions = request.topics.iter().map(|topic| topic.partitions.len()).sum();
        let group = match self.validate_offset_commit(step, version, request) {
            Ok(group) => group,
            Err(error) => return vec![error; partitions],
        };
        let retention = Some(request.retention_time_ms).filter(|_| version <= 4).filter(|retention| *retention != -1);
        let expire_timestamp = retention.map(|retention| step.now.wall.0.saturating_add(retention));
        let commit = Commit { group, expire_timestamp };
        let mut errors = Vec::with_capacity(partitions);
        for topic in &request.topics {
            self.commit_topic(step, &commit, &topic, &mut errors);
        }
        errors
    }

    fn commit_topic(
        &mut self,
        step: &mut Step<'_>,
        commit: &Commit,
        topic: &OffsetCommitRequestTopic<'_>,
        errors: &mut Vec<ErrorCode>,
    ) {
        let topic_id = id_of(step.image, topic);
        let name = match self.offsets.of(&commit.group).and_then(|topics| topics.get_key_value(topic.name)) {
            Some((name, _)) => Arc::clone(name),
            None => topic.name.into(),
        };
        for partition in &topic.partitions {
            let error = self.offset_error(&partition);
            errors.push(error);
            if error.is_none() {
                let value = Some(self.committed(step, commit, topic_id, &partition));
                let (group, topic) = (Arc::clone(&commit.group), Arc::clone(&name));
                let partition = partition.partition_index;
                self.commit_record(step, Record::OffsetCommit { group, topic, partition, value });
            }
        }
    }

    /// Kafka counts the metadata in UTF-16, and would keep a negative offset, at which nobody can go on.
    fn offset_error(&self, partition: &OffsetCommitRequestPartition<'_>) -> ErrorCode {
        let (metadata, max) = (partition.committed_metadata.unwrap_or(""), self.settings.offset_metadata_bytes_max);
        if metadata.len() > max && metadata.encode_utf16().count() > max {
            return ErrorCode::OFFSET_METADATA_TOO_LARGE;
        }
        if partition.committed_offset < 0 { ErrorCode::INVALID_REQUEST } else { ErrorCode::NONE }
    }

    fn committed(
        &self,
        step: &Step<'_>,
        commit: &Commit,
        topic_id: TopicId,
        partition: &OffsetCommitRequestPartition<'_>,
    ) -> OffsetCommit {
        let metadata = match partition.committed_metadata {
            None | Some("") => Arc::clone(self.offsets.no_metadata()),
            Some(metadata) => metadata.into(),
        };
        // The version of the record that has a time to expire at has neither of these, and what is kept is what a record holds.
        let (leader_epoch, topic_id) = match commit.expire_timestamp {
            None => (partition.committed_leader_epoch.max(-1), topic_id),
            Some(_) => (-1, TopicId::ZERO),
        };
        OffsetCommit {
            offset: partition.committed_offset,
            leader_epoch,
            metadata,
            commit_timestamp: step.now.wall.0,
            expire_timestamp: commit.expire_timestamp,
            topic_id,
        }
    }

    /// A group that nobody has spoken of yet, but that has offsets, is one without members.
    pub(crate) fn replay_offset(&mut self, record: &Record) {
        let Record::OffsetCommit { group, topic, partition, value } = record else { return };
        let Some(value) = value else { return self.offsets.remove(group, topic, *partition) };
        self.offsets.put(group, topic, *partition, value);
        if !self.groups.contains_key(group) {
            self.groups.insert(Arc::clone(group), Group::Classic(ClassicGroup::simple()));
        }
    }
}
