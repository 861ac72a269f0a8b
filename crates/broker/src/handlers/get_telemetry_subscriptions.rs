//! GetTelemetrySubscriptions (key 71), version 0: which metrics a client is to push (KIP-714).

use net::Outbox;
use record::Uuid;
use wire::messages::get_telemetry_subscriptions::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse,
};

use crate::api::{Call, Flow};
use crate::node::random_id;
use crate::telemetry::{COMPRESSION_TYPES, Client, MAX_BYTES, Subscription};

/// Answers at once; a client without an id is given one.
pub fn handle(call: &Call<'_>, request: GetTelemetrySubscriptionsRequest, outbox: &mut Outbox) -> Flow {
    let client_instance_id = match request.client_instance_id {
        Uuid::ZERO => random_id(&call.node.rng),
        id => id,
    };
    let subscription = subscription(call, client_instance_id);
    let response = match call.node.telemetry.ask(client_instance_id, &subscription, call.node.clock.monotonic()) {
        Ok(()) => GetTelemetrySubscriptionsResponse {
            client_instance_id,
            subscription_id: subscription.id(client_instance_id),
            accepted_compression_types: (&COMPRESSION_TYPES).into(),
            push_interval_ms: i32::try_from(subscription.push_interval.as_millis()).unwrap_or(i32::MAX),
            telemetry_max_bytes: i32::try_from(MAX_BYTES).unwrap_or(i32::MAX),
            delta_temporality: true,
            requested_metrics: subscription.metrics.iter().map(String::as_str).collect(),
            ..Default::default()
        },
        Err(error_code) => GetTelemetrySubscriptionsResponse { error_code, ..Default::default() },
    };
    call.answer(outbox, &response);
    Flow::Done
}

/// What a client is to push that came through this connection.
pub fn subscription(call: &Call<'_>, instance: Uuid) -> Subscription {
    let software = call.session.software.borrow();
    let client = Client {
        instance,
        id: call.header.client_id.unwrap_or_default(),
        software_name: &software.name,
        software_version: &software.version,
        peer: call.session.peer,
    };
    Subscription::of(&call.node.telemetry.subscriptions(call.view.image().client_metrics()), &client)
}
