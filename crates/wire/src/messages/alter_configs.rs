//! AlterConfigs: replaces all configs of resources (KIP-133). Kafka's own tools use IncrementalAlterConfigs instead.
//!
//! - 1: throttled after the answer, not before (KIP-219).
//! - 2: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// New configs of resources.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 33, versions = 0..=2, flexible = 2..)]
pub struct AlterConfigsRequest<'a> {
    /// By resource.
    pub resources: Array<'a, AlterConfigsResource<'a>>,
    /// Only check whether they could be taken.
    pub validate_only: bool,
}

/// New configs of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterConfigsResource<'a> {
    /// 2: a topic, 4: a broker, 8: its loggers, 16: client metrics, 32: a group.
    pub resource_type: i8,
    /// Its name.
    pub resource_name: &'a str,
    /// All its configs from now on.
    pub configs: Array<'a, AlterableConfig<'a>>,
}

/// A config.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterableConfig<'a> {
    /// The key.
    pub name: &'a str,
    /// The value.
    #[kafka(default = Some(""))]
    pub value: Option<&'a str>,
}

/// What became of each resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 33, versions = 0..=2, flexible = 2..)]
pub struct AlterConfigsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By resource.
    pub responses: Array<'a, AlterConfigsResourceResponse<'a>>,
}

/// What became of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterConfigsResourceResponse<'a> {
    /// Why nothing was changed, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    #[kafka(default = Some(""))]
    pub error_message: Option<&'a str>,
    /// As requested.
    pub resource_type: i8,
    /// As requested.
    pub resource_name: &'a str,
}
