//! DescribeQuorum: the voters of the metadata log (KIP-595).
//!
//! - 1: when voters fetched and had caught up (KIP-836).
//! - 2: directory ids, endpoints and texts of errors (KIP-853).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Which quorum.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 55, versions = 0..=2, flexible = 0..)]
pub struct DescribeQuorumRequest<'a> {
    /// By topic.
    pub topics: Array<'a, asked::TopicData<'a>>,
}

/// The quorum.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 55, versions = 0..=2, flexible = 0..)]
pub struct DescribeQuorumResponse<'a> {
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    #[kafka(versions = 2.., default = Some(""))]
    pub error_message: Option<&'a str>,
    /// By topic.
    pub topics: Array<'a, TopicData<'a>>,
    /// The nodes of the voters.
    #[kafka(versions = 2..)]
    pub nodes: Array<'a, Node<'a>>,
}

/// The quorums of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicData<'a> {
    /// Its name.
    pub topic_name: &'a str,
    /// By partition.
    pub partitions: Array<'a, PartitionData<'a>>,
}

/// The quorum of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionData<'a> {
    /// The partition.
    pub partition_index: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    #[kafka(versions = 2.., default = Some(""))]
    pub error_message: Option<&'a str>,
    /// The leader; -1 for none.
    pub leader_id: i32,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// The end of what the quorum has agreed on.
    pub high_watermark: i64,
    /// Its voters.
    pub current_voters: Array<'a, ReplicaState>,
    /// Those who follow without a vote.
    pub observers: Array<'a, ReplicaState>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Node<'a> {
    /// Its id.
    #[kafka(versions = 2..)]
    pub node_id: i32,
    /// By listener.
    #[kafka(versions = 2..)]
    pub listeners: Array<'a, Listener<'a>>,
}

/// Where a node listens.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Listener<'a> {
    /// Its name.
    #[kafka(versions = 2..)]
    pub name: &'a str,
    /// The host name.
    #[kafka(versions = 2..)]
    pub host: &'a str,
    /// The port.
    #[kafka(versions = 2..)]
    pub port: u16,
}

/// A member of the quorum.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReplicaState {
    /// Its id.
    pub replica_id: i32,
    /// The id of its directory; zero when unknown.
    #[kafka(versions = 2..)]
    pub replica_directory_id: Uuid,
    /// The end of its log; -1 when unknown.
    pub log_end_offset: i64,
    /// When it fetched last, in milliseconds since 1970; -1 when unknown.
    #[kafka(versions = 1.., default = -1)]
    pub last_fetch_timestamp: i64,
    /// When it had last caught up with the leader, in milliseconds since 1970; -1 when unknown.
    #[kafka(versions = 1.., default = -1)]
    pub last_caught_up_timestamp: i64,
}

/// What the request is made of, where the response has the same names.
pub mod asked {
    use crate::{Array, Message};

    /// A topic.
    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct TopicData<'a> {
        /// Its name.
        pub topic_name: &'a str,
        /// By partition.
        pub partitions: Array<'a, PartitionData>,
    }

    /// A partition.
    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct PartitionData {
        /// The partition.
        pub partition_index: i32,
    }
}
