//! Fetch: reads record batches, for consumers and for followers.
//!
//! Kafka 4 begins at version 4 (KIP-896).
//! - 4: isolation level; last stable offset and aborted transactions (KIP-98).
//! - 5: log start offset.
//! - 6: KAFKA_STORAGE_ERROR may be answered (KIP-112).
//! - 7: fetch sessions (KIP-227).
//! - 9: current leader epoch (KIP-320).
//! - 10: zstd batches may be answered (KIP-110).
//! - 11: rack and preferred read replica (KIP-392).
//! - 12: flexible (KIP-482); last fetched epoch, diverging epoch, current leader (KIP-595).
//! - 13: topic ids in place of names (KIP-516).
//! - 14: OFFSET_MOVED_TO_TIERED_STORAGE may be answered (KIP-405).
//! - 15: replica state in place of replica id (KIP-903).
//! - 16: node endpoints in the response (KIP-951).
//! - 17: directory id of the follower (KIP-853).
//! - 18: high watermark of the follower (KIP-1166).

use record::Uuid;

use crate::messages::produce::{LeaderIdAndEpoch, NodeEndpoint};
use crate::{Array, ErrorCode, Message, Records};

/// Where to read and how much.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 1, versions = 4..=18, flexible = 12..)]
pub struct FetchRequest<'a> {
    /// The cluster that the sender means, if it knows.
    #[kafka(versions = 12.., tag = 0)]
    pub cluster_id: Option<&'a str>,
    /// The broker id of a follower; -1 for a consumer. See `replica_state` from version 15.
    #[kafka(versions = ..=14, default = -1)]
    pub replica_id: i32,
    /// Who a follower is.
    #[kafka(versions = 15.., tag = 1)]
    pub replica_state: ReplicaState,
    /// How long to wait for `min_bytes`, in milliseconds.
    pub max_wait_ms: i32,
    /// Answer as soon as there are so many bytes.
    pub min_bytes: i32,
    /// Answer with at most so many bytes; the first batch may be larger (KIP-74).
    #[kafka(default = i32::MAX)]
    pub max_bytes: i32,
    /// 0: read uncommitted, 1: read committed.
    pub isolation_level: i8,
    /// The fetch session; 0 for none.
    #[kafka(versions = 7..)]
    pub session_id: i32,
    /// The request's number in its session; 0 begins one, -1 ends it or does without.
    #[kafka(versions = 7.., default = -1)]
    pub session_epoch: i32,
    /// What to read; in a session, what has changed.
    pub topics: Array<'a, FetchTopic<'a>>,
    /// What to take out of the session.
    #[kafka(versions = 7..)]
    pub forgotten_topics_data: Array<'a, ForgottenTopic<'a>>,
    /// The consumer's rack; empty when it has none.
    #[kafka(versions = 11..)]
    pub rack_id: &'a str,
}

/// Who a follower is.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReplicaState {
    /// The broker id; -1 for a consumer.
    #[kafka(default = -1)]
    pub replica_id: i32,
    /// The broker epoch; -1 when unknown.
    #[kafka(default = -1)]
    pub replica_epoch: i64,
}

/// What to read of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct FetchTopic<'a> {
    /// The topic's name.
    #[kafka(versions = ..=12)]
    pub topic: &'a str,
    /// The topic's id.
    #[kafka(versions = 13..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Array<'a, FetchPartition>,
}

/// Where to read in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct FetchPartition {
    /// The partition.
    pub partition: i32,
    /// The leader epoch that the reader knows; -1 for none.
    #[kafka(versions = 9.., default = -1)]
    pub current_leader_epoch: i32,
    /// The offset to begin at.
    pub fetch_offset: i64,
    /// The epoch of the last record a follower has; -1 for none.
    #[kafka(versions = 12.., default = -1)]
    pub last_fetched_epoch: i32,
    /// The first offset of a follower's log; -1 from a consumer.
    #[kafka(versions = 5.., default = -1)]
    pub log_start_offset: i64,
    /// At most so many bytes of this partition; the first batch may be larger (KIP-74).
    pub partition_max_bytes: i32,
    /// The log directory of a follower.
    #[kafka(versions = 17.., tag = 0)]
    pub replica_directory_id: Uuid,
    /// The high watermark that a follower knows.
    #[kafka(versions = 18.., tag = 1, default = i64::MAX)]
    pub high_watermark: i64,
}

/// What to take out of the session of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ForgottenTopic<'a> {
    /// The topic's name.
    #[kafka(versions = ..=12)]
    pub topic: &'a str,
    /// The topic's id.
    #[kafka(versions = 13..)]
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Array<'a, i32>,
}

/// Record batches, per partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 1, versions = 4..=18, flexible = 12..)]
pub struct FetchResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// An error of the request as a whole, such as of its session.
    #[kafka(versions = 7..)]
    pub error_code: ErrorCode,
    /// The fetch session; 0 for none.
    #[kafka(versions = 7..)]
    pub session_id: i32,
    /// By topic.
    pub responses: Array<'a, FetchableTopicResponse<'a>>,
    /// Where the leaders named in `current_leader` are.
    #[kafka(versions = 16.., tag = 0)]
    pub node_endpoints: Array<'a, NodeEndpoint<'a>>,
}

/// What was read of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct FetchableTopicResponse<'a> {
    /// The topic's name.
    #[kafka(versions = ..=12)]
    pub topic: &'a str,
    /// The topic's id.
    #[kafka(versions = 13..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Array<'a, PartitionData<'a>>,
}

/// What was read of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionData<'a> {
    /// The partition.
    pub partition_index: i32,
    /// Why it was not read, or none.
    pub error_code: ErrorCode,
    /// The high watermark: records before it are committed.
    pub high_watermark: i64,
    /// The last stable offset: transactions before it are decided.
    #[kafka(default = -1)]
    pub last_stable_offset: i64,
    /// The first offset of the log.
    #[kafka(versions = 5.., default = -1)]
    pub log_start_offset: i64,
    /// For a follower: from where its log differs from the leader's.
    #[kafka(versions = 12.., tag = 0)]
    pub diverging_epoch: EpochEndOffset,
    /// The leader to turn to, with NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH.
    #[kafka(versions = 12.., tag = 1)]
    pub current_leader: LeaderIdAndEpoch,
    /// For a reader of the metadata log: the snapshot that replaced what it asked for.
    #[kafka(versions = 12.., tag = 2)]
    pub snapshot_id: SnapshotId,
    /// The aborted transactions in `records`; null or empty unless reading committed.
    #[kafka(default = Some(Array::EMPTY))]
    pub aborted_transactions: Option<Array<'a, AbortedTransaction>>,
    /// The replica that a consumer should read from; -1 for this one.
    #[kafka(versions = 11.., default = -1)]
    pub preferred_read_replica: i32,
    /// Record batches, the last of which may be cut short.
    pub records: Option<Records<'a>>,
}

/// Where an epoch ends.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct EpochEndOffset {
    /// The leader epoch; -1 for none.
    #[kafka(default = -1)]
    pub epoch: i32,
    /// The offset after its last record; -1 for none.
    #[kafka(default = -1)]
    pub end_offset: i64,
}

/// Which snapshot.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct SnapshotId {
    /// The offset after its last record; -1 for none.
    #[kafka(default = -1)]
    pub end_offset: i64,
    /// The epoch of its last record; -1 for none.
    #[kafka(default = -1)]
    pub epoch: i32,
}

/// A transaction whose records a consumer must drop.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AbortedTransaction {
    /// The producer.
    pub producer_id: i64,
    /// The first offset of the transaction.
    pub first_offset: i64,
}
