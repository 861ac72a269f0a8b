//! AlterConfigs (key 33), versions 0-2: replaces all configs of resources (KIP-133). v2 flexible.
//!
//! What it has in common with IncrementalAlterConfigs is here.

use std::sync::Arc;

use metadata::ConfigResource;
use metadata::decide::{AlterConfigs, ConfigChange, ConfigOperation, ResourceChanges};
use net::Outbox;
use record::BrokerId;
use wire::ErrorCode;
use wire::messages::alter_configs::{
    AlterConfigsRequest, AlterConfigsResource, AlterConfigsResourceResponse, AlterConfigsResponse,
};

use crate::api::{Call, Flow};
use crate::config::dynamic;
use crate::errors::{KafkaError, refusal_error};
use crate::log_levels;
use crate::log_levels::resource::BROKER_LOGGER;
use crate::node::Node;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

/// Answers when the changes hold.
pub fn handle(call: &Call<'_>, request: AlterConfigsRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let resources = request.resources.iter().map(|resource| asked(&resource)).collect();
    let alteration = Alteration::new(call, resources, true, request.validate_only);
    let respond = call.respond();
    Flow::wait(async move {
        let outcomes = alteration.carry_out().await;
        move |outbox: &mut Outbox| {
            let responses = outcomes.iter().map(Outcome::response).collect();
            respond.answer(outbox, &AlterConfigsResponse { responses, ..Default::default() });
        }
    })
}

fn asked(resource: &AlterConfigsResource<'_>) -> Asked {
    let changes = resource.configs.iter().map(|config| ConfigChange {
        key: config.name.to_owned(),
        operation: ConfigOperation::Set,
        value: config.value.map(str::to_owned),
    });
    Asked {
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.to_owned(),
        changes: changes.collect(),
    }
}

/// Changes of one resource as a client asks for them.
pub struct Asked {
    /// Kafka's number of the type.
    pub resource_type: i8,
    /// The name.
    pub resource_name: String,
    /// By key.
    pub changes: Vec<ConfigChange>,
}

/// What became of one resource, under the name that was asked.
pub struct Outcome {
    resource_type: i8,
    resource_name: String,
    /// Why nothing was changed, if so.
    error: Option<KafkaError>,
}

impl Outcome {
    /// For the answer.
    pub fn response(&self) -> AlterConfigsResourceResponse<'_> {
        AlterConfigsResourceResponse {
            error_code: self.error.as_ref().map_or(ErrorCode::NONE, |error| error.code),
            error_message: self.error.as_ref().and_then(|error| error.message.as_deref()),
            resource_type: self.resource_type,
            resource_name: &self.resource_name,
        }
    }
}

/// A request for changes, without the resources that nobody can change.
pub struct Alteration {
    node: Arc<Node>,
    outcomes: Vec<Outcome>,
    /// For each change the outcome that it is to fill.
    places: Vec<usize>,
    wanted: AlterConfigs,
}

impl Alteration {
    /// Of these resources; `replace` returns the keys that are not named to their defaults.
    pub fn new(call: &Call<'_>, asked: Vec<Asked>, replace: bool, validate_only: bool) -> Alteration {
        let (mut outcomes, mut places, mut resources) = (Vec::new(), Vec::new(), Vec::new());
        for Asked { resource_type, resource_name, changes } in asked {
            if resource_type == BROKER_LOGGER && !replace {
                let altered = log_levels::resource::alter(call.node, &resource_name, &changes, validate_only);
                outcomes.push(Outcome { resource_type, resource_name, error: altered.err() });
                continue;
            }
            let found = resource(call.node.config.node_id, resource_type, &resource_name);
            let error = found.map(|resource| {
                places.push(outcomes.len());
                resources.push(ResourceChanges { resource, changes });
            });
            outcomes.push(Outcome { resource_type, resource_name, error: error.err() });
        }
        let (bounds, log_dirs) = (call.node.config.groups.consumer_bounds, call.node.config.log_dirs.clone());
        let rules = Arc::new(dynamic::Rules { bounds, log_dirs });
        let wanted = AlterConfigs { resources, replace, validate_only, rules };
        Alteration { node: Arc::clone(call.node), outcomes, places, wanted }
    }

    /// Has the controller decide; one outcome for each resource, in the order of the request.
    pub async fn carry_out(mut self) -> Vec<Outcome> {
        let results = self.node.control.alter_configs(self.wanted).await;
        for (index, &place) in self.places.iter().enumerate() {
            self.outcomes[place].error = match &results {
                Ok(results) => results[index].result.as_ref().err().map(refusal_error),
                Err(error) => Some(KafkaError::new(error.code(), error.to_string())),
            };
        }
        self.outcomes
    }
}

/// The resource of a type and a name, where there is one whose configs can be changed.
fn resource(this: BrokerId, resource_type: i8, name: &str) -> Result<ConfigResource, KafkaError> {
    let invalid = |text: String| Err(KafkaError::new(ErrorCode::INVALID_REQUEST, text));
    match (resource_type, name) {
        (TOPIC, name) => Ok(ConfigResource::Topic(name.into())),
        (BROKER, "") => Ok(ConfigResource::DefaultBroker),
        (BROKER, name) => match name.parse::<i32>() {
            Ok(id) if id == this.0 => Ok(ConfigResource::Broker(this)),
            Ok(_) => invalid(format!("Unexpected broker id, expected {this}, but received {name}")),
            Err(_) => invalid(format!("Node id must be an integer, but it is: {name}")),
        },
        (CLIENT_METRICS, name) => Ok(ConfigResource::ClientMetrics(name.into())),
        (GROUP, name) => Ok(ConfigResource::Group(name.into())),
        (other, _) => invalid(format!("Unknown resource type {other}")),
    }
}
