//! FindCoordinator (key 10), versions 0-6: there are no coordinators yet, which is what it answers.
//!
//! It is served because librdkafka takes its version 0 for the sign of a broker that understands lz4: without it, lz4
//! producers silently send uncompressed batches.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

use crate::api::{Call, Flow};

const SHARE_GROUP: i8 = 2;

/// Answers every key alike.
pub fn handle(call: &Call<'_>, request: FindCoordinatorRequest<'_>, outbox: &mut Outbox) -> Flow {
    let (error_code, message) = refusal(call.version(), request.key_type);
    let coordinators = request.coordinator_keys.iter().map(|key| Coordinator {
        key,
        node_id: -1,
        port: -1,
        error_code,
        error_message: Some(message),
        ..Default::default()
    });
    let response = FindCoordinatorResponse {
        error_code,
        error_message: Some(message),
        node_id: -1,
        port: -1,
        coordinators: coordinators.collect(),
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}

fn refusal(version: i16, key_type: i8) -> (ErrorCode, &'static str) {
    match key_type {
        0 | 1 => (ErrorCode::COORDINATOR_NOT_AVAILABLE, "groups and transactions are not served yet"),
        SHARE_GROUP if version >= 6 => (ErrorCode::COORDINATOR_NOT_AVAILABLE, "share groups are not served yet"),
        // Nothing that the version knows.
        _ => (ErrorCode::INVALID_REQUEST, ErrorCode::INVALID_REQUEST.message()),
    }
}
