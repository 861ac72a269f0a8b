//! The task that sends a producer's batches: one request per leader at a time of looking, each in a task of its own.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};

use record::{BrokerId, PartitionIndex, ProducerEpoch, ProducerId, TopicId};
use tokio::time::{Instant, sleep_until, timeout_at};
use wire::ErrorCode;
use wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use super::batch::{Batch, Identity, Ready};
use super::exchange::{self, Addressed, Failure, Verdict, count_of_request, verdicts};
use super::lanes::{Lanes, Turn};
use super::partition::expired;
use super::queues::Queues;
use super::{Acks, SendError, Shared};
use crate::connection::Pending;
use crate::{CallError, Refusal, RequestError};

/// The last version of Produce that names topics; later ones have their ids.
const LAST_BY_NAME: i16 = 12;

/// Sends until the producer is dropped and everything is delivered or failed.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut lanes = Lanes::default();
    let max_age = shared.client.config().metadata_max_age;
    let mut refresh = Instant::now() + max_age;
    while !shared.queues().is_done() {
        let now = Instant::now();
        expire(&shared, now);
        if shared.queues().wants_identity() {
            shared.queues().asking_identity = true;
            tokio::spawn(learn_identity(Arc::clone(&shared)));
        }
        if now >= refresh {
            refresh = now + max_age;
            tokio::spawn(learn_topics(Arc::clone(&shared)));
        }
        let ready = shared.queues().take_ready(now);
        dispatch(&shared, &mut lanes, ready);
        let due = shared.queues().next_due().unwrap_or(refresh).min(refresh);
        tokio::select! {
            () = shared.work.notified() => {}
            () = sleep_until(due) => {}
        }
    }
}

/// Fails what waited for too long.
fn expire(shared: &Shared, now: Instant) {
    let expired_batches = shared.queues().take_expired(now);
    let after = shared.config.delivery_timeout;
    fail(shared, expired_batches, |batch| expired(batch, after));
}

fn fail(shared: &Shared, batches: Vec<Batch>, why: impl Fn(&Batch) -> SendError) {
    for batch in batches {
        batch.tell(Err(why(&batch)));
        shared.room.add_permits(batch.reserved);
    }
}

async fn learn_identity(shared: Arc<Shared>) {
    let mut tries = 0;
    while !shared.queues().is_done() {
        match ask_identity(&shared).await {
            Ok(identity) => shared.queues().set_identity(identity),
            Err(error) if error.is_retriable() => {
                shared.client.pause(tries).await;
                tries += 1;
                continue;
            }
            Err(error) => {
                let error = SendError::from(error);
                let unnumbered = shared.queues().take_unnumbered(Instant::now());
                fail(&shared, unnumbered, |_| error.clone());
                shared.queues().asking_identity = false;
            }
        }
        return shared.work.notify_one();
    }
}

async fn ask_identity(shared: &Shared) -> Result<Identity, RequestError> {
    let request = InitProducerIdRequest { transaction_timeout_ms: i32::MAX, ..InitProducerIdRequest::default() };
    let answer = shared.client.call_any(&request).await?;
    let response = answer.read::<InitProducerIdResponse>()?;
    Refusal::check(response.error_code, || "a producer id".to_owned())?;
    Ok(Identity { id: ProducerId(response.producer_id), epoch: ProducerEpoch(response.producer_epoch) })
}

/// Asks for topics again: partitions may have been added. What cannot be had now is had the next time.
async fn learn_topics(shared: Arc<Shared>) {
    let names = shared.queues().topics();
    for name in names {
        match shared.client.refresh_topic(&name, false).await {
            Ok(topic) => shared.queues().learn(&topic),
            Err(error) => tracing::debug!(%error, topic = %name, "the topic is not refreshed"),
        }
    }
}

/// Sends batches to their leaders. Where a leader is not known, it is asked for, and the batches come back.
fn dispatch(shared: &Arc<Shared>, lanes: &mut Lanes, ready: Vec<Ready>) {
    let mut by_leader: HashMap<BrokerId, Vec<Addressed>> = HashMap::new();
    let mut lost: HashMap<Arc<str>, Vec<Ready>> = HashMap::new();
    for ready in ready {
        let topic = shared.client.known_topic(&ready.topic);
        match topic.and_then(|topic| Some((topic.id, topic.leader(ready.partition)?))) {
            Some((topic_id, leader)) => by_leader.entry(leader).or_default().push(Addressed { topic_id, ready }),
            None => lost.entry(Arc::clone(&ready.topic)).or_default().push(ready),
        }
    }
    for (leader, batches) in by_leader {
        tokio::spawn(send(Arc::clone(shared), leader, batches, lanes.line_up(leader)));
    }
    for (topic, batches) in lost {
        tokio::spawn(find(Arc::clone(shared), topic, batches));
    }
}

/// Asks for a topic, and puts its batches back.
async fn find(shared: Arc<Shared>, topic: Arc<str>, batches: Vec<Ready>) {
    let asked = shared.client.refresh_topic(&topic, false).await;
    let no_leader = |partition: PartitionIndex| Refusal {
        subject: format!("partition {partition} of topic `{topic}`"),
        code: ErrorCode::LEADER_NOT_AVAILABLE,
        message: None,
    };
    match asked {
        Ok(found) => {
            shared.queues().learn(&found);
            for ready in batches {
                match found.leader(ready.partition) {
                    Some(_) => shared.queues().retry(ready, Instant::now()),
                    None => {
                        let failure = Failure::not_sent(no_leader(ready.partition).into());
                        settle(&shared, ready, Err(failure));
                    }
                }
            }
        }
        Err(error) => {
            let failure = Failure::not_sent(error);
            batches.into_iter().for_each(|ready| settle(&shared, ready, Err(failure.clone())));
        }
    }
    shared.work.notify_one();
}

/// Sends batches to their leader, in as many requests as their sizes need, and settles them as the answers come.
async fn send(shared: Arc<Shared>, leader: BrokerId, mut batches: Vec<Addressed>, mut turn: Turn) {
    batches.iter_mut().for_each(|batch| batch.ready.batch.build());
    batches.sort_by(|a, b| a.ready.topic.cmp(&b.ready.topic));
    turn.come().await;
    let mut under_way = Vec::new();
    while !batches.is_empty() {
        let rest = batches.split_off(count_of_request(&batches, shared.config.max_request_bytes));
        let submitted = submit(&shared, leader, &batches).await;
        under_way.push((batches, submitted));
        batches = rest;
    }
    drop(turn);
    for (batches, submitted) in under_way {
        let verdicts = match answer(&shared, submitted, &batches).await {
            Ok(verdicts) => verdicts,
            Err(error) => vec![Err(Failure::of_call(error)); batches.len()],
        };
        for (batch, verdict) in batches.into_iter().zip(verdicts) {
            settle(&shared, batch.ready, verdict);
        }
    }
    shared.work.notify_one();
}

/// Hands a request to the connection; `None` when there will be no answer.
async fn submit(shared: &Shared, leader: BrokerId, batches: &[Addressed]) -> Result<Option<Pending>, CallError> {
    let timeout = shared.client.config().request_timeout;
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let request = exchange::request(batches, shared.config.acks.on_the_wire(), timeout_ms);
    let by_name = batches.iter().any(|batch| batch.topic_id == TopicId::ZERO);
    let ceiling = if by_name { LAST_BY_NAME } else { i16::MAX };
    let connection = shared.client.broker(leader).await?;
    match shared.config.acks {
        Acks::None => connection.tell(ceiling, &request).await.map(|()| None),
        _ => connection.submit(ceiling, &request, timeout).await.map(Some),
    }
}

async fn answer(
    shared: &Shared,
    submitted: Result<Option<Pending>, CallError>,
    batches: &[Addressed],
) -> Result<Vec<Verdict>, CallError> {
    let Some(pending) = submitted? else {
        return Ok(batches.iter().map(|batch| Ok(exchange::somewhere(&batch.ready))).collect());
    };
    // Batches of one request have waited about as long. Those with time left are sent again, and are known by their numbers.
    let opened = batches.iter().map(|batch| batch.ready.batch.opened).min().unwrap_or_else(Instant::now);
    let late = pending.timed_out();
    match timeout_at(opened + shared.config.delivery_timeout, pending.answer()).await {
        Ok(answer) => Ok(verdicts(&answer?.read()?, batches)),
        Err(_) => Err(late),
    }
}

/// Ends a batch, or puts it back for another try.
fn settle(shared: &Shared, mut ready: Ready, verdict: Verdict) {
    let now = Instant::now();
    let reserved = ready.batch.reserved;
    let mut queues = shared.queues();
    match verdict {
        Ok(stored) => queues.finish(ready, Ok(stored)),
        Err(failure) => {
            ready.batch.perhaps_stored |= failure.perhaps_stored;
            let again = match failure.objection() {
                Some(code) => queues.objection(&ready, code),
                None => {
                    shared.client.forget_topic(&ready.topic);
                    failure.error.is_retriable()
                }
            };
            // A closed producer has told that it failed.
            let again = again && ready.batch.outcome.borrow().is_none();
            if again && now < ready.batch.opened + shared.config.delivery_timeout {
                return retry(shared, queues, ready, failure);
            }
            // Refused numbers are out of step with the broker's.
            ready.batch.perhaps_stored |= failure.objection().is_some();
            queues.finish(ready, Err(SendError::Request(failure.error)));
        }
    }
    drop(queues);
    shared.room.add_permits(reserved);
}

fn retry(shared: &Shared, mut queues: MutexGuard<'_, Queues>, mut ready: Ready, failure: Failure) {
    tracing::debug!(error = %failure.error, tries = ready.batch.tries, "a batch is sent again");
    let pause = shared.client.pause_len(ready.batch.tries);
    ready.batch.tries += 1;
    ready.batch.last_error = Some(failure.error);
    queues.retry(ready, Instant::now() + pause);
}
