//! One Produce request and what its answer means for each batch.

use std::collections::HashMap;
use std::sync::Arc;

use record::{Offset, Timestamp, TopicId};
use wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
};
use wire::{ErrorCode, Records};

use super::batch::Ready;
use super::delivery::Stored;
use super::partition::is_objection;
use crate::{CallError, Refusal, RequestError};

/// What a broker refuses before it appends. Everything else, even that it is not the leader, may be said of a batch that it
/// has appended and that its followers have.
const CERTAINLY_NOT_STORED: [ErrorCode; 14] = [
    ErrorCode::MESSAGE_TOO_LARGE,
    ErrorCode::RECORD_LIST_TOO_LARGE,
    ErrorCode::CORRUPT_MESSAGE,
    ErrorCode::INVALID_RECORD,
    ErrorCode::INVALID_TIMESTAMP,
    ErrorCode::INVALID_TOPIC_EXCEPTION,
    ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
    ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ErrorCode::UNSUPPORTED_VERSION,
    ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
    ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
    ErrorCode::INVALID_REQUIRED_ACKS,
    ErrorCode::NOT_ENOUGH_REPLICAS,
];

/// A batch with the topic's id, if it is known.
pub(super) struct Addressed {
    pub(super) topic_id: TopicId,
    pub(super) ready: Ready,
}

/// What a request did for one batch.
pub(super) type Verdict = Result<Stored, Failure>;

#[derive(Clone)]
pub(super) struct Failure {
    pub(super) error: Arc<RequestError>,
    /// Whether the batch may have been stored all the same.
    pub(super) perhaps_stored: bool,
}

impl Failure {
    /// The batch was not sent.
    pub(super) fn not_sent(error: RequestError) -> Failure {
        Failure { error: Arc::new(error), perhaps_stored: false }
    }

    /// No answer came.
    pub(super) fn of_call(error: CallError) -> Failure {
        let perhaps_stored = !matches!(error, CallError::Connect(_) | CallError::Unsupported { .. });
        Failure { error: Arc::new(error.into()), perhaps_stored }
    }

    fn refused(refusal: Refusal) -> Failure {
        let perhaps_stored = !CERTAINLY_NOT_STORED.contains(&refusal.code) && !is_objection(refusal.code);
        Failure { error: Arc::new(refusal.into()), perhaps_stored }
    }

    /// The broker's objection to the batch's number, if that is what went wrong.
    pub(super) fn objection(&self) -> Option<ErrorCode> {
        self.error.code().filter(|&code| is_objection(code))
    }
}

/// How many of the first batches make one request.
pub(super) fn count_of_request(batches: &[Addressed], max_bytes: usize) -> usize {
    let up_to = batches.iter().scan(0, |sum, batch| {
        *sum += batch.ready.batch.len();
        Some(*sum)
    });
    up_to.take_while(|&sum| sum <= max_bytes).count().max(1)
}

/// The request for batches that are sorted by topic.
pub(super) fn request(batches: &[Addressed], acks: i16, timeout_ms: i32) -> ProduceRequest<'_> {
    ProduceRequest {
        transactional_id: None,
        acks,
        timeout_ms,
        topic_data: batches.chunk_by(|a, b| a.ready.topic == b.ready.topic).map(topic_data).collect(),
    }
}

fn topic_data<'a>(batches: &'a [Addressed]) -> TopicProduceData<'a> {
    let partition_data = batches.iter().map(|batch| PartitionProduceData {
        index: batch.ready.partition.0,
        records: Some(Records::Bytes(batch.ready.batch.bytes())),
    });
    TopicProduceData {
        name: &batches[0].ready.topic,
        topic_id: batches[0].topic_id,
        partition_data: partition_data.collect(),
    }
}

/// The verdicts in the order of the batches.
pub(super) fn verdicts(response: &ProduceResponse<'_>, batches: &[Addressed]) -> Vec<Verdict> {
    let mut answers = HashMap::new();
    for topic in &response.responses {
        for partition in &topic.partition_responses {
            answers.insert((topic.name, topic.topic_id, partition.index), partition);
        }
    }
    let verdict = |batch: &Addressed| {
        let Ready { topic, partition, .. } = &batch.ready;
        // An answer has the name or the id, by version.
        let by_name = answers.get(&(topic, TopicId::ZERO, partition.0));
        let answer = by_name.or_else(|| answers.get(&("", batch.topic_id, partition.0)));
        answer.map_or_else(|| Err(Failure::refused(left_out(&batch.ready))), |answer| verdict_of(answer, &batch.ready))
    };
    batches.iter().map(verdict).collect()
}

/// A batch that was sent, or stored, at an offset that is not known.
pub(super) fn somewhere(ready: &Ready) -> Stored {
    Stored { partition: ready.partition, base_offset: None, append_time: Timestamp::NONE }
}

fn verdict_of(answer: &PartitionProduceResponse<'_>, ready: &Ready) -> Verdict {
    match answer.error_code {
        ErrorCode::NONE => Ok(Stored {
            base_offset: (answer.base_offset >= 0).then_some(Offset(answer.base_offset)),
            append_time: Timestamp(answer.log_append_time_ms),
            ..somewhere(ready)
        }),
        // The broker stored it at an earlier try, too long ago to know the offset. Without such a try it means another one.
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER if ready.batch.perhaps_stored => Ok(somewhere(ready)),
        code => Err(Failure::refused(Refusal { subject: subject(ready), code, message: message(answer) })),
    }
}

/// What is said of single records says more than what is said of the batch.
fn message(answer: &PartitionProduceResponse<'_>) -> Option<String> {
    let of_record = answer.record_errors.iter().find_map(|record| record.batch_index_error_message);
    of_record.or(answer.error_message).map(str::to_owned)
}

fn left_out(ready: &Ready) -> Refusal {
    let message = Some("the broker's answer leaves it out".to_owned());
    Refusal { subject: subject(ready), code: ErrorCode::UNKNOWN_SERVER_ERROR, message }
}

fn subject(ready: &Ready) -> String {
    format!("a batch for partition {} of topic `{}`", ready.partition, ready.topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_leader_that_steps_down_refuses_may_be_stored() {
        let refused = |code| Failure::refused(Refusal { subject: String::new(), code, message: None });
        let uncertain = [
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
            ErrorCode::KAFKA_STORAGE_ERROR,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::FENCED_LEADER_EPOCH,
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
        ];
        for code in uncertain {
            assert!(refused(code).perhaps_stored, "{code}");
        }
        for code in [ErrorCode::MESSAGE_TOO_LARGE, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER] {
            assert!(!refused(code).perhaps_stored, "{code}");
        }
    }

    #[test]
    fn a_duplicate_of_a_batch_that_was_never_sent_before_is_a_failure() {
        let batch = super::super::batch::Batch::new(record::Compression::None, tokio::time::Instant::now());
        let mut ready = Ready { topic: "t".into(), partition: record::PartitionIndex(0), batch };
        let answer =
            PartitionProduceResponse { error_code: ErrorCode::DUPLICATE_SEQUENCE_NUMBER, ..Default::default() };
        assert!(verdict_of(&answer, &ready).is_err());
        ready.batch.perhaps_stored = true;
        assert!(verdict_of(&answer, &ready).is_ok());
    }
}
