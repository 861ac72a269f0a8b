//! PushTelemetry (key 72), version 0: metrics of a client (KIP-714). They are counted and dropped.

use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::push_telemetry::{PushTelemetryRequest, PushTelemetryResponse};

use super::get_telemetry_subscriptions::subscription;
use crate::api::{Call, Flow};
use crate::telemetry::Push;

/// Answers at once. Nothing is decompressed.
pub fn handle(call: &Call<'_>, request: PushTelemetryRequest<'_>, outbox: &mut Outbox) -> Flow {
    let push = Push {
        subscription_id: request.subscription_id,
        terminating: request.terminating,
        compression_type: request.compression_type,
        len: request.metrics.len(),
    };
    let (client, now) = (request.client_instance_id, call.node.clock.monotonic());
    let pushed = match client {
        Uuid::ZERO => Err(ErrorCode::INVALID_REQUEST),
        _ => call.node.telemetry.push(client, push, &subscription(call, client), now),
    };
    let error_code = pushed.err().unwrap_or(ErrorCode::NONE);
    call.answer(outbox, &PushTelemetryResponse { error_code, ..Default::default() });
    Flow::Done
}
