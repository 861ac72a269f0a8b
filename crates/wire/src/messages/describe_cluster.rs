//! DescribeCluster: the cluster's id and nodes (KIP-700).
//!
//! - 1: brokers or controllers (KIP-919).
//! - 2: fenced brokers too (KIP-1073).

use crate::{Array, ErrorCode, Message};

/// What to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 60, versions = 0..=2, flexible = 0..)]
pub struct DescribeClusterRequest {
    /// Whether to say what the client may do with the cluster.
    pub include_cluster_authorized_operations: bool,
    /// 1: brokers, 2: controllers.
    #[kafka(versions = 1.., default = 1)]
    pub endpoint_type: i8,
    /// Whether to include brokers that are fenced.
    #[kafka(versions = 2..)]
    pub include_fenced_brokers: bool,
}

/// The cluster.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 60, versions = 0..=2, flexible = 0..)]
pub struct DescribeClusterResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why it is not described, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// 1: brokers, 2: controllers.
    #[kafka(versions = 1.., default = 1)]
    pub endpoint_type: i8,
    /// The cluster's id.
    pub cluster_id: &'a str,
    /// The controller's node id; -1 for none.
    #[kafka(default = -1)]
    pub controller_id: i32,
    /// The nodes.
    pub brokers: Array<'a, DescribeClusterBroker<'a>>,
    /// What the client may do with the cluster, as bits; `i32::MIN` when not asked for.
    #[kafka(default = i32::MIN)]
    pub cluster_authorized_operations: i32,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeClusterBroker<'a> {
    /// The node id.
    pub broker_id: i32,
    /// Its host name.
    pub host: &'a str,
    /// Its port.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<&'a str>,
    /// Whether it is fenced: registered, but not in service.
    #[kafka(versions = 2..)]
    pub is_fenced: bool,
}
