//! PushTelemetry: metrics of a client (KIP-714).

use record::Uuid;

use crate::{ErrorCode, Message};

/// Metrics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 72, versions = 0..=0, flexible = 0..)]
pub struct PushTelemetryRequest<'a> {
    /// The client's id; zero to be given one.
    pub client_instance_id: Uuid,
    /// Names the set of subscriptions that the metrics are for.
    pub subscription_id: i32,
    /// Whether the client ends now.
    pub terminating: bool,
    /// The compression of the metrics.
    pub compression_type: i8,
    /// OTLP metrics.
    pub metrics: &'a [u8],
}

/// Whether they were taken.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 72, versions = 0..=0, flexible = 0..)]
pub struct PushTelemetryResponse {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
}
