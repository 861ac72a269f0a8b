//! DescribeConfigs: the values in force, and where they come from.
//!
//! Kafka 4 begins at version 1 (KIP-896).
//! - 1: synonyms and sources (KIP-226).
//! - 2: throttled after the answer, not before (KIP-219).
//! - 3: types and documentation (KIP-569).
//! - 4: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Resources to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 32, versions = 1..=4, flexible = 4..)]
pub struct DescribeConfigsRequest<'a> {
    /// The resources.
    pub resources: Array<'a, DescribeConfigsResource<'a>>,
    /// Whether to tell every place where a value could come from.
    pub include_synonyms: bool,
    /// Whether to tell what each key means.
    #[kafka(versions = 3..)]
    pub include_documentation: bool,
}

/// A resource to describe.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeConfigsResource<'a> {
    /// 2: a topic, 4: a broker, 8: its loggers, 16: client metrics, 32: a group.
    pub resource_type: i8,
    /// Its name.
    pub resource_name: &'a str,
    /// The keys to describe; null for all.
    #[kafka(default = Some(Array::EMPTY))]
    pub configuration_keys: Option<Array<'a, &'a str>>,
}

/// The configs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 32, versions = 1..=4, flexible = 4..)]
pub struct DescribeConfigsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By resource.
    pub results: Array<'a, DescribeConfigsResult<'a>>,
}

/// The configs of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeConfigsResult<'a> {
    /// Why nothing is told, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    #[kafka(default = Some(""))]
    pub error_message: Option<&'a str>,
    /// As requested.
    pub resource_type: i8,
    /// As requested.
    pub resource_name: &'a str,
    /// Its configs.
    pub configs: Array<'a, DescribeConfigsResourceResult<'a>>,
}

/// A config.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeConfigsResourceResult<'a> {
    /// Its key.
    pub name: &'a str,
    /// The value in force; null when there is none or it is sensitive.
    #[kafka(default = Some(""))]
    pub value: Option<&'a str>,
    /// Whether it cannot be changed while the broker runs.
    pub read_only: bool,
    /// Where the value comes from: 1: the topic, 2: this broker's dynamic config, 3: that of all brokers, 4: the start of the
    /// broker, 5: it is the default, -1: unknown.
    #[kafka(default = -1)]
    pub config_source: i8,
    /// Whether its value is a secret.
    pub is_sensitive: bool,
    /// Every place where the value could come from, the one in force first.
    pub synonyms: Array<'a, DescribeConfigsSynonym<'a>>,
    /// 0: unknown, 1: boolean, 2: string, 3: int, 4: short, 5: long, 6: double, 7: list, 8: class, 9: password.
    #[kafka(versions = 3..)]
    pub config_type: i8,
    /// What the key means; null when not asked for.
    #[kafka(versions = 3.., default = Some(""))]
    pub documentation: Option<&'a str>,
}

/// A place where a value could come from.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeConfigsSynonym<'a> {
    /// The key there.
    pub name: &'a str,
    /// Its value there.
    #[kafka(default = Some(""))]
    pub value: Option<&'a str>,
    /// As [`DescribeConfigsResourceResult::config_source`].
    pub source: i8,
}
