//! DescribeConfigs (key 32), versions 1-4: the values in force, and where they come from. v1 synonyms and sources
//! (KIP-226), v3 types (KIP-569), v4 flexible.

use std::collections::HashSet;

use metadata::check_topic_name;
use net::Outbox;
use wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};
use crate::config::describe::{Described, Layers};
use crate::errors::KafkaError;
use crate::log_levels::resource::{self, BROKER_LOGGER};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

/// The configs that one answer tells of resources which need not exist, or which it told before, as an answer is many times
/// as long as its question; the one that goes beyond is told whole.
const CONFIGS_MAX: usize = 10_000;
/// All kinds of resources that have configs.
const KINDS: [i8; 5] = [TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP];
const NO_ROOM: &str = "an answer tells at most 10000 configs: ask for fewer resources at once";

/// What a resource has, or why it is not told.
type Found<'a> = Result<Vec<Described<'a>>, KafkaError>;

/// Answers from the image.
pub fn handle(call: &Call<'_>, request: DescribeConfigsRequest<'_>, outbox: &mut Outbox) -> Flow {
    if request.resources.iter().any(|resource| !KINDS.contains(&resource.resource_type)) {
        return refuse(call, &request, outbox);
    }
    let layers = Layers::new(&call.node.config, call.view.image());
    let mut seen = HashSet::new();
    let mut room = CONFIGS_MAX;
    let described: Vec<(DescribeConfigsResource<'_>, Found<'_>)> = request
        .resources
        .iter()
        .map(|resource| {
            let again = !seen.insert((resource.resource_type, resource.resource_name));
            let found = match resource.resource_type {
                // They are told however many there are, as they have to exist.
                TOPIC if !again => find(call, &layers, &resource),
                _ => find_within(&mut room, call, &layers, &resource),
            };
            (resource, found)
        })
        .collect();
    let told = Told { synonyms: request.include_synonyms, documentation: request.include_documentation };
    let results = described.iter().map(|(resource, found)| result(resource, found, told));
    call.answer(outbox, &DescribeConfigsResponse { results: results.collect(), ..Default::default() });
    Flow::Done
}

/// A kind that does not exist is the fault of the whole request. The text is longer than what asks for a resource, so it is
/// not told without end.
fn refuse(call: &Call<'_>, request: &DescribeConfigsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let error_code = ErrorCode::INVALID_REQUEST;
    let results = request.resources.iter().enumerate().map(|(index, resource)| DescribeConfigsResult {
        error_code,
        error_message: (index < CONFIGS_MAX).then_some(error_code.message()),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name,
        ..Default::default()
    });
    call.answer(outbox, &DescribeConfigsResponse { results: results.collect(), ..Default::default() });
    Flow::Done
}

/// Takes what it finds out of the `room` of the answer.
fn find_within<'a>(
    room: &mut usize,
    call: &'a Call<'_>,
    layers: &Layers<'a>,
    asked: &DescribeConfigsResource<'_>,
) -> Found<'a> {
    if *room == 0 {
        return Err(KafkaError::new(ErrorCode::POLICY_VIOLATION, NO_ROOM));
    }
    let found = find(call, layers, asked);
    // To look for what is not there takes time, too.
    *room = room.saturating_sub(found.as_ref().map_or(1, |found| found.len().max(1)));
    found
}

fn find<'a>(call: &'a Call<'_>, layers: &Layers<'a>, asked: &DescribeConfigsResource<'_>) -> Found<'a> {
    let (this, name) = (call.node.config.node_id.0, asked.resource_name);
    let mut all = match (asked.resource_type, name) {
        (TOPIC, name) => {
            check_topic_name(name)
                .map_err(|error| KafkaError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, error.told(name)))?;
            layers.topic(call.view.image().topic(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?)
        }
        (BROKER, "") => layers.default_broker(),
        (BROKER, name) => match name.parse::<i32>() {
            Ok(id) if id == this => layers.broker(),
            Ok(_) => {
                let text = format!("Unexpected broker id, expected {this} or empty string, but received {name}");
                return Err(invalid_request(&text));
            }
            Err(_) => return Err(invalid_request(&format!("Broker id must be an integer, but it is: {name}"))),
        },
        (BROKER_LOGGER, name) => resource::describe(call.node, name)?,
        (CLIENT_METRICS, "") => return Err(invalid_request("Client metrics subscription name must not be empty")),
        (CLIENT_METRICS, name) => layers.client_metrics(name),
        (GROUP, "") => return Err(invalid_request("Group name must not be empty")),
        (GROUP, name) => layers.group(name),
        _ => return Err(invalid_request(ErrorCode::INVALID_REQUEST.message())),
    };
    if let Some(keys) = asked.configuration_keys.as_ref().filter(|keys| !keys.is_empty()) {
        let keys: HashSet<&str> = keys.iter().collect();
        all.retain(|described| keys.contains(described.name));
    }
    Ok(all)
}

fn invalid_request(text: &str) -> KafkaError {
    KafkaError::new(ErrorCode::INVALID_REQUEST, text.to_owned())
}

/// What is told beside the values.
#[derive(Clone, Copy)]
struct Told {
    synonyms: bool,
    documentation: bool,
}

fn result<'r>(resource: &DescribeConfigsResource<'r>, found: &'r Found<'_>, told: Told) -> DescribeConfigsResult<'r> {
    let (resource_type, resource_name) = (resource.resource_type, resource.resource_name);
    // Where nothing more is to say Kafka's message is empty, whatever the code.
    let result = DescribeConfigsResult { resource_type, resource_name, error_message: Some(""), ..Default::default() };
    match found {
        Ok(all) => {
            let configs = all.iter().map(|described| config(described, told)).collect();
            DescribeConfigsResult { configs, ..result }
        }
        Err(error) => {
            let error_message = Some(error.message.as_deref().unwrap_or_default());
            DescribeConfigsResult { error_code: error.code, error_message, ..result }
        }
    }
}

fn config<'r>(described: &'r Described<'_>, told: Told) -> DescribeConfigsResourceResult<'r> {
    let synonyms = described.synonyms.iter().map(|place| DescribeConfigsSynonym {
        name: place.name,
        value: place.value.as_deref(),
        source: place.source as i8,
    });
    DescribeConfigsResourceResult {
        name: described.name,
        value: described.value.as_deref(),
        read_only: described.read_only,
        config_source: described.source as i8,
        is_sensitive: described.is_sensitive(),
        synonyms: if told.synonyms { synonyms.collect() } else { Array::EMPTY },
        config_type: described.kind.map_or(0, |kind| kind as i8),
        documentation: if told.documentation { Some(&*described.doc) } else { None },
    }
}
