//! Produce (key 0), versions 3-13: appends record batches. v9 flexible; v12 as v11 on the wire (KIP-890); v13 names
//! topics by id (KIP-516).
//!
//! All Produce requests of one turn are gathered first ([`Produces::add`]), then appended partition by partition
//! ([`Produces::flush`]): a partition gets one write however many requests brought batches for it. Bad batches get
//! their error before any lock is taken.

use std::collections::HashMap;
use std::sync::Arc;

use net::{CloseReason, Outbox};
use record::{Attributes, Compression, Offset, PartitionIndex, ProducedBatch, Timestamp};
use storage::AppendOutcome;
use wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
    TopicProduceResponse,
};
use wire::{DecodeError, ErrorCode, Reader, RequestHeader};

use crate::api::Respond;
use crate::errors::{KafkaError, append_failure, invalid_batch, sequence_failure};
use crate::partition::{Partition, PartitionAppendError};
use crate::view::{HostedTopic, View};

/// The Produce requests of one turn.
#[derive(Default)]
pub struct Produces<'f> {
    requests: Vec<Pending<'f>>,
    groups: Vec<Group<'f>>,
    /// The place of each partition's group, by the partition's address.
    places: HashMap<usize, usize>,
}

/// One request, until its batches are appended.
struct Pending<'f> {
    respond: Respond,
    acks: i16,
    topics: Vec<PendingTopic<'f>>,
}

struct PendingTopic<'f> {
    data: TopicProduceData<'f>,
    partitions: Vec<PendingPartition>,
}

struct PendingPartition {
    index: i32,
    fate: Fate,
}

/// What became of one partition's records.
enum Fate {
    /// Refused before any append.
    Refused(KafkaError),
    /// The batch at place `at` of a group.
    Grouped { group: usize, at: usize },
}

/// The batches that go to one partition.
struct Group<'f> {
    partition: Arc<Partition>,
    /// The time of the first of its requests.
    now: Timestamp,
    batches: Vec<ProducedBatch<'f>>,
    outcomes: Vec<AppendOutcome>,
    failure: Option<PartitionAppendError>,
}

impl<'f> Produces<'f> {
    /// Takes one request in: resolves its topics in `view`, checks its batches.
    pub fn add(
        &mut self,
        view: &View,
        header: &RequestHeader<'f>,
        body: Reader<'f>,
        now: Timestamp,
    ) -> Result<(), DecodeError> {
        let request: ProduceRequest<'f> = wire::decode_body(body, header.api_version)?;
        let refusal = refuse_whole(&request);
        let mut topics = Vec::with_capacity(request.topic_data.len());
        for data in request.topic_data.iter() {
            let hosted = match &refusal {
                Some(refusal) => Err(refusal.clone()),
                None => find_topic(view, &data, header.api_version),
            };
            let place = |partition| self.place(&hosted, &partition, header.api_version, now);
            let partitions = data.partition_data.iter().map(place).collect();
            topics.push(PendingTopic { data, partitions });
        }
        self.requests.push(Pending { respond: Respond::to(header), acks: request.acks, topics });
        Ok(())
    }

    fn place(
        &mut self,
        topic: &Result<&HostedTopic, KafkaError>,
        data: &PartitionProduceData<'f>,
        version: i16,
        now: Timestamp,
    ) -> PendingPartition {
        let fate = match self.group(topic, data, version, now) {
            Ok((group, at)) => Fate::Grouped { group, at },
            Err(error) => Fate::Refused(error),
        };
        PendingPartition { index: data.index, fate }
    }

    fn group(
        &mut self,
        topic: &Result<&HostedTopic, KafkaError>,
        data: &PartitionProduceData<'f>,
        version: i16,
        now: Timestamp,
    ) -> Result<(usize, usize), KafkaError> {
        let partition = topic.as_ref().map_err(KafkaError::clone)?.partition(PartitionIndex(data.index))?;
        let records = data.records.as_ref().and_then(wire::Records::bytes).unwrap_or_default();
        let batch = record::validate(records, &partition.rules(now)).map_err(invalid_batch)?;
        check_attributes(batch.header().attributes, version)?;
        let group = self.group_of(partition, now);
        let group_ref = &mut self.groups[group];
        group_ref.batches.push(batch);
        Ok((group, group_ref.batches.len() - 1))
    }

    fn group_of(&mut self, partition: &Arc<Partition>, now: Timestamp) -> usize {
        // The last one first: a connection tends to stay with its partition.
        if self.groups.last().is_some_and(|group| Arc::ptr_eq(&group.partition, partition)) {
            return self.groups.len() - 1;
        }
        *self.places.entry(Arc::as_ptr(partition).addr()).or_insert_with(|| {
            let partition = Arc::clone(partition);
            self.groups.push(Group { partition, now, batches: Vec::new(), outcomes: Vec::new(), failure: None });
            self.groups.len() - 1
        })
    }

    /// Appends everything, then answers every request in order. Without acks an error has no other way to the client
    /// than the end of its connection. Nothing is left behind in either case: what was appended must not be appended again.
    pub fn flush(&mut self, outbox: &mut Outbox) -> Result<(), CloseReason> {
        let Produces { requests, mut groups, .. } = std::mem::take(self);
        groups.iter_mut().for_each(Group::append);
        for request in requests {
            if request.acks != 0 {
                request.answer(&groups, outbox);
            } else if let Some(error) = request.first_error(&groups) {
                return Err(format!("a produce request with acks=0 failed: {error}").into());
            }
        }
        Ok(())
    }
}

impl Group<'_> {
    fn append(&mut self) {
        let appended = self.partition.append(&self.batches, self.now, &mut self.outcomes);
        self.failure = appended.err();
    }

    fn result(&self, at: usize) -> Result<Offset, KafkaError> {
        if let Some(failure) = &self.failure {
            return Err(append_failure(failure));
        }
        match &self.outcomes[at] {
            AppendOutcome::Appended { base_offset } | AppendOutcome::Duplicate { base_offset } => Ok(*base_offset),
            AppendOutcome::Rejected(error) => Err(sequence_failure(error)),
        }
    }
}

impl Pending<'_> {
    fn first_error(&self, groups: &[Group<'_>]) -> Option<KafkaError> {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.filter_map(|partition| partition.fate.result(groups).err()).next()
    }

    fn answer(&self, groups: &[Group<'_>], outbox: &mut Outbox) {
        let errors: Vec<Vec<_>> = self.topics.iter().map(|topic| topic.results(groups)).collect();
        let responses = self.topics.iter().zip(&errors).map(|(topic, results)| TopicProduceResponse {
            name: topic.data.name,
            topic_id: topic.data.topic_id,
            partition_responses: topic.responses(results, groups),
        });
        let response = ProduceResponse { responses: responses.collect(), ..Default::default() };
        self.respond.answer(outbox, &response);
    }
}

impl PendingTopic<'_> {
    fn results(&self, groups: &[Group<'_>]) -> Vec<Result<Offset, KafkaError>> {
        self.partitions.iter().map(|partition| partition.fate.result(groups)).collect()
    }

    fn responses<'r>(
        &self,
        results: &'r [Result<Offset, KafkaError>],
        groups: &[Group<'_>],
    ) -> wire::Array<'r, PartitionProduceResponse<'r>> {
        let partitions = self.partitions.iter().zip(results);
        partitions.map(|(partition, result)| partition.response(result, groups)).collect()
    }
}

impl PendingPartition {
    fn response<'r>(
        &self,
        result: &'r Result<Offset, KafkaError>,
        groups: &[Group<'_>],
    ) -> PartitionProduceResponse<'r> {
        let answer = PartitionProduceResponse { index: self.index, ..Default::default() };
        match (result, &self.fate) {
            (Ok(base_offset), Fate::Grouped { group, .. }) => {
                let log_start_offset = groups[*group].partition.log_start_offset().0;
                PartitionProduceResponse { base_offset: base_offset.0, log_start_offset, ..answer }
            }
            (Ok(_), Fate::Refused(_)) => unreachable!("a refused batch has no offset"),
            (Err(error), _) => PartitionProduceResponse {
                error_code: error.code,
                error_message: error.message.as_deref(),
                base_offset: -1,
                ..answer
            },
        }
    }
}

impl Fate {
    fn result(&self, groups: &[Group<'_>]) -> Result<Offset, KafkaError> {
        match self {
            Fate::Refused(error) => Err(error.clone()),
            Fate::Grouped { group, at } => groups[*group].result(*at),
        }
    }
}

/// What is wrong with a request as a whole.
fn refuse_whole(request: &ProduceRequest<'_>) -> Option<KafkaError> {
    if !matches!(request.acks, -1..=1) {
        return Some(ErrorCode::INVALID_REQUIRED_ACKS.into());
    }
    // There is no transaction coordinator yet, so no transaction can be open.
    request.transactional_id.map(|_| KafkaError::new(ErrorCode::INVALID_TXN_STATE, "transactions are not served yet"))
}

/// What a batch may be depends on the request that brings it.
fn check_attributes(attributes: Attributes, version: i16) -> Result<(), KafkaError> {
    if attributes.is_transactional() {
        return Err(KafkaError::new(
            ErrorCode::INVALID_TXN_STATE,
            "the batch is transactional and no transaction is open",
        ));
    }
    // Consumers of that age cannot read zstd (KIP-110).
    if version < 7 && attributes.compression() == Ok(Compression::Zstd) {
        return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.into());
    }
    Ok(())
}

fn find_topic<'v>(view: &'v View, data: &TopicProduceData<'_>, version: i16) -> Result<&'v HostedTopic, KafkaError> {
    match version {
        13.. => view.topic_by_id(data.topic_id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID.into()),
        _ => view.topic(data.name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_may_be_depends_on_its_request() {
        let code =
            |attributes, version| check_attributes(Attributes(attributes), version).err().map(|error| error.code);
        assert_eq!(code(0x10, 9), Some(ErrorCode::INVALID_TXN_STATE));
        assert_eq!(code(4, 6), Some(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE));
        assert_eq!((code(4, 7), code(3, 3), code(0, 3)), (None, None, None));
    }
}
