//! What one fetch reads, resolved once, so that it can be read again after a wait.

use std::cell::Cell;
use std::sync::Arc;

use host::FileSlice;
use net::Outbox;
use record::{LeaderEpoch, Offset, PartitionIndex, Uuid};
use storage::LogPosition;
use wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, PartitionData,
};
use wire::{ErrorCode, Records};

use crate::api::{Call, Respond};
use crate::errors::read_failure;
use crate::partition::Partition;
use crate::view::HostedTopic;

/// A fetch, resolved.
pub struct Plan {
    respond: Respond,
    topics: Vec<Topic>,
    min_bytes: u32,
    max_bytes: u32,
}

struct Topic {
    name: Box<str>,
    id: Uuid,
    partitions: Vec<Wanted>,
}

/// One partition's part of the fetch.
struct Wanted {
    index: i32,
    target: Result<Arc<Partition>, ErrorCode>,
    from: Offset,
    max_bytes: u32,
    /// Where the records will be that a reading did not find yet; saves the next one its look-up.
    awaited: Cell<Option<LogPosition>>,
}

/// What a reading of the plan found, partition by partition in the plan's order.
pub struct Found {
    parts: Vec<Part>,
    bytes: u64,
    failed: bool,
}

struct Part {
    error_code: ErrorCode,
    high_watermark: Option<LogPosition>,
    log_start_offset: Offset,
    slice: Option<FileSlice>,
}

impl Plan {
    /// Resolves topics and partitions in the call's view.
    pub fn new(call: &Call<'_>, request: &FetchRequest<'_>) -> Plan {
        let max_bytes = request.max_bytes.unsigned_abs().min(call.node.config.fetch_max_bytes);
        let min_bytes = u32::try_from(request.min_bytes).unwrap_or(0).min(max_bytes);
        let replica = if call.version() < 15 { request.replica_id } else { request.replica_state.replica_id };
        let topics = request.topics.iter().map(|topic| Topic::resolve(call, &topic, replica)).collect();
        Plan { respond: call.respond(), topics, min_bytes, max_bytes }
    }

    /// Finds the file ranges. The first partition with records gives at least one whole batch, so that a batch larger
    /// than every limit can still be read (KIP-74).
    pub fn read(&self) -> Found {
        let mut found = Found { parts: Vec::with_capacity(self.wanted().count()), bytes: 0, failed: false };
        for wanted in self.wanted() {
            let left = u64::from(self.max_bytes).saturating_sub(found.bytes);
            let limit = wanted.max_bytes.min(u32::try_from(left).unwrap_or(u32::MAX));
            found.push(wanted.read(limit, found.bytes == 0));
        }
        found
    }

    /// Each readable partition with the offset that this fetch waits to see passed.
    pub fn watched(&self) -> impl Iterator<Item = (&Arc<Partition>, Offset)> {
        self.wanted().filter_map(|wanted| Some((wanted.target.as_ref().ok()?, wanted.from)))
    }

    /// Writes the answer.
    pub fn answer(&self, found: &Found, outbox: &mut Outbox) {
        let mut parts = found.parts.iter();
        let topics = self.topics.iter().map(|topic| FetchableTopicResponse {
            topic: &topic.name,
            topic_id: topic.id,
            partitions: topic
                .partitions
                .iter()
                .zip(&mut parts)
                .map(|(wanted, part)| part.response(wanted.index))
                .collect(),
        });
        let response = FetchResponse { responses: topics.collect(), ..Default::default() };
        let files = found.parts.iter().filter_map(|part| part.slice.clone());
        self.respond.answer_with_files(outbox, &response, files);
    }

    fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.topics.iter().flat_map(|topic| &topic.partitions)
    }
}

impl Topic {
    fn resolve(call: &Call<'_>, topic: &FetchTopic<'_>, replica: i32) -> Topic {
        let hosted = match call.version() {
            13.. => call.view.topic_by_id(topic.topic_id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
            _ => call.view.topic(topic.topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        };
        let partitions = topic
            .partitions
            .iter()
            .map(|partition| Wanted::resolve(hosted, &partition, replica, call.version()))
            .collect();
        Topic { name: topic.topic.into(), id: topic.topic_id, partitions }
    }
}

impl Wanted {
    fn resolve(topic: Result<&HostedTopic, ErrorCode>, asked: &FetchPartition, replica: i32, version: i16) -> Wanted {
        let target = topic.and_then(|topic| Wanted::target(topic, asked, replica, version));
        let max_bytes = u32::try_from(asked.partition_max_bytes).unwrap_or(0);
        Wanted { index: asked.partition, target, from: Offset(asked.fetch_offset), max_bytes, awaited: Cell::new(None) }
    }

    fn target(
        topic: &HostedTopic,
        asked: &FetchPartition,
        replica: i32,
        version: i16,
    ) -> Result<Arc<Partition>, ErrorCode> {
        let partition = topic.partition(PartitionIndex(asked.partition)).map_err(|error| error.code)?;
        // No partition of this node has followers.
        if replica >= 0 {
            return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        if asked.partition_max_bytes < 0 {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        partition.check_leader_epoch(LeaderEpoch(asked.current_leader_epoch))?;
        // Consumers of that age cannot read zstd (KIP-110). The topic decides, not each batch, as in Apache Kafka before 4.0,
        // which does not look any more.
        if version < 10 && partition.is_zstd() {
            return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
        }
        Ok(Arc::clone(partition))
    }

    fn read(&self, limit: u32, at_least_one: bool) -> Part {
        match &self.target {
            Ok(partition) => {
                let part = Part::read(partition, self.from, self.awaited.get(), limit, at_least_one);
                let end = part.high_watermark;
                self.awaited.set(end.filter(|end| end.offset == self.from));
                part
            }
            Err(code) => Part::failed(*code),
        }
    }
}

impl Found {
    fn push(&mut self, part: Part) {
        self.bytes += part.slice.as_ref().map_or(0, |slice| u64::from(slice.len));
        self.failed |= part.error_code != ErrorCode::NONE;
        self.parts.push(part);
    }

    /// Errors are told at once, and so is enough data.
    pub fn must_answer(&self, plan: &Plan) -> bool {
        self.failed || self.parts.is_empty() || self.bytes >= u64::from(plan.min_bytes)
    }
}

impl Part {
    fn read(partition: &Partition, from: Offset, hint: Option<LogPosition>, limit: u32, at_least_one: bool) -> Part {
        if partition.is_retired() {
            return Part::failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
        let high_watermark = partition.high_watermark();
        let read = partition.reader().read(from, hint, high_watermark, limit, at_least_one);
        let (error_code, slice) = match read {
            Ok(slice) => (ErrorCode::NONE, slice),
            Err(error) => (read_failure(&error), None),
        };
        Part { error_code, high_watermark: Some(high_watermark), log_start_offset: partition.log_start_offset(), slice }
    }

    fn failed(error_code: ErrorCode) -> Part {
        Part { error_code, high_watermark: None, log_start_offset: Offset(-1), slice: None }
    }

    fn response(&self, partition_index: i32) -> PartitionData<'_> {
        let high_watermark = self.high_watermark.map_or(-1, |position| position.offset.0);
        PartitionData {
            partition_index,
            error_code: self.error_code,
            high_watermark,
            last_stable_offset: high_watermark,
            log_start_offset: self.log_start_offset.0,
            // An empty part leaves no cut point, so that cut points and file ranges stay in step.
            aborted_transactions: None,
            records: Some(self.slice.as_ref().map_or(Records::Bytes(&[]), |slice| Records::Hole(slice.len as usize))),
            ..Default::default()
        }
    }
}
