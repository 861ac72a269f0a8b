//! DescribeProducers (key 61), version 0: the producers that partitions remember (KIP-664).

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

/// Answers from the partitions.
pub fn handle(call: &Call<'_>, request: DescribeProducersRequest<'_>, outbox: &mut Outbox) -> Flow {
    let topics: Vec<(&str, Vec<Found>)> = request
        .topics
        .iter()
        .map(|topic| {
            let found =
                topic.partition_indexes.iter().map(|index| Found { index, producers: find(call, topic.name, index) });
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

fn find(call: &Call<'_>, topic: &str, index: i32) -> Result<Vec<ActiveProducer>, KafkaError> {
    check_topic_name(topic).map_err(|error| KafkaError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, error.to_string()))?;
    let hosted = call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let partition = hosted.partition(PartitionIndex(index))?;
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
