//! ListConfigResources (key 74), versions 0-1: what has configs. v0 client metrics only (KIP-714), v1 all types (KIP-1142).

use net::Outbox;
use wire::ErrorCode;
use wire::messages::list_config_resources::{ConfigResource, ListConfigResourcesRequest, ListConfigResourcesResponse};

use crate::api::{Call, Flow};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const BROKER_LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;
/// All types, in the order of Kafka's answers.
const TYPES: [i8; 5] = [GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC];

/// Answers from the image.
pub fn handle(call: &Call<'_>, request: ListConfigResourcesRequest<'_>, outbox: &mut Outbox) -> Flow {
    let asked = match (call.version(), request.resource_types.to_vec()) {
        (0, _) => vec![CLIENT_METRICS],
        (_, none) if none.is_empty() => TYPES.to_vec(),
        (_, types) => types,
    };
    if asked.iter().any(|asked| !TYPES.contains(asked)) {
        let error_code = ErrorCode::UNSUPPORTED_VERSION;
        call.answer(outbox, &ListConfigResourcesResponse { error_code, ..Default::default() });
        return Flow::Done;
    }
    // Each type once, however often it is asked for.
    let wanted = TYPES.into_iter().filter(|kind| asked.contains(kind));
    let named: Vec<(i8, Vec<String>)> = wanted.map(|kind| (kind, names(call, kind))).collect();
    let resources = named.iter().flat_map(|(resource_type, names)| {
        names.iter().map(|resource_name| ConfigResource { resource_name, resource_type: *resource_type })
    });
    call.answer(outbox, &ListConfigResourcesResponse { config_resources: resources.collect(), ..Default::default() });
    Flow::Done
}

/// The resources of one type; of client metrics and groups those that were configured.
fn names(call: &Call<'_>, resource_type: i8) -> Vec<String> {
    let image = call.view.image();
    match resource_type {
        TOPIC => image.topics().iter().map(|topic| topic.name.to_string()).collect(),
        BROKER | BROKER_LOGGER => image.brokers().map(|broker| broker.id.to_string()).collect(),
        CLIENT_METRICS => image.client_metrics().iter().map(|(name, _)| name.to_string()).collect(),
        GROUP => image.group_configs().iter().map(|(name, _)| name.to_string()).collect(),
        _ => Vec::new(),
    }
}
