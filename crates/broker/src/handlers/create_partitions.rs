//! CreatePartitions (key 37), versions 0-3: makes topics larger (KIP-195). v2 flexible.

use std::sync::Arc;

use metadata::decide::{CreatePartitions, MorePartitions, PartitionCreation};
use net::Outbox;
use record::BrokerId;
use wire::ErrorCode;
use wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic, CreatePartitionsTopicResult,
};

use crate::api::{Call, Flow};
use crate::errors::{KafkaError, refusal_error};

/// Answers when the new partitions are open.
pub fn handle(call: &Call<'_>, request: CreatePartitionsRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let topics = request.topics.iter().map(|topic| more_partitions(&topic)).collect();
    let wanted = CreatePartitions { topics, validate_only: request.validate_only };
    let (respond, node) = (call.respond(), Arc::clone(call.node));
    Flow::wait(async move {
        let names: Vec<String> = wanted.topics.iter().map(|topic| topic.name.clone()).collect();
        let outcomes: Vec<Outcome> = match node.control.create_partitions(wanted).await {
            Ok(results) => results.into_iter().map(Outcome::of).collect(),
            Err(error) => {
                let failed = KafkaError::new(error.code(), error.to_string());
                names.into_iter().map(|name| Outcome { name, error: Some(failed.clone()) }).collect()
            }
        };
        move |outbox: &mut Outbox| {
            let results = outcomes.iter().map(Outcome::response).collect();
            respond.answer(outbox, &CreatePartitionsResponse { results, ..Default::default() });
        }
    })
}

fn more_partitions(asked: &CreatePartitionsTopic<'_>) -> MorePartitions {
    let assignments = asked.assignments.as_ref().map(|assignments| {
        assignments.iter().map(|assignment| assignment.broker_ids.iter().map(BrokerId).collect()).collect()
    });
    MorePartitions { name: asked.name.to_owned(), count: asked.count, assignments }
}

struct Outcome {
    name: String,
    error: Option<KafkaError>,
}

impl Outcome {
    fn of(creation: PartitionCreation) -> Outcome {
        Outcome { error: creation.result.err().as_ref().map(refusal_error), name: creation.name }
    }

    fn response(&self) -> CreatePartitionsTopicResult<'_> {
        CreatePartitionsTopicResult {
            name: &self.name,
            error_code: self.error.as_ref().map_or(ErrorCode::NONE, |error| error.code),
            error_message: self.error.as_ref().and_then(|error| error.message.as_deref()),
        }
    }
}
