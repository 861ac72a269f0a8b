//! Fetching: one request per leader under way, for all its partitions that are not done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use record::{BrokerId, Offset, PartitionIndex, TopicId, batches};
use tokio::time::Instant;
use wire::ErrorCode;
use wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData};

use super::decode::decode_batch;
use super::{Consumer, ConsumerConfig, ConsumerRecord, Damage, PollError, Reading, Reset};
use crate::connection::Answer;
use crate::{CallError, Client, OffsetSpec, Refusal, RequestError};

/// The last version of Fetch that names topics; later ones have their ids.
const LAST_BY_NAME: i16 = 12;

/// What is asked of one partition.
pub(super) struct Wanted {
    /// Its place among the consumer's partitions.
    reading: usize,
    topic: Arc<str>,
    topic_id: TopicId,
    partition: PartitionIndex,
    offset: Offset,
}

/// What a request to a leader came to.
pub(super) struct Fetched {
    leader: BrokerId,
    wanted: Vec<Wanted>,
    answer: Result<Answer, CallError>,
}

/// A partition's answer that is not records.
struct Refused {
    /// The partition's place among the consumer's.
    reading: usize,
    code: ErrorCode,
    log_start_offset: Offset,
}

impl Consumer {
    /// Asks every leader that is not asked yet, and takes the next answer. False when all partitions are done.
    pub(super) async fn fetch(&mut self) -> Result<bool, PollError> {
        self.ask_leaders().await?;
        let Some(joined) = self.fetches.join_next().await else {
            if self.partitions.iter().all(Reading::is_done) {
                return Ok(false);
            }
            let partition = self.partitions.iter().find(|reading| !reading.is_done()).map(Reading::topic_partition);
            let subject = partition.map(|partition| partition.to_string()).unwrap_or_default();
            self.tolerate(Refusal { subject, code: ErrorCode::LEADER_NOT_AVAILABLE, message: None }.into()).await?;
            return Ok(true);
        };
        let Fetched { leader, wanted, answer } = joined.expect("a fetch does not panic and is not cancelled");
        self.asked.retain(|&asked| asked != leader);
        match answer {
            Ok(answer) => {
                let refused = self.take_answer(&wanted, &answer)?;
                self.handle(refused).await?;
            }
            Err(error) => self.tolerate(error.into()).await?,
        }
        // Asked before the records are used, so that the broker works meanwhile.
        if !self.decoded.is_empty() {
            self.ask_leaders().await?;
        }
        Ok(true)
    }

    async fn ask_leaders(&mut self) -> Result<(), PollError> {
        match self.wanted_by_leader().await {
            Ok(by_leader) => {
                for (leader, wanted) in by_leader {
                    self.asked.push(leader);
                    self.fetches.spawn(ask(self.client.clone(), self.config.clone(), leader, wanted));
                }
                Ok(())
            }
            Err(error) => self.tolerate(error).await,
        }
    }

    /// Partitions that are not done, by leaders that are not asked. Each round begins with another partition, so that
    /// none is left out when the first ones fill the answer.
    async fn wanted_by_leader(&mut self) -> Result<BTreeMap<BrokerId, Vec<Wanted>>, RequestError> {
        let mut by_leader: BTreeMap<BrokerId, Vec<Wanted>> = BTreeMap::new();
        let count = self.partitions.len();
        self.first = (self.first + 1) % count.max(1);
        let rotated = (self.first..count).chain(0..self.first);
        for index in rotated {
            let reading = &self.partitions[index];
            if reading.is_done() {
                continue;
            }
            let topic = self.client.topic(&reading.topic, false).await?;
            let leader = topic.partition(reading.partition).map_or(BrokerId::NONE, |partition| partition.leader);
            if leader != BrokerId::NONE && !self.asked.contains(&leader) {
                by_leader.entry(leader).or_default().push(Wanted {
                    reading: index,
                    topic: Arc::clone(&reading.topic),
                    topic_id: topic.id,
                    partition: reading.partition,
                    offset: reading.position,
                });
            }
        }
        Ok(by_leader)
    }

    /// Takes the records of an answer; what remains are refusals. A damaged batch ends it, after the records before.
    fn take_answer(&mut self, wanted: &[Wanted], answer: &Answer) -> Result<Vec<Refused>, PollError> {
        let response = answer.read::<FetchResponse<'_>>().map_err(RequestError::from)?;
        Refusal::check(response.error_code, || "the fetch".to_owned()).map_err(RequestError::from)?;
        let mut refused = Vec::new();
        for topic in &response.responses {
            for data in &topic.partitions {
                let is_it = |wanted: &&Wanted| {
                    wanted.partition.0 == data.partition_index
                        && (&*wanted.topic == topic.topic
                            || topic.topic.is_empty() && wanted.topic_id == topic.topic_id)
                };
                let Some(wanted) = wanted.iter().find(is_it) else { continue };
                if data.error_code.is_none() {
                    self.take_records(wanted, &data);
                } else {
                    let log_start_offset = Offset(data.log_start_offset);
                    refused.push(Refused { reading: wanted.reading, code: data.error_code, log_start_offset });
                }
            }
        }
        Ok(refused)
    }

    fn take_records(&mut self, wanted: &Wanted, data: &PartitionData<'_>) {
        let reading = &mut self.partitions[wanted.reading];
        reading.high_watermark = Offset(data.high_watermark);
        let bytes = data.records.and_then(|records| records.bytes()).unwrap_or_default();
        if let Err(damage) = reading.take_batches(bytes, &mut self.scratch, &mut self.decoded) {
            let (partition, offset) = (reading.topic_partition(), reading.position);
            // Told when the records before it are used.
            self.damaged.get_or_insert(PollError::Corrupt { partition, offset, damage });
        }
    }

    async fn handle(&mut self, refused: Vec<Refused>) -> Result<(), PollError> {
        let mut passing = None;
        for Refused { reading, code, log_start_offset } in refused {
            let partition = self.partitions[reading].topic_partition();
            match code {
                ErrorCode::OFFSET_OUT_OF_RANGE => self.reset(reading, log_start_offset).await?,
                code => passing = Some(Refusal { subject: partition.to_string(), code, message: None }),
            }
        }
        match passing {
            Some(refusal) => self.tolerate(refusal.into()).await,
            None => {
                self.failing_since = None;
                Ok(())
            }
        }
    }

    /// Goes on where the policy says.
    async fn reset(&mut self, reading: usize, log_start_offset: Offset) -> Result<(), PollError> {
        let partition = self.partitions[reading].topic_partition();
        let spec = match self.config.reset {
            Reset::Earliest => OffsetSpec::Earliest,
            Reset::Latest => OffsetSpec::Latest,
            Reset::Fail => {
                let offset = self.partitions[reading].position;
                return Err(PollError::OffsetOutOfRange { partition, offset, log_start_offset });
            }
        };
        let found = self.look_up(std::slice::from_ref(&partition), spec).await?;
        let position = found.first().copied().flatten().unwrap_or_default();
        tracing::warn!(%partition, offset = %self.partitions[reading].position, %position, "offset out of range, reset");
        self.partitions[reading].position = position;
        Ok(())
    }

    /// Waits a moment before the next try, unless the error does not pass or there were only errors for too long.
    async fn tolerate(&mut self, error: RequestError) -> Result<(), PollError> {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if !error.is_retriable() || since.elapsed() >= self.config.retry_timeout {
            return Err(error.into());
        }
        // What does not exist any more is told by the look-up, which asks more than once.
        tracing::debug!(%error, "fetching again");
        self.partitions.iter().for_each(|reading| self.client.forget_topic(&reading.topic));
        self.client.back_off().await;
        Ok(())
    }
}

impl Reading {
    /// Decodes whole batches and moves on behind them; the last may be cut short.
    fn take_batches(
        &mut self,
        bytes: &[u8],
        scratch: &mut Vec<u8>,
        out: &mut impl Extend<ConsumerRecord>,
    ) -> Result<(), Damage> {
        let mut batches = batches(bytes);
        for batch in &mut batches {
            let batch = batch?;
            if batch.header().next_offset() > self.position {
                decode_batch(&batch, self.position, (&self.topic, self.partition), scratch, out)?;
                self.position = batch.header().next_offset();
            }
            if self.is_done() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Sends one request and waits for its answer.
async fn ask(client: Client, config: ConsumerConfig, leader: BrokerId, wanted: Vec<Wanted>) -> Fetched {
    let answer = exchange(&client, &config, leader, &wanted).await;
    Fetched { leader, wanted, answer }
}

async fn exchange(
    client: &Client,
    config: &ConsumerConfig,
    leader: BrokerId,
    wanted: &[Wanted],
) -> Result<Answer, CallError> {
    let max_wait: Duration = config.max_wait;
    let request = FetchRequest {
        max_wait_ms: i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX),
        min_bytes: 1,
        max_bytes: config.max_bytes,
        topics: wanted.chunk_by(|a, b| a.topic == b.topic).map(|wanted| fetch_topic(config, wanted)).collect(),
        ..FetchRequest::default()
    };
    let by_name = wanted.iter().any(|wanted| wanted.topic_id == TopicId::ZERO);
    let ceiling = if by_name { LAST_BY_NAME } else { i16::MAX };
    client.broker(leader).await?.call_up_to(ceiling, &request, max_wait).await
}

fn fetch_topic<'a>(config: &ConsumerConfig, wanted: &'a [Wanted]) -> FetchTopic<'a> {
    let partition = |wanted: &Wanted| FetchPartition {
        partition: wanted.partition.0,
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
