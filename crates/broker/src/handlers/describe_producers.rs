//! DescribeProducers (key 61), version 0: the producers that partitions remember (KIP-664).

use std::collections::HashSet;

use metadata::{MAX_TOPIC_NAME_LEN, check_topic_name};
use net::Outbox;
use record::PartitionIndex;
use storage::ActiveProducer;
use wire::messages::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};
use crate::errors::{KafkaError, append_failure};
use crate::view::HostedTopic;

/// Answers from the partitions.
pub fn handle(call: &Call<'_>, request: DescribeProducersRequest<'_>, outbox: &mut Outbox) -> Flow {
    // A partition may have many producers, so none is told as often as it is named.
    let mut seen = HashSet::new();
    let topics: Vec<(&str, Found)> = request
        .topics
        .iter()
        .map(|topic| {
            let indexes = topic.partition_indexes.iter().filter(|index| seen.insert((topic.name, *index)));
            let found = match hosted(call, topic.name) {
                Ok(hosted) => Found::Topic(indexes.map(|index| (index, find(hosted, index))).collect()),
                Err(error) => Found::Nothing(indexes.collect(), error),
            };
            (topic.name, found)
        })
        .collect();
    let topics = topics.iter().map(|(name, found)| TopicResponse { name, partitions: found.response() });
    call.answer(outbox, &DescribeProducersResponse { topics: topics.collect(), ..Default::default() });
    Flow::Done
}

/// What is told of one topic's partitions.
enum Found {
    /// The producers of each, or why they are not told.
    Topic(Vec<(i32, Result<Vec<ActiveProducer>, KafkaError>)>),
    /// There is no such topic.
    Nothing(Vec<i32>, KafkaError),
}

fn hosted<'c>(call: &'c Call<'_>, topic: &str) -> Result<&'c HostedTopic, KafkaError> {
    // The words are told for every partition that was asked for.
    let shown = &topic[..topic.floor_char_boundary(MAX_TOPIC_NAME_LEN)];
    check_topic_name(topic).map_err(|error| KafkaError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, error.told(shown)))?;
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    call.view.topic(topic).ok_or_else(|| KafkaError::new(unknown, unknown.message()))
}

fn find(topic: &HostedTopic, index: i32) -> Result<Vec<ActiveProducer>, KafkaError> {
    topic.partition(PartitionIndex(index))?.active_producers().map_err(|error| append_failure(&error))
}

impl Found {
    fn response(&self) -> Array<'_, PartitionResponse<'_>> {
        match self {
            Found::Topic(partitions) => partitions.iter().map(|(index, producers)| told(*index, producers)).collect(),
            Found::Nothing(indexes, error) => indexes.iter().map(|index| failed(*index, error)).collect(),
        }
    }
}

fn told(partition_index: i32, producers: &Result<Vec<ActiveProducer>, KafkaError>) -> PartitionResponse<'_> {
    match producers {
        Ok(producers) => PartitionResponse {
            partition_index,
            active_producers: producers.iter().map(state).collect(),
            ..Default::default()
        },
        Err(error) => failed(partition_index, error),
    }
}

fn failed(partition_index: i32, error: &KafkaError) -> PartitionResponse<'_> {
    let error_message = error.message.as_deref();
    PartitionResponse { partition_index, error_code: error.code, error_message, ..Default::default() }
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
