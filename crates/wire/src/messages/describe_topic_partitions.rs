//! DescribeTopicPartitions: topics page by page, with eligible leader replicas (KIP-966).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Which topics to describe, and from where on.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 75, versions = 0..=0, flexible = 0..)]
pub struct DescribeTopicPartitionsRequest<'a> {
    /// The topics; empty for all.
    pub topics: Array<'a, TopicRequest<'a>>,
    /// Answer with at most so many partitions.
    #[kafka(default = 2000)]
    pub response_partition_limit: i32,
    /// Where to go on; null to begin.
    pub cursor: Option<Cursor<'a>>,
}

/// A topic to describe.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicRequest<'a> {
    /// Its name.
    pub name: &'a str,
}

/// A place in the list of all partitions.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Cursor<'a> {
    /// The topic.
    pub topic_name: &'a str,
    /// The partition.
    pub partition_index: i32,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 75, versions = 0..=0, flexible = 0..)]
pub struct DescribeTopicPartitionsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Array<'a, DescribeTopicPartitionsResponseTopic<'a>>,
    /// Where the next page begins; null after the last.
    pub next_cursor: Option<Cursor<'a>>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeTopicPartitionsResponseTopic<'a> {
    /// Why it is not described, or none.
    pub error_code: ErrorCode,
    /// Its name.
    #[kafka(default = Some(""))]
    pub name: Option<&'a str>,
    /// Its id.
    pub topic_id: Uuid,
    /// Whether Kafka itself owns it.
    pub is_internal: bool,
    /// Its partitions.
    pub partitions: Array<'a, DescribeTopicPartitionsResponsePartition<'a>>,
    /// What the client may do with the topic, as bits; `i32::MIN` when unknown.
    #[kafka(default = i32::MIN)]
    pub topic_authorized_operations: i32,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeTopicPartitionsResponsePartition<'a> {
    /// LEADER_NOT_AVAILABLE and the like, or none.
    pub error_code: ErrorCode,
    /// The partition.
    pub partition_index: i32,
    /// The leader's broker id; -1 for none.
    pub leader_id: i32,
    /// The leader's epoch.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// The brokers that have a replica.
    pub replica_nodes: Array<'a, i32>,
    /// Those whose replica is in sync.
    pub isr_nodes: Array<'a, i32>,
    /// Those that may lead although not in sync.
    pub eligible_leader_replicas: Option<Array<'a, i32>>,
    /// Those that were eligible last.
    pub last_known_elr: Option<Array<'a, i32>>,
    /// Those whose replica is offline.
    pub offline_replicas: Array<'a, i32>,
}
