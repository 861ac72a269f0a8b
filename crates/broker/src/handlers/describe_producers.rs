//! DescribeProducers (key 61), version 0: the producers that partitions remember (KIP-664).

use std::collections::HashSet;

use metadata::check_topic_name;
use net::Outbox;
use record::PartitionIndex;
use storage::ActiveProducer;
use wire::ErrorCode;
use wire::messages::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};

use crate::api::{Call, Flow};
use crate::errors::{KafkaError, append_failure};
use crate::view::HostedTopic;

const NOT_A_NAME: &str = "no topic can have this name";

/// Answers from the partitions.
pub fn handle(call: &Call<'_>, request: DescribeProducersRequest<'_>, outbox: &mut Outbox) -> Flow {
    // A partition may have many producers, so none is told as often as it is named.
    let mut seen = HashSet::new();
    let topics: Vec<(&str, Vec<Found>)> = request
        .topics
        .iter()
        .map(|topic| {
            let hosted = hosted(call, topic.name);
            let indexes = topic.partition_indexes.iter().filter(|index| seen.insert((topic.name, *index)));
            let found = indexes.map(|index| Found { index, producers: find(&hosted, index) });
            (topic.name, found.collect())
        })
        .collect();
    let topics = topics
        .iter()
        .map(|(name, partitions)| TopicResponse { name, partitions: partitions.iter().map(Found::response).collect() });
    call.answer(outbox, &DescribeProducersResponse { topics: topics.collect(), ..Default::default() });
    Flow::Done
}

/// The producers of one partition, or why they are not told.
struct Found {
    index: i32,
    producers: Result<Vec<ActiveProducer>, KafkaError>,
}

fn hosted<'c>(call: &'c Call<'_>, topic: &str) -> Result<&'c HostedTopic, KafkaError> {
    check_topic_name(topic).map_err(|_| KafkaError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, NOT_A_NAME))?;
    Ok(call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?)
}

fn find(hosted: &Result<&HostedTopic, KafkaError>, index: i32) -> Result<Vec<ActiveProducer>, KafkaError> {
    let partition = hosted.as_ref().map_err(KafkaError::clone)?.partition(PartitionIndex(index))?;
    partition.active_producers().map_err(|error| append_failure(&error))
}

impl Found {
    fn response(&self) -> PartitionResponse<'_> {
        let response = PartitionResponse { partition_index: self.index, ..Default::default() };
        match &self.producers {
            Ok(producers) => PartitionResponse { active_producers: producers.iter().map(state).collect(), ..response },
            Err(error) => {
                PartitionResponse { error_code: error.code, error_message: error.message.as_deref(), ..response }
            }
        }
    }
}

fn state(producer: &ActiveProducer) -> ProducerState {
    ProducerState {
        producer_id: producer.id.0,
        producer_epoch: i32::from(producer.epoch.0),
        last_sequence: producer.last_sequence,
        last_timestamp: producer.timestamp.0,
        coordinator_epoch: producer.coordinator_epoch,
        current_txn_start_offset: producer.transaction_start.map_or(-1, |offset| offset.0),
    }
}
