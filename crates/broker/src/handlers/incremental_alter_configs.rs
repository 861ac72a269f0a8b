//! IncrementalAlterConfigs (key 44), versions 0-1: sets and removes single configs (KIP-339). v1 flexible.

use metadata::decide::{ConfigChange, ConfigOperation};
use net::Outbox;
use wire::messages::incremental_alter_configs::{
    AlterConfigsResource, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::alter_configs::{Alteration, Asked, Outcome};
use crate::api::{Call, Flow};

/// Answers when the changes hold.
pub fn handle(call: &Call<'_>, request: IncrementalAlterConfigsRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let resources = request.resources.iter().map(|resource| asked(&resource)).collect();
    let alteration = Alteration::new(call, resources, false, request.validate_only);
    let respond = call.respond();
    Flow::wait(async move {
        let outcomes = alteration.carry_out().await;
        move |outbox: &mut Outbox| {
            let responses = outcomes.iter().map(Outcome::response).collect();
            respond.answer(outbox, &IncrementalAlterConfigsResponse { responses, ..Default::default() });
        }
    })
}

fn asked(resource: &AlterConfigsResource<'_>) -> Asked {
    let changes = resource.configs.iter().map(|config| ConfigChange {
        key: config.name.to_owned(),
        operation: ConfigOperation::from_code(config.config_operation),
        value: config.value.map(str::to_owned),
    });
    Asked {
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.to_owned(),
        changes: changes.collect(),
    }
}
