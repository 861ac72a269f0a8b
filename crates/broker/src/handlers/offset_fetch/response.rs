//! What was asked of each group, and how it is told in each version.

use std::collections::HashSet;

use coordinator::CommittedPartition;
use metadata::Image;
use net::Outbox;
use record::Uuid;
use wire::messages::offset_fetch::{
    OffsetFetchRequestTopic, OffsetFetchRequestTopics, OffsetFetchResponse, OffsetFetchResponseGroup,
    OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use wire::{Array, ErrorCode};

use super::{IDS_FROM, MANY_GROUPS_FROM};
use crate::api::Respond;

/// Errors are told for the whole answer from here on.
const WHOLE_ERROR_FROM: i16 = 2;

/// The partitions that one group was asked for, by the name or the id of their topic.
pub type Seen<'r> = HashSet<(&'r str, Uuid, i32)>;

/// What the coordinator says of one group.
pub type Fetched = Result<Vec<CommittedPartition>, ErrorCode>;

/// What is asked of one group.
pub struct Asked {
    /// Its name.
    pub group: Box<str>,
    /// `None`: all that have offsets.
    pub topics: Option<Vec<AskedTopic>>,
}

/// A topic that is asked for.
pub struct AskedTopic {
    name: Box<str>,
    id: Uuid,
    partitions: Vec<i32>,
    /// There is no topic with this id, so the coordinator is not asked.
    is_unknown: bool,
}

impl AskedTopic {
    /// A topic by name; the coordinator is asked whether it exists or not.
    pub fn named<'r>(topic: &OffsetFetchRequestTopic<'r>, seen: &mut Seen<'r>) -> AskedTopic {
        let is_new = |index: &i32| seen.insert((topic.name, Uuid::ZERO, *index));
        let partitions = topic.partition_indexes.iter().filter(is_new).collect();
        AskedTopic { name: topic.name.into(), id: Uuid::ZERO, partitions, is_unknown: false }
    }

    /// A topic by name, or by id.
    pub fn found<'r>(
        topic: &OffsetFetchRequestTopics<'r>,
        image: &Image,
        by_id: bool,
        seen: &mut Seen<'r>,
    ) -> AskedTopic {
        let is_new = |index: &i32| seen.insert((topic.name, topic.topic_id, *index));
        let partitions = topic.partition_indexes.iter().filter(is_new).collect();
        if !by_id {
            return AskedTopic { name: topic.name.into(), id: Uuid::ZERO, partitions, is_unknown: false };
        }
        let found = image.topic_by_id(topic.topic_id);
        let name = found.map_or_else(Box::default, |topic| Box::from(&*topic.name));
        AskedTopic { name, id: topic.topic_id, partitions, is_unknown: found.is_none() }
    }
}

impl Asked {
    /// What the coordinator is asked for.
    pub fn partitions(&self) -> Option<Vec<(&str, i32)>> {
        let known = self.topics.as_ref()?.iter().filter(|topic| !topic.is_unknown);
        let partitions = |topic: &'_ AskedTopic| topic.partitions.clone();
        Some(known.flat_map(|topic| partitions(topic).into_iter().map(|index| (&*topic.name, index))).collect())
    }
}

/// One topic of an answer.
struct Told<'r> {
    name: &'r str,
    id: Uuid,
    partitions: Vec<OffsetFetchResponsePartitions<'r>>,
}

/// Writes the answer.
pub fn answer(respond: &Respond, asked: &[Asked], results: &[Result<Fetched, ErrorCode>], outbox: &mut Outbox) {
    let version = respond.version();
    let flat = |result: &'_ Result<Fetched, ErrorCode>| match result {
        Ok(Err(error)) | Err(error) => *error,
        Ok(Ok(_)) => ErrorCode::NONE,
    };
    let of = |(asked, result)| told(asked, result, version);
    if version >= MANY_GROUPS_FROM {
        let groups = asked.iter().zip(results).map(|(asked, result)| OffsetFetchResponseGroup {
            group_id: &asked.group,
            topics: of((asked, result)).into_iter().map(of_group).collect(),
            error_code: flat(result),
        });
        respond.answer(outbox, &OffsetFetchResponse { groups: groups.collect(), ..Default::default() });
        return;
    }
    let only = asked.first().zip(results.first());
    let response = OffsetFetchResponse {
        topics: only.map(of).unwrap_or_default().into_iter().map(of_one).collect(),
        error_code: only.map_or(ErrorCode::NONE, |(_, result)| flat(result)),
        ..Default::default()
    };
    respond.answer(outbox, &response);
}

fn of_group<'r>(told: Told<'r>) -> OffsetFetchResponseTopics<'r> {
    OffsetFetchResponseTopics { name: told.name, topic_id: told.id, partitions: told.partitions.into() }
}

fn of_one<'r>(told: Told<'r>) -> OffsetFetchResponseTopic<'r> {
    let partitions = told.partitions.into_iter().map(|partition| OffsetFetchResponsePartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        metadata: partition.metadata,
        error_code: partition.error_code,
    });
    OffsetFetchResponseTopic { name: told.name, partitions: partitions.collect::<Array<'_, _>>() }
}

/// The topics of one group's answer. A group's error comes without topics, but in version 1, which has no other room.
fn told<'r>(asked: &'r Asked, result: &'r Result<Fetched, ErrorCode>, version: i16) -> Vec<Told<'r>> {
    match (result, &asked.topics) {
        (Ok(Ok(fetched)), Some(topics)) => told_asked(topics, fetched),
        (Ok(Ok(fetched)), None) => told_all(fetched, version),
        (Ok(Err(error)) | Err(error), Some(topics)) if version < WHOLE_ERROR_FROM => {
            topics.iter().map(|topic| without_offset(topic, *error)).collect()
        }
        _ => Vec::new(),
    }
}

/// What was fetched is in the order of what was asked for.
fn told_asked<'r>(topics: &'r [AskedTopic], fetched: &'r [CommittedPartition]) -> Vec<Told<'r>> {
    let mut fetched = fetched.iter();
    let mut of_topic = |topic: &'r AskedTopic| match topic.is_unknown {
        true => without_offset(topic, ErrorCode::UNKNOWN_TOPIC_ID),
        false => {
            let partitions = fetched.by_ref().take(topic.partitions.len()).map(partition).collect();
            Told { name: &topic.name, id: topic.id, partitions }
        }
    };
    topics.iter().map(&mut of_topic).collect()
}

fn told_all<'r>(fetched: &'r [CommittedPartition], version: i16) -> Vec<Told<'r>> {
    let topics = fetched.chunk_by(|one, next| one.topic == next.topic).filter_map(|topic| {
        let first = topic.first()?;
        let partitions = topic.iter().map(partition).collect();
        Some(Told { name: &first.topic, id: first.topic_id, partitions })
    });
    // What is gone has no id that could be told.
    topics.filter(|topic| version < IDS_FROM || topic.id != Uuid::ZERO).collect()
}

fn without_offset(topic: &AskedTopic, error_code: ErrorCode) -> Told<'_> {
    let partitions = topic.partitions.iter().map(|index| OffsetFetchResponsePartitions {
        partition_index: *index,
        committed_offset: -1,
        error_code,
        ..Default::default()
    });
    Told { name: &topic.name, id: topic.id, partitions: partitions.collect() }
}

fn partition(fetched: &CommittedPartition) -> OffsetFetchResponsePartitions<'_> {
    OffsetFetchResponsePartitions {
        partition_index: fetched.partition,
        committed_offset: fetched.offset,
        committed_leader_epoch: fetched.leader_epoch,
        metadata: Some(&fetched.metadata),
        error_code: fetched.error,
    }
}
