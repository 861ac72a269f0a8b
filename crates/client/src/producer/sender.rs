//! The task that sends a producer's batches: one request per leader at a time of looking, each in a task of its own.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, MutexGuard};

use record::{BrokerId, PartitionIndex, ProducerEpoch, ProducerId, TopicId};
use tokio::time::{Instant, sleep_until, timeout_at};
use wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use wire::messages::produce::ProduceRequest;
use wire::{Api, ErrorCode};

use super::batch::{Batch, Identity, Ready};
use super::exchange::{self, Addressed, Failure, Verdict, count_of_request, verdicts};
use super::lanes::{Lanes, Turn};
use super::partition::expired;
use super::queues::Queues;
use super::{Acks, SendError, Shared};
use crate::connection::{Connection, Pending};
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
        if now >= refresh {
            refresh = now + max_age;
            tokio::spawn(learn_topics(Arc::clone(&shared)));
        }
        let ready = shared.queues().take_ready(now);
        dispatch(&shared, &mut lanes, ready);
        // Taking may have shown that an identity is used up.
        if shared.queues().wants_identity() {
            shared.queues().asking_identity = true;
            tokio::spawn(learn_identity(Arc::clone(&shared)));
        }
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

/// Sends batches to their leaders. Where a leader is not known, it is asked for while the batches wait.
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
        let partitions = batches.iter().map(|ready| ready.partition).collect();
        let mut queues = shared.queues();
        batches.into_iter().for_each(|ready| queues.lose(ready, Instant::now()));
        drop(queues);
        tokio::spawn(find(Arc::clone(shared), topic, partitions));
    }
}

/// Asks for a topic, and lets the batches of these partitions go on.
async fn find(shared: Arc<Shared>, topic: Arc<str>, partitions: Vec<PartitionIndex>) {
    let asked = shared.client.refresh_topic(&topic, false).await;
    let no_leader = |partition: PartitionIndex| Refusal {
        subject: format!("partition {partition} of topic `{topic}`"),
        code: ErrorCode::LEADER_NOT_AVAILABLE,
        message: None,
    };
    if let Ok(found) = &asked {
        shared.queues().learn(found);
    }
    // What has failed meanwhile is not there any more.
    let batches = shared.queues().take_lost(&topic, &partitions);
    match asked {
        Ok(found) => {
            for ready in batches {
                match found.leader(ready.partition) {
                    // A closed producer has told that it failed.
                    Some(_) if ready.batch.outcome.borrow().is_none() => shared.queues().retry(ready, Instant::now()),
                    _ => {
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
    let unsent = |ready| end_unsent(&shared, ready);
    let mut under_way = Vec::new();
    let connected = match in_time(&shared, &mut batches, unsent, turn.come()).await {
        Some(()) => in_time(&shared, &mut batches, unsent, shared.client.broker(leader)).await,
        None => None,
    };
    match connected {
        Some(Ok(connection)) => under_way = submit_all(&shared, &connection, batches).await,
        Some(Err(error)) => fail_all(&shared, batches, &Failure::of_call(error.into())),
        None => {}
    }
    drop(turn);
    for (batches, submitted) in under_way {
        match submitted {
            Ok(Some(pending)) => take_answer(&shared, pending, batches).await,
            Ok(None) => {
                for batch in batches {
                    let sent = exchange::somewhere(&batch.ready);
                    settle(&shared, batch.ready, Ok(sent));
                }
            }
            Err(error) => fail_all(&shared, batches, &Failure::of_call(error)),
        }
    }
    shared.work.notify_one();
}

fn fail_all(shared: &Shared, batches: Vec<Addressed>, failure: &Failure) {
    batches.into_iter().for_each(|batch| settle(shared, batch.ready, Err(failure.clone())));
}

/// Waits for something that batches need. Those that run out of time meanwhile fail; `None` when none is left.
async fn in_time<T>(
    shared: &Shared,
    batches: &mut Vec<Addressed>,
    end: impl Fn(Ready),
    needed: impl Future<Output = T>,
) -> Option<T> {
    let mut needed = pin!(needed);
    loop {
        let opened = batches.iter().map(|batch| batch.ready.batch.opened).min()?;
        if let Ok(had) = timeout_at(opened + shared.config.delivery_timeout, &mut needed).await {
            return Some(had);
        }
        end_expired(shared, batches, &end);
    }
}

fn end_expired(shared: &Shared, batches: &mut Vec<Addressed>, end: impl Fn(Ready)) {
    let (now, timeout) = (Instant::now(), shared.config.delivery_timeout);
    let expired = batches.extract_if(.., |batch| batch.ready.batch.opened + timeout <= now);
    expired.for_each(|batch| end(batch.ready));
    shared.work.notify_one();
}

/// Ends a batch whose time was over before this try.
fn end_unsent(shared: &Shared, ready: Ready) {
    let reserved = ready.batch.reserved;
    let error = expired(&ready.batch, shared.config.delivery_timeout);
    shared.queues().finish(ready, Err(error));
    shared.room.add_permits(reserved);
}

/// The batches of one request, and what came of handing it over; `None` when there will be no answer.
type Submitted = (Vec<Addressed>, Result<Option<Pending>, CallError>);

/// Hands batches to the connection.
async fn submit_all(shared: &Shared, connection: &Arc<Connection>, mut batches: Vec<Addressed>) -> Vec<Submitted> {
    let mut under_way = Vec::new();
    while !batches.is_empty() {
        let rest = batches.split_off(count_of_request(&batches, shared.config.max_request_bytes));
        if let Some(submitted) = submit(shared, connection, &mut batches).await {
            under_way.push((batches, submitted));
        }
        batches = rest;
    }
    under_way
}

/// Hands a request to the connection, without those batches that run out of time before it takes any; `None` when no batch
/// is left.
async fn submit(
    shared: &Shared,
    connection: &Arc<Connection>,
    batches: &mut Vec<Addressed>,
) -> Option<Result<Option<Pending>, CallError>> {
    let timeout = shared.client.config().request_timeout;
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    loop {
        let opened = batches.iter().map(|batch| batch.ready.batch.opened).min()?;
        let request = exchange::request(batches, shared.config.acks.on_the_wire(), timeout_ms);
        let by_name = batches.iter().any(|batch| batch.topic_id == TopicId::ZERO);
        let ceiling = if by_name { LAST_BY_NAME } else { i16::MAX };
        if shared.config.acks == Acks::None {
            return Some(connection.tell(ceiling, &request).await.map(|()| None));
        }
        let submitting = connection.submit(ceiling, &request, timeout);
        match timeout_at(opened + shared.config.delivery_timeout, submitting).await {
            Ok(submitted) => return Some(submitted.map(Some)),
            Err(_) => end_expired(shared, batches, |ready| end_unsent(shared, ready)),
        }
    }
}

/// Settles the batches of a request by its answer; each waits for it as long as it has time.
async fn take_answer(shared: &Shared, mut pending: Pending, mut batches: Vec<Addressed>) {
    let address = pending.address().clone();
    let after = shared.config.delivery_timeout;
    let late = |ready| {
        let (address, api) = (address.clone(), ProduceRequest::API_KEY);
        settle(shared, ready, Err(Failure::of_call(CallError::TimedOut { address, api, after })));
    };
    let Some(answer) = in_time(shared, &mut batches, late, pending.answer()).await else {
        return pending.give_up(shared.client.config().request_timeout.min(after / 2));
    };
    let verdicts = answer.and_then(|answer| Ok(verdicts(&answer.read()?, &batches)));
    let verdicts = verdicts.unwrap_or_else(|error| vec![Err(Failure::of_call(error)); batches.len()]);
    for (batch, verdict) in batches.into_iter().zip(verdicts) {
        settle(shared, batch.ready, verdict);
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
