//! IncrementalAlterConfigs: sets and removes single configs (KIP-339).
//!
//! - 1: flexible (KIP-482).

pub use super::alter_configs::AlterConfigsResourceResponse;
use crate::{Array, Message};

/// Changes of resources.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 44, versions = 0..=1, flexible = 1..)]
pub struct IncrementalAlterConfigsRequest<'a> {
    /// By resource.
    pub resources: Array<'a, AlterConfigsResource<'a>>,
    /// Only check whether they could be made.
    pub validate_only: bool,
}

/// Changes of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterConfigsResource<'a> {
    /// 2: a topic, 4: a broker, 8: its loggers, 16: client metrics, 32: a group.
    pub resource_type: i8,
    /// Its name.
    pub resource_name: &'a str,
    /// By key.
    pub configs: Array<'a, AlterableConfig<'a>>,
}

/// A change of one config.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterableConfig<'a> {
    /// The key.
    pub name: &'a str,
    /// 0: set, 1: delete, 2: append to a list, 3: subtract from a list.
    pub config_operation: i8,
    /// The value.
    #[kafka(default = Some(""))]
    pub value: Option<&'a str>,
}

/// What became of each resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 44, versions = 0..=1, flexible = 1..)]
pub struct IncrementalAlterConfigsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By resource.
    pub responses: Array<'a, AlterConfigsResourceResponse<'a>>,
}
