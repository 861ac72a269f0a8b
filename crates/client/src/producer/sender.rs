//! The task that sends a producer's batches: one request per leader, each in a task of its own.

use std::collections::HashMap;
use std::sync::Arc;

use record::{BrokerId, Offset, ProducerEpoch, ProducerId, TopicId};
use tokio::time::{Instant, sleep_until};
use wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
};
use wire::{ErrorCode, Records};

use super::queues::{Identity, Ready};
use super::{Acks, SendError, Shared};
use crate::{CallError, Refusal, RequestError, Topic};

/// The last version of Produce that names topics; later ones have their ids.
const LAST_BY_NAME: i16 = 12;

/// Sends until the producer is dropped and everything is delivered or failed.
pub(super) async fn run(shared: Arc<Shared>) {
    while !shared.queues().is_done() {
        if shared.queues().wants_identity() {
            match new_identity(&shared).await {
                Ok(identity) => shared.queues().set_identity(identity),
                Err(error) => fail_unnumbered(&shared, &error.into()),
            }
        }
        let ready = shared.queues().take_ready(Instant::now());
        for (leader, batches) in by_leader(&shared, ready).await {
            tokio::spawn(send(Arc::clone(&shared), leader, batches));
        }
        let due = shared.queues().next_due();
        tokio::select! {
            () = shared.work.notified() => {}
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
    }
}

async fn new_identity(shared: &Shared) -> Result<Identity, RequestError> {
    let deadline = Instant::now() + shared.config.delivery_timeout;
    loop {
        match ask_identity(shared).await {
            Err(error) if error.is_retriable() && Instant::now() < deadline => shared.client.back_off().await,
            asked => return asked,
        }
    }
}

async fn ask_identity(shared: &Shared) -> Result<Identity, RequestError> {
    let request = InitProducerIdRequest { transaction_timeout_ms: i32::MAX, ..InitProducerIdRequest::default() };
    let answer = shared.client.call_any(&request).await?;
    let response = answer.read::<InitProducerIdResponse>()?;
    Refusal::check(response.error_code, || "a producer id".to_owned())?;
    Ok(Identity { id: ProducerId(response.producer_id), epoch: ProducerEpoch(response.producer_epoch) })
}

fn fail_unnumbered(shared: &Shared, error: &SendError) {
    for batch in shared.queues().take_unnumbered() {
        shared.room.add_permits(batch.reserved);
        batch.outcome.send_replace(Some(Err(error.clone())));
    }
}

/// A batch with the topic's id, if it is known.
struct Addressed {
    topic_id: TopicId,
    ready: Ready,
}

async fn by_leader(shared: &Shared, ready: Vec<Ready>) -> HashMap<BrokerId, Vec<Addressed>> {
    let mut by_leader: HashMap<BrokerId, Vec<Addressed>> = HashMap::new();
    for ready in ready {
        let topic = shared.client.topic(&ready.topic, false).await;
        match topic.and_then(|topic| Ok((topic.id, leader_of(&topic, &ready)?))) {
            Ok((topic_id, leader)) => by_leader.entry(leader).or_default().push(Addressed { topic_id, ready }),
            Err(error) => settle(shared, ready, Err(Failure::not_sent(error))),
        }
    }
    by_leader
}

fn leader_of(topic: &Topic, ready: &Ready) -> Result<BrokerId, Refusal> {
    let leader = topic.partition(ready.partition).map(|partition| partition.leader);
    let subject = || format!("partition {} of topic `{}`", ready.partition, topic.name);
    let none = || Refusal { subject: subject(), code: ErrorCode::LEADER_NOT_AVAILABLE, message: None };
    leader.filter(|&leader| leader != BrokerId::NONE).ok_or_else(none)
}

/// What a request did for one batch: its base offset, if the broker said it.
type Verdict = Result<Option<Offset>, Failure>;

#[derive(Clone)]
struct Failure {
    error: Arc<RequestError>,
    /// Whether the batch may have been stored all the same, or the broker expects other sequence numbers.
    perhaps_stored: bool,
}

impl Failure {
    fn not_sent(error: RequestError) -> Failure {
        Failure { error: Arc::new(error), perhaps_stored: false }
    }

    fn of_call(error: CallError) -> Failure {
        let perhaps_stored = !matches!(error, CallError::Connect(_) | CallError::Unsupported { .. });
        Failure { error: Arc::new(error.into()), perhaps_stored }
    }

    fn refused(refusal: Refusal) -> Failure {
        const UNCERTAIN: [ErrorCode; 6] = [
            ErrorCode::REQUEST_TIMED_OUT,
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
            ErrorCode::INVALID_PRODUCER_EPOCH,
            ErrorCode::UNKNOWN_PRODUCER_ID,
            ErrorCode::UNKNOWN_SERVER_ERROR,
        ];
        let perhaps_stored = UNCERTAIN.contains(&refusal.code);
        Failure { error: Arc::new(refusal.into()), perhaps_stored }
    }
}

/// Sends batches to their leader, in as many requests as their sizes need, one after the other.
async fn send(shared: Arc<Shared>, leader: BrokerId, mut batches: Vec<Addressed>) {
    batches.iter_mut().for_each(|batch| batch.ready.build());
    batches.sort_by(|a, b| a.ready.topic.cmp(&b.ready.topic));
    while !batches.is_empty() {
        let rest = batches.split_off(count_of_request(&batches, shared.config.max_request_bytes));
        let verdicts = match exchange(&shared, leader, &batches).await {
            Ok(verdicts) => verdicts,
            Err(error) => vec![Err(Failure::of_call(error)); batches.len()],
        };
        for (batch, verdict) in batches.into_iter().zip(verdicts) {
            settle(&shared, batch.ready, verdict);
        }
        batches = rest;
    }
}

/// How many of the first batches make one request.
fn count_of_request(batches: &[Addressed], max_bytes: usize) -> usize {
    let up_to = batches.iter().scan(0, |sum, batch| {
        *sum += batch.ready.batch.bytes.len();
        Some(*sum)
    });
    up_to.take_while(|&sum| sum <= max_bytes).count().max(1)
}

/// Sends one request; the verdicts in the order of `batches`, which are sorted by topic.
async fn exchange(shared: &Shared, leader: BrokerId, batches: &[Addressed]) -> Result<Vec<Verdict>, CallError> {
    let timeout = shared.client.config().request_timeout;
    let request = ProduceRequest {
        transactional_id: None,
        acks: shared.config.acks.on_the_wire(),
        timeout_ms: i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
        topic_data: batches.chunk_by(|a, b| a.ready.topic == b.ready.topic).map(topic_data).collect(),
    };
    let by_name = batches.iter().any(|batch| batch.topic_id == TopicId::ZERO);
    let ceiling = if by_name { LAST_BY_NAME } else { i16::MAX };
    let connection = shared.client.broker(leader).await?;
    if shared.config.acks == Acks::None {
        connection.tell(ceiling, &request).await?;
        return Ok(batches.iter().map(|_| Ok(None)).collect());
    }
    let answer = connection.call_up_to(ceiling, &request, timeout).await?;
    Ok(verdicts(&answer.read()?, batches))
}

fn topic_data<'a>(batches: &'a [Addressed]) -> TopicProduceData<'a> {
    let partition_data = batches.iter().map(|batch| PartitionProduceData {
        index: batch.ready.partition.0,
        records: Some(Records::Bytes(&batch.ready.batch.bytes)),
    });
    TopicProduceData {
        name: &batches[0].ready.topic,
        topic_id: batches[0].topic_id,
        partition_data: partition_data.collect(),
    }
}

fn verdicts(response: &ProduceResponse<'_>, batches: &[Addressed]) -> Vec<Verdict> {
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

fn verdict_of(answer: &PartitionProduceResponse<'_>, ready: &Ready) -> Verdict {
    match answer.error_code {
        ErrorCode::NONE => Ok((answer.base_offset >= 0).then_some(Offset(answer.base_offset))),
        // The broker stored it at an earlier try, too long ago to know the offset.
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Ok(None),
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

/// Ends a batch, or puts it back for another try.
fn settle(shared: &Shared, mut ready: Ready, verdict: Verdict) {
    let now = Instant::now();
    let reserved = ready.batch.reserved;
    match verdict {
        Ok(offset) => {
            shared.queues().finish(ready, Ok(offset));
            shared.room.add_permits(reserved);
        }
        Err(failure) => {
            ready.batch.perhaps_stored |= failure.perhaps_stored;
            if failure.error.is_retriable() && now < ready.batch.opened + shared.config.delivery_timeout {
                tracing::debug!(error = %failure.error, "a batch is sent again");
                shared.client.forget_topic(&ready.topic);
                shared.queues().retry(ready, now + shared.client.config().retry_backoff);
            } else {
                shared.queues().finish(ready, Err(SendError::Request(failure.error)));
                shared.room.add_permits(reserved);
            }
        }
    }
    shared.work.notify_one();
}
