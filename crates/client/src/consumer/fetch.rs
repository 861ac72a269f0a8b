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

/// A partition's answer that is not records.
struct Refused {
    token: u64,
    subject: String,
    code: ErrorCode,
    log_start_offset: Offset,
}

impl Consumer {
    /// Asks every leader that is not asked yet, and takes the next answer. False when nothing is left to read.
    pub(super) async fn fetch(&mut self) -> Result<bool, PollError> {
        self.ask_leaders().await?;
        if self.partitions.iter().all(|reading| reading.paused || reading.is_done()) {
            return Ok(false);
        }
        let Some(joined) = self.fetches.join_next().await else {
            let partition = self.partitions.iter().find(|reading| reading.is_wanted()).map(Reading::topic_partition);
            let subject = partition.map(|partition| partition.to_string()).unwrap_or_default();
            self.tolerate(Refusal { subject, code: ErrorCode::LEADER_NOT_AVAILABLE, message: None }.into()).await?;
            return Ok(true);
        };
        let Fetched { leader, wanted, answer } = joined.expect("a fetch does not panic and is not cancelled");
        self.asked.retain(|&asked| asked != leader);
        match answer {
            Ok(answer) => {
                let refused = self.take_answer(leader, &wanted, &answer)?;
                self.handle(refused).await?;
            }
            Err(error) => {
                self.sessions.entry(leader).or_default().failed();
                self.tolerate(error.into()).await?;
            }
        }
        // Asked before the records are used, so that the broker works meanwhile.
        if !self.arrived.is_empty() {
            self.ask_leaders().await?;
        }
        Ok(true)
    }

    async fn ask_leaders(&mut self) -> Result<(), PollError> {
        let waiting: usize = self.partitions.iter().map(Reading::arrived_len).sum();
        if waiting > self.config.prefetch_bytes {
            return Ok(());
        }
        let (by_leader, changed) = match self.wanted_by_leader().await {
            Ok(found) => found,
            Err(error) => return self.tolerate(error).await,
        };
        for (leader, wanted) in by_leader {
            let plan = self.sessions.entry(leader).or_default().plan(&wanted);
            self.asked.push(leader);
            self.fetches.spawn(ask(self.client.clone(), self.config.clone(), leader, wanted, plan));
        }
        for changed in changed {
            match self.validate(&changed).await {
                Err(PollError::Request(error)) => self.tolerate(error).await?,
                validated => validated?,
            }
        }
        Ok(())
    }

    /// Partitions to ask for, by leaders that are not asked, and those whose leader may have other records. Each round
    /// begins with another partition, so that none is left out when the first ones fill the answer.
    async fn wanted_by_leader(&mut self) -> Result<(BTreeMap<BrokerId, Vec<Wanted>>, Vec<Changed>), RequestError> {
        let mut by_leader: BTreeMap<BrokerId, Vec<Wanted>> = BTreeMap::new();
        let mut changed = Vec::new();
        let count = self.partitions.len();
        self.first = (self.first + 1) % count.max(1);
        let rotated = (self.first..count).chain(0..self.first);
        for index in rotated {
            let reading = &self.partitions[index];
            if !reading.is_wanted() {
                continue;
            }
            let topic = self.client.topic(&reading.topic, false).await?;
            let partition = topic.partition(reading.partition);
            let (leader, epoch) = partition
                .map_or((BrokerId::NONE, LeaderEpoch::NONE), |partition| (partition.leader, partition.leader_epoch));
            if leader == BrokerId::NONE {
                continue;
            }
            let token = reading.token;
            if epoch != reading.leader_epoch && reading.last_epoch() != LeaderEpoch::NONE {
                changed.push(Changed { token, leader, epoch });
            } else if !self.asked.contains(&leader) {
                by_leader.entry(leader).or_default().push(Wanted {
                    token,
                    topic: Arc::clone(&reading.topic),
                    topic_id: topic.id,
                    partition: reading.partition,
                    offset: reading.fetch_offset(),
                    leader_epoch: epoch,
                });
            }
            if self.partitions[index].last_epoch() == LeaderEpoch::NONE {
                self.partitions[index].leader_epoch = epoch;
            }
        }
        Ok((by_leader, changed))
    }

    /// Takes the records of an answer; what remains are refusals.
    fn take_answer(&mut self, leader: BrokerId, wanted: &[Wanted], answer: &Answer) -> Result<Vec<Refused>, PollError> {
        let response = answer.read::<FetchResponse<'_>>().map_err(RequestError::from)?;
        let session = self.sessions.entry(leader).or_default();
        if let Err(refusal) = Refusal::check(response.error_code, || "the fetch".to_owned()) {
            return if session.refused(refusal.code) { Ok(Vec::new()) } else { self.refused_whole(refusal) };
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
                        log_start_offset: Offset(data.log_start_offset),
                    });
                }
            }
        }
        Ok(refused)
    }

    /// An error that passes is one of every partition.
    fn refused_whole(&self, refusal: Refusal) -> Result<Vec<Refused>, PollError> {
        if !refusal.code.is_retriable() {
            return Err(RequestError::from(refusal).into());
        }
        let Refusal { subject, code, .. } = refusal;
        Ok(vec![Refused { token: 0, subject, code, log_start_offset: Offset(-1) }])
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

    async fn handle(&mut self, refused: Vec<Refused>) -> Result<(), PollError> {
        let mut passing = None;
        for Refused { token, subject, code, log_start_offset } in refused {
            match code {
                // What arrived before is read first.
                ErrorCode::OFFSET_OUT_OF_RANGE if self.has_unread(token) => {}
                ErrorCode::OFFSET_OUT_OF_RANGE => self.reset(token, log_start_offset).await?,
                code => passing = Some(Refusal { subject, code, message: None }),
            }
        }
        match passing {
            Some(refusal) => self.tolerate(refusal.into()).await,
            None => {
                self.failing = None;
                Ok(())
            }
        }
    }

    fn has_unread(&self, token: u64) -> bool {
        let is_it = |reading: &&Reading| reading.token == token && reading.has_arrived();
        self.partitions.iter().any(|reading| is_it(&reading)) || self.decoded_of == token && !self.decoded.is_empty()
    }

    /// Waits a moment before the next try, unless the error does not pass or there were only errors for too long.
    async fn tolerate(&mut self, error: RequestError) -> Result<(), PollError> {
        let (since, tries) = *self.failing.get_or_insert_with(|| (Instant::now(), 0));
        if !error.is_retriable() || since.elapsed() >= self.config.retry_timeout {
            return Err(error.into());
        }
        self.failing = Some((since, tries + 1));
        // What does not exist any more is told by the look-up, which asks more than once.
        tracing::debug!(%error, "fetching again");
        self.partitions.iter().for_each(|reading| self.client.forget_topic(&reading.topic));
        self.client.pause(tries).await;
        Ok(())
    }
}

/// Sends one request and waits for its answer.
async fn ask(client: Client, config: ConsumerConfig, leader: BrokerId, wanted: Vec<Wanted>, plan: Plan) -> Fetched {
    let answer = exchange(&client, &config, leader, &wanted, &plan).await;
    Fetched { leader, wanted, answer }
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
