//! DescribeTopicPartitions (key 75), version 0: topics page by page, with eligible leader replicas (KIP-966).

use std::sync::Arc;

use metadata::{Image, Partition, Topic};
use net::Outbox;
use record::BrokerId;
use wire::messages::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};

/// `max.request.partition.size.limit`: the most partitions on one page.
const PAGE_MAX: i32 = 2000;

/// What everybody may do with a topic while there is no authorizer: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE,
/// DESCRIBE_CONFIGS, ALTER_CONFIGS, as bits.
pub const ALLOWED: i32 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;

/// Answers one page, in the order of the topics' names.
pub fn handle(call: &Call<'_>, request: DescribeTopicPartitionsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let image = call.view.image();
    let start = request.cursor.as_ref().map_or(("", 0), |cursor| (cursor.topic_name, cursor.partition_index));
    if !is_cursor(&request) {
        let refused = request.topics.iter().map(|topic| failed(topic.name, ErrorCode::INVALID_REQUEST));
        let response = DescribeTopicPartitionsResponse { topics: refused.collect(), ..Default::default() };
        call.answer(outbox, &response);
        return Flow::Done;
    }
    // A page must lead somewhere.
    let mut page = Page { room: request.response_partition_limit.clamp(1, PAGE_MAX), ..Page::default() };
    let mut names = names(image, &request);
    names.retain(|name| *name >= start.0);
    for name in names {
        let first = if name == start.0 { start.1 } else { 0 };
        if !page.add(image, name, first) {
            break;
        }
    }
    let response = DescribeTopicPartitionsResponse {
        topics: Array::from(page.topics),
        next_cursor: page.next,
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}

/// Whether the cursor, if there is one, lies in the topics that are asked for and not before their first partition.
fn is_cursor(request: &DescribeTopicPartitionsRequest<'_>) -> bool {
    let Some(cursor) = &request.cursor else { return true };
    let asked = request.topics.is_empty() || request.topics.iter().any(|topic| topic.name == cursor.topic_name);
    asked && cursor.partition_index >= 0
}

/// Those asked for, or all; sorted, each once.
fn names<'n>(image: &'n Arc<Image>, request: &DescribeTopicPartitionsRequest<'n>) -> Vec<&'n str> {
    let mut names: Vec<&str> = if request.topics.is_empty() {
        image.topics().iter().map(|topic| &*topic.name).collect()
    } else {
        request.topics.iter().map(|topic| topic.name).collect()
    };
    names.sort_unstable();
    names.dedup();
    names
}

#[derive(Default)]
struct Page<'i> {
    topics: Vec<DescribeTopicPartitionsResponseTopic<'i>>,
    room: i32,
    next: Option<Cursor<'i>>,
}

impl<'i> Page<'i> {
    /// Adds the topic's partitions from `first` on. `false`: the page is full, and `next` says where it goes on.
    fn add(&mut self, image: &'i Image, name: &'i str, first: i32) -> bool {
        if self.room == 0 {
            self.next = Some(Cursor { topic_name: name, partition_index: first });
            return false;
        }
        let Some(topic) = image.topic(name) else {
            self.topics.push(unknown(name));
            return true;
        };
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let end = count.min(first.saturating_add(self.room));
        self.topics.push(describe(topic, first, end));
        self.room -= (end - first).max(0);
        if end < count {
            self.next = Some(Cursor { topic_name: name, partition_index: end });
        }
        end >= count
    }
}

fn unknown(name: &str) -> DescribeTopicPartitionsResponseTopic<'_> {
    let legal = metadata::check_topic_name(name).is_ok();
    let error_code = if legal { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION } else { ErrorCode::INVALID_TOPIC_EXCEPTION };
    DescribeTopicPartitionsResponseTopic { topic_authorized_operations: ALLOWED, ..failed(name, error_code) }
}

fn failed(name: &str, error_code: ErrorCode) -> DescribeTopicPartitionsResponseTopic<'_> {
    DescribeTopicPartitionsResponseTopic { error_code, name: Some(name), ..Default::default() }
}

fn describe(topic: &Topic, first: i32, end: i32) -> DescribeTopicPartitionsResponseTopic<'_> {
    let page = topic.partitions().filter(|(index, _)| (first..end).contains(&index.0));
    DescribeTopicPartitionsResponseTopic {
        name: Some(&topic.name),
        topic_id: topic.id,
        is_internal: super::is_internal(&topic.name),
        partitions: page.map(|(index, partition)| describe_partition(index.0, partition)).collect(),
        topic_authorized_operations: ALLOWED,
        ..Default::default()
    }
}

fn describe_partition(partition_index: i32, partition: &Partition) -> DescribeTopicPartitionsResponsePartition<'_> {
    DescribeTopicPartitionsResponsePartition {
        error_code: if partition.leader.is_some() { ErrorCode::NONE } else { ErrorCode::LEADER_NOT_AVAILABLE },
        partition_index,
        leader_id: partition.leader.unwrap_or(BrokerId::NONE).0,
        leader_epoch: partition.leader_epoch.0,
        replica_nodes: partition.replicas.iter().map(|id| id.0).collect(),
        isr_nodes: partition.isr.iter().map(|id| id.0).collect(),
        eligible_leader_replicas: Some(Array::EMPTY),
        last_known_elr: Some(Array::EMPTY),
        ..Default::default()
    }
}
