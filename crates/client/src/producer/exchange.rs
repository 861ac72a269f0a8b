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
        const UNCERTAIN: [ErrorCode; 3] = [
            ErrorCode::REQUEST_TIMED_OUT,
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            ErrorCode::UNKNOWN_SERVER_ERROR,
        ];
        let perhaps_stored = UNCERTAIN.contains(&refusal.code);
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
        // The broker stored it at an earlier try, too long ago to know the offset.
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Ok(somewhere(ready)),
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
