//! UpdateFeatures: levels of features for the whole cluster (KIP-584).
//!
//! - 1: what may be lost, and only checking (KIP-778).
//! - 2: one error for all features instead of one each.

use crate::{Array, ErrorCode, Message};

/// Levels that features should have.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 57, versions = 0..=2, flexible = 0..)]
pub struct UpdateFeaturesRequest<'a> {
    /// How long to wait for it, in milliseconds.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// By feature.
    pub feature_updates: Array<'a, FeatureUpdateKey<'a>>,
    /// Only check whether it could be done.
    #[kafka(versions = 1..)]
    pub validate_only: bool,
}

/// The level that one feature should have.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct FeatureUpdateKey<'a> {
    /// Its name.
    pub feature: &'a str,
    /// The level; 0 to do without the feature.
    pub max_version_level: i16,
    /// Whether the level may go down.
    #[kafka(versions = 0..=0)]
    pub allow_downgrade: bool,
    /// 1: only up, 2: down where nothing is lost, 3: down.
    #[kafka(versions = 1.., default = 1)]
    pub upgrade_type: i8,
}

/// What became of them.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 57, versions = 0..=2, flexible = 0..)]
pub struct UpdateFeaturesResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By feature.
    #[kafka(versions = 0..=1)]
    pub results: Array<'a, UpdatableFeatureResult<'a>>,
}

/// What became of one feature.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct UpdatableFeatureResult<'a> {
    /// Its name.
    pub feature: &'a str,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
