//! ListConfigResources: what has configs (KIP-1142).
//!
//! - 0: client metrics only, then named ListClientMetricsResources (KIP-714).
//! - 1: all types.

use crate::{Array, ErrorCode, Message};

/// What to list.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 74, versions = 0..=1, flexible = 0..)]
pub struct ListConfigResourcesRequest<'a> {
    /// The types; none for all.
    #[kafka(versions = 1..)]
    pub resource_types: Array<'a, i8>,
}

/// What has configs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 74, versions = 0..=1, flexible = 0..)]
pub struct ListConfigResourcesResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The resources.
    pub config_resources: Array<'a, ConfigResource<'a>>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ConfigResource<'a> {
    /// The name.
    pub resource_name: &'a str,
    /// 2: a topic, 4: a broker, 8: its loggers, 16: client metrics, 32: a group.
    #[kafka(versions = 1.., default = 16)]
    pub resource_type: i8,
}
