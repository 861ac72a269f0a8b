//! Produce: appends record batches to partitions.
//!
//! Kafka 4 begins at version 3 (KIP-896).
//! - 3: transactional id; record batches of format v2 (KIP-98).
//! - 4: KAFKA_STORAGE_ERROR may be answered (KIP-112).
//! - 5: log start offset in the response.
//! - 7: zstd batches allowed (KIP-110).
//! - 8: record errors and error message in the response (KIP-467).
//! - 9: flexible (KIP-482).
//! - 10: current leader and node endpoints in the response (KIP-951).
//! - 11: TRANSACTION_ABORTABLE may be answered (KIP-890).
//! - 12: the broker adds partitions to the transaction itself (KIP-890, part 2).
//! - 13: topic ids in place of names (KIP-516).

use record::Uuid;

use crate::{Array, ErrorCode, Message, Records};

/// Record batches to append, per partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 0, versions = 3..=13, flexible = 9..)]
pub struct ProduceRequest<'a> {
    /// Null unless the producer is transactional.
    pub transactional_id: Option<&'a str>,
    /// -1: all in-sync replicas, 0: no answer, 1: the leader.
    pub acks: i16,
    /// How long the broker may wait for replicas, in milliseconds.
    pub timeout_ms: i32,
    /// By topic.
    pub topic_data: Array<'a, TopicProduceData<'a>>,
}

/// The batches for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicProduceData<'a> {
    /// The topic's name.
    #[kafka(versions = ..=12)]
    pub name: &'a str,
    /// The topic's id.
    #[kafka(versions = 13..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partition_data: Array<'a, PartitionProduceData<'a>>,
}

/// The batch for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionProduceData<'a> {
    /// The partition.
    pub index: i32,
    /// One record batch; null is allowed by the schema but is an error.
    pub records: Option<Records<'a>>,
}

/// What became of each partition's batch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 0, versions = 3..=13, flexible = 9..)]
pub struct ProduceResponse<'a> {
    /// By topic.
    pub responses: Array<'a, TopicProduceResponse<'a>>,
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Where the leaders named in `current_leader` are.
    #[kafka(versions = 10.., tag = 0)]
    pub node_endpoints: Array<'a, NodeEndpoint<'a>>,
}

/// The outcomes for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicProduceResponse<'a> {
    /// The topic's name.
    #[kafka(versions = ..=12)]
    pub name: &'a str,
    /// The topic's id.
    #[kafka(versions = 13..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partition_responses: Array<'a, PartitionProduceResponse<'a>>,
}

/// The outcome for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionProduceResponse<'a> {
    /// The partition.
    pub index: i32,
    /// Why the batch was not appended, or none.
    pub error_code: ErrorCode,
    /// The offset of the first record.
    pub base_offset: i64,
    /// The timestamp the broker gave the batch, in milliseconds since 1970; -1 when it kept the producer's.
    #[kafka(default = -1)]
    pub log_append_time_ms: i64,
    /// The first offset of the log.
    #[kafka(versions = 5.., default = -1)]
    pub log_start_offset: i64,
    /// The records because of which the batch was refused.
    #[kafka(versions = 8..)]
    pub record_errors: Array<'a, BatchIndexAndErrorMessage<'a>>,
    /// What those records have in common.
    #[kafka(versions = 8..)]
    pub error_message: Option<&'a str>,
    /// The leader to turn to, with NOT_LEADER_OR_FOLLOWER.
    #[kafka(versions = 10.., tag = 0)]
    pub current_leader: LeaderIdAndEpoch,
}

/// A record because of which its batch was refused.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct BatchIndexAndErrorMessage<'a> {
    /// The record's index in the batch, from 0.
    pub batch_index: i32,
    /// What is wrong with it.
    pub batch_index_error_message: Option<&'a str>,
}

/// A partition's leader.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct LeaderIdAndEpoch {
    /// The broker id; -1 when unknown.
    #[kafka(default = -1)]
    pub leader_id: i32,
    /// Its epoch; -1 when unknown.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
}

/// Where a broker is reached.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct NodeEndpoint<'a> {
    /// The broker id.
    pub node_id: i32,
    /// Its host name.
    pub host: &'a str,
    /// Its port.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<&'a str>,
}
