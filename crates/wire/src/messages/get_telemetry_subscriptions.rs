//! GetTelemetrySubscriptions: which metrics a client is to push (KIP-714).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 71, versions = 0..=0, flexible = 0..)]
pub struct GetTelemetrySubscriptionsRequest {
    /// The client's id; zero to be given one.
    pub client_instance_id: Uuid,
}

/// What to push.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 71, versions = 0..=0, flexible = 0..)]
pub struct GetTelemetrySubscriptionsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The client's id; zero to be given one.
    pub client_instance_id: Uuid,
    /// Names the set of subscriptions that the metrics are for.
    pub subscription_id: i32,
    /// By id, the most wanted first.
    pub accepted_compression_types: Array<'a, i8>,
    /// How often to push, in milliseconds.
    pub push_interval_ms: i32,
    /// How many bytes one push may have.
    pub telemetry_max_bytes: i32,
    /// Whether sums are since the last push, or since the start.
    pub delta_temporality: bool,
    /// Prefixes of names; an empty one for all, none for nothing.
    pub requested_metrics: Array<'a, &'a str>,
}
