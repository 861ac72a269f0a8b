//! Fetching: one request per leader under way, for all its partitions that are not done.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use record::{BrokerId, LeaderEpoch, Offset, ProducerId, TopicId};
use tokio::time::Instant;
use wire::ErrorCode;
use wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, ForgottenTopic, PartitionData};

use super::aborted::Aborted;
use super::reading::Reading;
use super::session::{Forgotten, Plan, Wanted};
use super::tasks::Done;
use super::truncation::Changed;
use super::{Consumer, ConsumerConfig, PollError};
use crate::connection::Answer;
use crate::{CallError, Client, Refusal, RequestError};

/// The last version of Fetch that names topics; later ones have their ids.
const LAST_BY_NAME: i16 = 12;

/// What a request to a leader came to.
pub(super) struct Fetched {
    leader: BrokerId,
    /// All that the leader was to answer about, in a session also what the request did not name.
    wanted: Vec<Wanted>,
    answer: Result<Answer, CallError>,
}

/// What is to be asked for.
#[derive(Default)]
struct Found {
    /// Partitions, by leaders that are not asked.
    by_leader: BTreeMap<BrokerId, Vec<Wanted>>,
    /// Those whose leader may have other records.
    changed: Vec<Changed>,
    /// Topics of which nothing is known, or not who leads a partition.
    unknown: Vec<Arc<str>>,
}

/// A partition's answer that is not records.
struct Refused {
    token: u64,
    subject: String,
    code: ErrorCode,
}

impl Consumer {
    /// Asks every leader that is not asked yet, and for whatever else is needed to go on.
    pub(super) fn ask(&mut self, now: Instant) -> Result<(), PollError> {
        self.refresh_topics(now);
        self.begin(now)?;
        let waiting: usize = self.partitions.iter().map(Reading::arrived_len).sum();
        if waiting > self.config.prefetch_bytes {
            return Ok(());
        }
        let Found { by_leader, changed, unknown } = self.wanted_by_leader(now);
        for (leader, wanted) in by_leader {
            let plan = self.sessions.entry(leader).or_default().plan(&wanted);
            self.asked.push(leader);
            self.tasks.spawn(ask(self.client.clone(), self.config.clone(), leader, wanted, plan));
        }
        unknown.iter().for_each(|topic| self.look_up_topic(topic));
        changed.into_iter().for_each(|changed| self.validate(changed));
        Ok(())
    }

    /// Each round begins with another partition, so that none is left out when the first ones fill the answer.
    fn wanted_by_leader(&mut self, now: Instant) -> Found {
        let mut found = Found::default();
        let count = self.partitions.len();
        self.first = (self.first + 1) % count.max(1);
        for index in (self.first..count).chain(0..self.first) {
            let reading = &mut self.partitions[index];
            if !reading.may_be_asked(now) {
                continue;
            }
            let topic = self.client.known_topic(&reading.topic);
            let led = topic.as_ref().and_then(|topic| topic.partition(reading.partition));
            let led = led.filter(|partition| partition.leader != BrokerId::NONE);
            let (Some(topic), Some(partition)) = (&topic, led) else {
                found.unknown.push(Arc::clone(&reading.topic));
                continue;
            };
            let (token, leader, epoch) = (reading.token, partition.leader, partition.leader_epoch);
            if epoch != reading.leader_epoch && reading.last_epoch() != LeaderEpoch::NONE {
                found.changed.push(Changed { token, leader, epoch });
            } else if !self.asked.contains(&leader) {
                found.by_leader.entry(leader).or_default().push(Wanted {
                    token,
                    topic: Arc::clone(&reading.topic),
                    topic_id: topic.id,
                    partition: reading.partition,
                    offset: reading.fetch_offset(),
                    leader_epoch: epoch,
                });
            }
            if reading.last_epoch() == LeaderEpoch::NONE {
                reading.leader_epoch = epoch;
            }
        }
        found
    }

    pub(super) fn take_fetched(&mut self, fetched: Fetched) -> Result<(), PollError> {
        let Fetched { leader, wanted, answer } = fetched;
        self.asked.retain(|&asked| asked != leader);
        let tokens = || wanted.iter().map(|wanted| wanted.token).collect::<Vec<_>>();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.sessions.entry(leader).or_default().failed();
                return self.tolerate(&tokens(), error.into());
            }
        };
        match self.take_answer(leader, &wanted, &answer) {
            Ok(refused) => self.handle(&wanted, refused),
            Err(error) => self.tolerate(&tokens(), error),
        }
    }

    /// Takes the records of an answer; what remains are refusals.
    fn take_answer(
        &mut self,
        leader: BrokerId,
        wanted: &[Wanted],
        answer: &Answer,
    ) -> Result<Vec<Refused>, RequestError> {
        let session = self.sessions.entry(leader).or_default();
        let response = answer.read::<FetchResponse<'_>>().inspect_err(|_| session.failed())?;
        if let Err(refusal) = Refusal::check(response.error_code, || "the fetch".to_owned()) {
            return if session.refused(refusal.code) { Ok(Vec::new()) } else { Err(refusal.into()) };
        }
        session.answered(response.session_id);
        let by_name = wanted.iter().map(|wanted| ((&*wanted.topic, TopicId::ZERO, wanted.partition.0), wanted));
        let by_id = wanted.iter().map(|wanted| (("", wanted.topic_id, wanted.partition.0), wanted));
        let wanted: HashMap<(&str, TopicId, i32), &Wanted> = by_name.chain(by_id).collect();
        let mut refused = Vec::new();
        for topic in &response.responses {
            for data in &topic.partitions {
                let Some(&wanted) = wanted.get(&(topic.topic, topic.topic_id, data.partition_index)) else { continue };
                if data.error_code.is_none() {
                    self.take_records(wanted, &data, answer);
                } else {
                    refused.push(Refused {
                        token: wanted.token,
                        subject: format!("partition {} of topic `{}`", wanted.partition, wanted.topic),
                        code: data.error_code,
                    });
                }
            }
        }
        Ok(refused)
    }

    fn take_records(&mut self, wanted: &Wanted, data: &PartitionData<'_>, answer: &Answer) {
        let Some(reading) = self.partitions.iter_mut().find(|reading| reading.token == wanted.token) else { return };
        reading.high_watermark = Offset(data.high_watermark);
        let bytes = data.records.and_then(|records| records.bytes()).unwrap_or_default();
        let aborted = data.aborted_transactions.iter().flat_map(|aborted| aborted.iter());
        let aborted = Aborted::new(aborted.map(|one| (Offset(one.first_offset), ProducerId(one.producer_id))));
        let had_some = reading.has_arrived();
        reading.take(answer.share(bytes), aborted);
        if !had_some && reading.has_arrived() {
            self.arrived.push_back(wanted.token);
        }
    }

    /// Partitions that are not refused have been answered. All refusals are dealt with; the first error is told.
    fn handle(&mut self, wanted: &[Wanted], refused: Vec<Refused>) -> Result<(), PollError> {
        for reading in self.partitions.iter_mut().filter(|reading| reading.not_before().is_some()) {
            let is_it = wanted.iter().any(|wanted| wanted.token == reading.token);
            if is_it && refused.iter().all(|refused| refused.token != reading.token) {
                reading.succeed();
            }
        }
        let mut first_error = Ok(());
        for Refused { token, subject, code } in refused {
            let handled = match code {
                // What arrived before is read first.
                ErrorCode::OFFSET_OUT_OF_RANGE if self.has_unread(token) => Ok(()),
                ErrorCode::OFFSET_OUT_OF_RANGE => self.reset(token),
                code => self.tolerate(&[token], Refusal { subject, code, message: None }.into()),
            };
            first_error = first_error.and(handled);
        }
        first_error
    }

    fn has_unread(&self, token: u64) -> bool {
        let is_it = |reading: &&Reading| reading.token == token && reading.has_arrived();
        self.partitions.iter().any(|reading| is_it(&reading)) || self.decoded_of == token && !self.decoded.is_empty()
    }
}

/// Sends one request and waits for its answer.
async fn ask(client: Client, config: ConsumerConfig, leader: BrokerId, wanted: Vec<Wanted>, plan: Plan) -> Done {
    let answer = exchange(&client, &config, leader, &wanted, &plan).await;
    Done::Fetched(Fetched { leader, wanted, answer })
}

async fn exchange(
    client: &Client,
    config: &ConsumerConfig,
    leader: BrokerId,
    wanted: &[Wanted],
    plan: &Plan,
) -> Result<Answer, CallError> {
    let Plan { id, epoch, named, forgotten } = plan;
    let same_topic = |a: &Forgotten, b: &Forgotten| (&a.topic, a.topic_id) == (&b.topic, b.topic_id);
    let request = FetchRequest {
        max_wait_ms: i32::try_from(config.max_wait.as_millis()).unwrap_or(i32::MAX),
        min_bytes: config.min_bytes,
        max_bytes: config.max_bytes,
        isolation_level: config.isolation.on_the_wire(),
        session_id: *id,
        session_epoch: *epoch,
        topics: named.chunk_by(|a, b| a.topic == b.topic).map(|wanted| fetch_topic(config, wanted)).collect(),
        forgotten_topics_data: forgotten.chunk_by(same_topic).map(forgotten_topic).collect(),
        ..FetchRequest::default()
    };
    let by_name = wanted.iter().any(|wanted| wanted.topic_id == TopicId::ZERO);
    let ceiling = if by_name { LAST_BY_NAME } else { i16::MAX };
    client.broker_to_fetch(leader).await?.call_up_to(ceiling, &request, config.max_wait).await
}

fn fetch_topic<'a>(config: &ConsumerConfig, wanted: &'a [Wanted]) -> FetchTopic<'a> {
    let partition = |wanted: &Wanted| FetchPartition {
        partition: wanted.partition.0,
        current_leader_epoch: wanted.leader_epoch.0,
        fetch_offset: wanted.offset.0,
        partition_max_bytes: config.max_partition_bytes,
        ..FetchPartition::default()
    };
    FetchTopic {
        topic: &wanted[0].topic,
        topic_id: wanted[0].topic_id,
        partitions: wanted.iter().map(partition).collect(),
    }
}

fn forgotten_topic(forgotten: &[Forgotten]) -> ForgottenTopic<'_> {
    let partition = |forgotten: &Forgotten| forgotten.partition.0;
    ForgottenTopic {
        topic: &forgotten[0].topic,
        topic_id: forgotten[0].topic_id,
        partitions: forgotten.iter().map(partition).collect(),
    }
}
