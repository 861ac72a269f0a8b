//! GetTelemetrySubscriptions and PushTelemetry (KIP-714).

use kafka_protocol::messages::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse, PushTelemetryRequest,
};

use crate::harness::Broker;
use crate::raw::{Connection, error_name};

/// A client asks that has no id yet.
fn ask(connection: &mut Connection) -> GetTelemetrySubscriptionsResponse {
    connection.call(0, &GetTelemetrySubscriptionsRequest::default())
}

fn push(told: &GetTelemetrySubscriptionsResponse) -> PushTelemetryRequest {
    PushTelemetryRequest::default()
        .with_client_instance_id(told.client_instance_id)
        .with_subscription_id(told.subscription_id)
        .with_metrics(vec![1, 2, 3].into())
}

#[test]
fn a_client_is_given_an_id_and_asked_for_nothing() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let told = ask(&mut connection);
    assert_eq!((&*error_name(told.error_code), told.requested_metrics.len()), ("None", 0));
    assert!(!told.client_instance_id.is_nil());
    assert_ne!(ask(&mut connection).client_instance_id, told.client_instance_id);
    assert_eq!((told.push_interval_ms, told.telemetry_max_bytes), (300_000, 1 << 20));
    assert_eq!(told.accepted_compression_types, [4, 3, 1, 2]);
    let again = GetTelemetrySubscriptionsRequest::default().with_client_instance_id(told.client_instance_id);
    let again = connection.call(0, &again);
    assert_eq!(error_name(again.error_code), "ThrottlingQuotaExceeded");
}

#[test]
fn pushes_are_held_to_what_the_client_was_told() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let told = ask(&mut connection);
    let mut pushed = |request: PushTelemetryRequest| error_name(connection.call(0, &request).error_code);
    assert_eq!(pushed(push(&Default::default())), "InvalidRequest");
    assert_eq!(pushed(push(&told)), "None");
    assert_eq!(pushed(push(&told)), "ThrottlingQuotaExceeded");
    let last = push(&told).with_terminating(true);
    assert_eq!(pushed(last.clone().with_subscription_id(told.subscription_id ^ 1)), "UnknownSubscriptionId");
    assert_eq!(pushed(last.clone().with_compression_type(9)), "UnsupportedCompressionType");
    assert_eq!(pushed(last.clone().with_metrics(vec![0; (1 << 20) + 1].into())), "TelemetryTooLarge");
    assert_eq!(pushed(last.clone()), "None");
    assert_eq!(pushed(last), "InvalidRequest");
}
