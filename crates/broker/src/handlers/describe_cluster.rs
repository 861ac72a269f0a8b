//! DescribeCluster (key 60), versions 0-2: the cluster's id and brokers. v1 endpoint type (KIP-919), v2 fenced brokers
//! (KIP-1073).

use std::borrow::Cow;

use net::Outbox;
use wire::ErrorCode;
use wire::messages::describe_cluster::{DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse};

use crate::api::{Call, Flow};

/// `endpoint_type` of brokers; 2 would be controllers.
const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;
const NO_CONTROLLER: &str =
    "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER";

/// What everybody may do with the cluster while there is no authorizer: CREATE, ALTER, DESCRIBE, CLUSTER_ACTION,
/// DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE, as bits.
pub const ALLOWED: i32 = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

/// Answers from the view.
pub fn handle(call: &Call<'_>, request: DescribeClusterRequest, outbox: &mut Outbox) -> Flow {
    if let Some((error_code, message)) = refusal(request.endpoint_type) {
        let error_message = Some(&*message);
        call.answer(outbox, &DescribeClusterResponse { error_code, error_message, ..Default::default() });
        return Flow::Done;
    }
    let told = call.view.image().brokers().filter(|broker| !broker.fenced || request.include_fenced_brokers);
    let reachable = told.filter_map(|broker| Some((broker, broker.endpoint(call.listener())?)));
    let brokers = reachable.map(|(broker, endpoint)| DescribeClusterBroker {
        broker_id: broker.id.0,
        host: &endpoint.host,
        port: i32::from(endpoint.port),
        rack: broker.rack.as_deref(),
        is_fenced: broker.fenced,
    });
    let response = DescribeClusterResponse {
        endpoint_type: BROKERS,
        cluster_id: &call.view.image().cluster_id().to_string(),
        controller_id: call.node.config.node_id.0,
        brokers: brokers.collect(),
        cluster_authorized_operations: if request.include_cluster_authorized_operations { ALLOWED } else { i32::MIN },
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}

fn refusal(endpoint_type: i8) -> Option<(ErrorCode, Cow<'static, str>)> {
    match endpoint_type {
        BROKERS => None,
        CONTROLLERS => Some((ErrorCode::MISMATCHED_ENDPOINT_TYPE, NO_CONTROLLER.into())),
        other => Some((ErrorCode::UNSUPPORTED_ENDPOINT_TYPE, format!("Unsupported endpoint type {other}").into())),
    }
}
