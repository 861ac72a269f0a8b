//! CreateTopics.
//!
//! Kafka 4 begins at version 2 (KIP-896).
//! - 2: throttle time in the response.
//! - 4: partitions and replication factor may be left to the broker (KIP-464).
//! - 5: flexible (KIP-482); the topic's configs in the response (KIP-525).
//! - 6: THROTTLING_QUOTA_EXCEEDED may be answered (KIP-599).
//! - 7: topic id in the response (KIP-516).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Topics to create.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 19, versions = 2..=7, flexible = 5..)]
pub struct CreateTopicsRequest<'a> {
    /// The topics.
    pub topics: Array<'a, CreatableTopic<'a>>,
    /// How long to wait until they are created, in milliseconds.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// Only check whether they could be created.
    pub validate_only: bool,
}

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopic<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number of partitions; -1 for the default, or with `assignments`.
    pub num_partitions: i32,
    /// The number of replicas; -1 for the default, or with `assignments`.
    pub replication_factor: i16,
    /// Which brokers get which replica; empty to leave that to the cluster.
    pub assignments: Array<'a, CreatableReplicaAssignment<'a>>,
    /// Its configs, where they differ from the defaults.
    pub configs: Array<'a, CreatableTopicConfig<'a>>,
}

/// Where one partition's replicas go.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableReplicaAssignment<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The brokers; the first is the preferred leader.
    pub broker_ids: Array<'a, i32>,
}

/// A config of a topic to create.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopicConfig<'a> {
    /// Its key.
    pub name: &'a str,
    /// Its value.
    #[kafka(default = Some(""))]
    pub value: Option<&'a str>,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 19, versions = 2..=7, flexible = 5..)]
pub struct CreateTopicsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, CreatableTopicResult<'a>>,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopicResult<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its id; zero when it was not created.
    #[kafka(versions = 7..)]
    pub topic_id: Uuid,
    /// Why it was not created, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// Why the configs are not in the response, or none.
    #[kafka(versions = 5.., tag = 0)]
    pub topic_config_error_code: ErrorCode,
    /// The number of partitions; -1 when unknown.
    #[kafka(versions = 5.., default = -1)]
    pub num_partitions: i32,
    /// The number of replicas; -1 when unknown.
    #[kafka(versions = 5.., default = -1)]
    pub replication_factor: i16,
    /// Its configs; null when they may not be seen.
    #[kafka(versions = 5.., default = Some(Array::EMPTY))]
    pub configs: Option<Array<'a, CreatableTopicConfigs<'a>>>,
}

/// A config of a created topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopicConfigs<'a> {
    /// Its key.
    pub name: &'a str,
    /// Its value; null when it is sensitive.
    #[kafka(default = Some(""))]
    pub value: Option<&'a str>,
    /// Whether it cannot be changed.
    pub read_only: bool,
    /// Where the value comes from; -1 when unknown.
    #[kafka(default = -1)]
    pub config_source: i8,
    /// Whether its value is a secret.
    pub is_sensitive: bool,
}
