//! Metadata: the brokers, the topics, and who leads which partition.
//!
//! - 1: a null topic list means all topics; racks, controller id, internal topics in the response.
//! - 2: cluster id in the response (KIP-78).
//! - 3: throttle time in the response.
//! - 4: whether topics may be created (KIP-204).
//! - 5: offline replicas in the response (KIP-112).
//! - 7: leader epoch in the response (KIP-320).
//! - 8: authorized operations (KIP-430).
//! - 9: flexible (KIP-482).
//! - 10: topic ids (KIP-516), asked for by no client yet.
//! - 11: no authorized operations of the cluster: DescribeCluster has them (KIP-700).
//! - 12: topics may be asked for by id (KIP-516).
//! - 13: an error for the whole response (KIP-1102).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Which topics to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 3, versions = 0..=13, flexible = 9..)]
pub struct MetadataRequest<'a> {
    /// The topics; null means all of them, and so does an empty list in version 0.
    #[kafka(nullable = 1.., default = Some(Array::EMPTY))]
    pub topics: Option<Array<'a, MetadataRequestTopic<'a>>>,
    /// Whether the broker may create the topics that do not exist, if it is set up to.
    #[kafka(versions = 4.., default = true)]
    pub allow_auto_topic_creation: bool,
    /// Whether to say what the client may do with the cluster.
    #[kafka(versions = 8..=10)]
    pub include_cluster_authorized_operations: bool,
    /// Whether to say what the client may do with each topic.
    #[kafka(versions = 8..)]
    pub include_topic_authorized_operations: bool,
}

/// A topic to describe, by name or by id.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataRequestTopic<'a> {
    /// The topic's id; zero when asked for by name.
    #[kafka(versions = 10..)]
    pub topic_id: Uuid,
    /// The topic's name; null when asked for by id.
    #[kafka(nullable = 10.., default = Some(""))]
    pub name: Option<&'a str>,
}

/// The cluster as this broker knows it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 3, versions = 0..=13, flexible = 9..)]
pub struct MetadataResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 3..)]
    pub throttle_time_ms: i32,
    /// The live brokers.
    pub brokers: Array<'a, MetadataResponseBroker<'a>>,
    /// The cluster's id.
    #[kafka(versions = 2..)]
    pub cluster_id: Option<&'a str>,
    /// The broker to send requests for the controller to; -1 for none.
    #[kafka(versions = 1.., default = -1)]
    pub controller_id: i32,
    /// The topics asked for.
    pub topics: Array<'a, MetadataResponseTopic<'a>>,
    /// What the client may do with the cluster, as bits; `i32::MIN` when not asked for.
    #[kafka(versions = 8..=10, default = i32::MIN)]
    pub cluster_authorized_operations: i32,
    /// An error of the request as a whole.
    #[kafka(versions = 13..)]
    pub error_code: ErrorCode,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataResponseBroker<'a> {
    /// The broker id.
    pub node_id: i32,
    /// Its host name.
    pub host: &'a str,
    /// Its port.
    pub port: i32,
    /// Its rack, if it has one.
    #[kafka(versions = 1..)]
    pub rack: Option<&'a str>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataResponseTopic<'a> {
    /// Why it is not described, or none.
    pub error_code: ErrorCode,
    /// The topic's name; null for an unknown id.
    #[kafka(nullable = 12.., default = Some(""))]
    pub name: Option<&'a str>,
    /// The topic's id; zero for an unknown name.
    #[kafka(versions = 10..)]
    pub topic_id: Uuid,
    /// Whether Kafka itself owns it.
    #[kafka(versions = 1..)]
    pub is_internal: bool,
    /// Its partitions.
    pub partitions: Array<'a, MetadataResponsePartition<'a>>,
    /// What the client may do with the topic, as bits; `i32::MIN` when not asked for.
    #[kafka(versions = 8.., default = i32::MIN)]
    pub topic_authorized_operations: i32,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataResponsePartition<'a> {
    /// LEADER_NOT_AVAILABLE and the like, or none.
    pub error_code: ErrorCode,
    /// The partition.
    pub partition_index: i32,
    /// The leader's broker id; -1 for none.
    pub leader_id: i32,
    /// The leader's epoch.
    #[kafka(versions = 7.., default = -1)]
    pub leader_epoch: i32,
    /// The brokers that have a replica.
    pub replica_nodes: Array<'a, i32>,
    /// Those whose replica is in sync.
    pub isr_nodes: Array<'a, i32>,
    /// Those whose replica is offline.
    #[kafka(versions = 5..)]
    pub offline_replicas: Array<'a, i32>,
}
