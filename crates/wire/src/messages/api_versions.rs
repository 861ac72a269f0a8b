//! ApiVersions: which APIs and features the broker has; the first request on a connection.
//!
//! - 1: throttle time in the response.
//! - 3: flexible (KIP-482); the client's software in the request (KIP-511), features in the response (KIP-584).
//! - 4: features whose lowest version is 0 may be in the response (KAFKA-17011).

use crate::{Array, ErrorCode, Message};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 18, versions = 0..=4, flexible = 3..)]
pub struct ApiVersionsRequest<'a> {
    /// The name of the client's software.
    #[kafka(versions = 3..)]
    pub client_software_name: &'a str,
    /// Its version.
    #[kafka(versions = 3..)]
    pub client_software_version: &'a str,
}

/// What the broker has.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 18, versions = 0..=4, flexible = 3..)]
pub struct ApiVersionsResponse<'a> {
    /// UNSUPPORTED_VERSION, in a body of version 0, when the broker does not have the request's version.
    pub error_code: ErrorCode,
    /// The APIs.
    pub api_keys: Array<'a, ApiVersion>,
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
    pub throttle_time_ms: i32,
    /// The features the broker could support. Before version 4 those with a lowest version of 0 must be left out.
    #[kafka(versions = 3.., tag = 0)]
    pub supported_features: Array<'a, SupportedFeatureKey<'a>>,
    /// Grows with every change of `finalized_features`; -1 when unknown.
    #[kafka(versions = 3.., tag = 1, default = -1)]
    pub finalized_features_epoch: i64,
    /// The features the cluster has agreed on.
    #[kafka(versions = 3.., tag = 2)]
    pub finalized_features: Array<'a, FinalizedFeatureKey<'a>>,
    /// Whether a controller could migrate from ZooKeeper.
    #[kafka(versions = 3.., tag = 3)]
    pub zk_migration_ready: bool,
}

/// An API that the broker has.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ApiVersion {
    /// Its key.
    pub api_key: i16,
    /// The lowest version.
    pub min_version: i16,
    /// The highest version.
    pub max_version: i16,
}

/// A feature that the broker could support.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct SupportedFeatureKey<'a> {
    /// Its name, such as `metadata.version`.
    pub name: &'a str,
    /// The lowest level.
    pub min_version: i16,
    /// The highest level.
    pub max_version: i16,
}

/// A feature that the cluster has agreed on.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct FinalizedFeatureKey<'a> {
    /// Its name, such as `metadata.version`.
    pub name: &'a str,
    /// The highest level.
    pub max_version_level: i16,
    /// The lowest level.
    pub min_version_level: i16,
}
